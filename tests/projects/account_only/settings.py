"""A site with the account app alone: no sites framework, none of the other apps."""

from __future__ import annotations

from tests.projects.common_settings import *  # noqa: F403
from tests.projects.common_settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.projects.phones"]
ROOT_URLCONF = "tests.projects.account_only.urls"
ASGI_APPLICATION = "tests.projects.account_only.asgi.application"
