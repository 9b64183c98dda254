"""Template tags for pages on which users log in by, or connect, third-party accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest
from django.template import Context
from django.utils.safestring import SafeString, mark_safe

from allauth.core.internal.request_data import get_request_param
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.base.provider import REDIRECT_SIGNATURE_PARAM

if TYPE_CHECKING:
    from allauth.core.internal.types import User
    from allauth.socialaccount.providers.base.provider import Provider

register = template.Library()


@register.simple_tag(takes_context=True)
def provider_login_url(context: Context, provider: Provider | str, **params: object) -> str:
    """Return the URL of the page that redirects to a provider.

    ``{% provider_login_url "google" process="connect" next="/profile/" %}``

    Parameters:
        provider: A provider, its id, or the ``provider_id`` of an app.
        params: The query: ``process``, ``scope``, ``auth_params``, ``next`` and other parameters
            that the provider knows. ``next`` is that of the current request by default.
    """
    request: HttpRequest | None = context.get("request")
    if isinstance(provider, str):
        provider = get_adapter().get_provider(request, provider=provider)
    query = dict(params)
    for name in ("scope", "auth_params"):
        if query.get(name) == "":
            del query[name]
    is_redirect = query.get("process") == AuthProcess.REDIRECT
    if REDIRECT_FIELD_NAME not in query:
        target = get_request_param(request, REDIRECT_FIELD_NAME)
        if not target and is_redirect and request is not None:
            target = request.get_full_path()
        query[REDIRECT_FIELD_NAME] = target
    if not query[REDIRECT_FIELD_NAME]:
        del query[REDIRECT_FIELD_NAME]
    if is_redirect:
        query[REDIRECT_SIGNATURE_PARAM] = provider.sign_redirect()
    # Few providers use the request, and a template may be rendered without one.
    return provider.get_login_url(request, **query)  # type: ignore[arg-type]


@register.simple_tag(takes_context=True)
def providers_media_js(context: Context) -> SafeString:
    """Return the HTML that the providers need on the page."""
    request: HttpRequest = context["request"]
    snippets = (provider.media_js(request) for provider in get_adapter().list_providers(request))
    return mark_safe("\n".join(snippets))  # noqa: S308 - each provider escapes its own


@register.simple_tag
def get_social_accounts(user: User) -> dict[str, list[SocialAccount]]:
    """Return the accounts of a user by provider: ``{% get_social_accounts user as accounts %}``."""
    accounts: dict[str, list[SocialAccount]] = {}
    for account in SocialAccount.objects.filter(user=user):
        accounts.setdefault(account.provider, []).append(account)
    return accounts


@register.simple_tag(takes_context=True)
def get_providers(context: Context) -> list[Provider]:
    """Return the providers whose app is not hidden: ``{% get_providers as providers %}``."""
    request: HttpRequest = context["request"]
    providers = (
        provider for provider in get_adapter().list_providers(request) if not _is_hidden(provider)
    )
    return sorted(providers, key=lambda provider: str(provider.name))


def _is_hidden(provider: Provider) -> bool:
    return provider.app is not None and bool((provider.app.settings or {}).get("hidden"))
