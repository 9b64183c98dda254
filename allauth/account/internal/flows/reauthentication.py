"""Proving to be present before something delicate is done."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import Resolver404, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from allauth.account import app_settings
from allauth.account.internal.constants import REAUTHENTICATION_STATE_SESSION_KEY
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.next_url import get_next_redirect_url
from allauth.account.internal.records import get_authentication_records
from allauth.account.internal.session_store import cycle_key
from allauth.account.internal.user_fields import user_id_to_str
from allauth.core.async_support import call_hook
from allauth.core.exceptions import ReauthenticationRequired
from allauth.core.internal import extensions
from allauth.core.internal.extensions import ReauthenticationMethod
from allauth.core.internal.frozen_request import deserialize_request, serialize_request
from allauth.core.internal.loading import import_callable
from allauth.core.internal.ratelimit import REPLAYED_ATTRIBUTE
from allauth.core.internal.urls import add_query_params, script_aware_resolve


def reauthenticate_by_password(request: HttpRequest) -> None:
    """Record that the user has just entered the password again.

    The session gets a new key, since it may do more from here on.
    """
    record_authentication(request, request.user, method="password", reauthenticated=True)
    cycle_key(request.session)


def raise_if_reauthentication_required(request: HttpRequest, *, app: str) -> None:
    """Raise ``ReauthenticationRequired`` unless the user may do protected things of ``app`` now."""
    if is_reauthentication_required(request, app=app):
        raise ReauthenticationRequired


def is_reauthentication_required(request: HttpRequest, *, app: str) -> bool:
    """Tell whether the user has to reauthenticate before doing protected things of ``app``."""
    is_asked_for = not request.user.is_authenticated or get_adapter().is_reauthentication_required(
        app=app
    )
    return is_asked_for and not did_recently_reauthenticate(request)


def did_recently_reauthenticate(request: HttpRequest) -> bool:
    """Tell whether the user reauthenticated within ``ACCOUNT_REAUTHENTICATION_TIMEOUT``.

    Those who have no way to do so are let through.
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
"""The name of the time when a login counted too."""


def get_reauthentication_flows(user: Any) -> list[dict[str, Any]]:
    """Return the ways to reauthenticate that the user has, as the JSON API names them."""
    flows: dict[str, dict[str, Any]] = {}
    if not user.is_authenticated:
        return []
    for method in extensions.list_reauthentication_methods(user):
        flow = flows.setdefault(method.flow, {"id": method.flow})
        for name, values in method.details.items():
            flow[name] = [*flow.get(name, ()), *values]
    return list(flows.values())


def list_password_method(user: Any) -> list[ReauthenticationMethod]:
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


@sensitive_variables("state")
def stash_and_reauthenticate(
    request: HttpRequest, state: dict[str, Any], callback: str | Callable[..., Any]
) -> HttpResponseRedirect:
    """Ask for reauthentication, then go on with ``callback(request, state)``.

    ``callback`` is a dotted path.
    """
    request.session[REAUTHENTICATION_STATE_SESSION_KEY] = {
        "state": state,
        "callback": callback,
        **_get_binding(request),
    }
    return HttpResponseRedirect(reverse("account_reauthenticate"))


def suspend_request(request: HttpRequest, redirect_to: str) -> HttpResponseRedirect:
    """Send the user to ``redirect_to`` for reauthentication; a POST is kept for later."""
    if request.method == "POST":
        request.session[REAUTHENTICATION_STATE_SESSION_KEY] = {
            "request": serialize_request(request),
            **_get_binding(request),
        }
    return HttpResponseRedirect(add_query_params(redirect_to, {"next": request.get_full_path()}))


def _get_binding(request: HttpRequest) -> dict[str, Any]:
    user = request.user
    return {"at": time.time(), "user_id": user_id_to_str(user) if user.pk is not None else None}


@sensitive_variables("state")
def resume_request(request: HttpRequest) -> HttpResponse | None:
    """Go on with what was suspended, after the user reauthenticated.

    Returns ``None`` if nothing was, and there is no page to go to either.
    """
    state = request.session.pop(REAUTHENTICATION_STATE_SESSION_KEY, None)
    if not isinstance(state, dict) or not _is_bound_to(request, state):
        state = {}
    callback = _get_callback(state)
    if callback is not None:
        return cast(HttpResponse, callback(request, state["state"]))
    url = get_next_redirect_url(request)
    if not url:
        return None
    return _replay(request, state.get("request"), url) or HttpResponseRedirect(url)


def _is_bound_to(request: HttpRequest, state: dict[str, Any]) -> bool:
    """Tell whether the state is of this user and fresh; those of the published release say not."""
    if "user_id" not in state:
        return True
    at = state.get("at")
    is_fresh = isinstance(at, int | float) and (
        time.time() - at <= app_settings.REAUTHENTICATION_TIMEOUT
    )
    return is_fresh and state["user_id"] == user_id_to_str(request.user)


def _get_callback(state: dict[str, Any]) -> Callable[..., Any] | None:
    try:
        callback = import_callable(state["callback"])
    except (KeyError, ImportError):
        return None
    return callback if callable(callback) and isinstance(state.get("state"), dict) else None


def _replay(request: HttpRequest, serialized: Any, url: str) -> HttpResponse | None:
    """Call the view of the suspended request, if that is the one the user wants to go on with."""
    if not isinstance(serialized, str):
        return None
    try:
        data = json.loads(serialized)
        if not _is_suspended(data, request, url):
            return None
        match = script_aware_resolve(data["path"])
        resumed = deserialize_request(serialized, request)
    except (ValueError, KeyError, TypeError, AttributeError, Resolver404):
        return None
    resumed.resolver_match = match
    setattr(resumed, REPLAYED_ATTRIBUTE, True)
    return cast(HttpResponse, call_hook(match.func, resumed, *match.args, **match.kwargs))


def _is_suspended(data: dict[str, Any], request: HttpRequest, url: str) -> bool:
    """Tell whether ``data`` is the POST to ``url``, a path and query of this very host."""
    parts = urlsplit(url)
    return (
        data["method"] == "POST"
        and data["META"].get("HTTP_HOST") == request.META.get("HTTP_HOST")
        and not parts.netloc
        and unquote(parts.path) == data["path"]
        and QueryDict(parts.query).urlencode() == QueryDict(data["GET"]).urlencode()
    )
