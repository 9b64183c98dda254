"""Settings that take parsing are parsed once for each value they have."""

from __future__ import annotations

from typing import Any

import pytest

from allauth.account import app_settings
from allauth.account.app_settings import LoginMethod
from allauth.core.settings import memoized


@pytest.mark.parametrize("name", ["LOGIN_METHODS", "RATE_LIMITS", "SIGNUP_FIELDS"])
def test_the_same_value_is_parsed_once(name: str) -> None:
    assert getattr(app_settings, name) is getattr(app_settings, name)


def test_another_value_takes_effect_at_once(settings: Any) -> None:
    settings.ACCOUNT_LOGIN_METHODS = ["email"]
    assert {LoginMethod.EMAIL} == app_settings.LOGIN_METHODS
    # The list is changed in place: it is another value, though the same object.
    settings.ACCOUNT_LOGIN_METHODS.append("username")
    assert {LoginMethod.EMAIL, LoginMethod.USERNAME} == app_settings.LOGIN_METHODS


def test_a_default_follows_the_setting_it_is_derived_from(settings: Any) -> None:
    settings.ACCOUNT_LOGIN_ATTEMPTS_LIMIT = 7
    assert app_settings.RATE_LIMITS["login_failed"] == "10/m/ip,7/300s/key"
    settings.ACCOUNT_LOGIN_ATTEMPTS_LIMIT = 8
    assert app_settings.RATE_LIMITS["login_failed"] == "10/m/ip,8/300s/key"


@pytest.mark.parametrize("name", ["RATE_LIMITS", "SIGNUP_FIELDS"])
def test_nobody_can_change_what_all_requests_share(name: str) -> None:
    with pytest.raises(TypeError):
        getattr(app_settings, name)["email"] = None


def test_errors_are_not_remembered_and_values_are_told_apart_by_type() -> None:
    calls = []

    @memoized
    def parse(value: Any) -> str:
        calls.append(value)
        if value is None:
            raise ValueError("no value")
        return f"{value!r}"

    for _ in range(2):
        with pytest.raises(ValueError, match="no value"):
            parse(None)
    assert [parse(1), parse(True), parse(1), parse([1]), parse([1])] == [
        "1",
        "True",
        "1",
        "[1]",
        "[1]",
    ]
    assert calls == [None, None, 1, True, [1], [1]]
