"""Unsaved model instances as JSON, for keeping them in a session.

The format is shared with sessions that the published release wrote: see ``serialize_instance``.
"""

from __future__ import annotations

import base64
import json
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile, File
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import (
    BinaryField,
    DateField,
    DateTimeField,
    Field,
    FileField,
    Model,
    TimeField,
)
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from django.views.decorators.debug import sensitive_variables

ModelT = TypeVar("ModelT", bound=Model)

_PREPARED = "_db_"
"""Marks values that JSON does not know, stored as the database would be given them."""


@sensitive_variables()
def serialize_instance(instance: Model) -> dict[str, Any]:
    """Turn the attributes of ``instance`` into something JSON can hold.

    Private attributes and callables are left out. A value that cannot be encoded is stored as the
    database would be given it, under its name with a prefix; if it belongs to no field at all,
    ``TypeError`` is raised.
    """
    data: dict[str, Any] = {}
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


def _serialize_file(file: File[Any]) -> dict[str, str] | str:
    if not file:
        return ""
    file.seek(0)
    return {"name": file.name or "", "content": base64.b64encode(file.read()).decode()}


def _serialize_value(
    data: dict[str, Any], field: Field[Any, Any], name: str, value: object
) -> None:
    try:
        data[name] = json.loads(json.dumps(value, cls=DjangoJSONEncoder))
    except TypeError:
        data[f"{_PREPARED}{name}"] = field.get_prep_value(value)


@sensitive_variables()
def deserialize_instance(model: type[ModelT], data: dict[str, Any]) -> ModelT:
    """Make an unsaved instance of ``model`` out of what :func:`serialize_instance` returned.

    Raises ``ValueError`` if ``data`` is no dictionary, and ``ImproperlyConfigured`` for a field
    that cannot read back what it had written.
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


def _read_prepared(field: Field[Any, Any], stored: Any) -> Any:
    try:
        return field.from_db_value(stored, None, None)  # type: ignore[attr-defined]
    except Exception as error:
        raise ImproperlyConfigured(
            f"The field {field} cannot be restored from a session; give it a from_db_value() that"
            " works without a database connection."
        ) from error


def _read_value(field: Field[Any, Any], stored: Any) -> Any:
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


def _get_field(model: type[Model], name: str) -> Field[Any, Any] | None:
    for field in model._meta.concrete_fields:
        if name in (field.name, field.attname):
            return field
    return None
