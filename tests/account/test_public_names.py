"""Names that other packages import."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest

PUBLIC: dict[str, str] = {
    "allauth.account": "app_settings",
    "allauth.account.app_settings": (
        "AppSettings AuthenticationMethod EmailVerificationMethod LoginMethod"
    ),
    "allauth.account.adapter": "DefaultAccountAdapter get_adapter",
    "allauth.account.auth_backends": "AuthenticationBackend",
    "allauth.account.models": (
        "EmailAddress EmailConfirmation EmailConfirmationHMAC Login get_emailconfirmation_model"
    ),
    "allauth.account.utils": (
        "cleanup_email_addresses complete_signup default_user_display filter_users_by_email"
        " filter_users_by_username get_adapter get_login_redirect_url get_next_redirect_url"
        " get_request_param has_verified_email Login passthrough_next_redirect_url perform_login"
        " setup_user_email url_str_to_user_pk user_display user_email user_field"
        " user_pk_to_url_str user_username valid_email_or_none"
    ),
    "allauth.account.forms": (
        "AddEmailForm BaseSignupForm ChangePasswordForm EmailAwarePasswordResetTokenGenerator"
        " LoginForm ReauthenticateForm ResetPasswordForm ResetPasswordKeyForm SetPasswordForm"
        " SignupForm UserForm UserTokenForm default_token_generator set_form_field_order"
    ),
    "allauth.account.views": (
        "AccountInactiveView ConfirmEmailView EmailVerificationSentView EmailView"
        " INTERNAL_RESET_SESSION_KEY LoginView LogoutView PasswordChangeView"
        " PasswordResetDoneView PasswordResetFromKeyDoneView PasswordResetFromKeyView"
        " PasswordResetView PasswordSetView ReauthenticateView RequestLoginCodeView SignupView"
        " account_inactive confirm_email email email_verification_sent login logout"
        " password_change password_reset password_reset_done password_reset_from_key"
        " password_reset_from_key_done password_set reauthenticate sensitive_post_parameters_m"
        " signup"
    ),
    "allauth.account.decorators": (
        "reauthentication_required secure_admin_login verified_email_required"
    ),
    "allauth.account.mixins": (
        "AjaxCapableProcessFormViewMixin CloseableSignupMixin LogoutFunctionalityMixin"
        " NextRedirectMixin RedirectAuthenticatedUserMixin _ajax_response"
    ),
    "allauth.account.stages": (
        "EmailVerificationStage LoginByCodeStage LoginStage LoginStageController"
        " PhoneVerificationStage"
    ),
    "allauth.account.authentication": (
        "AUTHENTICATION_METHODS_SESSION_KEY get_authentication_records"
    ),
    "allauth.account.signals": (
        "_add_email authentication_step_completed email_added email_changed email_confirmation_sent"
        " email_confirmed email_removed email_verification_code_rejected login_code_rejected"
        " password_changed password_reset password_reset_code_rejected password_set"
        " user_logged_in user_logged_out user_signed_up"
    ),
    "allauth.utils": (
        "build_absolute_uri get_form_class get_username_max_length import_callable"
        " set_form_field_order"
    ),
    "allauth.core.exceptions": (
        "ImmediateHttpResponse RateLimited ReauthenticationRequired SignupClosedException"
    ),
    "allauth.core": "context",
    "allauth.decorators": "rate_limit",
}
INTERNAL: dict[str, str] = {
    "allauth.account.internal": "flows",
    "allauth.account.internal.decorators": "login_not_required login_stage_required",
    "allauth.account.internal.stagekit": (
        "LOGIN_SESSION_KEY clear_login get_pending_stage pop_login redirect_to_pending_stage"
        " stash_login unstash_login"
    ),
    "allauth.account.internal.constants": "LoginStageKey",
    "allauth.account.internal.userkit": (
        "did_user_login filter_users_by_email filter_users_by_username get_user_by_username"
        " str_to_user_id user_display user_email user_field user_id_to_str user_username"
    ),
    "allauth.account.internal.emailkit": "valid_email_or_none",
    "allauth.account.internal.templatekit": "get_entrance_context_data",
    "allauth.account.internal.flows.login": (
        "AUTHENTICATION_METHODS_SESSION_KEY clear_authentication_records derive_login_method"
        " get_authentication_records perform_login perform_password_login record_authentication"
        " resume_login"
    ),
    "allauth.account.internal.flows.email_verification": (
        "login_on_verification send_verification_email_at_login"
        " send_verification_email_for_user send_verification_email_to_address verify_email"
        " verify_email_and_resume verify_email_indirectly"
    ),
    "allauth.account.internal.flows.email_verification_by_code": (
        "EMAIL_VERIFICATION_CODE_SESSION_KEY EmailVerificationProcess"
    ),
    "allauth.account.internal.flows.code_verification": "AbstractCodeVerificationProcess",
    "allauth.account.internal.flows.login_by_code": "LoginCodeVerificationProcess",
    "allauth.account.internal.flows.manage_email": (
        "add_email assess_unique_email can_delete_email can_mark_as_primary delete_email"
        " email_already_exists emit_email_changed list_email_addresses mark_as_primary"
        " sync_user_email_address"
    ),
    "allauth.account.internal.flows.password_change": "",
    "allauth.account.internal.flows.password_reset": (
        "finalize_password_reset request_password_reset"
    ),
    "allauth.account.internal.flows.password_reset_by_code": (
        "PASSWORD_RESET_VERIFICATION_SESSION_KEY PasswordResetVerificationProcess"
    ),
    "allauth.account.internal.flows.phone_verification": "",
    "allauth.account.internal.flows.reauthentication": (
        "did_recently_authenticate did_recently_reauthenticate"
        " raise_if_reauthentication_required reauthenticate_by_password resume_request"
        " stash_and_reauthenticate suspend_request"
    ),
    "allauth.account.internal.flows.signup": (
        "base_signup_form_class complete_signup prevent_enumeration send_unknown_account_mail"
    ),
    "allauth.account.internal.flows.logout": "logout",
}


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (module, name)
        for listing in (PUBLIC, INTERNAL)
        for module, names in listing.items()
        for name in names.split() or [""]
    ],
)
def test_name_is_importable(module: str, name: str) -> None:
    found: Any = importlib.import_module(module)

    if name:
        assert hasattr(found, name) or importlib.import_module(f"{module}.{name}")


@pytest.mark.parametrize(
    ("module", "names"),
    [("allauth.exceptions", ["ImmediateHttpResponse"]), ("allauth.ratelimit", ["consume"])],
)
def test_homes_of_old_warn(module: str, names: list[str]) -> None:
    sys.modules.pop(module, None)

    with pytest.warns(UserWarning, match="deprecated"):
        found = importlib.import_module(module)

    for name in names:
        assert hasattr(found, name)


def test_process_of_a_login_code_has_the_methods_that_others_call() -> None:
    from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess

    for name in ("initiate", "resume", "finish"):
        assert callable(getattr(LoginCodeVerificationProcess, name))


def test_submodules_are_reachable_from_the_package_of_flows() -> None:
    from allauth.account.internal import flows

    for name in (
        "email_verification",
        "email_verification_by_code",
        "login",
        "login_by_code",
        "logout",
        "manage_email",
        "password_change",
        "password_reset",
        "password_reset_by_code",
        "phone_verification",
        "reauthentication",
        "signup",
    ):
        importlib.import_module(f"{flows.__name__}.{name}")
        assert hasattr(flows, name)


def test_members_of_both_enums_are_the_same() -> None:
    from allauth.account import app_settings
    from allauth.account.app_settings import AuthenticationMethod, LoginMethod

    assert len({AuthenticationMethod.EMAIL, LoginMethod.EMAIL}) == 1
    assert "username" in app_settings.LOGIN_METHODS
    assert app_settings.AuthenticationMethod is AuthenticationMethod
