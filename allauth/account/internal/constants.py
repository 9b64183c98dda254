"""Names of login stages, and session keys."""

from __future__ import annotations

from enum import Enum


class LoginStageKey(str, Enum):
    """Keys under which the stages keep their data in a pending login."""

    LOGIN_BY_CODE = "login_by_code"
    VERIFY_EMAIL = "verify_email"
    VERIFY_PHONE = "verify_phone"


EMAIL_VERIFICATION_CODE_SESSION_KEY = "account_email_verification_code"
PASSWORD_RESET_VERIFICATION_SESSION_KEY = "account_password_reset_verification"
PHONE_VERIFICATION_SESSION_KEY = "account_phone_verification"
REAUTHENTICATION_STATE_SESSION_KEY = "account_reauthentication_state"
RESET_KEY_SESSION_KEY = "_password_reset_key"
SIGNUP_IS_FINAL_SESSION_KEY = "account_signup_is_final"
