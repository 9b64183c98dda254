"""The combinations of settings in which the demo can be started."""

from __future__ import annotations

from typing import Any, NamedTuple


class Variant(NamedTuple):
    """One combination of settings."""

    title: str
    text: str
    settings: dict[str, Any]


VARIANTS = {
    "codes": Variant(
        "Everything by code",
        "People sign up with their email address and a password. Addresses are verified,"
        " passwords reset and, if somebody likes, sign-ins done by codes to type in.",
        {
            "ACCOUNT_LOGIN_METHODS": {"email"},
            "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1*", "password2*"],
            "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
            "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED": True,
            "ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE": True,
            "ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND": True,
            "ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED": True,
            "ACCOUNT_LOGIN_BY_CODE_ENABLED": True,
            "ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND": True,
        },
    ),
    "links": Variant(
        "Everything by link",
        "People sign up with username, email address and password, and sign in with either of the"
        " two. Links in mails verify addresses and reset passwords. Nobody has to verify an"
        " address, except for pages that ask for it.",
        {
            "ACCOUNT_LOGIN_METHODS": {"email", "username"},
            "ACCOUNT_SIGNUP_FIELDS": ["email*", "username*", "password1*", "password2*"],
            "ACCOUNT_EMAIL_VERIFICATION": "optional",
        },
    ),
    "change-email": Variant(
        "One address for each account",
        "An account has one address only. A new one replaces it as soon as the link sent there is"
        " opened. Whoever opens the link after signing up is signed in.",
        {
            "ACCOUNT_LOGIN_METHODS": {"email"},
            "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1*"],
            "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
            "ACCOUNT_CHANGE_EMAIL": True,
            "ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION": True,
        },
    ),
    "phone": Variant(
        "Phone numbers",
        "People sign up with a phone number, which a code in a text message verifies, and sign in"
        " with it. An email address is optional.",
        {
            "ACCOUNT_LOGIN_METHODS": {"phone", "email"},
            "ACCOUNT_SIGNUP_FIELDS": ["phone*", "email", "password1*"],
            "ACCOUNT_EMAIL_VERIFICATION": "optional",
            "ACCOUNT_PHONE_VERIFICATION_SUPPORTS_CHANGE": True,
            "ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND": True,
            # Visitors try things out faster than people change their number.
            "ACCOUNT_RATE_LIMITS": {"change_phone": "3/m/user"},
            "ACCOUNT_LOGIN_BY_CODE_ENABLED": True,
        },
    ),
    "passwordless": Variant(
        "No passwords needed",
        "People sign up with their email address alone, and sign in by a code that is mailed to"
        " them. Who wants a password can set one.",
        {
            "ACCOUNT_LOGIN_METHODS": {"email"},
            "ACCOUNT_SIGNUP_FIELDS": ["email*"],
            "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
            "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED": True,
            "ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED": True,
            "ACCOUNT_LOGIN_BY_CODE_ENABLED": True,
        },
    ),
}
DEFAULT_VARIANT = "codes"
