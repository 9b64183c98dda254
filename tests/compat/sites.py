"""Runs the site under this package and under the published release, over the same files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

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

    def read_rows(self, package: str, label: str) -> list[dict[str, Any]]:
        """The rows of a model, as a package reads them."""
        rows: list[dict[str, Any]] = self.run(package, "read_rows", [label])
        return rows

    def read_session(self, package: str) -> dict[str, Any]:
        """What the session of the browser holds, as a package reads it."""
        session: dict[str, Any] = self.run(package, "read_session")
        return session

    def forget_cookies(self) -> None:
        """Go on with another browser."""
        (self.directory / "cookies.json").unlink(missing_ok=True)
