"""What the Django projects of the suite have in common.

Environment variables choose the stores: ``TEST_DATABASE_URL`` (``postgres://`` or ``mysql://``; an
SQLite database in memory without it) and ``TEST_REDIS_URL`` (a cache of the process without it).
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import django

import allauth

PACKAGE = Path(allauth.__file__).parent
PROVIDERS = "socialaccount/providers/*/provider.py"
ENGINES = ("base", "oauth", "oauth2")


def get_database(url: str) -> dict[str, Any]:
    """The entry of ``DATABASES`` for a URL; an empty one stands for SQLite."""
    if not url:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    parts = urlsplit(url)
    database = {
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "NAME": parts.path.lstrip("/"),
    }
    if parts.scheme in ("postgres", "postgresql"):
        return {"ENGINE": "django.db.backends.postgresql", **database}
    if parts.scheme == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": f"/{database['NAME']}"}
    if parts.scheme != "mysql":
        raise ValueError(f"No database engine is known for the scheme {parts.scheme!r}.")
    import pymysql

    # Django asks for a version of the other MySQL driver, whose numbers run differently.
    pymysql.version_info = (2, 2, 8, "final", 0)
    pymysql.install_as_MySQLdb()
    return {
        "ENGINE": "django.db.backends.mysql",
        "OPTIONS": {"charset": "utf8mb4"},
        "TEST": {"CHARSET": "utf8mb4"},
        **database,
    }


def get_cache(url: str) -> dict[str, str]:
    """The entry of ``CACHES`` for a URL; an empty one stands for the memory of the process."""
    if not url:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    return {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url}


def find_apps(*names: str) -> list[str]:
    """Those of the apps below ``allauth`` that have URLs. Nothing is imported to find out."""
    return [
        f"allauth.{name}"
        for name in names
        if PACKAGE.joinpath(*name.split("."), "urls.py").is_file()
    ]


def find_providers() -> list[str]:
    """The apps of all providers whose own requirements are installed."""
    requirements = {"openid": "openid", "steam": "openid", "saml": "onelogin"}
    names = [path.parent.name for path in sorted(PACKAGE.glob(PROVIDERS))]
    return [
        f"allauth.socialaccount.providers.{name}"
        for name in names
        if find_spec(requirements.get(name, "django")) and name not in ENGINES
    ]


BASE_DIR = Path(__file__).parent
SECRET_KEY = "only the tests of this project use this key"
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
USE_TZ = True
LANGUAGE_CODE = "en"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
STATIC_URL = "/static/"

DATABASES = {"default": get_database(os.environ.get("TEST_DATABASE_URL", ""))}
CACHES = {"default": get_cache(os.environ.get("TEST_REDIS_URL", ""))}

# Real password hashing is slow on purpose.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]

if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.admin",
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
        "DIRS": [BASE_DIR / "templates"],
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
