"""The login in progress, as the session keeps it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from allauth.account import app_settings
from allauth.account.internal.sessionkit import cycle_key

if TYPE_CHECKING:
    from allauth.account.models import Login
    from allauth.account.stages import LoginStage

LOGIN_SESSION_KEY = "account_login"
_AUTH_HASH = "auth_hash"


def stash_login(request: HttpRequest, login: Login) -> None:
    """Keep the login in the session until the visitor has passed its current stage.

    The first time the session gets a new key: whoever knew the former one gains nothing by it.
    """
    if LOGIN_SESSION_KEY not in request.session and request.session.session_key:
        cycle_key(request.session)
    if login.user is not None:
        login.state.setdefault(_AUTH_HASH, login.user.get_session_auth_hash())
    request.session[LOGIN_SESSION_KEY] = login.serialize()


def unstash_login(request: HttpRequest, peek: bool = False) -> Login | None:
    """The login in progress; it leaves the session unless ``peek``.

    What is malformed, too old, or no longer matches its user (gone, or the password is another
    one) is no login in progress, and is removed with the steps recorded so far.
    """
    from allauth.account.adapter import get_adapter
    from allauth.account.models import Login

    data = request.session.get(LOGIN_SESSION_KEY)
    if data is None:
        return None
    try:
        if not isinstance(data, dict):
            raise ValueError("A login must be a dictionary.")
        login = Login.deserialize(data)
    except ValueError:
        clear_login(request)
        return None
    if not _is_current(login, has_user=data["user_pk"] is not None):
        clear_login(request)
        return None
    if login.redirect_url and not get_adapter().is_safe_url(login.redirect_url):
        login.redirect_url = None  # it was safe when the login began
    if not peek:
        pop_login(request)
    return login


def _is_current(login: Login, has_user: bool) -> bool:
    if time.time() - login.initiated_at > app_settings.LOGIN_TIMEOUT:
        return False
    if login.user is None:
        return not has_user
    auth_hash = login.state.get(_AUTH_HASH)
    # Logins begun under the published release have none.
    return auth_hash is None or (
        isinstance(auth_hash, str)
        and constant_time_compare(auth_hash, login.user.get_session_auth_hash())
    )


def pop_login(request: HttpRequest) -> None:
    """Take the login out of the session; the steps recorded so far stay."""
    request.session.pop(LOGIN_SESSION_KEY, None)


def clear_login(request: HttpRequest) -> None:
    """Give up the login in progress, with the steps recorded and the codes mailed for it."""
    from allauth.account.internal.flows.email_verification_by_code import (
        EMAIL_VERIFICATION_CODE_SESSION_KEY,
    )
    from allauth.account.internal.flows.login import clear_authentication_records

    pop_login(request)
    request.session.pop(EMAIL_VERIFICATION_CODE_SESSION_KEY, None)
    clear_authentication_records(request)


def get_pending_stage(request: HttpRequest) -> LoginStage | None:
    """The stage at which the login in progress waits for the visitor."""
    from allauth.account.stages import LoginStageController

    login = unstash_login(request, peek=True)
    return LoginStageController(request, login).get_pending_stage() if login else None


def redirect_to_pending_stage(request: HttpRequest, stage: LoginStage) -> HttpResponseRedirect:
    """Send the visitor to the page of the stage; without a page the login is given up."""
    if stage.urlname:
        return HttpResponseRedirect(reverse(stage.urlname))
    clear_login(request)
    return HttpResponseRedirect(reverse("account_login"))
