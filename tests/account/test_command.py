"""The management command that leaves each user one primary address."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from allauth.account.models import EmailAddress
from tests.support.queries import max_queries

COMMAND = "account_unsetmultipleprimaryemails"


def run() -> str:
    output = StringIO()
    call_command(COMMAND, stdout=output)
    return output.getvalue()


def get_primaries(user: Any) -> list[str]:
    addresses = EmailAddress.objects.filter(user=user, primary=True).order_by("pk")
    return list(addresses.values_list("email", flat=True))


@pytest.fixture
def several_primaries(db: None) -> Callable[..., None]:
    """Gives a user several primary addresses, as databases of old allow."""
    if connection.features.supports_partial_indexes:
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX unique_primary_email")  # the test rolls it back

    def add(user: Any, *emails: str) -> None:
        for email in emails:
            EmailAddress.objects.create(user=user, email=email, primary=True)

    return add


def test_clean_database_is_left_alone(user: Any) -> None:
    assert run() == ""
    assert get_primaries(user) == [user.email]


def test_address_of_the_user_is_kept(
    several_primaries: Callable[..., None], user_factory: Callable[..., Any]
) -> None:
    user = user_factory(email="b@example.org")
    several_primaries(user, "a@example.org", "c@example.org")
    EmailAddress.objects.create(user=user, email="d@example.org")

    assert run() == ""
    assert get_primaries(user) == ["b@example.org"]
    assert user.emailaddress_set.count() == 4


def test_casing_of_the_address_of_the_user_does_not_count(
    several_primaries: Callable[..., None], user_factory: Callable[..., Any]
) -> None:
    user = user_factory(email="B@Example.org")
    several_primaries(user, "z@example.org")

    assert run() == ""
    assert get_primaries(user) == ["b@example.org"]


def test_without_a_match_the_last_one_is_kept_and_reported(
    several_primaries: Callable[..., None], user_factory: Callable[..., Any]
) -> None:
    user = user_factory(email="")
    several_primaries(user, "a@example.org", "b@example.org")

    output = run()
    assert output.startswith("WARNING")
    for text in (str(user.pk), "a@example.org, b@example.org", "kept b@example.org"):
        assert text in output
    assert get_primaries(user) == ["b@example.org"]


def test_each_user_is_looked_at(
    several_primaries: Callable[..., None], user_factory: Callable[..., Any]
) -> None:
    users = [user_factory() for _ in range(3)]
    for user in users[:2]:
        several_primaries(user, f"other-{user.pk}@example.org")

    with max_queries(1 + 2 * len(users[:2])):
        run()
    assert [get_primaries(user) for user in users] == [[user.email] for user in users]
