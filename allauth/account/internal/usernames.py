"""Usernames: who has one, and how one is generated."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured, ValidationError
from django.db.models import Q, QuerySet
from django.utils.crypto import get_random_string

from allauth.account import app_settings
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.identifiers import is_searchable
from allauth.account.internal.user_fields import user_username


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


MAX_USERNAME_SUFFIX_LENGTH = 7


USERNAME_SUFFIX_CHARS: list[str] = [string.digits] * 4 + [string.ascii_letters] * (
    MAX_USERNAME_SUFFIX_LENGTH - 4
)


MAX_USERNAME_BASE_LENGTH = 1024


_NOT_IN_USERNAMES = r"[^\w\s@+.-]"


def generate_unique_username(txts: Iterable[str | None], regex: str | None = None) -> str:
    """Make a username that nobody has out of the first usable text.

    Parameters:
        txts: What may inspire the name, in order of preference: names, an e-mail address.
        regex: The characters to leave out of it.

    One query decides, however many similar names there are. Raises ``NotImplementedError`` if even
    random suffixes give no name that the project accepts.
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
    """The base name itself, if long enough, then one with a random suffix of each length."""
    missing = app_settings.USERNAME_MIN_LENGTH - len(basename)
    candidates = [basename] if missing <= 0 else []
    shortest = max(1, missing)
    longest = min(
        get_username_max_length() or MAX_USERNAME_SUFFIX_LENGTH, MAX_USERNAME_SUFFIX_LENGTH
    )
    # A base that lacks more characters than that still gets a suffix that makes up for them.
    lengths = range(shortest, longest) or range(shortest, shortest + 1)
    candidates += [generate_username_candidate(basename, length) for length in lengths]
    return candidates


def generate_username_candidate(basename: str, suffix_length: int) -> str:
    """``basename``, cut where needed, with a random suffix: four digits, then letters."""
    alphabets = USERNAME_SUFFIX_CHARS + [string.ascii_letters] * suffix_length
    suffix = "".join(get_random_string(1, alphabets[index]) for index in range(suffix_length))
    max_length = get_username_max_length()
    if max_length:
        basename = basename[: max_length - suffix_length]
    return basename + suffix


def get_username_max_length() -> int | None:
    """The length the username field takes: 0 without such a field, ``None`` without a limit."""
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
