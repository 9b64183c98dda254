"""Codes that people type in."""

from __future__ import annotations

import ast
import string
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import allauth
from allauth.account.adapter import get_adapter
from allauth.core.internal import user_codes
from allauth.core.internal.user_codes import (
    UserCodeFormat,
    compare_user_code,
    generate_user_code,
    normalize_user_code,
)

CONSONANTS = "BCDFGHJKLMNPQRSTVWXZ"
SPELLINGS = ["XK-CD", "xkcd", "XKCD", " x k c d ", "XK - CD", "x.k.c.d", "xk\tcd\n", "xKcD"]


@pytest.mark.parametrize(
    ("length", "groups"),
    [
        (1, [1]),
        (2, [1, 1]),
        (3, [2, 1]),
        (6, [3, 3]),
        (8, [4, 4]),
        (9, [3, 3, 3]),
        (10, [4, 4, 2]),
        (15, [5, 5, 5]),
    ],
)
def test_code_is_dashed_into_groups(length: int, groups: list[int]) -> None:
    code = generate_user_code(length=length)

    assert [len(group) for group in code.split("-")] == groups


@pytest.mark.requirement("SEC-022")
def test_default_code_is_two_groups_of_four_consonants() -> None:
    for _ in range(50):
        code = generate_user_code()
        assert len(code) == 9
        assert code[4] == "-"
        assert set(code) - {"-"} <= set(CONSONANTS)


def test_numeric_code_has_nine_digits() -> None:
    code = generate_user_code(numeric=True, dashed=False)

    assert len(code) == 9
    assert code.isdecimal()


def test_alphabet_can_be_chosen() -> None:
    assert set(generate_user_code(allowed_chars="ab", length=40, dashed=False)) == {"a", "b"}


def test_unknown_key_of_a_format_is_a_type_error(settings: Any) -> None:
    settings.ACCOUNT_LOGIN_BY_CODE_FORMAT = {"size": 4}

    with pytest.raises(TypeError, match="size"):
        get_adapter().generate_login_code()


@pytest.mark.parametrize(
    ("setting", "method", "arguments"),
    [
        ("LOGIN_BY_CODE_FORMAT", "generate_login_code", {}),
        ("PASSWORD_RESET_BY_CODE_FORMAT", "generate_password_reset_code", {}),
        ("EMAIL_VERIFICATION_BY_CODE_FORMAT", "generate_email_verification_code", {}),
        (
            "PHONE_VERIFICATION_CODE_FORMAT",
            "generate_phone_verification_code",
            {"user": None, "phone": "+31612345678"},
        ),
    ],
)
def test_each_use_has_its_format(
    settings: Any, setting: str, method: str, arguments: dict[str, Any]
) -> None:
    code_format: UserCodeFormat = {"numeric": True, "dashed": False, "length": 4}
    setattr(settings, f"ACCOUNT_{setting}", code_format)

    code = getattr(get_adapter(), method)(**arguments)
    assert len(code) == 4
    assert code.isdecimal()


def test_codes_are_drawn_from_all_of_the_alphabet() -> None:
    drawn = set(generate_user_code(length=2000, dashed=False))

    assert drawn == set(CONSONANTS)
    assert user_codes.UNAMBIGUOUS_CONSONANTS == CONSONANTS


@pytest.mark.requirement("SEC-022", "INV-18")
def test_codes_come_from_the_random_generator_of_the_system() -> None:
    with mock.patch("secrets.choice", side_effect=lambda alphabet: alphabet[0]) as choice:
        assert generate_user_code() == "BBBB-BBBB"
    assert choice.call_count == 8


@pytest.mark.requirement("INV-18")
def test_nothing_draws_from_the_predictable_generator() -> None:
    offenders = []
    for path in Path(allauth.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [
                alias.name for alias in getattr(node, "names", []) if isinstance(alias, ast.alias)
            ]
            if isinstance(node, ast.ImportFrom):
                names.append(node.module or "")
            if isinstance(node, ast.Import | ast.ImportFrom) and "random" in names:
                offenders.append(path.name)

    assert offenders == []


@pytest.mark.requirement("SEC-022")
@pytest.mark.parametrize("typed", SPELLINGS)
def test_case_blanks_and_dashes_do_not_count(typed: str) -> None:
    assert compare_user_code(actual=typed, expected="XK-CD")
    assert compare_user_code(actual="XK-CD", expected=typed)


@pytest.mark.requirement("INV-19")
@pytest.mark.parametrize("typed", SPELLINGS)
def test_all_accepted_spellings_have_one_normal_form(typed: str) -> None:
    assert normalize_user_code(typed) == "xkcd"


@pytest.mark.requirement("SEC-021")
@pytest.mark.parametrize(
    "typed",
    [
        "",
        "-",
        "XKC",
        "XKCDD",
        "é",
        "ＸＫＣＤ",  # noqa: RUF001
        "XK\u2010CD",
        "\ud800",
        "X" * 100_000,
        "XKCD" + " " * 2000,
        None,
        1234,
        True,
        ["XKCD"],
        {"code": "XKCD"},
        b"XKCD",
    ],
)
def test_anything_else_is_a_wrong_code(typed: Any) -> None:
    assert not compare_user_code(actual=typed, expected="XKCD")


@pytest.mark.requirement("SEC-021")
@pytest.mark.parametrize("expected", ["", "-", " - ", None, 0, []])
@pytest.mark.parametrize("typed", ["", "-", None, "x", 0, []])
def test_nothing_matches_where_no_code_is_expected(typed: Any, expected: Any) -> None:
    assert not compare_user_code(actual=typed, expected=expected)


@pytest.mark.requirement("SEC-021")
def test_full_width_digits_are_wrong() -> None:
    assert not compare_user_code(actual="１２３４", expected="1234")  # noqa: RUF001
    assert compare_user_code(actual="12-34", expected="1234")


@pytest.mark.requirement("SEC-021")
def test_comparison_takes_constant_time() -> None:
    with mock.patch.object(
        user_codes, "constant_time_compare", wraps=user_codes.constant_time_compare
    ) as compare:
        compare_user_code(actual="XKCX", expected="XK-CD")
    compare.assert_called_once_with(b"xkcx", b"xkcd")


def test_every_punctuation_character_is_ignored() -> None:
    assert normalize_user_code(string.punctuation.join("XKCD") + string.whitespace) == "xkcd"
