"""A site whose account adapter has every hook as ``async def``, with all there is switched on.

With the environment variable ``TEST_BY_CODE``, addresses are verified and passwords reset by code
rather than by link.
"""

from __future__ import annotations

import os

import django

from tests.projects.account_only.settings import *  # noqa: F403
from tests.projects.account_only.settings import MIDDLEWARE

ROOT_URLCONF = "tests.projects.async_hooks.urls"
MIDDLEWARE = ["tests.projects.custom_hooks.middleware.note_loop", *MIDDLEWARE]

if django.VERSION < (6, 1):
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

ACCOUNT_ADAPTER = "tests.projects.async_hooks.adapter.ConnectedAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email", "phone"}
ACCOUNT_SIGNUP_FIELDS = ["username", "email*", "phone", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_RATE_LIMITS = False
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = "TEST_BY_CODE" in os.environ
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = "TEST_BY_CODE" in os.environ
