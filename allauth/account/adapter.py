"""The hooks by which a project changes the behavior of the account app.

Set ``ACCOUNT_ADAPTER`` to a subclass of :class:`DefaultAccountAdapter`, and override any methods,
as ``def`` or ``async def``.
"""

from __future__ import annotations

import html
import importlib
import inspect
import json
import logging
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import quote

from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import (
    authenticate,
    get_backends,
    get_user_model,
)
from django.contrib.auth import (
    login as django_login,
)
from django.contrib.auth import (
    logout as django_logout,
)
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.password_validation import MinimumLengthValidator, validate_password
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from allauth.account import app_settings, signals
from allauth.account.app_settings import LoginMethod
from allauth.account.fields import PhoneField
from allauth.account.internal.faces import get_face
from allauth.account.internal.flows import email_verification
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.internal.flows.login import get_login_failed_key
from allauth.account.internal.hooks import MAX_PASSWORD_LENGTH, get_page_url
from allauth.account.internal.hooks import get_adapter as get_adapter
from allauth.account.internal.login_engine import LoginStage, clear_login
from allauth.account.internal.lookalikes import get_username_skeleton
from allauth.account.internal.records import get_authentication_records
from allauth.account.internal.session_store import cheaper_rotation
from allauth.account.internal.user_fields import user_email, user_field, user_username
from allauth.account.internal.usernames import filter_users_by_username, generate_unique_username
from allauth.account.models import EmailAddress, EmailConfirmationMixin, Login
from allauth.core import context
from allauth.core.async_support import call_hook
from allauth.core.internal import client_address, extensions, ratelimit, redirects
from allauth.core.internal.adapter import BaseAdapter
from allauth.core.internal.request_data import is_headless_request
from allauth.core.internal.urls import build_absolute_uri, get_frontend_url
from allauth.core.internal.user_codes import generate_user_code

if TYPE_CHECKING:
    from allauth.core.internal.types import (
        AnyUser,
        JSONObject,
        SignalArguments,
        StrOrPromise,
        TemplateContext,
        User,
    )

logger = logging.getLogger(__name__)

HTTP_USER_AGENT_MAX_LENGTH = 200

_KEY_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_PHONE_HOOKS = (
    "send_verification_code_sms",
    "set_phone",
    "get_phone",
    "set_phone_verified",
    "get_user_by_phone",
)


class DefaultAccountAdapter(BaseAdapter):
    """The default behavior of the account app."""

    error_messages: ClassVar[dict[str, StrOrPromise]] = {
        "account_inactive": _("This account is switched off."),
        "cannot_remove_primary_email": _(
            "This is your primary email address, so it has to stay. Make another one primary first."
        ),
        "duplicate_email": _("You have added this email address already."),
        "email_missing": _(
            "This account has no email address that could be verified. Please ask us for help."
        ),
        "email_password_mismatch": _(
            "No account matches this email address and password. Please check both."
        ),
        "email_taken": _("Another account already uses this email address."),
        "enter_current_password": _("That is not your current password. Please try again."),
        "incorrect_code": _("This code is not right. Please check it and try again."),
        "incorrect_password": _("This password is not right. Please try again."),
        "invalid_login": _("You cannot log in with this. Please enter something else."),
        "invalid_or_expired_key": _("This key is not valid, or no longer. Please ask for another."),
        "invalid_password_reset": _(
            "This reset link is not valid, or was used before. Please ask for another."
        ),
        "max_email_addresses": _("You can have at most %d email addresses."),
        "password_too_long": _("Please choose a password of at most %d characters."),
        "phone_password_mismatch": _(
            "No account matches this phone number and password. Please check both."
        ),
        "phone_taken": _("Another account already uses this phone number."),
        "rate_limited": _("That was a bit much. Please wait a little, then try again."),
        "same_as_current": _("This is what you have now. Please enter something new."),
        "select_only_one": _("Please fill in one of the two only."),
        "too_many_login_attempts": _(
            "There were too many failed attempts. Please wait a few minutes, then try again."
        ),
        "unknown_email": _("No account uses this email address."),
        "unknown_phone": _("No account uses this phone number."),
        "unverified_primary_email": _(
            "Please verify this email address before you make it primary."
        ),
        "username_blacklisted": _("This username is reserved. Please choose another one."),
        "username_password_mismatch": _(
            "No account matches this username and password. Please check both."
        ),
        "username_taken": AbstractUser._meta.get_field("username").error_messages["unique"],
    }

    # Sign-up and user data

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return whether new accounts are accepted; may raise ``ImmediateHttpResponse``."""
        return True

    def new_user(self, request: HttpRequest) -> User:
        """Return the unsaved user of a new account."""
        return get_user_model()()

    @sensitive_variables()
    def save_user(
        self, request: HttpRequest, user: User, form: forms.Form, commit: bool = True
    ) -> User:
        """Fill ``user`` from ``form.cleaned_data`` and, with ``commit``, save it; return the user.

        Without a password the user gets an unusable one.
        """
        data: Mapping[str, Any] = form.cleaned_data
        user_email(user, data.get("email"))
        user_username(user, data.get("username"))
        for name in ("first_name", "last_name"):
            if data.get(name):
                user_field(user, name, data[name])
        # A user without a password gets an unusable one, never an empty one.
        user.set_password(data.get("password1", data.get("password")) or None)
        self.populate_username(request, user)
        if commit:
            user.save()
        if getattr(form, "_has_phone_field", False) and data.get("phone"):
            self.set_phone(user, data["phone"], False)
        return user

    def populate_username(self, request: HttpRequest, user: User) -> None:
        """Set the username, if the model has one and it is empty."""
        if not app_settings.USER_MODEL_USERNAME_FIELD:
            return
        username = user_username(user)
        if not username:
            texts = [
                user_field(user, "first_name"),
                user_field(user, "last_name"),
                user_email(user),
                username,
                "user",
            ]
            username = self.generate_unique_username(texts)
        user_username(user, username)

    def generate_unique_username(self, txts: Iterable[str | None], regex: str | None = None) -> str:
        """Return a username that is free, derived from ``txts``."""
        return generate_unique_username(txts, regex)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Check a username: validators, reserved names and, unless ``shallow``, whether it is free.

        Raises ``ValidationError``.
        """
        for validator in app_settings.USERNAME_VALIDATORS:
            validator(username)
        reserved = {name.lower() for name in app_settings.USERNAME_BLACKLIST}
        if username.lower() in reserved:
            raise self.validation_error("username_blacklisted")
        if not shallow and filter_users_by_username(*_get_similar_names(username)).exists():
            raise self.validation_error("username_taken")
        return username

    def clean_email(self, email: str) -> str:
        """Check an email address that is to be used; may raise ``ValidationError``."""
        return email

    @sensitive_variables()
    def clean_password(self, password: str, user: User | None = None) -> str:
        """Check a new password; raise ``ValidationError`` if it is not accepted."""
        if len(password) > MAX_PASSWORD_LENGTH:
            raise self.validation_error("password_too_long", MAX_PASSWORD_LENGTH)
        if app_settings.PASSWORD_MIN_LENGTH:
            MinimumLengthValidator(app_settings.PASSWORD_MIN_LENGTH).validate(password)
        validate_password(password, user)
        return password

    def clean_phone(self, phone: str) -> str:
        """Check or normalize a phone number; may raise ``ValidationError``."""
        return phone

    def phone_form_field(self, **kwargs: Any) -> forms.Field:
        """Return the form field for phone numbers."""
        return PhoneField(**kwargs)

    def validate_unique_email(self, email: str) -> str:
        """Check an email address by rules of the project; may raise ``ValidationError``."""
        return email

    @sensitive_variables()
    def set_password(self, user: User, password: str) -> None:
        """Set and store a new password of the user."""
        user.set_password(password)
        user.save()

    def get_user_search_fields(self) -> list[str]:
        """Return the fields of the user model that the admin searches."""
        names = [app_settings.USER_MODEL_USERNAME_FIELD, "first_name", "last_name", "email"]
        return [name for name in dict.fromkeys(names) if name and _has_field(name)]

    # Email addresses

    def stash_verified_email(self, request: HttpRequest, email: str) -> None:
        """Remember for the sign-up that the user controls ``email``."""
        request.session["account_verified_email"] = email

    def unstash_verified_email(self, request: HttpRequest) -> str | None:
        """Return, and forget, the email address that was remembered, if any."""
        email: str | None = request.session.get("account_verified_email")
        request.session["account_verified_email"] = None
        return email

    def is_email_verified(self, request: HttpRequest, email: str) -> bool:
        """Return whether the user is known to control ``email`` without further proof."""
        verified = request.session.get("account_verified_email")
        return isinstance(verified, str) and verified.lower() == email.lower()

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Mark as verified an email address that its owner has proved to control."""
        return email_verification.verify_email(request, email_address)

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Return whether the user may remove the email address and still log in."""
        if email_address.pk is None:
            return True
        addresses = type(email_address).objects.filter(user=email_address.user)
        has_others = addresses.exclude(pk=email_address.pk).exists()
        if email_address.primary and has_others:
            return False
        return has_others or set(app_settings.LOGIN_METHODS) != {LoginMethod.EMAIL}

    def should_send_confirmation_mail(
        self, request: HttpRequest, email_address: EmailAddress, signup: bool
    ) -> bool:
        """Return whether a login or sign-up sends a verification email."""
        return True

    # Redirects

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return the URL after a login, unless the request asks for another one."""
        if not request.user.is_authenticated:
            raise AssertionError("get_login_redirect_url() needs an authenticated request.")
        legacy = getattr(settings, "LOGIN_REDIRECT_URLNAME", None)
        if legacy:
            warnings.warn(
                "LOGIN_REDIRECT_URLNAME is deprecated, use LOGIN_REDIRECT_URL",
                DeprecationWarning,
                stacklevel=2,
            )
        return resolve_url(legacy or settings.LOGIN_REDIRECT_URL)

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        """Return the URL after a sign-up, unless the request asks for another one."""
        return resolve_url(app_settings.SIGNUP_REDIRECT_URL)

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """Return the URL after a logout."""
        return resolve_url(app_settings.LOGOUT_REDIRECT_URL)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return the URL after a change of the password."""
        return reverse("account_change_password")

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        """Return the URL after the verification of an email address."""
        legacy = getattr(self, "get_email_confirmation_redirect_url", None)
        if legacy:
            return cast(str, call_hook(legacy, self.request))
        request = cast(HttpRequest, self.request)
        if not request.user.is_authenticated:
            return cast(str, app_settings.EMAIL_CONFIRMATION_ANONYMOUS_REDIRECT_URL)
        url: str | None = app_settings.EMAIL_CONFIRMATION_AUTHENTICATED_REDIRECT_URL
        return url or self.get_login_redirect_url(request)

    def is_safe_url(self, url: str | None) -> bool:
        """Return whether it is safe to redirect to ``url``."""
        return redirects.is_safe_redirect(_get_context_request(), url)

    # Login

    @sensitive_variables()
    def authenticate(self, request: HttpRequest, **credentials: object) -> User | None:
        """Check credentials, within the limit for failed logins.

        Returns the user, who may be inactive, or ``None``.

        Raises ``ValidationError`` with the code ``too_many_login_attempts``.
        """
        from allauth.account.auth_backends import AuthenticationBackend

        usage = self.pre_authenticate(request, **credentials)
        AuthenticationBackend.unstash_authenticated_user()
        user: User | None = authenticate(request, **credentials)
        inactive_user = AuthenticationBackend.unstash_authenticated_user()
        user = user or inactive_user
        if user is None:
            self.authentication_failed(request, **credentials)
        elif isinstance(usage, ratelimit.RateLimitUsage):
            usage.rollback()
        return user

    @sensitive_variables()
    def pre_authenticate(self, request: HttpRequest, **credentials: object) -> object:
        """Count an attempt before it is made; raise ``ValidationError`` if there are too many."""
        usage = ratelimit.consume(
            request,
            app="allauth.account",
            action="login_failed",
            key=get_login_failed_key(request, **credentials),
        )
        if usage is None:
            raise self.validation_error("too_many_login_attempts")
        return usage

    @sensitive_variables()
    def authentication_failed(self, request: HttpRequest, **credentials: object) -> None:
        """Do nothing after wrong credentials; a hook for projects."""

    @sensitive_variables()
    def reauthenticate(self, user: User, password: str) -> bool:
        """Return whether ``password`` is that of the logged-in user."""
        phone = self.get_phone(user) if LoginMethod.PHONE in app_settings.LOGIN_METHODS else None
        identifiers = {
            "username": user_username(user),
            "email": EmailAddress.objects.get_primary_email(user),
            "phone": phone[0] if phone else None,
        }
        known = {name: value for name, value in identifiers.items() if value}
        found = self.authenticate(_get_context_request(), password=password, **known)
        return found is not None and found.pk == user.pk

    def pre_login(
        self,
        request: HttpRequest,
        user: User,
        *,
        email_verification: str,
        signal_kwargs: SignalArguments | None,
        email: str | None,
        signup: bool,
        redirect_url: str | None,
    ) -> HttpResponse | None:
        """Return a response to end a login as it begins, or ``None``."""
        if user.is_active:
            return None
        clear_login(request)
        return self.respond_user_inactive(request, user)

    def login(self, request: HttpRequest, user: User) -> None:
        """Log in the user: the session becomes that of the user."""
        if not hasattr(user, "backend"):
            user.backend = _get_backend_path()
        with cheaper_rotation(request.session):
            django_login(request, user)

    def post_login(
        self,
        request: HttpRequest,
        user: User,
        *,
        email_verification: str,
        signal_kwargs: SignalArguments | None,
        email: str | None,
        signup: bool,
        redirect_url: str | None,
    ) -> HttpResponse:
        """Finish a login that is complete, and return its response."""
        response = get_face(request).respond_logged_in(
            request, redirect_url=redirect_url, signup=signup
        )
        signals.user_logged_in.send(
            sender=user.__class__,
            request=request,
            response=response,
            user=user,
            **(signal_kwargs or {}),
        )
        self.add_message(
            request, messages.SUCCESS, "account/messages/logged_in.txt", {"user": user}
        )
        return response

    def logout(self, request: HttpRequest) -> None:
        """End the session."""
        with cheaper_rotation(request.session):
            django_logout(request)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Return the answer to a login with a disabled account."""
        return get_face(request).respond_user_inactive(request, user)

    def respond_email_verification_sent(
        self, request: HttpRequest, user: User | None
    ) -> HttpResponse:
        """Return the answer to a login that waits for the verification of an email address."""
        return get_face(request).respond_email_verification_sent(request, user)

    def get_login_stages(self) -> list[str | type[LoginStage]]:
        """Return the stages of a login, in order: dotted paths or classes."""
        return [*extensions.get_login_stages()]

    def is_login_by_code_required(self, login: Login) -> bool:
        """Return whether this login has to be completed by a code that is sent to the user."""
        records = get_authentication_records(_get_context_request(), login.user)
        method = records[-1].get("method") if records else None
        if method == "code":
            return False
        required: bool | set[str] = app_settings.LOGIN_BY_CODE_REQUIRED
        if isinstance(required, bool):
            return required
        return bool(required) and (method is None or method in required)

    def get_reauthentication_methods(self, user: AnyUser) -> list[JSONObject]:
        """Return the ways in which the user can reauthenticate, the preferred one first.

        Each has an ``id``, a ``description`` and the ``url`` of its page.
        """
        if not user.is_authenticated:
            return []
        return [
            {
                "id": method.id,
                "description": method.description,
                "url": reverse(method.urlname),
            }
            for method in extensions.list_reauthentication_methods(user)
        ]

    def is_reauthentication_required(self, *, app: str, **kwargs: object) -> bool:
        """Return whether protected actions of ``app`` ask for reauthentication at all."""
        if not app:
            return True
        try:
            module = importlib.import_module(f"{app}.app_settings")
            return bool(module.REAUTHENTICATION_REQUIRED)
        except (ImportError, AttributeError):
            return True

    # The request

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address of the client; raise ``PermissionDenied`` if it is unknown."""
        return client_address.get_client_address(request)

    def get_http_user_agent(self, request: HttpRequest) -> str:
        """Return the user agent of the client."""
        return request.headers.get("User-Agent", "Unspecified")

    def is_ajax(self, request: HttpRequest) -> bool:
        """Return whether the client is a script that asks for JSON."""
        return (
            request.headers.get("X-Requested-With") == "XMLHttpRequest"
            or request.content_type == "application/json"
            or request.headers.get("Accept") == "application/json"
        )

    def ajax_response(
        self,
        request: HttpRequest,
        response: HttpResponse,
        redirect_to: str | None = None,
        form: forms.BaseForm | None = None,
        data: object = None,
    ) -> HttpResponse:
        """Return the response to a browser as JSON for a script.

        The keys are ``location`` of a redirect, ``form`` and the ``html`` of a page with a form,
        and ``data``.
        """
        body: JSONObject = {}
        status = response.status_code
        if redirect_to or status in (301, 302):
            status = 200
            body["location"] = redirect_to or response["Location"]
        # An error such as 429 keeps its status, unlike a form that is shown again.
        if form is not None and status < 400:
            is_refused = request.method == "POST" and not form.is_valid()
            status = 400 if is_refused else 200
        if form is not None:
            body["form"] = self.ajax_response_form(form)
            body["html"] = _render_content(response)
        if data is not None:
            body["data"] = data
        return HttpResponse(json.dumps(body), status=status, content_type="application/json")

    def ajax_response_form(self, form: forms.BaseForm) -> JSONObject:
        """Return a form and its errors as JSON for a script, without secrets that were typed in."""
        fields: JSONObject = {}
        for field in form:
            fields[field.html_name] = {
                "label": force_str(field.label),
                "value": None if _is_secret(field) else field.value(),
                "help_text": force_str(field.help_text),
                "errors": [force_str(error) for error in field.errors],
                "widget": {
                    "attrs": {
                        name: force_str(value) for name, value in field.field.widget.attrs.items()
                    }
                },
            }
        return {
            "fields": json.loads(json.dumps(fields, default=force_str)),
            "field_order": list(fields),
            "errors": [force_str(error) for error in form.non_field_errors()],
        }

    # Messages

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: TemplateContext | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Queue a message for the user: ``message`` literally, or else a rendered template.

        A missing or blank template gives no message. Clients of the API get none.
        """
        if not apps.is_installed("django.contrib.messages"):
            return
        if is_headless_request(request):
            return
        if not message and message_template:
            message = self._render_message(message_template, message_context)
        if message:
            messages.add_message(request, level, message, extra_tags=extra_tags)

    def _render_message(self, template: str, message_context: TemplateContext | None) -> str:
        try:
            text = render_to_string(template, message_context or {}, context.request)
        except TemplateDoesNotExist:
            return ""
        # The template that shows the message escapes it.
        return html.unescape(text.strip())

    # Emails

    @sensitive_variables()
    def send_mail(self, template_prefix: str, email: str, context: TemplateContext) -> None:
        """Send an email made of the templates that begin with ``template_prefix``."""
        request = _get_context_request()
        mail_context = {
            "request": request,
            "email": email,
            "current_site": get_current_site(request),
            **context,
        }
        self.render_mail(template_prefix, email, mail_context).send()

    @sensitive_variables()
    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: TemplateContext,
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """Return the email: subject, text body, HTML body, as far as there are templates.

        Raises ``TemplateDoesNotExist`` if there is no body at all.
        """
        recipients = [email] if isinstance(email, str) else email
        subject: str = render_to_string(f"{template_prefix}_subject.txt", context)
        subject = self.format_email_subject(" ".join(subject.splitlines()).strip())
        subject = " ".join(subject.splitlines())
        bodies = _render_bodies(template_prefix, context)
        text, rich_text = bodies.get("txt"), bodies.get(app_settings.TEMPLATE_EXTENSION)
        sender = self.get_from_email()
        if text is None:
            message = EmailMessage(subject, rich_text or "", sender, recipients, headers=headers)
            message.content_subtype = "html"
            return message
        multipart = EmailMultiAlternatives(subject, text, sender, recipients, headers=headers)
        if rich_text is not None:
            multipart.attach_alternative(rich_text, "text/html")
        return multipart

    def format_email_subject(self, subject: str) -> str:
        """Return a subject with the configured prefix, by default the name of the site."""
        prefix: str | None = app_settings.EMAIL_SUBJECT_PREFIX
        if prefix is None:
            prefix = f"[{get_current_site(_get_context_request()).name}] "
        return f"{prefix}{force_str(subject)}"

    def get_from_email(self) -> str:
        """Return the sender of all emails."""
        return settings.DEFAULT_FROM_EMAIL

    @sensitive_variables()
    def send_confirmation_mail(
        self,
        request: HttpRequest | None,
        emailconfirmation: EmailConfirmationMixin | EmailVerificationProcess,
        signup: bool,
    ) -> None:
        """Send the link or code that verifies an email address."""
        mail_context = {"user": emailconfirmation.email_address.user}
        if app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED:
            mail_context["code"] = emailconfirmation.key
        else:
            mail_context["key"] = emailconfirmation.key
            mail_context["activate_url"] = self.get_email_confirmation_url(
                request, emailconfirmation
            )
        name = "email_confirmation_signup" if signup else "email_confirmation"
        self.send_mail(f"account/email/{name}", emailconfirmation.email_address.email, mail_context)

    @sensitive_variables()
    def get_email_confirmation_url(
        self,
        request: HttpRequest | None,
        emailconfirmation: EmailConfirmationMixin | EmailVerificationProcess,
    ) -> str:
        """Return the link that verifies an email address."""
        key = emailconfirmation.key
        url = get_frontend_url(request, "account_confirm_email", key=key)
        return url or build_absolute_uri(request, reverse("account_confirm_email", args=[key]))

    @sensitive_variables()
    def send_password_reset_mail(self, user: User, email: str, context: TemplateContext) -> None:
        """Send the link that resets a password."""
        self.send_mail("account/email/password_reset_key", email, context)

    @sensitive_variables()
    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link that resets a password; ``key`` is ``<uid>-<token>``."""
        request = self.request
        url = get_frontend_url(request, "account_reset_password_from_key", key=key)
        if url:
            return url
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return build_absolute_uri(request, path.replace("UID-KEY", quote(key)))

    def send_account_already_exists_mail(self, email: str) -> None:
        """Tell the owner of an email address that it was used for a sign-up."""
        self.send_mail(
            "account/email/account_already_exists",
            email,
            {
                "signup_url": get_page_url(self.request, "account_signup"),
                "password_reset_url": get_page_url(self.request, "account_reset_password"),
            },
        )

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: TemplateContext | None = None,
        email: str | None = None,
    ) -> None:
        """Tell the user about a change, if ``ACCOUNT_EMAIL_NOTIFICATIONS`` is on.

        The change has already happened, so an unknown client address does not stop the email.
        """
        if not app_settings.EMAIL_NOTIFICATIONS:
            return
        email = email or EmailAddress.objects.get_primary_email(user)
        if not email:
            return
        request = cast(HttpRequest, self.request)
        mail_context = {
            "timestamp": timezone.now(),
            "ip": self._get_client_ip_or_none(request),
            "user_agent": self.get_http_user_agent(request)[:HTTP_USER_AGENT_MAX_LENGTH],
            **(context or {}),
        }
        try:
            self.send_mail(template_prefix, email, mail_context)
        except OSError:
            logger.exception("A notification mail could not be sent")

    def _get_client_ip_or_none(self, request: HttpRequest) -> str | None:
        try:
            return self.get_client_ip(request)
        except PermissionDenied:
            return None

    # Codes and keys

    def generate_emailconfirmation_key(self, email: str) -> str:
        """Return the key of a stored confirmation."""
        return get_random_string(64, _KEY_ALPHABET)

    def generate_login_code(self) -> str:
        """Return a code for a login."""
        return generate_user_code(**app_settings.LOGIN_BY_CODE_FORMAT)

    def generate_password_reset_code(self) -> str:
        """Return a code for a password reset."""
        return generate_user_code(**app_settings.PASSWORD_RESET_BY_CODE_FORMAT)

    def generate_email_verification_code(self) -> str:
        """Return a code that verifies an email address."""
        return generate_user_code(**app_settings.EMAIL_VERIFICATION_BY_CODE_FORMAT)

    def generate_phone_verification_code(self, *, user: User, phone: str) -> str:
        """Return a code that verifies a phone number."""
        return generate_user_code(**app_settings.PHONE_VERIFICATION_CODE_FORMAT)

    # Phone numbers: the project stores them, and implements these hooks

    @property
    def _has_phone_impl(self) -> bool:
        return all(
            inspect.getattr_static(type(self), name) is not vars(DefaultAccountAdapter)[name]
            for name in _PHONE_HOOKS
        )

    def get_phone(self, user: User) -> tuple[str, bool] | None:
        """Return the phone number of the user, and whether it is verified."""
        raise NotImplementedError

    def set_phone(self, user: User, phone: str, verified: bool) -> None:
        """Store the phone number of the user."""
        raise NotImplementedError

    def set_phone_verified(self, user: User, phone: str) -> None:
        """Store that the user has verified ``phone``, which may be a new number."""
        raise NotImplementedError

    def get_user_by_phone(self, phone: str) -> User | None:
        """Return the user of this phone number, or ``None``."""
        raise NotImplementedError

    @sensitive_variables()
    def send_verification_code_sms(
        self, user: User, phone: str, code: str, **kwargs: object
    ) -> None:
        """Send a code to a phone."""
        raise NotImplementedError

    def send_unknown_account_sms(self, phone: str, **kwargs: object) -> None:
        """Tell the owner of a phone number that it was used for a login without an account."""

    def send_account_already_exists_sms(self, phone: str) -> None:
        """Tell the owner of a phone number that it was used for a sign-up."""


def _get_similar_names(username: str) -> set[str]:
    if not app_settings.USERNAME_PREVENT_LOOKALIKES:
        return {username}
    return {username, get_username_skeleton(username)}


def _get_context_request() -> HttpRequest:
    return cast(HttpRequest, context.request)


def _render_bodies(template_prefix: str, mail_context: TemplateContext) -> dict[str, str]:
    bodies: dict[str, str] = {}
    missing: TemplateDoesNotExist | None = None
    for extension in (app_settings.TEMPLATE_EXTENSION, "txt"):
        name = f"{template_prefix}_message.{extension}"
        try:
            bodies[extension] = render_to_string(name, mail_context, context.request).strip()
        except TemplateDoesNotExist as error:
            missing = error
    if missing and not bodies:
        raise missing
    return bodies


def _render_content(response: HttpResponse) -> str:
    if hasattr(response, "render"):
        response.render()
    content: bytes = getattr(response, "content", b"")
    return content.decode(response.charset or "utf-8")


def _is_secret(field: forms.BoundField) -> bool:
    return isinstance(field.field.widget, forms.PasswordInput) or (
        field.field.widget.attrs.get("autocomplete") == "one-time-code"
    )


def _has_field(name: str) -> bool:
    try:
        get_user_model()._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def _get_backend_path() -> str:
    from allauth.account.auth_backends import AuthenticationBackend

    backends = get_backends()
    own: list[object] = [item for item in backends if isinstance(item, AuthenticationBackend)]
    usable = own or [item for item in backends if hasattr(item, "get_user")]
    return f"{type(usable[0]).__module__}.{type(usable[0]).__qualname__}"
