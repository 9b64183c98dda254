"""Statements for the database in short, as every supported Django and SQLite sends them."""

from __future__ import annotations

import re
from typing import Any

_TRANSACTION = re.compile(r"(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) (\S+)$")
_TABLE = re.compile(r"\b(?:FROM|JOIN|UPDATE|INTO) (\w+)")
_INSERT = re.compile(r"INSERT (?:OR IGNORE )?INTO (\w+) \(([^)]*)\)")
_UPDATE = re.compile(r"UPDATE (\w+) SET (.*?)(?: WHERE (.*))?$")
_SELECT = re.compile(
    r"SELECT (.*?) FROM (.*?)(?: WHERE (.*?))?(?: GROUP BY .*?)?(?: ORDER BY (.*?))?(?: LIMIT .*)?$"
)
_SEVERAL = re.compile(r"\((?:\?, )+\?\)")
_IS_TRUE = re.compile(r"\b([\w.]+) = TRUE\b")
_IS_FALSE = re.compile(r"\b([\w.]+) = FALSE\b")


def is_transaction_control(statement: str) -> bool:
    """Tell whether a statement in short only begins or ends (part of) a transaction."""
    words = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
    return statement.startswith(words)


class Shortener:
    """Reduces statements to verb, tables and columns, and numbers their savepoints."""

    def __init__(self) -> None:
        self._savepoints: dict[str, int] = {}

    def shorten(self, sql: str, params: Any) -> str:
        """Return ``sql`` in short; of its parameters only truth values are kept."""
        text = " ".join(_fill_in(sql, params).replace('"', "").split())
        control = _TRANSACTION.match(text)
        if control:
            # Their names are made of the number of the thread.
            number = self._savepoints.setdefault(control[2], len(self._savepoints) + 1)
            return f"{control[1]} s{number}"
        text = _SEVERAL.sub("(?)", text)
        tables = set(_TABLE.findall(text))
        if len(tables) == 1:
            text = text.replace(f"{tables.pop()}.", "")
        return _shorten_known(text)


def _fill_in(sql: str, params: Any) -> str:
    values = iter(params if isinstance(params, (list, tuple)) else ())

    def show(found: re.Match[str]) -> str:
        value = next(values, None)
        return str(value).upper() if isinstance(value, bool) else "?"

    statement, where, conditions = re.sub("%s", show, sql).partition(" WHERE ")
    # Django 5.2 writes down what Django 6.1 makes a parameter: that a column is emptied, or which
    # truth value it is compared with.
    statement = statement.replace(" = NULL", " = ?")
    conditions = _IS_TRUE.sub(r"\1", conditions.replace('"', ""))
    return statement + where + _IS_FALSE.sub(r"NOT \1", conditions)


def _shorten_known(text: str) -> str:
    insert = _INSERT.match(text)
    if insert:
        return f"INSERT {insert[1]} ({insert[2]})"
    update = _UPDATE.match(text)
    if update:
        return f"UPDATE {update[1]} SET {update[2]}{_add('WHERE', update[3])}"
    select = _SELECT.match(text)
    if select:
        columns = "".join(f"{name} " for name in ("COUNT", "1 AS") if select[1].startswith(name))
        where = f"{_add('WHERE', select[3])}{_add('ORDER BY', select[4])}"
        return f"SELECT {columns}{select[2]}{where}"
    return text


def _add(word: str, clause: str | None) -> str:
    return f" {word} {clause}" if clause else ""
