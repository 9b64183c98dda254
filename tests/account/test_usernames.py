"""Usernames that are made out of what is known of a new user."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured, ValidationError

from allauth import utils
from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.utils import (
    MAX_USERNAME_SUFFIX_LENGTH,
    USERNAME_SUFFIX_CHARS,
    generate_unique_username,
    generate_username_candidate,
    generate_username_candidates,
    get_username_max_length,
)
from tests.support.queries import assert_queries

pytestmark = pytest.mark.django_db


def add_users(*names: str) -> None:
    model = get_user_model()
    model.objects.bulk_create(model(username=name) for name in names)


@pytest.mark.parametrize(
    ("texts", "username"),
    [
        (["a.b-c@example.com"], "a.b-c"),
        (["Üsêrnamê"], "username"),
        (["User Name"], "user_name"),
        (["User  \t Name"], "user_name"),
        ([" spaced "], "spaced"),
        (["ﬀoo"], "ffoo"),
        (["O'Brien, (Jr.)"], "obrien_jr."),
        (["a+b"], "a+b"),
        ([""], "user"),
        (["日本"], "user"),
        (["@foo"], "user"),
        ([], "user"),
        ([None, "", "日本", "anna", "ben"], "anna"),
        (["first", "second"], "first"),
    ],
)
def test_base_is_the_first_usable_text(texts: list[str | None], username: str) -> None:
    assert generate_unique_username(texts) == username


def test_characters_to_leave_out_can_be_chosen() -> None:
    assert generate_unique_username(["a.b-c d"], regex="[^a-z]") == "abcd"


@pytest.mark.parametrize(
    ("taken", "pattern"),
    [
        (["anna"], r"anna\d"),
        (["ANNA"], r"anna\d"),
        (["anna", *(f"anna{digit}" for digit in string.digits)], r"anna\d\d"),
    ],
)
def test_name_that_is_taken_gets_a_suffix(taken: list[str], pattern: str) -> None:
    add_users(*taken)

    assert re.fullmatch(pattern, generate_unique_username(["anna"]))


def test_casing_counts_as_names_are_looked_up(settings: Any) -> None:
    settings.ACCOUNT_PRESERVE_USERNAME_CASING = False
    add_users("anna")

    assert generate_unique_username(["Anna"]) != "anna"


@pytest.mark.requirement("SEC-020")
def test_one_query_decides_however_many_users_there_are() -> None:
    add_users("user", *(f"user{number}" for number in range(1000)))

    with assert_queries(1):
        username = generate_unique_username(["", None])
    assert not get_user_model().objects.filter(username=username).exists()
    assert username.startswith("user")


class PickyAdapter(DefaultAccountAdapter):
    """Accepts only names without digits, other than ``admin``."""

    def clean_username(self, username: str, shallow: bool = False) -> str:
        assert shallow
        if username == "admin" or re.search(r"\d", username):
            raise ValidationError("Not this one.")
        return username


def test_adapter_has_the_last_word(settings: Any) -> None:
    settings.ACCOUNT_ADAPTER = f"{__name__}.PickyAdapter"

    assert generate_unique_username(["admin", "b1", "carl"]) == "carl"
    with pytest.raises(NotImplementedError):
        generate_unique_username(["admin"])
    add_users("carl")
    with pytest.raises(NotImplementedError):
        generate_unique_username(["carl"])


def test_reserved_name_gets_a_suffix(settings: Any) -> None:
    settings.ACCOUNT_USERNAME_BLACKLIST = ["Admin"]

    assert re.fullmatch(r"admin\d", generate_unique_username(["admin"]))


@pytest.mark.parametrize(("base", "length"), [("ab", 5), ("abcde", 5), ("abcdef", 6), ("a", 20)])
def test_short_name_is_made_long_enough(settings: Any, base: str, length: int) -> None:
    settings.ACCOUNT_USERNAME_MIN_LENGTH = 5 if length < 20 else 20

    username = generate_unique_username([base])
    assert len(username) == length
    assert username.startswith(base)


@pytest.mark.parametrize(
    ("base", "minimum", "lengths"),
    [
        ("anna", 1, [4, 5, 6, 7, 8, 9, 10]),
        ("anna", 4, [4, 5, 6, 7, 8, 9, 10]),
        ("anna", 6, [6, 7, 8, 9, 10]),
        ("", 1, [1, 2, 3, 4, 5, 6]),
    ],
)
def test_one_candidate_per_length_of_the_suffix(
    settings: Any, base: str, minimum: int, lengths: list[int]
) -> None:
    settings.ACCOUNT_USERNAME_MIN_LENGTH = minimum

    assert [len(candidate) for candidate in generate_username_candidates(base)] == lengths


def test_suffix_is_four_digits_then_letters() -> None:
    assert MAX_USERNAME_SUFFIX_LENGTH == 7
    assert [string.digits] * 4 + [string.ascii_letters] * 3 == USERNAME_SUFFIX_CHARS

    for _ in range(20):
        assert re.fullmatch(r"anna\d{4}[A-Za-z]{2}", generate_username_candidate("anna", 6))


@pytest.mark.parametrize("limit", [1, 3, 7, 150])
def test_names_fit_into_the_field(monkeypatch: Any, limit: int) -> None:
    monkeypatch.setattr(get_user_model()._meta.get_field("username"), "max_length", limit)

    for length in range(1, min(limit, MAX_USERNAME_SUFFIX_LENGTH)):
        assert len(generate_username_candidate("x" * 200, length)) == limit
    candidates = generate_username_candidates("anna")
    assert len(candidates) == 1 + max(1, min(limit, MAX_USERNAME_SUFFIX_LENGTH) - 1)


def test_length_of_the_field(settings: Any, monkeypatch: Any) -> None:
    assert get_username_max_length() == 150
    monkeypatch.setattr(get_user_model()._meta.get_field("username"), "max_length", None)
    assert get_username_max_length() is None
    assert len(generate_username_candidates("anna")) == 7

    settings.ACCOUNT_USER_MODEL_USERNAME_FIELD = None
    assert get_username_max_length() == 0
    settings.ACCOUNT_USER_MODEL_USERNAME_FIELD = "no_such_field"
    with pytest.raises(ImproperlyConfigured, match="no_such_field"):
        get_username_max_length()


def test_user_is_given_a_username(rf: Any, user_factory: Callable[..., Any]) -> None:
    user_factory(username="anna")
    model = get_user_model()
    adapter = get_adapter()

    for user, pattern in [
        (model(first_name="Béatrice", last_name="Doe"), "beatrice"),
        (model(email="carl@example.org"), "carl"),
        (model(), "user"),
        (model(username="mine", first_name="x"), "mine"),
        (model(first_name="Anna"), r"anna\d"),
    ]:
        adapter.populate_username(rf.get("/"), user)
        assert re.fullmatch(pattern, user.username)


def test_adapter_can_generate_names(rf: Any, settings: Any, monkeypatch: Any) -> None:
    asked: list[list[str | None]] = []

    def generate(self: Any, txts: Any, regex: str | None = None) -> str:
        asked.append(list(txts))
        return "generated"

    monkeypatch.setattr(DefaultAccountAdapter, "generate_unique_username", generate)
    user = get_user_model()(first_name="A", last_name="B", email="c@example.org")
    get_adapter().populate_username(rf.get("/"), user)

    assert user.username == "generated"
    assert [text for text in asked[0] if text] == ["A", "B", "c@example.org", "user"]
    settings.ACCOUNT_USER_MODEL_USERNAME_FIELD = None
    user = get_user_model()()
    get_adapter().populate_username(rf.get("/"), user)
    assert user.username == ""


def test_module_offers_what_others_import() -> None:
    for name in (
        "build_absolute_uri",
        "generate_unique_username",
        "generate_username_candidate",
        "generate_username_candidates",
        "get_form_class",
        "get_request_param",
        "get_setting",
        "get_username_max_length",
        "import_attribute",
        "import_callable",
        "set_form_field_order",
    ):
        assert callable(getattr(utils, name))
