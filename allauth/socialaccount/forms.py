"""Forms of the socialaccount app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from allauth.account.forms import BaseSignupForm
from allauth.account.forms.snapshot import dump_form, load_form, save_corrected_form
from allauth.account.internal.flows.pretended_signup import SavedSignup
from allauth.account.internal.flows.signup import AddressTakenError
from allauth.account.internal.secret_forms import mask_input
from allauth.account.models import Login
from allauth.core.internal.loading import get_form_class
from allauth.socialaccount import app_settings
from allauth.socialaccount.internal.flows import connect, signup
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin, read_sociallogin

if TYPE_CHECKING:
    from allauth.core.internal.types import User


class SignupForm(BaseSignupForm):
    """A sign-up form for a new user of a provider.

    Parameters:
        sociallogin: The login by the provider, whose profile gives the initial data.
    """

    @mask_input
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.sociallogin: SocialLogin = kwargs.pop("sociallogin")
        kwargs["initial"] = get_adapter().get_signup_form_initial_data(self.sociallogin)
        kwargs.setdefault("email_required", app_settings.EMAIL_REQUIRED)
        super().__init__(*args, **kwargs)

    def save(self, request: HttpRequest) -> User:
        """Create the account; see the base class."""
        user: User = super().save(request)
        return user

    @mask_input
    def _save_all(self, request: HttpRequest) -> User:
        user = get_adapter().save_user(request, self.sociallogin, form=self)
        self.custom_signup(request, user)
        try:
            signup.ensure_email_still_free(user, self.cleaned_data.get("email"))
        except AddressTakenError:
            signup.reset_instances(self.sociallogin)
            raise
        return user

    @sensitive_variables()
    def _dump(self) -> SavedSignup | None:
        """Return the data from which the account can be created later, if it can be."""
        data = dump_form(self)
        if data is None:
            return None
        return {
            "kind": "socialaccount",
            "data": data,
            "sociallogin": self.sociallogin.serialize(),
            "by_form": True,
        }

    def validate_unique_email(self, value: str) -> str:
        """Return the email address; raise ``ValidationError`` if it has an account.

        The error says how to log in. Enumeration prevention defers it.
        """
        try:
            return super().validate_unique_email(value)
        except ValidationError as error:
            provider = self.sociallogin.provider
            name = getattr(provider, "name", self.sociallogin.account.provider)
            raise get_adapter().validation_error("email_taken", name) from error


@sensitive_variables("saved")
def make_corrected_account(request: HttpRequest, login: Login, saved: SavedSignup) -> User | None:
    """Create the account of a pretended sign-up after the user entered another email address.

    Returns the user, or ``None`` if the account cannot be created.
    """
    try:
        sociallogin = read_sociallogin(saved["sociallogin"])
    except ValueError:
        return None
    if saved["by_form"]:
        form_class = get_form_class(app_settings.FORMS, "signup", SignupForm)
        user: User | None = save_corrected_form(
            request, form_class(data=load_form(saved), sociallogin=sociallogin)
        )
    else:
        user = signup.save_with_email(request, sociallogin, *saved["data"]["email"])
    if user is not None:
        sociallogin.user = user
        login.redirect_url = sociallogin.get_redirect_url(request)
        login.signal_kwargs = {"sociallogin": sociallogin}
    return user


class DisconnectForm(forms.Form):
    """A form with the account to disconnect.

    Parameters:
        request: The request, whose user owns the accounts to choose from.
    """

    account = forms.ModelChoiceField(
        queryset=SocialAccount.objects.none(), widget=forms.RadioSelect, required=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.request: HttpRequest = kwargs.pop("request")
        self.accounts = SocialAccount.objects.filter(user=self.request.user)
        super().__init__(*args, **kwargs)
        self.fields["account"].queryset = self.accounts  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Raise ``ValidationError`` if the user could not log in without the account."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        account = cleaned.get("account")
        if account:
            connect.validate_disconnect(self.request, account)
        return cleaned

    def save(self) -> None:
        """Disconnect the account."""
        connect.disconnect(self.request, self.cleaned_data["account"])
