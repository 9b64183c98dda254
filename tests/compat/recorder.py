"""What a visitor has begun under an earlier state of the package: recording it, and going on.

``recorded/README.rst`` says how the recordings are made.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core import serializers
from django.core.cache import cache
from django.core.management.color import no_style
from django.db import connection
from django.test import Client

from tests.support.clocks import NOW

RECORDED = Path(__file__).parent / "recorded"
LATER = NOW + 5
"""When the visitor goes on; until then it is ``NOW``."""
APPS = ["auth", "account", "phones", "socialaccount"]
"""Whose rows belong to a recording."""

Notes = dict[str, Any]
Resume = Callable[[Callable[[Client], Notes]], tuple[Client, Notes]]


@contextmanager
def resuming(request: pytest.FixtureRequest) -> Iterator[Resume]:
    """Stop the clock, and give a function that goes on where the recording of the test ends.

    The function returns a client with the recorded session and the notes that were taken. It is
    handed what was done for the recording, which it does itself if ``TEST_RECORD_TO`` names a
    directory to record to.
    """
    name = request.node.name.removeprefix("test_").replace("[", "-").rstrip("]")
    target = os.environ.get("TEST_RECORD_TO")

    def resume(begin: Callable[[Client], Notes]) -> tuple[Client, Notes]:
        client = Client()
        if target:
            recording = _record(client, begin(client))
            text = json.dumps(recording, indent=2, ensure_ascii=False)
            Path(target, f"{name}.json").write_text(f"{text}\n")
        else:
            recording = json.loads((RECORDED / f"{name}.json").read_text())
            _restore(client, recording)
        clock.move_to(LATER)
        notes: Notes = recording["notes"]
        return client, notes

    with time_machine.travel(NOW, tick=False) as clock:
        yield resume


def _record(client: Client, notes: Notes) -> dict[str, Any]:
    rows = json.loads(serializers.serialize("json", _iterate_rows()))
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
    key = cookie.value if cookie else None
    session = dict(SessionStore(key).items()) if key else {}
    recording = {
        "time": NOW,
        "secret_key": settings.SECRET_KEY,
        "notes": notes,
        "session_key": key,
        "session": session,
        "cache": _read_cache(),
        "rows": rows,
    }
    assert json.loads(json.dumps(recording)) == recording, "the recording is not all JSON"
    return recording


def _iterate_rows() -> Iterator[Any]:
    for label in APPS:
        for model in apps.get_app_config(label).get_models() if _is_installed(label) else []:
            if model.__name__ not in ("Group", "Permission"):
                yield from model._default_manager.order_by("pk")


def _is_installed(label: str) -> bool:
    return label in apps.app_configs


def _read_cache() -> dict[str, Any]:
    """Keys, values and remaining seconds of the cache, which has to be that of the process."""
    prefix = cache.make_key("")
    return {
        key.removeprefix(prefix): {
            "value": cache.get(key.removeprefix(prefix)),
            "seconds": None if expiry is None else int(expiry - time.time()),
        }
        for key, expiry in sorted(cache._expire_info.items())
    }


def _restore(client: Client, recording: dict[str, Any]) -> None:
    assert (recording["time"], recording["secret_key"]) == (NOW, settings.SECRET_KEY)
    rows = list(serializers.deserialize("python", recording["rows"]))
    for row in rows:
        row.save()
    models = list({type(row.object) for row in rows})
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
    for key, entry in recording["cache"].items():
        cache.set(key, entry["value"], entry["seconds"])
    if recording["session_key"]:
        session = SessionStore(recording["session_key"])
        session._session_cache = recording["session"]
        session.save(must_create=True)
        client.cookies[settings.SESSION_COOKIE_NAME] = recording["session_key"]
