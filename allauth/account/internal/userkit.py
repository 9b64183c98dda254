"""Users: their fields, their ids as text, and how they are found by what identifies them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.encoding import force_str

from allauth.account import app_settings
from allauth.core.async_support import call_hook
from allauth.utils import import_callable

MAX_IDENTIFIER_LENGTH = 1024
"""Nothing longer is looked up, whatever the columns hold."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


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
    if pk is None:
        return None
    return get_user_model()._default_manager.filter(pk=pk).first()


def is_searchable(identifier: object) -> bool:
    """Tell whether a username, address or number can be handed to the database at all."""
    if not isinstance(identifier, str) or len(identifier) > MAX_IDENTIFIER_LENGTH:
        return False
    return not _UNSTORABLE.search(identifier)


def filter_users_by_username(*usernames: str) -> QuerySet[Any]:
    """Users with one of these names, by what the database takes for equal."""
    users = get_user_model()._default_manager.all()
    field = app_settings.USER_MODEL_USERNAME_FIELD
    usernames = tuple(name for name in usernames if is_searchable(name))
    if not field or not usernames:
        return users.none()
    if not app_settings.PRESERVE_USERNAME_CASING:
        return users.filter(**{f"{field}__in": [name.lower() for name in usernames]})
    condition = Q()
    for username in usernames:
        condition |= Q(**{f"{field}__iexact": username})
    return users.filter(condition)


def get_user_by_username(username: str) -> Any:
    """The one user whose name equals ``username`` but for case; ``None`` if there are several.

    Collations may take more for equal than is safe (``admin`` and ``ádmin``), so that what the
    database found is compared again.
    """
    matches = [
        user
        for user in filter_users_by_username(username)
        if user_username(user).lower() == username.lower()
    ]
    return matches[0] if len(matches) == 1 else None


def find_taken_usernames(usernames: Iterable[str]) -> set[str]:
    """Those of ``usernames`` that somebody has, in lower case; one query."""
    field = app_settings.USER_MODEL_USERNAME_FIELD
    if not field:
        return set()
    taken = filter_users_by_username(*usernames).values_list(field, flat=True)
    return {name.lower() for name in taken}


def _is_same_email(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def is_alike_email(one: str, other: str) -> bool:
    """Tell whether two addresses would be taken for the same by compatibility characters."""

    def fold(text: str) -> str:
        return unicodedata.normalize("NFKC", text).casefold()

    return fold(one) == fold(other)


def filter_users_by_email(
    email: str,
    *,
    is_active: bool | None = None,
    prefer_verified: bool = False,
    for_login: bool = False,
) -> list[Any]:
    """The users an address belongs to, those who verified it first, then by primary key.

    Parameters:
        is_active: Only users who are (not) active.
        prefer_verified: If anybody verified the address, nobody else counts.
        for_login: Compare strictly, so that look-alike addresses select nobody.
    """
    from allauth.account.models import EmailAddress

    if not is_searchable(email):
        return []
    matches = _is_same_email if for_login else is_alike_email
    email = email.lower()
    rows = [
        row
        for row in EmailAddress.objects.filter(email=email).select_related("user")
        if matches(row.email, email)
    ]
    verified = [row.user for row in rows if row.verified]
    if prefer_verified and verified:
        users = verified
    else:
        users = verified + [row.user for row in rows if not row.verified]
        users += _filter_by_email_field(email, matches)
    distinct = {user.pk: user for user in reversed(users)}.values()
    verified_pks = {user.pk for user in verified}
    found = [user for user in distinct if is_active is None or user.is_active == is_active]
    return sorted(found, key=lambda user: (user.pk not in verified_pks, user.pk))


def find_email_owners(email: str) -> set[Any]:
    """Primary keys of the users who have the address, verified or not, in any place; one query.

    Addresses that only look alike count as the same.
    """
    from allauth.account.models import EmailAddress

    if not is_searchable(email):
        return set()
    email = email.lower()
    owners: Any = EmailAddress.objects.filter(email=email).values_list("user_id", "email")
    field = app_settings.USER_MODEL_EMAIL_FIELD
    if field:
        users = get_user_model()._default_manager.filter(**{field: email})
        owners = owners.order_by().union(users.order_by().values_list("pk", field), all=True)
    return {pk for pk, stored in owners if is_alike_email(stored, email)}


def _filter_by_email_field(email: str, matches: Callable[[str, str], bool]) -> list[Any]:
    field = app_settings.USER_MODEL_EMAIL_FIELD
    if not field:
        return []
    users = get_user_model()._default_manager.filter(**{field: email})
    return [user for user in users if matches(user_email(user), email)]
