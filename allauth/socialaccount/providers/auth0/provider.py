"""Auth0: provider class."""

from __future__ import annotations

from allauth.socialaccount.providers.auth0.views import Auth0OAuth2Adapter
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.profiles import ProfileAccount


class Auth0Account(ProfileAccount):
    """An account at Auth0."""

    avatar_url_path = "picture"


class Auth0Provider(OAuth2Provider):
    """Auth0; its URL is ``auth0_url`` of the app or ``AUTH0_URL`` of the provider."""

    id = "auth0"
    name = "Auth0"
    oauth2_adapter_class = Auth0OAuth2Adapter
    account_class = Auth0Account
    default_scope = ("openid", "profile", "email")
    uid_path = "sub"
    common_field_paths = {"email": "email", "username": "username", "name": "name"}


provider_classes = [Auth0Provider]
