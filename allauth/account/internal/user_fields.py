"""Fields of users, and their primary keys as text."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.utils.encoding import force_str
from django.utils.http import base36_to_int, int_to_base36

from allauth.account import app_settings
from allauth.core.async_support import call_hook
from allauth.core.internal.loading import import_callable


def user_field(user: Any, field: str | None, *args: Any, commit: bool = False) -> Any:
    """Get or, with a further argument, set a field of the user.

    A field that the user does not have is read as ``None``, and setting it does nothing. Text is
    cut to the length of the field; ``None`` becomes empty text where the field does not take it.
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


def _get_model_field(user: Any, name: str) -> models.Field[Any, Any] | None:
    try:
        field = user._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, models.Field) else None


def user_username(user: Any, *args: Any, commit: bool = False) -> Any:
    """Get or set the username; it is stored in lower case unless casing is to be preserved."""
    if args and not app_settings.PRESERVE_USERNAME_CASING and args[0]:
        args = (args[0].lower(),)
    return user_field(user, app_settings.USER_MODEL_USERNAME_FIELD, *args)


def user_email(user: Any, *args: Any, commit: bool = False) -> Any:
    """Get or set the address of the user, in lower case either way."""
    if args and args[0]:
        args = (args[0].lower(),)
    value = user_field(user, app_settings.USER_MODEL_EMAIL_FIELD, *args, commit=commit)
    return value.lower() if isinstance(value, str) else value


def user_display(user: Any) -> str:
    """How the user is called on pages and in messages."""
    function = import_callable(app_settings.USER_DISPLAY)
    return force_str(call_hook(function, user))


def default_user_display(user: Any) -> str:
    """The username, or else what the user model says of itself."""
    return user_username(user) or force_str(user) or force_str(user._meta.verbose_name)


def did_user_login(user: Any) -> bool:
    """Tell whether the user has ever been logged in."""
    return user_field(user, "last_login") is not None


def user_id_to_str(user: Any) -> str:
    """The primary key as text, for sessions."""
    return str(user._meta.pk.value_to_string(user))


def str_to_user_id(text: str) -> Any:
    """The primary key out of what :func:`user_id_to_str` made; ``None`` if it is malformed."""
    pk: models.Field[Any, Any] = get_user_model()._meta.pk
    try:
        return pk.to_python(text)
    except ValidationError:
        return None


def get_user_by_id(text: object) -> Any:
    """The user whose primary key, as text, was kept in a session; ``None`` if there is none."""
    pk = str_to_user_id(text) if isinstance(text, str) else None
    return None if pk is None else find_user(pk)


def find_user(pk: Any) -> Any:
    """Return the user with this primary key, as the database has them now, if there is one."""
    # Without the ORDER BY of first(): there is at most one.
    return next(iter(get_user_model()._default_manager.filter(pk=pk)), None)


def user_pk_to_url_str(user: Any) -> str:
    """The primary key as text that fits into a URL."""
    pk_field = _get_pk_field()
    if isinstance(pk_field, models.UUIDField):
        return user.pk if isinstance(user.pk, str) else user.pk.hex
    if isinstance(pk_field, models.IntegerField):
        return int_to_base36(int(user.pk))
    return str(user.pk)


def url_str_to_user_pk(pk_str: str) -> Any:
    """The primary key out of what :func:`user_pk_to_url_str` made; ``ValueError`` if malformed."""
    pk_field = _get_pk_field()
    if isinstance(pk_field, models.UUIDField):
        return uuid.UUID(pk_str)
    try:
        if isinstance(pk_field, models.IntegerField):
            # Python would read the digits of any script.
            pk_str.encode("ascii")
            return pk_field.to_python(str(base36_to_int(pk_str)))
        return pk_field.to_python(pk_str)
    except ValidationError as error:
        raise ValueError("This is no primary key of a user.") from error


def _get_pk_field() -> models.Field[Any, Any]:
    pk_field: Any = get_user_model()._meta.pk
    while isinstance(pk_field, models.OneToOneField):
        pk_field = pk_field.target_field
    return pk_field  # type: ignore[no-any-return]
