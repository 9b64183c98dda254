"""The tables of third-party accounts, whichever package makes or changes them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.compat.providers import APPS
from tests.compat.sites import Site
from tests.compat.steps import MARKS

pytestmark = MARKS

MIGRATIONS = [
    "0001_initial",
    "0002_token_max_lengths",
    "0003_extra_data_default_dict",
    "0004_app_provider_id_settings",
    "0005_socialtoken_nullable_app",
    "0006_alter_socialaccount_extra_data",
]
PROFILE = {"login": "anna", "plan": {"name": "größte", "seats": [1, None]}}
WHEN = "2024-02-29 12:00:00+00:00"
ROWS: dict[str, dict[str, Any]] = {
    "socialapp": {
        "id": 7,
        "provider": "github",
        "provider_id": "",
        "name": "An app",
        "client_id": "client-1",
        "secret": "secret-1",
        "key": "",
        "settings": "{}",
    },
    "socialapp_sites": {"id": 1, "socialapp_id": 7, "site_id": 1},
    "socialaccount": {
        "id": 8,
        "user_id": 1,
        "provider": "github",
        "uid": "4711",
        "last_login": WHEN,
        "date_joined": WHEN,
        "extra_data": json.dumps(PROFILE),
    },
    "socialtoken": {
        "id": 9,
        "app_id": 7,
        "account_id": 8,
        "token": "at-1",
        "token_secret": "rt-1",
        "expires_at": WHEN,
    },
}
EXPECTED: dict[str, dict[str, Any]] = {
    "socialapp": {**ROWS["socialapp"], "settings": {}},
    "socialaccount": {**ROWS["socialaccount"], "extra_data": PROFILE},
    "socialtoken": ROWS["socialtoken"],
}
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "without sites": {"OMITTED_APPS": ["django.contrib.sites"]},
    "short uid": {"SOCIALACCOUNT_UID_MAX_LENGTH": 100},
    "big keys elsewhere": {"DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField"},
}
BIG_KEYS = {"ALLAUTH_DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField"}


def fill_tables(directory: Path) -> None:
    """Store a user, an app, an account and a token, as far as there are columns for them."""
    database = sqlite3.connect(directory / "db.sqlite3")
    user = {"id": 1, "username": "anna", "password": "", "date_joined": WHEN}
    user |= dict.fromkeys(("is_superuser", "is_staff", "is_active"), False)
    user |= dict.fromkeys(("first_name", "last_name", "email"), "")
    insert(database, "auth_user", user)
    for name, row in ROWS.items():
        insert(database, f"socialaccount_{name}", row)
    database.commit()
    database.close()


def insert(database: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    columns = [column for _, column, *_ in database.execute(f"PRAGMA table_info({table})")]
    values = {column: row[column] for column in columns if column in row}
    marks = ", ".join("?" * len(values))
    names = ", ".join(f'"{name}"' for name in values)
    database.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))


def read_rows(site: Site, package: str) -> dict[str, dict[str, Any]]:
    """The only row of each model."""
    return {name: site.read_rows(package, f"socialaccount.{name}")[0] for name in EXPECTED}


@pytest.mark.parametrize("variant", VARIANTS)
def test_tables_are_the_same_and_there_is_nothing_to_migrate(
    tmp_path_factory: pytest.TempPathFactory, variant: str
) -> None:
    made = []
    for first, second in (("published", "ours"), ("ours", "published")):
        directory = tmp_path_factory.mktemp(first)
        site = Site(directory, EXTRA_APPS=APPS, **VARIANTS[variant])
        before = site.run(first, "migrate")
        after = site.run(second, "migrate")
        assert before["had_to_do"] > 0
        assert after == {**before, "had_to_do": 0}
        made.append(before)

    assert made[0] == made[1]
    assert [f"socialaccount.{name}" for name in MIGRATIONS] == made[0]["applied"][-6:]
    has_sites = variant != "without sites"
    assert ("socialaccount_socialapp_sites" in made[0]["schema"]) is has_sites


@pytest.mark.parametrize("variant", VARIANTS)
def test_models_ask_for_the_same_migrations(tmp_path: Path, variant: str) -> None:
    site = Site(tmp_path, EXTRA_APPS=APPS, **VARIANTS[variant])

    changes = site.run("ours", "find_changes")
    assert changes == site.run("published", "find_changes")
    assert bool(changes) is (variant == "short uid")


def test_tables_with_big_keys_are_left_as_they_are(
    tmp_path: Path, packages: tuple[str, str]
) -> None:
    # This package makes them big from the start, the other by a migration of the project's own.
    first, second = packages
    site = Site(tmp_path, EXTRA_APPS=APPS, **BIG_KEYS)
    before = site.run(first, "migrate")
    fill_tables(tmp_path)

    assert site.run(second, "migrate") == {**before, "had_to_do": 0}
    assert read_rows(site, second) == EXPECTED
    assert bool(site.run(second, "find_changes")) is (second == "published")


@pytest.mark.parametrize("target", MIGRATIONS)
def test_tables_left_at_a_migration_are_brought_up_to_date_with_their_rows(
    tmp_path: Path, packages: tuple[str, str], target: str
) -> None:
    first, second = packages
    plain = Site(tmp_path)
    plain.run(first, "migrate")
    site = Site(tmp_path, EXTRA_APPS=APPS)
    site.run(first, "migrate", {"target": target})
    fill_tables(tmp_path)

    done = site.run(second, "migrate")
    assert done["had_to_do"] == len(MIGRATIONS) - 1 - MIGRATIONS.index(target)
    assert read_rows(site, second) == EXPECTED
    assert read_rows(site, first) == EXPECTED


@pytest.mark.parametrize("target", MIGRATIONS[:-1])
def test_tables_are_taken_back_to_a_migration_and_forward_again_with_their_rows(
    tmp_path: Path, packages: tuple[str, str], target: str
) -> None:
    first, second = packages
    site = Site(tmp_path, EXTRA_APPS=APPS)
    before = site.run(first, "migrate")
    fill_tables(tmp_path)

    back = site.run(second, "migrate", {"target": target})
    assert back["applied"][-1] == f"socialaccount.{target}"
    again = site.run(first, "migrate")
    assert again["applied"] == before["applied"]
    assert read_rows(site, second) == EXPECTED


def test_tables_are_removed(tmp_path: Path, packages: tuple[str, str]) -> None:
    first, second = packages
    site = Site(tmp_path, EXTRA_APPS=APPS)
    site.run(first, "migrate")

    left = site.run(second, "migrate", {"target": "zero"})
    assert not [name for name in left["schema"] if name.startswith("socialaccount_")]
