"""Adapters that the tests switch on, most of them by ``SOCIALACCOUNT_ADAPTER``."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpResponse

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter

PATH = __name__


class OwnStatesAdapter(DefaultSocialAccountAdapter):
    """Draws ids of states of its own."""

    def generate_state_param(self, state: dict[str, Any]) -> str:
        return f"own-{state['process']}"


class ClosedAdapter(DefaultSocialAccountAdapter):
    """Accepts no new accounts."""

    def is_open_for_signup(self, request: Any, sociallogin: Any) -> bool:
        return False


class InterruptingAdapter(DefaultSocialAccountAdapter):
    """Answers in place of each hook that is named in ``hooks``."""

    hooks: ClassVar[set[str]] = set()

    def _interrupt(self, hook: str) -> None:
        if hook in self.hooks:
            raise ImmediateHttpResponse(HttpResponse(hook, status=418))

    def pre_social_login(self, request: Any, sociallogin: Any) -> None:
        self._interrupt("pre_social_login")

    def is_open_for_signup(self, request: Any, sociallogin: Any) -> bool:
        self._interrupt("is_open_for_signup")
        return True

    def on_authentication_error(self, request: Any, provider: Any, **kwargs: Any) -> None:
        self._interrupt("on_authentication_error")
        kwargs["extra_context"]["hint"] = "from the adapter"


class LegacyErrorsAdapter(DefaultSocialAccountAdapter):
    """Has the error hook of old."""

    calls: ClassVar[list[Any]] = []

    def authentication_error(
        self,
        request: Any,
        provider_id: str,
        error: Any = None,
        exception: Any = None,
        extra_context: Any = None,
    ) -> None:
        self.calls.append((provider_id, error, exception, extra_context))


class MovingAdapter(DefaultSocialAccountAdapter):
    """Connects whoever comes to the user with the username of the profile, and leads elsewhere."""

    def pre_social_login(self, request: Any, sociallogin: Any) -> None:
        from django.contrib.auth import get_user_model

        user = get_user_model().objects.filter(username=sociallogin.user.username).first()
        if user and not sociallogin.is_existing:
            sociallogin.connect(request, user)

    def get_connect_redirect_url(self, request: Any, socialaccount: Any) -> str:
        return f"/connected/{socialaccount.uid}/"


class StrictDisconnectAdapter(DefaultSocialAccountAdapter):
    """Does not let the account ``1`` go."""

    def validate_disconnect(self, account: Any, accounts: Any) -> None:
        if account.uid == "1" and account in accounts:
            raise ValidationError("This one stays.", code="stays")


class PickyAccountAdapter(DefaultAccountAdapter):
    """Takes no address of one domain; for ``ACCOUNT_ADAPTER``."""

    def clean_email(self, email: str) -> str:
        if email.endswith("@refused.example"):
            raise ValidationError("Not this one.", code="refused")
        return super().clean_email(email)


class AsyncAdapter(DefaultSocialAccountAdapter):
    """Has its hooks as ``async def``."""

    calls: ClassVar[list[str]] = []

    async def pre_social_login(self, request: Any, sociallogin: Any) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        self.calls.append("pre_social_login")

    async def is_auto_signup_allowed(  # type: ignore[override]
        self, request: Any, sociallogin: Any
    ) -> bool:
        await asyncio.sleep(0)
        self.calls.append("is_auto_signup_allowed")
        return True

    async def is_open_for_signup(self, request: Any, sociallogin: Any) -> bool:  # type: ignore[override]
        self.calls.append("is_open_for_signup")
        return True

    async def on_authentication_error(  # type: ignore[override]
        self, request: Any, provider: Any, **kwargs: Any
    ) -> None:
        self.calls.append("on_authentication_error")
