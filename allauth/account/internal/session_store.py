"""Rotation of the key of database sessions, with fewer queries than Django sends.

This is the only place where methods of a session object are replaced. They are restored at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Model, signals
from django.utils.http import int_to_base36
from django.views.decorators.debug import sensitive_variables

_WATCHED = (signals.pre_save, signals.post_save, signals.pre_delete, signals.post_delete)


@sensitive_variables()
def cycle_key(session: SessionBase) -> None:
    """Give the session another key, so that the former one is void."""
    with cheaper_rotation(session):
        session.cycle_key()


@contextmanager
def cheaper_rotation(session: SessionBase) -> Iterator[None]:
    """Make Django's ``login()`` and ``logout()`` send fewer queries within the block.

    By default Django takes four queries to change the key of a database session, asks whether the
    key of a new one is free, and reads a row before deleting it. Subclasses and other stores are
    left alone.
    """
    if type(session) is not SessionStore:
        yield
        return
    replaced: dict[str, Callable[..., object]] = {
        "delete": lambda key=None: _delete(session, key),
        "_get_new_session_key": _make_key,
    }
    if session.session_key is not None and not _is_observed(session.model):
        replaced["cycle_key"] = lambda: _rename(session)
    former = {name: vars(session).get(name) for name in replaced}
    vars(session).update(replaced)
    try:
        yield
    finally:
        for name, method in former.items():
            if method is None:
                del vars(session)[name]
            else:
                vars(session)[name] = method


def _delete(session: SessionStore, session_key: str | None) -> None:
    key = session.session_key if session_key is None else session_key
    if key is not None:
        session.model.objects.filter(session_key=key).delete()


def _rename(session: SessionStore) -> None:
    """Change the key of the row, which keeps its data until the session is saved."""
    rows = session.model.objects.filter(session_key=session.session_key)
    session.keys()  # loads the data while the row has the former key
    key = _make_key()
    if not rows.update(session_key=key):
        SessionStore.cycle_key(session)
        return
    session._session_key = key
    session.modified = True


def _make_key() -> str:
    """Return a key like those of Django: 32 digits and letters, drawn all at once.

    It is not looked up first: among so many keys there is no duplicate, and the primary key would
    refuse one.
    """
    return int_to_base36(secrets.randbelow(36**32)).zfill(32)


def _is_observed(model: type[Model]) -> bool:
    """Return whether other rows refer to sessions, or receivers listen to their signals.

    Then Django's own way is used: a new row, and the old one deleted.
    """
    return bool(model._meta.related_objects) or any(
        signal.has_listeners(model) for signal in _WATCHED
    )
