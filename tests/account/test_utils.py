"""Functions of the account app for project code."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import connection, models

from allauth.account import utils
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.context import request_context
from tests.support.queries import Queries, assert_queries


class KeyedByUuid(models.Model):
    """A user model whose keys are random."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)

    class Meta:
        app_label = "tests_account_utils"

    def __str__(self) -> str:
        return str(self.pk)


class KeyedByText(models.Model):
    """A user model whose keys are text."""

    id = models.CharField(primary_key=True, max_length=10)

    class Meta:
        app_label = "tests_account_utils"

    def __str__(self) -> str:
        return str(self.pk)


class KeyedByParent(models.Model):
    """A user model that extends another one."""

    parent = models.OneToOneField(KeyedByUuid, primary_key=True, on_delete=models.CASCADE)

    class Meta:
        app_label = "tests_account_utils"

    def __str__(self) -> str:
        return str(self.pk)


# Fields of users


def test_field_is_read_and_set(user: Any) -> None:
    utils.user_field(user, "first_name", "Anna")
    assert utils.user_field(user, "first_name") == "Anna"
    user.refresh_from_db()
    assert user.first_name == "", "it is not saved"


@pytest.mark.parametrize("name", [None, "", "no_such_field"])
def test_field_that_is_not_there_is_none_and_stays_unset(user: Any, name: str | None) -> None:
    assert utils.user_field(user, name) is None
    utils.user_field(user, name, "x", commit=True)
    assert utils.user_field(user, name) is None


def test_text_is_cut_and_none_becomes_empty(user: Any) -> None:
    utils.user_field(user, "first_name", "x" * 500)
    assert user.first_name == "x" * 150
    utils.user_field(user, "first_name", None)
    assert user.first_name == ""
    utils.user_field(user, "last_login", None)
    assert user.last_login is None


def test_only_the_field_is_saved(user: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).update(last_name="Changed elsewhere")

    with assert_queries(1):
        utils.user_field(user, "first_name", "Anna", commit=True)
    user.refresh_from_db()
    assert (user.first_name, user.last_name) == ("Anna", "Changed elsewhere")


def test_email_is_lower_case_either_way(user: Any, settings: Any) -> None:
    utils.user_email(user, "Anna@Example.ORG", commit=True)
    user.refresh_from_db()
    assert user.email == "anna@example.org"
    user.email = "Legacy@Example.org"
    assert utils.user_email(user) == "legacy@example.org"

    settings.ACCOUNT_USER_MODEL_EMAIL_FIELD = "first_name"
    utils.user_email(user, "B@x.org")
    assert (user.first_name, utils.user_email(user)) == ("b@x.org", "b@x.org")
    settings.ACCOUNT_USER_MODEL_EMAIL_FIELD = None
    assert utils.user_email(user) is None


def test_casing_of_usernames(user: Any, settings: Any) -> None:
    utils.user_username(user, "Anna", commit=True)
    assert utils.user_username(user) == "Anna"
    settings.ACCOUNT_PRESERVE_USERNAME_CASING = False
    utils.user_username(user, "Anna")
    assert utils.user_username(user) == "anna"
    settings.ACCOUNT_USER_MODEL_USERNAME_FIELD = None
    assert utils.user_username(user) is None


def test_saving_is_not_the_business_of_user_username(user: Any) -> None:
    with assert_queries(0):
        utils.user_username(user, "new", commit=True)


# How users are called


def test_user_is_called_by_username_or_by_what_the_model_says(user: Any, settings: Any) -> None:
    assert utils.default_user_display(user) == user.username
    settings.ACCOUNT_USER_MODEL_USERNAME_FIELD = None
    assert utils.default_user_display(user) == str(user)
    user.username = ""
    assert utils.default_user_display(user) == "user"


def shout(user: Any) -> str:
    return str(user.username).upper()


async def whisper(user: Any) -> str:
    return f"({user.username})"


def test_project_decides_how_users_are_called(user: Any, settings: Any) -> None:
    settings.ACCOUNT_USER_DISPLAY = shout
    assert utils.user_display(user) == user.username.upper()
    settings.ACCOUNT_USER_DISPLAY = f"{__name__}.shout"
    assert utils.user_display(user) == user.username.upper()
    settings.ACCOUNT_USER_DISPLAY = whisper
    assert utils.user_display(user) == f"({user.username})"


# Primary keys in URLs


@pytest.mark.parametrize(
    ("model", "pk", "text"),
    [
        (None, 35, "z"),
        (None, 0, "0"),
        (None, 36**5, "100000"),
        (KeyedByText, "a-b", "a-b"),
        (KeyedByUuid, uuid.UUID(int=255), f"{255:032x}"),
        (KeyedByUuid, f"{255:032x}", f"{255:032x}"),
        (KeyedByParent, uuid.UUID(int=255), f"{255:032x}"),
    ],
)
def test_primary_key_as_text(monkeypatch: Any, model: Any, pk: Any, text: str) -> None:
    model = model or get_user_model()
    monkeypatch.setattr("allauth.account.internal.user_fields.get_user_model", lambda: model)

    assert utils.user_pk_to_url_str(model(pk=pk)) == text
    expected = uuid.UUID(pk) if model is KeyedByUuid and isinstance(pk, str) else pk
    assert utils.url_str_to_user_pk(text) == expected


@pytest.mark.requirement("SEC-071")
def test_random_key_may_have_hyphens(monkeypatch: Any) -> None:
    monkeypatch.setattr("allauth.account.internal.user_fields.get_user_model", lambda: KeyedByUuid)

    assert utils.url_str_to_user_pk(str(uuid.UUID(int=255))) == uuid.UUID(int=255)


@pytest.mark.requirement("ATK-A23")
@pytest.mark.parametrize("model", [None, KeyedByUuid])
@pytest.mark.parametrize("text", ["", "-", "é", "z" * 14, "9" * 5000, "１", "\x00"])  # noqa: RUF001
def test_malformed_key_is_a_value_error(monkeypatch: Any, model: Any, text: str) -> None:
    model = model or get_user_model()
    monkeypatch.setattr("allauth.account.internal.user_fields.get_user_model", lambda: model)

    with pytest.raises(ValueError, match=r".*"):
        utils.url_str_to_user_pk(text)


# Who has an address


def test_users_are_found_by_address(user_factory: Callable[..., Any]) -> None:
    unverified = user_factory(email="Shared@example.org", verified=False)
    verified = user_factory(email="other@example.org")
    EmailAddress.objects.create(user=verified, email="shared@example.org", verified=True)
    by_field = user_factory(email="")
    get_user_model().objects.filter(pk=by_field.pk).update(email="shared@example.org")
    inactive = user_factory(email="shared@example.org", verified=False, is_active=False)

    find = utils.filter_users_by_email
    everybody = [verified, unverified, by_field, inactive]
    assert find("SHARED@example.org") == everybody
    assert find("shared@example.org", is_active=True) == everybody[:3]
    assert find("shared@example.org", is_active=False) == [inactive]
    assert find("shared@example.org", prefer_verified=True) == [verified]
    assert find("nobody@example.org") == []
    assert find("") == []


@pytest.mark.requirement("ATK-C37")
@pytest.mark.parametrize("email", ["x" * 100_000, "a\x00@example.org", "\ud800@example.org"])
@pytest.mark.django_db
def test_address_that_cannot_be_stored_finds_nobody(email: str) -> None:
    assert utils.filter_users_by_email(email) == []
    assert list(utils.filter_users_by_username(email)) == []


def test_users_are_found_by_name(user_factory: Callable[..., Any], settings: Any) -> None:
    anna, ben = user_factory(username="Anna"), user_factory(username="ben")

    assert set(utils.filter_users_by_username("anna", "BEN", "nobody")) == {anna, ben}
    assert set(utils.filter_users_by_username()) == set()
    settings.ACCOUNT_PRESERVE_USERNAME_CASING = False
    assert ben in utils.filter_users_by_username("BEN")
    settings.ACCOUNT_USER_MODEL_USERNAME_FIELD = None
    assert set(utils.filter_users_by_username("ben")) == set()


def test_whether_a_user_has_verified_an_address(user_factory: Callable[..., Any]) -> None:
    user = user_factory(email="a@example.org", verified=True)
    EmailAddress.objects.create(user=user, email="b@example.org")

    assert utils.has_verified_email(user)
    assert utils.has_verified_email(user, "A@example.org")
    assert not utils.has_verified_email(user, "b@example.org")
    assert not utils.has_verified_email(user, "c@example.org")
    assert not utils.has_verified_email(None)
    assert not utils.has_verified_email(user_factory(verified=False))


def test_address_of_the_user_model_gets_a_row(user: Any) -> None:
    user.emailaddress_set.all().delete()

    for _ in range(2):
        utils.sync_user_email_addresses(user)
        (address,) = EmailAddress.objects.filter(user=user)
        assert (address.email, address.verified, address.primary) == (user.email, False, False)
    user.email = ""
    utils.sync_user_email_addresses(user)
    assert EmailAddress.objects.filter(user=user).count() == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        ({"ACCOUNT_PREVENT_ENUMERATION": False}, False),
        ({"ACCOUNT_PREVENT_ENUMERATION": "strict"}, True),
        ({"ACCOUNT_EMAIL_VERIFICATION": "mandatory"}, None),
        (
            {"ACCOUNT_EMAIL_VERIFICATION": "mandatory", "ACCOUNT_PREVENT_ENUMERATION": False},
            False,
        ),
        ({"ACCOUNT_UNIQUE_EMAIL": False}, True),
    ],
)
def test_address_that_is_taken(
    settings: Any, user_factory: Callable[..., Any], changes: dict[str, Any], expected: Any
) -> None:
    owner = user_factory(email="taken@example.org")
    for name, value in changes.items():
        setattr(settings, name, value)

    assert utils.assess_unique_email("Taken@Example.org") is expected
    assert utils.assess_unique_email("free@example.org") is True
    assert utils.assess_unique_email("taken@example.org", user=owner) is True


# Addresses of new users


class PickyAdapter(DefaultAccountAdapter):
    """Knows one visitor's address, and refuses another."""

    def is_email_verified(self, request: Any, email: str) -> bool:
        return email == "known@example.org"

    def clean_email(self, email: str) -> str:
        if email.endswith("@refused.example"):
            raise ValidationError("Not here.")
        return email


@pytest.mark.requirement("SEC-068")
@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("Anna@Example.org", "anna@example.org"),
        ("x", None),
        ("", None),
        (None, None),
        (3, None),
        (f"{'x' * 250}@example.org", None),
        ("a@refused.example", None),
    ],
)
def test_address_is_valid_or_none(settings: Any, email: Any, expected: str | None) -> None:
    settings.ACCOUNT_ADAPTER = f"{__name__}.PickyAdapter"

    assert utils.valid_email_or_none(email) == expected


def clean(rf: Any, *addresses: EmailAddress) -> tuple[list[tuple[str, bool, bool]], str | None]:
    request = rf.get("/")
    request.session = {}
    with request_context(request):
        cleaned, primary = utils.cleanup_email_addresses(request, addresses)
    rows = [(address.email, address.verified, address.primary) for address in cleaned]
    return rows, primary.email if primary else None


@pytest.mark.parametrize(
    ("flags", "primary"),
    [
        (["", "", ""], "a"),
        (["", "p", ""], "b"),
        (["", "p", "v"], "c"),
        (["v", "p", "vp"], "c"),
        (["", "v", "v"], "b"),
        (["p", "vp", "vp"], "b"),
    ],
)
@pytest.mark.django_db
def test_primary_address_is_chosen(rf: Any, flags: list[str], primary: str) -> None:
    addresses = [
        EmailAddress(email=f"{name}@example.org", verified="v" in flag, primary="p" in flag)
        for name, flag in zip("abc", flags, strict=True)
    ]

    rows, chosen = clean(rf, *addresses)
    assert chosen == f"{primary}@example.org"
    assert [email for email, _, is_primary in rows if is_primary] == [chosen]


@pytest.mark.django_db
def test_addresses_are_merged_and_bad_ones_dropped(rf: Any, settings: Any) -> None:
    settings.ACCOUNT_ADAPTER = f"{__name__}.PickyAdapter"

    rows, primary = clean(
        rf,
        EmailAddress(email="bad"),
        EmailAddress(email="b@refused.example"),
        EmailAddress(email="A@example.org", primary=True),
        EmailAddress(email="a@Example.org", verified=True),
        EmailAddress(email="known@example.org"),
    )
    assert rows == [("a@example.org", True, True), ("known@example.org", True, False)]
    assert primary == "a@example.org"
    assert clean(rf) == ([], None)
    assert clean(rf, EmailAddress(email="bad")) == ([], None)


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, []),
        ({"ACCOUNT_UNIQUE_EMAIL": False}, [True, False]),
        ({"ACCOUNT_PREVENT_ENUMERATION": "strict"}, [False]),
    ],
)
def test_address_of_somebody_else_is_dropped(
    rf: Any,
    settings: Any,
    user_factory: Callable[..., Any],
    changes: dict[str, Any],
    kept: list[bool],
) -> None:
    user_factory(email="taken@example.org")
    for name, value in changes.items():
        setattr(settings, name, value)

    found = []
    for verified in (True, False):
        rows, _ = clean(rf, EmailAddress(email="taken@example.org", verified=verified))
        found += [is_verified for _, is_verified, _ in rows]
    assert found == kept


def test_addresses_of_a_new_user_are_stored(rf: Any, user_factory: Callable[..., Any]) -> None:
    user = user_factory(email="")
    get_user_model().objects.filter(pk=user.pk).update(email="field@example.org")
    user.refresh_from_db()
    request = rf.get("/")
    request.session = {"account_verified_email": "proven@example.org"}

    with request_context(request):
        primary = utils.setup_user_email(
            request, user, [EmailAddress(email="more@example.org", verified=True)]
        )
    rows = EmailAddress.objects.filter(user=user).order_by("pk")
    assert list(rows.values_list("email", "verified", "primary")) == [
        ("proven@example.org", True, True),
        ("field@example.org", False, False),
        ("more@example.org", True, False),
    ]
    assert primary is not None
    assert primary.email == "proven@example.org"
    user.refresh_from_db()
    assert user.email == "proven@example.org"
    assert not request.session["account_verified_email"]

    with request_context(request), pytest.raises(ValueError, match="already"):
        utils.setup_user_email(request, user, [])


def test_stored_addresses_are_not_asked_for_again(
    rf: Any, user_factory: Callable[..., Any]
) -> None:
    user = user_factory(email="")
    request = rf.get("/")
    request.session = {}
    with request_context(request):
        utils.setup_user_email(request, user, [EmailAddress(email="a@example.org", verified=True)])

    with Queries(connection) as queries:
        assert utils.has_verified_email(user)
        assert EmailAddress.objects.get_for_user(user, "A@example.org").verified
    assert queries.statements == []


# Verification mails


def test_verification_mail_is_sent_to_the_address_given_or_the_best_one(
    rf: Any, user_factory: Callable[..., Any], settings: Any, mailoutbox: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    user = user_factory(email="a@example.org", verified=False)
    EmailAddress.objects.create(user=user, email="b@example.org")
    request = rf.get("/")
    request.session = {}
    request._messages = _Messages()

    with request_context(request):
        assert utils.send_email_confirmation(request, user)
        assert utils.send_email_confirmation(request, user, email="b@example.org")
        assert not utils.send_email_confirmation(request, user_factory(email=""))
    assert [mail.to for mail in mailoutbox] == [["a@example.org"], ["b@example.org"]]


class _Messages(list):
    """Stands where the middleware of the messages keeps its queue."""

    def add(self, *args: Any) -> None:
        self.append(args)


@pytest.mark.django_db(transaction=True)
async def test_twins_give_the_same_answers() -> None:
    assert await utils.afilter_users_by_email("nobody@example.org") == []
    assert list(await utils.afilter_users_by_username("nobody")) == []
    assert await utils.ahas_verified_email(None) is False
    assert await utils.aassess_unique_email("nobody@example.org") is True
