"""The check of who may know whom finds what it is for."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.packaging import import_contract


def write(package: Path, name: str, text: str) -> None:
    """Put a file into the package."""
    path = package / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """An empty package called ``allauth``."""
    return tmp_path / "allauth"


@pytest.mark.parametrize(
    ("file", "text", "is_found"),
    [
        ("account/a.py", "'allauth.mfa.internal.flows'", True),
        ("account/a.py", "'allauth.mfa'", True),
        ("account/a.py", "f'allauth.socialaccount.{name}'", True),
        ("account/internal/a.py", "'allauth.mfa.stages.TrustStage'", True),
        ("core/a.py", "'allauth.account'", True),
        ("mfa/a.py", "'usersessions.UserSession'", True),
        ("headless/a.py", "'allauth.idp.oidc'", True),
        ("account/a.py", "get_model('mfa.Authenticator')", True),
        ("account/a.py", "apps.get_model('mfa', 'Authenticator')", True),
        ("headless/a.py", "apps.get_model('allauth_idp_oidc', 'Client')", True),
        ("account/a.py", "'allauth.account.stages'", False),
        ("account/a.py", "'allauth.core.ratelimit'", False),
        ("idp/oidc/a.py", "'allauth.headless.adapter'", False),
        ("headless/a.py", "'usersessions.UserSession'", False),
        ("account/a.py", "'needs allauth.mfa'", False),
        ("account/a.py", "'account.EmailAddress'", False),
        ("account/app_settings.py", "'allauth.mfa'", False),
        ("account/apps.py", "'allauth.mfa'", False),
        ("urls.py", "'allauth.mfa.urls'", False),
    ],
)
def test_strings_are_references(package: Path, file: str, text: str, is_found: bool) -> None:
    write(package, file, f"x = {text}\n")

    found = import_contract.find_breaches(package)

    assert [(one.file, one.line) for one in found] == [(f"allauth/{file}", 1)] * is_found


def test_what_is_missing_is_stood_in_for(package: Path) -> None:
    write(
        package,
        "account/a.py",
        """
        import allauth.usersessions.models
        from allauth.mfa.internal import flows
        from allauth.socialaccount.models import SocialLogin

        stages = ["allauth.mfa.stages.TrustStage"]
        """,
    )
    write(package, "socialaccount/__init__.py", "")

    modules = import_contract.add_missing(package)

    assert modules == [
        "allauth.core",
        "allauth.headless",
        "allauth.idp",
        "allauth.mfa",
        "allauth.mfa.internal",
        "allauth.mfa.stages",
        "allauth.usersessions",
        "allauth.usersessions.models",
    ]
    assert (package / "mfa" / "internal" / "__init__.py").read_text() == ""
    assert (package / "mfa" / "__init__.py").exists()
    assert not (package / "socialaccount" / "models").exists()
