"""Reauthentication before sensitive actions."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from allauth.account import app_settings
from allauth.account.internal.constants import REAUTHENTICATION_STATE_SESSION_KEY
from allauth.account.internal.faces import get_face
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.records import get_authentication_records
from allauth.account.internal.session_store import cycle_key
from allauth.account.internal.user_fields import user_id_to_str
from allauth.core.exceptions import ReauthenticationRequired
from allauth.core.internal import extensions
from allauth.core.internal.extensions import ReauthenticationMethod
from allauth.core.internal.frozen_request import serialize_request
from allauth.core.internal.loading import import_callable
from allauth.core.internal.masking import sensitive_variables

if TYPE_CHECKING:
    from django.http import HttpResponse

    from allauth.core.internal.types import (
        AnyUser,
        AuthenticatedRequest,
        JSONObject,
        SessionState,
        User,
    )


def reauthenticate_by_password(request: HttpRequest) -> None:
    """Record that the user has just entered the password again.

    The session gets a new key, since it gains permissions.
    """
    record_authentication(request, request.user, method="password", reauthenticated=True)
    cycle_key(request.session)


def raise_if_reauthentication_required(request: HttpRequest, *, app: str) -> None:
    """Raise ``ReauthenticationRequired`` if protected actions of ``app`` need it now."""
    if is_reauthentication_required(request, app=app):
        raise ReauthenticationRequired


def is_reauthentication_required(request: HttpRequest, *, app: str) -> bool:
    """Return whether the user has to reauthenticate before protected actions of ``app``."""
    is_asked_for = not request.user.is_authenticated or get_adapter().is_reauthentication_required(
        app=app
    )
    return is_asked_for and not did_recently_reauthenticate(request)


def did_recently_reauthenticate(request: HttpRequest) -> bool:
    """Return whether the user reauthenticated within ``ACCOUNT_REAUTHENTICATION_TIMEOUT``.

    ``True`` for a user who has no way to do so.
    """
    if not request.user.is_authenticated:
        return False
    if not get_reauthentication_flows(request.user):
        return True
    moments = [
        record["at"]
        for record in get_authentication_records(request, request.user)
        if record.get("reauthenticated") is True and isinstance(record.get("at"), int | float)
    ]
    return bool(moments) and time.time() - max(moments) < app_settings.REAUTHENTICATION_TIMEOUT


did_recently_authenticate = did_recently_reauthenticate
"""The former name, under which older packages import it."""


def get_reauthentication_flows(user: AnyUser) -> list[JSONObject]:
    """Return the reauthentication methods of the user, as the JSON API names them."""
    flows: dict[str, JSONObject] = {}
    if not user.is_authenticated:
        return []
    for method in extensions.list_reauthentication_methods(user):
        flow = flows.setdefault(method.flow, {"id": method.flow})
        for name, values in method.details.items():
            flow[name] = [*flow.get(name, ()), *values]
    return list(flows.values())


def list_password_method(user: User) -> list[ReauthenticationMethod]:
    """Return the method of the account app, if the user has a password."""
    if not user.has_usable_password():
        return []
    return [
        ReauthenticationMethod(
            id="reauthenticate",
            description=_("Enter your password"),
            urlname="account_reauthenticate",
            flow="reauthenticate",
        )
    ]


class Suspended(NamedTuple):
    """A suspended action, which continues once the user has reauthenticated.

    Attributes:
        callback: The function to call with the request and ``state``.
        state: The data of the callback.
        frozen_request: The request that was suspended, as text.
    """

    callback: Callable[..., object] | None
    state: SessionState
    frozen_request: str | None


def remember_callback(
    request: HttpRequest, state: SessionState, callback: str | Callable[..., object]
) -> None:
    """Store that ``callback(request, state)`` is called once the user has reauthenticated.

    Parameters:
        request: The current request.
        state: The data of the callback, which the session stores.
        callback: The dotted path of a function.
    """
    request.session[REAUTHENTICATION_STATE_SESSION_KEY] = {
        "state": state,
        "callback": callback,
        **_get_binding(request),
    }


def suspend(request: HttpRequest) -> None:
    """Store a POST until the user has reauthenticated; other requests can be repeated."""
    if request.method == "POST":
        request.session[REAUTHENTICATION_STATE_SESSION_KEY] = {
            "request": serialize_request(request),
            **_get_binding(request),
        }


def _get_binding(request: HttpRequest) -> SessionState:
    user = request.user
    return {"at": time.time(), "user_id": user_id_to_str(user) if user.pk is not None else None}


def take_suspended(request: AuthenticatedRequest) -> Suspended:
    """Remove the suspended action from the session and return it, empty if there is none."""
    state = request.session.pop(REAUTHENTICATION_STATE_SESSION_KEY, None)
    if not isinstance(state, dict) or not _is_bound_to(request, state):
        state = {}
    frozen_request = state.get("request")
    return Suspended(
        callback=_get_callback(state),
        state=state.get("state", {}),
        frozen_request=frozen_request if isinstance(frozen_request, str) else None,
    )


def _is_bound_to(request: AuthenticatedRequest, state: SessionState) -> bool:
    """Return whether the state belongs to the user and has not expired.

    States of the published release carry neither user nor time, and are accepted.
    """
    if "user_id" not in state:
        return True
    at = state.get("at")
    is_fresh = isinstance(at, int | float) and (
        time.time() - at <= app_settings.REAUTHENTICATION_TIMEOUT
    )
    return is_fresh and state["user_id"] == user_id_to_str(request.user)


def _get_callback(state: SessionState) -> Callable[..., object] | None:
    try:
        callback = import_callable(state["callback"])
    except (KeyError, ImportError):
        return None
    return callback if callable(callback) and isinstance(state.get("state"), dict) else None


@sensitive_variables("state")
def stash_and_reauthenticate(
    request: HttpRequest, state: SessionState, callback: str | Callable[..., object]
) -> HttpResponse:
    """Ask for reauthentication, then continue with ``callback(request, state)``."""
    remember_callback(request, state, callback)
    return get_face(request).respond_reauthentication_required(request)


def suspend_request(request: HttpRequest, redirect_to: str) -> HttpResponse:
    """Ask for reauthentication at ``redirect_to``, then continue with the request."""
    suspend(request)
    return get_face(request).respond_suspended(request, redirect_to)


@sensitive_variables("state")
def resume_request(request: AuthenticatedRequest) -> HttpResponse | None:
    """Continue the suspended action, after the user has reauthenticated.

    Returns ``None`` if there is neither such an action nor a page to redirect to.
    """
    return get_face(request).resume_suspended(request, take_suspended(request))
