"""Tables, constraints and indexes, and what the migrations do to rows that are there already."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import CaptureQueriesContext

from allauth.account.models import EmailAddress, EmailConfirmation

ROOT = Path(__file__).parents[2]
NAMES = [
    "0001_initial",
    "0002_email_max_length",
    "0003_alter_emailaddress_create_unique_verified_email",
    "0004_alter_emailaddress_drop_unique_email",
    "0005_emailaddress_idx_upper_email",
    "0006_emailaddress_lower",
    "0007_emailaddress_idx_email",
    "0008_emailaddress_unique_primary_email_fixup",
    "0009_emailaddress_unique_primary_email",
]

# Run in a process of its own, since models and migrations read some settings only once.
PROBE = """
import json, sys
from django.conf import settings
changes = json.loads(sys.argv[1])
for name, value in changes.items():
    setattr(settings, name, value)
import django
django.setup()
from django.core.management import call_command
from django.db import connection
call_command("migrate", verbosity=0)
call_command("makemigrations", "account", check=True, dry_run=True, verbosity=0)
with connection.cursor() as cursor:
    tables = ["account_emailaddress", "account_emailconfirmation"]
    inspect = connection.introspection
    constraints = {table: sorted(inspect.get_constraints(cursor, table)) for table in tables}
    columns = {
        column.name: str(column.type_code)
        for column in inspect.get_table_description(cursor, tables[0])
    }
from allauth.account.models import EmailAddress
pk = type(EmailAddress._meta.pk).__name__
print(json.dumps({"constraints": constraints, "columns": columns, "pk": pk}))
"""


def probe(**changes: Any) -> dict[str, Any]:
    """What a fresh database looks like under other settings."""
    run = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(changes)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.projects.account_only.settings",
            "TEST_DATABASE_URL": "",
        },
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def get_constraints(table: str) -> dict[str, dict[str, Any]]:
    with connection.cursor() as cursor:
        return connection.introspection.get_constraints(cursor, table)


# The schema


def test_names_of_the_migrations() -> None:
    loader = MigrationExecutor(connection=None).loader
    account = {key for key in loader.disk_migrations if key[0] == "account"}

    assert sorted(name for _, name in account) == NAMES
    for former, name in itertools.pairwise(NAMES):
        assert ("account", former) in loader.disk_migrations["account", name].dependencies


@pytest.mark.django_db
def test_models_need_no_further_migration() -> None:
    call_command("makemigrations", "account", check=True, dry_run=True, verbosity=0)


def test_models() -> None:
    email = EmailAddress._meta.get_field("email")
    key = EmailConfirmation._meta.get_field("key")

    assert EmailAddress._meta.db_table == "account_emailaddress"
    assert EmailConfirmation._meta.db_table == "account_emailconfirmation"
    assert (email.max_length, email.db_index, email.unique) == (254, True, False)
    assert EmailAddress._meta.unique_together == (("user", "email"),)
    assert [constraint.name for constraint in EmailAddress._meta.constraints] == [
        "unique_primary_email",
        "unique_verified_email",
    ]
    assert EmailAddress._meta.ordering == []
    assert (key.max_length, key.unique) == (64, True)
    assert apps.get_model("account", "EmailAddress").user.field.remote_field.related_name is None


def check_schema() -> None:
    """Fail unless the database has what the published release makes."""
    address = get_constraints("account_emailaddress")
    confirmation = get_constraints("account_emailconfirmation")

    unique = address["account_emailaddress_user_id_email_987c8728_uniq"]
    assert unique["columns"] == ["user_id", "email"]
    assert unique["unique"]
    index = address["account_emailaddress_email_03be32b2"]
    assert index["columns"] == ["email"]
    assert index["index"]
    assert not index["unique"]
    assert not any("upper" in name for name in address)
    assert any(entry["unique"] and entry["columns"] == ["key"] for entry in confirmation.values())
    foreign_keys = {
        entry["foreign_key"][0]
        for entry in [*address.values(), *confirmation.values()]
        if entry["foreign_key"]
    }
    assert foreign_keys == {"auth_user", "account_emailaddress"}

    has_partial_indexes = connection.features.supports_partial_indexes
    assert ("unique_verified_email" in address) is has_partial_indexes
    assert ("unique_primary_email" in address) is has_partial_indexes
    if not has_partial_indexes:
        return
    assert "account_emailaddress_user_id_2c513194" in address
    assert "account_emailconfirmation_email_address_id_5b7f8c58" in confirmation
    assert address["unique_verified_email"]["columns"] == ["email"]
    assert address["unique_primary_email"]["columns"] == ["user_id", "primary"]


@pytest.mark.django_db
def test_fresh_database_has_the_constraints_and_indexes() -> None:
    check_schema()


@pytest.mark.databases
@pytest.mark.django_db
def test_fresh_database_of_the_store_given_has_the_constraints_and_indexes() -> None:
    check_schema()


@pytest.mark.requirement("INV-41")
def test_constraints_are_enforced(user_factory: Callable[..., Any]) -> None:
    one, other = user_factory(email="a@example.org"), user_factory(email="b@example.org")
    refused: list[dict[str, Any]] = [
        {"user": one, "email": "a@example.org"},
        {"user": one, "email": "c@example.org", "primary": True},
        {"user": other, "email": "a@example.org", "verified": True},
    ]

    for fields in refused:
        with pytest.raises(IntegrityError), transaction.atomic():
            EmailAddress.objects.create(**fields)
    EmailAddress.objects.create(user=other, email="a@example.org")
    EmailAddress.objects.create(user=other, email="c@example.org", verified=True)


def test_addresses_that_need_not_be_unique() -> None:
    found = probe(ACCOUNT_UNIQUE_EMAIL=False)

    names = found["constraints"]["account_emailaddress"]
    assert "unique_verified_email" not in names
    assert "unique_primary_email" in names
    assert "account_emailaddress_user_id_email_987c8728_uniq" in names
    assert "account_emailaddress_email_03be32b2" in names


def test_length_and_primary_keys_can_be_chosen() -> None:
    found = probe(
        ACCOUNT_EMAIL_MAX_LENGTH=190, ALLAUTH_DEFAULT_AUTO_FIELD="django.db.models.BigAutoField"
    )

    assert found["columns"]["email"] == "varchar(190)"
    assert found["pk"] == "BigAutoField"
    assert "unique_verified_email" in found["constraints"]["account_emailaddress"]


# The data


@pytest.fixture
def other(tmp_path: Path, django_db_blocker: Any) -> Iterator[Any]:
    """A second database, which is empty."""
    settings = {**connections["default"].settings_dict}
    settings.update(
        ENGINE="django.db.backends.sqlite3", NAME=tmp_path / "other.sqlite3", OPTIONS={}
    )
    connections.settings["other"] = settings
    with django_db_blocker.unblock():
        try:
            yield connections["other"]
        finally:
            connections["other"].close()
            del connections["other"], connections.settings["other"]


def migrate(database: Any, name: str) -> Any:
    """Migrate the account app there; gives the historical models."""
    executor = MigrationExecutor(database)
    targets: list[Any] = [("account", name)]
    if name == NAMES[4]:
        (latest,) = list(executor.loader.graph.leaf_nodes("auth"))
        targets.append(latest)
    return executor.migrate(targets).apps


@pytest.mark.requirement("SEC-018", "SEC-063")
@pytest.mark.django_db
def test_addresses_become_lower_case_on_the_migrated_database_only(other: Any) -> None:
    models = migrate(other, NAMES[4])
    users = models.get_model("auth", "User").objects.using("other")
    addresses = models.get_model("account", "EmailAddress").objects.using("other")
    for number, email in enumerate(["Anna@Example.ORG", "ben@example.org", "", "ÄÖ@example.org"]):
        user = users.create(username=f"User{number}", email=email)
        if email:
            addresses.create(user=user, email=email, verified=True)

    with CaptureQueriesContext(connections["default"]) as elsewhere:
        migrate(other, NAMES[5])
    assert elsewhere.captured_queries == []
    expected = ["anna@example.org", "ben@example.org", "", "äö@example.org"]
    assert list(users.order_by("pk").values_list("email", flat=True)) == expected
    assert list(addresses.order_by("pk").values_list("email", flat=True)) == [
        email for email in expected if email
    ]
    assert users.filter(username="User0").exists(), "names keep their casing"


@pytest.mark.django_db
def test_lower_casing_touches_only_what_differs(other: Any) -> None:
    models = migrate(other, NAMES[4])
    users = models.get_model("auth", "User").objects.using("other")
    users.create(username="a", email="a@example.org")
    users.create(username="b", email="B@example.org")

    with CaptureQueriesContext(other) as queries:
        migrate(other, NAMES[5])
    updates = [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]
    assert len(updates) == 1
    assert "b@example.org" in updates[0]


@pytest.mark.requirement("SEC-018")
@pytest.mark.django_db
def test_one_primary_address_is_kept_on_the_migrated_database_only(other: Any) -> None:
    migrate(other, NAMES[4])
    models = migrate(other, NAMES[6])
    users = models.get_model("auth", "User").objects.using("other")
    addresses = models.get_model("account", "EmailAddress").objects.using("other")
    one = users.create(username="one", email="B@Example.org")
    none = users.create(username="none", email="")
    single = users.create(username="single", email="x@example.org")
    for user, email, primary in [
        (one, "a@example.org", True),
        (one, "b@example.org", True),
        (one, "c@example.org", False),
        (none, "d@example.org", True),
        (none, "e@example.org", True),
        (single, "f@example.org", True),
        (single, "g@example.org", False),
    ]:
        addresses.create(user=user, email=email, primary=primary)

    with CaptureQueriesContext(connections["default"]) as elsewhere:
        migrate(other, NAMES[7])
    assert elsewhere.captured_queries == []
    primaries = addresses.filter(primary=True).order_by("pk").values_list("email", flat=True)
    assert list(primaries) == ["b@example.org", "d@example.org", "f@example.org"]
    migrate(other, NAMES[8])


@pytest.mark.django_db
def test_data_migrations_can_be_reversed(other: Any) -> None:
    migrate(other, NAMES[4])
    models = migrate(other, NAMES[8])
    users = models.get_model("auth", "User").objects.using("other")
    users.create(username="a", email="A@example.org")

    migrate(other, NAMES[4])
    assert users.get().email == "A@example.org"
