"""Settings of the demo, some of which ``run.py`` passes on by environment variables.

``DEMO_VARIANT`` is a name of ``demo.variants``. ``DEMO_LIBRARY_URL`` is where the identity provider
listens, and ``DEMO_LIBRARY_SECRET`` what it knows the demo by; without them it is not offered.
"""

from __future__ import annotations

import os
from pathlib import Path

import django

from demo.variants import DEFAULT_VARIANT, VARIANTS

BASE_DIR = Path(__file__).resolve().parents[1]
VARIANT = os.environ.get("DEMO_VARIANT", DEFAULT_VARIANT)

SECRET_KEY = "the demo serves this machine only, and has nothing to hide"
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "demo.urls"
ASGI_APPLICATION = "demo.asgi.application"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
TIME_ZONE = "UTC"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        # What people have differs: under "phone", say, nobody gets in without a number.
        "NAME": BASE_DIR / "var" / f"{VARIANT}.sqlite3",
    }
}

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Before the apps: the layouts and elements here stand in for those of the package.
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "demo.views.add_variant",
            ]
        },
    }
]

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"

DEFAULT_FROM_EMAIL = "The demo <demo@example.com>"
_MAIL_BACKEND = "demo.mail.EmailBackend"
if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": _MAIL_BACKEND}}
else:
    EMAIL_BACKEND = _MAIL_BACKEND

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "allauth": {"handlers": ["console"], "level": "WARNING"},
    },
}

ACCOUNT_ADAPTER = "demo.adapter.AccountAdapter"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_CONFIRMATION_AUTHENTICATED_REDIRECT_URL = "account_email"

LIBRARY = {
    "provider_id": "village-library",
    "name": "Village Library",
    "client_id": "demo",
    "secret": os.environ.get("DEMO_LIBRARY_SECRET", ""),
    "settings": {"server_url": os.environ.get("DEMO_LIBRARY_URL", "")},
}
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [LIBRARY] if LIBRARY["secret"] else [],
        "OAUTH_PKCE_ENABLED": True,
    }
}

globals().update(VARIANTS[VARIANT].settings)
