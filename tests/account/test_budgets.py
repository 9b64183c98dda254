"""How many statements a page sends to the database, which also keeps the sessions."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.test import Client

from tests.support.mails import read_code
from tests.support.pages import (
    EMAIL_VERIFICATION_SENT,
    LOGIN,
    LOGIN_CODE_CONFIRM,
    LOGOUT,
    RESET,
    RESET_CODE_COMPLETE,
    RESET_CODE_CONFIRM,
    SIGNUP,
    STRONG_PASSWORD,
    needs_providers,
    request_login_code,
    route_account_pages,
    submit_code,
    submit_login,
    submit_signup,
)
from tests.support.queries import assert_queries, max_queries
from tests.support.sessions import is_logged_in, write_session

pytestmark = pytest.mark.django_db

HAS_PROVIDERS = apps.is_installed("allauth.socialaccount")
"""Pages that list them ask whether any are configured in the database."""


@pytest.fixture(autouse=True)
def _warm(settings: Any) -> None:
    """The site is known, as it is in a process that has served a request before."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    if apps.is_installed("django.contrib.sites"):
        from django.contrib.sites.models import Site

        Site.objects.get_current()


@pytest.mark.parametrize("page", [LOGIN, SIGNUP, RESET])
def test_page_for_a_visitor(client: Client, page: str) -> None:
    with max_queries(int(HAS_PROVIDERS and page != RESET)):
        assert client.get(page).status_code == 200


@pytest.mark.parametrize("methods", [{"username"}, {"email"}, {"username", "email"}])
def test_login(client: Client, user: Any, password: str, settings: Any, methods: set[str]) -> None:
    settings.ACCOUNT_LOGIN_METHODS = methods
    login = user.email if "email" in methods else user.username

    # The user; that the new session key is free, and the session; the time of the login.
    with max_queries(5):
        submit_login(client, login, password)

    assert is_logged_in(client, user)


def test_login_of_a_visitor_who_has_a_session(client: Client, user: Any, password: str) -> None:
    write_session(client, basket=3)

    # The session; the user; the new key of the session; the time of the login; the session.
    with max_queries(5):
        submit_login(client, user.username, password)

    assert is_logged_in(client, user)


def test_login_where_verification_is_mandatory(
    client: Client, user: Any, password: str, settings: Any
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

    with max_queries(6):
        submit_login(client, user.username, password)

    assert is_logged_in(client, user)


@pytest.mark.parametrize("methods", [{"username"}, {"email"}])
def test_wrong_password(client: Client, user: Any, settings: Any, methods: set[str]) -> None:
    settings.ACCOUNT_LOGIN_METHODS = methods
    login = user.email if "email" in methods else user.username

    with max_queries(2):
        submit_login(client, login, "wrong")


class TestUsernameOrAddress:
    @pytest.fixture(autouse=True)
    def _both(self, settings: Any) -> None:
        settings.ACCOUNT_LOGIN_METHODS = {"username", "email"}

    def test_login_by_username(self, client: Client, user: Any, password: str) -> None:
        with max_queries(5):
            submit_login(client, user.username, password)

        assert is_logged_in(client, user)

    def test_wrong_password_for_a_username(self, client: Client, user: Any) -> None:
        with max_queries(1 + HAS_PROVIDERS):
            submit_login(client, user.username, "wrong")

    def test_wrong_password_for_an_address(self, client: Client, user: Any) -> None:
        with max_queries(2 + HAS_PROVIDERS):
            submit_login(client, user.email, "wrong")


def test_signup(client: Client) -> None:
    with max_queries(9):
        submit_signup(client, username="new", email="new@example.org")

    assert is_logged_in(client)
    assert len(mail.outbox) == 1


def test_signup_without_an_address(client: Client) -> None:
    with max_queries(8):
        submit_signup(client, username="new")

    assert is_logged_in(client)


def test_logout(client: Client, user: Any) -> None:
    client.force_login(user)

    with max_queries(3):
        client.post(LOGOUT)

    assert not is_logged_in(client)


def test_bare_prefix_for_a_user(client: Client, user: Any) -> None:
    client.force_login(user)

    with assert_queries(2):
        assert client.get("/accounts/")["Location"] == "/accounts/email/"


def test_bare_prefix_for_a_visitor(client: Client) -> None:
    with assert_queries(0):
        assert client.get("/accounts/")["Location"] == LOGIN


class TestEmail:
    def test_page(self, client: Client, user: Any) -> None:
        client.force_login(user)

        # Session, user, addresses.
        with max_queries(3):
            assert client.get("/accounts/email/").status_code == 200

    def test_adding_an_address(self, client: Client, user: Any) -> None:
        client.force_login(user)

        with max_queries(6):
            client.post("/accounts/email/", {"action_add": "", "email": "new@example.org"})

        assert len(mail.outbox) == 1

    def test_asking_for_a_reset(self, client: Client, user: Any) -> None:
        with max_queries(2):
            client.post(RESET, {"email": user.email})

        assert len(mail.outbox) == 1


class TestVerificationByCode:
    """A sign-up that waits for the code of its address."""

    @pytest.fixture(autouse=True)
    def _newcomer(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
        route_account_pages(settings)
        submit_signup(client, username="new", email="new@example.org")

    def test_page(self, client: Client) -> None:
        # Session, user.
        with max_queries(2):
            assert client.get("/accounts/confirm-email/").status_code == 200

    def test_wrong_code(self, client: Client) -> None:
        with max_queries(3):
            assert submit_code(client, EMAIL_VERIFICATION_SENT, "wrong").status_code == 200

    def test_right_code(self, client: Client) -> None:
        with max_queries(13):
            submit_code(client, EMAIL_VERIFICATION_SENT, read_code())

        assert is_logged_in(client)


class TestLoginByCode:
    @pytest.fixture(autouse=True)
    def _codes(self, settings: Any) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
        route_account_pages(settings)

    def test_request(self, client: Client, user: Any) -> None:
        with max_queries(3):
            request_login_code(client, user.email)

        assert len(mail.outbox) == 1

    def test_page(self, client: Client, user: Any) -> None:
        request_login_code(client, user.email)

        with max_queries(2):
            assert client.get("/accounts/login/code/confirm/").status_code == 200

    def test_wrong_code(self, client: Client, user: Any) -> None:
        request_login_code(client, user.email)

        with max_queries(3):
            assert submit_code(client, LOGIN_CODE_CONFIRM, "wrong").status_code == 200

    def test_right_code(self, client: Client, user: Any) -> None:
        request_login_code(client, user.email)

        with max_queries(7):
            submit_code(client, LOGIN_CODE_CONFIRM, read_code())

        assert is_logged_in(client, user)


class TestResetByCode:
    @pytest.fixture(autouse=True)
    def _codes(self, settings: Any) -> None:
        settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
        route_account_pages(settings)

    def test_request(self, client: Client, user: Any) -> None:
        with max_queries(3):
            client.post(RESET, {"email": user.email})

        assert len(mail.outbox) == 1

    def test_wrong_code(self, client: Client, user: Any) -> None:
        client.post(RESET, {"email": user.email})

        with max_queries(3):
            assert submit_code(client, RESET_CODE_CONFIRM, "wrong").status_code == 200

    def test_right_code(self, client: Client, user: Any) -> None:
        client.post(RESET, {"email": user.email})

        with max_queries(5):
            response = submit_code(client, RESET_CODE_CONFIRM, read_code())

        assert response["Location"] == RESET_CODE_COMPLETE

    def test_new_password(self, client: Client, user: Any) -> None:
        client.post(RESET, {"email": user.email})
        submit_code(client, RESET_CODE_CONFIRM, read_code())

        with max_queries(5):
            data = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}
            client.post(RESET_CODE_COMPLETE, data)

        user.refresh_from_db()
        assert user.check_password(STRONG_PASSWORD)


@needs_providers
def test_connections(client: Client, user: Any) -> None:
    from tests.socialaccount.club import CONNECTIONS, add_account

    add_account(user)
    client.force_login(user)

    # Session, user, accounts, providers.
    with max_queries(4):
        assert client.get(CONNECTIONS).status_code == 200
