"""Users, by their email addresses."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model

from allauth.account import app_settings
from allauth.account.internal.identifiers import is_searchable
from allauth.account.internal.user_fields import user_email
from allauth.account.models import EmailAddress

if TYPE_CHECKING:
    from allauth.core.internal.types import User


def _is_same_email(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def is_alike_email(one: str, other: str) -> bool:
    """Return whether two email addresses are equal but for compatibility characters and case."""

    def fold(text: str) -> str:
        return unicodedata.normalize("NFKC", text).casefold()

    return fold(one) == fold(other)


def filter_users_by_email(
    email: str,
    *,
    is_active: bool | None = None,
    prefer_verified: bool = False,
    for_login: bool = False,
) -> list[User]:
    """Return the users of an email address, those who verified it first, then by primary key.

    Parameters:
        email: The email address.
        is_active: Only users who are (not) active.
        prefer_verified: Only users who verified the address, if there are any.
        for_login: Compare strictly, so that a look-alike address selects no user.
    """
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


def find_email_owners(email: str) -> set[object]:
    """Return the primary keys of the users of an email address, verified or not, by one query.

    Email addresses that only look alike count as the same.
    """
    if not is_searchable(email):
        return set()
    email = email.lower()
    owners: Any = EmailAddress.objects.filter(email=email).values_list("user_id", "email")
    field = app_settings.USER_MODEL_EMAIL_FIELD
    if field:
        users = get_user_model()._default_manager.filter(**{field: email})
        owners = owners.order_by().union(users.order_by().values_list("pk", field), all=True)
    return {pk for pk, stored in owners if is_alike_email(stored, email)}


def _filter_by_email_field(email: str, matches: Callable[[str, str], bool]) -> list[User]:
    field = app_settings.USER_MODEL_EMAIL_FIELD
    if not field:
        return []
    users = get_user_model()._default_manager.filter(**{field: email})
    return [user for user in users if matches(user_email(user), email)]
