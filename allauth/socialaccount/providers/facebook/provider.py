"""Facebook: adapter and provider class."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.functional import classproperty
from django.utils.html import escapejs
from django.views.decorators.debug import sensitive_variables

from allauth.core.async_support import call_hook
from allauth.core.internal.loading import import_callable
from allauth.core.internal.types import JSONObject
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.lazy_constants import module_getattr
from allauth.socialaccount.internal.provider_errors import invalid_token_on_error
from allauth.socialaccount.internal.types import QueryParams
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base.constants import AuthAction, AuthProcess
from allauth.socialaccount.providers.facebook import constants, flows
from allauth.socialaccount.providers.facebook.constants import (
    NONCE_LENGTH,
    NONCE_SESSION_KEY,
    PROVIDER_ID,
)
from allauth.socialaccount.providers.facebook.locale import get_default_locale_callable
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from allauth.socialaccount.providers.profiles import ProfileAccount

DEFAULT_FIELDS = (
    "id",
    "email",
    "name",
    "first_name",
    "last_name",
    "verified",
    "locale",
    "timezone",
    "link",
    "gender",
    "updated_time",
)
DEFAULT_SDK_URL = "//connect.facebook.net/{locale}/sdk.js"

__getattr__ = module_getattr("QUERY_EMAIL", GRAPH_API_VERSION=lambda: constants.GRAPH_API_VERSION)


class FacebookAccount(ProfileAccount):
    """An account at Facebook."""

    profile_url_path = "link"


class FacebookOAuth2Adapter(OAuth2Adapter):
    """Facebook (https://developers.facebook.com/docs/facebook-login)."""

    provider_id = PROVIDER_ID
    access_token_method = "GET"
    expires_in_key = "expires_in"
    scope_delimiter = ","

    @classproperty
    def provider_default_auth_url(cls) -> str:
        """Default authorization endpoint, unless ``AUTHORIZE_URL`` is configured."""
        return f"https://www.facebook.com/{constants.GRAPH_API_VERSION}/dialog/oauth"

    @property
    def authorize_url(self) -> str:
        """The authorization endpoint."""
        return str(self.settings.get("AUTHORIZE_URL", self.provider_default_auth_url))

    @property
    def access_token_url(self) -> str:
        """The token endpoint."""
        return f"{constants.GRAPH_API_URL}/oauth/access_token"

    def get_provider(self) -> FacebookProvider:
        """Return the provider."""
        return cast(FacebookProvider, super().get_provider())

    @sensitive_variables("kwargs")
    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Return the login of the owner of the access token."""
        return flows.complete_login(request, self.get_provider(), token)


class FacebookProvider(OAuth2Provider):
    """Facebook, by redirects (``METHOD`` ``oauth2``) or by its JavaScript SDK (``js_sdk``)."""

    id = PROVIDER_ID
    name = "Facebook"
    oauth2_adapter_class = FacebookOAuth2Adapter
    account_class = FacebookAccount
    supports_token_authentication = True
    limited_login_expected_jwt_issuer = "https://www.facebook.com"
    limited_login_jwks_url = "https://limited.facebook.com/.well-known/oauth/openid/jwks/"
    email_scope = ("email",)
    uid_path = "id"
    common_field_paths = {
        "email": "email",
        "username": "username",
        "first_name": "first_name",
        "last_name": "last_name",
        "name": "name",
    }
    # The member "verified" of a profile refers to the person, not to the email address.
    email_path = "email"

    def get_method(self) -> str:
        """Return the login method: ``oauth2`` or ``js_sdk``."""
        return str(self.get_settings().get("METHOD", "oauth2"))

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        """Return the URL of the page that redirects to Facebook, or of a script for the SDK.

        Parameters:
            kwargs: ``method`` overrides the setting. The others are the query of the URL.

        Raises ``RuntimeError`` for an unknown method.
        """
        method = kwargs.pop("method", self.get_method())
        if method == "js_sdk":
            return self._get_script_url(kwargs)
        if method == "oauth2":
            return super().get_login_url(request, **kwargs)
        raise RuntimeError(f"Facebook has no login method {method!r}.")

    def _get_script_url(self, params: QueryParams) -> str:
        arguments = ", ".join(
            f"'{escapejs(value)}'"
            for value in (
                params.get(REDIRECT_FIELD_NAME) or "",
                params.get("action", AuthAction.AUTHENTICATE),
                params.get("process", AuthProcess.LOGIN),
                params.get("scope", ""),
            )
        )
        return f"javascript:{quote(f'allauth.facebook.login({arguments})')}"

    def get_fields(self) -> list[str]:
        """Return the fields of the profile to request."""
        return list(self.get_settings().get("FIELDS", DEFAULT_FIELDS))

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> QueryParams:
        """Return the authorization parameters, with those in the query of the login URL.

        Parameters:
            action: One of :class:`AuthAction`.
        """
        params = super().get_auth_params_from_request(request, action)
        if action in (AuthAction.REAUTHENTICATE, AuthAction.REREQUEST):
            params["auth_type"] = action
        return params

    def get_locale_for_request(self, request: HttpRequest) -> str:
        """Return the locale of the SDK, such as ``en_US``."""
        function = self.get_settings().get("LOCALE_FUNC")
        function = import_callable(function) if function else get_default_locale_callable()
        return str(call_hook(function, request))

    # The JavaScript SDK

    def get_init_params(self, request: HttpRequest, app: SocialApp) -> JSONObject:
        """Return the parameters of ``FB.init``."""
        defaults = {"appId": app.client_id, "version": constants.GRAPH_API_VERSION}
        return {**defaults, **self.get_settings().get("INIT_PARAMS", {})}

    @sensitive_variables("options")
    def get_fb_login_options(self, request: HttpRequest) -> JSONObject:
        """Return the options of ``FB.login``."""
        options = self.get_auth_params_from_request(request, AuthAction.AUTHENTICATE)
        options["scope"] = ",".join(self.get_scope_from_request(request))
        if options.get("auth_type") == AuthAction.REAUTHENTICATE:
            options["auth_nonce"] = self.get_nonce(request, or_create=True)
        return options

    def get_sdk_url(self, request: HttpRequest) -> str:
        """Return the URL of the SDK."""
        url = str(self.get_settings().get("SDK_URL", DEFAULT_SDK_URL))
        if "{locale}" in url:
            url = url.format(locale=self.get_locale_for_request(request))
        return url

    def media_js(self, request: HttpRequest) -> str:
        """Return the HTML with the SDK and its settings; empty with another login method."""
        if self.get_method() != "js_sdk":
            return ""

        def build_url(name: str) -> str:
            return request.build_absolute_uri(reverse(name))

        fb_data = {
            "appId": self.app.client_id,
            "version": constants.GRAPH_API_VERSION,
            "sdkUrl": self.get_sdk_url(request),
            "initParams": self.get_init_params(request, self.app),
            "loginOptions": self.get_fb_login_options(request),
            "loginByTokenUrl": build_url("facebook_login_by_token"),
            "cancelUrl": build_url("socialaccount_login_cancelled"),
            "logoutUrl": build_url("account_logout"),
            "loginUrl": request.build_absolute_uri(self.get_login_url(request, method="oauth2")),
            "errorUrl": build_url("socialaccount_login_error"),
            "csrfToken": get_token(request),
        }
        return render_to_string("facebook/fbconnect.html", {"fb_data": fb_data}, request=request)

    @sensitive_variables()
    def get_nonce(
        self, request: HttpRequest, or_create: bool = False, pop: bool = False
    ) -> str | None:
        """Return the nonce that a reauthentication at Facebook must be bound to.

        Parameters:
            or_create: Create a nonce if the session has none.
            pop: Remove the nonce from the session, so that it works once.
        """
        session = request.session
        nonce: str | None = (
            session.pop(NONCE_SESSION_KEY, None) if pop else session.get(NONCE_SESSION_KEY)
        )
        if nonce is None and or_create:
            nonce = session[NONCE_SESSION_KEY] = get_random_string(NONCE_LENGTH)
        return nonce

    @sensitive_variables("access_token", "id_token", "token")
    def verify_token(self, request: HttpRequest | None, token: JSONObject) -> SocialLogin:
        """Return the login of a token that Facebook issued to a client of the site."""
        access_token, id_token = token.get("access_token"), token.get("id_token")
        with invalid_token_on_error():
            if access_token:
                return flows.verify_token(request, self, access_token)
            if id_token:
                return flows.verify_limited_login_token(request, self, id_token)
        raise get_adapter().validation_error("invalid_token")


provider_classes = [FacebookProvider]
