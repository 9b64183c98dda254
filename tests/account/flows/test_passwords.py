"""Replacing passwords."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY, login
from django.contrib.messages import get_messages
from django.core import mail

from allauth.account import signals
from allauth.account.forms import default_token_generator
from allauth.account.internal.flows import password_change, password_reset
from allauth.account.internal.flows.password_reset_by_code import (
    PasswordResetVerificationProcess,
    ResetOutcome,
)
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ReauthenticationRequired
from allauth.core.internal import extensions
from tests.support.pages import STRONG_PASSWORD
from tests.support.reports import ExpectedFailure, fail
from tests.support.sessions import make_request
from tests.support.signals import collect_signals

CHANGES = {
    "password_changed": (password_change.change_password, signals.password_changed),
    "password_set": (password_change.set_password, signals.password_set),
}


@pytest.fixture
def member(visit: Any, user: Any) -> Any:
    """A user who is logged in by the current request."""
    login(visit, user)
    return user


def make_store(user: Any, calls: list[str] | None = None) -> Callable[[], None]:
    """A function that stores another password."""

    def store() -> None:
        if calls is not None:
            calls.append("store")
        user.set_password(STRONG_PASSWORD)
        user.save()

    return store


def never() -> None:
    raise AssertionError("A password was stored.")


@pytest.fixture(params=list(CHANGES))
def name(request: pytest.FixtureRequest) -> str:
    """What is done to the password, in turn."""
    return str(request.param)


class TestChange:
    def test_password_is_stored_once_and_announced_afterwards(
        self, name: str, visit: Any, member: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
        change, signal = CHANGES[name]
        calls: list[str] = []
        key = visit.session.session_key

        def receive(**kwargs: Any) -> None:
            calls.append("signal")

        signal.connect(receive)
        with collect_signals(done=signal) as sent:
            change(visit, member, make_store(member, calls))
        signal.disconnect(receive)

        assert calls == ["store", "signal"]
        (event,) = (event for _, event in sent)
        assert (event["sender"], event["request"], event["user"]) == (type(member), visit, member)
        # The session goes on, under another key.
        assert visit.session[SESSION_KEY] == str(member.pk)
        assert visit.session["_auth_user_hash"] == member.get_session_auth_hash()
        assert visit.session.session_key != key
        assert [message.level_tag for message in get_messages(visit)] == ["success"]
        assert [message.to for message in mail.outbox] == [[member.email]]

    def test_session_may_end_with_it(
        self, name: str, visit: Any, member: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
        change, _ = CHANGES[name]

        change(visit, member, make_store(member))

        assert SESSION_KEY not in visit.session

    def test_nothing_follows_what_cannot_be_stored(
        self, name: str, visit: Any, member: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
        change, signal = CHANGES[name]
        key = visit.session.session_key

        with collect_signals(done=signal) as sent, pytest.raises(ExpectedFailure):
            change(visit, member, fail)

        assert (sent, mail.outbox, list(get_messages(visit))) == ([], [], [])
        assert visit.session.session_key == key

    def test_first_password_may_ask_for_reauthentication(
        self, visit: Any, member: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True

        with pytest.raises(ReauthenticationRequired):
            password_change.set_password(visit, member, never)

    def test_who_has_no_way_to_reauthenticate_may_set_the_first_one(
        self, visit: Any, member: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
        member.set_unusable_password()
        calls: list[str] = []

        password_change.set_password(visit, member, make_store(member, calls))

        assert calls == ["store"]


class TestResetByLink:
    @pytest.fixture
    def key(self, visit: Any, user: Any) -> str:
        password_reset.request_password_reset(visit, user.email, [user], default_token_generator)
        mail.outbox.clear()
        return default_token_generator.make_token(user)

    def test_password_is_stored_once_and_announced(
        self, visit: Any, user: Any, key: str, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
        visit.session["_password_reset_key"] = key
        calls: list[str] = []

        with collect_signals(reset=signals.password_reset) as sent:
            response = password_reset.reset_by_link(visit, user, key, make_store(user, calls))

        assert (response, calls) == (None, ["store"])
        assert [(event["sender"], event["user"]) for _, event in sent] == [(type(user), user)]
        assert len(mail.outbox) == 1
        assert "_password_reset_key" not in visit.session
        assert SESSION_KEY not in visit.session

    def test_it_may_log_in(self, visit: Any, user: Any, key: str, settings: Any) -> None:
        settings.ACCOUNT_LOGIN_ON_PASSWORD_RESET = True

        response = password_reset.reset_by_link(visit, user, key, make_store(user))

        assert response is not None
        assert response.status_code == 302
        assert visit.session[SESSION_KEY] == str(user.pk)
        methods = [record["method"] for record in visit.session["account_authentication_methods"]]
        assert methods == ["password_reset"]

    def test_nothing_follows_what_cannot_be_stored(self, visit: Any, user: Any, key: str) -> None:
        with collect_signals(reset=signals.password_reset) as sent, pytest.raises(ExpectedFailure):
            password_reset.reset_by_link(visit, user, key, fail)

        assert (sent, mail.outbox) == ([], [])

    def test_account_is_taken_over_for_the_owner_of_an_unproven_address(
        self, visit: Any, user: Any, key: str, settings: Any
    ) -> None:
        EmailAddress.objects.filter(user=user).update(verified=False)
        EmailAddress.objects.create(user=user, email="planted@example.org", verified=True)
        # Other addresses void the link: it is the one that was mailed before.
        password_reset.request_password_reset(visit, user.email, [user], default_token_generator)
        key = default_token_generator.make_token(user)

        password_reset.reset_by_link(visit, user, key, make_store(user))

        assert [row.email for row in EmailAddress.objects.filter(user=user)] == [user.email]

    def test_recipient_is_looked_up_before_the_token_is_void(
        self, visit: Any, user: Any, key: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls: list[str] = []
        original = password_reset.get_unproven_recipient

        def look_up(*args: Any) -> Any:
            calls.append("look up")
            return original(*args)

        monkeypatch.setattr(password_reset, "get_unproven_recipient", look_up)

        password_reset.reset_by_link(visit, user, key, make_store(user, calls))

        assert calls == ["look up", "store"]

    def test_token_is_used_up_once(self, user: Any, key: str) -> None:
        assert password_reset.consume_reset_key(user, key)
        assert not password_reset.consume_reset_key(user, key)

    def test_session_of_somebody_else_is_noticed(
        self, visit: Any, user: Any, user_factory: Callable[..., Any]
    ) -> None:
        assert not password_reset.is_other_user_logged_in(visit, user)
        visit.user = user
        assert not password_reset.is_other_user_logged_in(visit, user)
        assert password_reset.is_other_user_logged_in(visit, user_factory())


class TestResetByCode:
    @pytest.fixture
    def process(self, visit: Any, user: Any) -> PasswordResetVerificationProcess:
        """A reset whose code is confirmed."""
        process = PasswordResetVerificationProcess.initiate(
            request=visit, user=user, email=user.email
        )
        process.confirm_code()
        mail.outbox.clear()
        return process

    def test_password_is_replaced(
        self, process: PasswordResetVerificationProcess, visit: Any, user: Any
    ) -> None:
        calls: list[str] = []

        with collect_signals(reset=signals.password_reset) as sent:
            outcome = process.replace_password(make_store(user, calls))

        assert outcome == ResetOutcome(is_replaced=True, response=None)
        assert (calls, len(sent)) == (["store"], 1)
        assert "account_password_reset_verification" not in visit.session
        assert PasswordResetVerificationProcess.resume(visit) is None

    def test_it_may_log_in(
        self, process: PasswordResetVerificationProcess, visit: Any, user: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_ON_PASSWORD_RESET = True

        outcome = process.replace_password(make_store(user))

        assert outcome.response is not None
        assert visit.session[SESSION_KEY] == str(user.pk)

    def test_of_parallel_requests_one_replaces_it(
        self, process: PasswordResetVerificationProcess, visit: Any, user: Any
    ) -> None:
        second = PasswordResetVerificationProcess(make_request(), deepcopy(process.state), user)

        with collect_signals(reset=signals.password_reset) as sent:
            process.replace_password(make_store(user))
            outcome = second.replace_password(never)

        assert outcome == ResetOutcome(is_replaced=False)
        assert len(sent) == 1

    def test_it_is_replaced_once_even_if_that_fails(
        self, process: PasswordResetVerificationProcess
    ) -> None:
        with pytest.raises(ExpectedFailure):
            process.replace_password(fail)

        assert not process.replace_password(never).is_replaced

    def test_code_and_password_are_used_up_apart(self, visit: Any, user: Any) -> None:
        process = PasswordResetVerificationProcess.initiate(
            request=visit, user=user, email=user.email
        )
        assert process.consume()
        process.state["at"] -= 1

        process.confirm_code()

        assert process.replace_password(make_store(user)).is_replaced

    def test_other_ways_in_are_closed_for_an_unproven_address(
        self, visit: Any, user: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        revoked: list[Any] = []
        for name in ("credential_revokers", "session_revokers"):
            entries: Any = extensions.Entries()
            entries.add("stub", lambda user, name=name: revoked.append(name), app="allauth.account")
            monkeypatch.setattr(extensions, name, entries)
        EmailAddress.objects.filter(user=user).update(verified=False)
        process = PasswordResetVerificationProcess.initiate(
            request=visit, user=user, email=user.email
        )
        process.confirm_code()

        process.replace_password(make_store(user))

        assert revoked == ["credential_revokers", "session_revokers"]
