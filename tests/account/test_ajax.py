"""Entrance pages as scripts see them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from allauth.account.models import EmailAddress
from tests.projects.custom_hooks import stages
from tests.support.mails import read_path
from tests.support.pages import (
    LOGIN,
    LOGOUT,
    SIGNUP,
    STRONG_PASSWORD,
    route_account_pages,
    submit_login,
)
from tests.support.sessions import is_logged_in

pytestmark = pytest.mark.django_db

AJAX = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}
WISHES = [
    {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"},
    {"HTTP_ACCEPT": "application/json"},
]
PASSWORDS = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}


@pytest.mark.parametrize("wish", WISHES)
def test_login(client: Client, user: Any, password: str, wish: dict[str, str]) -> None:
    response = client.get(LOGIN, **wish)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    answer = response.json()
    assert set(answer) == {"form", "html"}
    assert answer["form"]["field_order"] == ["login", "password", "remember"]

    response = client.post(LOGIN, {"login": user.username, "password": "wrong"}, **wish)
    assert response.status_code == 400
    answer = response.json()
    assert len(answer["form"]["errors"]) == 1
    assert answer["form"]["fields"]["login"]["value"] == user.username

    response = client.post(
        LOGIN, {"login": user.username, "password": password, "next": "/foo"}, **wish
    )
    assert response.status_code == 200
    answer = response.json()
    assert (answer["location"], answer["html"]) == ("/foo", "")
    assert is_logged_in(client, user)

    assert client.get(LOGIN, **wish).json() == {"location": "/accounts/profile/"}


def test_signup(client: Client) -> None:
    answer = client.get(SIGNUP, **AJAX).json()
    assert answer["form"]["field_order"] == ["email", "username", "password1", "password2"]
    assert answer["form"]["fields"]["username"]["widget"]["attrs"]["autocomplete"] == "username"
    assert answer["form"]["fields"]["username"]["widget"]["attrs"]["maxlength"] == "150"

    response = client.post(SIGNUP, {"username": ""}, **AJAX)
    assert response.status_code == 400
    assert response.json()["form"]["fields"]["username"]["errors"] == ["This field is required."]

    response = client.post(SIGNUP, {"username": "new", **PASSWORDS}, **AJAX)
    assert (response.status_code, response.json()["location"]) == (200, "/accounts/profile/")
    assert is_logged_in(client)


@pytest.mark.parametrize("by_json", [True, False])
def test_bodies_in_json_are_not_read(
    client: Client, user: Any, password: str, by_json: bool
) -> None:
    data = {"login": user.username, "password": password}
    kwargs: dict[str, Any] = {"content_type": "application/json"} if by_json else {}

    response = client.post(LOGIN, data, **kwargs)

    assert is_logged_in(client) is not by_json
    if by_json:
        assert response.status_code == 400
        assert response.json()["form"]["fields"]["login"]["errors"]


@pytest.mark.requirement("ATK-A08")
def test_secrets_are_not_sent_back(client: Client, user: Any) -> None:
    hush = "hush-hush"  # no token has a hyphen
    pages: list[tuple[str, dict[str, str]]] = [
        (LOGIN, {"login": "x", "password": hush}),
        (SIGNUP, {"username": "x", "password1": hush, "password2": f"{hush}-2"}),
    ]
    for page, data in pages:
        response = client.post(page, data, **AJAX)
        assert response.status_code == 400
        assert hush not in response.content.decode()
    client.force_login(user)
    response = client.post(
        "/accounts/password/change/",
        {"oldpassword": hush, "password1": hush, "password2": f"{hush}-2"},
        **AJAX,
    )
    assert response.status_code == 400
    assert hush not in response.content.decode()


def test_logout(client: Client, user: Any) -> None:
    assert client.get(LOGOUT, **AJAX).json() == {"location": "/"}
    client.force_login(user)

    response = client.get(LOGOUT, **AJAX)
    assert (response.status_code, response.json()) == (200, {})
    response = client.post(LOGOUT, {"next": "/foo"}, **AJAX)
    assert (response.status_code, response.json()) == (200, {"location": "/foo"})
    assert not is_logged_in(client)


def test_password_pages(client: Client, user: Any, password: str) -> None:
    client.force_login(user)
    page = "/accounts/password/change/"
    answer = client.get(page, **AJAX).json()
    assert answer["form"]["field_order"] == ["oldpassword", "password1", "password2"]

    response = client.post(page, {"oldpassword": password, **PASSWORDS}, **AJAX)

    assert response.status_code == 200
    assert response.json()["location"] == page
    assert client.get("/accounts/password/set/", **AJAX)["Location"] == page


def test_password_reset(client: Client, user: Any) -> None:
    page = "/accounts/password/reset/"
    response = client.post(page, {"email": "nonsense"}, **AJAX)
    assert response.status_code == 400
    response = client.post(page, {"email": user.email}, **AJAX)
    assert response.json()["location"] == "/accounts/password/reset/done/"

    link = read_path()
    broken = link.replace("-", "-x", 1)
    assert client.get(broken, **AJAX).status_code == 200
    response = client.post(broken, PASSWORDS, **AJAX)
    assert response.status_code == 400
    assert response.json()["form"]["field_order"] == ["uidb36", "key"]
    assert len(response.json()["form"]["errors"]) == 1
    answer = client.get(link, **AJAX).json()
    assert answer["form"]["field_order"] == ["password1", "password2"]
    response = client.post(link, PASSWORDS, **AJAX)
    assert response.json()["location"] == "/accounts/password/reset/key/done/"
    user.refresh_from_db()
    assert user.check_password(STRONG_PASSWORD)


def test_addresses(client: Client, user: Any) -> None:
    client.force_login(user)
    page = "/accounts/email/"
    first = EmailAddress.objects.get()
    described = {
        "id": first.pk,
        "email": user.email,
        "verified": True,
        "primary": True,
    }
    assert client.get(page, **AJAX).json()["data"] == [described]

    response = client.post(page, {"action_add": "", "email": "two@example.org"}, **AJAX)
    answer = response.json()
    second = EmailAddress.objects.get(email="two@example.org")
    assert answer["location"] == page
    assert answer["data"] == [
        described,
        {"id": second.pk, "email": "two@example.org", "verified": False, "primary": False},
    ]
    response = client.post(page, {"action_remove": "", "email": "two@example.org"}, **AJAX)
    answer = response.json()
    assert answer == {"location": page, "data": [described]}


def test_confirmation(client: Client, user_factory: Any) -> None:
    user = user_factory(verified=False)
    client.force_login(user)
    client.post("/accounts/email/", {"action_send": "", "email": user.email})
    link = read_path()

    response = client.get(link, **AJAX)
    assert response.json() == {
        "data": {"can_confirm": True, "email": user.email, "user": {"display": user.username}}
    }
    response = client.get(reverse("account_confirm_email", args=["nonsense"]), **AJAX)
    assert (response.status_code, response.json()) == (400, {"data": {"can_confirm": False}})
    assert client.post(link, **AJAX).status_code == 302
    assert client.post(link, **AJAX).status_code == 404


def test_pages_that_answer_people_only(
    client: Client, user: Any, password: str, settings: Any
) -> None:
    settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.GateAdapter"
    route_account_pages(settings, *stages.urlpatterns)
    assert client.get("/accounts/email/", **AJAX)["Location"].startswith(LOGIN)
    submit_login(client, user.username, password)
    assert client.get(LOGIN, **AJAX)["Location"] == "/gate/"

    settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.ClosedAdapter"
    client.post(LOGOUT)
    response = client.get(SIGNUP, **AJAX)
    assert response["Content-Type"].startswith("text/html")


def test_limits_keep_their_status(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip", "reset_password": "1/m/key"}
    client.post(LOGIN, {}, **AJAX)
    assert client.post(LOGIN, {}, **AJAX).status_code == 429
    client.post("/accounts/password/reset/", {"email": user.email}, **AJAX)
    response = client.post("/accounts/password/reset/", {"email": user.email}, **AJAX)

    assert response.status_code == 429
    assert "location" not in response.json()


def test_page_of_a_limit_within_a_login_keeps_its_status(
    client: Client, user_factory: Any, password: str, settings: Any
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    route_account_pages(settings)
    user = user_factory(verified=False)
    data = {"login": user.username, "password": password}
    assert client.post(LOGIN, data, **AJAX).json()["location"] == "/accounts/confirm-email/"
    client.post(LOGOUT)

    assert client.post(LOGIN, data, **AJAX).status_code == 429
