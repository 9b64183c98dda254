"""A small site on which both packages are measured.

It has the account app alone or, with ``PROVIDER``, third-party accounts at that address too. With
``BY_CODE`` people may log in by a mailed code.
"""

from __future__ import annotations

import os

SECRET_KEY = "not a secret: only for measuring"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "allauth",
    "allauth.account",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
# Shared by the threads of one process, and gone with it.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": "file:benchmark?mode=memory&cache=shared",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
ROOT_URLCONF = "urls"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
# Hashing would hide everything else.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Every request comes from the same address; the limits themselves are still computed.
ACCOUNT_RATE_LIMITS = {
    "login": "1000000/m/ip",
    "login_failed": "1000000/m/ip,1000000/5m/key",
    "signup": "1000000/m/ip",
    "reset_password": "1000000/m/ip,1000000/m/key",
    "request_login_code": "1000000/m/ip,1000000/m/key",
}

if "BY_CODE" in os.environ:
    ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

PROVIDER = os.environ.get("PROVIDER")
if PROVIDER:
    INSTALLED_APPS += ["allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"]
    SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "benchmark",
                    "name": "Benchmark",
                    "client_id": "client-1",
                    "secret": "secret-1",
                    "settings": {"server_url": PROVIDER},
                }
            ]
        }
    }
