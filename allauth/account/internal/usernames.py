"""Usernames: finding their users, and generating them."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured, ValidationError
from django.db.models import Q, QuerySet
from django.utils.crypto import get_random_string

from allauth.account import app_settings
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.identifiers import is_searchable
from allauth.account.internal.user_fields import user_username

if TYPE_CHECKING:
    from allauth.core.internal.types import User


def filter_users_by_username(*usernames: str) -> QuerySet[User]:
    """Return the users with one of these names, as the database compares them."""
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


def get_user_by_username(username: str) -> User | None:
    """Return the user whose name is ``username`` but for case; ``None`` if there are several.

    Collations may treat more names as equal than is safe (``admin`` and ``ádmin``), so that the
    result of the database is compared again.
    """
    matches = [
        user
        for user in filter_users_by_username(username)
        if user_username(user).lower() == username.lower()
    ]
    return matches[0] if len(matches) == 1 else None


def find_taken_usernames(usernames: Iterable[str]) -> set[str]:
    """Return those of ``usernames`` that are taken, in lower case, by one query."""
    field = app_settings.USER_MODEL_USERNAME_FIELD
    if not field:
        return set()
    taken = filter_users_by_username(*usernames).values_list(field, flat=True)
    return {name.lower() for name in taken}


MAX_USERNAME_SUFFIX_LENGTH = 7


USERNAME_SUFFIX_CHARS: list[str] = [string.digits] * 4 + [string.ascii_letters] * (
    MAX_USERNAME_SUFFIX_LENGTH - 4
)


MAX_USERNAME_BASE_LENGTH = 1024


_NOT_IN_USERNAMES = r"[^\w\s@+.-]"


def generate_unique_username(txts: Iterable[str | None], regex: str | None = None) -> str:
    """Return a username that is free, derived from the first usable text.

    One query decides, however many similar names there are.

    Parameters:
        txts: Texts to derive the name from, in order of preference: names, an email address.
        regex: Pattern of the characters to leave out of the name.

    Raises ``NotImplementedError`` if the project accepts none of the names, even with random
    suffixes.
    """
    candidates = generate_username_candidates(_get_username_base(txts, regex))
    taken = find_taken_usernames(candidates)
    for candidate in candidates:
        if candidate.lower() not in taken and _is_acceptable_username(candidate):
            return candidate
    raise NotImplementedError("No acceptable username could be generated.")


def _get_username_base(txts: Iterable[str | None], regex: str | None) -> str:
    base = ""
    for text in txts:
        if not text:
            continue
        decomposed = unicodedata.normalize("NFKD", text[:MAX_USERNAME_BASE_LENGTH])
        ascii_text = decomposed.encode("ascii", "ignore").decode()
        if not ascii_text:
            continue
        base = re.sub(regex or _NOT_IN_USERNAMES, "", ascii_text).lower()
        base = re.sub(r"\s+", "_", base.partition("@")[0].strip())
        if base and _is_acceptable_username(base):
            return base
    return base or "user"


def _is_acceptable_username(username: str) -> bool:
    try:
        get_adapter().clean_username(username, shallow=True)
    except ValidationError:
        return False
    return True


def generate_username_candidates(basename: str) -> list[str]:
    """Return the base name itself, if long enough, then one with a random suffix of each length."""
    missing = app_settings.USERNAME_MIN_LENGTH - len(basename)
    candidates = [basename] if missing <= 0 else []
    shortest = max(1, missing)
    longest = min(
        get_username_max_length() or MAX_USERNAME_SUFFIX_LENGTH, MAX_USERNAME_SUFFIX_LENGTH
    )
    # A base that is shorter still gets a suffix that completes the minimum length.
    lengths = range(shortest, longest) or range(shortest, shortest + 1)
    candidates += [generate_username_candidate(basename, length) for length in lengths]
    return candidates


def generate_username_candidate(basename: str, suffix_length: int) -> str:
    """Return ``basename``, cut if needed, with a random suffix: four digits, then letters."""
    alphabets = USERNAME_SUFFIX_CHARS + [string.ascii_letters] * suffix_length
    suffix = "".join(get_random_string(1, alphabets[index]) for index in range(suffix_length))
    max_length = get_username_max_length()
    if max_length:
        basename = basename[: max_length - suffix_length]
    return basename + suffix


def get_username_max_length() -> int | None:
    """Return the length of the username field: 0 without such a field, ``None`` without a limit."""
    name = app_settings.USER_MODEL_USERNAME_FIELD
    if name is None:
        return 0
    try:
        field: Any = get_user_model()._meta.get_field(name)
    except FieldDoesNotExist as error:
        raise ImproperlyConfigured(
            f"ACCOUNT_USER_MODEL_USERNAME_FIELD names {name!r}, which the user model lacks."
        ) from error
    max_length: int | None = field.max_length
    return max_length
