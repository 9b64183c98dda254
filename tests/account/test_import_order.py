"""Projects import parts of the package wherever they like, their user model included."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MODELS = """
from django.contrib.auth.models import AbstractUser
{imports}

class Person(AbstractUser):
    pass
"""
SETUP = """
import django
from django.conf import settings

settings.configure(
    SECRET_KEY="x",
    AUTH_USER_MODEL="people.Person",
    INSTALLED_APPS=[
        "people",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django.contrib.sites",
        "allauth",
        "allauth.account",
        "allauth.socialaccount",
        "allauth.socialaccount.providers.github",
    ],
    MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress

assert EmailAddress._meta.get_field("user").related_model.__name__ == "Person"
print(type(get_adapter()).__name__)
"""


@pytest.mark.parametrize(
    "imports",
    [
        "from allauth.account.adapter import DefaultAccountAdapter, get_adapter",
        "from allauth.account.models import EmailAddress",
        "from allauth.account.utils import user_email, user_field, user_username",
        "from allauth.utils import generate_unique_username, get_username_max_length",
        "from allauth.account import app_settings, signals",
        "from allauth.account.internal.userkit import user_email",
        "from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter",
        "from allauth.socialaccount.models import SocialAccount",
        "from allauth.socialaccount.providers.base import ProviderAccount",
    ],
)
def test_module_of_the_user_model_may_import(imports: str, tmp_path: Path) -> None:
    people = tmp_path / "people"
    people.mkdir()
    (people / "__init__.py").touch()
    (people / "models.py").write_text(MODELS.format(imports=imports))

    done = subprocess.run(
        [sys.executable, "-c", SETUP],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.strip() == "DefaultAccountAdapter", done.stderr
