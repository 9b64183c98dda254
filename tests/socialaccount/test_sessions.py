"""The second session, for answers that come by a POST from another site."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponseRedirect
from django.test import RequestFactory

from allauth.socialaccount.sessions import LoginSession

pytestmark = pytest.mark.django_db


def make_session(cookie: str | None = None, *, secure: bool = False) -> LoginSession:
    request = RequestFactory().post("/callback/", secure=secure)
    if cookie is not None:
        request.COOKIES["second"] = cookie
    return LoginSession(request, "second_session", "second")


def test_data_reach_the_request_that_is_redirected_to() -> None:
    first = make_session()
    first.store["user"] = "anna"
    response = HttpResponseRedirect("https://site.example/finish/?a=b")

    first.save(response)

    second = make_session(response.cookies["second"].value)
    assert second.store["user"] == "anna"
    assert second.request.second_session is second.store  # type: ignore[attr-defined]


@pytest.mark.requirement("SEC-167")
def test_cookie_follows_the_settings_and_scripts_cannot_read_it(settings: Any) -> None:
    settings.SESSION_COOKIE_DOMAIN = "site.example"
    settings.SESSION_COOKIE_SECURE = True
    settings.SESSION_COOKIE_SAMESITE = "None"
    session = make_session()
    session.store["a"] = 1
    response = HttpResponseRedirect("/finish/?a=b")

    session.save(response)

    cookie = response.cookies["second"]
    assert cookie["path"] == "/finish/"
    assert cookie["domain"] == "site.example"
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "None")
    assert cookie["max-age"] == ""
    assert "Cookie" in response["Vary"]


@pytest.mark.requirement("ATK-S34")
@pytest.mark.parametrize("secure", [True, False])
def test_cookie_of_a_request_by_tls_never_travels_without(secure: bool) -> None:
    session = make_session(secure=secure)
    response = HttpResponseRedirect("/finish/")

    session.save(response)

    cookie = response.cookies["second"]
    assert (bool(cookie["secure"]), cookie["httponly"]) == (secure, True)


def test_deleted_data_are_gone() -> None:
    session = make_session()
    session.store["a"] = 1
    response = HttpResponseRedirect("/finish/")
    session.save(response)
    again = make_session(response.cookies["second"].value)

    again.delete()

    assert dict(make_session(response.cookies["second"].value).store.items()) == {}


@pytest.mark.parametrize("cookie", ["", "unknown", "x" * 5000, "\x00"])
def test_made_up_cookies_hold_nothing(cookie: str) -> None:
    assert dict(make_session(cookie).store.items()) == {}
