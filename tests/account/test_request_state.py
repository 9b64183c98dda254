"""Flows do not rely on what ``request.allauth`` is, nor on its being there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory

from allauth.account.internal import stagekit
from allauth.account.middleware import RequestState
from allauth.account.models import Login
from allauth.core import ratelimit
from allauth.core.internal import httpkit
from tests.support.mails import make_wrong, read_code
from tests.support.pages import (
    EMAIL_VERIFICATION_SENT,
    LOGIN,
    LOGIN_CODE_CONFIRM,
    LOGIN_CODE_REQUEST,
    LOGOUT,
    configure,
    list_error_codes,
    submit_code,
    submit_login,
    submit_signup,
)
from tests.support.sessions import is_logged_in, make_request, read_session

pytestmark = pytest.mark.django_db


def remove(request: Any) -> None:
    """Leave the request without a namespace."""
    vars(request).pop("allauth", None)


def put_namespace(request: Any) -> None:
    """Put an object of another kind in its place."""
    request.allauth = SimpleNamespace()


def put_mock(request: Any) -> None:
    """Put an object in its place that has any attribute."""
    request.allauth = MagicMock()


def put_declared(request: Any) -> None:
    """Put in its place what the middleware does."""
    request.allauth = RequestState()


NAMESPACES = [remove, put_namespace, put_mock, put_declared]


@pytest.fixture(params=NAMESPACES, ids=lambda namespace: namespace.__name__)
def set_namespace(request: Any, settings: Any) -> Any:
    """Does something to ``request.allauth``, of every request of the clients as well."""
    settings.SET_NAMESPACE = request.param
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.support.middleware.set_namespace"]
    return request.param


def test_login_and_logout(set_namespace: Any, client: Client, user: Any, password: str) -> None:
    assert client.get(LOGIN).status_code == 200
    submit_login(client, user.username, password)
    assert is_logged_in(client, user)

    client.post(LOGOUT)
    assert not is_logged_in(client)


def test_login_by_code(set_namespace: Any, client: Client, user: Any, settings: Any) -> None:
    configure(settings, LOGIN_BY_CODE_ENABLED=True)

    response = client.post(LOGIN_CODE_REQUEST, {"email": user.email})
    assert response["Location"] == LOGIN_CODE_CONFIRM
    assert client.get(LOGIN_CODE_CONFIRM).status_code == 200
    code = read_code()
    response = submit_code(client, LOGIN_CODE_CONFIRM, make_wrong(code))
    assert list_error_codes(response, "code") == ["incorrect_code"]
    submit_code(client, LOGIN_CODE_CONFIRM, code)

    assert is_logged_in(client, user)
    assert "account_login" not in read_session(client)


def test_signup_with_verification_by_code(
    set_namespace: Any, client: Client, settings: Any
) -> None:
    configure(settings, EMAIL_VERIFICATION="mandatory", EMAIL_VERIFICATION_BY_CODE_ENABLED=True)

    response = submit_signup(client, username="new", email="new@example.org")
    assert response["Location"] == EMAIL_VERIFICATION_SENT
    submit_code(client, EMAIL_VERIFICATION_SENT, read_code())

    assert is_logged_in(client)


def test_limit_is_kept(set_namespace: Any, client: Client, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    submit_login(client, "nobody", "wrong")

    assert submit_login(client, "nobody", "wrong").status_code == 429


def test_limit_is_consumed(set_namespace: Any, rf: RequestFactory, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    request = rf.post("/")
    set_namespace(request)

    assert ratelimit.consume(request, action="login")
    assert not ratelimit.consume(request, action="login")
    response = ratelimit.consume_or_429(request, action="login")
    assert response is not None
    assert response.status_code == 429


def test_request_is_not_one_of_the_api(set_namespace: Any, rf: RequestFactory) -> None:
    request = rf.get("/")
    set_namespace(request)

    assert not httpkit.is_headless_request(request)


@pytest.mark.parametrize("client_kind", ["app", "browser"])
@pytest.mark.parametrize("set_namespace", [put_namespace, put_declared])
def test_request_of_the_api_is_one(
    set_namespace: Any, rf: RequestFactory, client_kind: str
) -> None:
    request: Any = rf.get("/")
    set_namespace(request)
    request.allauth.headless = SimpleNamespace(client=client_kind)

    assert httpkit.is_headless_request(request) == client_kind


def test_pending_login_is_that_of_the_session(set_namespace: Any, user: Any) -> None:
    request = make_request()
    set_namespace(request)
    assert stagekit.unstash_login(request, peek=True) is None

    stagekit.stash_login(request, Login(user=user, email_verification="none"))

    login = stagekit.unstash_login(request, peek=True)
    assert login is not None
    assert login.user == user
    assert stagekit.unstash_login(request) is not None
    assert stagekit.unstash_login(request) is None


@pytest.mark.parametrize("foreign", ["text", 7, ("session", "data", "login"), [], {}])
def test_pending_login_of_unknown_kind_is_passed_over(user: Any, foreign: Any) -> None:
    request = make_request()
    put_declared(request)
    stagekit.stash_login(request, Login(user=user, email_verification="none"))
    request.allauth.pending_login = foreign

    login = stagekit.unstash_login(request)

    assert login is not None
    assert login.user == user


def test_login_is_read_once_in_a_request(user: Any, django_assert_num_queries: Any) -> None:
    request = make_request()
    stagekit.stash_login(request, Login(user=user, email_verification="none"))
    put_declared(request)
    first = stagekit.unstash_login(request, peek=True)

    with django_assert_num_queries(0):
        assert stagekit.unstash_login(request, peek=True) is first


def test_request_object_itself_is_left_alone(rf: RequestFactory) -> None:
    request: HttpRequest = rf.get("/")
    before = set(vars(request))

    assert not httpkit.is_headless_request(request)

    assert set(vars(request)) == before
