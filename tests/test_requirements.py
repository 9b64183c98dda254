"""Every requirement of ``docs/security_requirements.rst`` has a test that is marked with it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "security_requirements.rst"
_ENTRY = re.compile(r"^([A-Z][A-Z0-9-]+)\n((?: +\S.*\n)*)", re.MULTILINE)
_ID = re.compile(r"SEC-\d{3}|INV-\d{2}|ATK-[A-Z]\d{2}")
_ID_IN_A_NAME = re.compile(r"(?:_|\b)(?:sec|inv|atk)_[a-z]?\d+(?=_|\b)|(?:Sec|Inv|Atk)[A-Z]?\d")


def find_requirements(page: str) -> list[tuple[str, str]]:
    """Return the ids of the page, in their order, with their texts."""
    return [(found, " ".join(text.split())) for found, text in _ENTRY.findall(page)]


def _find_markers(nodes: ast.AST | list[ast.expr]) -> list[ast.Call]:
    roots = nodes if isinstance(nodes, list) else [nodes]
    return [
        node
        for root in roots
        for node in ast.walk(root)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "requirement"
    ]


def find_marked_ids(tree: ast.Module) -> set[str]:
    """Return the ids in markers, be they of functions, classes, parameters or the module."""
    return {
        ast.literal_eval(argument) for marker in _find_markers(tree) for argument in marker.args
    }


def _find_definitions(
    tree: ast.Module,
) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def find_useless_markers(tree: ast.Module) -> list[str]:
    """Return the names of what is marked and is no test."""
    return [
        node.name
        for node in _find_definitions(tree)
        if not node.name.startswith(("test_", "Test")) and _find_markers(node.decorator_list)
    ]


def find_names_with_ids(tree: ast.Module) -> list[str]:
    """Return the names of tests that hold what belongs into a marker."""
    return [
        node.name
        for node in _find_definitions(tree)
        if node.name.startswith(("test_", "Test")) and _ID_IN_A_NAME.search(node.name)
    ]


@pytest.fixture(scope="module")
def requirements() -> list[tuple[str, str]]:
    return find_requirements(PAGE.read_text())


@pytest.fixture(scope="module")
def modules() -> dict[Path, ast.Module]:
    return {path.relative_to(TESTS): ast.parse(path.read_text()) for path in TESTS.rglob("*.py")}


def test_requirements_are_well_formed(requirements: list[tuple[str, str]]) -> None:
    counts = Counter(found for found, _ in requirements)

    assert counts
    assert not [found for found, count in counts.items() if count > 1], "there more than once"
    assert not [found for found in counts if not _ID.fullmatch(found)], "malformed"
    assert not [found for found, text in requirements if not text.endswith(".")], "no sentence"


def test_each_requirement_has_a_test(
    requirements: list[tuple[str, str]], modules: dict[Path, ast.Module]
) -> None:
    marked = {
        found
        for path, tree in modules.items()
        if path.name.startswith("test_")
        for found in find_marked_ids(tree)
    }

    assert not [found for found, _ in requirements if found not in marked], "no test is marked"


def test_each_marker_names_requirements(
    requirements: list[tuple[str, str]], modules: dict[Path, ast.Module]
) -> None:
    known = {found for found, _ in requirements}
    unknown = {path: find_marked_ids(tree) - known for path, tree in modules.items()}

    assert not {path: ids for path, ids in unknown.items() if ids}, f"not in {PAGE.name}"


def test_only_tests_are_marked(modules: dict[Path, ast.Module]) -> None:
    useless = {path: find_useless_markers(tree) for path, tree in modules.items()}

    assert not {path: names for path, names in useless.items() if names}


def test_no_name_holds_an_id(modules: dict[Path, ast.Module]) -> None:
    holding = {path: find_names_with_ids(tree) for path, tree in modules.items()}

    assert not {path: names for path, names in holding.items() if names}


def test_requirements_are_found_on_a_page() -> None:
    page = (
        "Title\n=====\n\nSEC-001\n    A sentence\n    of two lines.\n\n``SEC``\n    A kind.\n\n"
        "INV-01\n\nATK-A1\n    Malformed.\nText about SEC-002.\n"
    )

    assert find_requirements(page) == [
        ("SEC-001", "A sentence of two lines."),
        ("INV-01", ""),
        ("ATK-A1", "Malformed."),
    ]


@pytest.mark.parametrize(
    ("source", "ids"),
    [
        ("@pytest.mark.requirement('SEC-001', 'INV-01')\ndef test_a(): ...", {"SEC-001", "INV-01"}),
        ("@pytest.mark.requirement('SEC-001')\nasync def test_a(): ...", {"SEC-001"}),
        ("@pytest.mark.requirement('SEC-001')\nclass TestA: ...", {"SEC-001"}),
        ("pytestmark = pytest.mark.requirement('SEC-001')", {"SEC-001"}),
        ("pytestmark = [pytest.mark.x, pytest.mark.requirement('SEC-001')]", {"SEC-001"}),
        ("pytest.param(1, marks=pytest.mark.requirement('SEC-001'))", {"SEC-001"}),
        ("pytest.param(1, marks=[pytest.mark.requirement('SEC-001')])", {"SEC-001"}),
        ("@pytest.mark.other('SEC-001')\ndef test_a(): ...", set()),
        ("# pytest.mark.requirement('SEC-001')", set()),
    ],
)
def test_marked_ids_are_found(source: str, ids: set[str]) -> None:
    assert find_marked_ids(ast.parse(source)) == ids


def test_markers_of_helpers_are_found() -> None:
    marker = "@pytest.mark.requirement('SEC-001')\n"
    source = f"{marker}def helper(): ...\n{marker}def test_a(): ...\n{marker}class TestA: ..."

    assert find_useless_markers(ast.parse(source)) == ["helper"]


@pytest.mark.parametrize(
    ("name", "holds_an_id"),
    [
        ("test_sec_001_a", True),
        ("test_a_atk_a12", True),
        ("test_inv_20_atk_c01_a", True),
        ("TestSec001", True),
        ("TestAtkA12", True),
        ("test_releases_before_65_5", False),
        ("test_a_second_1_is_used", False),
        ("helper_sec_001", False),
    ],
)
def test_ids_in_names_are_found(name: str, holds_an_id: bool) -> None:
    tree = ast.parse(f"class {name}: ..." if name[0] == "T" else f"def {name}(): ...")

    assert find_names_with_ids(tree) == [name] * holds_an_id
