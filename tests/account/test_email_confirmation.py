"""Verifying an address by the link that was mailed to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail, signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress, EmailConfirmation, EmailConfirmationHMAC
from tests.support.clocks import NOW
from tests.support.mails import read_path
from tests.support.pages import (
    EMAIL,
    EMAIL_VERIFICATION_SENT,
    LOGIN,
    configure,
    list_messages,
    read_page,
    submit_login,
    submit_signup,
)
from tests.support.sessions import is_logged_in, read_session

pytestmark = pytest.mark.django_db
AJAX = {"x-requested-with": "XMLHttpRequest"}


@pytest.fixture(params=[True, False], ids=["signed", "stored"])
def is_signed(request: pytest.FixtureRequest, settings: Any) -> bool:
    """Whether keys are signed or stored."""
    settings.ACCOUNT_EMAIL_CONFIRMATION_HMAC = request.param
    return bool(request.param)


def send_link(client: Client, user: Any, email: str = "") -> str:
    """Have a link mailed from the page of the addresses, and log out; the path of the link."""
    client.force_login(user)
    client.post(EMAIL, {"action_send": "", "email": email or user.email})
    client.logout()
    return read_path()


def is_verified(email: str, user: Any = None) -> bool:
    rows = EmailAddress.objects.filter(email=email, verified=True)
    return (rows.filter(user=user) if user else rows).exists()


@pytest.mark.requirement("SEC-049")
@pytest.mark.usefixtures("is_signed")
def test_opening_the_link_verifies_nothing_and_posting_does(client: Client, newcomer: Any) -> None:
    link = send_link(client, newcomer)

    page = client.get(link)
    assert page.status_code == 200
    assert page.context["can_confirm"] is True
    assert page.context["email"] == newcomer.email
    assert page.context["confirmation"].email_address.user == newcomer
    assert not is_verified(newcomer.email)
    for method in ("head", "options"):
        getattr(client, method)(link)
        assert not is_verified(newcomer.email)

    response = client.post(link)
    assert (response.status_code, response["Location"]) == (302, "/accounts/login/")
    assert is_verified(newcomer.email)
    assert list_messages(response) == [("success", f"Thank you! {newcomer.email} is confirmed.")]


def test_opening_the_link_verifies_where_the_site_wants_that(
    client: Client, newcomer: Any, settings: Any
) -> None:
    settings.ACCOUNT_CONFIRM_EMAIL_ON_GET = True

    assert client.get(send_link(client, newcomer)).status_code == 302
    assert is_verified(newcomer.email)


def test_page_names_the_account(client: Client, newcomer: Any) -> None:
    page = read_page(client.get(send_link(client, newcomer)))

    assert newcomer.username in page
    assert newcomer.email in page


@pytest.mark.requirement("SEC-051")
@pytest.mark.parametrize("is_on_get", [True, False])
def test_used_forged_and_expired_keys_are_refused(
    client: Client, newcomer: Any, settings: Any, is_signed: bool, is_on_get: bool
) -> None:
    settings.ACCOUNT_CONFIRM_EMAIL_ON_GET = is_on_get
    link = send_link(client, newcomer)
    key = link.split("/")[-2]
    forged = f"{key[:-1]}{'a' if key[-1] != 'a' else 'b'}"
    foreign = signing.dumps(EmailAddress.objects.get(user=newcomer).pk, salt="other")

    def assert_refused(link: str) -> None:
        page = client.get(link)
        assert page.status_code == 200
        assert page.context["confirmation"] is None
        assert page.context["can_confirm"] is None
        assert client.post(link).status_code == 404
        for_script = client.get(link, headers=AJAX)
        assert for_script.status_code == 400
        assert for_script.json() == {"data": {"can_confirm": False}}

    for wrong in (forged, foreign, "a", "::", "1:2:3", "é", "x" * 5000):
        assert_refused(f"/accounts/confirm-email/{wrong}/")
    with time_machine.travel(timezone.now() + timedelta(days=3, seconds=2)):
        assert_refused(link)
    assert not is_verified(newcomer.email)

    client.post(link)
    assert is_verified(newcomer.email)
    assert_refused(link)


@pytest.mark.usefixtures("is_signed")
def test_script_is_told_whose_address_it_is(client: Client, newcomer: Any) -> None:
    response = client.get(send_link(client, newcomer), headers=AJAX)

    assert response.status_code == 200
    assert response.json() == {
        "data": {
            "can_confirm": True,
            "email": newcomer.email,
            "user": {"display": newcomer.username},
        }
    }


@pytest.mark.requirement("SEC-051", "ATK-A20")
@pytest.mark.usefixtures("is_signed")
def test_key_dies_with_its_row(client: Client, newcomer: Any) -> None:
    link = send_link(client, newcomer)
    EmailAddress.objects.filter(user=newcomer).delete()
    assert client.post(link).status_code == 404

    EmailAddress.objects.create(user=newcomer, email=newcomer.email)
    assert client.post(link).status_code == 404
    assert not is_verified(newcomer.email)


@pytest.mark.requirement("ATK-A19")
def test_key_is_bound_to_the_address_it_was_mailed_to(client: Client, newcomer: Any) -> None:
    link = send_link(client, newcomer)
    EmailAddress.objects.filter(user=newcomer).update(email="other@example.org")

    page = client.get(link)
    assert page.context["confirmation"] is None
    assert client.post(link).status_code == 404
    assert not is_verified("other@example.org")


@pytest.mark.requirement("ATK-A20")
def test_key_is_bound_to_the_address_when_the_id_is_used_again(
    client: Client, newcomer: Any, user_factory: Callable[..., Any]
) -> None:
    link = send_link(client, newcomer)
    pk = EmailAddress.objects.get(user=newcomer).pk
    newcomer.delete()
    other = user_factory(email="")
    EmailAddress.objects.create(pk=pk, user=other, email="victim@example.org")

    assert client.post(link).status_code == 404
    assert not is_verified("victim@example.org")


def test_key_of_the_published_release_is_accepted(client: Client, newcomer: Any) -> None:
    # It leaves no trace of the address beside the key.
    key = signing.dumps(EmailAddress.objects.get(user=newcomer).pk, salt="account")

    client.post(f"/accounts/confirm-email/{key}/")
    assert is_verified(newcomer.email)


@pytest.mark.requirement("ATK-A21", "SEC-057")
@pytest.mark.usefixtures("is_signed")
def test_second_account_cannot_verify_the_address(
    client_factory: Callable[..., Client], user_factory: Callable[..., Any], settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    first = user_factory(username="first of two", email="shared@example.org", verified=False)
    second = user_factory(email="shared@example.org", verified=False)
    link_of_first = send_link(client_factory(), first)
    link_of_second = send_link(client_factory(), second)

    client_factory().post(link_of_first)
    page = client_factory().get(link_of_second)
    assert page.status_code == 200
    assert page.context["can_confirm"] is False
    assert first.username not in read_page(page)
    response = client_factory().post(link_of_second)
    assert response.status_code == 302
    (message,) = list_messages(response)
    assert message[0] == "error"
    assert "shared@example.org" in message[1]
    assert is_verified("shared@example.org", first)
    assert not is_verified("shared@example.org", second)


def test_shared_address_is_verified_twice_where_addresses_are_not_unique(
    client: Client, user_factory: Callable[..., Any], settings: Any
) -> None:
    settings.ACCOUNT_UNIQUE_EMAIL = False
    settings.ACCOUNT_RATE_LIMITS = False
    first = user_factory(email="shared@example.org", verified=False)
    second = user_factory(email="shared@example.org", verified=False)
    link = send_link(client, first)
    EmailAddress.objects.filter(user=second).update(verified=False)

    client.post(link)
    assert is_verified("shared@example.org", first)
    assert EmailAddress.objects.get(user=second).can_set_verified()


# Who is logged in afterwards


@pytest.fixture
def mandatory(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]


def sign_up(client: Client, email: str = "new@example.org", **data: Any) -> str:
    """Sign up, and return the path of the link that was mailed."""
    response = submit_signup(client, username=email.split("@")[0], email=email, **data)
    assert response["Location"] == EMAIL_VERIFICATION_SENT
    return read_path()


@pytest.mark.requirement("SEC-050")
@pytest.mark.usefixtures("mandatory", "is_signed")
@pytest.mark.parametrize("is_login", [True, False])
def test_signup_goes_on_in_its_own_session_if_the_site_wants(
    client: Client, settings: Any, is_login: bool
) -> None:
    settings.ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = is_login
    link = sign_up(client)

    response = client.post(link)
    assert is_verified("new@example.org")
    assert is_logged_in(client) is is_login
    assert response["Location"] == ("/accounts/profile/" if is_login else LOGIN)
    assert "account_login" not in read_session(client)


@pytest.mark.requirement("SEC-050", "ATK-A40")
@pytest.mark.usefixtures("mandatory")
@pytest.mark.parametrize("is_login", [True, False])
def test_following_the_link_elsewhere_logs_nobody_in(
    client: Client, client_factory: Callable[..., Client], settings: Any, is_login: bool
) -> None:
    settings.ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = is_login
    link = sign_up(client)
    elsewhere = client_factory()

    response = elsewhere.post(link)
    assert response["Location"] == LOGIN
    assert is_verified("new@example.org")
    assert not is_logged_in(elsewhere)
    # Nor does the session that is waiting get in on its own, whatever it opens.
    for page in (EMAIL_VERIFICATION_SENT, LOGIN, link, "/accounts/signup/", EMAIL):
        client.get(page)
        assert not is_logged_in(client)


@pytest.mark.requirement("ATK-A40")
@pytest.mark.usefixtures("mandatory")
def test_link_of_another_account_does_not_finish_a_pending_signup(
    client: Client, newcomer: Any, settings: Any
) -> None:
    settings.ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
    address = EmailAddress.objects.get(user=newcomer)
    sign_up(client)

    client.post(reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key]))
    assert is_verified(newcomer.email)
    assert not is_logged_in(client)
    # The login that waited is given up.
    assert "account_login" not in read_session(client)


@pytest.mark.usefixtures("mandatory")
def test_stored_target_wins_over_the_one_in_the_request(client: Client, settings: Any) -> None:
    settings.ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
    link = sign_up(client, next="/from-signup/")

    assert client.post(link, {"next": "/from-link/"})["Location"] == "/from-signup/"


@pytest.mark.usefixtures("mandatory")
def test_target_in_the_request_counts_if_none_was_stored(client: Client, settings: Any) -> None:
    settings.ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True

    assert client.post(sign_up(client), {"next": "/from-link/"})["Location"] == "/from-link/"


@pytest.mark.usefixtures("mandatory")
def test_later_logins_are_no_signups(client: Client, newcomer: Any, password: str) -> None:
    response = submit_login(client, newcomer.username, password)

    assert response["Location"] == EMAIL_VERIFICATION_SENT
    assert client.get(EMAIL_VERIFICATION_SENT).status_code == 200
    # By link there is nothing to do on that page: the login page stays open.
    assert client.get(LOGIN).status_code == 200
    client.post(read_path())
    assert submit_login(client, newcomer.username, password)["Location"] == "/accounts/profile/"


# Where the link leads


@pytest.mark.parametrize(
    ("values", "data", "expected"),
    [
        ({}, {}, "/accounts/login/"),
        ({"EMAIL_CONFIRMATION_ANONYMOUS_REDIRECT_URL": "/welcome/"}, {}, "/welcome/"),
        ({"EMAIL_CONFIRMATION_ANONYMOUS_REDIRECT_URL": "account_signup"}, {}, "/accounts/signup/"),
        ({}, {"next": "/onwards/"}, "/onwards/"),
        ({}, {"next": "https://evil.example/"}, "/accounts/login/"),
    ],
)
def test_visitors_are_sent_on(
    client: Client,
    newcomer: Any,
    settings: Any,
    values: dict[str, str],
    data: dict[str, str],
    expected: str,
) -> None:
    link = send_link(client, newcomer)
    configure(settings, **values)

    assert client.post(link, data)["Location"] == expected


@pytest.mark.parametrize(
    ("url", "expected"), [(None, "/accounts/profile/"), ("/verified/", "/verified/")]
)
def test_users_are_sent_on(
    client: Client, newcomer: Any, settings: Any, url: str | None, expected: str
) -> None:
    settings.ACCOUNT_EMAIL_CONFIRMATION_AUTHENTICATED_REDIRECT_URL = url
    link = send_link(client, newcomer)
    client.force_login(newcomer)

    assert client.post(link)["Location"] == expected
    assert is_logged_in(client, newcomer)


class NowhereAdapter(DefaultAccountAdapter):
    """Knows no page to go to after the verification."""

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        return ""


def test_without_a_target_the_page_is_shown(client: Client, newcomer: Any, settings: Any) -> None:
    link = send_link(client, newcomer)
    settings.ACCOUNT_ADAPTER = f"{__name__}.NowhereAdapter"

    response = client.post(link)
    assert response.status_code == 200
    assert is_verified(newcomer.email)


# Links of another account


@pytest.mark.requirement("ATK-A04")
def test_link_of_another_account_ends_the_session_on_post_only(
    client: Client, user: Any, newcomer: Any
) -> None:
    link = send_link(client, newcomer)
    client.force_login(user)

    # An image on a foreign page must not be able to log anybody out.
    client.get(link)
    assert is_logged_in(client, user)
    response = client.post(link)
    assert not is_logged_in(client)
    assert ("success", "You are signed out now.") in list_messages(response)
    assert is_verified(newcomer.email, newcomer)


def test_link_that_cannot_verify_ends_no_session(
    client: Client, user: Any, newcomer: Any, user_factory: Callable[..., Any]
) -> None:
    link = send_link(client, newcomer)
    EmailAddress.objects.create(user=user_factory(email=""), email=newcomer.email, verified=True)
    client.force_login(user)

    response = client.post(link)
    assert is_logged_in(client, user)
    assert [level for level, _ in list_messages(response)] == ["error"]
    assert not is_verified(newcomer.email, newcomer)


# What verification does to the account


def test_first_verified_address_becomes_primary(
    client: Client, user_factory: Callable[..., Any]
) -> None:
    user = user_factory(email="")
    EmailAddress.objects.create(user=user, email="only@example.org")

    client.post(send_link(client, user, "only@example.org"))
    user.refresh_from_db()
    assert user.email == "only@example.org"
    assert EmailAddress.objects.get(user=user).primary


def test_further_verified_address_does_not(client: Client, user: Any) -> None:
    EmailAddress.objects.create(user=user, email="more@example.org")
    before = user.email

    client.post(send_link(client, user, "more@example.org"))
    user.refresh_from_db()
    assert user.email == before
    assert is_verified("more@example.org", user)
    assert not EmailAddress.objects.get(email="more@example.org").primary


def test_confirmation_does_not_make_users_active(
    client: Client, user_factory: Callable[..., Any]
) -> None:
    user = user_factory(verified=False)
    address = EmailAddress.objects.get(user=user)
    link = reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key])
    user.is_active = False
    user.save()

    client.post(link)
    user.refresh_from_db()
    assert is_verified(user.email)
    assert not user.is_active
    assert not is_logged_in(client)


class RefusingAdapter(DefaultAccountAdapter):
    """Verifies nothing."""

    def confirm_email(self, request: Any, email_address: EmailAddress) -> bool:
        return False


class AsyncRefusingAdapter(DefaultAccountAdapter):
    """Verifies nothing, in the other color."""

    async def confirm_email(  # type: ignore[override]
        self, request: Any, email_address: EmailAddress
    ) -> bool:
        return False


@pytest.mark.parametrize("adapter", ["RefusingAdapter", "AsyncRefusingAdapter"])
def test_adapter_decides_whether_an_address_is_verified(
    client: Client, newcomer: Any, settings: Any, adapter: str
) -> None:
    link = send_link(client, newcomer)
    settings.ACCOUNT_ADAPTER = f"{__name__}.{adapter}"

    assert client.post(link).status_code == 302
    assert not is_verified(newcomer.email)


# Which mails are sent


def test_page_about_the_mail_is_open_to_all(client: Client, user: Any) -> None:
    assert client.get(EMAIL_VERIFICATION_SENT).status_code == 200
    client.force_login(user)
    assert client.get(EMAIL_VERIFICATION_SENT).status_code == 200


@pytest.mark.parametrize(
    ("verification", "mails"), [("none", 0), ("optional", 1), ("mandatory", 1)]
)
def test_signup_sends_a_mail_as_configured(
    client: Client, settings: Any, verification: str, mails: int
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = verification

    submit_signup(client, username="somebody", email="somebody@example.org")
    assert len(mail.outbox) == mails
    assert is_logged_in(client) is (verification != "mandatory")


@pytest.mark.parametrize("verification", ["none", "optional"])
def test_login_sends_no_mail_unless_it_must(
    client: Client, newcomer: Any, password: str, settings: Any, verification: str
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = verification

    submit_login(client, newcomer.username, password)
    assert is_logged_in(client, newcomer)
    assert not mail.outbox


@pytest.mark.usefixtures("mandatory")
def test_login_by_an_unverified_address_asks_for_that_very_address(
    client: Client, user: Any, password: str, settings: Any
) -> None:
    settings.ACCOUNT_LOGIN_METHODS = {"username", "email"}
    EmailAddress.objects.create(user=user, email="more@example.org")

    response = submit_login(client, "more@example.org", password)
    assert response["Location"] == EMAIL_VERIFICATION_SENT
    assert mail.outbox[0].to == ["more@example.org"]
    assert not is_logged_in(client)


@pytest.mark.usefixtures("mandatory")
def test_login_by_name_is_content_with_any_verified_address(
    client: Client, user: Any, password: str
) -> None:
    EmailAddress.objects.filter(user=user).update(primary=False)
    EmailAddress.objects.create(user=user, email="more@example.org", primary=True)

    submit_login(client, user.username, password)
    assert is_logged_in(client, user)


@pytest.mark.usefixtures("mandatory")
def test_login_makes_the_row_that_is_missing(client: Client, newcomer: Any, password: str) -> None:
    EmailAddress.objects.filter(user=newcomer).delete()

    submit_login(client, newcomer.username, password)
    address = EmailAddress.objects.get(user=newcomer)
    assert (address.email, address.verified, address.primary) == (newcomer.email, False, False)
    assert mail.outbox[0].to == [newcomer.email]


class SilentAdapter(DefaultAccountAdapter):
    """Sends no verification mails at login and sign-up."""

    def should_send_confirmation_mail(self, request: Any, email_address: Any, signup: bool) -> bool:
        return False


@pytest.mark.usefixtures("mandatory")
def test_adapter_may_refuse_mails_at_login_but_not_those_asked_for(
    client: Client, newcomer: Any, password: str, settings: Any
) -> None:
    settings.ACCOUNT_ADAPTER = f"{__name__}.SilentAdapter"

    response = submit_login(client, newcomer.username, password)
    assert response["Location"] == EMAIL_VERIFICATION_SENT
    assert not mail.outbox
    send_link(client, newcomer)
    assert mail.outbox[0].to == [newcomer.email]


@pytest.mark.requirement("SEC-065")
@pytest.mark.usefixtures("mandatory")
def test_second_link_is_not_sent_within_the_cooldown(
    client: Client, newcomer: Any, password: str
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for shift in (0, 178):
            clock.shift(shift)
            response = submit_login(client, newcomer.username, password)
            assert response["Location"] == EMAIL_VERIFICATION_SENT
        assert len(mail.outbox) == 1
        assert len(list_messages(response)) == 1  # that of the first mail
        clock.shift(3)
        submit_login(client, newcomer.username, password)
        assert len(mail.outbox) == 2


@pytest.mark.usefixtures("mandatory")
def test_cooldown_ignores_case(client: Client, newcomer: Any) -> None:
    client.force_login(newcomer)
    client.post(EMAIL, {"action_send": "", "email": newcomer.email})
    client.post(EMAIL, {"action_send": "", "email": newcomer.email.upper()})

    assert len(mail.outbox) == 1


def test_stored_keys_are_not_shared(client: Client, newcomer: Any, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_CONFIRMATION_HMAC = False
    settings.ACCOUNT_RATE_LIMITS = False

    assert send_link(client, newcomer) != send_link(client, newcomer)
    assert EmailConfirmation.objects.filter(sent__isnull=False).count() == 2


# Verification pages keep to themselves


@pytest.mark.requirement("INV-17")
def test_page_of_the_link_is_neither_cached_nor_framed(client: Client, newcomer: Any) -> None:
    response = client.get(send_link(client, newcomer))

    assert "no-store" in response["Cache-Control"]
    assert response["X-Frame-Options"] == "DENY"
