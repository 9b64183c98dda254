"""Transactions that write the same rows at the same time."""

from __future__ import annotations

from django.db import (
    DatabaseError,
    IntegrityError,
    OperationalError,
    connections,
    router,
    transaction,
)
from django.db.models import F, Model


def begin_with_write(model: type[Model]) -> None:
    """Make SQLite take the write lock of the current transaction before it reads.

    SQLite refuses to upgrade a transaction that has already read while another one waits to commit
    (https://www.sqlite.org/lang_transaction.html). Other databases need no such step.
    """
    if connections[router.db_for_write(model)].vendor == "sqlite":
        name = next(field.name for field in model._meta.concrete_fields if not field.primary_key)
        model._base_manager.filter(pk=-1).update(**{name: F(name)})


def get_collision_errors() -> tuple[type[DatabaseError], ...]:
    """Return the errors that the database raises if two transactions write the same rows.

    Besides the violation of a constraint this is a deadlock, which the database resolves by
    aborting one transaction. A deadlock cannot be handled within a transaction that the caller
    began.
    """
    if transaction.get_connection().in_atomic_block:
        return (IntegrityError,)
    return (IntegrityError, OperationalError)
