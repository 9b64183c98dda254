"""The default adapter of the socialaccount app.

A project changes the app by a subclass of :class:`DefaultSocialAccountAdapter`, which the setting
``SOCIALACCOUNT_ADAPTER`` names. Its methods may be ``def`` or ``async def``.
"""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from django.core.exceptions import ImproperlyConfigured, MultipleObjectsReturned
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from allauth import app_settings as allauth_settings
from allauth.account.internal.email_syntax import valid_email_or_none
from allauth.account.internal.finders import filter_users_by_email
from allauth.account.internal.hooks import get_adapter as get_account_adapter
from allauth.account.internal.user_fields import user_email, user_field, user_username
from allauth.core.async_support import call_hook
from allauth.core.internal.adapter import BaseAdapter
from allauth.core.internal.instance_json import deserialize_instance, serialize_instance
from allauth.core.internal.types import JSONObject, TemplateContext
from allauth.socialaccount import app_settings
from allauth.socialaccount.internal.constants import STATE_ID_LENGTH
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.types import CommonFields, State
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.base.provider import Provider

if TYPE_CHECKING:
    from requests import Session

    from allauth.account.forms import BaseSignupForm
    from allauth.core.internal.types import StrOrPromise, User

__all__ = ["DefaultSocialAccountAdapter", "get_adapter"]

ModelT = TypeVar("ModelT", bound=Model)

_APP_FIELDS = ("name", "provider_id", "client_id", "secret", "key")


class DefaultSocialAccountAdapter(BaseAdapter):
    """The default behavior of the socialaccount app."""

    error_messages: ClassVar[dict[str, StrOrPromise]] = {
        "connected_other": _("This third-party account belongs to somebody else here."),
        "disconnect_last": _("This is your only third-party account, and your only way to log in."),
        "email_taken": _(
            "This email address has an account here. Please log in to that one, then connect your"
            " %s account."
        ),
        "invalid_token": _("This token is not valid. Please try again."),
        "no_password": _("Please set a password first, so that you can still log in."),
        "no_verified_email": _(
            "Please verify an email address first, so that you can still log in."
        ),
    }

    # Logins by providers

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Handle a login that the provider confirmed, before any other step.

        May raise ``ImmediateHttpResponse``.
        """

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Provider | str | None,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: TemplateContext | None = None,
    ) -> None:
        """Handle a login that failed; may raise ``ImmediateHttpResponse``.

        Parameters:
            error: One of ``AuthError``.
            extra_context: For the error page; may be changed.
        """
        legacy = getattr(self, "authentication_error", None)
        if legacy is None:
            return
        warnings.warn(
            "The adapter method authentication_error() is deprecated, use"
            " on_authentication_error()",
            stacklevel=2,
        )
        call_hook(
            legacy,
            request,
            getattr(provider, "id", provider),
            error=error,
            exception=exception,
            extra_context=extra_context,
        )

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """Find the one user who has an email address that the provider verified.

        Returns the user and the email address, or ``None``.
        """
        for address in sociallogin.email_addresses:
            if not address.verified:
                continue
            if not self.can_authenticate_by_email(sociallogin, address.email):
                continue
            users = filter_users_by_email(address.email, prefer_verified=True, for_login=True)
            # An address of several users identifies none of them.
            if len(users) == 1:
                return users[0], address.email
        return None

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        """Return whether an email address that the provider verified may log its user in."""
        provider = login.provider or login.account.get_provider()
        app_setting = _get_app_setting(provider, "email_authentication")
        if app_setting is not None:
            return bool(app_setting)
        return bool(
            app_settings.EMAIL_AUTHENTICATION
            or provider.get_settings().get("EMAIL_AUTHENTICATION", False)
        )

    def is_email_verified(self, provider: Provider, email: str) -> bool:
        """Return whether an email address counts as verified even if the provider denies it.

        Raises ``ImproperlyConfigured`` if the setting is neither a bool nor a list of domains.
        """
        setting = _get_app_setting(provider, "verified_email")
        if setting is None:
            setting = provider.get_settings().get("VERIFIED_EMAIL", False)
        if isinstance(setting, bool):
            return setting
        if isinstance(setting, list):
            return email.partition("@")[2].lower() in [domain.lower() for domain in setting]
        raise ImproperlyConfigured("VERIFIED_EMAIL must be a bool or a list of domains.")

    # Sign-up

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Return whether new accounts are accepted; may raise ``ImmediateHttpResponse``."""
        return get_account_adapter().is_open_for_signup(request)

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Return whether an account may be created without showing the sign-up form."""
        return bool(app_settings.AUTO_SIGNUP)

    def new_user(self, request: HttpRequest | None, sociallogin: SocialLogin) -> User:
        """Return the unsaved user of a new account."""
        user: User = get_account_adapter().new_user(cast(HttpRequest, request))
        return user

    def populate_user(
        self, request: HttpRequest | None, sociallogin: SocialLogin, data: CommonFields
    ) -> User:
        """Fill in the new user from the profile, and return the user.

        Parameters:
            data: ``username``, ``email``, ``first_name``, ``last_name`` and ``name``, as far as
                the provider knows them.
        """
        user = sociallogin.user
        first_name, _, last_name = (data.get("name") or "").partition(" ")
        user_username(user, data.get("username") or "")
        user_email(user, valid_email_or_none(data.get("email")) or "")
        user_field(user, "first_name", data.get("first_name") or first_name)
        user_field(user, "last_name", data.get("last_name") or last_name)
        return user

    def save_user(
        self, request: HttpRequest, sociallogin: SocialLogin, form: BaseSignupForm | None = None
    ) -> User:
        """Save a new user with the account, and return the user.

        Parameters:
            form: The sign-up form; ``None`` if none was shown.
        """
        user = sociallogin.user
        user.set_unusable_password()
        account_adapter = get_account_adapter()
        if form is not None:
            account_adapter.save_user(request, user, form)
            if form.cleaned_data.get("phone") not in (None, "", sociallogin.phone):
                # The number that the user entered takes precedence over that of the provider.
                sociallogin.phone = None
        else:
            account_adapter.populate_username(request, user)
        sociallogin.save(request)
        return user

    def get_signup_form_initial_data(self, sociallogin: SocialLogin) -> JSONObject:
        """Return the initial data of the sign-up form."""
        user = sociallogin.user
        emails = [address.email for address in sociallogin.email_addresses]
        return {
            "email": user_email(user) or next(iter(emails), ""),
            "username": user_username(user) or "",
            "first_name": user_field(user, "first_name") or "",
            "last_name": user_field(user, "last_name") or "",
        }

    # Connecting and disconnecting

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:
        """Return the URL to redirect to after connecting an account, if the request names none."""
        if allauth_settings.HEADLESS_ONLY:
            # There is no such page, and the API has its own response.
            return "/"
        return reverse("socialaccount_connections")

    def validate_disconnect(
        self, account: SocialAccount, accounts: QuerySet[SocialAccount]
    ) -> None:
        """Raise ``ValidationError`` if ``account`` must not be disconnected.

        Parameters:
            accounts: All accounts of the user, including ``account``.
        """

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Notify the user of a change to the accounts; see the account adapter."""
        get_account_adapter().send_notification_mail(*args, **kwargs)

    # Apps and providers

    def list_providers(self, request: HttpRequest | None) -> list[Provider]:
        """Return one provider for each app, and the providers that need none."""
        apps: dict[str, list[SocialApp]] = {}
        for app in self.list_apps(request):
            apps.setdefault(app.provider, []).append(app)
        found: list[Provider] = []
        for provider_class in registry.get_class_list():
            if provider_class.uses_apps:
                found += [
                    provider_class(request=request, app=app)
                    for app in apps.get(provider_class.id, ())
                ]
            else:
                found.append(provider_class(request=request))
        return found

    def get_provider(
        self, request: HttpRequest | None, provider: str, client_id: str | None = None
    ) -> Provider:
        """Return the provider with this id, or whose app has it as ``provider_id``.

        Raises what :meth:`get_app` raises, and ``ImproperlyConfigured`` if there is an app but no
        such provider.
        """
        provider_class = registry.get_class(provider)
        if provider_class is not None and not provider_class.uses_apps:
            return provider_class(request=request)
        app = self.get_app(request, provider=provider, client_id=client_id)
        provider_class = provider_class or registry.get_class(app.provider)
        if provider_class is None:
            raise ImproperlyConfigured(f"There is no provider {app.provider!r}.")
        return provider_class(request=request, app=app)

    def list_apps(
        self,
        request: HttpRequest | None,
        provider: str | None = None,
        client_id: str | None = None,
    ) -> list[SocialApp]:
        """Return the apps of the current site and of the settings.

        The apps of one provider are next to each other, stored ones first.

        Parameters:
            provider: Only apps of this provider, or with this ``provider_id``.
            client_id: Only apps with this client id.
        """
        grouped: dict[str, list[SocialApp]] = {}
        for app in _list_stored_apps(request):
            if _is_match(app, provider, client_id):
                grouped.setdefault(app.provider, []).append(app)
        configured = _build_apps_from_settings(provider=provider, client_id=client_id)
        for provider_id, apps in configured.items():
            grouped.setdefault(provider_id, []).extend(apps)
        return [app for apps in grouped.values() for app in apps]

    def get_app(
        self, request: HttpRequest | None, provider: str, client_id: str | None = None
    ) -> SocialApp:
        """Return the one app that matches; of several, the one that is not hidden.

        Raises ``SocialApp.DoesNotExist`` and ``MultipleObjectsReturned``.
        """
        apps = self.list_apps(request, provider=provider, client_id=client_id)
        if len(apps) > 1:
            visible = [app for app in apps if not (app.settings or {}).get("hidden")]
            if len(visible) != 1:
                raise MultipleObjectsReturned(f"There are {len(apps)} apps for {provider!r}.")
            apps = visible
        if not apps:
            raise SocialApp.DoesNotExist(f"There is no app for {provider!r}.")
        return apps[0]

    def get_requests_session(self) -> Session:
        """Return the HTTP session for requests to providers, as a context manager.

        Each request times out after ``SOCIALACCOUNT_REQUESTS_TIMEOUT`` seconds.
        """
        from allauth.core.internal.http import build_session

        return build_session(timeout=app_settings.REQUESTS_TIMEOUT)

    # The session

    def serialize_instance(self, instance: Model) -> JSONObject:
        """Return the fields of a model instance, saved or not, as JSON."""
        return serialize_instance(instance)

    def deserialize_instance(self, model: type[ModelT], data: JSONObject) -> ModelT:
        """Return the instance that :meth:`serialize_instance` described."""
        return deserialize_instance(model, data)

    def generate_state_param(self, state: State) -> str:
        """Return a random id for ``state``, which the provider sends back."""
        return get_random_string(STATE_ID_LENGTH)


def _get_app_setting(provider: Provider, name: str) -> object:
    return (provider.app.settings or {}).get(name) if provider.app is not None else None


def _list_stored_apps(request: HttpRequest | None) -> list[SocialApp]:
    """Return the apps in the database, which are queried once per request."""
    if not request:
        return list(SocialApp.objects.all())
    cache = getattr(request, "allauth", None)
    apps: list[SocialApp] | None = getattr(cache, "social_apps", None)
    if not isinstance(apps, list):  # nothing yet, or what a mock makes up
        apps = list(SocialApp.objects.on_site(request))
        if cache is not None:
            cache.social_apps = apps
    return apps


@sensitive_variables()
def _build_apps_from_settings(
    *, provider: str | None = None, client_id: str | None = None
) -> dict[str, list[SocialApp]]:
    """Return the apps of ``SOCIALACCOUNT_PROVIDERS``, unsaved, by provider."""
    apps: dict[str, list[SocialApp]] = {}
    for provider_id, config in app_settings.PROVIDERS.items():
        app_configs = config.get("APPS")
        if app_configs is None:
            app_config = config.get("APP")
            app_configs = [] if app_config is None else [app_config]
        for app_config in app_configs:
            app = _build_app(provider_id, app_config)
            if _is_match(app, provider, client_id):
                apps.setdefault(provider_id, []).append(app)
    return apps


def _build_app(provider_id: str, config: JSONObject) -> SocialApp:
    app = SocialApp(provider=provider_id)
    for name in _APP_FIELDS:
        if name in config:
            setattr(app, name, config[name])
    # A copy, so that no request changes the settings.
    app.settings = copy.deepcopy(config.get("settings", {}))
    if "certificate_key" in config:
        warnings.warn(
            "certificate_key is deprecated as a key of an app, move it to its settings",
            DeprecationWarning,
            stacklevel=2,
        )
        app.settings["certificate_key"] = config["certificate_key"]
    return app


def _is_match(app: SocialApp, provider: str | None, client_id: str | None) -> bool:
    if provider is not None and provider not in (app.provider, app.provider_id):
        return False
    return client_id is None or app.client_id == client_id
