"""The backend that finds users by what ``ACCOUNT_LOGIN_METHODS`` allows."""

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
    """Authenticates by username, e-mail address or phone number, and password.

    Each account's password is checked once at most, and if there is no account to check, the work
    of one check is done all the same: the time taken does not tell who has an account.
    """

    @sensitive_variables()
    def authenticate(  # type: ignore[override]
        self, request: HttpRequest | None, **credentials: Any
    ) -> User | None:
        """Find the active user whom the credentials belong to.

        Parameters:
            credentials: ``password`` and one or more of ``username``, ``email`` and ``phone``. A
                username is tried as an address first, where logging in by address is allowed.

        An inactive user whose password is right is kept for
        :meth:`unstash_authenticated_user`; the answer is ``None``.
        """
        password = credentials.get("password")
        if not password:
            return None
        if not _is_hashable(password):
            _hash_for_constant_time("")
            return None
        checked: set[object] = set()
        # No report of an error masks the variables of a generator: it does not get the password.
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
        """Awaitable twin of :meth:`authenticate`: the same rules, in one hop."""
        call = ConcealedCall(self.authenticate, (request,), credentials)
        del credentials  # error reports would show them
        user: User | None = await sync_to_async(call.make, thread_sensitive=True)()
        return user

    async def aget_user(self, user_id: object) -> User | None:
        """Awaitable twin of ``get_user``."""
        return await sync_to_async(self.get_user, thread_sensitive=True)(user_id)

    @classmethod
    def unstash_authenticated_user(cls) -> User | None:
        """The inactive user whose password was right in this very request; forgotten thereby."""
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
    """The users whose password may be checked, looked up one after another as needed."""
    methods = app_settings.LOGIN_METHODS
    username, email, phone = (
        value if is_searchable(value) else None for value in (username, email, phone)
    )
    if LoginMethod.EMAIL in methods:
        for address in dict.fromkeys((username, email)):
            # Most usernames cannot be addresses, and need not be looked up as such.
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
