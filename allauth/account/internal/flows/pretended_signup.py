"""Sign-ups that are pretended because an identifier is taken, and that the user may correct.

The pages for codes offer to correct the email address of any sign-up, so that they do not reveal
which ones are pretended. The data of a pretended sign-up is saved in the session: the sign-up
becomes real once the corrected identifier is free.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest

from allauth.account import app_settings, signals
from allauth.account.internal.claims import claim_identifiers
from allauth.account.internal.constants import SIGNUP_IS_FINAL_SESSION_KEY
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.login_engine import stash_login
from allauth.account.internal.user_fields import user_email, user_username
from allauth.account.models import Login
from allauth.core.internal import extensions
from allauth.core.internal.extensions import SignupSource
from allauth.core.internal.masking import sensitive_variables
from allauth.core.internal.sessions import is_session_in_cookie

if TYPE_CHECKING:
    from allauth.core.internal.types import User

PRETENDED_SIGNUP_KEY = "pretended_signup"
MAX_SAVED_BYTES = 8 * 1024
"""Larger sign-ups cannot be corrected: any client can send them, and sessions last long."""
MAX_SAVED_BYTES_IN_COOKIE = 1024
"""The limit for sessions in a cookie, for which browsers allow 4 kB."""

SavedSignup = dict[str, Any]
"""The data of a sign-up: its source as ``kind``, the input as ``data``, and more.

It contains neither a readable password nor a file.
"""


class AddressTakenError(ValueError):
    """Another account took the email address since the form was checked."""


def is_correction_offered() -> bool:
    """Return whether the pages for codes offer to correct an email address or a phone number."""
    return bool(
        app_settings.EMAIL_VERIFICATION_MAX_CHANGE_COUNT
        or app_settings.PHONE_VERIFICATION_MAX_CHANGE_COUNT
    )


def limit_saved_signup(request: HttpRequest, saved: SavedSignup | None) -> SavedSignup | None:
    """Return the data that may be saved of a sign-up; record whether it can be corrected.

    Whether a sign-up can be corrected depends on the data that was sent, and not on whether it is
    pretended.

    Parameters:
        request: The current request.
        saved: The data of the sign-up; ``None`` if it holds something that must not be saved.
    """
    request.session.pop(SIGNUP_IS_FINAL_SESSION_KEY, None)
    if not is_correction_offered():
        return None
    limit = MAX_SAVED_BYTES_IN_COOKIE if is_session_in_cookie() else MAX_SAVED_BYTES
    if saved is not None and len(json.dumps(saved)) <= limit:
        return saved
    request.session[SIGNUP_IS_FINAL_SESSION_KEY] = True
    return None


@contextmanager
def retry_with_correction(
    request: HttpRequest, login: Login, **identifier: str
) -> Iterator[User | None]:
    """Correct the email address or phone number of a pretended sign-up, and yield its user.

    Yields ``None`` if there is still no account. The block is part of the transaction that makes
    the account. The account is announced after the transaction is committed.

    Parameters:
        request: The current request.
        login: The login that waits for the code.
        identifier: The corrected ``email`` or ``phone``.
    """
    saved = _read(login, identifier)
    if saved is None:
        yield None
        return
    source = extensions.signup_sources.get(saved["kind"])
    assert source is not None  # noqa: S101 - _read() looked
    with claim_identifiers(*_list_identifiers(saved)) as claimed, transaction.atomic():
        user = None if claimed else _make(source, request, login, saved)
        yield user
    if user is None:
        login.state[PRETENDED_SIGNUP_KEY] = saved
    else:
        del login.state[PRETENDED_SIGNUP_KEY]
        login.user, login.email, login.phone = user, None, None
    stash_login(request, login)
    if user is not None:
        source.announce(request, login)


def _make(
    source: SignupSource, request: HttpRequest, login: Login, saved: SavedSignup
) -> User | None:
    try:
        with transaction.atomic():
            return source.make(request, login, saved)
    except IntegrityError:
        # A parallel request took a value that a constraint guards.
        return None


def _list_identifiers(saved: SavedSignup) -> list[str]:
    return [value for name in ("email", "phone") for value in saved["data"].get(name, []) if value]


def _read(login: Login, identifier: dict[str, str]) -> SavedSignup | None:
    saved = login.state.get(PRETENDED_SIGNUP_KEY)
    if not isinstance(saved, dict) or extensions.signup_sources.get(str(saved.get("kind"))) is None:
        return None
    data = dict(saved["data"])
    for name, value in identifier.items():
        data[name] = [value]
        if f"{name}2" in data:
            data[f"{name}2"] = [value]
    return {**saved, "data": data}


@sensitive_variables("saved")
def finish_account(
    request: HttpRequest, user: User, saved: SavedSignup, former_email: str | None
) -> None:
    """Give the user of a corrected sign-up the saved password and, if it has none, a username.

    Parameters:
        request: The current request.
        user: The new user.
        saved: The saved sign-up.
        former_email: The email address that was typed in at first.
    """
    if saved["password"]:
        user.password = saved["password"]
    if not any(saved["data"].get("username", [])):
        _generate_username(request, user, former_email)
    user.save()


def _generate_username(request: HttpRequest, user: User, email: str | None) -> None:
    """Name the user after the email address that was typed in at first, as for other sign-ups."""
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
