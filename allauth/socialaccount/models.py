"""Models for apps, accounts and tokens at providers, and the login by a provider."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, authenticate, get_user_model
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import DatabaseError, models, transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from allauth import app_settings as allauth_settings
from allauth.account.internal.addresses import setup_user_email
from allauth.account.internal.hooks import get_adapter as get_account_adapter
from allauth.account.internal.user_fields import find_user
from allauth.account.models import EmailAddress, lock_addresses
from allauth.core import context
from allauth.core.async_support import awaitable_method
from allauth.core.internal.types import JSONObject
from allauth.socialaccount import app_settings, providers, signals
from allauth.socialaccount.internal.display import socialaccount_user_display
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.sealing import seal, unseal
from allauth.socialaccount.internal.types import State
from allauth.socialaccount.providers.base.account import ProviderAccount
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.base.exceptions import PROVIDER_UNAVAILABLE

if TYPE_CHECKING:
    from typing import Self

    from django.contrib.auth.base_user import AbstractBaseUser

    from allauth.core.internal.types import User
    from allauth.socialaccount.providers.base.provider import Provider

if not apps.is_installed("allauth.socialaccount"):
    raise ImproperlyConfigured("Add 'allauth.socialaccount' to INSTALLED_APPS.")


class SocialAppManager(models.Manager["SocialApp"]):
    """The manager of apps."""

    def on_site(self, request: HttpRequest | None) -> QuerySet[SocialApp]:
        """Return the apps of the current site; all apps without the sites framework."""
        if not allauth_settings.SITES_ENABLED:
            return self.all()
        return self.filter(sites__id=get_current_site(request).id)  # type: ignore[union-attr]


class SocialApp(models.Model):
    """An app: the credentials of the site at a provider."""

    provider = models.CharField(verbose_name=_("provider"), max_length=30)
    # Distinguishes the apps of a provider class that stands for several providers, such as OpenID
    # Connect.
    provider_id = models.CharField(verbose_name=_("provider ID"), max_length=200, blank=True)
    name = models.CharField(verbose_name=_("name"), max_length=40)
    client_id = models.CharField(
        verbose_name=_("client id"),
        max_length=191,
        help_text=_("What the provider calls this site: client id, app id or consumer key"),
    )
    secret = models.CharField(
        verbose_name=_("secret key"),
        max_length=191,
        blank=True,
        help_text=_("What proves that it is this site: API, client or consumer secret"),
    )
    key = models.CharField(
        verbose_name=_("key"),
        max_length=191,
        blank=True,
        help_text=_("A further key, for providers that have one"),
    )
    settings = models.JSONField(default=dict, blank=True)

    if allauth_settings.SITES_ENABLED:
        # Without a site the app is not in use.
        sites = models.ManyToManyField("sites.Site", blank=True)

    objects: ClassVar[SocialAppManager] = SocialAppManager()

    class Meta:
        verbose_name = _("social application")
        verbose_name_plural = _("social applications")

    def __str__(self) -> str:
        return self.name

    def get_provider(self, request: HttpRequest | None) -> Provider:
        """Return the provider that uses this app.

        Raises ``ImproperlyConfigured`` if no installed app is that provider.
        """
        provider_class = providers.registry.get_class(self.provider)
        if provider_class is None:
            raise ImproperlyConfigured(f"There is no provider {self.provider!r}.")
        return provider_class(request=request, app=self)


class SocialAccount(models.Model):
    """An account at a provider that belongs to a user."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    # The ``sub_id`` of the provider.
    provider = models.CharField(verbose_name=_("provider"), max_length=200)
    uid = models.CharField(verbose_name=_("uid"), max_length=app_settings.UID_MAX_LENGTH)
    last_login = models.DateTimeField(verbose_name=_("last login"), auto_now=True)
    date_joined = models.DateTimeField(verbose_name=_("date joined"), auto_now_add=True)
    extra_data = models.JSONField(verbose_name=_("extra data"), default=dict)

    _provider: Provider | None = None

    class Meta:
        verbose_name_plural = _("social accounts")
        verbose_name = _("social account")
        unique_together = ("provider", "uid")

    def __str__(self) -> str:
        return force_str(socialaccount_user_display(self))

    def authenticate(self) -> User | None:
        """Return the user of the account, as the authentication backends see it."""
        return authenticate(account=self)

    def get_provider(self, request: HttpRequest | None = None) -> Provider:
        """Return the provider of the account.

        Raises ``SocialApp.DoesNotExist`` or ``MultipleObjectsReturned`` if there is not exactly
        one app, and ``ImproperlyConfigured`` if the provider is not installed.
        """
        if self._provider is None:
            self._provider = get_adapter().get_provider(
                request or context.request, provider=self.provider
            )
        return self._provider

    def get_provider_account(self) -> ProviderAccount:
        """Return the account for display; a generic one if the provider is unavailable."""
        try:
            return self.get_provider().wrap_account(self)
        except PROVIDER_UNAVAILABLE:
            return ProviderAccount(self)

    def get_profile_url(self) -> str | None:
        """Return the URL of the page of the account at the provider."""
        return _web_url_or_none(self.get_provider_account().get_profile_url())

    def get_avatar_url(self) -> str | None:
        """Return the URL of the picture of the account."""
        return _web_url_or_none(self.get_provider_account().get_avatar_url())

    aget_provider = awaitable_method(get_provider)
    aget_provider_account = awaitable_method(get_provider_account)


def _web_url_or_none(url: object) -> str | None:
    """Return ``url`` if its scheme is that of the web: users can write anything into a profile."""
    if not isinstance(url, str):
        return None
    try:
        return url if urlsplit(url).scheme in ("http", "https") else None
    except ValueError:
        return None


class SocialToken(models.Model):
    """A token of an account: it lets the site act for the owner at the provider."""

    app = models.ForeignKey(SocialApp, on_delete=models.SET_NULL, blank=True, null=True)
    account = models.ForeignKey(SocialAccount, on_delete=models.CASCADE)
    token = models.TextField(
        verbose_name=_("token"), help_text=_("The access token, of OAuth 1 or OAuth 2")
    )
    token_secret = models.TextField(
        verbose_name=_("token secret"),
        blank=True,
        help_text=_("The secret of an OAuth 1 token, or the refresh token of OAuth 2"),
    )
    expires_at = models.DateTimeField(verbose_name=_("expires at"), blank=True, null=True)

    class Meta:
        verbose_name_plural = _("social application tokens")
        verbose_name = _("social application token")
        unique_together = ("app", "account")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} ({self.pk})"


class SocialLogin:
    """A login by a provider that is not completed yet.

    Parameters:
        user: The owner of the account, or an unsaved user made of the profile.
        account: The account at the provider, unsaved if it is unknown.
        token: The token of the account, unsaved.
        email_addresses: The email addresses of the profile, unsaved, the best one first.
        provider: The provider.
        phone: The phone number of the profile.
        phone_verified: Whether the provider verified the phone number.

    Attributes:
        state: The state that was stashed before the redirect to the provider.
    """

    def __init__(
        self,
        user: User | None = None,
        account: SocialAccount | None = None,
        token: SocialToken | None = None,
        email_addresses: list[EmailAddress] | None = None,
        provider: Provider | None = None,
        phone: str | None = None,
        phone_verified: bool = False,
    ) -> None:
        # Not optional for type checkers: all flows need both.
        self.user: User = user  # type: ignore[assignment]
        self.account: SocialAccount = account  # type: ignore[assignment]
        self.token = token
        self.email_addresses = [] if email_addresses is None else email_addresses
        self.provider = provider
        self.phone = phone
        self.phone_verified = phone_verified
        self.state: State = {}
        self._matched_email: str | None = None
        self._found_user: User | None = None
        self._password_read: str | None = None

    @property
    def is_headless(self) -> bool:
        """True if the login began in the JSON API."""
        return bool(self.state.get("headless"))

    @property
    def is_existing(self) -> bool:
        """True if ``user`` is stored; one query, unless :meth:`lookup` found the user."""
        if self.user is None or self.user.pk is None:
            return False
        if self.user is self._found_user:
            return True
        return get_user_model()._default_manager.filter(pk=self.user.pk).exists()

    def get_redirect_url(self, request: HttpRequest) -> str | None:
        """Return the URL to redirect to after the login, if the state has one."""
        return self.state.get("next")

    # Finding the user

    def lookup(self) -> None:
        """Find the user by the account or, where that is allowed, by an email address.

        The stored data of a known account are refreshed, unless another user than its owner is
        about to connect it.
        """
        if self.is_existing:
            raise AssertionError("The user has been found already.")
        self._matched_email = None
        if self._lookup_by_account():
            return
        # The user of a connected account is the one who is logged in.
        if self.state.get("process") not in (AuthProcess.CONNECT, AuthProcess.REDIRECT):
            self._lookup_by_email()

    def _lookup_by_account(self) -> bool:
        stored = find_account(self.account)
        if stored is None:
            return False
        former = self.account, self.user
        extra_data = self.account.extra_data
        self.account = stored
        self.user = self._found_user = stored.user
        if self._belongs_to_other_user():
            return True
        stored.extra_data = extra_data
        if not _update_account(stored):
            self.account, self.user = former
            return False
        self._remember_password()
        signals.social_account_updated.send(
            sender=SocialLogin, request=context.request, sociallogin=self
        )
        self._store_token()
        return True

    def _belongs_to_other_user(self) -> bool:
        """Return whether the account belongs to another user than the one who connects it."""
        if self.state.get("process") not in (AuthProcess.CONNECT, AuthProcess.REDIRECT):
            return False
        user = getattr(context.request, "user", None)
        return user is not None and user.is_authenticated and user.pk != self.account.user_id

    def _lookup_by_email(self) -> None:
        match = get_adapter().authenticate_by_email(self)
        if match:
            self.user, self._matched_email = match
            self._remember_password()

    def _remember_password(self) -> None:
        """Remember the password hash as it was read, to recognize one that is set later."""
        self._password_read = getattr(self.user, "password", None)

    def _refresh_password(self) -> None:
        """Reload the password hash, which another request may have changed, unless it is new."""
        if self._password_read is not None and self.user.password == self._password_read:
            self.user.refresh_from_db(fields=["password"])

    # Storing

    def connect(self, request: HttpRequest, user: User) -> None:
        """Store the account as one of ``user``, and notify the user.

        Raises ``IntegrityError`` if the account is connected already.
        """
        self.user = user
        self.save(request, connect=True)
        signals.social_account_added.send(sender=SocialLogin, request=request, sociallogin=self)
        get_adapter().send_notification_mail(
            "socialaccount/email/account_connected",
            user,
            context={
                "account": self.account,
                "provider": self.provider or self.account.get_provider(request),
            },
        )

    def save(self, request: HttpRequest, connect: bool = False) -> None:
        """Store user, account and token in one transaction.

        The email addresses and the phone number of a new user are stored as well.

        Parameters:
            connect: Whether the account is added to a user who is stored already.

        Raises ``PermissionDenied`` if ``connect`` is set, the user is that of the request, and the
        session has been revoked since the request began.
        """
        with transaction.atomic():
            if connect:
                lock_addresses(self.user.pk)
                _require_unchanged_password(request, self.user)
                self._refresh_password()
            self.user.save()
            self.account.user = self.user
            self.account.save()
            self._store_token()
            if not connect:
                setup_user_email(request, self.user, self.email_addresses)
            self._store_phone(connect)

    def _store_phone(self, connect: bool) -> None:
        adapter = get_account_adapter()
        if not self.phone or not adapter._has_phone_impl:
            return
        owner = adapter.get_user_by_phone(self.phone)
        if owner is not None and owner.pk != self.user.pk:
            return
        if not connect or adapter.get_phone(self.user) is None:
            adapter.set_phone(self.user, self.phone, self.phone_verified)

    @sensitive_variables()
    def _store_token(self) -> None:
        if not app_settings.STORE_TOKENS or self.token is None:
            return
        token = self.token
        if token.app_id is None:
            # An app of the settings has no row to refer to.
            token.app = None
        with transaction.atomic():
            # No constraint prevents two tokens without an app. The update locks the account.
            if not SocialAccount.objects.filter(pk=self.account.pk).update(uid=F("uid")):
                return
            stored = SocialToken.objects.filter(
                account_id=self.account.pk, app_id=token.app_id
            ).first()
            if stored is not None:
                stored.token = token.token
                # Many providers send the refresh token once only.
                stored.token_secret = token.token_secret or stored.token_secret
                stored.expires_at = token.expires_at
                token = self.token = stored
            token.account = self.account
            token.save()

    # The session

    @sensitive_variables()
    def serialize(self) -> JSONObject:
        """Return the login as JSON, which :meth:`deserialize` reads.

        The password of a stored user is omitted, and the token is encrypted.
        """
        adapter = get_adapter()
        provider = self.provider or self.account.get_provider()
        data = {
            "provider": provider.serialize(),
            "account": adapter.serialize_instance(self.account),
            "user": _serialize_user(self.user),
            "state": self.state,
            "email_addresses": [
                adapter.serialize_instance(address) for address in self.email_addresses
            ],
            "phone": self.phone,
            "phone_verified": self.phone_verified,
        }
        if self.token is not None:
            data["sealed_token"] = seal(adapter.serialize_instance(self.token))
        return data

    @classmethod
    @sensitive_variables()
    def deserialize(cls, data: JSONObject) -> Self:
        """Return the login that :meth:`serialize`, of this or the published release, described.

        Raises ``ValueError`` for malformed ``data``, and what ``adapter.get_provider()`` raises if
        the provider is unavailable.
        """
        adapter = get_adapter()
        try:
            provider = deserialize_provider(data["provider"])
            token = _get_token_data(data)
            sociallogin = cls(
                provider=provider,
                account=adapter.deserialize_instance(SocialAccount, data["account"]),
                user=_deserialize_user(data["user"]),
                email_addresses=[
                    adapter.deserialize_instance(EmailAddress, address)
                    for address in data["email_addresses"]
                ],
                phone=data.get("phone"),
                phone_verified=data.get("phone_verified", False),
                token=adapter.deserialize_instance(SocialToken, token) if token else None,
            )
            sociallogin.state = dict(data["state"])
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError("Malformed login.") from error
        return sociallogin

    alookup = awaitable_method(lookup)
    aconnect = awaitable_method(connect)
    asave = awaitable_method(save)


def disconnect_all(user: AbstractBaseUser) -> None:
    """Delete all third-party accounts of ``user``, with their tokens."""
    accounts = SocialAccount.objects.filter(user_id=user.pk)
    with transaction.atomic():
        # The update locks the accounts, so that no token is stored while they are deleted.
        accounts.update(uid=F("uid"))
        accounts.delete()


def _update_account(account: SocialAccount) -> bool:
    """Store the data of the account; return ``False`` if the account has been deleted."""
    try:
        account.save(update_fields=["extra_data", "last_login"])
    except DatabaseError:
        if SocialAccount.objects.filter(pk=account.pk).exists():
            raise
        return False
    return True


@sensitive_variables("session_hash")
def _require_unchanged_password(request: HttpRequest | None, user: User) -> None:
    """Raise ``PermissionDenied`` if the password of the request's user has been changed.

    A takeover revokes all credentials of the user. A session from before the takeover must neither
    add a credential nor store outdated fields of the user.
    """
    current = getattr(request, "user", None)
    if current is None or not current.is_authenticated or current.pk != user.pk:
        return
    session_hash = request.session.get(HASH_SESSION_KEY)  # type: ignore[union-attr]
    stored = get_user_model()._base_manager.get(pk=user.pk)
    if session_hash and not constant_time_compare(session_hash, stored.get_session_auth_hash()):
        raise PermissionDenied


def deserialize_provider(data: object) -> Provider:
    """Return the provider that ``Provider.serialize()`` described.

    Raises ``ValueError`` for malformed ``data``, and what ``adapter.get_provider()`` raises if the
    provider is unavailable.
    """
    if not isinstance(data, dict) or not isinstance(data.get("id"), str):
        raise ValueError("Malformed provider.")
    return get_adapter().get_provider(
        context.request,
        provider=data.get("app.provider_id") or data["id"],
        client_id=data.get("app.client_id"),
    )


@sensitive_variables("data")
def read_sociallogin(data: JSONObject) -> SocialLogin:
    """Return the login that a session holds.

    Raises ``ValueError`` if ``data`` is malformed, or if the provider is unavailable.
    """
    try:
        return SocialLogin.deserialize(data)
    except PROVIDER_UNAVAILABLE as error:
        raise ValueError("The provider of this login is gone.") from error


def find_account(account: SocialAccount) -> SocialAccount | None:
    """Return the stored row of an account, with its user.

    A database may compare ids regardless of case, so the id is compared again.
    """
    rows = SocialAccount.objects.filter(provider=account.provider, uid=account.uid)
    stored = rows.select_related("user").first()
    return stored if stored is not None and stored.uid == account.uid else None


def _serialize_user(user: User) -> JSONObject:
    # ``request.user`` is a lazy object; copying it gives the user itself.
    is_stored = not user._state.adding
    data = get_adapter().serialize_instance(copy.copy(user))
    if is_stored:
        data.pop("password", None)
    return data


def _deserialize_user(data: JSONObject) -> User:
    """Return the stored user or, if there is none, the unsaved user in ``data``."""
    model = get_user_model()
    pk = data.get(model._meta.pk.attname)
    stored = None
    if pk is not None:
        stored = find_user(pk)
    return stored or get_adapter().deserialize_instance(model, data)


def _get_token_data(data: JSONObject) -> JSONObject | None:
    """Return the fields of the token, which the published release does not encrypt."""
    if "sealed_token" in data:
        return unseal(data["sealed_token"])
    return data.get("token")
