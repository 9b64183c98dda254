"""Accounts are made once, and limits hold, whoever else is at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from allauth.account.models import EmailAddress
from tests.concurrency import racers
from tests.concurrency.racers import PARTICIPANTS, Answer
from tests.support.pages import (
    LOGIN,
    RESET,
    SIGNUP,
    configure,
    list_error_codes,
    needs_phones,
    submit_login,
)

PASSWORDS = {"password1": "quiet otters 9 lanterns", "password2": "quiet otters 9 lanterns"}


def assert_no_crash(answers: list[Answer]) -> None:
    """Whoever loses is told so."""
    assert {answer.status for answer in answers} <= {200, 302, 429}, answers


@pytest.mark.requirement("ATK-A33")
def test_one_of_parallel_signups_gets_the_username(
    store: Any, race: Any, color: str, settings: Any
) -> None:
    configure(settings, RATE_LIMITS=False)

    answers = race(
        racers.post, *[(color, "", SIGNUP, {"username": "wanted", **PASSWORDS})] * PARTICIPANTS
    )
    assert_no_crash(answers)
    assert get_user_model().objects.filter(username="wanted").count() == 1
    losers = [answer for answer in answers if answer.user is None]
    assert [answer.errors for answer in losers] == [["username_taken"]] * (PARTICIPANTS - 1)


@pytest.mark.requirement("ATK-A33")
@pytest.mark.parametrize("prevention", [True, False])
def test_one_of_parallel_signups_gets_the_address(
    store: Any, race: Any, color: str, settings: Any, prevention: bool
) -> None:
    configure(
        settings,
        RATE_LIMITS=False,
        EMAIL_VERIFICATION="mandatory",
        PREVENT_ENUMERATION=prevention,
        SIGNUP_FIELDS=["username*", "email*", "password1*", "password2*"],
    )

    answers = race(
        racers.post,
        *[
            (color, "", SIGNUP, {"username": f"u{n}", "email": "new@example.org", **PASSWORDS})
            for n in range(PARTICIPANTS)
        ],
    )
    assert_no_crash(answers)
    assert EmailAddress.objects.filter(email="new@example.org").count() == 1
    assert get_user_model().objects.count() == 1
    told = [answer for answer in answers if answer.errors == ["email_taken"]]
    assert len(told) == (0 if prevention else PARTICIPANTS - 1)


@pytest.mark.requirement("ATK-A33")
def test_each_of_parallel_signups_gets_a_username_that_is_made_up(
    store: Any, race: Any, color: str, settings: Any
) -> None:
    configure(
        settings,
        RATE_LIMITS=False,
        EMAIL_VERIFICATION="optional",
        LOGIN_METHODS={"email"},
        SIGNUP_FIELDS=["email*", "password1*", "password2*"],
    )

    for turn in range(3):
        answers = race(
            racers.post,
            *[
                (color, "", SIGNUP, {"email": f"same{turn}@{n}.example.org", **PASSWORDS})
                for n in range(PARTICIPANTS)
            ],
        )
        assert_no_crash(answers)
        assert all(answer.user is not None for answer in answers)
    assert get_user_model().objects.count() == 3 * PARTICIPANTS


@pytest.mark.requirement("ATK-A58", "ATK-A33")
@needs_phones
def test_one_of_parallel_signups_gets_the_number(
    store: Any, race: Any, color: str, settings: Any, sms_outbox: Any
) -> None:
    configure(
        settings,
        RATE_LIMITS=False,
        SIGNUP_FIELDS=["username*", "phone*", "password1*", "password2*"],
    )
    from tests.projects.phones.models import Phone

    answers = race(
        racers.post,
        *[
            (color, "", SIGNUP, {"username": f"u{n}", "phone": "+31612345678", **PASSWORDS})
            for n in range(PARTICIPANTS)
        ],
    )
    assert_no_crash(answers)
    assert Phone.objects.count() == 1
    assert get_user_model().objects.count() == 1


@pytest.mark.parametrize(
    ("rate", "amount"),
    [
        ("1/m/key", 1),
        ("3/m/key", 3),
        ("8/m/key", 8),
        ("4/m/key,2/h/key", 2),
        ("2/m/key,4/h/key", 2),
    ],
)
def test_limit_holds_among_parallel_events(store: Any, race: Any, rate: str, amount: int) -> None:
    results = race(racers.consume, *[("key", rate)] * PARTICIPANTS)

    # A machine under load may refuse more than it must while others are at it, but records none.
    results += [racers.consume_now("key", rate) for _ in range(amount + 1)]
    assert results.count(True) == amount


@pytest.mark.requirement("SEC-007")
def test_parallel_failed_logins_are_all_counted(
    client: Client, user_factory: Callable[..., Any], race: Any, color: str, settings: Any
) -> None:
    configure(settings, RATE_LIMITS={"login": None, "login_failed": "4/300s/key"})
    user = user_factory()

    answers = race(
        racers.post,
        *[(color, "", LOGIN, {"login": user.username, "password": "wrong"})] * PARTICIPANTS,
    )
    errors = [error for answer in answers for error in answer.errors]
    for _ in range(PARTICIPANTS):
        errors += list_error_codes(submit_login(client, user.username, "wrong"))
    assert errors.count("username_password_mismatch") == 4
    assert errors.count("too_many_login_attempts") == 2 * PARTICIPANTS - 4


@pytest.mark.requirement("SEC-007")
def test_parallel_reset_requests_are_all_counted(
    client: Client, user_factory: Callable[..., Any], race: Any, color: str, settings: Any
) -> None:
    configure(settings, RATE_LIMITS={"reset_password": "2/m/key"})
    user = user_factory()

    answers = race(racers.post, *[(color, "", RESET, {"email": user.email})] * PARTICIPANTS)
    statuses = [answer.status for answer in answers]
    statuses += [client.post(RESET, {"email": user.email}).status_code for _ in range(3)]
    assert sorted(statuses) == [302] * 2 + [429] * (PARTICIPANTS + 1)
