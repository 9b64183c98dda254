"""The site with the account app alone, and a user model of its own."""

from __future__ import annotations

from tests.projects.account_only.settings import *  # noqa: F403
from tests.projects.account_only.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.projects.custom_users"]
AUTH_USER_MODEL = "custom_users.Person"
