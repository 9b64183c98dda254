"""URLs of OAuth 1.0a providers."""

from __future__ import annotations

from django.urls import URLPattern, path
from django.utils.module_loading import import_string

from allauth.socialaccount.providers.base.provider import Provider


def default_urlpatterns(provider: type[Provider]) -> list[URLPattern]:
    """Return the URL patterns ``<id>_login`` and ``<id>_callback`` of a provider.

    The module ``views`` of the provider contains ``oauth_login`` and ``oauth_callback``.
    """
    package, slug, name = provider.get_package(), provider.get_slug(), provider.id
    login = import_string(f"{package}.views.oauth_login")
    callback = import_string(f"{package}.views.oauth_callback")
    return [
        path(f"{slug}/login/", login, name=f"{name}_login"),
        path(f"{slug}/login/callback/", callback, name=f"{name}_callback"),
    ]
