"""Runs the site under this package and under the published release, over the same files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SITE = Path(__file__).parent / "site"
ROOT = Path(__file__).parents[2]
PUBLISHED_PYTHON = os.environ.get("ALLAUTH_PUBLISHED_PYTHON", "")


class Site:
    """The site in a directory, under either package.

    Parameters:
        directory: Where it keeps its database, cache and cookies.
        settings: Further settings.
    """

    def __init__(self, directory: Path, **settings: Any) -> None:
        self.directory = directory
        self.settings = settings

    def run(self, package: str, step: str, parameters: Any = None) -> Any:
        """Do a step under ``"ours"`` or ``"published"``, and give its result."""
        environment = {
            "PATH": os.environ["PATH"],
            "COMPAT_DIR": str(self.directory),
            "COMPAT_SETTINGS": json.dumps(self.settings),
        }
        if package == "ours":
            environment["PYTHONPATH"] = str(ROOT)
        python = {"ours": sys.executable, "published": PUBLISHED_PYTHON}[package]
        process = subprocess.run(
            [python, "-W", "ignore", str(SITE / "manage_step.py"), step],
            input=json.dumps({} if parameters is None else parameters),
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            cwd=self.directory,
        )
        assert process.returncode == 0, process.stderr
        return json.loads(process.stdout)

    def visit(self, package: str, *requests: dict[str, Any]) -> list[dict[str, Any]]:
        """Send requests, as one browser all along."""
        answers: list[dict[str, Any]] = self.run(package, "visit", list(requests))
        return answers

    def whoami(self, package: str) -> str:
        """Who the browser is logged in as; an empty name stands for nobody."""
        (answer,) = self.visit(package, {"path": "/whoami/"})
        username: str = json.loads(answer["body"])["username"]
        return username

    def forget_cookies(self) -> None:
        """Go on with another browser."""
        (self.directory / "cookies.json").unlink(missing_ok=True)


@pytest.fixture(scope="session")
def filled_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database that the published release has set up, with users ``anna`` and ``cora``.

    Only the address of the former is verified.
    """
    site = Site(tmp_path_factory.mktemp("filled"))
    site.run("published", "migrate")
    for username, verified in (("anna", True), ("cora", False)):
        user = {
            "username": username,
            "email": f"{username}@example.org",
            "password": "correct horse 7 battery",
            "verified": verified,
        }
        site.run("published", "create_user", user)
    return (site.directory / "db.sqlite3").read_bytes()


@pytest.fixture
def make_site(tmp_path: Path, filled_database: bytes) -> Callable[..., Site]:
    """Makes the site; parameters are settings."""

    def make(**settings: Any) -> Site:
        (tmp_path / "db.sqlite3").write_bytes(filled_database)
        return Site(tmp_path, **settings)

    return make
