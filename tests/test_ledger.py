"""Every requirement listed in ``ledger.txt`` has a test that names it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
LEDGER = [
    line
    for line in (TESTS / "ledger.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
_FUNCTION = re.compile(r"^ *(?:async )?def (test_\w+)", re.MULTILINE)
_ID = re.compile(r"(sec|inv|atk)_([a-z]?\d+)(?=_|\b)")


def find_tested_ids(source: str) -> set[str]:
    """The ids that the names of the test functions in ``source`` carry."""
    return {
        f"{kind}-{number}".upper()
        for name in _FUNCTION.findall(source)
        for kind, number in _ID.findall(name)
    }


@pytest.fixture(scope="module")
def tested() -> set[str]:
    """The ids that all tests together carry."""
    return {
        found for path in TESTS.rglob("test_*.py") for found in find_tested_ids(path.read_text())
    }


@pytest.mark.parametrize("requirement", LEDGER)
def test_requirement_has_a_test(requirement: str, tested: set[str]) -> None:
    assert requirement in tested


def test_ledger_lists_each_id_once() -> None:
    assert len(LEDGER) == len(set(LEDGER))
    assert all(re.fullmatch(r"(SEC|INV)-\d+|ATK-[A-Z]\d+", line) for line in LEDGER)


def test_ids_are_found_in_names() -> None:
    source = "def test_sec_028_atk_a12_x(): ...\n    async def test_inv_20(): ...\n# atk_c01\n"

    assert find_tested_ids(source) == {"SEC-028", "ATK-A12", "INV-20"}
    assert find_tested_ids("def helper_sec_001(): ...") == set()
