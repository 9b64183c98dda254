"""Logins by providers do not rely on what ``request.allauth`` is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp
from tests.account.test_request_state import NAMESPACES, put_declared
from tests.socialaccount.club import add_account, arrive, arrive_from_club
from tests.support.pages import LOGIN
from tests.support.queries import assert_queries
from tests.support.sessions import is_logged_in, make_request

pytestmark = pytest.mark.django_db


@pytest.fixture(params=NAMESPACES, ids=lambda namespace: namespace.__name__)
def set_namespace(request: Any, settings: Any) -> Any:
    """Does something to ``request.allauth``, of every request of the clients as well."""
    settings.SET_NAMESPACE = request.param
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.support.middleware.set_namespace"]
    return request.param


def test_apps_are_those_of_the_site(
    set_namespace: Any, club: SocialApp, app_factory: Callable[..., SocialApp]
) -> None:
    second = app_factory(client_id="second", name="Second")
    app_factory(client_id="elsewhere", on_site=False)
    request = make_request()
    set_namespace(request)

    for _ in range(2):
        apps = get_adapter().list_apps(request, provider="club")
        assert {app.pk for app in apps} == {club.pk, second.pk}
    assert get_adapter().get_app(request, provider="club", client_id="second") == second


def test_apps_are_read_once_in_a_request(club: SocialApp) -> None:
    request = make_request()
    put_declared(request)
    get_adapter().list_apps(request, provider="club")

    with assert_queries(0):
        assert get_adapter().get_app(request, provider="club") == club
    assert request.allauth.social_apps == [club]


def test_login_page_lists_the_providers(
    set_namespace: Any, client: Client, club: SocialApp
) -> None:
    page = client.get(LOGIN)

    assert "/club/login/" in page.content.decode()


def test_new_and_returning_user(set_namespace: Any, client: Client, user: Any) -> None:
    add_account(user, 7)

    arrive(client, 7)
    assert is_logged_in(client, user)
    arrive(client, 8, process="connect")
    assert SocialAccount.objects.filter(user=user).count() == 2


def test_login_by_an_app_of_the_database(
    set_namespace: Any, client: Client, club: SocialApp, user: Any
) -> None:
    add_account(user, 7, provider="club")

    arrive_from_club(client, {"id": 7})

    assert is_logged_in(client, user)
