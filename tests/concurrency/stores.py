"""The databases and caches on which the races run, and how processes are put on the same ones."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.backends.signals import connection_created
from django.db.utils import ConnectionHandler
from django.test import override_settings

from tests.projects.common_settings import get_cache, get_database

CACHE_TABLE = "concurrency_cache"
TIMEOUT = 120


class Store(NamedTuple):
    """A database and a cache that all who take part in a race share."""

    database: str
    cache: str
    by: str

    def __str__(self) -> str:
        return f"{self.database}-{self.cache}-{self.by}"


def find_stores() -> list[Store]:
    """What there is to run on: SQLite always, the others if their URLs are given.

    Where one database is given for the whole run, it is the only one.
    """
    given = [name for name in ("postgres", "mysql") if get_url(name)]
    databases = given if os.environ.get("TEST_DATABASE_URL") else ["sqlite", *given]
    stores = []
    for database in databases:
        stores.append(Store(database, "locmem", "threads"))
        if database != "sqlite" or django.VERSION >= (5, 1):
            stores.append(Store(database, "database", "processes"))
        if get_url("redis"):
            stores += [Store(database, "redis", by) for by in ("threads", "processes")]
    return stores


def get_url(name: str) -> str:
    """The URL of a store, if it is given."""
    if name == "redis":
        return os.environ.get("TEST_REDIS_URL") or os.environ.get("REDIS_URL", "")
    url = os.environ.get("TEST_DATABASE_URL") or os.environ.get(f"{name.upper()}_URL", "")
    return url if url.startswith(name) else ""


def describe_database(store: Store, directory: Path) -> dict[str, Any]:
    """The entry of ``DATABASES``, with everything that Django adds to it."""
    if store.database == "sqlite":
        path = str(directory / f"{store}.sqlite3")
        entry = {**get_database(""), "NAME": path, "TEST": {"NAME": path}}
        entry["OPTIONS"] = {"timeout": TIMEOUT}
        if store.cache == "database":
            # Otherwise that cache may fail to store what it is given, and does not say so.
            entry["OPTIONS"]["transaction_mode"] = "IMMEDIATE"
    else:
        entry = get_database(get_url(store.database))
        entry["TEST"] = {**entry.get("TEST", {}), "NAME": f"test_race_{os.getpid()}"}
    described: dict[str, Any] = ConnectionHandler({"default": entry}).settings["default"]
    return described


def describe_cache(name: str) -> dict[str, Any]:
    """The entry of ``CACHES``."""
    if name == "database":
        return {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": CACHE_TABLE}
    return get_cache(get_url("redis") if name == "redis" else "")


@contextmanager
def use_database(entry: dict[str, Any]) -> Iterator[None]:
    """Have all threads connect to another database than the one of the other tests."""
    entries = connections.settings
    former, connection = entries["default"], connections["default"]
    entries["default"] = entry
    del connections["default"]
    connection_created.connect(hurry)
    try:
        yield
    finally:
        connection_created.disconnect(hurry)
        connections["default"].close()
        entries["default"] = former
        connections["default"] = connection


def hurry(connection: Any, **kwargs: Any) -> None:
    """Have SQLite not wait for the disk: nobody needs the data after the next crash."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous = OFF")


@contextmanager
def use_cache(name: str) -> Iterator[None]:
    """Have all threads use this cache."""
    with override_settings(CACHES={"default": describe_cache(name)}):
        yield


def create(entry: dict[str, Any]) -> None:
    """Make the database and its tables."""
    name = settings.DATABASES["default"]["NAME"]
    with use_database(entry):
        connection: Any = connections["default"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        call_command("createcachetable", CACHE_TABLE, verbosity=0)
        entry["NAME"] = connection.settings_dict["NAME"]
    settings.DATABASES["default"]["NAME"] = name


def destroy(entry: dict[str, Any]) -> None:
    """Drop the database."""
    with use_database(entry):
        connection: Any = connections["default"]
        connection.creation.destroy_test_db(str(entry["NAME"]), verbosity=0)


def start_process(entry: dict[str, Any], cache_name: str) -> None:
    """Set Django up, in a process that takes part in races, on the stores of the test."""
    from django.test.utils import setup_test_environment

    if entry["ENGINE"].endswith("mysql"):
        get_database(get_url("mysql"))  # makes the driver known
    project: Any = importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    project.DATABASES = {"default": entry}
    project.CACHES = {"default": describe_cache(cache_name)}
    django.setup()
    connection_created.connect(hurry)
    setup_test_environment(debug=False)
