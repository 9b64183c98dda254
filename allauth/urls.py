"""The pages of all installed apps, to be included below a prefix of the project's choice."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic.base import RedirectView

from allauth import app_settings
from allauth.account.internal.decorators import login_not_required

Routes = list[URLPattern | URLResolver]


def build_provider_urlpatterns() -> Routes:
    """Return the URLs of all registered providers, those of OpenID Connect last.

    The paths of OpenID Connect begin with an identifier of the project's choice, which must not
    hide another provider.
    """
    from allauth.socialaccount import providers

    classes = sorted(
        providers.registry.get_class_list(), key=lambda provider: provider.id == "openid_connect"
    )
    routes: Routes = []
    for provider in classes:
        module = importlib.import_module(f"{provider.get_package()}.urls")
        routes += getattr(module, "urlpatterns", None) or []
    return routes


def _redirect(name: str) -> Callable[..., HttpResponseBase]:
    return login_not_required(RedirectView.as_view(permanent=True, pattern_name=name))


def _build_urlpatterns() -> Routes:
    routes: Routes = []
    if not app_settings.HEADLESS_ONLY:
        routes.append(path("", include("allauth.account.urls")))
        if app_settings.MFA_ENABLED:
            routes.append(path("2fa/", include("allauth.mfa.urls")))
    if app_settings.SOCIALACCOUNT_ENABLED:
        if not app_settings.HEADLESS_ONLY:
            routes += [
                path("3rdparty/", include("allauth.socialaccount.urls")),
                path("social/login/cancelled/", _redirect("socialaccount_login_cancelled")),
                path("social/login/error/", _redirect("socialaccount_login_error")),
                path("social/signup/", _redirect("socialaccount_signup")),
                path("social/connections/", _redirect("socialaccount_connections")),
            ]
        routes += build_provider_urlpatterns()
    if app_settings.USERSESSIONS_ENABLED and not app_settings.HEADLESS_ONLY:
        routes.append(path("sessions/", include("allauth.usersessions.urls")))
    return routes


urlpatterns: Routes = _build_urlpatterns()
