"""Hooks of either color, and the awaitable twins."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction, sync_to_async
from django.test import Client

from allauth.core import context
from allauth.socialaccount import helpers
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.dummy.provider import DummyProvider
from tests.socialaccount import adapters
from tests.socialaccount.club import add_account, arrive, begin
from tests.support.hops import Hops
from tests.support.sessions import is_logged_in, make_request


@pytest.mark.django_db
class TestHooks:
    @pytest.fixture(autouse=True)
    def _use_adapter(self, settings: Any) -> None:
        settings.SOCIALACCOUNT_ADAPTER = f"{adapters.PATH}.AsyncAdapter"
        adapters.AsyncAdapter.calls.clear()

    def test_async_adapter_methods_are_awaited(self, client: Client) -> None:
        arrive(client)

        assert is_logged_in(client)
        assert adapters.AsyncAdapter.calls == [
            "pre_social_login",
            "is_open_for_signup",
            "is_auto_signup_allowed",
        ]

    def test_async_error_hook_is_awaited(self, client: Client) -> None:
        client.post(begin(client), {"action": "cancel"})

        assert adapters.AsyncAdapter.calls == ["on_authentication_error"]

    def test_async_name_of_accounts(self, settings: Any, user: Any) -> None:
        async def name(account: Any) -> str:
            await asyncio.sleep(0)
            return f"account {account.uid}"

        settings.SOCIALACCOUNT_SOCIALACCOUNT_STR = name

        assert str(add_account(user, 5)) == "account 5"

    def test_async_verify_token_of_a_provider(self) -> None:
        assert AsyncProvider(None).verify_token(None, {}) == "verified"


class AsyncProvider(DummyProvider):
    """Asks somebody else about tokens."""

    async def verify_token(self, request: Any, token: Any) -> Any:  # type: ignore[override]
        await asyncio.sleep(0)
        return "verified"


@pytest.mark.django_db(transaction=True)
class TestTwins:
    async def test_login_is_completed_in_one_hop(self, hops: Hops) -> None:
        request = await sync_to_async(make_request)()
        with context.request_context(request):
            login = await sync_to_async(make_login)(request)
            before = len(hops)

            response = await helpers.acomplete_social_login(request, login)

        assert len(hops) == before + 1
        assert response.status_code == 302
        assert await SocialAccount.objects.acount() == 1

    async def test_login_is_looked_up_saved_and_connected(self, user: Any) -> None:
        request = await sync_to_async(make_request)(user)
        with context.request_context(request):
            login = await sync_to_async(make_login)(request)
            await login.alookup()
            await login.aconnect(request, user)
            other = await sync_to_async(make_login)(request, uid=6)
            await other.asave(request)

        uids = [account.uid async for account in SocialAccount.objects.order_by("uid")]
        assert uids == ["5", "6"]

    async def test_provider_of_an_account(self, user: Any) -> None:
        account = await sync_to_async(add_account)(user)

        assert (await account.aget_provider()).id == "dummy"
        assert str(await account.aget_provider_account()) == "Dummy"

    async def test_errors_and_names(self, user: Any) -> None:
        request = await sync_to_async(make_request)()

        response = await helpers.arender_authentication_error(request, "dummy")

        assert response.status_code == 401
        account = await sync_to_async(add_account)(user)
        assert await helpers.asocialaccount_user_display(account) == user.username


def make_login(request: Any, uid: int = 5) -> SocialLogin:
    return DummyProvider(request).sociallogin_from_response(request, {"id": uid})


def test_twins_are_coroutine_functions() -> None:
    twins = [
        helpers.acomplete_social_login,
        helpers.arender_authentication_error,
        helpers.asocialaccount_user_display,
        SocialLogin.alookup,
        SocialLogin.asave,
        SocialLogin.aconnect,
        SocialAccount.aget_provider,
        SocialAccount.aget_provider_account,
    ]
    assert all(iscoroutinefunction(twin) for twin in twins)
