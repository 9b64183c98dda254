"""Names of the login stages of this app."""

from __future__ import annotations

from enum import Enum


class LoginStageKey(str, Enum):
    """Keys under which the stages keep their data in a pending login."""

    LOGIN_BY_CODE = "login_by_code"
    VERIFY_EMAIL = "verify_email"
    VERIFY_PHONE = "verify_phone"
