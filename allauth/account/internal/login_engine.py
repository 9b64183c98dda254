"""The engine of a login: its storage, its stages, and its end."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypedDict

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.views.decorators.debug import sensitive_variables

from allauth.account import app_settings
from allauth.account.internal.constants import EMAIL_VERIFICATION_CODE_SESSION_KEY
from allauth.account.internal.faces import get_face
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.records import clear_authentication_records
from allauth.account.internal.session_store import cycle_key
from allauth.account.internal.user_fields import find_user
from allauth.account.models import Login
from allauth.core.async_support import call_hook
from allauth.core.exceptions import ImmediateHttpResponse, RateLimited
from allauth.core.internal import extensions
from allauth.core.internal.loading import import_callable

if TYPE_CHECKING:
    from django.http import HttpResponse

    from allauth.core.internal.types import SessionState, SignalArguments, User

logger = logging.getLogger(__name__)

LOGIN_SESSION_KEY = "account_login"
_AUTH_HASH = "auth_hash"


def stash_login(request: HttpRequest, login: Login) -> None:
    """Store the login in the session until the user has passed its current stage.

    The first time, the session gets a new key: the former key, should an attacker know it, is void.
    """
    if LOGIN_SESSION_KEY not in request.session and request.session.session_key:
        cycle_key(request.session)
    if login.user is not None:
        login.state.setdefault(_AUTH_HASH, login.user.get_session_auth_hash())
    data = request.session[LOGIN_SESSION_KEY] = login.serialize()
    _remember(request, data, login)


@sensitive_variables("data")
def unstash_login(request: HttpRequest, peek: bool = False) -> Login | None:
    """Return the pending login, and remove it from the session unless ``peek``.

    A login that is malformed, expired, or no longer matches its user (who is deleted, or has
    another password) is removed, with the authentication steps recorded so far.
    """
    data = request.session.get(LOGIN_SESSION_KEY)
    if data is None:
        return None
    login = _recall(request, data) or _read_login(request, data)
    if login is None:
        clear_login(request)
    elif not peek:
        pop_login(request)
    return login


def _read_login(request: HttpRequest, data: object) -> Login | None:
    try:
        if not isinstance(data, dict):
            raise ValueError("A login must be a dictionary.")
        login = Login.deserialize(data)
    except ValueError:
        return None
    if not _is_current(login, has_user=data["user_pk"] is not None):
        return None
    if login.redirect_url and not get_adapter().is_safe_url(login.redirect_url):
        login.redirect_url = None  # it was safe when the login began
    _remember(request, data, login)
    return login


class _ReadLogin(NamedTuple):
    """A login, with the session and data it was read from, which say whether it is current."""

    session: SessionBase
    data: object
    login: Login


def _remember(request: HttpRequest, data: object, login: Login) -> None:
    state = getattr(request, "allauth", None)
    if state is not None:
        state.pending_login = _ReadLogin(request.session, data, login)


def _recall(request: HttpRequest, data: object) -> Login | None:
    read = getattr(getattr(request, "allauth", None), "pending_login", None)
    if not isinstance(read, _ReadLogin):
        return None
    is_same = read.session is request.session and read.data is data
    return read.login if is_same and not _is_expired(read.login) else None


def _is_expired(login: Login) -> bool:
    return bool(time.time() - login.initiated_at > app_settings.LOGIN_TIMEOUT)


@sensitive_variables("auth_hash")
def _is_current(login: Login, has_user: bool) -> bool:
    if _is_expired(login):
        return False
    if login.user is None:
        return not has_user
    auth_hash = login.state.get(_AUTH_HASH)
    # Logins that the published release stored have none.
    return auth_hash is None or _is_equal(auth_hash, login.user.get_session_auth_hash())


@sensitive_variables("auth_hash", "current")
def _is_equal(auth_hash: object, current: str) -> bool:
    return isinstance(auth_hash, str) and constant_time_compare(auth_hash, current)


def follow_up(stored: Login, *, redirect_url: str | None, email: str | None) -> Login:
    """Return a login that replaces a stored one of the same user."""
    login = Login(user=stored.user, redirect_url=redirect_url, email=email)
    login.state[_AUTH_HASH] = stored.state.get(_AUTH_HASH)
    return login


def pop_login(request: HttpRequest) -> None:
    """Remove the login from the session; the authentication steps recorded so far stay."""
    request.session.pop(LOGIN_SESSION_KEY, None)


def clear_login(request: HttpRequest) -> None:
    """Abort the pending login: forget its authentication steps and its codes."""
    pop_login(request)
    request.session.pop(EMAIL_VERIFICATION_CODE_SESSION_KEY, None)
    clear_authentication_records(request)


class LoginStage:
    """One stage of a login.

    Attributes:
        key: Unique name of the stage.
        urlname: Name of the page at which the user passes the stage, if it has one.
        state: Data of the stage, a dictionary that JSON can hold.
    """

    key: ClassVar[str] = ""
    urlname: ClassVar[str | None] = None

    def __init__(
        self, controller: LoginStageController, request: HttpRequest, login: Login
    ) -> None:
        if not self.key:
            raise ValueError(f"{type(self).__name__} needs a key.")
        self.controller = controller
        self.request = request
        self.login = login
        self.state: SessionState = controller.get_data(self.key)

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Begin the stage; a subclass may define it as ``async def``.

        Returns a response and whether to continue. ``(None, True)``: the stage is passed.
        ``(response, True)``: the login waits for the user. ``(response, False)``: the login ends
        with the response.
        """
        return None, True

    def exit(self) -> HttpResponse:
        """Pass the stage, and continue the login."""
        self.controller.set_handled(self.key)
        return get_face(self.request).resume_login(self.request, self.login)

    def abort(self) -> HttpResponse:
        """Abort the login."""
        clear_login(self.request)
        return get_face(self.request).respond_login_aborted(self.request)

    def wait(self) -> tuple[HttpResponse, bool]:
        """Return the result of :meth:`handle` for a login that waits at this stage."""
        return get_face(self.request).respond_waiting(self.request, self), True

    def is_resumable(self, request: HttpRequest) -> bool:
        """Return whether the login and sign-up pages send the user back to this stage."""
        return True


class LoginStageController:
    """The progress of a login through its stages."""

    def __init__(self, request: HttpRequest, login: Login) -> None:
        self.request = request
        self.login = login
        state = login.state.get("stages")
        if not isinstance(state, dict):
            state = login.state["stages"] = {}
        self.state: SessionState = state
        self._stages: list[LoginStage] | None = None

    @classmethod
    def enter(cls, request: HttpRequest, stage_key: str) -> LoginStage | None:
        """Return the stage ``stage_key``, if the pending login waits at that stage."""
        login = unstash_login(request, peek=True)
        if login is None:
            return None
        controller = cls(request, login)
        if controller.state.get("current") != stage_key:
            return None
        return controller.get_stage(stage_key)

    def get_data(self, stage_key: str) -> SessionState:
        """Return the data of a stage."""
        data = self._get_entry(stage_key).setdefault("data", {})
        if not isinstance(data, dict):
            data = self._get_entry(stage_key)["data"] = {}
        return data

    def _get_entry(self, stage_key: str) -> SessionState:
        entry = self.state.setdefault(stage_key, {})
        if not isinstance(entry, dict):
            entry = self.state[stage_key] = {}
        return entry

    def set_current(self, stage_key: str) -> None:
        """Record the stage at which the login waits."""
        self.state["current"] = stage_key

    def is_handled(self, stage_key: str) -> bool:
        """Return whether the login has passed a stage."""
        return bool(self._get_entry(stage_key).get("handled", False))

    def set_handled(self, stage_key: str) -> None:
        """Record that the login has passed a stage."""
        self._get_entry(stage_key)["handled"] = True

    def get_pending_stage(self) -> LoginStage | None:
        """Return the first stage that the login has not passed."""
        return next((stage for stage in self.get_stages() if not self.is_handled(stage.key)), None)

    def get_stage(self, key: str) -> LoginStage | None:
        """Return the stage with this key, if there is one."""
        return next((stage for stage in self.get_stages() if stage.key == key), None)

    def get_stages(self) -> list[LoginStage]:
        """Return all stages, in order."""
        if self._stages is None:
            self._stages = [
                import_callable(stage_class)(self, self.request, self.login)
                for stage_class in get_adapter().get_login_stages()
            ]
        return self._stages

    def handle(self) -> HttpResponse | None:
        """Go through the stages until one waits for the user or ends the login.

        Returns the response of that stage, or ``None`` once all stages are passed.
        """
        outcome = self.run()
        if outcome is None:
            return None
        return get_face(self.request).respond_login(self.request, outcome)

    def run(self) -> LoginOutcome | None:
        """Go through the stages like :meth:`handle`; return the outcome instead of a response."""
        for stage in self.get_stages():
            if self.is_handled(stage.key):
                continue
            self.set_current(stage.key)
            response, is_going_on = call_hook(stage.handle)
            if response is None and is_going_on:
                self.set_handled(stage.key)
                continue
            if is_going_on:
                stash_login(self.request, self.login)
                return LoginOutcome(LoginStatus.WAITING, response)
            clear_login(self.request)
            if response is None:
                logger.error("The login stage %r ended a login without a response", stage.key)
            return LoginOutcome(LoginStatus.ENDED, response)
        return None


def get_pending_stage(request: HttpRequest) -> LoginStage | None:
    """Return the stage at which the pending login waits for the user."""
    login = unstash_login(request, peek=True)
    return LoginStageController(request, login).get_pending_stage() if login else None


class LoginStatus(Enum):
    """The progress of a login."""

    COMPLETED = "completed"
    """The session is that of the user."""
    WAITING = "waiting"
    """A stage waits for the user."""
    ENDED = "ended"
    """A hook or a stage ended the login."""
    INACTIVE = "inactive"
    """The account is disabled."""
    RATE_LIMITED = "rate_limited"
    """A stage sends no more codes for now."""
    NO_USER = "no_user"
    """The login passed all stages, but was pretended, or its user is gone."""


@dataclass(frozen=True)
class LoginOutcome:
    """The outcome of a login.

    Attributes:
        status: Progress of the login.
        response: Response of a hook or a stage, passed on as it is.
        interruption: Exception by which a hook or a stage ended the login.
    """

    status: LoginStatus
    response: HttpResponse | None = None
    interruption: ImmediateHttpResponse | None = None


def call_pre_login(request: HttpRequest, login: Login) -> LoginOutcome | None:
    """Let ``pre_login()`` of the adapter end the login; return ``None`` if the login continues.

    Exceptions of the hook are not caught.
    """
    if not login.user:
        return None
    response = get_adapter().pre_login(request, login.user, **_get_hook_arguments(login))
    return LoginOutcome(LoginStatus.ENDED, response) if response else None


def continue_login(request: HttpRequest, login: Login) -> LoginOutcome:
    """Continue a login after one of its stages."""
    try:
        return LoginStageController(request, login).run() or _complete_login(request, login)
    except ImmediateHttpResponse as error:
        return LoginOutcome(LoginStatus.ENDED, interruption=error)
    except RateLimited:
        return LoginOutcome(LoginStatus.RATE_LIMITED)


def _complete_login(request: HttpRequest, login: Login) -> LoginOutcome:
    adapter = get_adapter()
    user = _read_user_again(login)
    if user is None:
        clear_login(request)
        return LoginOutcome(LoginStatus.NO_USER)
    if not user.is_active:
        clear_login(request)
        return LoginOutcome(LoginStatus.INACTIVE, adapter.respond_user_inactive(request, user))
    pop_login(request)
    for key in extensions.session_keys_cleared_at_login:
        request.session.pop(key, None)
    adapter.login(request, user)
    response = adapter.post_login(request, user, **_get_hook_arguments(login))
    return LoginOutcome(LoginStatus.COMPLETED, response)


def _read_user_again(login: Login) -> User | None:
    """Return the user of a stored login, read from the database again.

    The user was read together with the login. Since then another request may have disabled or
    deleted the account, or replaced its password.
    """
    user = login.user
    if user is None or _AUTH_HASH not in login.state:
        return user
    login.user = find_user(user.pk)
    if login.user is None:
        return None
    current = login.user.get_session_auth_hash()
    # A stage of the project may have set the password of the user object that it was given.
    is_same = _is_equal(login.state[_AUTH_HASH], current) or _is_equal(
        user.get_session_auth_hash(), current
    )
    return login.user if is_same else None


class HookArguments(TypedDict):
    """The keyword arguments of ``pre_login()`` and ``post_login()`` of the adapter."""

    email_verification: str
    redirect_url: str | None
    signal_kwargs: SignalArguments | None
    signup: bool
    email: str | None


def _get_hook_arguments(login: Login) -> HookArguments:
    return {
        "email_verification": login.email_verification,
        "redirect_url": login.redirect_url,
        "signal_kwargs": login.signal_kwargs,
        "signup": login.signup,
        "email": login.email,
    }
