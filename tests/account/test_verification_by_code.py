"""Verifying an address by code, at sign-up and login."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ChangeEmailForm, ConfirmEmailVerificationCodeForm
from allauth.account.models import EmailAddress
from tests.support.clocks import NOW
from tests.support.mails import make_wrong, read_code
from tests.support.pages import (
    EMAIL,
    EMAIL_VERIFICATION_SENT,
    LOGIN,
    LOGOUT,
    SIGNUP,
    change_to,
    configure,
    list_error_codes,
    list_messages,
    submit_code,
    submit_login,
    submit_signup,
)
from tests.support.sessions import is_logged_in, read_session, write_session

pytestmark = pytest.mark.django_db
STATE = "account_email_verification_code"


@pytest.fixture(autouse=True)
def _codes_are_used(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    configure(
        settings,
        EMAIL_VERIFICATION="mandatory",
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
        SIGNUP_FIELDS=["username*", "email*", "password1*", "password2*"],
    )


def sign_up(client: Client, email: str = "new@example.org", **data: Any) -> str:
    """Sign up, and return the code that was mailed."""
    response = submit_signup(client, username=email.split("@")[0], email=email, **data)
    assert (response.status_code, response["Location"]) == (302, EMAIL_VERIFICATION_SENT)
    return read_code()


def get_row(email: str = "new@example.org") -> EmailAddress:
    return EmailAddress.objects.get(email=email)


# The right code


def test_right_code_completes_the_signup(client: Client) -> None:
    code = sign_up(client, next="/onwards/")
    page = client.get(EMAIL_VERIFICATION_SENT)

    assert page.status_code == 200
    assert page.context["email"] == "new@example.org"
    assert page.context["cancel_url"] is None
    assert (page.context["can_change"], page.context["can_resend"]) == (False, False)
    assert isinstance(page.context["verify_form"], ConfirmEmailVerificationCodeForm)
    assert isinstance(page.context["change_form"], ChangeEmailForm)

    response = submit_code(client, EMAIL_VERIFICATION_SENT, code)
    assert response["Location"] == "/onwards/"
    assert is_logged_in(client)
    assert get_row().verified
    assert get_row().primary
    assert STATE not in read_session(client)
    assert "account_login" not in read_session(client)


def test_code_is_for_that_session_only(
    client: Client, client_factory: Callable[..., Client]
) -> None:
    code = sign_up(client)
    elsewhere = client_factory()

    assert submit_code(elsewhere, EMAIL_VERIFICATION_SENT, code)["Location"] == LOGIN
    sign_up(elsewhere, "other@example.org")
    submit_code(elsewhere, EMAIL_VERIFICATION_SENT, code)
    assert not is_logged_in(elsewhere)
    assert not EmailAddress.objects.filter(verified=True).exists()


@pytest.mark.requirement("INV-17")
def test_page_is_neither_cached_nor_framed(client: Client) -> None:
    sign_up(client)
    response = client.get(EMAIL_VERIFICATION_SENT)

    assert "no-store" in response["Cache-Control"]
    assert response["X-Frame-Options"] == "DENY"


def test_login_waits_for_the_code(
    client: Client, user_factory: Callable[..., Any], password: str
) -> None:
    user = user_factory(verified=False)

    response = submit_login(client, user.username, password)
    assert response["Location"] == EMAIL_VERIFICATION_SENT
    assert client.get(LOGIN)["Location"] == EMAIL_VERIFICATION_SENT
    submit_code(client, EMAIL_VERIFICATION_SENT, read_code())
    assert is_logged_in(client, user)


def test_setting_for_links_does_not_matter(client: Client, settings: Any) -> None:
    settings.ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = False

    submit_code(client, EMAIL_VERIFICATION_SENT, sign_up(client))
    assert is_logged_in(client)


def test_link_page_does_not_exist(client: Client) -> None:
    assert client.get("/accounts/confirm-email/some-key/").status_code == 404


def test_page_is_for_those_who_wait(client: Client, user: Any) -> None:
    assert client.get(EMAIL_VERIFICATION_SENT)["Location"] == LOGIN
    client.force_login(user)
    assert client.get(EMAIL_VERIFICATION_SENT)["Location"] == EMAIL


# Wrong codes


def test_wrong_code_is_refused_until_the_last_attempt(client: Client) -> None:
    code = sign_up(client)

    for _ in range(2):
        response = submit_code(client, EMAIL_VERIFICATION_SENT, make_wrong(code))
        assert response.status_code == 200
        assert list_error_codes(response, "code") == ["incorrect_code"]
    response = submit_code(client, EMAIL_VERIFICATION_SENT, make_wrong(code))
    assert response["Location"] == LOGIN
    assert [level for level, _ in list_messages(response)][-1] == "error"
    assert STATE not in read_session(client)
    assert "account_login" not in read_session(client)

    assert submit_code(client, EMAIL_VERIFICATION_SENT, code)["Location"] == LOGIN
    assert not is_logged_in(client)
    assert not get_row().verified


def test_address_taken_meanwhile_is_refused(
    client: Client, user_factory: Callable[..., Any]
) -> None:
    code = sign_up(client)
    user_factory(email="new@example.org")

    response = submit_code(client, EMAIL_VERIFICATION_SENT, code)
    assert list_error_codes(response, "code") == ["email_taken"]
    assert read_session(client)[STATE]["failed_attempts"] == 1
    assert not is_logged_in(client)


class RefusingAdapter(DefaultAccountAdapter):
    """Verifies nothing."""

    def confirm_email(self, request: Any, email_address: EmailAddress) -> bool:
        return False


def test_login_is_given_up_if_the_address_cannot_be_verified(client: Client, settings: Any) -> None:
    code = sign_up(client)
    settings.ACCOUNT_ADAPTER = f"{__name__}.RefusingAdapter"

    assert submit_code(client, EMAIL_VERIFICATION_SENT, code)["Location"] == LOGIN
    assert "account_login" not in read_session(client)
    assert not is_logged_in(client)


def test_user_sent_on_from_a_code_that_verified_nothing(
    client: Client, user: Any, settings: Any
) -> None:
    client.force_login(user)
    client.post(EMAIL, {"action_add": "", "email": "more@example.org"})
    settings.ACCOUNT_ADAPTER = f"{__name__}.RefusingAdapter"

    assert submit_code(client, EMAIL_VERIFICATION_SENT, read_code())["Location"] == EMAIL
    assert not EmailAddress.objects.filter(email="more@example.org").exists()


# Time


@pytest.mark.requirement("INV-13")
@pytest.mark.parametrize(("seconds", "is_in_time"), [(899, True), (901, False)])
def test_code_works_for_its_time_only(client: Client, seconds: int, is_in_time: bool) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        code = sign_up(client)
        clock.shift(seconds)
        submit_code(client, EMAIL_VERIFICATION_SENT, code)

        assert is_logged_in(client) is is_in_time
        assert (STATE in read_session(client)) is False


@pytest.mark.requirement("ATK-A65")
@pytest.mark.parametrize("is_resent", [True, False])
def test_pending_login_ends_whatever_is_done(
    client: Client, settings: Any, is_resent: bool
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = 50
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 10_000
    with time_machine.travel(NOW, tick=False) as clock:
        sign_up(client)
        for _ in range(9):
            clock.shift(100)
            assert client.get(EMAIL_VERIFICATION_SENT).status_code == 200
            if is_resent:
                submit_code(client, EMAIL_VERIFICATION_SENT, "", action="resend")
        clock.shift(1)

        response = submit_code(client, EMAIL_VERIFICATION_SENT, read_code())
        assert response["Location"] == LOGIN
        assert not is_logged_in(client)
        assert "account_login" not in read_session(client)


# Cancelling, and mixing up accounts


def test_cancel_ends_the_process(client: Client) -> None:
    code = sign_up(client)

    response = client.post(LOGOUT, {"next": LOGIN})
    assert response["Location"] == LOGIN
    assert STATE not in read_session(client)
    submit_code(client, EMAIL_VERIFICATION_SENT, code)
    assert not is_logged_in(client)
    assert not get_row().verified


@pytest.mark.requirement("ATK-A16")
@pytest.mark.parametrize("is_cancelled", [True, False])
def test_code_of_one_account_does_not_open_another(
    client: Client, user_factory: Callable[..., Any], password: str, is_cancelled: bool
) -> None:
    other = user_factory(email="")
    code = sign_up(client)
    state = read_session(client)[STATE]
    client.post(LOGOUT)
    submit_login(client, other.username, password)
    if not is_cancelled:
        # As an older release left it.
        write_session(client, **{STATE: state})

    submit_code(client, EMAIL_VERIFICATION_SENT, code)
    assert not is_logged_in(client)
    assert not EmailAddress.objects.filter(user=other).exists()
    assert not get_row().verified


@pytest.mark.requirement("INV-15")
def test_process_of_another_user_is_dropped(
    client: Client, user: Any, user_factory: Callable[..., Any]
) -> None:
    client.force_login(user_factory())
    client.post(EMAIL, {"action_add": "", "email": "more@example.org"})
    state = read_session(client)[STATE]
    client.logout()
    client.force_login(user)
    write_session(client, **{STATE: state})

    assert submit_code(client, EMAIL_VERIFICATION_SENT, read_code())["Location"] == EMAIL
    assert not EmailAddress.objects.filter(email="more@example.org").exists()
    assert STATE not in read_session(client)


@pytest.mark.parametrize(
    "state",
    [
        None,
        [],
        "text",
        {},
        {"at": "soon"},
        {"at": 1.0},
        {"at": 1.0, "email": 5},
        {"email": "a@b.c"},
    ],
)
def test_malformed_state_is_no_process(client: Client, user: Any, state: Any) -> None:
    client.force_login(user)
    write_session(client, **{STATE: state})

    assert client.get(EMAIL_VERIFICATION_SENT)["Location"] == EMAIL


def test_state_of_the_published_release_is_read(
    client: Client, user_factory: Callable[..., Any], password: str
) -> None:
    user = user_factory(verified=False)
    submit_login(client, user.username, password)
    session = read_session(client)
    session["account_login"]["state"].pop("auth_hash")
    session[STATE] = {
        "at": session[STATE]["at"],
        "failed_attempts": 0,
        "resend_count": 0,
        "change_count": 0,
        "email": user.email,
        "user_id": str(user.pk),
        "code": "BCDF-GHJK",
    }
    write_session(client, **session)

    submit_code(client, EMAIL_VERIFICATION_SENT, "bcdfghjk")
    assert is_logged_in(client, user)


# Sending another code


@pytest.fixture
def resend(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True


@pytest.mark.requirement("SEC-070")
@pytest.mark.usefixtures("resend")
def test_resend_makes_another_code_and_resets_nothing(client: Client) -> None:
    code = sign_up(client)
    started = read_session(client)[STATE]["at"]
    submit_code(client, EMAIL_VERIFICATION_SENT, make_wrong(code))

    for count in (1, 2):
        assert client.get(EMAIL_VERIFICATION_SENT).context["can_resend"] is True
        response = submit_code(client, EMAIL_VERIFICATION_SENT, "", action="resend", next="/on/")
        assert response["Location"] == f"{EMAIL_VERIFICATION_SENT}?next=%2Fon%2F"
        state = read_session(client)[STATE]
        assert (state["resend_count"], state["failed_attempts"], state["at"]) == (count, 1, started)
    assert len(mail.outbox) == 3
    assert len({read_code(index) for index in range(3)}) == 3
    assert client.get(EMAIL_VERIFICATION_SENT).context["can_resend"] is False

    response = submit_code(client, EMAIL_VERIFICATION_SENT, code)
    assert list_error_codes(response, "code") == ["incorrect_code"]
    submit_code(client, EMAIL_VERIFICATION_SENT, read_code())
    assert is_logged_in(client)


@pytest.mark.usefixtures("resend")
def test_resend_beyond_the_quota_counts_as_a_wrong_code(client: Client, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = 1
    sign_up(client)

    submit_code(client, EMAIL_VERIFICATION_SENT, "", action="resend")
    assert submit_code(client, EMAIL_VERIFICATION_SENT, "", action="resend").status_code == 200
    assert len(mail.outbox) == 2
    assert read_session(client)[STATE]["failed_attempts"] == 1


@pytest.mark.requirement("SEC-065")
@pytest.mark.usefixtures("resend")
def test_refused_resend_is_a_429_and_keeps_the_code(client: Client, settings: Any) -> None:
    # A resend that is refused must not cost the visitor the code that was mailed before.
    settings.ACCOUNT_RATE_LIMITS = {}
    code = sign_up(client)

    response = submit_code(client, EMAIL_VERIFICATION_SENT, "", action="resend")
    assert response.status_code == 429
    assert len(mail.outbox) == 1
    assert read_session(client)[STATE]["resend_count"] == 0
    submit_code(client, EMAIL_VERIFICATION_SENT, code)
    assert is_logged_in(client)


@pytest.mark.requirement("SEC-065")
def test_login_whose_code_could_not_be_sent_is_refused(
    client: Client, user_factory: Callable[..., Any], password: str, settings: Any
) -> None:
    settings.ACCOUNT_LOGIN_METHODS = {"username", "email"}
    settings.ACCOUNT_RATE_LIMITS = {}
    user = user_factory(verified=False)
    submit_login(client, user.username, password)
    client.post(LOGOUT)

    assert submit_login(client, user.username, password).status_code == 429
    response = submit_login(client, user.email, password)
    assert list_error_codes(response) == ["too_many_login_attempts"]
    assert len(mail.outbox) == 1
    assert "account_login" not in read_session(client)


@pytest.mark.requirement("ATK-A35", "INV-26")
def test_full_mail_limit_delays_the_owner_for_one_window(
    client_factory: Callable[..., Client],
    user_factory: Callable[..., Any],
    password: str,
    settings: Any,
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {}
    user = user_factory(verified=False)
    with time_machine.travel(NOW, tick=False) as clock:
        # Somebody else has a code mailed there.
        sign_up_client = client_factory(REMOTE_ADDR="192.0.2.9")
        submit_signup(sign_up_client, username="attacker", email=user.email)
        owner = client_factory()
        assert submit_login(owner, user.username, password).status_code == 429
        # The other way in is open meanwhile.
        assert owner.post("/accounts/password/reset/", {"email": user.email}).status_code == 302
        assert mail.outbox[-1].to == [user.email]

        clock.shift(11)
        submit_login(owner, user.username, password)
        submit_code(owner, EMAIL_VERIFICATION_SENT, read_code())
        assert is_logged_in(owner, user)


# Correcting the address


@pytest.fixture
def change(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = True


@pytest.mark.requirement("SEC-070")
@pytest.mark.usefixtures("change")
def test_change_replaces_the_address_and_the_code(client: Client) -> None:
    code = sign_up(client)
    submit_code(client, EMAIL_VERIFICATION_SENT, make_wrong(code))

    response = change_to(client, "Better@example.org", next="/on/")
    assert response["Location"] == f"{EMAIL_VERIFICATION_SENT}?next=%2Fon%2F"
    assert mail.outbox[-1].to == ["better@example.org"]
    row = get_row("better@example.org")
    assert (row.verified, row.primary, row.user.email) == (False, False, "better@example.org")
    assert not EmailAddress.objects.filter(email="new@example.org").exists()
    state = read_session(client)[STATE]
    assert (state["change_count"], state["failed_attempts"]) == (1, 1)

    assert submit_code(client, EMAIL_VERIFICATION_SENT, code).status_code == 200
    submit_code(client, EMAIL_VERIFICATION_SENT, read_code())
    row = get_row("better@example.org")
    assert (row.verified, row.primary) == (True, True)
    assert is_logged_in(client, row.user)


@pytest.mark.usefixtures("change")
def test_change_to_nonsense_or_the_same_is_shown_and_costs_no_attempt(client: Client) -> None:
    sign_up(client)

    for email, error in (("no address", "invalid"), ("NEW@example.org", "same_as_current")):
        response = change_to(client, email)
        assert response.status_code == 200
        assert list_error_codes(response, "email") == [error]
        assert response.context["change_form"].errors
        assert not response.context["verify_form"].is_bound
    state = read_session(client)[STATE]
    assert (state["failed_attempts"], state["change_count"]) == (0, 0)


@pytest.mark.usefixtures("change")
def test_change_to_a_foreign_address_is_refused_where_that_may_be_told(
    client: Client, user: Any, settings: Any
) -> None:
    settings.ACCOUNT_PREVENT_ENUMERATION = False
    sign_up(client)

    assert list_error_codes(change_to(client, user.email), "email") == ["email_taken"]


@pytest.mark.requirement("SEC-070")
@pytest.mark.usefixtures("change")
def test_change_to_a_foreign_address_looks_alike_and_verifies_nothing(
    client: Client, user: Any
) -> None:
    sign_up(client)

    response = change_to(client, user.email)
    assert response["Location"] == EMAIL_VERIFICATION_SENT
    assert list_messages(response)[-1][0] == "info"
    assert mail.outbox[-1].to == [user.email]
    assert mail.outbox[-1].subject.endswith("You already have an account")
    assert client.get(EMAIL_VERIFICATION_SENT).context["email"] == user.email
    assert get_row().user.email == "new@example.org"
    # Whatever is entered, nothing of it is right.
    response = submit_code(client, EMAIL_VERIFICATION_SENT, read_code(0))
    assert list_error_codes(response, "code") == ["incorrect_code"]

    # From there one can go on to a free address.
    change_to(client, "free@example.org")
    submit_code(client, EMAIL_VERIFICATION_SENT, read_code())
    assert is_logged_in(client, get_row("free@example.org").user)


@pytest.mark.usefixtures("change")
def test_change_is_limited_to_the_quota(client: Client, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = 1
    sign_up(client)
    change_to(client, "one@example.org")

    assert client.get(EMAIL_VERIFICATION_SENT).context["can_change"] is False
    change_to(client, "two@example.org")
    assert read_session(client)[STATE]["email"] == "one@example.org"
    assert len(mail.outbox) == 2


@pytest.mark.usefixtures("change")
def test_change_is_for_those_who_never_logged_in(
    client: Client, user_factory: Callable[..., Any], password: str
) -> None:
    user = user_factory(verified=False)
    client.force_login(user)
    client.logout()

    submit_login(client, user.username, password)
    assert client.get(EMAIL_VERIFICATION_SENT).context["can_change"] is False
    change_to(client, "new@example.org")
    user.refresh_from_db()
    assert user.email != "new@example.org"


@pytest.mark.requirement("INV-42")
@pytest.mark.usefixtures("change")
def test_change_that_cannot_be_mailed_changes_nothing(client: Client, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"confirm_email": "1/m/key"}
    code = sign_up(client)
    change_to(client, "busy@example.org")
    change_to(client, "second@example.org")
    submit_code(client, EMAIL_VERIFICATION_SENT, code)
    assert not is_logged_in(client)

    # The limit of that address is used up.
    settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = 9
    before = read_session(client)[STATE]
    assert change_to(client, "busy@example.org").status_code == 429
    assert read_session(client)[STATE] == before
    assert get_row("second@example.org").user.email == "second@example.org"
    submit_code(client, EMAIL_VERIFICATION_SENT, read_code())
    assert is_logged_in(client)


@pytest.mark.usefixtures("change")
def test_forms_can_be_replaced(client: Client, settings: Any) -> None:
    settings.ACCOUNT_FORMS = {
        "confirm_email_verification_code": f"{__name__}.MyCodeForm",
        "change_email": f"{__name__}.MyChangeForm",
    }
    sign_up(client)

    context = client.get(EMAIL_VERIFICATION_SENT).context
    assert isinstance(context["verify_form"], MyCodeForm)
    assert isinstance(context["change_form"], MyChangeForm)


class MyCodeForm(ConfirmEmailVerificationCodeForm):
    """A form of the project's own."""


class MyChangeForm(ChangeEmailForm):
    """Another one."""


# Users without any address


@pytest.mark.requirement("ATK-A66")
def test_login_without_any_address_ends_with_a_message(
    client: Client, user_factory: Callable[..., Any], password: str
) -> None:
    user = user_factory(email="")

    response = client.post(LOGIN, {"login": user.username, "password": password}, follow=True)
    assert [url for url, _ in response.redirect_chain] == [LOGIN]
    assert [message.level_tag for message in response.context["messages"]] == ["error"]
    assert not is_logged_in(client)
    assert not mail.outbox


def test_pending_signup_is_resumed_from_the_signup_page(client: Client) -> None:
    sign_up(client)

    assert client.get(SIGNUP)["Location"] == EMAIL_VERIFICATION_SENT
