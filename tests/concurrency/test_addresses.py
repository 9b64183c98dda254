"""What holds of the addresses of an account holds whoever else is changing them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from allauth.account.models import EmailAddress
from tests.concurrency import racers
from tests.concurrency.racers import PARTICIPANTS, Answer
from tests.support.addresses import add_row
from tests.support.mails import read_code, read_path
from tests.support.pages import EMAIL, EMAIL_VERIFICATION_SENT, configure
from tests.support.sessions import get_key

ADDRESS = "shared@example.org"


@pytest.fixture(autouse=True)
def _limits_do_not_get_in_the_way(settings: Any) -> None:
    configure(settings, RATE_LIMITS=False)


def log_in(client: Client, user: Any) -> str:
    """Log in; the key of the session."""
    client.force_login(user)
    return get_key(client)


def assert_no_crash(answers: list[Answer]) -> None:
    """Whoever loses is told so."""
    assert {answer.status for answer in answers} <= {200, 302, 404}, answers


def assert_one_primary(user: Any) -> None:
    """The user has one primary address, which the user model holds too."""
    (primary,) = EmailAddress.objects.filter(user=user, primary=True)
    user.refresh_from_db()
    assert user.email == primary.email


# Primary


@pytest.mark.requirement("SEC-062", "INV-43")
def test_one_address_becomes_primary(user: Any, race: Any) -> None:
    rows = [add_row(user, f"a{n}@example.org", verified=True) for n in range(PARTICIPANTS)]

    results = race(racers.set_as_primary, *[(row.pk,) for row in rows])
    assert any(results)
    assert_one_primary(user)


@pytest.mark.requirement("SEC-062")
def test_one_address_becomes_the_first_primary(user_factory: Callable[..., Any], race: Any) -> None:
    user = user_factory(email="")
    rows = [add_row(user, f"a{n}@example.org", verified=True) for n in range(PARTICIPANTS)]

    assert any(race(racers.set_as_primary, *[(row.pk,) for row in rows]))
    assert_one_primary(user)


@pytest.mark.requirement("ATK-A33")
def test_page_makes_one_address_primary(client: Client, user: Any, race: Any, color: str) -> None:
    key = log_in(client, user)
    emails = [f"a{n}@example.org" for n in range(PARTICIPANTS)]
    for email in emails:
        add_row(user, email, verified=True)

    answers = race(
        racers.post,
        *[(color, key, EMAIL, {"action_primary": "", "email": email}) for email in emails],
    )
    assert_no_crash(answers)
    assert_one_primary(user)


# Verified


@pytest.mark.requirement("INV-39")
def test_one_account_verifies_a_shared_address(user_factory: Callable[..., Any], race: Any) -> None:
    rows = [add_row(user_factory(email=""), ADDRESS) for _ in range(PARTICIPANTS)]

    results = race(racers.set_verified, *[(row.pk,) for row in rows])
    assert results.count(True) == 1
    assert EmailAddress.objects.filter(email=ADDRESS, verified=True).count() == 1


@pytest.mark.requirement("ATK-A21", "INV-39")
def test_one_account_verifies_a_shared_address_by_link(
    client: Client, user_factory: Callable[..., Any], race: Any, color: str
) -> None:
    paths = []
    for _ in range(PARTICIPANTS):
        user = user_factory(email=ADDRESS, verified=False)
        client.force_login(user)
        client.post(EMAIL, {"action_send": "", "email": ADDRESS})
        paths.append(read_path())

    answers = race(racers.post, *[(color, "", path, {}) for path in paths])
    assert_no_crash(answers)
    assert EmailAddress.objects.filter(email=ADDRESS, verified=True).count() == 1


@pytest.mark.requirement("ATK-A21", "INV-39")
def test_one_account_verifies_a_shared_address_by_code(
    client_factory: Callable[..., Client],
    user_factory: Callable[..., Any],
    race: Any,
    color: str,
    settings: Any,
) -> None:
    configure(settings, EMAIL_VERIFICATION_BY_CODE_ENABLED=True)
    visitors = []
    for _ in range(PARTICIPANTS):
        client = client_factory()
        key = log_in(client, user_factory())
        client.post(EMAIL, {"action_add": "", "email": ADDRESS})
        visitors.append((key, read_code()))

    answers = race(
        racers.post,
        *[(color, key, EMAIL_VERIFICATION_SENT, {"code": code}) for key, code in visitors],
    )
    assert_no_crash(answers)
    assert EmailAddress.objects.filter(email=ADDRESS, verified=True).count() == 1
    assert EmailAddress.objects.filter(email=ADDRESS).count() == 1


@pytest.mark.requirement("INV-10")
def test_one_of_parallel_confirmations_announces_the_address(
    client: Client, user_factory: Callable[..., Any], race: Any, color: str, settings: Any
) -> None:
    # The former address is told once, by whoever was first.
    configure(settings, CHANGE_EMAIL=True, EMAIL_NOTIFICATIONS=True)
    user = user_factory()
    client.force_login(user)
    client.post(EMAIL, {"action_add": "", "email": "new@example.org"})
    path = read_path()
    mail.outbox.clear()

    answers = race(racers.post, *[(color, "", path, {})] * PARTICIPANTS)
    assert_no_crash(answers)
    rows = EmailAddress.objects.filter(user=user).values_list("email", "verified", "primary")
    assert list(rows) == [("new@example.org", True, True)]
    assert len(mail.outbox) <= 1


# Added and removed


@pytest.mark.requirement("SEC-064", "ATK-A33", "INV-43")
@pytest.mark.parametrize("by_code", [False, True])
def test_number_of_addresses_is_limited(
    client_factory: Callable[..., Client],
    user: Any,
    race: Any,
    color: str,
    settings: Any,
    by_code: bool,
) -> None:
    configure(settings, MAX_EMAIL_ADDRESSES=2, EMAIL_VERIFICATION_BY_CODE_ENABLED=by_code)
    requests = []
    for number in range(PARTICIPANTS):
        client = client_factory()
        key = log_in(client, user)
        data = {"action_add": "", "email": f"a{number}@example.org"}
        if by_code:
            client.post(EMAIL, data)
            requests.append((color, key, EMAIL_VERIFICATION_SENT, {"code": read_code()}))
        else:
            requests.append((color, key, EMAIL, data))

    answers = race(racers.post, *requests)
    assert_no_crash(answers)
    assert EmailAddress.objects.filter(user=user).count() == 2


@pytest.mark.requirement("ATK-A33")
def test_same_address_is_added_once(client: Client, user: Any, race: Any, color: str) -> None:
    key = log_in(client, user)

    answers = race(
        racers.post,
        *[(color, key, EMAIL, {"action_add": "", "email": "new@example.org"})] * PARTICIPANTS,
    )
    assert_no_crash(answers)
    assert EmailAddress.objects.filter(user=user, email="new@example.org").count() == 1


@pytest.mark.requirement("SEC-168", "ATK-A33", "INV-43")
def test_last_address_stays(
    client: Client, user_factory: Callable[..., Any], race: Any, color: str, settings: Any
) -> None:
    configure(settings, LOGIN_METHODS={"email"})
    user = user_factory(email="")
    emails = [f"a{n}@example.org" for n in range(PARTICIPANTS)]
    for email in emails:
        add_row(user, email, verified=True)
    user.email = emails[0]
    user.save()
    key = log_in(client, user)

    answers = race(
        racers.post,
        *[(color, key, EMAIL, {"action_remove": "", "email": email}) for email in emails],
    )
    assert_no_crash(answers)
    (left,) = EmailAddress.objects.filter(user=user)
    user.refresh_from_db()
    assert user.email == left.email


@pytest.mark.requirement("SEC-168")
def test_address_made_primary_meanwhile_stays(
    client: Client, user: Any, race: Any, color: str
) -> None:
    key = log_in(client, user)
    add_row(user, "other@example.org", verified=True)
    actions = ["action_primary", "action_remove"] * (PARTICIPANTS // 2)

    answers = race(
        racers.post,
        *[(color, key, EMAIL, {action: "", "email": "other@example.org"}) for action in actions],
    )
    assert_no_crash(answers)
    assert_one_primary(user)
