"""How far a login goes, told without a response."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY, get_user_model
from django.db import connection
from django.http import HttpRequest, HttpResponse

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.login_engine import (
    LoginOutcome,
    LoginStage,
    LoginStatus,
    call_pre_login,
    continue_login,
    stash_login,
    unstash_login,
)
from allauth.account.models import Login
from allauth.account.signals import user_logged_in
from allauth.core.exceptions import ImmediateHttpResponse, RateLimited
from tests.support.pages import STRONG_PASSWORD
from tests.support.queries import Queries
from tests.support.sessions import make_request
from tests.support.signals import collect_signals

RESPONSE = HttpResponse("by the project", status=418)


class ScriptedStage(LoginStage):
    """Does what the test says."""

    key = "scripted"
    script: Callable[[LoginStage], tuple[HttpResponse | None, bool]]

    def handle(self) -> tuple[HttpResponse | None, bool]:
        return type(self).script(self)


class ScriptedAdapter(DefaultAccountAdapter):
    """Has that stage, and notes who logs in."""

    logged_in: list[Any] = []

    def get_login_stages(self) -> list[Any]:
        return [*super().get_login_stages(), ScriptedStage]

    def login(self, request: HttpRequest, user: Any) -> None:
        self.logged_in.append(user)
        super().login(request, user)


class RespondingAdapter(DefaultAccountAdapter):
    """Answers every login."""

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        return RESPONSE


class RaisingAdapter(DefaultAccountAdapter):
    """Answers every login by exception."""

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        raise ImmediateHttpResponse(RESPONSE)


class NotingAdapter(DefaultAccountAdapter):
    """Notes what its hook is called with."""

    seen: list[Any] = []

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> None:
        self.seen.append((request, user, kwargs))


@pytest.fixture
def act(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has the stage of the project do something."""
    settings.ACCOUNT_ADAPTER = f"{__name__}.ScriptedAdapter"
    ScriptedAdapter.logged_in.clear()

    def use(script: Callable[[LoginStage], tuple[HttpResponse | None, bool]]) -> None:
        monkeypatch.setattr(ScriptedStage, "script", staticmethod(script), raising=False)

    use(lambda stage: (None, True))
    return use


def raise_(error: Exception) -> Any:
    raise error


class TestBeforeALogin:
    def test_it_goes_on_by_default(self, visit: Any, user: Any) -> None:
        assert call_pre_login(visit, Login(user=user)) is None

    def test_account_that_is_disabled_ends_it(self, visit: Any, user: Any) -> None:
        user.is_active = False
        visit.session["account_authentication_methods"] = [{"method": "password"}]

        outcome = call_pre_login(visit, Login(user=user))

        assert outcome is not None
        assert (outcome.status, outcome.interruption) == (LoginStatus.ENDED, None)
        assert outcome.response is not None
        assert outcome.response["Location"] == "/accounts/inactive/"
        assert "account_authentication_methods" not in visit.session

    def test_hook_ends_it(self, visit: Any, user: Any, settings: Any) -> None:
        settings.ACCOUNT_ADAPTER = f"{__name__}.RespondingAdapter"

        outcome = call_pre_login(visit, Login(user=user))

        assert outcome == LoginOutcome(LoginStatus.ENDED, RESPONSE)
        # Passed through unread.
        assert outcome is not None
        assert outcome.response is RESPONSE

    def test_what_the_hook_raises_is_not_caught(self, visit: Any, user: Any, settings: Any) -> None:
        settings.ACCOUNT_ADAPTER = f"{__name__}.RaisingAdapter"

        with pytest.raises(ImmediateHttpResponse) as raised:
            call_pre_login(visit, Login(user=user))

        assert raised.value.response is RESPONSE

    @pytest.mark.parametrize("adapter", ["RespondingAdapter", "RaisingAdapter"])
    def test_hook_is_not_asked_about_nobody(self, visit: Any, settings: Any, adapter: str) -> None:
        settings.ACCOUNT_ADAPTER = f"{__name__}.{adapter}"

        assert call_pre_login(visit, Login(email="a@example.org")) is None

    def test_hook_is_told_all_about_the_login(self, visit: Any, user: Any, settings: Any) -> None:
        settings.ACCOUNT_ADAPTER = f"{__name__}.NotingAdapter"
        NotingAdapter.seen.clear()
        login = Login(
            user=user,
            email_verification="mandatory",
            redirect_url="/there/",
            signal_kwargs={"a": 1},
            signup=True,
            email="a@example.org",
        )

        call_pre_login(visit, login)

        expected = {
            "email_verification": "mandatory",
            "redirect_url": "/there/",
            "signal_kwargs": {"a": 1},
            "signup": True,
            "email": "a@example.org",
        }
        assert NotingAdapter.seen == [(visit, user, expected)]


class TestStatus:
    def test_completed(self, visit: Any, user: Any) -> None:
        with collect_signals(logged_in=user_logged_in) as sent:
            outcome = continue_login(visit, Login(user=user, redirect_url="/there/"))

        assert (outcome.status, outcome.interruption) == (LoginStatus.COMPLETED, None)
        assert outcome.response is sent[0][1]["response"]
        assert outcome.response["Location"] == "/there/"
        assert visit.session[SESSION_KEY] == str(user.pk)

    def test_waiting(self, visit: Any, user: Any, act: Callable[..., None]) -> None:
        act(lambda stage: (RESPONSE, True))

        outcome = continue_login(visit, Login(user=user))

        assert outcome == LoginOutcome(LoginStatus.WAITING, RESPONSE)
        login = unstash_login(visit, peek=True)
        assert login is not None
        assert (login.user, login.state["stages"]["current"]) == (user, "scripted")
        assert SESSION_KEY not in visit.session

    @pytest.mark.parametrize("response", [RESPONSE, None], ids=["answered", "silent"])
    def test_ended_by_a_stage(
        self, visit: Any, user: Any, act: Callable[..., None], response: Any
    ) -> None:
        stash_login(visit, Login(user=user))
        act(lambda stage: (response, False))

        assert continue_login(visit, Login(user=user)) == LoginOutcome(LoginStatus.ENDED, response)
        assert not {"account_login", SESSION_KEY} & set(visit.session.keys())

    def test_ended_by_an_exception(self, visit: Any, user: Any, act: Callable[..., None]) -> None:
        error = ImmediateHttpResponse(RESPONSE)
        act(lambda stage: raise_(error))

        outcome = continue_login(visit, Login(user=user))

        assert outcome == LoginOutcome(LoginStatus.ENDED, None, error)
        assert SESSION_KEY not in visit.session

    def test_ended_by_an_exception_of_a_receiver(self, visit: Any, user: Any) -> None:
        error = ImmediateHttpResponse(RESPONSE)

        def receive(**kwargs: Any) -> None:
            raise error

        user_logged_in.connect(receive)
        try:
            outcome = continue_login(visit, Login(user=user))
        finally:
            user_logged_in.disconnect(receive)

        assert outcome == LoginOutcome(LoginStatus.ENDED, None, error)

    def test_inactive(self, visit: Any, user: Any, act: Callable[..., None]) -> None:
        def disable(stage: LoginStage) -> tuple[None, bool]:
            stage.login.user.is_active = False
            return None, True

        act(disable)

        outcome = continue_login(visit, Login(user=user))

        assert outcome.status is LoginStatus.INACTIVE
        assert outcome.response is not None
        assert outcome.response["Location"] == "/accounts/inactive/"
        assert ScriptedAdapter.logged_in == []

    def test_rate_limited(self, visit: Any, user: Any, act: Callable[..., None]) -> None:
        act(lambda stage: raise_(RateLimited()))

        assert continue_login(visit, Login(user=user)) == LoginOutcome(LoginStatus.RATE_LIMITED)
        assert SESSION_KEY not in visit.session

    def test_rate_limited_by_the_mails_of_the_site(
        self, visit: Any, user_factory: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
        settings.ACCOUNT_RATE_LIMITS = {"confirm_email": "0/m/key"}

        outcome = continue_login(visit, Login(user=user_factory(verified=False)))

        assert outcome == LoginOutcome(LoginStatus.RATE_LIMITED)

    def test_nobody(self, visit: Any, act: Callable[..., None]) -> None:
        visit.session["account_authentication_methods"] = [{"method": "password"}]

        outcome = continue_login(visit, Login(user=None, email="a@example.org"))

        assert outcome == LoginOutcome(LoginStatus.NO_USER)
        assert ScriptedAdapter.logged_in == []
        assert "account_authentication_methods" not in visit.session

    def test_other_exceptions_are_not_caught(
        self, visit: Any, user: Any, act: Callable[..., None]
    ) -> None:
        act(lambda stage: raise_(ZeroDivisionError()))

        with pytest.raises(ZeroDivisionError):
            continue_login(visit, Login(user=user))


class TestUserIsReadAgain:
    """Between reading a stored login and completing it, another request may be served."""

    @pytest.fixture
    def later(self, visit: Any, user: Any, act: Callable[..., None]) -> Any:
        """The request at which a stored login is read, of the same session."""
        stash_login(visit, Login(user=user, redirect_url="/there/"))
        request = make_request()
        request.session = visit.session
        return request

    @pytest.fixture
    def login(self, later: Any) -> Login:
        login = unstash_login(later, peek=True)
        assert login is not None
        return login

    def test_who_is_as_before_is_logged_in(self, later: Any, login: Login, user: Any) -> None:
        assert continue_login(later, login).status is LoginStatus.COMPLETED
        assert ScriptedAdapter.logged_in == [user]

    def test_who_is_disabled_is_not(self, later: Any, login: Login, user: Any) -> None:
        get_user_model().objects.filter(pk=user.pk).update(is_active=False)

        outcome = continue_login(later, login)

        assert outcome.status is LoginStatus.INACTIVE
        assert ScriptedAdapter.logged_in == []
        assert not {"account_login", SESSION_KEY} & set(later.session.keys())

    def test_who_is_deleted_is_nobody(self, later: Any, login: Login, user: Any) -> None:
        get_user_model().objects.filter(pk=user.pk).delete()

        assert continue_login(later, login) == LoginOutcome(LoginStatus.NO_USER)
        assert ScriptedAdapter.logged_in == []
        assert "account_login" not in later.session

    def test_who_has_another_password_is_nobody(self, later: Any, login: Login, user: Any) -> None:
        user.set_password(STRONG_PASSWORD)
        user.save()

        assert continue_login(later, login) == LoginOutcome(LoginStatus.NO_USER)
        assert ScriptedAdapter.logged_in == []

    def test_stage_of_the_login_itself_may_set_the_password(
        self, later: Any, login: Login, act: Callable[..., None]
    ) -> None:
        def set_password(stage: LoginStage) -> tuple[None, bool]:
            stage.login.user.set_password(STRONG_PASSWORD)
            stage.login.user.save()
            return None, True

        act(set_password)

        assert continue_login(later, login).status is LoginStatus.COMPLETED

    def test_what_another_request_changed_is_seen(
        self, later: Any, login: Login, user: Any, act: Callable[..., None]
    ) -> None:
        get_user_model().objects.filter(pk=user.pk).update(first_name="Meanwhile")

        continue_login(later, login)

        assert [one.first_name for one in ScriptedAdapter.logged_in] == ["Meanwhile"]

    def test_login_in_one_go_reads_nobody_twice(self, visit: Any, user: Any) -> None:
        table = get_user_model()._meta.db_table

        with Queries(connection) as queries:
            continue_login(visit, Login(user=user))

        reads = [sql for sql in queries.statements if sql.startswith("SELECT") and table in sql]
        assert [sql for sql in reads if f'FROM "{table}"' in sql] == []
