"""What is in the wheel and in the source distribution.

Not part of the suite: the nox session ``build`` runs it on the distributions in ``TEST_DIST``.
"""

from __future__ import annotations

import os
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
DIST = Path(os.environ["TEST_DIST"])
SHIPPED = {".html", ".txt", ".js", ".mo", ".po", ".xml", ".yaml", ".md", ".typed", ".py"}


@pytest.fixture(scope="module")
def wheel() -> zipfile.ZipFile:
    (path,) = DIST.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def names(wheel: zipfile.ZipFile) -> set[str]:
    return set(wheel.namelist())


@pytest.fixture(scope="module")
def source_names() -> set[str]:
    (path,) = DIST.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_wheel_has_every_file_of_the_package(names: set[str]) -> None:
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "allauth").rglob("*")
        if path.is_file() and path.suffix in SHIPPED
    }

    assert package <= names
    assert "allauth/py.typed" in names
    assert {PurePosixPath(name).suffix for name in package} >= {".html", ".txt", ".js", ".py"}


@pytest.mark.requirement("SEC-170")
def test_wheel_has_nothing_but_the_package(names: set[str]) -> None:
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"allauth"}
    parts = {part for name in names for part in PurePosixPath(name).parts}
    assert not parts & {"tests", "test", "examples", "benchmarks", "conftest.py", "node_modules"}
    suffixes = {PurePosixPath(name).suffix for name in names if name.startswith("allauth/")}
    assert suffixes <= SHIPPED


def test_source_distribution_has_tests_examples_and_docs(source_names: set[str]) -> None:
    assert {
        "LICENSE",
        "noxfile.py",
        "pyproject.toml",
        "setup.cfg",
        "tests/conftest.py",
        "tests/projects/regular/settings.py",
        "docs/conf.py",
    } <= source_names
    assert not [name for name in source_names if name.endswith((".pyc", ".sqlite3", ".pem"))]


def test_metadata(wheel: zipfile.ZipFile, names: set[str]) -> None:
    (path,) = (name for name in names if name.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(wheel.read(path).decode())

    assert metadata["Name"] == "django-allauth"
    assert metadata["Requires-Python"] == ">=3.11"
    required = {line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line}
    assert required == {"Django>=4.2.16", "asgiref>=3.8.1"}
    assert set(metadata.get_all("Provides-Extra", [])) == {
        "headless",
        "headless-spec",
        "idp-oidc",
        "mfa",
        "openid",
        "saml",
        "socialaccount",
        "steam",
    }
