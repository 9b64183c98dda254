"""What the package promises to those who install it."""

from __future__ import annotations

import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

import allauth

ROOT = Path(__file__).parents[2]

# Modules of extras, which only what needs them may load, and of no use to a site.
HEAVY = ["requests", "jwt", "cryptography", "oauthlib", "fido2", "qrcode", "yaml"]
FOREIGN = ["pytest", "tests", "examples", "benchmarks"]


def list_loaded(code: str, *modules: str) -> list[str]:
    """Run ``code`` in a fresh interpreter; return which of ``modules`` it has loaded."""
    report = f"import sys; print(*[name for name in {modules!r} if name in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        capture_output=True,
        check=True,
        cwd=ROOT,
        text=True,
    )
    return result.stdout.split()


def test_importing_the_package_needs_no_django() -> None:
    assert list_loaded("import allauth", "django", *HEAVY, *FOREIGN) == []


@pytest.mark.parametrize("project", ["account_only", "regular"])
def test_starting_a_site_loads_nothing_that_only_extras_need(project: str) -> None:
    code = (
        f"import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.projects.{project}.settings'\n"
        "import django; django.setup()\n"
        "import allauth.account.adapter, allauth.account.models"
    )

    assert list_loaded(code, *HEAVY) == []


@pytest.mark.requirement("SEC-170")
@pytest.mark.parametrize("extra", ["django.contrib.sites", "django.contrib.admin"])
def test_account_app_loads_no_code_of_tests(extra: str) -> None:
    code = (
        "from django.conf import settings; settings.configure(INSTALLED_APPS=["
        f"'django.contrib.auth', 'django.contrib.contenttypes', {extra!r}, 'allauth', "
        "'allauth.account'], MIDDLEWARE=['allauth.account.middleware.AccountMiddleware'], "
        "ROOT_URLCONF='allauth.urls')\n"
        "import django; django.setup()\n"
        "import allauth.urls, allauth.account.middleware"
    )

    assert list_loaded(code, *HEAVY, *FOREIGN) == []


def test_version_is_that_of_the_release_whose_interface_it_has() -> None:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")

    assert allauth.VERSION == allauth.__version_info__ == (65, 21, 1, "final", 0)
    assert config["metadata"]["version"].partition("+")[0] == allauth.__version__ == "65.21.1"


def test_package_is_marked_as_typed() -> None:
    assert (Path(allauth.__file__).parent / "py.typed").is_file()
