"""Helpers that the apps of this package, and other packages, have in common."""

from __future__ import annotations

import re
import string
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured, ValidationError
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils.crypto import get_random_string
from django.utils.module_loading import import_string

from allauth.core.internal.httpkit import build_absolute_uri as build_absolute_uri
from allauth.core.settings import get_setting as get_setting

MAX_USERNAME_SUFFIX_LENGTH = 7
USERNAME_SUFFIX_CHARS: list[str] = [string.digits] * 4 + [string.ascii_letters] * (
    MAX_USERNAME_SUFFIX_LENGTH - 4
)
MAX_USERNAME_BASE_LENGTH = 1024

_NOT_IN_USERNAMES = r"[^\w\s@+.-]"

FormT = TypeVar("FormT", bound=BaseForm)


def generate_unique_username(txts: Iterable[str | None], regex: str | None = None) -> str:
    """Make a username that nobody has out of the first usable text.

    Parameters:
        txts: What may inspire the name, in order of preference: names, an e-mail address.
        regex: The characters to leave out of it.

    One query decides, however many similar names there are. Raises ``NotImplementedError`` if even
    random suffixes give no name that the project accepts.
    """
    from allauth.account.internal.userkit import find_taken_usernames

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
    from allauth.account.adapter import get_adapter

    try:
        get_adapter().clean_username(username, shallow=True)
    except ValidationError:
        return False
    return True


def generate_username_candidates(basename: str) -> list[str]:
    """The base name itself, if long enough, then one with a random suffix of each length."""
    from allauth.account import app_settings as account_settings

    missing = account_settings.USERNAME_MIN_LENGTH - len(basename)
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
    from allauth.account import app_settings as account_settings

    name = account_settings.USER_MODEL_USERNAME_FIELD
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


def import_attribute(path: str) -> Any:
    """Import what the dotted ``path`` names. Deprecated: use Django's ``import_string``."""
    warnings.warn(
        "import_attribute() will go; Django's import_string() does the same",
        DeprecationWarning,
        stacklevel=2,
    )
    return import_string(path)


def import_callable(path_or_callable: str | Callable[..., Any]) -> Callable[..., Any]:
    """Import a callable, unless it is one already."""
    if isinstance(path_or_callable, str):
        return cast(Callable[..., Any], import_string(path_or_callable))
    return path_or_callable


def set_form_field_order(form: BaseForm, field_order: Iterable[str] | None) -> None:
    """Put the fields named in ``field_order`` first; the others keep their order."""
    form.order_fields(list(field_order) if field_order is not None else None)


def get_form_class(
    forms: Mapping[str, str | type[FormT]], form_id: str, default_form: type[FormT]
) -> type[FormT]:
    """The form class a project configured under ``form_id``, or the default one."""
    form_class = forms.get(form_id, default_form)
    if isinstance(form_class, str):
        return cast(type[FormT], import_string(form_class))
    return form_class


def get_request_param(
    request: HttpRequest | None, param: str, default: str | None = None
) -> str | None:
    """A parameter of the request: the posted one, if it is not empty, else that of the query."""
    if request is None:
        return default
    return request.POST.get(param) or request.GET.get(param, default)
