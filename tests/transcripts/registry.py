"""The scenarios that are played, by the names of their recordings."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.transcripts.player import Player

RECORDINGS = Path(__file__).parent / "recordings"

Play = Callable[["Player"], None]

SCENARIOS: dict[str, Play] = {}


def scenarios_of(capability: str) -> Callable[[Play], Play]:
    """Return the decorator for the scenarios of one capability."""

    def register(play: Play) -> Play:
        name = f"{capability}/{play.__name__}"
        assert name not in SCENARIOS, f"{name} is there twice"
        SCENARIOS[name] = play
        return play

    return register


def load_scenarios() -> dict[str, Play]:
    """Return all scenarios, whose modules can be imported where all apps are installed only."""
    package = importlib.import_module("tests.transcripts.scenarios")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return SCENARIOS


def get_recording(name: str) -> Path:
    """Return the file of a scenario."""
    return RECORDINGS / f"{name}.txt"
