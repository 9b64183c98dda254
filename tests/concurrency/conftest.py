"""Races between threads and between processes, on each database and cache there is.

SQLite, with a cache in memory for threads and one in the database for processes, takes part in any
run. PostgreSQL, MariaDB and Redis do so if ``POSTGRES_URL``, ``MYSQL_URL`` and ``REDIS_URL`` are
given; if one does not answer then, that is a failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache

from tests.concurrency import racers
from tests.concurrency.stores import (
    Store,
    create,
    describe_database,
    destroy,
    find_stores,
    use_cache,
    use_database,
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test on each of the stores."""
    if "store" not in metafunc.fixturenames:
        return
    parameters = []
    for store in find_stores():
        is_quick = store.database == "sqlite" and store.cache != "redis"
        marks = () if is_quick else pytest.mark.databases
        parameters.append(pytest.param(store, id=str(store), marks=marks))
    metafunc.parametrize("store", parameters, indirect=True)


class Site:
    """The databases made so far, and the processes that run on them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.entries: dict[str, dict[str, Any]] = {}
        self.processes: dict[Store, racers.Processes] = {}

    def get_entry(self, store: Store) -> dict[str, Any]:
        """The database of ``store``, which is made when it is asked for."""
        name = str(store) if store.database == "sqlite" else store.database
        if name not in self.entries:
            entry = describe_database(store, self.directory)
            create(entry)
            self.entries[name] = entry
        return self.entries[name]

    def get_processes(self, store: Store) -> racers.Processes:
        """The processes of ``store``, which are started when they are asked for."""
        if store not in self.processes:
            entry = self.get_entry(store)
            self.processes[store] = racers.Processes(entry, store.cache)
        return self.processes[store]

    def clean_up(self) -> None:
        """Stop the processes and drop the databases."""
        for processes in self.processes.values():
            processes.stop()
        for entry in self.entries.values():
            destroy(entry)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[Site]:
    """What the races of the session share."""
    site = Site(tmp_path_factory.mktemp("race"))
    yield site
    with django_db_blocker.unblock():
        site.clean_up()


@pytest.fixture
def store(request: pytest.FixtureRequest, site: Site, django_db_blocker: Any) -> Iterator[Store]:
    """The database and the cache of the test, both empty."""
    store: Store = request.param
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        entry = site.get_entry(store)
        stack.enter_context(use_database(entry))
        stack.enter_context(use_cache(store.cache))
        empty()
        yield store
        empty()


def empty() -> None:
    """Delete what a test left."""
    from django.contrib.auth import get_user_model
    from django.contrib.sessions.models import Session

    get_user_model().objects.all().delete()
    Session.objects.all().delete()
    cache.clear()


@pytest.fixture
def db(store: Store) -> None:
    """Has the fixtures of the suite work on the database of the test."""


Race = Callable[..., list[Any]]


@pytest.fixture
def race(store: Store, site: Site) -> Race:
    """Run a function of ``racers`` with each of several arguments at the same time.

    The settings of the package that the test has changed hold for all who take part.
    """

    def run(function: Callable[..., Any], *arguments: tuple[Any, ...]) -> list[Any]:
        if store.by == "threads":
            return racers.race_in_threads(function, list(arguments))
        values = {
            name: getattr(django_settings, name)
            for name in dir(django_settings)
            if name.startswith(("ACCOUNT_", "SOCIALACCOUNT_"))
        }
        return site.get_processes(store).race(function, list(arguments), values)

    return run
