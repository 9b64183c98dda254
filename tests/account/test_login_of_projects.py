"""Hooks of a project around a login, whichever way somebody comes in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple

import pytest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.test import Client
from django.urls import path

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from allauth.account.internal.decorators import login_stage_required
from allauth.account.signals import user_logged_in
from allauth.account.stages import LoginStage
from allauth.account.utils import perform_login
from allauth.core.exceptions import ImmediateHttpResponse
from tests.support.mails import read_code
from tests.support.pages import (
    LOGIN,
    LOGIN_CODE_CONFIRM,
    needs_providers,
    request_login_code,
    reset_password_by_code,
    reset_password_by_link,
    route_account_pages,
    submit_code,
    submit_login,
    submit_signup,
)
from tests.support.sessions import is_logged_in, read_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db


class Way(NamedTuple):
    """A way in.

    Attributes:
        come: Log in as the user, or sign up, and return the last response.
        method: What is recorded of it, if anything is.
    """

    come: Callable[[Client, Any], Any]
    method: str | None


def come_by_password(client: Client, user: Any) -> Any:
    return submit_login(client, user.username, "correct horse 7 battery")


def come_by_code(client: Client, user: Any) -> Any:
    request_login_code(client, user.email)
    return submit_code(client, LOGIN_CODE_CONFIRM, read_code())


def come_by_signup(client: Client, user: Any) -> Any:
    return submit_signup(client, username="new", email="new@example.org")


def come_by_provider(client: Client, user: Any) -> Any:
    from tests.socialaccount.club import add_account, arrive

    add_account(user, 7)
    return arrive(client, 7)


def come_by_signup_at_provider(client: Client, user: Any) -> Any:
    from tests.socialaccount.club import arrive

    return arrive(client, 8, email="new@example.org", username="new")


def come_by_reset_by_link(client: Client, user: Any) -> Any:
    return reset_password_by_link(client, user.email)


def come_by_reset_by_code(client: Client, user: Any) -> Any:
    return reset_password_by_code(client, user.email)


WAYS = {
    "password": Way(come_by_password, "password"),
    "code": Way(come_by_code, "code"),
    "signup": Way(come_by_signup, None),
    "provider": Way(come_by_provider, "socialaccount"),
    "signup at provider": Way(come_by_signup_at_provider, "socialaccount"),
    "reset by link": Way(come_by_reset_by_link, "password_reset"),
    "reset by code": Way(come_by_reset_by_code, "password_reset"),
}


@pytest.fixture(
    params=[
        pytest.param(name, marks=needs_providers if "provider" in name else ()) for name in WAYS
    ]
)
def way(request: pytest.FixtureRequest, settings: Any) -> Way:
    """Each way in, in turn."""
    settings.ACCOUNT_RATE_LIMITS = False
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    settings.ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
    settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = request.param == "reset by code"
    route_account_pages(settings, path("checkpoint/", checkpoint, name="checkpoint"))
    return WAYS[request.param]


def use_adapter(settings: Any, adapter: type[DefaultAccountAdapter]) -> None:
    settings.ACCOUNT_ADAPTER = f"{__name__}.{adapter.__name__}"


def answer(text: str) -> HttpResponse:
    """A response that only the project gives."""
    return HttpResponse(text, status=418)


def assert_answered(response: Any, text: str) -> None:
    assert (response.status_code, response.content) == (418, text.encode())


def assert_nothing_is_left(client: Client) -> None:
    left = [name for name in read_session(client) if name.startswith(("account_", "_auth"))]
    assert [name for name in left if name != "account_verified_email"] == []


# Before a login


class RespondingAdapter(DefaultAccountAdapter):
    """Lets nobody in, by a response."""

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        return answer("no")


class RaisingAdapter(DefaultAccountAdapter):
    """Lets nobody in, by an exception."""

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        raise ImmediateHttpResponse(answer("no"))


@pytest.mark.parametrize("adapter", [RespondingAdapter, RaisingAdapter])
def test_veto_is_the_answer(
    client: Client, user: Any, way: Way, settings: Any, adapter: type[DefaultAccountAdapter]
) -> None:
    use_adapter(settings, adapter)

    with collect_signals(logged_in=user_logged_in) as sent:
        response = way.come(client, user)

    assert_answered(response, "no")
    assert sent == []
    assert not is_logged_in(client)
    assert "account_login" not in read_session(client)


# After a login


class NotingAdapter(DefaultAccountAdapter):
    """Notes what happens in which order."""

    events: ClassVar[list[tuple[str, Any]]] = []

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        self.events.append(("pre_login", kwargs))
        return super().pre_login(request, user, **kwargs)

    def login(self, request: HttpRequest, user: Any) -> None:
        self.events.append(("login", user))
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        self.events.append(("post_login", kwargs))
        response = super().post_login(request, user, **kwargs)
        self.events.append(("response", response))
        return response


class ReplacingAdapter(NotingAdapter):
    """Answers itself once somebody is in."""

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        super().post_login(request, user, **kwargs)
        return answer("in")


class TakingOverAdapter(DefaultAccountAdapter):
    """Answers itself, and has nothing announced."""

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        return answer("in")


@contextmanager
def receive_logins(receiver: Callable[..., object]) -> Iterator[None]:
    """Have ``receiver`` called for each login within the block."""
    user_logged_in.connect(receiver)
    try:
        yield
    finally:
        user_logged_in.disconnect(receiver)


@pytest.fixture
def events() -> list[tuple[str, Any]]:
    """What the adapter notes."""
    NotingAdapter.events.clear()
    return NotingAdapter.events


def test_hooks_and_signal_come_in_order(
    client: Client, user: Any, way: Way, settings: Any, events: list[tuple[str, Any]]
) -> None:
    use_adapter(settings, NotingAdapter)

    def receive(request: HttpRequest, response: HttpResponse, user: Any, **kwargs: Any) -> None:
        events.append(("signal", response))
        response["X-Received"] = "yes"

    with receive_logins(receive):
        response = way.come(client, user)

    names = [name for name, _ in events]
    assert names == ["pre_login", "login", "post_login", "signal", "response"]
    details = dict(events)
    # The receivers get the response that the hook then gets to see, and they may change it.
    assert details["signal"] is details["response"]
    assert response["X-Received"] == "yes"
    assert details["pre_login"] == details["post_login"]
    assert details["pre_login"].keys() == {
        "email_verification",
        "signal_kwargs",
        "email",
        "signup",
        "redirect_url",
    }
    assert is_logged_in(client, details["login"])


def test_response_of_the_hook_replaces_the_one_that_is_announced(
    client: Client, user: Any, way: Way, settings: Any, events: list[tuple[str, Any]]
) -> None:
    use_adapter(settings, ReplacingAdapter)

    with collect_signals(logged_in=user_logged_in) as sent:
        response = way.come(client, user)

    assert_answered(response, "in")
    assert [event["response"].status_code for _, event in sent] == [302]
    assert is_logged_in(client)


def test_hook_may_keep_the_login_to_itself(
    client: Client, user: Any, way: Way, settings: Any
) -> None:
    use_adapter(settings, TakingOverAdapter)

    with collect_signals(logged_in=user_logged_in) as sent:
        response = way.come(client, user)

    assert_answered(response, "in")
    assert sent == []
    assert is_logged_in(client)


def test_receiver_may_answer_by_exception(client: Client, user: Any, way: Way) -> None:
    def receive(**kwargs: Any) -> None:
        raise ImmediateHttpResponse(answer("received"))

    with receive_logins(receive):
        response = way.come(client, user)

    assert_answered(response, "received")
    # By then the session is that of the user.
    assert is_logged_in(client)
    assert "account_login" not in read_session(client)


# Stages


class CheckpointStage(LoginStage):
    """Returns or raises what the test says."""

    key = "checkpoint"
    urlname = "checkpoint"
    outcome: ClassVar[Any] = (None, True)
    visits: ClassVar[int] = 0

    def handle(self) -> tuple[HttpResponse | None, bool]:
        CheckpointStage.visits += 1
        if isinstance(self.outcome, Exception):
            raise self.outcome
        outcome: tuple[HttpResponse | None, bool] = self.outcome
        return outcome


class CheckpointAdapter(DefaultAccountAdapter):
    """Has that stage besides those of the package."""

    def get_login_stages(self) -> list[Any]:
        return [*super().get_login_stages(), f"{__name__}.CheckpointStage"]


@login_stage_required(stage="checkpoint", redirect_urlname="account_login")
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The page of the stage."""
    stage: LoginStage = request._login_stage  # type: ignore[attr-defined]
    return stage.abort() if "abort" in request.POST else stage.exit()


class TestStages:
    @pytest.fixture(autouse=True)
    def _stage(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        use_adapter(settings, CheckpointAdapter)
        monkeypatch.setattr(CheckpointStage, "visits", 0)
        self.monkeypatch = monkeypatch

    def have(self, outcome: Any) -> None:
        self.monkeypatch.setattr(CheckpointStage, "outcome", outcome)

    def test_nothing_to_do(self, client: Client, user: Any, way: Way) -> None:
        self.have((None, True))

        with collect_signals(logged_in=user_logged_in) as sent:
            response = way.come(client, user)

        assert response.status_code == 302
        assert (len(sent), CheckpointStage.visits) == (1, 1)
        assert is_logged_in(client)
        assert "account_login" not in read_session(client)

    def test_waiting_and_going_on(self, client: Client, user: Any, way: Way) -> None:
        self.have((HttpResponseRedirect("/checkpoint/?a=1"), True))

        with collect_signals(logged_in=user_logged_in) as sent:
            response = way.come(client, user)
            assert response["Location"] == "/checkpoint/?a=1"
            assert sent == []
            assert not is_logged_in(client)
            stored = read_session(client)["account_login"]["state"]["stages"]
            assert stored["current"] == "checkpoint"

            response = client.post("/checkpoint/")

        assert response.status_code == 302
        assert (len(sent), CheckpointStage.visits) == (1, 1)
        assert sent[0][1]["response"]["Location"] == response["Location"]
        assert is_logged_in(client)
        session = read_session(client)
        assert "account_login" not in session
        records = session.get("account_authentication_methods", [])
        assert [record["method"] for record in records] == ([way.method] if way.method else [])

    def test_waiting_and_giving_up(self, client: Client, user: Any, way: Way) -> None:
        self.have((HttpResponseRedirect("/checkpoint/"), True))
        way.come(client, user)

        response = client.post("/checkpoint/", {"abort": "1"})

        assert response["Location"] == LOGIN
        assert not is_logged_in(client)
        assert_nothing_is_left(client)
        assert client.post("/checkpoint/")["Location"] == LOGIN

    def test_page_of_its_own_instead_of_a_redirect(
        self, client: Client, user: Any, way: Way
    ) -> None:
        self.have((answer("wait"), True))

        assert_answered(way.come(client, user), "wait")
        client.post("/checkpoint/")

        assert is_logged_in(client)

    def test_ending_with_an_answer(self, client: Client, user: Any, way: Way) -> None:
        self.have((answer("closed"), False))

        with collect_signals(logged_in=user_logged_in) as sent:
            assert_answered(way.come(client, user), "closed")

        assert sent == []
        assert_nothing_is_left(client)

    def test_ending_without_an_answer(self, client: Client, user: Any, way: Way) -> None:
        self.have((None, False))

        assert way.come(client, user)["Location"] == LOGIN

        assert_nothing_is_left(client)

    def test_answering_by_exception(self, client: Client, user: Any, way: Way) -> None:
        self.have(ImmediateHttpResponse(answer("raised")))

        with collect_signals(logged_in=user_logged_in) as sent:
            assert_answered(way.come(client, user), "raised")

        assert sent == []
        assert not is_logged_in(client)

    def test_veto_comes_before_the_first_stage_and_not_after(
        self, client: Client, user: Any, way: Way, settings: Any, events: list[tuple[str, Any]]
    ) -> None:
        settings.ACCOUNT_ADAPTER = f"{__name__}.NotingCheckpointAdapter"
        self.have((HttpResponseRedirect("/checkpoint/"), True))
        way.come(client, user)
        assert [name for name, _ in events] == ["pre_login"]

        client.post("/checkpoint/")

        assert [name for name, _ in events] == ["pre_login", "login", "post_login", "response"]


class NotingCheckpointAdapter(CheckpointAdapter, NotingAdapter):
    """Does both."""


# The form


class NotingLoginForm(LoginForm):
    """Notes what is called, and with what."""

    calls: ClassVar[list[tuple[Any, ...]]] = []

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        self.calls.append((request.path, redirect_url, self.user))
        return super().login(request, redirect_url)


class OwnLoginForm(LoginForm):
    """Logs in by the function for project code."""

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        return perform_login(request, self.user, redirect_url="/own/")


class AnsweringLoginForm(LoginForm):
    """Answers itself."""

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        return answer("form")


class RaisingLoginForm(LoginForm):
    """Answers by exception."""

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        raise ImmediateHttpResponse(answer("form"))


class TestLoginForm:
    def use(self, settings: Any, form_class: type[LoginForm]) -> None:
        settings.ACCOUNT_FORMS = {"login": f"{__name__}.{form_class.__name__}"}

    @pytest.mark.parametrize("target", [None, "/there/"])
    def test_login_is_called_once(
        self, client: Client, user: Any, password: str, settings: Any, target: str | None
    ) -> None:
        self.use(settings, NotingLoginForm)
        NotingLoginForm.calls.clear()

        submit_login(client, user.username, password, **({"next": target} if target else {}))

        assert NotingLoginForm.calls == [(LOGIN, target, user)]
        assert is_logged_in(client, user)

    def test_login_is_not_called_for_a_wrong_password(
        self, client: Client, user: Any, settings: Any
    ) -> None:
        self.use(settings, NotingLoginForm)
        NotingLoginForm.calls.clear()

        submit_login(client, user.username, "wrong")

        assert NotingLoginForm.calls == []

    def test_login_may_use_the_function_for_projects(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        self.use(settings, OwnLoginForm)

        response = submit_login(client, user.username, password)

        assert response["Location"] == "/own/"
        assert is_logged_in(client, user)

    @pytest.mark.parametrize("form_class", [AnsweringLoginForm, RaisingLoginForm])
    def test_answer_of_the_form_is_passed_through(
        self,
        client: Client,
        user: Any,
        password: str,
        settings: Any,
        form_class: type[LoginForm],
    ) -> None:
        self.use(settings, form_class)

        assert_answered(submit_login(client, user.username, password), "form")

        assert not is_logged_in(client)
