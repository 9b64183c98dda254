"""A site with every app of the package that is there."""

from __future__ import annotations

from tests.projects.common_settings import *  # noqa: F403
from tests.projects.common_settings import INSTALLED_APPS, find_apps, find_providers

ROOT_URLCONF = "tests.projects.regular.urls"
ASGI_APPLICATION = "tests.projects.regular.asgi.application"
SITE_ID = 1

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "django.contrib.sites",
    "django.contrib.humanize",
    "tests.projects.phones",
    *find_apps("socialaccount", "mfa", "usersessions", "headless", "idp.oidc"),
    *(find_providers() if find_apps("socialaccount") else []),
]
