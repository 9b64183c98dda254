"""States of logins between the redirect to the provider and the callback.

The session holds ``{state id: [state, time, provider id]}``, in the format of the published
release; the time is in seconds since 1970. The cache holds the ids of used states, so that each
state is used once, even by concurrent requests or with an old session.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from allauth.account.internal.user_fields import user_id_to_str
from allauth.core.internal.claims import take_once
from allauth.core.internal.ratelimit import locked
from allauth.core.internal.types import JSONObject
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.types import State, States
from allauth.socialaccount.providers.base.constants import AuthProcess

STATES_SESSION_KEY = "socialaccount_states"
MAX_STATES = 10
STATE_TTL = 60 * 10

_USER = "user_id"
_UNKNOWN = object()
"""Stands for the user of a state of the published release, which does not store one."""


def get_states(request: HttpRequest) -> States:
    """Return the session's states; ``{}`` if the stored value is malformed."""
    return _read_states(request.session)


def _read_states(session: SessionBase) -> States:
    states = session.get(STATES_SESSION_KEY)
    return states if isinstance(states, dict) else {}


def _write_states(session: SessionBase, states: States) -> None:
    if states:
        session[STATES_SESSION_KEY] = states
    else:
        session.pop(STATES_SESSION_KEY, None)


def gc_states(states: States) -> None:
    """Remove expired states and, if more than ``MAX_STATES`` remain, the oldest one."""
    for state_id, entry in list(states.items()):
        if _is_expired(entry):
            del states[state_id]
    if len(states) > MAX_STATES:
        oldest_id, _ = get_oldest_state(states)
        if oldest_id is not None:
            del states[oldest_id]


def get_oldest_state(
    states: States, *, rev: bool = False, provider_id: str | None = None
) -> tuple[str | None, Any]:
    """Return id and entry of the oldest state.

    Parameters:
        rev: Return the newest state instead.
        provider_id: Only states of this provider.
    """
    candidates = [
        (state_id, entry)
        for state_id, entry in states.items()
        if provider_id is None or _belongs_to(entry, provider_id)
    ]
    if not candidates:
        return None, None
    return (max if rev else min)(candidates, key=lambda candidate: _get_time(candidate[1]))


def _get_time(entry: object) -> float:
    """Return the time at which the state was stashed, or 0 if the entry is malformed."""
    if isinstance(entry, list | tuple) and len(entry) > 1 and isinstance(entry[1], int | float):
        return entry[1]
    return 0.0


def _is_expired(entry: object) -> bool:
    return time.time() - _get_time(entry) > STATE_TTL


def _belongs_to(entry: object, provider_id: str) -> bool:
    """Return whether the state is of this provider.

    Releases before 65.20 stored no provider, and their states are rejected.
    """
    return (
        isinstance(entry, list | tuple)
        and len(entry) == 3
        and isinstance(entry[0], dict)
        and entry[2] == provider_id
    )


@sensitive_variables()
def stash_state(
    request: HttpRequest, *, provider_id: str, state: State, state_id: str | None = None
) -> str:
    """Store ``state`` in the session until the provider redirects the user back.

    Parameters:
        provider_id: The ``sub_id`` of the provider. No other provider can use the state.
        state_id: The id, where the protocol prescribes one. By default, it is random.

    Returns the id of the state.
    """
    if state_id is None:
        state_id = get_adapter().generate_state_param(state)
    if state.get("process") == AuthProcess.CONNECT:
        state = {**state, _USER: _get_user_id(request)}
    # Another tab may begin or end a login at the same time, and no change must get lost.
    with _locked(request.session.session_key):
        states = _read_current_states(request.session)
        gc_states(states)
        states[state_id] = [state, time.time(), provider_id]
        _save(request.session, states)
    return state_id


@sensitive_variables()
def unstash_state(
    request: HttpRequest, *, state_id: str | None, provider_id: str, raises: bool = False
) -> JSONObject | None:
    """Remove the state with this id from the session, and return it.

    Returns ``None`` if this provider has no such state, if the state has expired or was used
    before, or if another user began to connect an account. Of concurrent calls, one gets the state.

    Parameters:
        raises: Raise ``PermissionDenied`` instead of returning ``None``.
    """

    def pick(states: States) -> str | None:
        if isinstance(state_id, str) and _belongs_to(states.get(state_id), provider_id):
            return state_id
        return None

    return _unstash(request, pick, raises)


@sensitive_variables()
def unstash_last_state(
    request: HttpRequest, *, provider_id: str, raises: bool = False
) -> JSONObject | None:
    """Remove the newest state of this provider from the session, and return it.

    Protocols without a state parameter need this function. Apart from the choice of the state, it
    is like :func:`unstash_state`.
    """

    def pick(states: States) -> str | None:
        return get_oldest_state(states, rev=True, provider_id=provider_id)[0]

    return _unstash(request, pick, raises)


def _unstash(
    request: HttpRequest, pick: Callable[[States], str | None], raises: bool
) -> JSONObject | None:
    state = _take(request, pick)
    if state is None and raises:
        raise PermissionDenied
    return state


def _take(request: HttpRequest, pick: Callable[[States], str | None]) -> State | None:
    with _locked(request.session.session_key):
        states = _read_current_states(request.session)
        state_id = pick(states)
        # A request without a valid state does not change the session.
        if state_id is None:
            return None
        entry = states.pop(state_id)
        _save(request.session, states)
    if _is_expired(entry) or not _claim(state_id, entry):
        return None
    state: State = dict(entry[0])
    user_id = state.pop(_USER, _UNKNOWN)
    if state.get("process") == AuthProcess.CONNECT and user_id != _get_user_id(request):
        return None
    return state


def _claim(state_id: str, entry: list[Any]) -> bool:
    text = json.dumps([state_id, *entry[1:]])
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return take_once(f"allauth:socialaccount:state:{digest}", 2 * STATE_TTL)


def _get_user_id(request: HttpRequest) -> str | None:
    user = getattr(request, "user", None)
    return user_id_to_str(user) if user is not None and user.is_authenticated else None


@sensitive_variables()
def restore_states(request: HttpRequest, states: States) -> None:
    """Store states in the new session of a user who logs in again."""
    if states:
        _write_states(request.session, states)


def _save(session: SessionBase, states: States) -> None:
    """Save the session immediately, before another request reads it.

    The middleware saves the session again at the end of the request, and sets its cookie.
    """
    _write_states(session, states)
    try:
        session.save()
    except UpdateError as error:
        raise SessionInterrupted("The session was ended by another request.") from error


@contextmanager
def _locked(session_key: str | None) -> Iterator[None]:
    if session_key is None:
        yield
        return
    digest = hashlib.sha256(session_key.encode()).hexdigest()
    with locked(f"allauth:socialaccount:states:{digest}"):
        yield


def _read_current_states(session: SessionBase) -> States:
    """Return the states that the session store holds now.

    Other requests may have changed the session since this request read it. A session without a key
    is not in the store yet.
    """
    was_read = session.accessed
    states = _read_states(session)
    if was_read and session.session_key is not None:
        return _read_states(type(session)(session.session_key))
    return states
