"""The key of the session changes at a login, at the least expense."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db.models.signals import post_delete
from django.test import Client

from allauth.account.internal import session_store
from allauth.account.internal.session_store import cheaper_rotation, cycle_key
from tests.support.pages import submit_login
from tests.support.queries import assert_queries
from tests.support.sessions import is_logged_in, write_session

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sessions_are_in_the_database(settings: Any) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"


@pytest.fixture
def stored_session() -> SessionStore:
    """A session that another request has stored, with ``basket`` in it."""
    session = SessionStore()
    session["basket"] = 3
    session.save()
    return SessionStore(session.session_key)


@pytest.fixture
def listener() -> Iterator[list[Any]]:
    """The sessions whose rows were deleted, which somebody listens for."""
    deleted: list[Any] = []

    def receive(instance: Any, **kwargs: Any) -> None:
        deleted.append(instance.pk)

    post_delete.connect(receive, sender=Session)
    yield deleted
    post_delete.disconnect(receive, sender=Session)


@pytest.mark.requirement("INV-05")
def test_login_changes_the_key_and_keeps_what_the_visitor_had(
    client: Client, user: Any, password: str
) -> None:
    write_session(client, basket=3)
    planted = client.session.session_key

    submit_login(client, user.username, password)

    assert is_logged_in(client, user)
    assert client.session.session_key != planted
    assert len(client.session.session_key or "") == 32
    assert client.session["basket"] == 3
    assert not Session.objects.filter(session_key=planted).exists()
    assert Session.objects.count() == 1


def test_key_changes_by_one_query(stored_session: SessionStore) -> None:
    former = stored_session.session_key
    assert stored_session["basket"] == 3

    with assert_queries(1):
        cycle_key(stored_session)

    stored_session.save()
    assert stored_session.modified
    assert SessionStore(stored_session.session_key)["basket"] == 3
    assert not SessionStore().exists(former)


def test_keys_look_like_those_of_django(stored_session: SessionStore) -> None:
    keys = set()
    for _ in range(100):
        cycle_key(stored_session)
        keys.add(stored_session.session_key or "")

    assert len(keys) == 100
    assert {len(key) for key in keys} == {32}
    assert set("".join(keys)) == set(VALID_KEY_CHARS)


def test_what_was_not_read_yet_is_kept(stored_session: SessionStore) -> None:
    cycle_key(stored_session)

    assert stored_session["basket"] == 3


def test_session_that_another_request_ended_gets_a_row_of_its_own(
    stored_session: SessionStore,
) -> None:
    former = stored_session.session_key
    assert stored_session["basket"] == 3
    SessionStore(former).delete()
    cycle_key(stored_session)
    stored_session.save()

    assert stored_session.session_key != former
    assert SessionStore(stored_session.session_key)["basket"] == 3


def test_new_session_is_stored_by_one_query() -> None:
    session = SessionStore()
    session["basket"] = 1

    with assert_queries(1):
        cycle_key(session)

    session["bill"] = 2
    session.save()
    stored = SessionStore(session.session_key)
    assert (stored["basket"], stored["bill"]) == (1, 2)


def test_key_of_another_session_is_never_taken(
    stored_session: SessionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = iter([stored_session.session_key, "1" * 32])
    monkeypatch.setattr(session_store, "_make_key", lambda: next(keys))
    session = SessionStore()
    session["basket"] = 1
    cycle_key(session)

    assert session.session_key == "1" * 32
    assert SessionStore(stored_session.session_key)["basket"] == 3


def test_methods_of_the_session_are_put_back(stored_session: SessionStore) -> None:
    def mine() -> None:
        raise AssertionError

    stored_session.cycle_key = mine  # type: ignore[method-assign]

    def fail() -> None:
        with cheaper_rotation(stored_session):
            assert stored_session.cycle_key is not mine
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert stored_session.cycle_key is mine
    assert not {"delete", "_get_new_session_key"} & vars(stored_session).keys()


def test_those_who_listen_for_the_end_of_sessions_hear_of_it(
    client: Client, user: Any, password: str, listener: list[Any]
) -> None:
    write_session(client, basket=3)
    planted = client.session.session_key

    submit_login(client, user.username, password)

    assert listener == [planted]
    assert client.session["basket"] == 3


@pytest.mark.parametrize("engine", ["cached_db", "cache", "file"])
def test_other_stores_change_the_key_their_own_way(
    client: Client, user: Any, password: str, settings: Any, engine: str, tmp_path: Any
) -> None:
    settings.SESSION_FILE_PATH = str(tmp_path)
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    write_session(client, basket=3)
    planted = client.session.session_key

    submit_login(client, user.username, password)

    assert is_logged_in(client, user)
    assert client.session["basket"] == 3
    assert client.session.session_key != planted
