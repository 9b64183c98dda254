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
    """Have SQLite let this transaction write, before it reads.

    One that has read already is refused, at once, while another one waits to commit
    (https://www.sqlite.org/lang_transaction.html). Other databases need nothing of the kind.
    """
    if connections[router.db_for_write(model)].vendor == "sqlite":
        name = next(field.name for field in model._meta.concrete_fields if not field.primary_key)
        model._base_manager.filter(pk=-1).update(**{name: F(name)})


def get_collision_errors() -> tuple[type[DatabaseError], ...]:
    """What the database raises if somebody else writes the same at the same time.

    Besides a violated constraint that is a deadlock, which the database resolves by breaking one
    transaction off. Within one that was begun elsewhere there is no way on from there.
    """
    if transaction.get_connection().in_atomic_block:
        return (IntegrityError,)
    return (IntegrityError, OperationalError)
