"""What a session remembers of how its user authenticated."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from allauth.account.authentication import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    aget_authentication_records,
    get_authentication_records,
)
from allauth.account.internal.flows.login import (
    clear_authentication_records,
    record_authentication,
)
from allauth.account.signals import authentication_step_completed
from tests.support.mails import read_code
from tests.support.pages import (
    LOGIN_CODE_CONFIRM,
    LOGOUT,
    request_login_code,
    reset_password_by_code,
    reset_password_by_link,
    route_account_pages,
    submit_code,
    submit_login,
    submit_signup,
)
from tests.support.sessions import is_logged_in, make_request, read_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db

METHODS = "account_authentication_methods"
OWNER = "account_authentication_methods_user"


@pytest.fixture(params=["sync", "async"])
def get_records(request: pytest.FixtureRequest) -> Callable[..., list[dict[str, Any]]]:
    """The function that reads the records, in either color."""
    if request.param == "sync":
        return get_authentication_records
    return async_to_sync(aget_authentication_records)


class TestReading:
    def test_key_is_public(self) -> None:
        assert AUTHENTICATION_METHODS_SESSION_KEY == METHODS

    def test_records_of_the_user_are_listed(self, get_records: Any, user: Any) -> None:
        request = make_request(user)
        with time_machine.travel(1700000000.0, tick=False):
            record_authentication(request, user, "password", username="me", email=None)

        assert get_records(request, user) == [
            {"method": "password", "at": 1700000000.0, "username": "me"}
        ]
        assert request.session[OWNER] == str(user.pk)

    def test_nobody_has_records(self, get_records: Any, user: Any) -> None:
        request = make_request(user)
        record_authentication(request, user, "password")

        assert get_records(request) == []
        assert get_records(request, None) == []
        assert get_records(request, AnonymousUser()) == []
        assert get_records(request, type(user)()) == []

    @pytest.mark.requirement("INV-06")
    def test_records_of_somebody_else_are_not_shown(
        self, get_records: Any, user_factory: Any
    ) -> None:
        request = make_request()
        record_authentication(request, user_factory(), "password")

        assert get_records(request, user_factory()) == []

    @pytest.mark.requirement("ATK-A69")
    @pytest.mark.parametrize("garbage", [None, "x", 5, {}, {"method": "password"}], ids=repr)
    def test_garbage_is_no_record(self, get_records: Any, user: Any, garbage: Any) -> None:
        request = make_request(user)
        request.session[METHODS] = garbage
        request.session[OWNER] = str(user.pk)

        assert get_records(request, user) == []

    @pytest.mark.requirement("ATK-A69")
    def test_garbage_among_records_is_left_out(self, get_records: Any, user: Any) -> None:
        request = make_request(user)
        request.session[METHODS] = ["x", {"method": "code"}, None]
        request.session[OWNER] = str(user.pk)

        assert get_records(request, user) == [{"method": "code"}]

    @pytest.mark.requirement("INV-47")
    def test_records_of_the_published_release_are_read(self, get_records: Any, user: Any) -> None:
        request = make_request(user)
        record = {"method": "socialaccount", "at": 1.5, "provider": "p", "uid": "1"}
        request.session[METHODS] = [record]
        request.session[OWNER] = str(user.pk)

        assert get_records(request, user) == [record]


class TestWriting:
    def test_records_are_in_order(self, user: Any) -> None:
        request = make_request(user)

        for method in ("password", "code", "mfa"):
            record_authentication(request, user, method)

        records = get_authentication_records(request, user)
        assert [record["method"] for record in records] == ["password", "code", "mfa"]

    def test_session_does_not_grow_for_ever(self, user: Any) -> None:
        request = make_request(user)

        for number in range(60):
            record_authentication(request, user, "password", number=number)

        records = get_authentication_records(request, user)
        assert len(records) == 50
        assert records[-1]["number"] == 59

    @pytest.mark.requirement("INV-06")
    def test_records_of_somebody_else_are_replaced(self, user_factory: Any) -> None:
        request = make_request()
        first, second = user_factory(), user_factory()
        record_authentication(request, first, "password")

        record_authentication(request, second, "code")

        assert get_authentication_records(request, first) == []
        assert [record["method"] for record in get_authentication_records(request, second)] == [
            "code"
        ]

    @pytest.mark.parametrize("who", ["none", "anonymous", "unsaved"])
    def test_nobody_is_recorded(self, user: Any, who: str) -> None:
        people = {"none": None, "anonymous": AnonymousUser(), "unsaved": type(user)()}
        request = make_request()

        with collect_signals(step=authentication_step_completed) as sent:
            record_authentication(request, people[who], "password")

        assert dict(request.session.items()) == {}
        assert sent == []

    def test_signal_carries_everything(self, user: Any) -> None:
        request = make_request(user)

        with collect_signals(step=authentication_step_completed) as sent:
            record_authentication(request, user, "code", email="a@example.org", phone=None)

        ((_, event),) = sent
        assert event.pop("signal") is authentication_step_completed
        assert event == {
            "sender": type(user),
            "request": request,
            "user": user,
            "method": "code",
            "email": "a@example.org",
            "phone": None,
        }
        assert "phone" not in get_authentication_records(request, user)[0]

    def test_clearing_removes_both_keys(self, user: Any) -> None:
        request = make_request(user)
        record_authentication(request, user, "password")

        clear_authentication_records(request)
        clear_authentication_records(request)

        assert dict(request.session.items()) == {}


STARTED = time.time()


def _read_records(client: Client) -> list[dict[str, Any]]:
    records = read_session(client)[METHODS]
    for record in records:
        assert STARTED <= record.pop("at") <= time.time()
    return list(records)


class TestFlows:
    def test_password(self, client: Client, user: Any, password: str) -> None:
        submit_login(client, user.username, password)

        assert _read_records(client) == [{"method": "password", "username": user.username}]

    def test_password_by_address(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = {"username", "email"}

        submit_login(client, user.email, password)

        assert _read_records(client) == [
            {"method": "password", "email": user.email, "username": user.email}
        ]

    def test_code(self, client: Client, user: Any, settings: Any) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
        route_account_pages(settings)
        request_login_code(client, user.email)
        assert METHODS not in read_session(client)

        submit_code(client, LOGIN_CODE_CONFIRM, read_code())

        assert _read_records(client) == [{"method": "code", "email": user.email}]

    def test_required_code(self, client: Client, user: Any, password: str, settings: Any) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
        submit_login(client, user.username, password)
        assert len(_read_records(client)) == 1

        submit_code(client, LOGIN_CODE_CONFIRM, read_code())

        assert _read_records(client) == [
            {"method": "password", "username": user.username},
            {"method": "code", "email": user.email},
        ]

    @pytest.mark.parametrize("by_code", [False, True])
    def test_reset(self, client: Client, user: Any, settings: Any, by_code: bool) -> None:
        settings.ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
        settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = by_code
        route_account_pages(settings)
        reset = reset_password_by_code if by_code else reset_password_by_link

        reset(client, user.email)

        assert _read_records(client) == [
            {"method": "password_reset", **({"email": user.email} if by_code else {})}
        ]

    def test_signup_records_nothing(self, client: Client) -> None:
        submit_signup(client, username="new")

        assert is_logged_in(client)
        assert METHODS not in read_session(client)

    def test_records_end_with_the_session(self, client: Client, user: Any, password: str) -> None:
        submit_login(client, user.username, password)

        client.post(LOGOUT)

        assert METHODS not in read_session(client)
        assert OWNER not in read_session(client)

    def test_records_survive_the_new_key_of_a_login(
        self, client: Client, user: Any, password: str
    ) -> None:
        client.get("/accounts/login/")
        submit_login(client, user.username, password)

        assert len(read_session(client)[METHODS]) == 1
