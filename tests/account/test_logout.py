"""Logging out, and cancelling what was begun."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django.asserts import assertRedirects, assertTemplateUsed

from allauth.account.internal.flows.logout import logout
from allauth.account.signals import user_logged_out
from allauth.core import context
from tests.support.pages import LOGIN, LOGOUT, list_messages, submit_login
from tests.support.sessions import is_logged_in, make_request, read_session, write_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db


@pytest.mark.requirement("SEC-028")
def test_opening_the_page_only_asks(client: Client, user: Any) -> None:
    client.force_login(user)

    response = client.get(LOGOUT, {"next": "/foo"})

    assert response.status_code == 200
    assertTemplateUsed(response, "account/logout.html")
    assert response.context["redirect_field_value"] == "/foo"
    assert is_logged_in(client, user)


@pytest.mark.requirement("SEC-028")
def test_post_logs_out(client_factory: Callable[..., Client], user: Any) -> None:
    client = client_factory(enforce_csrf_checks=True)
    client.force_login(user)

    assert client.post(LOGOUT).status_code == 403
    assert is_logged_in(client, user)
    client.get(LOGOUT)
    token = client.cookies["csrftoken"].value
    response = client.post(LOGOUT, {"csrfmiddlewaretoken": token})

    assertRedirects(response, "/", fetch_redirect_response=False)
    assert not is_logged_in(client)
    assert client.get("/probe/whoami/").json() == {"username": ""}


@pytest.mark.requirement("SEC-028")
def test_get_logs_out_where_that_is_configured(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_LOGOUT_ON_GET = True
    client.force_login(user)

    assertRedirects(client.get(LOGOUT), "/", fetch_redirect_response=False)

    assert not is_logged_in(client)


def test_is_announced(client: Client, user: Any) -> None:
    client.force_login(user)

    with collect_signals(out=user_logged_out) as sent:
        response = client.post(LOGOUT)

    assert list_messages(response) == [("success", "You are signed out now.")]
    ((_, event),) = sent
    assert event["user"] == user


def test_message_is_shown_on_the_next_page(client: Client, user: Any) -> None:
    client.force_login(user)

    response = client.post(LOGOUT, {"next": LOGIN}, follow=True)

    assert b"You are signed out now." in response.content


def test_visitor_has_nothing_to_confirm(client: Client) -> None:
    response = client.get(LOGOUT, {"next": "/foo"})

    assertRedirects(response, "/foo", fetch_redirect_response=False)
    assert list_messages(response) == []


@pytest.mark.parametrize(
    ("setting", "location"),
    [
        ("/bye/", "/bye/"),
        ("account_login", LOGIN),
        ("https://example.org/bye", "https://example.org/bye"),
        (None, "/django/"),
    ],
)
def test_leads_where_the_site_wants(
    client: Client, user: Any, settings: Any, setting: str | None, location: str
) -> None:
    settings.LOGOUT_REDIRECT_URL = "/django/"
    if setting:
        settings.ACCOUNT_LOGOUT_REDIRECT_URL = setting
    client.force_login(user)

    assert client.post(LOGOUT)["Location"] == location


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/foo", "/foo"),
        ("account_login", LOGIN),
        ("badurlname", "/badurlname"),
        ("//evil.example", "/"),
    ],
)
def test_leads_where_the_visitor_asked_to_go(
    client: Client, user: Any, target: str, location: str
) -> None:
    client.force_login(user)

    assert client.post(LOGOUT, {"next": target})["Location"] == location


def test_half_a_login_is_cancelled(client: Client, user: Any, password: str, settings: Any) -> None:
    settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
    submit_login(client, user.username, password)
    write_session(
        client, _password_reset_key="x", account_password_reset_verification={"at": 1}, cart=[1]
    )

    with collect_signals(out=user_logged_out) as sent:
        response = client.post(LOGOUT, {"next": LOGIN})

    assertRedirects(response, LOGIN)
    assert sent == []
    assert not any("signed out" in text for _, text in list_messages(response))
    session = read_session(client)
    session.pop("_session_expiry")
    session.pop("_messages", None)
    assert session == {"cart": [1]}


def test_anonymous_get_does_not_cancel(
    client: Client, user: Any, password: str, settings: Any
) -> None:
    settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
    submit_login(client, user.username, password)

    client.get(LOGOUT)

    assert "account_login" in read_session(client)


def test_visitor_without_a_session_may_post(client: Client) -> None:
    assertRedirects(client.post(LOGOUT), "/", fetch_redirect_response=False)
    assert read_session(client) == {}


def test_message_may_be_left_out(user: Any) -> None:
    request = make_request(user)
    request.session["_auth_user_id"] = str(user.pk)

    with context.request_context(request):
        logout(request, show_message=False)

    assert list(request._messages) == []
    assert request.user.is_anonymous


def test_adapter_decides_what_logging_out_is(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.StayingAdapter"
    client.force_login(user)

    response = client.post(LOGOUT)

    assert response["Location"] == "/stay/"
    assert is_logged_in(client, user)
