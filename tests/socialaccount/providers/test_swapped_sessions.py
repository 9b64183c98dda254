"""Logins by a provider while another session and user are in the places of those of the request."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from allauth.socialaccount.models import SocialAccount
from tests.socialaccount.club import SIGNUP
from tests.support.idp.browser import get_path, log_in, start_login, visit
from tests.support.idp.oidc import OIDCServer
from tests.support.pages import LOGOUT
from tests.support.sessions import is_logged_in, read_session
from tests.support.swapping import swap_sessions

LOGIN = "/accounts/oidc/loop/login/"


@pytest.fixture(autouse=True)
def _sessions_are_swapped(settings: Any, oidc_settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    settings.SOCIALACCOUNT_AUTO_SIGNUP = False
    swap_sessions(settings)


def test_new_user_fills_the_form_and_returns(client: Client) -> None:
    assert log_in(client, f"{LOGIN}?next=/onwards/")["Location"] == SIGNUP
    page = client.get(SIGNUP)
    assert page.context["form"].initial["username"] == "nadia"
    assert not is_logged_in(client)
    taken = client.post(SIGNUP, {"username": "", "email": "nadia@example.org"})
    assert "username" in taken.context["form"].errors
    response = client.post(SIGNUP, {"username": "nadia", "email": "nadia@example.org"})

    assert response["Location"] == "/onwards/"
    user = get_user_model().objects.get(username="nadia")
    assert is_logged_in(client, user)
    assert "socialaccount_sociallogin" not in read_session(client)

    client.post(LOGOUT)
    assert not is_logged_in(client)
    assert log_in(client, LOGIN)["Location"] == "/accounts/profile/"
    assert is_logged_in(client, user)


def test_account_is_connected(client: Client, user: Any) -> None:
    client.force_login(user)

    response = log_in(client, f"{LOGIN}?process=connect")

    assert response["Location"] == "/accounts/3rdparty/"
    assert SocialAccount.objects.get().user == user
    assert is_logged_in(client, user)


def test_state_counts_once_and_in_its_own_session(
    client: Client, client_factory: Any, user: Any, oidc: OIDCServer
) -> None:
    SocialAccount.objects.create(user=user, provider="loop", uid=oidc.profile["sub"])
    callback = get_path(visit(start_login(client, LOGIN)))
    stranger = client_factory()

    assert stranger.get(callback).status_code != 302
    assert not is_logged_in(stranger)
    assert client.get(callback).status_code == 302
    assert is_logged_in(client, user)

    client.post(LOGOUT)
    client.get(callback)
    assert not is_logged_in(client)
