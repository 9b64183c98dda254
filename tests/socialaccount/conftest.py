"""Fixtures of the tests with providers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialApp

if not apps.is_installed("allauth.socialaccount"):
    # The modules of an app cannot be imported where it is not installed.
    collect_ignore_glob = ["*"]


@pytest.fixture
def app_factory(db: None) -> Callable[..., SocialApp]:
    """Makes apps of the club on the current site; parameters are fields."""
    from django.contrib.sites.models import Site

    from allauth.socialaccount.models import SocialApp

    def make_app(*, on_site: bool = True, **fields: Any) -> SocialApp:
        values = {"provider": "club", "name": "The Club", "client_id": "member", **fields}
        app: SocialApp = SocialApp.objects.create(**values)
        if on_site:
            app.sites.add(Site.objects.get_current())
        return app

    return make_app


@pytest.fixture
def registered_club() -> Iterator[None]:
    """The club among the providers, without an app."""
    from allauth.socialaccount.providers import registry
    from tests.socialaccount.club import ClubProvider

    registry.register(ClubProvider)
    yield
    del registry.provider_map[ClubProvider.id]


@pytest.fixture
def club(settings: Any, registered_club: None, app_factory: Callable[..., SocialApp]) -> SocialApp:
    """The club, with its pages and one app."""
    settings.ROOT_URLCONF = "tests.socialaccount.club"
    return app_factory()
