"""Attempts at codes: what comes of each, and in which order it is decided."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy, deepcopy
from typing import Any, NamedTuple, NoReturn

import pytest
from django.core import mail

from allauth.account import signals
from allauth.account.internal.flows.code_verification import (
    AbstractCodeVerificationProcess,
    AttemptOutcome,
    is_right_code,
)
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.internal.flows.password_reset_by_code import (
    PasswordResetVerificationProcess,
)
from allauth.account.internal.flows.phone_verification import (
    ChangePhoneVerificationProcess,
    PhoneVerificationStageProcess,
)
from allauth.account.internal.login_engine import LoginStageController, stash_login
from allauth.account.models import EmailAddress, Login
from allauth.core.exceptions import RateLimited
from tests.support.mails import read_code
from tests.support.pages import needs_phones
from tests.support.reports import ExpectedFailure
from tests.support.signals import collect_signals

ADDRESS = "user1@example.org"
PHONE = "+31612345678"
MAXIMUM = 3
RIGHT, WRONG, LAST_WRONG, NONE_LEFT, REPLAYED = AttemptOutcome

Process = AbstractCodeVerificationProcess


class Kind(NamedTuple):
    """A kind of processes."""

    begin: Callable[[Any, Any], Process]
    session_key: str
    signal: Any
    setting: str


def begin_email(request: Any, user: Any) -> Process:
    return EmailVerificationProcess.initiate(request, user=user, email=ADDRESS)


def begin_login(request: Any, user: Any) -> Process:
    return LoginCodeVerificationProcess.initiate(request=request, user=user, email=ADDRESS)


def begin_reset(request: Any, user: Any) -> Process:
    return PasswordResetVerificationProcess.initiate(request=request, user=user, email=ADDRESS)


def begin_phone(request: Any, user: Any) -> Process:
    stage = LoginStageController(request, Login(user=user, signup=True)).get_stage("verify_phone")
    assert stage is not None
    return PhoneVerificationStageProcess.initiate(stage=stage, phone=PHONE)


def begin_phone_change(request: Any, user: Any) -> Process:
    request.user = user
    return ChangePhoneVerificationProcess.initiate(request, phone=PHONE)


KINDS = {
    "email": Kind(
        begin_email,
        "account_email_verification_code",
        signals.email_verification_code_rejected,
        "EMAIL_VERIFICATION_BY_CODE",
    ),
    "login": Kind(begin_login, "account_login", signals.login_code_rejected, "LOGIN_BY_CODE"),
    "reset": Kind(
        begin_reset,
        "account_password_reset_verification",
        signals.password_reset_code_rejected,
        "PASSWORD_RESET_BY_CODE",
    ),
    "phone": Kind(begin_phone, "account_login", None, "PHONE_VERIFICATION"),
    "phone change": Kind(
        begin_phone_change, "account_phone_verification", None, "PHONE_VERIFICATION"
    ),
}


@pytest.fixture(
    params=[
        pytest.param(name, marks=needs_phones if name.startswith("phone") else ()) for name in KINDS
    ]
)
def kind(request: pytest.FixtureRequest, settings: Any, sms_outbox: Any) -> Kind:
    """Each kind of processes, in turn; three attempts each."""
    found = KINDS[request.param]
    settings.ACCOUNT_RATE_LIMITS = False
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    setattr(settings, f"ACCOUNT_{found.setting}_MAX_ATTEMPTS", MAXIMUM)
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "phone", "password1*"]
    return found


@pytest.fixture
def process(kind: Kind, visit: Any, user: Any) -> Process:
    """A process that waits for its code."""
    return kind.begin(visit, user)


def twin_of(process: Process) -> Process:
    """The same process, as another request reads it that came at the same time."""
    twin = copy(process)
    twin.state = deepcopy(process.state)
    return twin


def right() -> bool:
    return True


def wrong() -> bool:
    return False


def fail() -> NoReturn:
    raise ExpectedFailure


def never() -> NoReturn:
    raise AssertionError("The code was looked at.")


# What comes of an attempt


def test_right_code_is_used_up(process: Process, kind: Kind, visit: Any) -> None:
    assert process.attempt(right) is RIGHT

    assert process.state["failed_attempts"] == 0
    # What it leads to is the business of the flow: nothing is given up, nothing is finished.
    assert kind.session_key in visit.session


def test_code_that_another_request_has_used_up_is_replayed(process: Process) -> None:
    second = twin_of(process)

    assert process.attempt(right) is RIGHT
    assert second.attempt(right) is REPLAYED
    assert second.state["failed_attempts"] == 0


def test_wrong_codes_leave_attempts_until_the_last(
    process: Process, kind: Kind, visit: Any
) -> None:
    assert process.attempt(wrong) is WRONG
    assert process.state["failed_attempts"] == 1
    assert process.attempt(wrong) is WRONG
    assert kind.session_key in visit.session

    assert process.attempt(wrong) is LAST_WRONG
    assert process.state["failed_attempts"] == 3
    assert kind.session_key not in visit.session
    assert process.attempt(never) is NONE_LEFT


def test_right_code_counts_after_wrong_ones(process: Process) -> None:
    process.attempt(wrong)
    process.attempt(wrong)

    assert process.attempt(right) is RIGHT


def test_of_parallel_requests_each_takes_an_attempt_of_its_own(
    process: Process, kind: Kind, visit: Any
) -> None:
    twins = [twin_of(process) for _ in range(MAXIMUM + 2)]

    outcomes = [twin.attempt(wrong) for twin in twins[:MAXIMUM]]

    # Each has read that nothing had failed yet.
    assert outcomes == [WRONG] * MAXIMUM
    assert twins[-2].attempt(never) is NONE_LEFT
    assert kind.session_key not in visit.session
    assert twins[-1].attempt(never) is NONE_LEFT


def test_failures_that_the_session_remembers_are_taken_attempts(process: Process) -> None:
    process.state["failed_attempts"] = MAXIMUM - 1

    assert process.attempt(wrong) is LAST_WRONG


def test_recipient_with_too_many_failures_has_no_attempt(
    process: Process, kind: Kind, settings: Any
) -> None:
    setattr(settings, f"ACCOUNT_{kind.setting}_MAX_ATTEMPTS", 100)

    assert [process.attempt(wrong) for _ in range(30)] == [WRONG] * 30
    assert process.attempt(never) is NONE_LEFT


def test_failures_of_one_kind_do_not_count_for_another(
    visit: Any, user: Any, settings: Any
) -> None:
    settings.ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 100
    login, reset = begin_login(visit, user), begin_reset(visit, user)
    for _ in range(30):
        login.attempt(wrong)

    assert login.attempt(never) is NONE_LEFT
    assert reset.attempt(right) is RIGHT


# The order


def note_calls(process: Process, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what an attempt does, in order."""
    calls: list[str] = []

    def spy(name: str) -> None:
        original = getattr(process, name)

        def call() -> Any:
            calls.append(name)
            return original()

        monkeypatch.setattr(process, name, call)

    for name in ("claim_attempt", "record_invalid_attempt", "consume", "abort"):
        spy(name)
    return calls


@pytest.mark.parametrize(
    ("is_right", "expected"),
    [
        (True, ["claim_attempt", "judge", "consume"]),
        (False, ["claim_attempt", "judge", "record_invalid_attempt"]),
    ],
)
def test_attempt_is_taken_before_the_code_is_judged(
    process: Process, monkeypatch: pytest.MonkeyPatch, is_right: bool, expected: list[str]
) -> None:
    calls = note_calls(process, monkeypatch)

    def judge() -> bool:
        calls.append("judge")
        return is_right

    process.attempt(judge)

    assert calls == expected


def test_nothing_but_the_end_follows_where_no_attempt_is_left(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    process.state["failed_attempts"] = MAXIMUM
    calls = note_calls(process, monkeypatch)

    process.attempt(never)

    assert calls == ["claim_attempt", "abort"]


def test_attempt_is_seen_taken_by_a_request_that_comes_while_the_code_is_judged(
    process: Process,
) -> None:
    others = [twin_of(process) for _ in range(MAXIMUM)]
    outcomes: list[AttemptOutcome] = []

    def judge() -> bool:
        outcomes.extend(other.attempt(wrong) for other in others)
        return True

    assert process.attempt(judge) is RIGHT
    assert outcomes == [WRONG, WRONG, NONE_LEFT]


def test_judge_that_fails_has_taken_one_attempt_and_counts_as_no_failure(
    process: Process, kind: Kind, visit: Any
) -> None:
    signal = {"rejected": kind.signal} if kind.signal else {}
    with collect_signals(**signal) as sent:
        with pytest.raises(ExpectedFailure):
            process.attempt(fail)

        assert (process.state["failed_attempts"], sent) == (0, [])
        assert kind.session_key in visit.session
    assert [process.attempt(wrong), process.attempt(wrong)] == [WRONG, WRONG]
    assert process.attempt(never) is NONE_LEFT


def test_code_stays_usable_after_a_judge_that_fails(process: Process) -> None:
    with pytest.raises(ExpectedFailure):
        process.attempt(fail)

    assert process.attempt(right) is RIGHT


def test_judges_that_fail_cannot_try_all_codes(process: Process) -> None:
    for _ in range(MAXIMUM):
        with pytest.raises(ExpectedFailure):
            process.attempt(fail)

    assert process.attempt(never) is NONE_LEFT


# Signals


def test_rejected_signal_is_sent_by_the_class_of_the_process(
    process: Process, kind: Kind, visit: Any, user: Any
) -> None:
    assert process.rejected_signal is kind.signal
    if kind.signal is None:
        pytest.skip("no signal is sent for phone numbers")

    with collect_signals(rejected=kind.signal) as sent:
        for _ in range(MAXIMUM + 1):
            process.attempt(wrong)

    assert [event["sender"] for _, event in sent] == [type(process)] * MAXIMUM
    assert [event["last_attempt"] for _, event in sent] == [False, False, True]
    assert {(id(event["request"]), event["user"]) for _, event in sent} == {(id(visit), user)}


@pytest.mark.parametrize("name", ["email", "login", "reset"])
def test_nothing_is_told_of_pretended_processes(visit: Any, name: str, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    kind = KINDS[name]
    process = kind.begin(visit, None)

    with collect_signals(rejected=kind.signal) as sent:
        outcomes = [process.attempt(wrong) for _ in range(MAXIMUM + 1)]

    assert outcomes == [WRONG, WRONG, LAST_WRONG, NONE_LEFT]
    assert sent == []


# What is right


def test_code_that_was_sent_is_right_and_no_other(
    process: Process, kind: Kind, sms_outbox: Any
) -> None:
    code = sms_outbox[-1].code if kind.signal is None else read_code()

    assert is_right_code(actual=code, expected=process.code)
    assert not is_right_code(actual=f"{code}X", expected=process.code)


@pytest.mark.parametrize("name", ["email", "login", "reset", "phone"])
def test_nothing_is_right_for_a_pretended_process(
    visit: Any, name: str, settings: Any, sms_outbox: Any
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "phone", "password1*"]
    process = KINDS[name].begin(visit, None)

    assert process.state["code"]
    assert process.code == ""


# Another code

RESENDABLE = {
    "email": "EMAIL_VERIFICATION_SUPPORTS_RESEND",
    "login": "LOGIN_BY_CODE_SUPPORTS_RESEND",
    "phone": "PHONE_VERIFICATION_SUPPORTS_RESEND",
}
LIMITS = {"email": "confirm_email", "login": "request_login_code", "phone": "verify_phone"}


@pytest.fixture(params=[pytest.param("phone", marks=needs_phones), "email", "login"])
def resendable(
    request: pytest.FixtureRequest, visit: Any, user: Any, settings: Any, sms_outbox: Any
) -> tuple[str, Process]:
    """A process whose code can be asked for twice again, and its name."""
    settings.ACCOUNT_RATE_LIMITS = False
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "phone", "password1*"]
    setattr(settings, f"ACCOUNT_{RESENDABLE[request.param]}", 2)
    return request.param, KINDS[request.param].begin(visit, user)


def test_another_code_voids_the_former_one(resendable: tuple[str, Process]) -> None:
    _, process = resendable
    former = process.code
    process.attempt(wrong)

    assert process.can_resend
    process.resend()

    assert process.code != former
    assert process.state["resend_count"] == 1
    # It is no way to more attempts.
    assert process.state["failed_attempts"] == 1
    process.resend()
    assert not process.can_resend


def test_what_was_resent_is_kept_in_the_session(
    resendable: tuple[str, Process], visit: Any
) -> None:
    name, process = resendable

    process.resend()

    assert find_state(visit.session[KINDS[name].session_key]) == process.state


def find_state(kept: dict[str, Any]) -> dict[str, Any]:
    """The state of the process, wherever the session has it."""
    if "stages" not in kept.get("state", {}):
        return kept
    stages = kept["state"]["stages"]
    found: dict[str, Any] = stages[stages.get("current", "verify_phone")]["data"]
    return found


def test_former_code_stays_where_another_one_is_refused(
    resendable: tuple[str, Process], settings: Any, sms_outbox: Any
) -> None:
    name, process = resendable
    settings.ACCOUNT_RATE_LIMITS = {LIMITS[name]: "0/m/key"}
    former, sent = deepcopy(process.state), len(mail.outbox) + len(sms_outbox)

    with pytest.raises(RateLimited):
        process.resend()

    assert process.state == former
    assert len(mail.outbox) + len(sms_outbox) == sent


@pytest.mark.parametrize("name", ["reset", pytest.param("phone change", marks=needs_phones)])
def test_some_codes_are_sent_once(visit: Any, user: Any, sms_outbox: Any, name: str) -> None:
    assert not KINDS[name].begin(visit, user).can_resend


# Another recipient


@pytest.fixture
def newcomer(user_factory: Callable[..., Any]) -> Any:
    """Somebody who has never logged in."""
    return user_factory(email="typo@example.org", verified=False)


@pytest.fixture
def email_process(visit: Any, newcomer: Any, settings: Any) -> EmailVerificationProcess:
    """The verification of an address that may be corrected twice."""
    settings.ACCOUNT_RATE_LIMITS = False
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = 2
    stash_login(visit, Login(user=newcomer, signup=True))
    return EmailVerificationProcess.initiate(
        visit, user=newcomer, email=newcomer.email, signup=True
    )


class TestCorrectedAddress:
    def test_takes_the_place_of_the_former_one(
        self, email_process: EmailVerificationProcess, newcomer: Any, visit: Any
    ) -> None:
        former = email_process.code

        email_process.change_to("Right@example.org", False)

        assert email_process.email == email_process.email_address.email == "right@example.org"
        assert email_process.code not in ("", former)
        assert email_process.state["change_count"] == 1
        assert visit.session["account_email_verification_code"] == email_process.state
        assert [message.to for message in mail.outbox] == [
            ["typo@example.org"],
            ["right@example.org"],
        ]
        newcomer.refresh_from_db()
        assert newcomer.email.lower() == "right@example.org"
        assert [row.email for row in EmailAddress.objects.all()] == ["right@example.org"]
        assert email_process.attempt(right) is RIGHT

    def test_of_another_account_is_only_pretended(
        self, email_process: EmailVerificationProcess, newcomer: Any, user: Any
    ) -> None:
        email_process.change_to(user.email, True)

        assert (email_process.email, email_process.code) == (user.email, "")
        assert EmailAddress.objects.get(user=newcomer).email == "typo@example.org"
        assert email_process.finish() is None

        email_process.change_to("right@example.org", False)
        assert email_process.code != ""
        assert not email_process.can_change

    def test_is_not_taken_where_no_mail_may_be_sent(
        self, email_process: EmailVerificationProcess, newcomer: Any, settings: Any
    ) -> None:
        former = deepcopy(email_process.state)
        settings.ACCOUNT_RATE_LIMITS = {"confirm_email": "0/m/key"}

        with pytest.raises(RateLimited):
            email_process.change_to("right@example.org", False)

        assert email_process.state == former
        assert EmailAddress.objects.get(user=newcomer).email == "typo@example.org"
        assert len(mail.outbox) == 1

    def test_is_no_way_to_more_attempts(self, email_process: EmailVerificationProcess) -> None:
        email_process.attempt(wrong)

        email_process.change_to("right@example.org", False)

        assert [email_process.attempt(wrong), email_process.attempt(wrong)] == [WRONG, LAST_WRONG]

    def test_is_refused_after_the_first_login(
        self, email_process: EmailVerificationProcess, newcomer: Any
    ) -> None:
        assert email_process.can_change

        newcomer.last_login = newcomer.date_joined

        assert not email_process.can_change

    def test_is_refused_for_a_signup_that_is_final(
        self, email_process: EmailVerificationProcess, visit: Any
    ) -> None:
        visit.session["account_signup_is_final"] = True

        assert not email_process.can_change

    def test_of_a_robot_is_told_to_nobody(self, visit: Any, settings: Any) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
        state = EmailVerificationProcess.initial_state(email="typo@example.org")
        process = EmailVerificationProcess(visit, state)

        process.change_to("right@example.org", False)

        assert (process.email, process.code, mail.outbox) == ("right@example.org", "", [])


@needs_phones
class TestCorrectedNumber:
    @pytest.fixture
    def phone_process(
        self, visit: Any, newcomer: Any, settings: Any, sms_outbox: Any
    ) -> PhoneVerificationStageProcess:
        settings.ACCOUNT_RATE_LIMITS = False
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "phone", "password1*"]
        settings.ACCOUNT_PHONE_VERIFICATION_SUPPORTS_CHANGE = 2
        process = begin_phone(visit, newcomer)
        assert isinstance(process, PhoneVerificationStageProcess)
        return process

    def test_takes_the_place_of_the_former_one(
        self, phone_process: PhoneVerificationStageProcess, newcomer: Any, sms_outbox: Any
    ) -> None:
        former = phone_process.code

        phone_process.change_to("+31600000000", False)

        assert phone_process.phone == sms_outbox[-1].phone == "+31600000000"
        assert phone_process.code not in ("", former)
        assert phone_process.state["change_count"] == 1
        assert (newcomer.phone.number, newcomer.phone.verified) == ("+31600000000", False)

    def test_of_another_account_is_only_pretended(
        self, phone_process: PhoneVerificationStageProcess, sms_outbox: Any
    ) -> None:
        phone_process.change_to("+31600000000", True)

        assert sms_outbox[-1] == ("account_already_exists", "+31600000000", "")
        assert (phone_process.phone, phone_process.code) == ("+31600000000", "")

    def test_is_not_taken_where_no_text_message_may_be_sent(
        self, phone_process: PhoneVerificationStageProcess, settings: Any, sms_outbox: Any
    ) -> None:
        former = deepcopy(phone_process.state)
        settings.ACCOUNT_RATE_LIMITS = {"verify_phone": "0/m/key"}

        with pytest.raises(RateLimited):
            phone_process.change_to("+31600000000", False)

        assert phone_process.state == former
        assert len(sms_outbox) == 1
