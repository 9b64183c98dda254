"""Every recording is of a test that goes on from it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.compat.recorder import RECORDED

TESTS = Path(__file__).parent.parent


def test_no_recording_is_left_over() -> None:
    sources = [TESTS / app / "test_recorded.py" for app in ("account", "socialaccount")]
    tests = {
        name
        for source in sources
        for name in re.findall(r"^def test_(\w+)", source.read_text(), re.MULTILINE)
    }

    assert {path.stem.partition("-")[0] for path in RECORDED.glob("*.json")} == tests
