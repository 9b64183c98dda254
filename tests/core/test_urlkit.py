"""Resolving the paths of suspended requests."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import Resolver404, set_script_prefix

from allauth.core.internal.urlkit import script_aware_resolve


@pytest.mark.parametrize(
    ("script_name", "path"),
    [
        (None, "/accounts/login/"),
        ("/site", "/site/accounts/login/"),
        ("/site/", "/site/accounts/login/"),
        ("/site", "/accounts/login/"),
    ],
)
def test_script_name_is_removed(settings: Any, script_name: str | None, path: str) -> None:
    settings.FORCE_SCRIPT_NAME = script_name
    try:
        assert script_aware_resolve(path).view_name == "account_login"
    finally:
        set_script_prefix("/")


@pytest.mark.parametrize(
    "path", ["/site/accounts/login/", "/nowhere/", "", "/sited/accounts/login/"]
)
def test_unknown_path_is_not_resolved(settings: Any, path: str) -> None:
    settings.FORCE_SCRIPT_NAME = "/other"

    with pytest.raises(Resolver404):
        script_aware_resolve(path)
