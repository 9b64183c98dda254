"""Every scenario gives the transcript that was recorded, in both colors."""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING, Any

import django
import pytest
from django.conf import settings
from django.db import connection
from django.urls import get_resolver

from tests.support.pages import configure
from tests.transcripts.registry import RECORDINGS, get_recording, load_scenarios

if TYPE_CHECKING:
    from tests.transcripts.player import Player

if settings.ROOT_URLCONF != "tests.projects.regular.urls" or any(
    name.endswith("LoginRequiredMiddleware") for name in settings.MIDDLEWARE
):
    pytest.skip("the recordings are those of the regular project", allow_module_level=True)
if connection.vendor != "sqlite":
    pytest.skip("the recordings hold the statements for SQLite", allow_module_level=True)
if django.VERSION < (5, 2):
    pytest.skip("the recordings hold the statements of Django 5.2", allow_module_level=True)

SCENARIOS = load_scenarios()
# Sites that together have every page.
SITES = [
    {"EMAIL_VERIFICATION": "optional"},
    {"LOGIN_BY_CODE_ENABLED": True, "SIGNUP_FIELDS": ["phone*"]},
    {"PASSWORD_RESET_BY_CODE_ENABLED": True},
]
# There is a page for each of these, which is played in one scenario or another.
PREFIXES = ("account_", "socialaccount_")
IS_RECORDING = os.environ.get("TRANSCRIPTS") == "record"


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_transcript(name: str, player: Player, color: str) -> None:
    if IS_RECORDING and color != "sync":
        pytest.skip("one color is recorded, and both are compared to it")
    recording = get_recording(name)
    transcript = player.play(SCENARIOS[name])
    if IS_RECORDING:
        recording.parent.mkdir(parents=True, exist_ok=True)
        recording.write_text(transcript)
        return
    recorded = recording.read_text() if recording.exists() else ""
    if transcript != recorded:
        difference = difflib.unified_diff(
            recorded.splitlines(),
            transcript.splitlines(),
            "recorded",
            f"played in {color}",
            "",
            "",
            5,
            "",
        )
        pytest.fail("\n".join([name, *difference]), pytrace=False)


def test_every_recording_is_that_of_a_scenario() -> None:
    recorded = {path.relative_to(RECORDINGS).as_posix() for path in RECORDINGS.rglob("*.*")}
    assert recorded == {f"{name}.txt" for name in SCENARIOS}


@pytest.mark.parametrize("values", SITES, ids=str)
def test_every_page_is_played(values: dict[str, Any], settings: Any) -> None:
    configure(settings, **values)
    names = {str(name) for name in get_resolver().reverse_dict if isinstance(name, str)}
    pages = {
        name
        for name in names
        if name.startswith(PREFIXES) or name.endswith(("_login", "_callback", "_by_token"))
    }
    played = {
        line.removeprefix("page: ")
        for path in RECORDINGS.rglob("*.txt")
        for line in path.read_text().splitlines()
        if line.startswith("page: ")
    }
    assert pages - played == set()
