"""The base of all verifications by a code that the user types in.

The state of a verification is kept in the session, in the format of the published release. Attempts
are counted in the cache, where neither parallel requests nor a restored session can undo them.
"""

from __future__ import annotations

import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Self, cast

from django.dispatch import Signal
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from allauth.account.internal.constants import SIGNUP_IS_FINAL_SESSION_KEY
from allauth.account.internal.login_engine import clear_login, stash_login
from allauth.account.internal.user_fields import did_user_login, user_id_to_str
from allauth.core.internal import ratelimit
from allauth.core.internal.claims import take_once
from allauth.core.internal.masking import sensitive_variables
from allauth.core.internal.sessions import is_session_in_cookie
from allauth.core.internal.user_codes import compare_user_code, normalize_user_code

if TYPE_CHECKING:
    from allauth.account.internal.login_engine import LoginStage
    from allauth.account.models import Login
    from allauth.core.internal.types import SessionState, User

_HASHED = "hmac_sha256$"
_FAILURE_LIMIT = {"code_rejected": "30/h/key"}
"""Limit of wrong codes for one address or number, over all its verifications of a kind."""


@sensitive_variables()
def protect_code(code: str) -> str:
    """Return a code in the form in which the session keeps it.

    If the client can read the session, that is a keyed hash.
    """
    if code and is_session_in_cookie():
        return f"{_HASHED}{_hash(code)}"
    return code


@sensitive_variables()
def is_right_code(*, actual: object, expected: object) -> bool:
    """Return, in constant time, whether a code that was typed in is the one in the session."""
    if isinstance(expected, str) and expected.startswith(_HASHED):
        actual = _hash(actual) if isinstance(actual, str) else None
        expected = expected.removeprefix(_HASHED)
    return compare_user_code(actual=actual, expected=expected)


def _hash(code: str) -> str:
    normalized = normalize_user_code(code[:1024]).encode("utf-8", "surrogatepass")
    return salted_hmac("allauth.account.code", normalized, algorithm="sha256").hexdigest()


_STATE_TYPES: dict[str, type] = {
    "failed_attempts": int,
    "resend_count": int,
    "change_count": int,
    "email": str,
    "phone": str,
    "user_id": str,
    "code": str,
}


def is_code_state(state: object) -> bool:
    """Return whether a session value has the shape of the state of a verification."""
    return (
        isinstance(state, dict)
        and isinstance(state.get("at"), int | float)
        and all(isinstance(state[key], _STATE_TYPES[key]) for key in _STATE_TYPES & state.keys())
    )


class AttemptOutcome(Enum):
    """The outcome of an attempt at a code."""

    RIGHT = "right"
    """The code is right, and used up by this attempt."""
    WRONG = "wrong"
    """The code is wrong; there are attempts left."""
    LAST_WRONG = "last_wrong"
    """The code is wrong, and the verification is aborted."""
    NONE_LEFT = "none_left"
    """The code was not compared: there was no attempt left."""
    REPLAYED = "replayed"
    """The code is right, but another request has used it up."""


class AbstractCodeVerificationProcess(ABC):
    """A pending verification by code.

    A verification without a user is a pretended one: it looks the same from outside, but no code is
    right.

    Parameters:
        request: The current request.
        state: The state that the session keeps.
        user: The user that the verification is about.
    """

    kind: ClassVar[str]
    rejected_signal: ClassVar[Signal | None] = None

    def __init__(self, request: HttpRequest, state: SessionState, user: User | None = None) -> None:
        self.request = request
        self.state = state
        self.user = user

    @property
    def owner(self) -> User:
        """The user of a verification that is not pretended."""
        return cast("User", self.user)

    @property
    @abstractmethod
    def max_attempts(self) -> int:
        """The number of wrong codes that end the verification."""

    @property
    @abstractmethod
    def timeout(self) -> int:
        """The time that the verification may take, in seconds."""

    max_resend_count = 0
    max_change_count = 0

    @abstractmethod
    def persist(self) -> None:
        """Store the state in the session."""

    @abstractmethod
    def abort(self) -> None:
        """Abort the verification."""

    @abstractmethod
    def generate_code(self) -> str:
        """Return a new code."""

    @abstractmethod
    def deliver(self, code: str, *, is_resend: bool = False) -> None:
        """Send ``code`` or, for a pretended verification, the message in its place."""

    @staticmethod
    def initial_state(
        *, user: User | None = None, email: str | None = None, phone: str | None = None
    ) -> SessionState:
        """Return the state of a new verification."""
        state: SessionState = {
            "at": time.time(),
            "failed_attempts": 0,
            "resend_count": 0,
            "change_count": 0,
        }
        if email:
            state["email"] = email
        if phone:
            state["phone"] = phone
        if user is not None:
            state["user_id"] = user_id_to_str(user)
        return state

    def attach_user(self, user: User | None) -> None:
        """Turn a pretended verification into one about ``user``; do nothing without a user."""
        if user is None:
            return
        self.user = user
        self.state["user_id"] = user_id_to_str(user)

    @property
    def email(self) -> str | None:
        """The email address to which the code was sent."""
        return self.state.get("email")

    @property
    def phone(self) -> str | None:
        """The phone number to which the code was sent."""
        return self.state.get("phone")

    @property
    def code(self) -> str:
        """The code, as the session keeps it; empty if no code is right."""
        code = self.state.get("code")
        return code if isinstance(code, str) and self.user is not None else ""

    def is_valid(self) -> bool:
        """Return whether the verification has not expired."""
        return bool(time.time() - self.state["at"] <= self.timeout)

    @property
    def can_resend(self) -> bool:
        """``True`` if the user may ask for another code."""
        return bool(self.state.get("resend_count", 0) < self.max_resend_count)

    @property
    def can_change(self) -> bool:
        """``True`` if the recipient may be corrected, which is possible before the first login."""
        is_within_quota = self.state.get("change_count", 0) < self.max_change_count
        is_final = self.request.session.get(SIGNUP_IS_FINAL_SESSION_KEY)
        return bool(is_within_quota and not is_final and self._is_of_new_account())

    def _is_of_new_account(self) -> bool:
        return self.user is not None and not did_user_login(self.user)

    @sensitive_variables()
    def send(self, *, is_resend: bool = False) -> None:
        """Generate a code, send it, and store the state; the former code becomes void.

        If sending is refused, the former code stays valid.
        """
        code = self.generate_code()
        self.deliver(code, is_resend=is_resend)
        self.state["code"] = protect_code(code)
        self.persist()

    def resend(self) -> None:
        """Send another code."""
        self.send(is_resend=True)
        self.state["resend_count"] = self.state.get("resend_count", 0) + 1
        self.persist()

    def claim_attempt(self) -> bool:
        """Take one of the remaining attempts, before a code is compared.

        Returns whether there was one. Each of several parallel requests takes its own attempt.
        """
        if not self._is_failure_admitted(dry_run=True):
            return False
        used = self.state.get("failed_attempts", 0)
        return any(
            take_once(f"{self._cache_key}:{number}", self._claim_seconds)
            for number in range(used, self.max_attempts)
        )

    def attempt(self, is_right: Callable[[], bool]) -> AttemptOutcome:
        """Take an attempt, have the code judged, and count a failure or use up the code.

        Parameters:
            is_right: Function that judges the code. It is called after the attempt was taken, so
                that every judgement costs an attempt, also in parallel requests.
        """
        if not self.claim_attempt():
            self.abort()
            return AttemptOutcome.NONE_LEFT
        if not is_right():
            has_more = self.record_invalid_attempt()
            return AttemptOutcome.WRONG if has_more else AttemptOutcome.LAST_WRONG
        return AttemptOutcome.RIGHT if self.consume() else AttemptOutcome.REPLAYED

    def record_invalid_attempt(self) -> bool:
        """Count a wrong code; the last one aborts the verification.

        Returns whether there are attempts left.
        """
        self._is_failure_admitted(dry_run=False)
        self.state["failed_attempts"] = self.state.get("failed_attempts", 0) + 1
        is_last = self.state["failed_attempts"] >= self.max_attempts
        if is_last:
            self.abort()
        else:
            self.persist()
        if self.rejected_signal is not None and self.user is not None:
            self.rejected_signal.send(
                sender=self.__class__, request=self.request, user=self.user, last_attempt=is_last
            )
        return not is_last

    def consume(self) -> bool:
        """Use up the right code; of parallel requests only one succeeds."""
        return take_once(f"{self._cache_key}:used", self._claim_seconds)

    @property
    def _claim_seconds(self) -> int:
        return 2 * self.timeout + 60

    @property
    def _cache_key(self) -> str:
        identity = (self.kind, self.state["at"], self.state.get("user_id"))
        return f"allauth:account:code:{hashlib.sha256(repr(identity).encode()).hexdigest()}"

    def _is_failure_admitted(self, *, dry_run: bool) -> bool:
        recipient = self.email or self.phone or ""
        usage = ratelimit.consume(
            self.request,
            app="allauth.account",
            action="code_rejected",
            config=_FAILURE_LIMIT,
            key=f"{self.kind}:{recipient.lower()}",
            dry_run=dry_run,
            limit_get=True,
        )
        return usage is not None


class StageCodeVerificationProcess(AbstractCodeVerificationProcess):
    """A verification at which a login or sign-up waits, stored as one of its stages."""

    def __init__(
        self, request: HttpRequest, login: Login, state: SessionState, user: User | None = None
    ) -> None:
        super().__init__(request, state, user)
        self.login = login

    @classmethod
    def resume(cls, stage: LoginStage) -> Self | None:
        """Return the verification at which the login waits; ``None`` if it has expired."""
        if not is_code_state(stage.state):
            return None
        process = cls(stage.request, stage.login, stage.state, stage.login.user)
        if not process.is_valid():
            process.abort()
            return None
        return process

    def persist(self) -> None:
        stash_login(self.request, self.login)

    def abort(self) -> None:
        clear_login(self.request)
