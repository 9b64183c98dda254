"""Making accounts, and pretending to."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password
from django.db import IntegrityError

from allauth.account.internal.claims import claim_identifier
from allauth.account.internal.flows import signup
from allauth.account.internal.flows.pretended_signup import (
    PRETENDED_SIGNUP_KEY,
    AddressTakenError,
    limit_saved_signup,
    retry_with_correction,
)
from allauth.account.internal.flows.signup import (
    IdentifierTakenError,
    SignupData,
    SignupOutcome,
)
from allauth.account.models import EmailAddress, Login
from allauth.core.internal import extensions
from allauth.core.internal.extensions import SignupSource
from tests.support.hashing import count_hashes, use_counting_hasher
from tests.support.pages import STRONG_PASSWORD, needs_phones
from tests.support.reports import ExpectedFailure, fail

EMAIL, PHONE = "new@example.org", "+31612345678"
User = get_user_model()


def never() -> Any:
    raise AssertionError("An account was made.")


def make_data(**values: Any) -> SignupData:
    """What somebody new typed in, unless ``values`` says otherwise."""
    defaults = {"email": EMAIL, "phone": None, "password": None, "is_taken": False, "saved": None}
    return SignupData(**{**defaults, **values})


@pytest.fixture
def _nothing_is_hidden(settings: Any) -> None:
    settings.ACCOUNT_PREVENT_ENUMERATION = False


@pytest.fixture
def _verification_is_mandatory(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


class TestSignUp:
    def test_account_is_made_once(self, visit: Any) -> None:
        make = mock.Mock(return_value="the user")

        outcome = signup.sign_up(visit, make_data(), make)

        assert outcome == SignupOutcome(user="the user")
        make.assert_called_once_with()

    @pytest.mark.usefixtures("_verification_is_mandatory")
    def test_address_is_claimed_while_the_account_is_made(self, visit: Any) -> None:
        claims: list[bool] = []

        def make() -> str:
            claims.append(claim_identifier(EMAIL))
            return "user"

        signup.sign_up(visit, make_data(), make)

        assert claims == [False]
        assert claim_identifier(EMAIL)

    @pytest.mark.usefixtures("_verification_is_mandatory")
    def test_claim_ends_with_an_account_that_cannot_be_made(self, visit: Any) -> None:
        with pytest.raises(ExpectedFailure):
            signup.sign_up(visit, make_data(), fail)

        assert claim_identifier(EMAIL)

    def test_taken_one_is_pretended_with_what_is_saved(self, visit: Any) -> None:
        saved = {"kind": "account", "data": {"email": [EMAIL]}}

        outcome = signup.sign_up(visit, make_data(is_taken=True, saved=saved), never)

        assert outcome == SignupOutcome(user=None, saved=saved)

    def test_pretending_takes_as_long_and_saves_the_hash(self, visit: Any, settings: Any) -> None:
        use_counting_hasher(settings)
        saved = {"kind": "account", "data": {}, "password": ""}
        data = make_data(is_taken=True, saved=saved, password=STRONG_PASSWORD)

        with count_hashes() as hashes:
            outcome = signup.sign_up(visit, data, never)

        assert hashes() == 1
        assert outcome.saved is not None
        assert check_password(STRONG_PASSWORD, outcome.saved["password"])
        assert saved["password"] == ""

    def test_password_is_hashed_where_nothing_is_saved(self, visit: Any, settings: Any) -> None:
        use_counting_hasher(settings)

        with count_hashes() as hashes:
            outcome = signup.sign_up(
                visit, make_data(is_taken=True, password=STRONG_PASSWORD), never
            )

        assert (hashes(), outcome.saved) == (1, None)

    def test_address_verified_beforehand_is_used_up_either_way(self, visit: Any) -> None:
        visit.session["account_verified_email"] = EMAIL

        signup.sign_up(visit, make_data(is_taken=True), never)

        assert visit.session["account_verified_email"] is None

    @pytest.mark.usefixtures("_verification_is_mandatory")
    def test_address_that_is_claimed_is_taken(self, visit: Any) -> None:
        claim_identifier(EMAIL)

        assert signup.sign_up(visit, make_data(), never).user is None
        # The claim is that of the other request.
        assert not claim_identifier(EMAIL)

    @pytest.mark.usefixtures("_verification_is_mandatory")
    def test_address_that_went_to_another_account_is_taken(self, visit: Any) -> None:
        def make() -> Any:
            raise AddressTakenError

        assert signup.sign_up(visit, make_data(), make) == SignupOutcome(user=None)

    @pytest.mark.usefixtures("_nothing_is_hidden")
    def test_it_is_told_where_that_may_be_told(self, visit: Any) -> None:
        def make() -> Any:
            raise AddressTakenError

        with pytest.raises(IdentifierTakenError) as raised:
            signup.sign_up(visit, make_data(), make)
        assert raised.value.name == "email"

        claim_identifier(EMAIL)
        with pytest.raises(IdentifierTakenError):
            signup.sign_up(visit, make_data(), never)

    def test_addresses_that_several_may_have_are_not_claimed(
        self, visit: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_UNIQUE_EMAIL = False
        claim_identifier(EMAIL)

        assert signup.sign_up(visit, make_data(), lambda: "user").user == "user"

    @needs_phones
    def test_number_that_went_to_another_account_is_taken(
        self, visit: Any, user_factory: Callable[..., Any], settings: Any, sms_outbox: Any
    ) -> None:
        user_factory(phone=PHONE)

        assert signup.sign_up(visit, make_data(phone=PHONE), never).user is None
        settings.ACCOUNT_PREVENT_ENUMERATION = False
        with pytest.raises(IdentifierTakenError) as raised:
            signup.sign_up(visit, make_data(phone=PHONE), never)
        assert raised.value.name == "phone"

    def test_representations_show_no_password(self, visit: Any) -> None:
        saved = {"password": STRONG_PASSWORD}
        data = make_data(password=STRONG_PASSWORD, saved=saved)

        assert STRONG_PASSWORD not in repr(data) + repr(SignupOutcome(saved=saved))


@pytest.mark.django_db
class TestStoreAccount:
    def test_user_is_that_which_is_stored(self) -> None:
        assert signup.store_account("new", lambda: "user") == "user"

    def test_typed_username_that_is_taken_is_told(self, user: Any) -> None:
        with pytest.raises(IdentifierTakenError) as raised:
            signup.store_account(user.username, lambda: User.objects.create(username=user.username))

        assert raised.value.name == "username"
        assert isinstance(raised.value.__cause__, IntegrityError)

    def test_other_conflicts_are_no_matter_of_the_username(self) -> None:
        def store() -> Any:
            raise IntegrityError("another table")

        with pytest.raises(IntegrityError, match="another table"):
            signup.store_account("new", store)

    @pytest.mark.parametrize("username", ["new", None, ""])
    def test_nothing_is_left_of_what_fails(self, username: str | None) -> None:
        def store() -> Any:
            User.objects.create(username="half")
            raise ExpectedFailure

        with pytest.raises(ExpectedFailure):
            signup.store_account(username, store)

        assert not User.objects.exists()

    @pytest.mark.parametrize("failures", [1, 5])
    def test_generated_username_that_is_taken_is_generated_again(self, failures: int) -> None:
        calls: list[int] = []

        def store() -> Any:
            calls.append(1)
            User.objects.create(username=f"attempt{len(calls)}")
            if len(calls) <= failures:
                raise IntegrityError
            return "user"

        assert signup.store_account(None, store) == "user"
        assert len(calls) == failures + 1
        assert User.objects.get().username == f"attempt{failures + 1}"

    def test_it_is_not_generated_for_ever(self) -> None:
        calls: list[int] = []

        def store() -> Any:
            calls.append(1)
            raise IntegrityError("for ever")

        with pytest.raises(IntegrityError, match="for ever"):
            signup.store_account(None, store)

        assert len(calls) == 6


class TestRequireAddress:
    @pytest.fixture
    def newcomer(self, user_factory: Callable[..., Any]) -> Any:
        return user_factory(email="")

    @pytest.mark.usefixtures("_verification_is_mandatory")
    def test_user_has_to_have_the_address(self, newcomer: Any) -> None:
        with pytest.raises(AddressTakenError):
            signup.require_address(newcomer, EMAIL)

        EmailAddress.objects.create(user=newcomer, email=EMAIL)
        signup.require_address(newcomer, EMAIL)
        signup.require_address(newcomer, EMAIL.upper())

    @pytest.mark.parametrize("email", [None, ""])
    def test_nobody_has_to_have_one(self, newcomer: Any, email: str | None) -> None:
        signup.require_address(newcomer, email)

    @pytest.mark.parametrize(
        "values", [{"UNIQUE_EMAIL": False}, {"PREVENT_ENUMERATION": "strict"}], ids=str
    )
    def test_address_that_several_may_have_may_be_missing(
        self, newcomer: Any, settings: Any, values: dict[str, Any]
    ) -> None:
        for name, value in values.items():
            setattr(settings, f"ACCOUNT_{name}", value)

        signup.require_address(newcomer, EMAIL)


FINAL = "account_signup_is_final"


def make_saved(size: int) -> dict[str, Any]:
    """What is saved of a sign-up, in so many bytes."""
    saved = {"kind": "account", "data": {"about": [""]}}
    saved["data"]["about"] = ["x" * (size - len(json.dumps(saved)))]  # type: ignore[index]
    assert len(json.dumps(saved)) == size
    return saved


class TestLimit:
    @pytest.fixture(autouse=True)
    def _correction_is_offered(self, settings: Any) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
        settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = 2

    @pytest.mark.parametrize(
        ("engine", "limit"), [("db", 8192), ("cached_db", 8192), ("signed_cookies", 1024)]
    )
    def test_what_is_larger_is_not_saved(
        self, visit: Any, settings: Any, engine: str, limit: int
    ) -> None:
        settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
        saved = make_saved(limit)

        assert limit_saved_signup(visit, saved) is saved
        assert FINAL not in visit.session
        assert limit_saved_signup(visit, make_saved(limit + 1)) is None
        assert visit.session[FINAL] is True

    def test_secrets_are_not_saved(self, visit: Any) -> None:
        assert limit_saved_signup(visit, None) is None
        assert visit.session[FINAL] is True

    def test_next_signup_is_judged_anew(self, visit: Any) -> None:
        limit_saved_signup(visit, None)

        limit_saved_signup(visit, make_saved(100))

        assert FINAL not in visit.session

    def test_nothing_is_saved_or_noted_where_nothing_can_be_corrected(
        self, visit: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = False
        visit.session[FINAL] = True

        assert limit_saved_signup(visit, make_saved(100)) is None
        assert limit_saved_signup(visit, None) is None
        assert FINAL not in visit.session

    def test_bytes_are_counted_not_letters(self, visit: Any) -> None:
        saved = {"kind": "account", "data": {"about": ["\U0001f9a6" * 2000]}}

        assert limit_saved_signup(visit, saved) is None


class TestCorrection:
    @pytest.fixture
    def events(self) -> list[Any]:
        """What the source was called for, in order."""
        return []

    @pytest.fixture
    def login(self, monkeypatch: pytest.MonkeyPatch, events: list[Any]) -> Login:
        """A pretended sign-up of the source ``stub``."""

        def make(request: Any, login: Login, saved: dict[str, Any]) -> Any:
            events.append(("make", saved["data"]))
            return User.objects.create(username="corrected")

        def announce(request: Any, login: Login) -> None:
            events.append(("announce", login.user.username))

        monkeypatch.setattr(extensions, "signup_sources", extensions.Entries())
        extensions.signup_sources.add("stub", SignupSource(make, announce), app="allauth.account")
        data = {"email": ["taken@example.org"], "email2": ["taken@example.org"], "color": ["red"]}
        saved = {"kind": "stub", "data": data}
        return Login(
            user=None,
            email="taken@example.org",
            signup=True,
            signal_kwargs={},
            state={PRETENDED_SIGNUP_KEY: saved},
        )

    def test_account_is_made_and_announced_last(
        self, visit: Any, login: Login, events: list[Any]
    ) -> None:
        with retry_with_correction(visit, login, email=EMAIL) as user:
            events.append(("block", user.username))

        data = {"email": [EMAIL], "email2": [EMAIL], "color": ["red"]}
        assert events == [("make", data), ("block", "corrected"), ("announce", "corrected")]
        assert login.user == User.objects.get()
        assert (login.email, login.phone, PRETENDED_SIGNUP_KEY in login.state) == (
            None,
            None,
            False,
        )
        assert visit.session["account_login"]["user_pk"] is not None

    def test_nothing_is_left_if_the_block_fails(
        self, visit: Any, login: Login, events: list[Any]
    ) -> None:
        former = dict(login.state[PRETENDED_SIGNUP_KEY])

        with (
            pytest.raises(ExpectedFailure),
            retry_with_correction(visit, login, email=EMAIL),
        ):
            raise ExpectedFailure

        assert not User.objects.exists()
        assert [name for name, _ in events] == ["make"]
        assert login.state[PRETENDED_SIGNUP_KEY] == former
        assert login.user is None
        assert claim_identifier(EMAIL)

    def test_correction_is_remembered_where_no_account_is_made(
        self, visit: Any, login: Login, events: list[Any]
    ) -> None:
        claim_identifier(EMAIL)

        with retry_with_correction(visit, login, email=EMAIL) as user:
            assert user is None

        assert events == []
        saved = visit.session["account_login"]["state"][PRETENDED_SIGNUP_KEY]
        assert saved["data"]["email"] == saved["data"]["email2"] == [EMAIL]

    def test_conflict_in_the_database_makes_no_account(
        self, visit: Any, login: Login, events: list[Any]
    ) -> None:
        User.objects.create(username="corrected")

        with retry_with_correction(visit, login, email=EMAIL) as user:
            assert user is None
            assert User.objects.count() == 1

        assert [name for name, _ in events] == ["make"]
        assert login.state[PRETENDED_SIGNUP_KEY]["data"]["email"] == [EMAIL]

    def test_number_is_corrected_likewise(
        self, visit: Any, login: Login, events: list[Any]
    ) -> None:
        with retry_with_correction(visit, login, phone=PHONE):
            pass

        assert events[0][1] == {**events[0][1], "email": ["taken@example.org"], "phone": [PHONE]}

    @pytest.mark.parametrize("saved", [None, "x", [], {}, {"kind": "gone", "data": {}}], ids=str)
    def test_what_cannot_become_real_stays_pretended(
        self, visit: Any, login: Login, events: list[Any], saved: Any
    ) -> None:
        login.state[PRETENDED_SIGNUP_KEY] = saved

        with retry_with_correction(visit, login, email=EMAIL) as user:
            assert user is None

        assert events == []

    def test_source_of_an_app_that_is_gone_is_none(
        self, visit: Any, login: Login, events: list[Any]
    ) -> None:
        source = extensions.signup_sources.get("stub")
        assert source is not None
        extensions.signup_sources.add("stub", source, app="gone")

        with retry_with_correction(visit, login, email=EMAIL) as user:
            assert user is None

        assert events == []
