"""Sessions in the database, treated with fewer queries than by default."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Model, signals
from django.utils.crypto import get_random_string
from django.views.decorators.debug import sensitive_variables

_WATCHED = (signals.pre_save, signals.post_save, signals.pre_delete, signals.post_delete)


def delete_without_reading(session: Any) -> None:
    """Have a database session deleted by one query; by default its row is read first."""
    if type(session) is not SessionStore:
        return

    def delete(session_key: str | None = None) -> None:
        key = session.session_key if session_key is None else session_key
        if key is not None:
            session.model.objects.filter(session_key=key).delete()

    session.delete = delete  # type: ignore[method-assign]


@sensitive_variables()
def cycle_key(session: Any) -> None:
    """Give the session another key, so that nobody who knows the former one has part in it."""
    rename_instead_of_copying(session)
    session.cycle_key()


def rename_instead_of_copying(session: Any) -> None:
    """Have a database session change its key by one query; by default that takes four.

    The row keeps what it holds until the session is saved, at the end of the request at the
    latest. Where anything refers to the rows of sessions or listens to their signals, the way of
    Django stays: a new row, and the old one deleted.
    """
    if type(session) is not SessionStore or session.session_key is None:
        return
    if _is_observed(session.model):
        return

    @sensitive_variables()
    def rename() -> None:
        rows = session.model.objects.filter(session_key=session.session_key)
        session.keys()  # read it while it has the former key
        # 32 letters and digits: the primary key refuses what no two sessions will ever draw.
        key = get_random_string(32, VALID_KEY_CHARS)
        if not rows.update(session_key=key):
            type(session).cycle_key(session)
            return
        session._session_key = key
        session.modified = True

    session.cycle_key = rename  # type: ignore[method-assign]


def _is_observed(model: type[Model]) -> bool:
    return bool(model._meta.related_objects) or any(
        signal.has_listeners(model) for signal in _WATCHED
    )
