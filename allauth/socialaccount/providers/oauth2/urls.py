"""URLs of OAuth 2.0 providers."""

from __future__ import annotations

from django.urls import URLPattern, path
from django.utils.module_loading import import_string

from allauth.socialaccount.providers.base.provider import Provider


def default_urlpatterns(provider: type[Provider]) -> list[URLPattern]:
    """Return the URL patterns ``<id>_login`` and ``<id>_callback`` of a provider.

    The module ``views`` of the provider contains ``oauth2_login`` and ``oauth2_callback``.
    """
    views = f"{provider.get_package()}.views"
    slug = provider.get_slug()
    return [
        path(f"{slug}/login/", import_string(f"{views}.oauth2_login"), name=f"{provider.id}_login"),
        path(
            f"{slug}/login/callback/",
            import_string(f"{views}.oauth2_callback"),
            name=f"{provider.id}_callback",
        ),
    ]
