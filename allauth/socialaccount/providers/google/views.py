"""Google: adapter and views."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from allauth.core.internal.types import JSONObject
from allauth.socialaccount import app_settings
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.internal.provider_views import complete, remote_view
from allauth.socialaccount.internal.types import Profile
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.views import (
    BaseLoginByTokenView,
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)

DEFAULTS = {
    "ACCESS_TOKEN_URL": "https://oauth2.googleapis.com/token",
    "AUTHORIZE_URL": "https://accounts.google.com/o/oauth2/v2/auth",
    "CERTS_URL": "https://www.googleapis.com/oauth2/v1/certs",
    "FETCH_USERINFO": False,
    "IDENTITY_URL": "https://www.googleapis.com/oauth2/v2/userinfo",
    "ID_TOKEN_ISSUER": "https://accounts.google.com",
}
CSRF_NAME = "g_csrf_token"
MAX_CSRF_LENGTH = 1024


def _get_setting(name: str) -> Any:
    return app_settings.PROVIDERS.get("google", {}).get(name, DEFAULTS[name])


def __getattr__(name: str) -> Any:
    """Return an attribute that is read from the settings at each access."""
    if name in DEFAULTS:
        return _get_setting(name)
    raise AttributeError(name)


@sensitive_variables()
def _verify_and_decode(
    app: SocialApp, credential: object, verify_signature: bool = True
) -> JSONObject:
    return jwtkit.verify_and_decode(
        credential=credential,
        keys_url=_get_setting("CERTS_URL"),
        issuer=_get_setting("ID_TOKEN_ISSUER"),
        audience=app.client_id,
        lookup_kid=jwtkit.lookup_kid_pem_x509_certificate,
        verify_signature=verify_signature,
        # Mobile apps have their own client ids, and request tokens for the site.
        any_party=True,
    )


class GoogleOAuth2Adapter(OAuth2Adapter):
    """Google (https://developers.google.com/identity/openid-connect/openid-connect)."""

    provider_id = "google"

    @property
    def access_token_url(self) -> str:
        """The token endpoint."""
        return str(_get_setting("ACCESS_TOKEN_URL"))

    @property
    def authorize_url(self) -> str:
        """The authorization endpoint."""
        return str(_get_setting("AUTHORIZE_URL"))

    @property
    def identity_url(self) -> str:
        """The profile endpoint."""
        return str(_get_setting("IDENTITY_URL"))

    @property
    def id_token_issuer(self) -> str:
        """The issuer of ID tokens."""
        return str(_get_setting("ID_TOKEN_ISSUER"))

    @property
    def issuer(self) -> str:  # type: ignore[override]
        """The issuer that callbacks contain."""
        return self.id_token_issuer

    @property
    def fetch_userinfo(self) -> bool:
        """True if the profile is requested when the ID token contains no picture."""
        return bool(_get_setting("FETCH_USERINFO"))

    @sensitive_variables("id_token", "kwargs", "response")
    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Return the login of the ID token or, without one, of the profile."""
        response = kwargs.get("response")
        id_token = response.get("id_token") if isinstance(response, dict) else None
        if id_token:
            data = self._decode_id_token(app, id_token)
            if self.fetch_userinfo and "picture" not in data:
                picture = self._fetch_user_info(token.token).get("picture")
                data |= {"picture": picture} if picture else {}
        else:
            data = self._fetch_user_info(token.token)
        login: SocialLogin = self.get_provider().sociallogin_from_response(request, data)
        return login

    @sensitive_variables()
    def _decode_id_token(self, app: SocialApp, id_token: object) -> JSONObject:
        claims = _verify_and_decode(app, id_token, verify_signature=not self.is_token_authentic)
        self.check_nonce(claims)
        return claims

    @sensitive_variables()
    def _fetch_user_info(self, access_token: str) -> Profile:
        return self.fetch_json(self.identity_url, access_token)


class LoginByTokenView(BaseLoginByTokenView):
    """The page to which the browser posts the credential of One Tap or of the sign-in button.

    See https://developers.google.com/identity/gsi/web/guides/verify-google-id-token.
    """

    adapter_class = GoogleOAuth2Adapter

    @sensitive_variables("token")
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.check_csrf(request)
        token = {"id_token": request.POST.get("credential")}
        login = self.provider.verify_token(request, token)
        return complete(request, login)

    @sensitive_variables()
    def check_csrf(self, request: HttpRequest) -> None:
        """Compare the cookie with the form field, both of which Google sets.

        Raises ``PermissionDenied`` if one of them is missing, or if they differ.
        """
        cookie = request.COOKIES.get(CSRF_NAME, "")
        fields = request.POST.getlist(CSRF_NAME)
        if not cookie or len(fields) != 1 or max(len(cookie), len(fields[0])) > MAX_CSRF_LENGTH:
            raise PermissionDenied("CSRF token missing.")
        sent = [text.encode("utf-8", "replace") for text in (cookie, fields[0])]
        if not constant_time_compare(*sent):
            raise PermissionDenied("The token against forged requests does not match.")


oauth2_login = OAuth2LoginView.adapter_view(GoogleOAuth2Adapter)
oauth2_callback = OAuth2CallbackView.adapter_view(GoogleOAuth2Adapter)
login_by_token = remote_view(csrf_exempt(LoginByTokenView.as_view()))
