"""Google: provider class."""

from __future__ import annotations

from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from allauth.account.models import EmailAddress
from allauth.core.internal.types import JSONObject
from allauth.socialaccount.internal.lazy_constants import module_getattr
from allauth.socialaccount.internal.provider_errors import invalid_token_on_error
from allauth.socialaccount.internal.types import Profile
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base.utils import is_claim_true, parse_uid
from allauth.socialaccount.providers.google import views
from allauth.socialaccount.providers.google.views import GoogleOAuth2Adapter
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.profiles import ProfileAccount

__getattr__ = module_getattr("QUERY_EMAIL")


class Scope:
    """Scopes of Google."""

    EMAIL = "email"
    PROFILE = "profile"


class GoogleAccount(ProfileAccount):
    """An account at Google."""

    profile_url_path = "link"
    avatar_url_path = "picture"


class GoogleProvider(OAuth2Provider):
    """Google."""

    id = "google"
    name = "Google"
    oauth2_adapter_class = GoogleOAuth2Adapter
    account_class = GoogleAccount
    supports_token_authentication = True
    uses_nonce = True
    default_scope = (Scope.PROFILE,)
    email_scope = (Scope.EMAIL,)
    reauthenticate_params = {"prompt": "select_account consent"}
    common_field_paths = {
        "email": "email",
        "last_name": "family_name",
        "first_name": "given_name",
    }

    def extract_uid(self, data: Profile) -> str:
        """Return the account id: ``sub`` of an ID token, or ``id`` of the profile."""
        return parse_uid(data.get("sub", data.get("id")))

    def extract_email_addresses(self, data: Profile) -> list[EmailAddress]:
        """Return the email address.

        Its claim is ``email_verified`` in an ID token, and ``verified_email`` in the profile.
        """
        if not data.get("email"):
            return []
        verified = data.get("email_verified", data.get("verified_email"))
        return [EmailAddress(email=data["email"], verified=is_claim_true(verified), primary=True)]

    @sensitive_variables("token")
    def verify_token(self, request: HttpRequest | None, token: JSONObject) -> SocialLogin:
        """Return the login of an ID token that Google issued to a client of the site."""
        with invalid_token_on_error():
            claims = views._verify_and_decode(self.app, token.get("id_token"))
            return self.sociallogin_from_response(request, claims)


provider_classes = [GoogleProvider]
