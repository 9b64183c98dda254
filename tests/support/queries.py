"""Query budgets, in which transaction control is free."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

_TRANSACTION_CONTROL = re.compile(
    r"\s*(BEGIN|START TRANSACTION|SAVEPOINT|RELEASE|ROLLBACK|COMMIT)\b", re.IGNORECASE
)

_VALUE = re.compile(r"'(?:[^']|'')*'|\b\d+\b")


class Queries(CaptureQueriesContext):
    """The statements sent within the block, without those that only control transactions."""

    @property
    def statements(self) -> list[str]:
        queries: list[dict[str, Any]] = self.captured_queries
        return [query["sql"] for query in queries if not _TRANSACTION_CONTROL.match(query["sql"])]

    @property
    def forms(self) -> Counter[str]:
        """How often each statement is sent, without the values in it."""
        return Counter(_VALUE.sub("?", statement) for statement in self.statements)


@contextmanager
def assert_queries(count: int) -> Iterator[Queries]:
    """Fail unless the block sends exactly ``count`` statements to the database."""
    with Queries(connection) as queries:
        yield queries
    _check(queries, "exactly", count, len(queries.statements) == count)


@contextmanager
def max_queries(count: int) -> Iterator[Queries]:
    """Fail if the block sends more than ``count`` statements to the database."""
    with Queries(connection) as queries:
        yield queries
    _check(queries, "at most", count, len(queries.statements) <= count)


def _check(queries: Queries, how: str, count: int, is_met: bool) -> None:
    if not is_met:
        listing = "\n".join(f"{n}. {sql}" for n, sql in enumerate(queries.statements, 1))
        raise AssertionError(
            f"{len(queries.statements)} queries instead of {how} {count}:\n{listing}"
        )


def is_search_by_address(form: str) -> bool:
    """Return whether a statement looks for the user who has an address in no other row.

    For an address that is not known this is one statement more: it could be that of a user who was
    made without a row for it.
    """
    table = get_user_model()._meta.db_table
    column = ".".join(map(connection.ops.quote_name, (table, "email")))
    return form.endswith(f"{column} = ?")
