"""The authentication backend for the methods in ``ACCOUNT_LOGIN_METHODS``."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from allauth.account import app_settings
from allauth.account.app_settings import LoginMethod
from allauth.account.internal.finders import filter_users_by_email
from allauth.account.internal.hooks import MAX_PASSWORD_LENGTH, get_adapter
from allauth.account.internal.identifiers import is_searchable
from allauth.account.internal.usernames import get_user_by_username
from allauth.core import context
from allauth.core.async_support import ConcealedCall

if TYPE_CHECKING:
    from allauth.core.internal.types import User

_inactive_user: ContextVar[tuple[HttpRequest | None, User] | None] = ContextVar(
    "allauth_inactive_user", default=None
)


class AuthenticationBackend(ModelBackend):
    """The backend that takes a password and a username, email address or phone number.

    Each account's password is checked at most once. If no account matches, a dummy password is
    hashed, so that response times do not reveal which accounts exist.
    """

    @sensitive_variables()
    def authenticate(  # type: ignore[override]
        self, request: HttpRequest | None, **credentials: Any
    ) -> User | None:
        """Return the active user to whom the credentials belong.

        An inactive user whose password is right is kept for :meth:`unstash_authenticated_user`, and
        the result is ``None``.

        Parameters:
            request: The current request.
            credentials: ``password`` and one or more of ``username``, ``email`` and ``phone``. If
                logging in by email address is allowed, a username is tried as one first.
        """
        password = credentials.get("password")
        if not password:
            return None
        if not _is_hashable(password):
            _hash_for_constant_time("")
            return None
        checked: set[object] = set()
        # Error reports cannot mask the variables of a generator, so it does not get the password.
        identifiers = {name: credentials.get(name) for name in ("username", "email", "phone")}
        for user in _find_candidates(**identifiers):
            if user.pk in checked:
                continue
            checked.add(user.pk)
            if user.check_password(password):
                if self.user_can_authenticate(user):
                    return user
                _inactive_user.set((context.request, user))
        if not checked:
            _hash_for_constant_time(password)
        return None

    async def aauthenticate(  # type: ignore[override]
        self, request: HttpRequest | None, **credentials: Any
    ) -> User | None:
        """Return the active user like :meth:`authenticate`, in one hop."""
        call = ConcealedCall(self.authenticate, (request,), credentials)
        del credentials  # error reports would show them
        user: User | None = await sync_to_async(call.make, thread_sensitive=True)()
        return user

    async def aget_user(self, user_id: object) -> User | None:
        """Return the user like ``get_user``, in one hop."""
        return await sync_to_async(self.get_user, thread_sensitive=True)(user_id)

    @classmethod
    def unstash_authenticated_user(cls) -> User | None:
        """Return, and forget, the inactive user whose password was right in the current request."""
        stashed = _inactive_user.get()
        _inactive_user.set(None)
        if stashed is None or stashed[0] is not context.request:
            return None
        return stashed[1]


def _is_hashable(password: object) -> bool:
    if not isinstance(password, str) or len(password) > MAX_PASSWORD_LENGTH:
        return False
    try:
        password.encode()
    except UnicodeEncodeError:
        return False
    return True


def _find_candidates(username: str | None, email: str | None, phone: str | None) -> Iterator[User]:
    """Yield the users whose password may be checked, each looked up when it is needed."""
    methods = app_settings.LOGIN_METHODS
    username, email, phone = (
        value if is_searchable(value) else None for value in (username, email, phone)
    )
    if LoginMethod.EMAIL in methods:
        for address in dict.fromkeys((username, email)):
            # Most usernames cannot be email addresses, which saves a query.
            if address and "@" in address:
                yield from filter_users_by_email(address, prefer_verified=True, for_login=True)
    if username and LoginMethod.USERNAME in methods:
        user = get_user_by_username(username)
        if user is not None:
            yield user
    if phone and LoginMethod.PHONE in methods:
        user = get_adapter().get_user_by_phone(phone)
        if user is not None:
            yield user


def _hash_for_constant_time(password: str) -> None:
    get_user_model()().set_password(password)
