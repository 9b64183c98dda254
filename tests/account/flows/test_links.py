"""Following a verification link, and the login that waits for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY

from allauth.account.internal.flows.email_verification import (
    LinkOutcome,
    belongs_to_other_user,
    follow_link,
    login_on_verification,
)
from allauth.account.internal.login_engine import stash_login
from allauth.account.models import EmailAddress, EmailConfirmationHMAC, Login
from allauth.account.signals import email_confirmed, user_logged_in
from tests.support.signals import collect_signals


@pytest.fixture
def address(newcomer: Any) -> EmailAddress:
    """The address of the newcomer."""
    return EmailAddress.objects.select_related("user").get(user=newcomer)


@pytest.fixture(autouse=True)
def _verification_is_mandatory(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True


def wait_for_verification(request: Any, user: Any, current: str = "verify_email") -> None:
    """Have a login of ``user`` wait in the session."""
    state = {"stages": {"current": current}}
    stash_login(request, Login(user=user, redirect_url="/next/", state=state))


def follow(request: Any, address: EmailAddress) -> LinkOutcome:
    return follow_link(request, EmailConfirmationHMAC(address))


class TestFollowingALink:
    def test_address_is_verified(self, visit: Any, address: EmailAddress) -> None:
        with collect_signals(confirmed=email_confirmed) as sent:
            outcome = follow(visit, address)

        assert outcome == LinkOutcome(address, None)
        assert [event["email_address"] for _, event in sent] == [address]
        address.refresh_from_db()
        assert address.verified

    def test_login_that_waits_for_it_goes_on(
        self, visit: Any, address: EmailAddress, newcomer: Any
    ) -> None:
        wait_for_verification(visit, newcomer)

        with collect_signals(logged_in=user_logged_in) as sent:
            outcome = follow(visit, address)

        assert outcome.response is not None
        assert outcome.response["Location"] == "/next/"
        assert visit.session[SESSION_KEY] == str(newcomer.pk)
        assert len(sent) == 1

    def test_link_that_verifies_nothing_leaves_the_login_alone(
        self, visit: Any, address: EmailAddress, newcomer: Any, user: Any
    ) -> None:
        EmailAddress.objects.filter(user=user).update(email=address.email)
        wait_for_verification(visit, newcomer)

        assert follow(visit, address) == LinkOutcome(None)
        assert "account_login" in visit.session
        assert SESSION_KEY not in visit.session

    def test_link_that_was_used_verifies_nothing(self, visit: Any, address: EmailAddress) -> None:
        confirmation = EmailConfirmationHMAC(address)
        follow_link(visit, confirmation)

        assert EmailConfirmationHMAC.from_key(confirmation.key) is None


class TestWhoseAddressItIs:
    def test_nobody_is_logged_in(self, visit: Any, address: EmailAddress) -> None:
        assert not belongs_to_other_user(visit, address)

    def test_owner_is_logged_in(self, visit: Any, address: EmailAddress, newcomer: Any) -> None:
        visit.user = newcomer

        assert not belongs_to_other_user(visit, address)

    def test_somebody_else_is_logged_in(self, visit: Any, address: EmailAddress, user: Any) -> None:
        visit.user = user

        assert belongs_to_other_user(visit, address)


class TestLoginThatWaits:
    @pytest.fixture(autouse=True)
    def _address_is_verified(self, address: EmailAddress) -> None:
        address.verified = True
        address.save()

    def assert_given_up(self, request: Any, address: EmailAddress | None) -> None:
        request.session["account_authentication_methods"] = [{"method": "password", "at": 1}]

        assert login_on_verification(request, address) is None

        left = dict(request.session.items())
        assert [name for name in left if name.startswith(("account_", "_auth"))] == []

    def test_goes_on(self, visit: Any, address: EmailAddress, newcomer: Any) -> None:
        wait_for_verification(visit, newcomer)

        response = login_on_verification(visit, address)

        assert response is not None
        assert visit.session[SESSION_KEY] == str(newcomer.pk)

    def test_is_given_up_without_an_address(self, visit: Any, newcomer: Any) -> None:
        wait_for_verification(visit, newcomer)

        self.assert_given_up(visit, None)

    def test_is_given_up_for_the_address_of_somebody_else(
        self, visit: Any, address: EmailAddress, user: Any
    ) -> None:
        wait_for_verification(visit, user)

        self.assert_given_up(visit, address)

    def test_is_given_up_if_it_is_pretended(self, visit: Any, address: EmailAddress) -> None:
        wait_for_verification(visit, None)

        self.assert_given_up(visit, address)

    def test_is_given_up_if_somebody_is_logged_in(
        self, visit: Any, address: EmailAddress, newcomer: Any, user: Any
    ) -> None:
        wait_for_verification(visit, newcomer)
        visit.user = user

        self.assert_given_up(visit, address)

    def test_is_given_up_if_the_project_wants_a_login_after_the_link(
        self, visit: Any, address: EmailAddress, newcomer: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = False
        wait_for_verification(visit, newcomer)

        self.assert_given_up(visit, address)

    def test_always_goes_on_by_code(
        self, visit: Any, address: EmailAddress, newcomer: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = False
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
        wait_for_verification(visit, newcomer)

        assert login_on_verification(visit, address) is not None

    @pytest.mark.parametrize("current", ["login_by_code", "verify_phone", "gate"])
    def test_is_left_alone_if_it_waits_for_something_else(
        self, visit: Any, address: EmailAddress, newcomer: Any, current: str
    ) -> None:
        wait_for_verification(visit, newcomer, current)

        assert login_on_verification(visit, address) is None

        assert "account_login" in visit.session

    def test_need_not_be_there(self, visit: Any, address: EmailAddress) -> None:
        assert login_on_verification(visit, address) is None
