"""Codes, links and attempts are used up once, whoever else is at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from allauth.account.models import EmailAddress
from tests.concurrency import racers
from tests.concurrency.racers import PARTICIPANTS, Answer
from tests.support.mails import make_wrong, read_code, read_path
from tests.support.pages import (
    EMAIL_VERIFICATION_SENT,
    LOGIN_CODE_CONFIRM,
    LOGIN_CODE_REQUEST,
    PHONE_VERIFY,
    RESET,
    RESET_CODE_COMPLETE,
    RESET_CODE_CONFIRM,
    configure,
    needs_phones,
    submit_code,
    submit_login,
)
from tests.support.sessions import get_key, is_logged_in

PROFILE = "/accounts/profile/"


@pytest.fixture
def codes(settings: Any) -> None:
    configure(
        settings,
        RATE_LIMITS=False,
        LOGIN_BY_CODE_ENABLED=True,
        PASSWORD_RESET_BY_CODE_ENABLED=True,
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
        EMAIL_VERIFICATION="mandatory",
    )


def begin(client: Client, flow: str, user: Any, password: str) -> tuple[str, str]:
    """Come as far as the page that takes a code; the page, and where the code leads."""
    if flow == "login":
        client.post(LOGIN_CODE_REQUEST, {"email": user.email})
        return LOGIN_CODE_CONFIRM, PROFILE
    if flow == "reset":
        client.post(RESET, {"email": user.email})
        return RESET_CODE_CONFIRM, RESET_CODE_COMPLETE
    EmailAddress.objects.filter(user=user).update(verified=False)
    submit_login(client, user.username, password)
    return EMAIL_VERIFICATION_SENT, PROFILE


def assert_no_crash(answers: list[Answer]) -> None:
    """Whoever loses is told so; a session that was replaced meanwhile is a bad request."""
    assert {answer.status for answer in answers} <= {200, 302, 400, 404, 429}, answers


FLOWS = ["login", "reset", "email"]


@pytest.mark.requirement("INV-10")
@pytest.mark.usefixtures("codes")
@pytest.mark.parametrize("flow", FLOWS)
def test_of_parallel_right_codes_one_is_right(
    client: Client, user: Any, password: str, race: Any, color: str, flow: str
) -> None:
    page, target = begin(client, flow, user, password)
    one = (color, get_key(client), page, {"code": read_code()})

    answers = race(racers.post, *[one] * PARTICIPANTS)
    assert_no_crash(answers)
    passed = [answer for answer in answers if answer.location == target]
    if flow == "reset":
        # Those who come a little later are sent on, too, since the session says so by then.
        assert passed
        return
    assert len(passed) == 1
    assert len([answer for answer in answers if answer.user]) == 1


@pytest.mark.requirement("ATK-A12", "INV-11")
@pytest.mark.usefixtures("codes")
@pytest.mark.parametrize("flow", FLOWS)
def test_of_parallel_wrong_codes_three_are_looked_at(
    client: Client, user: Any, password: str, race: Any, color: str, flow: str
) -> None:
    page, _ = begin(client, flow, user, password)
    code = read_code()
    one = (color, get_key(client), page, {"code": make_wrong(code)})

    answers = race(racers.post, *[one] * PARTICIPANTS)
    assert_no_crash(answers)
    assert sum("incorrect_code" in answer.errors for answer in answers) <= 3
    submit_code(client, page, code)
    assert not is_logged_in(client)
    assert client.get(RESET_CODE_COMPLETE).status_code == 302


@pytest.mark.requirement("ATK-A12", "INV-10")
@needs_phones
@pytest.mark.parametrize("is_right", [True, False])
def test_of_parallel_codes_for_a_phone_one_is_right_and_three_are_looked_at(
    client: Client,
    user_factory: Callable[..., Any],
    password: str,
    race: Any,
    color: str,
    settings: Any,
    sms_outbox: Any,
    is_right: bool,
) -> None:
    configure(settings, RATE_LIMITS=False, SIGNUP_FIELDS=["username*", "phone*", "password1*"])
    user = user_factory(phone="+31612345678")
    user.phone.verified = False
    user.phone.save()
    submit_login(client, user.username, password)
    code = sms_outbox[-1].code
    data = {"code": code if is_right else make_wrong(code)}

    answers = race(racers.post, *[(color, get_key(client), PHONE_VERIFY, data)] * PARTICIPANTS)
    assert_no_crash(answers)
    assert len([answer for answer in answers if answer.user]) == is_right
    if not is_right:
        assert sum("incorrect_code" in answer.errors for answer in answers) <= 3
        submit_code(client, PHONE_VERIFY, code)
        assert not is_logged_in(client)


@pytest.mark.requirement("INV-10")
@pytest.mark.usefixtures("codes")
def test_of_parallel_new_passwords_after_a_code_one_is_stored(
    client: Client, user: Any, password: str, race: Any, color: str
) -> None:
    page, _ = begin(client, "reset", user, password)
    submit_code(client, page, read_code())

    key = get_key(client)
    answers = race(
        racers.post,
        *[(color, key, RESET_CODE_COMPLETE, choose(number)) for number in range(PARTICIPANTS)],
    )
    assert_one_password(user, answers, "/accounts/password/reset/done/")


def choose(number: int) -> dict[str, str]:
    """What the form for a new password is sent."""
    return {"password1": f"quiet otters {number}", "password2": f"quiet otters {number}"}


def assert_one_password(user: Any, answers: list[Answer], target: str) -> None:
    """The one who was told so has set the password."""
    assert_no_crash(answers)
    (winner,) = [n for n, answer in enumerate(answers) if answer.location == target]
    user.refresh_from_db()
    assert user.check_password(f"quiet otters {winner}")


@pytest.mark.requirement("INV-10")
def test_of_parallel_new_passwords_after_a_link_one_is_stored(
    client: Client, user: Any, race: Any, color: str
) -> None:
    client.post(RESET, {"email": user.email})
    page = client.get(read_path())["Location"]

    key = get_key(client)
    answers = race(
        racers.post, *[(color, key, page, choose(number)) for number in range(PARTICIPANTS)]
    )
    assert_one_password(user, answers, "/accounts/password/reset/key/done/")
