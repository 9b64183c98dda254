"""Fields of users, and their primary keys as text."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.utils.encoding import force_str
from django.utils.http import base36_to_int, int_to_base36

from allauth.account import app_settings
from allauth.core.async_support import call_hook
from allauth.core.internal.loading import import_callable

if TYPE_CHECKING:
    from allauth.core.internal.types import AnyField, User


def user_field(user: User, field: str | None, *args: object, commit: bool = False) -> Any:
    """Return or, with a further argument, set a field of the user.

    A field that the user does not have is read as ``None``, and setting it does nothing. Text is
    cut to the length of the field. ``None`` becomes empty text where the field is not nullable.
    """
    if not field or not hasattr(user, field):
        return None
    if not args:
        return getattr(user, field)
    (value,) = args
    model_field = _get_model_field(user, field)
    if model_field is not None:
        if value is None and not model_field.null:
            value = ""
        if isinstance(value, str) and model_field.max_length:
            value = value[: model_field.max_length]
    setattr(user, field, value)
    if commit:
        user.save(update_fields=[field])
    return None


def _get_model_field(user: User, name: str) -> AnyField | None:
    try:
        field = user._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, models.Field) else None


def user_username(user: User, *args: str | None, commit: bool = False) -> Any:
    """Return or set the username, stored in lower case unless its casing is to be preserved."""
    if args and not app_settings.PRESERVE_USERNAME_CASING and args[0]:
        args = (args[0].lower(),)
    return user_field(user, app_settings.USER_MODEL_USERNAME_FIELD, *args)


def user_email(user: User, *args: str | None, commit: bool = False) -> Any:
    """Return or set the email address of the user model, in lower case either way."""
    if args and args[0]:
        args = (args[0].lower(),)
    value = user_field(user, app_settings.USER_MODEL_EMAIL_FIELD, *args, commit=commit)
    return value.lower() if isinstance(value, str) else value


def user_display(user: User) -> str:
    """Return the name by which pages and messages address the user."""
    function = import_callable(app_settings.USER_DISPLAY)
    return force_str(call_hook(function, user))


def default_user_display(user: User) -> str:
    """Return the username or, without one, the text of the user object."""
    return user_username(user) or force_str(user) or force_str(user._meta.verbose_name)


def did_user_login(user: User) -> bool:
    """Return whether the user has ever been logged in."""
    return user_field(user, "last_login") is not None


def user_id_to_str(user: User) -> str:
    """Return the primary key as text, for sessions."""
    return str(user._meta.pk.value_to_string(user))


def str_to_user_id(text: str) -> Any:
    """Return the primary key from its text; ``None`` if that is malformed.

    The inverse of :func:`user_id_to_str`.
    """
    pk: AnyField = get_user_model()._meta.pk
    try:
        return pk.to_python(text)
    except ValidationError:
        return None


def get_user_by_id(text: object) -> User | None:
    """Return the user with a primary key, given as text; ``None`` if there is none."""
    pk = str_to_user_id(text) if isinstance(text, str) else None
    return None if pk is None else find_user(pk)


def find_user(pk: Any) -> User | None:
    """Return the user with this primary key, read from the database, or ``None``."""
    # There is at most one: the ORDER BY of first() is not needed.
    users: Iterable[User] = get_user_model()._default_manager.filter(pk=pk)
    return next(iter(users), None)


def user_pk_to_url_str(user: User) -> str:
    """Return the primary key as text for a URL."""
    pk: Any = user.pk
    pk_field = _get_pk_field()
    if isinstance(pk_field, models.UUIDField):
        return pk if isinstance(pk, str) else str(pk.hex)
    if isinstance(pk_field, models.IntegerField):
        return int_to_base36(int(pk))
    return str(pk)


def url_str_to_user_pk(pk_str: str) -> Any:
    """Return the primary key from the text of :func:`user_pk_to_url_str`.

    Raises ``ValueError`` if the text is malformed.
    """
    pk_field = _get_pk_field()
    if isinstance(pk_field, models.UUIDField):
        return uuid.UUID(pk_str)
    try:
        if isinstance(pk_field, models.IntegerField):
            # Python would accept digits of any script.
            pk_str.encode("ascii")
            return pk_field.to_python(str(base36_to_int(pk_str)))
        return pk_field.to_python(pk_str)
    except ValidationError as error:
        raise ValueError("Malformed primary key.") from error


def _get_pk_field() -> AnyField:
    pk_field: Any = get_user_model()._meta.pk
    while isinstance(pk_field, models.OneToOneField):
        pk_field = pk_field.target_field
    return pk_field  # type: ignore[no-any-return]
