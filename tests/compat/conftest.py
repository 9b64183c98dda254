"""Sites that one package begins and the other goes on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.compat import providers
from tests.compat.sites import Site


def fill(directory: Path, **settings: Any) -> bytes:
    """A database that the published release has set up, with users ``anna`` and ``cora``.

    Only the address of the former is verified.
    """
    site = Site(directory, **settings)
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


@pytest.fixture(scope="session")
def filled_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A filled database of a site without third-party accounts."""
    return fill(tmp_path_factory.mktemp("filled"))


@pytest.fixture
def make_site(tmp_path: Path, filled_database: bytes) -> Callable[..., Site]:
    """Makes the site; parameters are settings."""

    def make(**settings: Any) -> Site:
        (tmp_path / "db.sqlite3").write_bytes(filled_database)
        return Site(tmp_path, **settings)

    return make


@pytest.fixture(params=["swap", "swap back"])
def packages(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Under which package the test begins, and under which it ends."""
    return ("published", "ours") if request.param == "swap" else ("ours", "published")


@pytest.fixture(scope="session")
def filled_social_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A filled database of a site with third-party accounts."""
    return fill(tmp_path_factory.mktemp("filled_social"), EXTRA_APPS=providers.APPS)


@pytest.fixture(params=providers.EXAMPLES, ids=str)
def example(request: pytest.FixtureRequest) -> providers.Example:
    """The provider of the test."""
    example: providers.Example = request.param
    return example


@pytest.fixture
def server(example: providers.Example) -> Iterator[providers.Server]:
    """The server of the provider."""
    with example.server_class() as server:
        yield server


@pytest.fixture
def make_social_site(
    tmp_path: Path,
    filled_social_database: bytes,
    example: providers.Example,
    server: providers.Server,
) -> Callable[..., Site]:
    """Makes the site, with an app of the provider; parameters are settings.

    Its parameter ``app_by`` names the package that stores the app; without it the app is in the
    settings.
    """

    def make(*, app_by: str = "", **settings: Any) -> Site:
        (tmp_path / "db.sqlite3").write_bytes(filled_social_database)
        app = example.make_app(server.url)
        options = example.make_options(server.url) | ({} if app_by else {"APPS": [app]})
        site = Site(
            tmp_path,
            EXTRA_APPS=providers.APPS,
            SOCIALACCOUNT_PROVIDERS={example.name: options},
            **settings,
        )
        if app_by:
            site.run(app_by, "create_app", {"provider": example.name, **app})
        return site

    return make
