"""Sign-ups that are pretended, since an address or number is taken, and may be corrected.

Nobody can tell them from others by whether the page offers to correct the address: they are kept,
and become real if what is corrected is free.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict

from allauth.account import app_settings, signals
from allauth.account.internal.claims import claim_identifiers
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.login_engine import stash_login
from allauth.account.internal.user_fields import user_email, user_username
from allauth.account.models import Login
from allauth.core.internal import extensions
from allauth.core.internal.extensions import SignupSource

PASSWORD_FIELDS = ("password1", "password2")
_DECISIVE_FIELDS = {"username", "email", "email2", "phone", "__all__"}
"""Others were valid when the form was sent, and some, like a captcha, are so only once."""

PRETENDED_SIGNUP_KEY = "pretended_signup"

Kept = dict[str, Any]


class AddressTakenError(ValueError):
    """The address went to another account since the form was checked."""


def is_correctable() -> bool:
    """Tell whether the pages for codes offer to correct an address or a number."""
    email, phone = (
        app_settings.EMAIL_VERIFICATION_MAX_CHANGE_COUNT,
        app_settings.PHONE_VERIFICATION_MAX_CHANGE_COUNT,
    )
    return bool(email or phone)


def read_form(form: Any) -> dict[str, list[Any]]:
    """What was typed into a form, but for passwords."""
    names = [form.add_prefix(name) for name in form.fields if name not in PASSWORD_FIELDS]
    data = form.data
    return {
        # The parts of a field have names such as birthday_0.
        key: data.getlist(key) if hasattr(data, "getlist") else [data[key]]
        for key in data
        if any(key == name or key.startswith(f"{name}_") for name in names)
    }


def write_form(kept: Kept) -> MultiValueDict[str, Any]:
    """What :func:`read_form` read, for another form."""
    return MultiValueDict(kept["data"])


def save_form(request: HttpRequest, form: Any) -> Any:
    """Make the account of a form that was valid before; ``None`` if something is taken still."""
    for name in PASSWORD_FIELDS:
        form.fields.pop(name, None)
    if _DECISIVE_FIELDS & form.errors.keys() or form.account_already_exists:
        return None
    try:
        return form.save(request)
    except (AddressTakenError, ValidationError):
        return None


@contextmanager
def correct(request: HttpRequest, login: Login, **identifier: str) -> Iterator[Any]:
    """Correct the address or number of a pretended sign-up.

    Gives the user, if there is an account now. What happens in the block is part of the same
    transaction; nobody hears of the account before it is there to stay.

    Parameters:
        login: The login that waits for the code.
        identifier: ``email`` or ``phone``, as it is now.
    """
    kept = _read(login, identifier)
    if kept is None:
        yield None
        return
    source = extensions.signup_sources.get(kept["kind"])
    assert source is not None  # noqa: S101 - _read() looked
    with claim_identifiers(*_list_identifiers(kept)) as claimed, transaction.atomic():
        user = None if claimed else _make(source, request, login, kept)
        yield user
    if user is None:
        login.state[PRETENDED_SIGNUP_KEY] = kept
    else:
        del login.state[PRETENDED_SIGNUP_KEY]
        login.user, login.email, login.phone = user, None, None
    stash_login(request, login)
    if user is not None:
        source.announce(request, login)


def _make(source: SignupSource, request: HttpRequest, login: Login, kept: Kept) -> Any:
    try:
        with transaction.atomic():
            return source.make(request, login, kept)
    except IntegrityError:
        # What a constraint guards went to somebody else meanwhile.
        return None


def _list_identifiers(kept: Kept) -> list[str]:
    return [value for name in ("email", "phone") for value in kept["data"].get(name, []) if value]


def _read(login: Login, identifier: dict[str, str]) -> Kept | None:
    kept = login.state.get(PRETENDED_SIGNUP_KEY)
    if not isinstance(kept, dict) or extensions.signup_sources.get(str(kept.get("kind"))) is None:
        return None
    data = dict(kept["data"])
    for name, value in identifier.items():
        data[name] = [value]
        if f"{name}2" in data:
            data[f"{name}2"] = [value]
    return {**kept, "data": data}


def make_up_username(request: HttpRequest, user: Any, email: str | None) -> None:
    """Name the user by the address that was typed in at first, as other newcomers are."""
    current = user_email(user)
    user_username(user, "")
    user_email(user, email)
    get_adapter().populate_username(request, user)
    user_email(user, current)


def announce_user(request: HttpRequest, login: Login) -> None:
    """Send ``user_signed_up``."""
    signals.user_signed_up.send(
        sender=login.user.__class__,
        request=request,
        user=login.user,
        **(login.signal_kwargs or {}),
    )
