"""The documents for contributors name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from allauth.core.internal import extensions
from allauth.core.internal.extensions import Entries, Slot

ROOT = Path(__file__).parents[2]
GUIDES = ["CONTRIBUTING.rst", "README.rst", "docs/architecture.rst", "tests/README.rst"]


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def list_modules(folder: str) -> list[str]:
    """The modules in a folder, without tests of their own."""
    found = [path.stem for path in (ROOT / folder).glob("*.py")]
    return [name for name in found if not name.startswith(("_", "test_"))]


def test_every_helper_of_tests_is_listed() -> None:
    text = read("tests/README.rst")
    assert [name for name in list_modules("tests/support") if f"``{name}``" not in text] == []


def test_every_flow_is_listed() -> None:
    text = read("docs/architecture.rst")
    flows = [
        *list_modules("allauth/account/internal/flows"),
        *list_modules("allauth/socialaccount/internal/flows"),
    ]
    assert [name for name in flows if f"``{name}``" not in text] == []


def test_every_entry_of_the_registry_is_listed() -> None:
    text = read("docs/architecture.rst")
    entries = [
        name for name, value in vars(extensions).items() if isinstance(value, Entries | Slot)
    ]
    assert entries
    assert [name for name in entries if f"``{name}``" not in text] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_tests_and_sessions_that_are_named_exist(guide: str) -> None:
    text = read(guide)
    tests = re.findall(r"(tests/[\w/]+\.py)::(\w+)", text)
    sessions = re.findall(r"nox -s ([\w -]+?)(?:`|\n| -)", text)
    noxfile = read("noxfile.py")

    assert [test for path, test in tests if f"def {test}(" not in read(path)] == []
    missing = [
        name for names in sessions for name in names.split() if f"def {name}(" not in noxfile
    ]
    assert missing == []
