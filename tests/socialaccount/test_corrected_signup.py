"""A sign-up by a provider that was pretended becomes real once the address is corrected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client

from allauth.account.models import EmailAddress
from allauth.account.signals import authentication_step_completed, user_logged_in, user_signed_up
from allauth.socialaccount.models import SocialAccount, SocialToken
from tests.socialaccount.club import (
    SIGNUP,
    add_account,
    arrive,
    arrive_from_club,
    begin,
    finish,
)
from tests.support.mails import read_code
from tests.support.pages import EMAIL_VERIFICATION_SENT, change_to, route_account_pages
from tests.support.parity import Visitor, compare
from tests.support.sessions import is_logged_in, read_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db
TAKEN, FREE = "taken@example.org", "free@example.org"


@pytest.fixture(autouse=True)
def _codes(settings: Any, user_factory: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = 2
    settings.ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
    settings.ACCOUNT_RATE_LIMITS = False
    route_account_pages(settings)
    user_factory(username="owner", email=TAKEN)


@pytest.mark.requirement("SEC-098", "INV-22")
@pytest.mark.parametrize("with_form", [False, True])
def test_account_is_made_and_its_code_is_right(
    client: Client, settings: Any, with_form: bool
) -> None:
    settings.SOCIALACCOUNT_AUTO_SIGNUP = not with_form
    where = begin(client, next="/welcome/")
    finish(client, where, 7, email=TAKEN, username="nadia")
    if with_form:
        client.post(SIGNUP, {"email": TAKEN, "username": "nadia"})
    assert not SocialAccount.objects.exists()

    with collect_signals(
        signed_up=user_signed_up, logged_in=user_logged_in, step=authentication_step_completed
    ) as events:
        change_to(client, FREE)
        response = client.post(EMAIL_VERIFICATION_SENT, {"code": read_code()})

    assert [name for name, _ in events] == ["step", "signed_up", "logged_in"]
    assert [event["sociallogin"].account.uid for name, event in events if name != "step"] == [
        "7",
        "7",
    ]
    account = SocialAccount.objects.get()
    assert (account.uid, account.user.username) == ("7", "nadia")
    assert response["Location"] == "/welcome/"
    assert is_logged_in(client, account.user)
    assert not account.user.has_usable_password()
    assert [
        (address.email, address.verified, address.primary)
        for address in EmailAddress.objects.filter(user=account.user)
    ] == [(FREE, True, True)]
    session = read_session(client)
    assert session["account_authentication_methods_user"] == str(account.user.pk)
    assert session["account_authentication_methods"][0]["uid"] == "7"
    assert [message.to for message in mail.outbox] == [[TAKEN], [FREE]]


@pytest.mark.requirement("SEC-098", "INV-20")
def test_pages_are_those_of_a_new_account(client_factory: Callable[..., Client]) -> None:
    emails = ["second@example.org", "new@example.org"]

    def visit(visitor: Visitor, email: str) -> None:
        page = EMAIL_VERIFICATION_SENT
        where = begin(visitor.client)
        # The username is made of the address.
        visitor.own.append(email.partition("@")[0])
        visitor.note(finish(visitor.client, where, emails.index(email) + 1, email=email))
        visitor.get(page)
        free = f"{visitor.name}@example.org"
        for change in (TAKEN.upper(), free):
            visitor.post(page, action="change", email=change)
        visitor.get(page)
        visitor.post(page, code="BCDF-GHJK")
        visitor.post(page, code=read_code())
        assert is_logged_in(visitor.client)

    EmailAddress.objects.create(
        user=get_user_model().objects.get(), email="second@example.org", verified=True
    )

    compare(client_factory, visit, *emails)


@pytest.mark.requirement("SEC-100")
def test_token_is_stored(client: Client, club: Any, settings: Any) -> None:
    settings.SOCIALACCOUNT_STORE_TOKENS = True
    profile = {"id": "m1", "username": "nadia", "addresses": [{"email": TAKEN, "verified": True}]}
    arrive_from_club(client, profile, {"token": "t-1", "token_secret": "s-1"})
    assert "t-1" not in str(read_session(client))

    change_to(client, FREE)

    token = SocialToken.objects.get()
    assert (token.token, token.account.uid, token.app) == ("t-1", "m1", club)
    # What the provider verified is another address.
    address = EmailAddress.objects.get(user=token.account.user)
    assert (address.email, address.verified) == (FREE, False)


def test_account_that_was_connected_meanwhile_stays_where_it_is(
    client: Client, user_factory: Any
) -> None:
    arrive(client, 7, email=TAKEN, username="nadia")
    add_account(user_factory(username="quicker"), 7)

    assert change_to(client, FREE).status_code == 302

    assert SocialAccount.objects.get().user.username == "quicker"
    assert not get_user_model().objects.filter(username="nadia").exists()
    assert client.get(EMAIL_VERIFICATION_SENT).context["email"] == FREE


def test_account_of_a_provider_that_is_gone_is_not_made(
    client: Client, club: Any, settings: Any
) -> None:
    profile = {"id": "m1", "username": "nadia", "addresses": [{"email": TAKEN}]}
    arrive_from_club(client, profile)
    club.delete()

    assert change_to(client, FREE).status_code == 302

    assert not SocialAccount.objects.exists()
