"""Unsaved model instances as JSON, for storage in a session.

The format is shared with sessions that the published release wrote: see ``serialize_instance``.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile, File
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import (
    BinaryField,
    DateField,
    DateTimeField,
    FileField,
    Model,
    TimeField,
)
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from django.views.decorators.debug import sensitive_variables

if TYPE_CHECKING:
    from allauth.core.internal.types import AnyField, JSONObject

ModelT = TypeVar("ModelT", bound=Model)

_PREPARED = "_db_"
"""Prefix of values that JSON cannot hold, stored as the database would be given them."""


@sensitive_variables()
def serialize_instance(instance: Model) -> JSONObject:
    """Return the attributes of ``instance`` as JSON.

    Private attributes and callables are left out. A value that JSON cannot hold is stored as the
    database would be given it, under its name with a prefix.

    Raises ``TypeError`` for such a value if it belongs to no field.
    """
    data: JSONObject = {}
    for name, value in vars(instance).items():
        if name.startswith("_") or callable(value):
            continue
        field = _get_field(type(instance), name)
        if field is None:
            data[name] = json.loads(json.dumps(value))
        elif isinstance(field, BinaryField):
            data[name] = None if value is None else base64.b64encode(bytes(value)).decode()
        elif isinstance(value, File):
            data[name] = _serialize_file(value)
        else:
            _serialize_value(data, field, name, value)
    return data


def _serialize_file(file: File[bytes]) -> dict[str, str] | str:
    if not file:
        return ""
    file.seek(0)
    return {"name": file.name or "", "content": base64.b64encode(file.read()).decode()}


def _serialize_value(data: JSONObject, field: AnyField, name: str, value: object) -> None:
    try:
        data[name] = json.loads(json.dumps(value, cls=DjangoJSONEncoder))
    except TypeError:
        data[f"{_PREPARED}{name}"] = field.get_prep_value(value)


@sensitive_variables()
def deserialize_instance(model: type[ModelT], data: JSONObject) -> ModelT:
    """Return an unsaved instance of ``model`` from the JSON of :func:`serialize_instance`.

    Raises ``ValueError`` if ``data`` is not a dictionary, and ``ImproperlyConfigured`` for a field
    that cannot read back what it wrote.
    """
    if not isinstance(data, dict):
        raise ValueError("A serialized instance must be a dictionary.")
    instance = model()
    for key, stored in data.items():
        name = key.removeprefix(_PREPARED)
        field = _get_field(model, name)
        value = stored
        if field is not None and stored is not None:
            value = (
                _read_prepared(field, stored)
                if key.startswith(_PREPARED)
                else _read_value(field, stored)
            )
        setattr(instance, name, value)
    return instance


def _read_prepared(field: AnyField, stored: object) -> object:
    try:
        return field.from_db_value(stored, None, None)  # type: ignore[attr-defined]
    except Exception as error:
        raise ImproperlyConfigured(
            f"The field {field} cannot be restored from a session; give it a from_db_value() that"
            " works without a database connection."
        ) from error


def _read_value(field: AnyField, stored: object) -> object:
    if isinstance(stored, str):
        if isinstance(field, DateTimeField):
            return parse_datetime(stored)
        if isinstance(field, DateField):
            return parse_date(stored)
        if isinstance(field, TimeField):
            return parse_time(stored)
        if isinstance(field, BinaryField):
            return base64.b64decode(stored)
    if isinstance(field, FileField) and isinstance(stored, dict):
        return ContentFile(base64.b64decode(stored["content"]), name=stored["name"])
    return stored


def _get_field(model: type[Model], name: str) -> AnyField | None:
    for field in model._meta.concrete_fields:
        if name in (field.name, field.attname):
            return field
    return None
