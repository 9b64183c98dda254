"""What the verifications by a code that is typed in have in common.

The state of a verification lives in the session, in the format of the published release. Attempts
are counted beside it, in the cache, where neither parallel requests nor a session that is put back
can undo them.
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
"""Wrong codes for one address or number, over all its verifications of a kind."""


@sensitive_variables()
def protect_code(code: str) -> str:
    """The form in which the session keeps a code.

    Where the client can read the session, that is a keyed hash.
    """
    if code and is_session_in_cookie():
        return f"{_HASHED}{_hash(code)}"
    return code


@sensitive_variables()
def is_right_code(*, actual: object, expected: object) -> bool:
    """Tell, in constant time, whether what was typed in is the code that the session keeps."""
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
    """Tell whether a session value has the shape of a verification's state."""
    return (
        isinstance(state, dict)
        and isinstance(state.get("at"), int | float)
        and all(isinstance(state[key], _STATE_TYPES[key]) for key in _STATE_TYPES & state.keys())
    )


class AttemptOutcome(Enum):
    """What came of an attempt at a code."""

    RIGHT = "right"
    """The code is right, and used up by this attempt."""
    WRONG = "wrong"
    """The code is wrong; there are attempts left."""
    LAST_WRONG = "last_wrong"
    """The code is wrong, and the verification is given up."""
    NONE_LEFT = "none_left"
    """The code was not looked at: there was no attempt left."""
    REPLAYED = "replayed"
    """The code is right, but another request has used it up."""


class AbstractCodeVerificationProcess(ABC):
    """A verification by code that is going on.

    Without a user it is a pretended one: it looks the same from outside, but nothing is right.

    Parameters:
        request: The current request.
        state: What the session keeps.
        user: Whom the verification is about.
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
        """How many wrong codes end the verification."""

    @property
    @abstractmethod
    def timeout(self) -> int:
        """How many seconds the verification may take."""

    max_resend_count = 0
    max_change_count = 0

    @abstractmethod
    def persist(self) -> None:
        """Keep the state in the session."""

    @abstractmethod
    def abort(self) -> None:
        """Give the verification up."""

    @abstractmethod
    def generate_code(self) -> str:
        """Make a code."""

    @abstractmethod
    def deliver(self, code: str, *, is_resend: bool = False) -> None:
        """Send ``code``, or for a pretended verification what its owner should know."""

    @staticmethod
    def initial_state(
        *, user: User | None = None, email: str | None = None, phone: str | None = None
    ) -> SessionState:
        """The state in which a verification begins."""
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
        """Have a verification that was pretended be about ``user``, if there is one now."""
        if user is None:
            return
        self.user = user
        self.state["user_id"] = user_id_to_str(user)

    @property
    def email(self) -> str | None:
        """The address the code was mailed to."""
        return self.state.get("email")

    @property
    def phone(self) -> str | None:
        """The phone number the code was sent to."""
        return self.state.get("phone")

    @property
    def code(self) -> str:
        """What a code that is typed in has to match; empty if nothing can."""
        code = self.state.get("code")
        return code if isinstance(code, str) and self.user is not None else ""

    def is_valid(self) -> bool:
        """Tell whether the verification is still within its time."""
        return bool(time.time() - self.state["at"] <= self.timeout)

    @property
    def can_resend(self) -> bool:
        """Whether another code may be asked for."""
        return bool(self.state.get("resend_count", 0) < self.max_resend_count)

    @property
    def can_change(self) -> bool:
        """Whether the address or number may be corrected: only before the first login."""
        is_within_quota = self.state.get("change_count", 0) < self.max_change_count
        is_final = self.request.session.get(SIGNUP_IS_FINAL_SESSION_KEY)
        return bool(is_within_quota and not is_final and self._is_of_new_account())

    def _is_of_new_account(self) -> bool:
        return self.user is not None and not did_user_login(self.user)

    @sensitive_variables()
    def send(self, *, is_resend: bool = False) -> None:
        """Make a code, send it, and keep the state; a former code dies with it.

        If sending is refused, the former code stays as it is.
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
        """Take one of the attempts there are, before a code is looked at.

        Returns whether there was one. Of parallel requests each takes an attempt of its own.
        """
        if not self._is_failure_admitted(dry_run=True):
            return False
        used = self.state.get("failed_attempts", 0)
        return any(
            take_once(f"{self._cache_key}:{number}", self._memory)
            for number in range(used, self.max_attempts)
        )

    def attempt(self, is_right: Callable[[], bool]) -> AttemptOutcome:
        """Take an attempt, have the code judged, and count a failure or use the code up.

        Parameters:
            is_right: Judge what was typed in. It is called after the attempt was taken, so that of
                parallel requests none is judged for free.
        """
        if not self.claim_attempt():
            self.abort()
            return AttemptOutcome.NONE_LEFT
        if not is_right():
            has_more = self.record_invalid_attempt()
            return AttemptOutcome.WRONG if has_more else AttemptOutcome.LAST_WRONG
        return AttemptOutcome.RIGHT if self.consume() else AttemptOutcome.REPLAYED

    def record_invalid_attempt(self) -> bool:
        """Count a wrong code; the last one gives the verification up.

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
        """Use the right code up; of parallel requests only one succeeds."""
        return take_once(f"{self._cache_key}:used", self._memory)

    @property
    def _memory(self) -> int:
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
    """A verification at which a login or sign-up waits; it is kept as one of its stages."""

    def __init__(
        self, request: HttpRequest, login: Login, state: SessionState, user: User | None = None
    ) -> None:
        super().__init__(request, state, user)
        self.login = login

    @classmethod
    def resume(cls, stage: LoginStage) -> Self | None:
        """The verification at which the login waits; ``None`` if its time is over."""
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
