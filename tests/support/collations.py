"""Databases that compare text leniently."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def lenient_database() -> Iterator[None]:
    """Make SQLite compare names and addresses without accents and compatibility forms.

    Collations of other databases are like this by default.
    """
    connection.ensure_connection()
    connection.connection.create_collation("lenient", _compare_leniently)

    def rewrite(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        for column in ("username", "email"):
            for comparison in ("LIKE %s ESCAPE '\\'", "= %s"):
                sql = sql.replace(f'"{column}" {comparison}', f'"{column}" = %s COLLATE lenient')
        return execute(sql, params, many, context)

    with connection.execute_wrapper(rewrite):
        yield


def _compare_leniently(one: str, other: str) -> int:
    folded, other_folded = _fold(one), _fold(other)
    return (folded > other_folded) - (folded < other_folded)


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in decomposed if not unicodedata.combining(character))
