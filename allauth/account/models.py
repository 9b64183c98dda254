"""Email addresses, their confirmations, and pending logins."""

from __future__ import annotations

import hashlib
import time
from datetime import timedelta
from types import UnionType
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import signing
from django.core.cache import cache
from django.db import IntegrityError, connections, models, router, transaction
from django.db.models import F, Q, UniqueConstraint
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from allauth.account import app_settings
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.user_fields import (
    find_user,
    url_str_to_user_pk,
    user_email,
    user_pk_to_url_str,
)
from allauth.account.managers import EmailAddressManager, EmailConfirmationManager
from allauth.core import context
from allauth.core.async_support import awaitable_method
from allauth.core.internal import extensions

if TYPE_CHECKING:
    from typing import Self

    from allauth.core.internal.types import JSONObject, SessionState, SignalArguments, User


def _is_unique_email() -> bool:
    return bool(app_settings.UNIQUE_EMAIL)


class EmailAddress(models.Model):
    """An email address of a user, stored in lower case."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE
    )
    email = models.EmailField(
        verbose_name=_("email address"), db_index=True, max_length=app_settings.EMAIL_MAX_LENGTH
    )
    verified = models.BooleanField(verbose_name=_("verified"), default=False)
    primary = models.BooleanField(verbose_name=_("primary"), default=False)

    objects: ClassVar[EmailAddressManager] = EmailAddressManager()

    class Meta:
        verbose_name = _("email address")
        verbose_name_plural = _("email addresses")
        unique_together = [("user", "email")]
        constraints = [
            UniqueConstraint(
                fields=["user", "primary"],
                name="unique_primary_email",
                condition=Q(primary=True),
            )
        ]
        if _is_unique_email():
            constraints.append(
                UniqueConstraint(
                    fields=["email"], name="unique_verified_email", condition=Q(verified=True)
                )
            )

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        """Convert the address to lower case."""
        super().clean()
        self.email = self.email.lower()

    def can_set_verified(self) -> bool:
        """Return whether the address may be verified: no other account has verified it."""
        if self.verified or not app_settings.UNIQUE_EMAIL:
            return True
        others = EmailAddress.objects.filter(email=self.email, verified=True)
        return not others.exclude(pk=self.pk).exists()

    def set_verified(self, commit: bool = True) -> bool:
        """Mark the address as verified, unless another account has verified it.

        Returns whether it is verified now. Of two accounts in parallel requests one succeeds.
        """
        if self.verified:
            return True
        if not commit:
            self.verified = self.can_set_verified()
            return self.verified
        try:
            with transaction.atomic():
                lock_addresses(self.user_id, self.email)
                self.verified = self.can_set_verified()
                if self.verified:
                    self.save(update_fields=["verified"])
        except IntegrityError:
            self.verified = False
        return self.verified

    def set_as_primary(self, conditional: bool = False) -> bool:
        """Make this the primary address, and the one of the user model.

        With ``conditional``, an existing primary address is kept.

        Returns whether this one is primary now.
        """
        try:
            with transaction.atomic():
                lock_addresses(self.user_id)
                if self.pk is not None and not EmailAddress.objects.filter(pk=self.pk).exists():
                    # A parallel request removed it.
                    return False
                return self.replace_primary(conditional)
        except IntegrityError:
            # A parallel request made another address primary.
            self.primary = False
            return False

    def replace_primary(self, conditional: bool = False) -> bool:
        """Do what :meth:`set_as_primary` does, in a transaction that has locked the addresses."""
        former = EmailAddress.objects.get_primary(self.user)
        if former is not None:
            if conditional:
                return False
            if former.pk != self.pk:
                former.primary = False
                former.save(update_fields=["primary"])
        self.primary = True
        self.save()
        # Only this column, so that parallel changes to the user are kept.
        user_email(self.user, self.email, commit=True)
        return self.primary

    def send_confirmation(
        self, request: HttpRequest | None = None, signup: bool = False
    ) -> EmailConfirmation | EmailConfirmationHMAC:
        """Send a link that verifies the address, without limit and signal.

        Raises ``NotImplementedError`` if addresses are verified by code.
        """
        confirmation = get_emailconfirmation_model().create(self)
        confirmation.send(request, signup=signup)
        return confirmation

    def remove(self) -> None:
        """Delete the address; the user model gets another address of the user, or none."""
        with transaction.atomic():
            self.delete()
            if user_email(self.user) == self.email.lower():
                others = EmailAddress.objects.filter(user=self.user)
                other = others.order_by("-verified", "-primary", "pk").first()
                user_email(self.user, other.email if other else "", commit=True)

    aset_verified = awaitable_method(set_verified)
    acan_set_verified = awaitable_method(can_set_verified)
    aset_as_primary = awaitable_method(set_as_primary)
    asend_confirmation = awaitable_method(send_confirmation)
    aremove = awaitable_method(remove)


def lock_addresses(user_id: Any, email: str | None = None) -> None:
    """Lock the email addresses of a user against other transactions that call this.

    The caller has to do this first in its transaction. Only one transaction at a time can then
    change the addresses of the user and, with ``email``, verify that address. Constraints do not
    suffice: MySQL and MariaDB have no partial ones.
    """
    database = router.db_for_write(EmailAddress)
    rows = EmailAddress.objects.using(database)
    if not connections[database].features.has_select_for_update:
        # SQLite locks the whole database at the first write, which may fail after a read.
        rows.filter(user_id=user_id).update(primary=F("primary"))
        return
    users = get_user_model()._base_manager.using(database).select_for_update()
    list(users.filter(pk=user_id).values_list("pk"))
    if email is not None:
        # The order prevents deadlocks between two transactions.
        list(rows.select_for_update().filter(email=email).order_by("pk").values_list("pk"))


class EmailConfirmationMixin:
    """The base of stored and signed confirmations."""

    email_address: Any
    key: Any

    def confirm(self, request: HttpRequest) -> EmailAddress | None:
        """Verify the email address; return ``None`` if it was verified before or cannot be."""
        address: EmailAddress = self.email_address
        if address.verified:
            return None
        return address if get_adapter().confirm_email(request, address) else None

    @sensitive_variables()
    def send(self, request: HttpRequest | None = None, signup: bool = False) -> None:
        """Send the link."""
        get_adapter().send_confirmation_mail(request or context.request, self, signup)

    aconfirm = awaitable_method(confirm)
    asend = awaitable_method(send)


class EmailConfirmation(EmailConfirmationMixin, models.Model):
    """A stored confirmation, used if ``ACCOUNT_EMAIL_CONFIRMATION_HMAC`` is off."""

    email_address = models.ForeignKey(
        EmailAddress, verbose_name=_("email address"), on_delete=models.CASCADE
    )
    created = models.DateTimeField(verbose_name=_("created"), default=timezone.now)
    sent = models.DateTimeField(verbose_name=_("sent"), null=True)
    key = models.CharField(verbose_name=_("key"), max_length=64, unique=True)

    objects: ClassVar[EmailConfirmationManager] = EmailConfirmationManager()

    class Meta:
        verbose_name = _("email confirmation")
        verbose_name_plural = _("email confirmations")

    def __str__(self) -> str:
        return f"confirmation for {self.email_address}"

    @classmethod
    @sensitive_variables()
    def create(cls, email_address: EmailAddress) -> EmailConfirmation:
        """Store a new confirmation for the email address."""
        key = get_adapter().generate_emailconfirmation_key(email_address.email)
        return cls._default_manager.create(email_address=email_address, key=key)

    @classmethod
    @sensitive_variables()
    def from_key(cls, key: str) -> EmailConfirmation | None:
        """Return the valid confirmation with this key, in upper or lower case."""
        valid = EmailConfirmation.objects.all_valid().select_related("email_address__user")
        return valid.filter(key=key.lower(), sent__isnull=False).first()

    def key_expired(self) -> bool:
        """Return whether the key has expired or was never sent."""
        if self.sent is None:
            return True
        lifetime = timedelta(days=app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS)
        return self.sent + lifetime <= timezone.now()

    key_expired.boolean = True  # type: ignore[attr-defined]

    def confirm(self, request: HttpRequest) -> EmailAddress | None:
        """Verify the email address; return ``None`` if the key expired or it cannot be verified."""
        return None if self.key_expired() else super().confirm(request)

    @sensitive_variables()
    def send(self, request: HttpRequest | None = None, signup: bool = False) -> None:
        """Send the link; the lifetime of the key begins now."""
        super().send(request, signup)
        self.sent = timezone.now()
        self.save()

    afrom_key = classmethod(awaitable_method(from_key.__func__))  # type: ignore[attr-defined]
    acreate = classmethod(awaitable_method(create.__func__))  # type: ignore[attr-defined]


class EmailConfirmationHMAC(EmailConfirmationMixin):
    """A confirmation that is not stored: its key is the signed id of the email address."""

    def __init__(self, email_address: EmailAddress) -> None:
        self.email_address = email_address

    @cached_property
    def key(self) -> str:
        """The key for the link; its lifetime begins now."""
        return signing.dumps(obj=self.email_address.pk, salt=app_settings.SALT)

    @classmethod
    def create(cls, email_address: EmailAddress) -> Self:
        """Return a confirmation for the email address."""
        return cls(email_address)

    @classmethod
    @sensitive_variables()
    def from_key(cls, key: str) -> EmailConfirmationHMAC | None:
        """Return the valid confirmation with this key.

        The key is that of the published release, the id of a row. The email address to which it was
        sent is therefore remembered separately: the key is void once the row holds another address.
        """
        lifetime = 60 * 60 * 24 * app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS
        try:
            pk = signing.loads(key, max_age=lifetime, salt=app_settings.SALT)
            unverified = EmailAddress.objects.filter(verified=False).select_related("user")
            address = unverified.filter(pk=pk).first()
        except (signing.SignatureExpired, signing.BadSignature, ValueError, TypeError):
            return None
        if address is None or not _was_sent_to(key, address):
            return None
        return cls(address)

    def key_expired(self) -> bool:
        """Return ``False``: :meth:`from_key` returns no expired confirmation."""
        return False

    @sensitive_variables()
    def send(self, request: HttpRequest | None = None, signup: bool = False) -> None:
        """Send the link."""
        lifetime = 60 * 60 * 24 * app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS
        cache.set(
            _recipient_cache_key(self.key), _digest(self.email_address.email), timeout=lifetime
        )
        super().send(request, signup)

    afrom_key = classmethod(awaitable_method(from_key.__func__))  # type: ignore[attr-defined]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _recipient_cache_key(key: str) -> str:
    return f"allauth:account:confirmation:{_digest(key)}"


def _was_sent_to(key: str, address: EmailAddress) -> bool:
    recipient = cache.get(_recipient_cache_key(key))
    return recipient is None or constant_time_compare(recipient, _digest(address.email))


def get_emailconfirmation_model() -> type[EmailConfirmation] | type[EmailConfirmationHMAC]:
    """Return the kind of confirmation in use.

    Raises ``NotImplementedError`` if email addresses are verified by code.
    """
    if app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED:
        raise NotImplementedError("Addresses are verified by code, not by link.")
    return EmailConfirmationHMAC if app_settings.EMAIL_CONFIRMATION_HMAC else EmailConfirmation


class Login:
    """A pending login, which the session stores while a stage waits for the user.

    Parameters:
        user: The user who logs in; ``None`` for a pretended login, which hides whether an account
            exists.
        email_verification: The degree to which the email address has to be verified.
        redirect_url: The URL to redirect to after the login.
        signal_kwargs: Further arguments of ``user_signed_up`` and ``user_logged_in``.
        signup: Whether the account was just made.
        email: The email address with which the login was begun.
        state: The data of the stages.
        initiated_at: The time at which the login was begun, in seconds since the epoch.
        phone: The phone number with which the login was begun.
    """

    def __init__(
        self,
        user: User | None = None,
        email_verification: str | None = None,
        redirect_url: str | None = None,
        signal_kwargs: SignalArguments | None = None,
        signup: bool = False,
        email: str | None = None,
        state: SessionState | None = None,
        initiated_at: float | None = None,
        phone: str | None = None,
    ) -> None:
        self.user = user
        self.email_verification = email_verification or app_settings.EMAIL_VERIFICATION
        self.redirect_url = redirect_url
        self.signal_kwargs = signal_kwargs
        self.signup = signup
        self.email = email
        self.state: SessionState = {} if state is None else state
        self.initiated_at = initiated_at or time.time()
        self.phone = phone

    @sensitive_variables()
    def serialize(self) -> JSONObject:
        """Return the login as JSON for the session; :meth:`deserialize` reads it."""
        signal_kwargs = self.signal_kwargs
        if signal_kwargs:
            signal_kwargs = {
                name: value.serialize() if hasattr(value, "serialize") else value
                for name, value in signal_kwargs.items()
            }
        return {
            "user_pk": user_pk_to_url_str(self.user) if self.user else None,
            "email_verification": self.email_verification,
            "signup": self.signup,
            "redirect_url": self.redirect_url,
            "email": self.email,
            "phone": self.phone,
            "signal_kwargs": signal_kwargs,
            "state": self.state,
            "initiated_at": self.initiated_at,
        }

    @classmethod
    @sensitive_variables()
    def deserialize(cls, data: JSONObject) -> Login:
        """Return a login from the JSON of :meth:`serialize`.

        The user is ``None`` if it was deleted.

        Raises ``ValueError`` for malformed JSON.
        """
        try:
            _check_types(data)
            pk = data["user_pk"]
            login = cls(
                email_verification=data["email_verification"],
                redirect_url=data["redirect_url"],
                signal_kwargs=_deserialize_signal_kwargs(data["signal_kwargs"]),
                signup=data["signup"],
                email=data["email"],
                state=data["state"],
                initiated_at=float(data["initiated_at"]),
                phone=data["phone"],
            )
            login.user = None if pk is None else _get_user(pk)
        except (KeyError, TypeError) as error:
            raise ValueError("Malformed login.") from error
        return login


_STORED_TYPES: dict[str, type | UnionType] = {
    "user_pk": str | None,
    "email_verification": str,
    "redirect_url": str | None,
    "signal_kwargs": dict | None,
    "signup": bool,
    "email": str | None,
    "state": dict,
    "initiated_at": int | float,
    "phone": str | None,
}


def _check_types(data: JSONObject) -> None:
    for name, kind in _STORED_TYPES.items():
        if not isinstance(data[name], kind):
            raise TypeError(name)


def _deserialize_signal_kwargs(data: JSONObject | None) -> SignalArguments | None:
    if not data:
        return data
    readers = dict(extensions.signal_argument_readers.items())
    return {
        name: readers[name](value) if name in readers and value is not None else value
        for name, value in data.items()
    }


def _get_user(url_str: str) -> User | None:
    return find_user(url_str_to_user_pk(url_str))
