# ruff: noqa: RUF001  (names that look alike are what some tests are about)
"""Attacks on signing up, and what happens when two do so at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import IntegrityError
from django.test import Client
from pytest_django.asserts import assertRedirects

from allauth.account.adapter import get_adapter
from allauth.account.internal.claims import claim_identifier, claim_identifiers
from allauth.account.internal.lookalikes import get_username_skeleton
from allauth.account.models import EmailAddress
from tests.projects.custom_hooks import adapters
from tests.projects.custom_hooks import forms as custom_forms
from tests.support.pages import (
    SIGNUP,
    list_error_codes,
    route_account_pages,
    submit_login,
    submit_signup,
)
from tests.support.sessions import is_logged_in, read_session

pytestmark = pytest.mark.django_db

ADAPTERS = "tests.projects.custom_hooks.adapters"
FORMS = "tests.projects.custom_hooks.forms"
PHONE = "+31612345678"


class TestLookAlikes:
    @pytest.mark.requirement("ATK-A29")
    @pytest.mark.parametrize(
        "name",
        [
            "ａdmin",
            "аdmin",
            "аdmіn",
            "АDMIN",
            "admın",
            "admİn",
            "ﬀoo",
            "ad\u200bmin",
            "admin\ufe0f",
            "\u2060admin",
            "ADMIN",
            "αdmιn",
            "ΑDMΙΝ",
        ],
    )
    def test_name_that_looks_like_one_that_is_taken_is_taken(
        self, client: Client, user_factory: Any, settings: Any, name: str
    ) -> None:
        settings.ACCOUNT_USERNAME_VALIDATORS = f"{FORMS}.no_validators"
        user_factory(username="admin")
        user_factory(username="ffoo")

        response = submit_signup(client, username=name)

        assert list_error_codes(response, "username") == ["username_taken"]
        assert get_user_model().objects.count() == 2

    @pytest.mark.requirement("ATK-A29")
    def test_validators_of_django_refuse_what_is_invisible(
        self, client: Client, user_factory: Any
    ) -> None:
        response = submit_signup(client, username="ad\u200bmin")

        assert list_error_codes(response, "username") == ["invalid"]

    @pytest.mark.requirement("ATK-A29")
    @pytest.mark.parametrize("name", ["аdmin", "Zoë", "Ωmega", "иван_ivan", "東京tokyo", "admіnа"])
    def test_scripts_may_be_mixed_where_nobody_is_imitated(
        self, client: Client, user_factory: Any, name: str
    ) -> None:
        user_factory(username="somebody")

        submit_signup(client, username=name)

        assert is_logged_in(client)
        assert get_user_model().objects.filter(username=name).exists()

    @pytest.mark.requirement("ATK-A29")
    def test_may_be_switched_off(self, client: Client, user_factory: Any, settings: Any) -> None:
        settings.ACCOUNT_USERNAME_PREVENT_LOOKALIKES = False
        user_factory(username="admin")

        submit_signup(client, username="аdmin")

        assert is_logged_in(client)

    @pytest.mark.requirement("ATK-A29")
    def test_existing_names_keep_working(
        self, client: Client, user_factory: Any, password: str
    ) -> None:
        user_factory(username="admin")
        user = user_factory(username="аdmin", email="other@example.org")

        submit_login(client, "аdmin", password)

        assert is_logged_in(client, user)

    def test_names_that_are_made_up_are_not_checked(self, user_factory: Any) -> None:
        assert get_adapter().clean_username("аdmin", shallow=True) == "аdmin"

    @pytest.mark.parametrize(
        ("name", "skeleton"),
        [
            ("admin", "admin"),
            ("Admin", "admin"),
            ("straße", "strasse"),
            ("пётр", "пётp"),
            ("ᴬdmin", "admin"),
            ("a\u034fb", "ab"),
            ("", ""),
        ],
    )
    def test_skeleton(self, name: str, skeleton: str) -> None:
        assert get_username_skeleton(name) == skeleton


class TestMassAssignment:
    EXTRA = {
        "is_staff": "on",
        "is_superuser": "1",
        "is_active": "",
        "id": "1",
        "pk": "1",
        "user": "1",
        "verified": "on",
        "primary": "",
        "last_login": "2020-01-01",
        "date_joined": "2020-01-01",
        "groups": "1",
        "first_name": "Injected",
        "by_passkey": "1",
        "account_already_exists": "1",
    }

    @pytest.mark.requirement("ATK-A32")
    def test_signup_takes_its_own_fields_only(self, client: Client, user_factory: Any) -> None:
        other = user_factory()

        submit_signup(client, username="new", email="new@example.org", **self.EXTRA)

        user = get_user_model().objects.get(username="new")
        assert user.pk != other.pk
        assert (user.is_staff, user.is_superuser, user.is_active) == (False, False, True)
        assert user.first_name == ""
        assert user.date_joined.year > 2020
        address = EmailAddress.objects.get(user=user)
        assert (address.verified, address.primary) == (False, True)

    @pytest.mark.requirement("ATK-A32")
    def test_query_assigns_nothing(self, client: Client) -> None:
        response = client.get(SIGNUP, {"username": "x", "is_staff": "1", "password1": "x"})

        form = response.context["form"]
        assert form["username"].value() is None
        assert form["password1"].value() is None

    @pytest.mark.requirement("ATK-A32")
    def test_login_takes_its_own_fields_only(
        self, client: Client, user: Any, password: str
    ) -> None:
        submit_login(client, user.username, password, **self.EXTRA)

        user.refresh_from_db()
        assert not user.is_staff
        assert is_logged_in(client, user)


class TestRaces:
    """What happens between the check and the writing is played by a hook of the project."""

    @pytest.fixture
    def meanwhile(self, settings: Any) -> Iterator[Any]:
        """Sets what another request does after the form was checked."""
        settings.ACCOUNT_FORMS = {"signup": f"{FORMS}.MeanwhileSignupForm"}
        yield custom_forms.MeanwhileSignupForm
        custom_forms.MeanwhileSignupForm.action = None

    @pytest.mark.requirement("INV-41", "ATK-A33")
    def test_second_account_with_a_name_is_refused(self, client: Client, meanwhile: Any) -> None:
        meanwhile.action = lambda: get_user_model().objects.create(username="new")

        response = submit_signup(client, username="new", email="new@example.org")

        assert response.status_code == 200
        assert list_error_codes(response, "username") == ["username_taken"]
        assert get_user_model().objects.count() == 1
        assert not EmailAddress.objects.exists()
        assert mail.outbox == []
        assert not is_logged_in(client)

    @pytest.mark.requirement("INV-41")
    def test_name_that_was_made_up_is_replaced(
        self, client: Client, user_factory: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.SlowNamingAdapter"
        user_factory(username="new")

        submit_signup(client, email="newer@example.org")

        assert is_logged_in(client)
        assert get_user_model().objects.count() == 2

    @pytest.mark.requirement("INV-41")
    @pytest.mark.parametrize("username", ["new", ""])
    def test_other_failures_are_not_hidden(
        self, client: Client, settings: Any, username: str
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username", "password1*"]
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.ConflictingAdapter"

        with pytest.raises(IntegrityError):
            submit_signup(client, username=username)
        assert not get_user_model().objects.exists()

    @pytest.mark.requirement("ATK-A33", "INV-43")
    @pytest.mark.parametrize(
        ("prevention", "verification", "outcome"),
        [
            (True, "optional", "told"),
            (False, "mandatory", "told"),
            (True, "mandatory", "hidden"),
            ("strict", "optional", "accepted"),
        ],
    )
    def test_second_account_with_an_address_is_refused(
        self, client: Client, settings: Any, prevention: Any, verification: str, outcome: str
    ) -> None:
        settings.ACCOUNT_PREVENT_ENUMERATION = prevention
        settings.ACCOUNT_EMAIL_VERIFICATION = verification

        with claim_identifiers("new@example.org") as taken:
            assert taken is None
            response = submit_signup(client, username="late", email="New@example.org")

        assert get_user_model().objects.exists() is (outcome == "accepted")
        if outcome == "told":
            assert list_error_codes(response, "email") == ["email_taken"]
        elif outcome == "hidden":
            assertRedirects(response, "/accounts/confirm-email/")
            assert read_session(client)["account_login"]["user_pk"] is None

    @pytest.mark.requirement("ATK-A33")
    @pytest.mark.parametrize("prevention", [True, False])
    def test_second_account_with_a_number_is_refused(
        self, client: Client, settings: Any, sms_outbox: Any, prevention: bool
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "phone*", "password1*"]
        settings.ACCOUNT_PREVENT_ENUMERATION = prevention
        route_account_pages(settings)

        with claim_identifiers(PHONE):
            response = submit_signup(client, username="late", phone=PHONE, email="late@example.org")

        assert not get_user_model().objects.exists()
        if prevention:
            assertRedirects(response, "/accounts/phone/verify/")
            assert [message.kind for message in sms_outbox] == ["account_already_exists"]
        else:
            assert list_error_codes(response, "phone") == ["phone_taken"]
        # What was claimed before is free again.
        assert claim_identifier("late@example.org")

    def test_claim_ends_with_the_signup_however_that_ends(
        self, client: Client, meanwhile: Any
    ) -> None:
        meanwhile.action = lambda: get_user_model().objects.create(username="new")
        submit_signup(client, username="new", email="new@example.org")
        meanwhile.action = None

        submit_signup(client, username="other", email="new@example.org")

        assert is_logged_in(client)
        assert claim_identifier("new@example.org")

    @pytest.mark.requirement("ATK-A33")
    @pytest.mark.parametrize(
        ("prevention", "verification", "outcome"),
        [
            (True, "optional", "told"),
            (True, "mandatory", "hidden"),
            ("strict", "optional", "accepted"),
        ],
    )
    def test_address_that_got_an_account_meanwhile_is_refused(
        self,
        client: Client,
        meanwhile: Any,
        user_factory: Any,
        settings: Any,
        prevention: Any,
        verification: str,
        outcome: str,
    ) -> None:
        settings.ACCOUNT_PREVENT_ENUMERATION = prevention
        settings.ACCOUNT_EMAIL_VERIFICATION = verification
        meanwhile.action = lambda: user_factory(username="fast", email="new@example.org")

        response = submit_signup(client, username="late", email="new@example.org")

        is_made = get_user_model().objects.filter(username="late").exists()
        assert is_made is (outcome == "accepted")
        if outcome == "told":
            assert list_error_codes(response, "email") == ["email_taken"]
        elif outcome == "hidden":
            assertRedirects(response, "/accounts/confirm-email/")
            assert mail.outbox[0].to == ["new@example.org"]

    @pytest.mark.requirement("ATK-A33")
    @pytest.mark.parametrize("prevention", [True, False])
    def test_number_that_got_an_account_meanwhile_is_refused(
        self,
        client: Client,
        meanwhile: Any,
        user_factory: Any,
        settings: Any,
        sms_outbox: Any,
        prevention: bool,
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "phone*", "password1*"]
        settings.ACCOUNT_PREVENT_ENUMERATION = prevention
        route_account_pages(settings)
        meanwhile.action = lambda: user_factory(username="fast", phone=PHONE)

        response = submit_signup(client, username="late", phone=PHONE)

        assert not get_user_model().objects.filter(username="late").exists()
        if prevention:
            assertRedirects(response, "/accounts/phone/verify/")
        else:
            assert list_error_codes(response, "phone") == ["phone_taken"]

    def test_claim_is_of_one(self) -> None:
        assert claim_identifier("A@example.org")
        assert not claim_identifier("a@EXAMPLE.org")
        with claim_identifiers("b@example.org", "a@example.org", "c@example.org") as taken:
            assert taken == "a@example.org"
            assert claim_identifier("c@example.org")


class TestAllOrNothing:
    @pytest.mark.requirement("INV-42")
    @pytest.mark.parametrize(
        "hook", ["save_user", "populate_username", "set_phone", "unstash_verified_email"]
    )
    def test_failing_hook_leaves_no_half_account(
        self, client: Client, settings: Any, hook: str
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "phone*", "password1*"]
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.BrokenAdapter"
        route_account_pages(settings)
        adapters.BrokenAdapter.broken = hook

        with pytest.raises(ZeroDivisionError):
            submit_signup(client, username="new", email="new@example.org", phone=PHONE)

        assert not get_user_model().objects.exists()
        assert not EmailAddress.objects.exists()
        assert mail.outbox == []

    @pytest.mark.requirement("INV-42")
    def test_failing_custom_signup_leaves_no_half_account(
        self, client: Client, settings: Any
    ) -> None:
        settings.ACCOUNT_FORMS = {"signup": f"{FORMS}.BrokenSignupForm"}

        with pytest.raises(ZeroDivisionError):
            submit_signup(client, username="new", email="new@example.org")

        assert not get_user_model().objects.exists()
        assert not EmailAddress.objects.exists()

    @pytest.mark.requirement("INV-42")
    def test_refusal_of_the_custom_signup_is_an_error_of_the_form(
        self, client: Client, settings: Any
    ) -> None:
        settings.ACCOUNT_FORMS = {"signup": f"{FORMS}.RefusingSignupForm"}

        response = submit_signup(client, username="new", email="new@example.org")

        assert list_error_codes(response) == ["refused"]
        assert not get_user_model().objects.exists()


def test_password_is_not_shown_again(client: Client, settings: Any) -> None:
    response = submit_signup(client, username="", password1="hush 5 words", password2="hush 5")

    assert b"hush 5" not in response.content
    settings.ACCOUNT_PASSWORD_INPUT_RENDER_VALUE = True
    assert b"hush" in submit_signup(client, username="", password1="hush 5 words").content


def test_values_are_escaped_when_shown_again(
    client: Client, client_factory: Callable[..., Client]
) -> None:
    attack = '"><script>alert(1)</script>'

    response = submit_signup(client, username=attack, email=f"{attack}@example.org", next=attack)

    assert response.status_code == 200
    assert b"<script>alert(1)" not in response.content
