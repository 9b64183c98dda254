"""Third-party accounts are made and connected once, and one way in stays, whoever else is at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.test import Client

from tests.concurrency import racers
from tests.concurrency.racers import PARTICIPANTS, Answer
from tests.support.sessions import get_key, read_session

pytestmark = pytest.mark.skipif(
    not apps.is_installed("allauth.socialaccount"), reason="there are no third-party accounts"
)

LOGIN = "/accounts/dummy/login/"
CONNECTIONS = "/accounts/3rdparty/"


def get_accounts() -> Any:
    return apps.get_model("socialaccount", "SocialAccount")._default_manager


def begin(client: Client, process: str = "login") -> tuple[str, str]:
    """Go to the provider; the key of the session, and where that is."""
    location = str(client.post(f"{LOGIN}?process={process}").headers["Location"])
    return get_key(client), location


def get_state_id(location: str) -> str:
    return location.partition("state=")[2]


def assert_no_crash(answers: list[Answer]) -> None:
    """Whoever loses is told so, or finds that the session was ended."""
    assert {answer.status for answer in answers} <= {200, 302, 400, 403}, answers


@pytest.mark.requirement("ATK-S20", "INV-41")
def test_one_of_several_users_connects_an_account(
    client_factory: Callable[..., Client], user_factory: Callable[..., Any], race: Any, color: str
) -> None:
    places = []
    for _ in range(PARTICIPANTS):
        client = client_factory()
        client.force_login(user_factory())
        places.append(begin(client, "connect"))

    answers = race(racers.post, *[(color, *place, {"id": "1"}) for place in places])
    assert [answer.status for answer in answers] == [302] * PARTICIPANTS
    assert get_accounts().count() == 1


@pytest.mark.requirement("ATK-S20", "INV-42")
def test_first_logins_at_once_make_one_user(
    client_factory: Callable[..., Client], store: Any, race: Any, color: str
) -> None:
    places = [begin(client_factory()) for _ in range(PARTICIPANTS)]

    answers = race(
        racers.post, *[(color, *place, {"id": "1", "username": "anna"}) for place in places]
    )
    assert_no_crash(answers)
    account = get_accounts().get()
    assert get_user_model().objects.get() == account.user
    assert {answer.user for answer in answers} - {None} == {str(account.user_id)}


@pytest.mark.requirement("ATK-S20", "INV-43")
def test_one_of_the_last_accounts_stays(
    client_factory: Callable[..., Client], user_factory: Callable[..., Any], race: Any, color: str
) -> None:
    user = user_factory(password=None)
    arguments = []
    for uid in range(PARTICIPANTS):
        account = get_accounts().create(user=user, provider="dummy", uid=str(uid))
        client = client_factory()
        client.force_login(user)
        arguments.append((color, get_key(client), CONNECTIONS, {"account": str(account.pk)}))

    answers = race(racers.post, *arguments)
    assert sorted(answer.status for answer in answers) == [200] + [302] * (PARTICIPANTS - 1)
    assert get_accounts().count() == 1


@pytest.mark.requirement("ATK-S02", "INV-10")
def test_same_callback_works_once(client: Client, store: Any, race: Any, color: str) -> None:
    place = begin(client)

    answers = race(racers.post, *[(color, *place, {"id": str(uid)}) for uid in range(PARTICIPANTS)])
    assert_no_crash(answers)
    assert [answer.status for answer in answers].count(302) == 1
    assert get_accounts().count() == get_user_model().objects.count() == 1


@pytest.mark.requirement("ATK-S02", "SEC-089")
def test_logins_begun_before_survive_those_begun_at_once(
    client: Client, store: Any, race: Any, color: str
) -> None:
    key, location = begin(client)

    answers = race(racers.post, *[(color, key, LOGIN, {})] * PARTICIPANTS)
    assert [answer.status for answer in answers] == [302] * PARTICIPANTS
    state_ids = {get_state_id(answer.location) for answer in answers}
    assert len(state_ids) == PARTICIPANTS
    # Each stores its state next to all that are there, and its session again as it ends. Of those
    # that overlap, some may be lost, but neither the last one nor what was there before.
    first = get_state_id(location)
    states = set(read_session(client)["socialaccount_states"])
    assert first in states
    assert states & state_ids
    assert states <= {first, *state_ids}
