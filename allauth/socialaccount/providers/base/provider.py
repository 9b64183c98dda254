"""The base class of all providers."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.signing import Signer
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.utils.functional import Promise
from django.views.decorators.debug import sensitive_variables

from allauth.account import app_settings as account_settings
from allauth.account.internal.email_syntax import valid_email_or_none
from allauth.account.internal.hooks import get_adapter as get_account_adapter
from allauth.account.internal.next_url import get_next_redirect_url
from allauth.account.models import EmailAddress
from allauth.core.async_support import AsyncOverridable
from allauth.core.internal.request_data import get_request_param
from allauth.core.internal.types import JSONObject
from allauth.socialaccount import app_settings
from allauth.socialaccount.internal import redirect_states
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.types import (
    CommonFields,
    Kwargs,
    Profile,
    ProviderSettings,
    State,
)
from allauth.socialaccount.models import (
    SocialAccount,
    SocialApp,
    SocialLogin,
    deserialize_provider,
)
from allauth.socialaccount.providers.base.account import ProviderAccount
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.base.exceptions import (
    InvalidUid,
    ProviderException,
)
from allauth.socialaccount.providers.base.utils import (
    is_claim_true,
    parse_uid,
    to_text,
    without_tokens,
)

__all__ = ["AuthProcess", "Provider", "ProviderAccount", "ProviderException"]

REDIRECT_SIGNATURE_PARAM = "process_signature"
_TEXT_FIELDS = ("email", "username", "first_name", "last_name", "name", "phone")


class Provider(AsyncOverridable):
    """A provider, for the duration of a request.

    Subclasses may override the methods as ``def`` or ``async def``.

    Parameters:
        request: The request being served.
        app: The credentials of the site at the provider; required if ``uses_apps`` is set.

    Attributes:
        id: The id of the provider class.
        name: The name for display.
        slug: The name in URLs; by default the id.
        uses_apps: Whether the provider needs an app.
        supports_redirect: Whether a login begins with a redirect to the provider.
        supports_token_authentication: Whether :meth:`verify_token` accepts tokens.
        account_class: The class that represents accounts for display.

    Raises ``ValueError`` if the app is missing.
    """

    id: ClassVar[str]
    name: str | Promise
    slug: ClassVar[str | None] = None
    uses_apps: bool = True
    supports_redirect: bool = False
    supports_token_authentication: bool = False
    account_class: type[ProviderAccount]

    def __init__(self, request: HttpRequest | None, app: SocialApp | None = None) -> None:
        if self.uses_apps and app is None:
            raise ValueError(f"The provider {self.id!r} needs an app.")
        self.request = request
        self.app = app

    def __str__(self) -> str:
        return str(self.name)

    @classmethod
    def get_slug(cls) -> str:
        """Return the name of the provider in URLs."""
        return cls.slug or cls.id

    @classmethod
    def get_package(cls) -> str:
        """Return the package that contains the modules ``urls`` and ``views`` of the provider."""
        package: str | None = getattr(cls, "package", None)
        return package or cls.__module__.rpartition(".")[0]

    @property
    def sub_id(self) -> str:
        """The id that distinguishes providers of one class, such as OpenID Connect servers."""
        if self.app is None:
            return self.id
        return self.app.provider_id or self.app.provider

    def get_settings(self) -> ProviderSettings:
        """Return a copy of the settings of the provider in ``SOCIALACCOUNT_PROVIDERS``."""
        return copy.deepcopy(app_settings.PROVIDERS.get(self.id, {}))

    # Redirect to the provider

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        """Return the URL of the page that redirects to the provider.

        Parameters:
            kwargs: The query of the URL.
        """
        raise NotImplementedError

    def redirect_from_request(self, request: HttpRequest) -> HttpResponse:
        """Return the redirect to the provider, with the parameters of the request."""
        return self.redirect(request, **self.get_redirect_from_request_kwargs(request))

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> Kwargs:
        """Return the parameters of the request, as arguments of :meth:`redirect`."""
        kwargs: Kwargs = {"process": self._get_process(request)}
        next_url = get_next_redirect_url(request)
        if next_url:
            kwargs["next_url"] = next_url
        return kwargs

    def _get_process(self, request: HttpRequest) -> str:
        process = get_request_param(request, "process")
        if process == AuthProcess.CONNECT:
            return process
        if process == AuthProcess.REDIRECT:
            signature = get_request_param(request, REDIRECT_SIGNATURE_PARAM, "") or ""
            if constant_time_compare(signature, self.sign_redirect()):
                return process
        return AuthProcess.LOGIN

    def sign_redirect(self) -> str:
        """Return a signature that allows a request to begin the process ``redirect``.

        The template tag ``provider_login_url`` adds it to the query. Users cannot create it.
        """
        signer = Signer(salt="allauth.socialaccount.process.redirect")
        return signer.signature(self.sub_id)

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: object = None,
        **kwargs: Any,
    ) -> HttpResponse:
        """Stash the state, and return the redirect to the provider.

        Parameters:
            process: One of :class:`AuthProcess`.
            next_url: The URL to redirect to after the login.
            data: Any JSON value, which the state contains as ``data``.
            kwargs: Arguments of the subclass, and further members of the state.
        """
        raise NotImplementedError

    @sensitive_variables("kwargs", "state")
    def stash_redirect_state(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: object = None,
        state_id: str | None = None,
        **kwargs: Any,
    ) -> str:
        """Store the state of a login in the session, and return the id of the state.

        Parameters:
            process: One of :class:`AuthProcess`.
            next_url: The URL to redirect to after the login.
            data: Any JSON value.
            state_id: The id, where the protocol prescribes one. By default, it is random.
            kwargs: Further members of the state.
        """
        state = {"process": process, "data": data, **kwargs}
        if next_url:
            state["next"] = next_url
        return redirect_states.stash_state(
            request, provider_id=self.sub_id, state=state, state_id=state_id
        )

    @sensitive_variables("state")
    def unstash_redirect_state(self, request: HttpRequest, state_id: str) -> State:
        """Remove the state with this id from the session, and return it.

        Raises ``PermissionDenied`` if the session has no such state of this provider.
        """
        state = redirect_states.unstash_state(
            request, state_id=state_id, provider_id=self.sub_id, raises=True
        )
        assert state is not None  # noqa: S101 - by raises=True
        return state

    def verify_token(self, request: HttpRequest | None, token: JSONObject) -> SocialLogin:
        """Return the login of a token that the provider issued to a client of the site.

        Parameters:
            token: ``id_token`` or ``access_token``, and ``client_id``.

        Raises ``ValidationError`` for a token that is not valid for this site.
        """
        raise NotImplementedError

    def media_js(self, request: HttpRequest) -> str:
        """Return the HTML that login pages need for this provider."""
        return ""

    # Profiles

    @sensitive_variables("data", "response")
    def sociallogin_from_response(
        self, request: HttpRequest | None, response: Profile
    ) -> SocialLogin:
        """Return the login of a profile that the provider sent. Nothing is saved.

        Raises ``ProviderException`` if the profile has no usable account id.
        """
        account = SocialAccount(
            provider=self.sub_id,
            uid=self._get_uid(response),
            extra_data=without_tokens(self.extract_extra_data(response)),
        )
        fields = _clean_fields(self.extract_common_fields(response))
        addresses = self.extract_email_addresses(response)
        email = self.cleanup_email_addresses(
            fields.pop("email", None),
            addresses,
            email_verified=is_claim_true(fields.get("email_verified")),
        )
        if email:
            fields["email"] = email
        sociallogin = SocialLogin(
            provider=self,
            account=account,
            email_addresses=addresses,
            phone=_clean_phone(fields.get("phone")),
            phone_verified=is_claim_true(fields.get("phone_verified")),
        )
        adapter = get_adapter()
        sociallogin.user = adapter.new_user(request, sociallogin)
        sociallogin.user.set_unusable_password()
        adapter.populate_user(request, sociallogin, fields)
        return sociallogin

    def _get_uid(self, response: Profile) -> str:
        try:
            uid = self.extract_uid(response)
        except (AttributeError, LookupError, TypeError) as error:
            raise InvalidUid("The provider sent no account id.") from error
        if not isinstance(uid, str):
            raise InvalidUid(f"The account id must be text, not {type(uid).__name__}.")
        return parse_uid(uid)

    def extract_uid(self, data: Profile) -> str:
        """Return the account id, which the provider must never give to another account."""
        raise NotImplementedError

    def extract_extra_data(self, data: Profile) -> Profile:
        """Return the part of the profile to store, as JSON."""
        return data

    def extract_common_fields(self, data: Profile) -> CommonFields:
        """Return the common fields of the profile.

        These are ``email``, ``email_verified``, ``username``, ``first_name``, ``last_name``,
        ``name``, ``phone`` and ``phone_verified``.
        """
        return {}

    def extract_email_addresses(self, data: Profile) -> list[EmailAddress]:
        """Return the email addresses of the profile, unsaved."""
        return []

    def cleanup_email_addresses(
        self, email: str | None, addresses: list[EmailAddress], email_verified: bool = False
    ) -> str | None:
        """Clean and sort ``addresses`` in place, the best one first; drop malformed ones.

        Parameters:
            email: The email address among the common fields, which is added to the list.
            addresses: The email addresses of the profile, unsaved.
            email_verified: Whether the provider verified ``email``.

        Returns ``email``, or else the first of the addresses, or ``None``.
        """
        email = _clean_email(email)
        candidates = list(addresses)
        known = {address.email.lower() for address in addresses if isinstance(address.email, str)}
        if email and email not in known:
            candidates.append(EmailAddress(email=email, verified=email_verified, primary=True))
        adapter = get_adapter()
        cleaned = []
        for address in candidates:
            cleaned_email = _clean_email(address.email)
            if cleaned_email is None:
                continue
            address.email = cleaned_email
            address.verified = is_claim_true(address.verified) or adapter.is_email_verified(
                self, cleaned_email
            )
            cleaned.append(address)
        addresses[:] = sorted(
            cleaned, key=lambda address: (address.primary, address.verified, address.email)
        )[::-1]
        return email or (addresses[0].email if addresses else None)

    def wrap_account(self, social_account: SocialAccount) -> ProviderAccount:
        """Return an account of this provider for display."""
        return self.account_class(social_account)

    # The session

    def serialize(self) -> JSONObject:
        """Return the ids of provider and app as JSON, which :meth:`deserialize` reads."""
        data: JSONObject = {"id": self.id}
        if self.app is not None:
            data["app.client_id"] = self.app.client_id
            if self.app.provider_id:
                data["app.provider_id"] = self.app.provider_id
        return data

    @classmethod
    def deserialize(cls, data: JSONObject) -> Provider:
        """Return the provider that :meth:`serialize` described.

        Raises ``ValueError`` for malformed ``data``, and what ``adapter.get_provider()`` raises if
        the provider is unavailable.
        """
        return deserialize_provider(data)


def _clean_fields(fields: CommonFields) -> CommonFields:
    return {
        name: to_text(value) if name in _TEXT_FIELDS else value for name, value in fields.items()
    }


def _clean_email(email: object) -> str | None:
    cleaned = valid_email_or_none(email)
    return cleaned if cleaned and len(cleaned) <= account_settings.EMAIL_MAX_LENGTH else None


def _clean_phone(phone: str | None) -> str | None:
    if not phone:
        return None
    try:
        cleaned: str = get_account_adapter().phone_form_field(required=True).clean(phone)
    except ValidationError:
        return None
    return cleaned
