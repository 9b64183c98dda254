"""Apple: provider class."""

from __future__ import annotations

from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from allauth.account.models import EmailAddress
from allauth.core.internal.types import JSONObject
from allauth.socialaccount.internal.lazy_constants import module_getattr
from allauth.socialaccount.internal.provider_errors import invalid_token_on_error
from allauth.socialaccount.internal.types import CommonFields, Profile
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.apple.client import Scope
from allauth.socialaccount.providers.apple.views import AppleOAuth2Adapter
from allauth.socialaccount.providers.base.provider import ProviderAccount
from allauth.socialaccount.providers.base.utils import is_claim_true
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.profiles import look_up

__getattr__ = module_getattr("QUERY_EMAIL")

RELAY_DOMAIN = "@privaterelay.appleid.com"


def _get_names(data: object) -> tuple[str, str]:
    """Return given name and family name, which Apple sends only at the first consent."""
    names = [look_up(data, f"name.{name}") for name in ("firstName", "lastName")]
    first, last = (name if isinstance(name, str) else "" for name in names)
    return first, last


class AppleAccount(ProviderAccount):
    """An account at Apple, whose email address may be a relay address for this site."""

    def to_str(self) -> str:
        """Return the email address or, if it is missing or a relay address, the name."""
        email = look_up(self.account.extra_data, "email")
        if isinstance(email, str) and email and not email.lower().endswith(RELAY_DOMAIN):
            return email
        return " ".join(_get_names(self.account.extra_data)).strip() or super().to_str()


class AppleProvider(OAuth2Provider):
    """Apple; ``client_id`` of the app may be a comma-separated list, the first for the web."""

    id = "apple"
    name = "Apple"
    oauth2_adapter_class = AppleOAuth2Adapter
    account_class = AppleAccount
    supports_token_authentication = True
    uses_nonce = True
    default_scope = (Scope.NAME,)
    email_scope = (Scope.EMAIL,)
    uid_path = "sub"

    def get_auds(self) -> list[str]:
        """Return the accepted audiences of ID tokens: the client ids of the app."""
        return [client_id.strip() for client_id in self.app.client_id.split(",")]

    def extract_common_fields(self, data: Profile) -> CommonFields:
        """Return the email address and, if Apple sent it, the name."""
        fields = {"email": data.get("email")}
        if data.get("name"):
            fields["first_name"], fields["last_name"] = _get_names(data)
        return fields

    def extract_email_addresses(self, data: Profile) -> list[EmailAddress]:
        """Return the email address; its ``email_verified`` may be a text."""
        if not data.get("email"):
            return []
        verified = data.get("email_verified")
        if isinstance(verified, str):
            verified = verified.lower()
        return [EmailAddress(email=data["email"], verified=is_claim_true(verified), primary=True)]

    @sensitive_variables("token")
    def verify_token(self, request: HttpRequest | None, token: JSONObject) -> SocialLogin:
        """Return the login of an ID token that Apple issued to a client of the site."""
        with invalid_token_on_error():
            claims = AppleOAuth2Adapter.get_verified_identity_data(self, token.get("id_token"))
            return self.sociallogin_from_response(request, claims)


provider_classes = [AppleProvider]
