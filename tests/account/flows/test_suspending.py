"""What a user wanted to do is kept until they have reauthenticated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.http import HttpRequest, HttpResponse

from allauth.account.internal.flows.reauthentication import (
    Suspended,
    remember_callback,
    suspend,
    take_suspended,
)
from tests.support.sessions import make_request

KEY = "account_reauthentication_state"
NOTHING = Suspended(callback=None, state={}, frozen_request=None)
NOW = 1_700_000_000


def go_on(request: HttpRequest, state: dict[str, Any]) -> HttpResponse:
    """What is to be called afterwards."""
    return HttpResponse(str(state))


GO_ON = f"{__name__}.go_on"
not_callable = "text"


@pytest.fixture
def member(visit: Any, user: Any) -> Any:
    """The user of the current request."""
    visit.user = user
    return user


@pytest.fixture
def clock() -> Iterator[Any]:
    """A clock that stands still until it is moved."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


class TestCallbacks:
    def test_callback_is_taken_once_with_its_state(self, visit: Any, member: Any) -> None:
        remember_callback(visit, {"a": 1}, GO_ON)

        assert take_suspended(visit) == Suspended(go_on, {"a": 1}, None)
        assert KEY not in visit.session
        assert take_suspended(visit) == NOTHING

    def test_session_keeps_what_json_can_hold(self, visit: Any, member: Any) -> None:
        remember_callback(visit, {"a": 1}, GO_ON)

        kept = json.loads(json.dumps(visit.session[KEY]))
        assert (kept["callback"], kept["state"]) == (GO_ON, {"a": 1})

    @pytest.mark.parametrize(
        "callback", ["nowhere.function", f"{__name__}.nothing", f"{__name__}.not_callable", ""]
    )
    def test_callback_that_is_gone_is_none(self, visit: Any, member: Any, callback: str) -> None:
        remember_callback(visit, {"a": 1}, callback)

        assert take_suspended(visit).callback is None

    @pytest.mark.parametrize("state", [None, "x", [], 5], ids=str)
    def test_callback_without_its_state_is_none(self, visit: Any, member: Any, state: Any) -> None:
        visit.session[KEY] = {"callback": GO_ON, "state": state}

        assert take_suspended(visit).callback is None


class TestRequests:
    def test_post_is_kept(self, user: Any, db: None) -> None:
        request = make_request(user, path="/there/?a=1", color="red")

        suspend(request)

        suspended = take_suspended(request)
        assert (suspended.callback, suspended.state) == (None, {})
        assert suspended.frozen_request is not None
        frozen = json.loads(suspended.frozen_request)
        assert (frozen["method"], frozen["path"]) == ("POST", "/there/")

    @pytest.mark.parametrize("method", ["get", "put", "delete", "options"])
    def test_others_can_simply_be_repeated(self, user: Any, db: None, method: str) -> None:
        request = make_request(user, method)

        suspend(request)

        assert KEY not in request.session

    def test_the_last_one_counts(self, visit: Any, member: Any) -> None:
        remember_callback(visit, {"a": 1}, GO_ON)

        suspend(visit)

        suspended = take_suspended(visit)
        assert suspended.callback is None
        assert suspended.frozen_request is not None


class TestBinding:
    def test_user_has_to_be_the_same(self, visit: Any, member: Any, user_factory: Any) -> None:
        remember_callback(visit, {"a": 1}, GO_ON)
        visit.user = user_factory()

        assert take_suspended(visit) == NOTHING
        assert KEY not in visit.session

    @pytest.mark.parametrize(("seconds", "is_kept"), [(300, True), (301, False)])
    def test_it_is_kept_as_long_as_a_reauthentication_lasts(
        self, visit: Any, member: Any, settings: Any, clock: Any, seconds: int, is_kept: bool
    ) -> None:
        settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
        remember_callback(visit, {"a": 1}, GO_ON)

        clock.shift(seconds)

        assert (take_suspended(visit).callback is go_on) is is_kept

    def test_state_of_the_published_release_counts(self, visit: Any, member: Any) -> None:
        visit.session[KEY] = {"callback": GO_ON, "state": {"a": 1}}

        assert take_suspended(visit) == Suspended(go_on, {"a": 1}, None)

    @pytest.mark.parametrize(
        "kept", [None, "x", [], 5, {"user_id": "1"}, {"user_id": None, "at": NOW}], ids=str
    )
    def test_state_of_the_wrong_shape_is_nothing(self, visit: Any, member: Any, kept: Any) -> None:
        visit.session[KEY] = kept

        assert take_suspended(visit) == NOTHING
        assert KEY not in visit.session

    @pytest.mark.parametrize("at", [None, "now", []], ids=str)
    def test_moment_of_the_wrong_shape_is_long_ago(self, visit: Any, member: Any, at: Any) -> None:
        remember_callback(visit, {"a": 1}, GO_ON)
        visit.session[KEY]["at"] = at

        assert take_suspended(visit) == NOTHING

    @pytest.mark.parametrize("frozen", [None, 5, {}, []], ids=str)
    def test_request_of_the_wrong_shape_is_none(self, visit: Any, member: Any, frozen: Any) -> None:
        visit.session[KEY] = {"request": frozen}

        assert take_suspended(visit).frozen_request is None
