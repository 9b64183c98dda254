"""Sessions of the project: ``nox -s test`` needs nothing but Python, ``nox -l`` lists them all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["test"]
# The matrix runs as far as interpreters are present.
nox.options.error_on_missing_interpreters = False

ROOT = Path(__file__).parent
RELEASES = ["65.21.1", "65.22.1"]
"""Published releases: the one whose interface the package has, and the newest."""
PUBLISHED = RELEASES[-1]
"""What the package is swapped for and measured against."""
EXTRAS = "headless,headless-spec,idp-oidc,mfa,openid,saml,socialaccount,steam"
PROJECTS = ["account_only", "regular", "login_required_mw"]
MIDDLEWARE_SUITE = ["tests/account/test_middleware*.py", "tests/core/test_async_support.py"]

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
DJANGOS = {
    "4.2": ["3.11", "3.12"],
    "5.0": ["3.11", "3.12"],
    "5.1": ["3.11", "3.12", "3.13"],
    "5.2": ["3.11", "3.12", "3.13", "3.14"],
    "6.0": ["3.12", "3.13", "3.14"],
    "6.1": ["3.12", "3.13", "3.14"],
}

TEST = [
    "blockbuster",
    "pytest>=8.3",
    "pytest-asyncio>=1",
    "pytest-cov",
    "pytest-django>=4.9",
    "pytest-xdist",
    "time-machine",
    "websockets",
]
LINT = ["import-linter", "ruff"]
TYPES = ["django-stubs", "mypy", "types-oauthlib", "types-PyYAML", "types-requests"]


def install(session: nox.Session, *packages: str, django: str = "", extras: str = EXTRAS) -> None:
    """Install the project with its extras, what the tests need, and ``packages``."""
    pins = [f"django~={django}.0"] if django else []
    if django == "4.2":
        pins.append("pytest-django<4.13")  # later releases import what only Django 5.0 has
    project = f".[{extras}]" if extras else "."
    session.install("-e", project, *TEST, *pins, *packages)


def pytest(session: nox.Session, *args: str, project: str = "regular", **env: str) -> None:
    """Run pytest under one of the projects of ``tests/projects``."""
    settings = f"--ds=tests.projects.{project}.settings"
    session.run("pytest", settings, *args, *session.posargs, env=env)


def find(*patterns: str) -> list[str]:
    """The files, relative to the root of the project, that the patterns stand for."""
    return [str(path.relative_to(ROOT)) for pattern in patterns for path in ROOT.glob(pattern)]


@nox.session
def test(session: nox.Session) -> None:
    """The suite, on this Python and the newest Django for it."""
    install(session, "daphne")
    pytest(session, "--numprocesses=auto")


@nox.session
def coverage(session: nox.Session) -> None:
    """The suite, and the branches that it leaves out."""
    install(session, "daphne")
    pytest(session, "--numprocesses=auto", "--cov", "--cov-report=term", "--cov-fail-under=98")


@nox.session
def swapped(session: nox.Session) -> None:
    """The flows while another session and user are in the places of those of the request."""
    install(session)
    suites = ["tests/account", "tests/socialaccount"]
    pytest(session, "--numprocesses=auto", *suites, project="swapped")


def skip_unsupported(session: nox.Session, django: str) -> None:
    """Leave the session if that Django does not support its Python."""
    if session.python not in DJANGOS[django]:
        session.skip(f"Django {django} does not support Python {session.python}")


@nox.session(python=PYTHONS)
@nox.parametrize("project", PROJECTS)
@nox.parametrize("django", list(DJANGOS))
def matrix(session: nox.Session, django: str, project: str) -> None:
    """The suite, on every Python, Django and project."""
    skip_unsupported(session, django)
    if project == "login_required_mw" and django in ("4.2", "5.0"):
        session.skip("Django has the middleware of that project since 5.1")
    install(session, django=django)
    pytest(session, "--numprocesses=auto", project=project)


@nox.session(python=PYTHONS)
@nox.parametrize("django", list(DJANGOS))
def asgi(session: nox.Session, django: str) -> None:
    """The middleware suite on an event loop, on every Python and Django, without any extra."""
    skip_unsupported(session, django)
    install(session, django=django, extras="")
    suite = find(*MIDDLEWARE_SUITE)
    pytest(session, *suite, project="account_only", TEST_COLORS="async")


def run_servers(session: nox.Session, *servers: str, suite: str = "tests/servers") -> None:
    """Run the tests that need real servers against some."""
    names = " ".join(servers)
    pytest(session, "-m", "servers", suite, project="account_only", TEST_SERVERS=names)


@nox.session
def daphne(session: nox.Session) -> None:
    """The middleware behind Daphne, over sockets."""
    install(session, "daphne", extras="")
    run_servers(session, "daphne")


@nox.session
def uvicorn(session: nox.Session) -> None:
    """The middleware behind uvicorn, over sockets."""
    install(session, "uvicorn", extras="")
    run_servers(session, "uvicorn")


@nox.session
def hypercorn(session: nox.Session) -> None:
    """The middleware behind Hypercorn, over sockets."""
    install(session, "hypercorn", extras="")
    run_servers(session, "hypercorn")


@nox.session
def granian(session: nox.Session) -> None:
    """The middleware behind Granian, over sockets."""
    install(session, "granian", extras="")
    run_servers(session, "granian")


@nox.session
@nox.parametrize("release", RELEASES)
def contribution(session: nox.Session, release: str) -> None:
    """Lay the middleware and its bridge over a published release, and run their tests there."""
    session.install(f"django-allauth=={release}", *TEST, "daphne", "uvicorn")
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = session.run("python", "-c", code, silent=True)
    for name in ("allauth/core/async_support.py", "allauth/account/middleware.py"):
        target = Path(str(packages).strip()) / name
        # Installers may link the files of their cache; that copy stays what was published.
        target.unlink(missing_ok=True)
        shutil.copy(ROOT / name, target)

    # The tests must not find the package beside them.
    scratch = Path(session.create_tmp()) / "contribution"
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(ROOT / "tests", scratch / "tests")
    shutil.copy(ROOT / "pyproject.toml", scratch)
    suite = find(*MIDDLEWARE_SUITE)
    session.chdir(scratch)
    pytest(session, *suite, project="account_only")
    # Published releases await no hooks.
    run_servers(session, "daphne", "uvicorn", suite="tests/servers/test_servers.py")


@nox.session
def databases(session: nox.Session) -> None:
    """The concurrency suite on the stores given by POSTGRES_URL, MYSQL_URL and REDIS_URL."""
    urls = [os.environ[name] for name in ("POSTGRES_URL", "MYSQL_URL") if os.environ.get(name)]
    redis_url = os.environ.get("REDIS_URL", "")
    if not urls and not redis_url:
        session.skip("no store is given")
    install(session, "psycopg[binary]", "PyMySQL", "redis")
    for url in urls or [""]:
        pytest(session, "-m", "databases", TEST_DATABASE_URL=url, TEST_REDIS_URL=redis_url)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, common mistakes, and which part may import which."""
    session.install(*LINT)
    session.run("ruff", "format", "--check")
    session.run("ruff", "check")
    session.run("lint-imports")
    session.run("python", "tests/packaging/import_contract.py")


@nox.session
def types(session: nox.Session) -> None:
    """The annotations."""
    install(session, *TYPES)
    session.run("mypy", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation, in which every warning is an error."""
    install(session, "sphinx")
    target = session.posargs or ["docs/_build/html"]
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", *target)


@nox.session
def demo(session: nox.Session) -> None:
    """A site to look at, behind Daphne."""
    session.install("-e", f".[{EXTRAS}]", "daphne")
    session.run("python", "examples/demo/run.py", *session.posargs)


def make_environment(session: nox.Session, name: str) -> str:
    """Make an environment beside the one of the session, for another package; its interpreter."""
    scratch = Path(session.create_tmp()).resolve() / name
    session.run("python", "-m", "venv", "--clear", str(scratch))
    return str(scratch / "bin" / "python")


def list_installed(session: nox.Session) -> dict[str, str]:
    """The versions of what is in the environment of the session."""
    code = (
        "from importlib.metadata import distributions;"
        "print(*(f'{found.name}=={found.version}' for found in distributions()))"
    )
    pins = str(session.run("python", "-c", code, silent=True)).split()
    return dict(pin.lower().split("==") for pin in pins)


def install_beside(session: nox.Session, name: str, requirement: str) -> str:
    """Install a package in an environment of its own; returns its interpreter.

    All else has the versions that it has in the environment of the session.
    """
    versions = list_installed(session)
    versions.pop("django-allauth", None)
    pins = Path(session.create_tmp()).resolve() / "pins.txt"
    pins.write_text("".join(f"{package}=={version}\n" for package, version in versions.items()))
    python = make_environment(session, name)
    install = [python, "-m", "pip", "install", "--quiet", "--constraint", str(pins)]
    session.run(*install, requirement, external=True)
    return python


def install_published(session: nox.Session) -> str:
    """Install the published release in an environment of its own; returns its interpreter."""
    return install_beside(session, "published", f"django-allauth[socialaccount]=={PUBLISHED}")


def install_copy(session: nox.Session, name: str, revision: str = "") -> str:
    """Install a copy of this package, as it is or as it was; returns its interpreter."""
    source = Path(session.create_tmp()).resolve() / f"{name}-source"
    shutil.rmtree(source, ignore_errors=True)
    if revision:
        archive = source.with_suffix(".tar")
        session.run("git", "archive", "--output", str(archive), revision, external=True)
        shutil.unpack_archive(archive, source)
    else:
        ignored = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info")
        shutil.copytree(ROOT, source, ignore=ignored)
    return install_beside(session, name, f"{source}[socialaccount]")


@nox.session
def compat(session: nox.Session) -> None:
    """What was begun under the published release is finished under this package, and vice versa."""
    install(session)
    published = install_published(session)
    options = ["-m", "compat", "--numprocesses=auto"]
    pytest(session, *options, "tests/compat", ALLAUTH_PUBLISHED_PYTHON=published)


@nox.session
def benchmark(session: nox.Session) -> None:
    """This package beside the published release or, with ``--baseline REVISION``, a commit."""
    session.install("-e", ".[socialaccount]")
    arguments = list(session.posargs)
    environ = {}
    if "--baseline" in arguments:
        index = arguments.index("--baseline") + 1
        arguments[index] = install_copy(session, "baseline", arguments[index])
    else:
        environ["PUBLISHED"] = install_published(session)
    this = install_copy(session, "this")
    session.run(this, "benchmarks/run.py", *arguments, env=environ, external=True)


@nox.session
def build(session: nox.Session) -> None:
    """The distributions; the wheel is tried in an environment that holds nothing else."""
    session.install("build", *TEST, "django", "asgiref")
    scratch = Path(session.create_tmp()).resolve()
    dist, bare = scratch / "dist", scratch / "bare"
    shutil.rmtree(dist, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(dist), silent=True)
    pytest(session, "tests/packaging/archives.py", project="account_only", TEST_DIST=str(dist))

    (wheel,) = dist.glob("*.whl")
    session.run("python", "-m", "venv", "--clear", str(bare))
    python = str(bare / "bin" / "python")
    session.run(python, "-m", "pip", "install", "--quiet", str(wheel), external=True)
    session.chdir(scratch)
    session.run(python, "-I", str(ROOT / "tests" / "packaging" / "smoke.py"), external=True)
