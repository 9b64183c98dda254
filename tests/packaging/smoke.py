"""A smoke test of an installed wheel, to be run by a Python that has the wheel and nothing else."""

from __future__ import annotations

import importlib.metadata
import importlib.util

import django
from django.conf import settings
from django.core.management import call_command
from django.template.loader import get_template
from django.test import Client
from django.test.utils import setup_test_environment
from django.urls import URLResolver, include, path

urlpatterns: list[URLResolver] = []  # filled when the settings are there

OPTIONAL = ["requests", "jwt", "cryptography", "oauthlib", "fido2", "qrcode", "yaml"]


def configure() -> None:
    """Set up a site with the account app alone."""
    settings.configure(
        ROOT_URLCONF=__name__,
        SECRET_KEY="only for this run",
        ALLOWED_HOSTS=["testserver"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        STATIC_URL="/static/",
        USE_TZ=True,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.staticfiles",
            "allauth",
            "allauth.account",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "allauth.account.middleware.AccountMiddleware",
        ],
        AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
            }
        ],
    )
    setup_test_environment()
    django.setup()


def main() -> None:
    """Sign somebody up, out and in."""
    configure()
    urlpatterns.append(path("accounts/", include("allauth.urls")))
    assert not [name for name in OPTIONAL if importlib.util.find_spec(name)], "not a bare Python"
    call_command("check", fail_level="WARNING")
    call_command("makemigrations", "account", check=True, dry_run=True, verbosity=0)
    call_command("migrate", verbosity=0)

    client = Client()
    page = client.get("/accounts/login/")
    assert page.status_code == 200
    assert "account/login.html" in [template.name for template in page.templates]
    assert get_template("account/signup.html").origin.name.endswith("account/signup.html")

    password = "correct horse 7 battery"
    client.post(
        "/accounts/signup/", {"username": "jane", "password1": password, "password2": password}
    )
    assert "_auth_user_id" in client.session
    client.post("/accounts/logout/")
    assert "_auth_user_id" not in client.session
    client.post("/accounts/login/", {"login": "jane", "password": password})
    assert "_auth_user_id" in client.session
    print("smoke test passed for", importlib.metadata.version("django-allauth"))  # noqa: T201


if __name__ == "__main__":
    main()
