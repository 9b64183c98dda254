"""Connecting and disconnecting of accounts of the user who is logged in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest

from allauth import app_settings as allauth_settings
from allauth.account import app_settings as account_settings
from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.internal.flows import reauthentication
from allauth.account.internal.flows.reauthentication import (
    is_reauthentication_required,
    raise_if_reauthentication_required,
)
from allauth.account.internal.hooks import get_adapter as get_account_adapter
from allauth.account.models import EmailAddress, lock_addresses
from allauth.core.internal.masking import sensitive_variables
from allauth.core.internal.types import JSONObject
from allauth.socialaccount import signals
from allauth.socialaccount.internal.faces import get_face
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin, find_account, read_sociallogin
from allauth.socialaccount.providers.base.exceptions import PROVIDER_UNAVAILABLE
from allauth.socialaccount.providers.base.provider import Provider

if TYPE_CHECKING:
    from django.http import HttpResponse

    from allauth.core.internal.types import User

_APP = "allauth.socialaccount"
_RESUME = "allauth.socialaccount.internal.flows.connect.resume_connect"

_ADDED = "added"
_UPDATED = "updated"
_MESSAGES = {
    _ADDED: "socialaccount/messages/account_connected.txt",
    _UPDATED: "socialaccount/messages/account_connected_updated.txt",
}


class ConnectOutcome(NamedTuple):
    """The outcome of connecting an account.

    Attributes:
        is_connected: Whether the account is connected to the user now.
        action: ``"added"``, ``"updated"``, or ``None`` for a failure.
        message_template: The template of the message to the user.
    """

    is_connected: bool
    action: str | None
    message_template: str


def connect(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    """Connect the account, after a reauthentication if one is required."""
    if not request.user.is_authenticated:
        return get_face(request).respond_login_required(request, sociallogin)
    if is_reauthentication_required(request, app=_APP):
        return reauthentication.stash_and_reauthenticate(request, sociallogin.serialize(), _RESUME)
    outcome = do_connect(request, sociallogin)
    return get_face(request).respond_connected(request, sociallogin, ConnectOutcome(*outcome))


@sensitive_variables("serialized_state")
def resume_connect(request: HttpRequest, serialized_state: JSONObject) -> HttpResponse:
    """Connect the account after a reauthentication.

    Sessions hold the dotted path of this function.
    """
    try:
        sociallogin = read_sociallogin(serialized_state)
    except ValueError as error:
        raise PermissionDenied from error
    # The owner of the account may have changed in the meantime.
    sociallogin.user = None  # type: ignore[assignment]
    sociallogin.lookup()
    return connect(request, sociallogin)


def do_connect(request: HttpRequest, sociallogin: SocialLogin) -> tuple[bool, str | None, str]:
    """Connect the account to the user who is logged in.

    Returns the attributes of :class:`ConnectOutcome`.
    """
    try:
        action = _connect(request, sociallogin)
    except ValidationError:
        return False, None, "socialaccount/messages/account_connected_other.txt"
    return True, action, _MESSAGES[action]


def connect_or_raise(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    """Connect the account to the user who is logged in.

    Raises ``PermissionDenied`` if the user is not logged in, ``ReauthenticationRequired``, and
    ``ValidationError`` if the account belongs to another user.
    """
    if not request.user.is_authenticated:
        raise PermissionDenied
    raise_if_reauthentication_required(request, app=_APP)
    action = _connect(request, sociallogin)
    outcome = ConnectOutcome(True, action, _MESSAGES[action])
    return get_face(request).respond_connected(request, sociallogin, outcome)


def _connect(request: HttpRequest, sociallogin: SocialLogin) -> str:
    adapter = get_adapter()
    user = cast("User", request.user)
    if sociallogin.is_existing and sociallogin.user.pk != user.pk:
        raise adapter.validation_error("connected_other")
    stored = find_account(sociallogin.account)
    if stored is not None and stored.user_id == user.pk:
        return _UPDATED
    if stored is not None or not connect_unless_taken(request, sociallogin, user):
        raise adapter.validation_error("connected_other")
    return _ADDED


def connect_unless_taken(request: HttpRequest, sociallogin: SocialLogin, user: User) -> bool:
    """Store the account as one of ``user``, unless a concurrent request stored it first.

    Returns whether the account belongs to ``user`` now.
    """
    try:
        sociallogin.connect(request, user)
    except IntegrityError:
        stored = find_account(sociallogin.account)
        return stored is not None and stored.user_id == user.pk
    return True


def validate_disconnect(request: HttpRequest, account: SocialAccount) -> None:
    """Raise ``ValidationError`` if the user could no longer log in without ``account``."""
    adapter = get_adapter()
    user = account.user
    accounts = SocialAccount.objects.filter(user=user)
    if not accounts.exclude(pk=account.pk).exists():
        if allauth_settings.SOCIALACCOUNT_ONLY:
            raise adapter.validation_error("disconnect_last")
        if not user.has_usable_password():
            raise adapter.validation_error("no_password")
        if (
            account_settings.EMAIL_VERIFICATION == EmailVerificationMethod.MANDATORY
            and not EmailAddress.objects.filter(user=user, verified=True).exists()
        ):
            raise adapter.validation_error("no_verified_email")
    adapter.validate_disconnect(account, accounts)


def disconnect(request: HttpRequest, account: SocialAccount) -> None:
    """Disconnect the account.

    Raises ``ReauthenticationRequired``, and ``ValidationError`` if the user could no longer log in.
    """
    raise_if_reauthentication_required(request, app=_APP)
    provider = _get_provider_or_none(request, account)
    if not _delete_if_allowed(request, account):
        return
    get_account_adapter().add_message(
        request, messages.INFO, "socialaccount/messages/account_disconnected.txt"
    )
    signals.social_account_removed.send(
        sender=SocialAccount, request=request, socialaccount=account
    )
    get_adapter().send_notification_mail(
        "socialaccount/email/account_disconnected",
        request.user,
        context={"account": account, "provider": provider},
    )


def _get_provider_or_none(request: HttpRequest, account: SocialAccount) -> Provider | None:
    try:
        return account.get_provider(request)
    except PROVIDER_UNAVAILABLE:
        return None


def _delete_if_allowed(request: HttpRequest, account: SocialAccount) -> bool:
    """Delete the account, and return whether it was still there.

    Meanwhile, no other request can remove another way to log in.
    """
    with transaction.atomic():
        lock_addresses(account.user_id)
        # The update locks the account, so that no token is stored while its tokens are deleted.
        rows = SocialAccount.objects.filter(pk=account.pk, user_id=account.user_id)
        if not rows.update(uid=F("uid")):
            return False
        account.user = get_user_model()._default_manager.get(pk=account.user_id)
        validate_disconnect(request, account)
        account.delete()
        return True
