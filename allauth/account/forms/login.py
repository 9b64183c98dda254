"""The login form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from allauth.account import app_settings
from allauth.account.app_settings import LoginMethod
from allauth.account.fields import EmailField, PasswordField
from allauth.account.forms.codes import RequestLoginCodeForm
from allauth.account.internal.flows import login as login_flow
from allauth.account.internal.flows.email_verification import would_wait_for_refused_mail
from allauth.account.internal.flows.login import derive_login_method
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.secret_forms import SecretForm, mask_input
from allauth.account.internal.usernames import get_username_max_length
from allauth.account.models import Login
from allauth.core import context
from allauth.core.internal.urls import add_query_params
from allauth.utils import set_form_field_order

if TYPE_CHECKING:
    from allauth.core.internal.types import CleanedData, User

MAX_LOGIN_LENGTH = 254

_PLACEHOLDERS = {
    frozenset({LoginMethod.USERNAME, LoginMethod.EMAIL}): _("Username or email"),
    frozenset({LoginMethod.USERNAME, LoginMethod.PHONE}): _("Username or phone"),
    frozenset({LoginMethod.EMAIL, LoginMethod.PHONE}): _("Email or phone"),
    frozenset(LoginMethod): _("Username, email or phone"),
}


def _make_login_field() -> forms.Field:
    methods = app_settings.LOGIN_METHODS
    if methods == {LoginMethod.EMAIL}:
        return EmailField()
    if methods == {LoginMethod.PHONE}:
        return get_adapter().phone_form_field(required=True)
    if methods == {LoginMethod.USERNAME}:
        attrs: dict[str, object] = {"placeholder": _("Username"), "autocomplete": "username"}
        return forms.CharField(
            label=_("Username"),
            max_length=get_username_max_length() or None,
            widget=forms.TextInput(attrs=attrs),
        )
    attrs = {"placeholder": _PLACEHOLDERS[frozenset(methods)], "autocomplete": "email"}
    return forms.CharField(
        label=_("Login"),
        max_length=max(MAX_LOGIN_LENGTH, get_username_max_length() or 0),
        widget=forms.TextInput(attrs=attrs),
    )


class LoginForm(SecretForm):
    """The form for username, email address or phone number, as configured, and the password.

    If accounts have no password, a code is sent instead.
    """

    password = PasswordField(
        label=_("Password"), autocomplete="current-password", show_reset_help=True
    )
    remember = forms.BooleanField(label=_("Remember Me"), required=False)

    user: User | None = None

    @mask_input
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.request: HttpRequest | None = kwargs.pop("request", None)
        super().__init__(*args, **kwargs)
        self.fields["login"] = _make_login_field()
        set_form_field_order(self, ["login", "password", "remember"])
        if app_settings.SESSION_REMEMBER is not None:
            del self.fields["remember"]
        if "password1" not in app_settings.SIGNUP_FIELDS:
            del self.fields["password"]

    @sensitive_variables()
    def user_credentials(self) -> dict[str, str]:
        """Return the credentials for ``authenticate()`` of the adapter."""
        login = self.cleaned_data["login"]
        method = derive_login_method(login)
        credentials = {method.value: login}
        # A username may look like an email address.
        if LoginMethod.USERNAME in app_settings.LOGIN_METHODS:
            credentials[LoginMethod.USERNAME.value] = login
        password = self.cleaned_data.get("password")
        if password:
            credentials["password"] = password
        return credentials

    def clean_login(self) -> str:
        """Remove blanks around the identifier."""
        return cast(str, self.cleaned_data["login"]).strip()

    @sensitive_variables("credentials")
    def clean(self) -> CleanedData | None:
        """Find the user; raise ``ValidationError`` for wrong credentials."""
        super().clean()
        if self.errors:
            return None
        credentials = self.user_credentials()
        if "password" in credentials:
            self._authenticate(credentials)
        else:
            self._find_recipient(credentials)
        return self.cleaned_data

    @sensitive_variables()
    def _authenticate(self, credentials: dict[str, str]) -> None:
        adapter = get_adapter()
        request = cast(HttpRequest, self.request or context.request)
        user = adapter.authenticate(request, **credentials)
        if user is None:
            method = derive_login_method(self.cleaned_data["login"])
            raise adapter.validation_error(f"{method.value}_password_mismatch")
        login = Login(user=user, email=credentials.get("email"))
        if would_wait_for_refused_mail(request, login):
            raise adapter.validation_error("too_many_login_attempts")
        self._login = login
        self.user = user

    def _find_recipient(self, credentials: dict[str, str]) -> None:
        email, phone = credentials.get("email"), credentials.get("phone")
        if not email and not phone:
            self.add_error("login", get_adapter().validation_error("invalid_login"))
            return
        data = {"email": email} if email else {"phone": phone}
        form = RequestLoginCodeForm(data)
        if not form.is_valid():
            for field in ("email", "phone"):
                for message in form.errors.get(field, ()):
                    self.add_error("login", str(message))
            return
        self.user = form._user
        self._recipient = data

    @sensitive_variables("credentials")
    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """Log in, unless a stage needs an action of the user; return the response."""
        credentials = self.user_credentials()
        if "password" not in credentials:
            return self._login_by_code(request, redirect_url)
        login = self._login
        login.redirect_url = redirect_url
        response = login_flow.perform_password_login(request, credentials, login)
        self._set_session_expiry(request)
        return response

    def _set_session_expiry(self, request: HttpRequest) -> None:
        remember = app_settings.SESSION_REMEMBER
        if remember is None:
            remember = self.cleaned_data["remember"]
        request.session.set_expiry(app_settings.SESSION_COOKIE_AGE if remember else 0)

    def _login_by_code(self, request: HttpRequest, redirect_url: str | None) -> HttpResponse:
        LoginCodeVerificationProcess.initiate(request=request, user=self.user, **self._recipient)
        url = reverse("account_confirm_login_code")
        if redirect_url:
            url = add_query_params(url, {"next": redirect_url})
        return HttpResponseRedirect(url)
