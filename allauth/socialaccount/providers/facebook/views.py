"""Facebook: views."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.debug import sensitive_variables

from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.provider_errors import profile_errors
from allauth.socialaccount.internal.provider_views import complete, remote_view
from allauth.socialaccount.providers.facebook import constants, flows
from allauth.socialaccount.providers.facebook.constants import PROVIDER_ID
from allauth.socialaccount.providers.facebook.forms import FacebookConnectForm
from allauth.socialaccount.providers.facebook.provider import (
    FacebookOAuth2Adapter,
    FacebookProvider,
)
from allauth.socialaccount.providers.oauth2.views import (
    BaseLoginByTokenView,
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)

__all__ = [
    "PROVIDER_ID",
    "FacebookConnectForm",
    "FacebookOAuth2Adapter",
    "LoginByTokenView",
    "OAuth2Adapter",
    "OAuth2CallbackView",
    "OAuth2LoginView",
    "login_by_token",
    "oauth2_callback",
    "oauth2_login",
]

__getattr__ = constants.__getattr__


class LoginByTokenView(BaseLoginByTokenView):
    """The page to which the script posts the access token that the JavaScript SDK obtained."""

    adapter_class = FacebookOAuth2Adapter
    provider: FacebookProvider

    @sensitive_variables("auth_nonce")
    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = FacebookConnectForm(request.POST)
        if not form.is_valid():
            raise get_adapter().validation_error("invalid_token")
        auth_nonce = self.provider.get_nonce(request, pop=True)
        with profile_errors():
            login = flows.verify_token(
                request,
                self.provider,
                form.cleaned_data["access_token"],
                auth_type=self._get_auth_type(auth_nonce),
                auth_nonce=auth_nonce or "",
            )
        kwargs = self.provider.get_redirect_from_request_kwargs(request)
        login.state = {"process": kwargs["process"]}
        if "next_url" in kwargs:
            login.state["next"] = kwargs["next_url"]
        return complete(request, login)

    @sensitive_variables()
    def _get_auth_type(self, auth_nonce: str | None) -> str:
        """Return the ``auth_type`` of the login, which must not depend on the request."""
        auth_type: str = self.provider.get_auth_params().get("auth_type", "")
        return "reauthenticate" if auth_nonce else auth_type


oauth2_login = OAuth2LoginView.adapter_view(FacebookOAuth2Adapter)
oauth2_callback = OAuth2CallbackView.adapter_view(FacebookOAuth2Adapter)
login_by_token = remote_view(LoginByTokenView.as_view())
