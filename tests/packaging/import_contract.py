"""Checks which part may know which, as if all apps were there.

Usage: ``python tests/packaging/import_contract.py``. Apps that are not part of this branch yet are
stood in for by empty packages, in a copy that is gone afterwards: the contracts in
``pyproject.toml`` hold for whatever imports those. References by strings, which these contracts do
not see, are listed as well. Ends with status 1 if anything is wrong.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
LEVELS = {
    "core": 0,
    "account": 1,
    "socialaccount": 2,
    "mfa": 2,
    "usersessions": 2,
    "headless": 3,
    "idp": 4,
}
"""How far up an app is; it knows itself and what is further down."""
LABELS = {
    "account": "account",
    "socialaccount": "socialaccount",
    "mfa": "mfa",
    "usersessions": "usersessions",
    "allauth_idp_oidc": "idp",
}
"""The apps that have models, by their labels."""
EXCLUDED = {"apps.py", "app_settings.py"}
"""Files that say which apps there are."""

_PATH = re.compile(rf"allauth\.({'|'.join(LEVELS)})((?:\.\w+)*)\.?")
_MODEL = re.compile(rf"({'|'.join(LABELS)})\.[A-Z]\w*")


class Reference(NamedTuple):
    """A string that names a module or a model of an app."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text!r}"


def walk(package: Path) -> Iterator[tuple[Path, ast.Module]]:
    """The files of a package, parsed."""
    for path in sorted(package.rglob("*.py")):
        yield path, ast.parse(path.read_text())


def list_strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The strings of a file, with the lines they are in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get_model":
            parts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            if len(parts) == 2:
                yield node.lineno, ".".join(map(str, parts))


def find_app(text: str) -> str | None:
    """The app that a string names a module or a model of."""
    if path := _PATH.fullmatch(text):
        return path[1]
    model = _MODEL.fullmatch(text)
    return LABELS[model[1]] if model else None


def may_know(app: str, other: str) -> bool:
    """Tell whether an app may know another one."""
    return app == other or LEVELS[app] > LEVELS[other]


def find_breaches(package: Path) -> list[Reference]:
    """The strings by which apps refer to what they may not know."""
    breaches = []
    for path, tree in walk(package):
        app = path.relative_to(package).parts[0]
        if app not in LEVELS or path.name in EXCLUDED:
            continue
        for line, text in list_strings(tree):
            named = find_app(text)
            if named and not may_know(app, named):
                file = str(path.relative_to(package.parent))
                breaches.append(Reference(file, line, text))
    return breaches


def list_imports(tree: ast.AST) -> Iterator[str]:
    """The modules that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def list_modules(package: Path) -> set[str]:
    """The modules of apps that the files of the package name, and the apps themselves."""
    modules = {f"allauth.{app}" for app in LEVELS}
    for _, tree in walk(package):
        names = [*list_imports(tree), *(text for _, text in list_strings(tree))]
        modules |= {name.rstrip(".") for name in names if _PATH.fullmatch(name)}
    # What begins with a capital is a class, in a module.
    return {re.sub(r"\.[A-Z]\w*$", "", module) for module in modules}


def add_missing(package: Path) -> list[str]:
    """Make empty packages for apps that are missing; returns these modules."""
    missing = {app for app in LEVELS if not (package / app).exists()}
    modules = sorted(name for name in list_modules(package) if name.split(".")[1] in missing)
    for module in modules:
        directory = package
        for part in module.split(".")[1:]:
            directory /= part
            directory.mkdir(exist_ok=True)
            (directory / "__init__.py").touch()
    return modules


def check_imports() -> bool:
    """Check the contracts in a copy that lacks no app; tells whether they hold."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        ignored = shutil.ignore_patterns("__pycache__", "locale", "static", "templates")
        shutil.copytree(ROOT / "allauth", copy / "allauth", ignore=ignored)
        add_missing(copy / "allauth")
        # A layer in parentheses may be missing. Here none is.
        contracts = re.sub(r"\((allauth\.\w+)\)", r"\1", (ROOT / "pyproject.toml").read_text())
        (copy / "pyproject.toml").write_text(contracts)
        done = subprocess.run(["lint-imports", "--no-cache"], cwd=copy, check=False)
    return done.returncode == 0


def main() -> int:
    """Check everything, and tell what is wrong."""
    do_imports_hold = check_imports()
    breaches = find_breaches(ROOT / "allauth")
    if breaches:
        lines = ["References by strings to apps that may not be known:", *map(str, breaches)]
        sys.stderr.write("\n".join(lines) + "\n")
    return 0 if do_imports_hold and not breaches else 1


if __name__ == "__main__":
    sys.exit(main())
