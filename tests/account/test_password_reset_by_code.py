"""Replacing a lost password by the code that is mailed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from allauth.account import signals
from allauth.account.forms import ConfirmPasswordResetCodeForm, ResetPasswordKeyForm
from allauth.account.models import EmailAddress
from tests.support.clocks import NOW
from tests.support.hashing import has_password
from tests.support.mails import make_wrong, read_code
from tests.support.pages import (
    EMAIL_VERIFICATION_SENT,
    LOGIN,
    LOGOUT,
    RESET,
    RESET_CODE_COMPLETE,
    RESET_CODE_CONFIRM,
    RESET_DONE,
    STRONG_PASSWORD,
    configure,
    list_error_codes,
    list_messages,
    read_page,
    submit_code,
    submit_login,
)
from tests.support.sessions import is_logged_in, read_session, write_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db
STATE = "account_password_reset_verification"
INACTIVE = "/accounts/inactive/"


@pytest.fixture(autouse=True)
def _codes_reset(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    configure(settings, PASSWORD_RESET_BY_CODE_ENABLED=True)


def request_code(client: Client, email: str, **data: Any) -> Any:
    return client.post(RESET, {"email": email, **data})


def choose(client: Client, password: str = STRONG_PASSWORD, **data: Any) -> Any:
    fields = {"password1": password, "password2": password, **data}
    return client.post(RESET_CODE_COMPLETE, fields)


def confirm(client: Client, user: Any) -> None:
    """Come as far as the page for the new password."""
    request_code(client, user.email)
    assert submit_code(client, RESET_CODE_CONFIRM, read_code())["Location"] == RESET_CODE_COMPLETE


def test_code_resets_the_password(client: Client, user: Any) -> None:
    response = request_code(client, user.email.upper(), next="/on/")
    assert response["Location"] == f"{RESET_CODE_CONFIRM}?next=%2Fon%2F"
    assert list_messages(response) == []
    assert [message.to for message in mail.outbox] == [[user.email]]

    page = client.get(RESET_CODE_CONFIRM)
    assert page.context["email"] == user.email
    assert page.context["can_resend"] is False
    assert page.context["can_change"] is False
    assert isinstance(page.context["verify_form"], ConfirmPasswordResetCodeForm)
    response = submit_code(client, RESET_CODE_CONFIRM, read_code(), next="/on/")
    assert response["Location"] == f"{RESET_CODE_COMPLETE}?next=%2Fon%2F"
    assert client.get(RESET_CODE_CONFIRM)["Location"] == RESET_CODE_COMPLETE

    page = client.get(RESET_CODE_COMPLETE)
    assert page.context["action_url"] == RESET_CODE_COMPLETE
    assert user.username in read_page(page)
    with collect_signals(reset=signals.password_reset) as sent:
        response = choose(client)
    assert response["Location"] == RESET_DONE
    assert [arguments["user"] for _, arguments in sent] == [user]
    assert list_messages(response) == [("success", "Your new password is in place.")]
    assert has_password(user, STRONG_PASSWORD)
    assert not is_logged_in(client)
    assert STATE not in read_session(client)
    assert client.get(RESET_DONE).status_code == 200


@pytest.mark.requirement("ATK-A60")
def test_code_works_once(client: Client, user: Any) -> None:
    confirm(client, user)
    choose(client)

    assert choose(client, "yet another 9 words")["Location"] == RESET
    assert submit_code(client, RESET_CODE_CONFIRM, read_code())["Location"] == LOGIN
    assert has_password(user, STRONG_PASSWORD)


@pytest.mark.requirement("INV-17")
@pytest.mark.parametrize("page", [RESET_CODE_CONFIRM, RESET_CODE_COMPLETE])
def test_pages_are_neither_cached_nor_framed(client: Client, user: Any, page: str) -> None:
    confirm(client, user)
    if page == RESET_CODE_CONFIRM:
        request_code(client, user.email)

    response = client.get(page)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert response["X-Frame-Options"] == "DENY"


def test_pages_are_for_those_who_wait(client: Client, user: Any) -> None:
    assert client.get(RESET_CODE_CONFIRM)["Location"] == LOGIN
    assert client.get(f"{RESET_CODE_COMPLETE}?next=/on/")["Location"] == f"{RESET}?next=%2Fon%2F"
    assert choose(client)["Location"] == RESET

    request_code(client, user.email)
    assert client.get(RESET_CODE_COMPLETE)["Location"] == RESET_CODE_CONFIRM
    assert choose(client)["Location"] == RESET_CODE_CONFIRM
    assert not has_password(user, STRONG_PASSWORD)


def test_pages_for_links_do_not_exist(client: Client) -> None:
    assert client.get("/accounts/password/reset/key/1-set-password/").status_code == 404


def test_last_wrong_code_leads_to_the_login(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_PASSWORD_RESET_BY_CODE_MAX_ATTEMPTS = 1
    request_code(client, user.email)

    response = submit_code(client, RESET_CODE_CONFIRM, make_wrong(read_code()), next="/on/")
    assert response["Location"] == f"{LOGIN}?next=%2Fon%2F"
    assert [level for level, _ in list_messages(response)] == ["error"]
    assert STATE not in read_session(client)


@pytest.mark.requirement("INV-13")
@pytest.mark.parametrize(("seconds", "is_in_time"), [(2, True), (11, False)])
def test_time_begins_anew_for_the_new_password(
    client: Client, user: Any, settings: Any, seconds: int, is_in_time: bool
) -> None:
    settings.ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 10
    with time_machine.travel(NOW, tick=False) as clock:
        request_code(client, user.email)
        clock.shift(9)
        submit_code(client, RESET_CODE_CONFIRM, read_code())
        clock.shift(seconds)
        response = choose(client)
        assert response["Location"] == (RESET_DONE if is_in_time else RESET)
        assert has_password(user, STRONG_PASSWORD) is is_in_time


def test_new_password_is_checked(client: Client, user: Any, password: str) -> None:
    confirm(client, user)

    assert choose(client, password2="different 9 words").context["form"].errors["password2"]
    assert list_error_codes(choose(client, "abc"), "password1") == ["password_too_short"]
    assert has_password(user, password)
    assert choose(client)["Location"] == RESET_DONE


@pytest.mark.requirement("INV-39")
def test_code_verifies_an_own_address(client: Client, user_factory: Callable[..., Any]) -> None:
    user = user_factory(verified=False)
    confirm(client, user)

    assert EmailAddress.objects.get(user=user).verified


def test_code_makes_no_row_and_verifies_no_foreign_one(
    client: Client, user_factory: Callable[..., Any]
) -> None:
    user = user_factory(verified=False)
    request_code(client, user.email)
    user_factory(email=user.email, verified=True)
    submit_code(client, RESET_CODE_CONFIRM, read_code())
    assert not EmailAddress.objects.get(user=user).verified

    other = user_factory()
    EmailAddress.objects.filter(user=other).delete()
    client.post(LOGOUT)
    confirm(client, other)
    assert not EmailAddress.objects.filter(user=other).exists()
    assert choose(client)["Location"] == RESET_DONE


@pytest.mark.requirement("SEC-072")
def test_reset_logs_in_where_the_site_wants(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
    confirm(client, user)

    assert choose(client, next="/on/")["Location"] == "/on/"
    assert is_logged_in(client, user)
    (record,) = read_session(client)["account_authentication_methods"]
    assert (record["method"], record["email"]) == ("password_reset", user.email)


@pytest.mark.requirement("SEC-072")
def test_login_after_a_reset_passes_all_stages(
    client: Client, user_factory: Callable[..., Any], settings: Any
) -> None:
    configure(
        settings,
        LOGIN_ON_PASSWORD_RESET=True,
        EMAIL_VERIFICATION="mandatory",
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
    )
    user = user_factory(email="shared@example.org", verified=False)
    request_code(client, user.email)
    # Verified by somebody else meanwhile, so that the code proves nothing here.
    user_factory(email="shared@example.org", verified=True)
    submit_code(client, RESET_CODE_CONFIRM, read_code())

    assert choose(client)["Location"] == EMAIL_VERIFICATION_SENT
    assert not is_logged_in(client)


def test_inactive_user_gets_neither_code_nor_session(
    client: Client, user: Any, user_factory: Callable[..., Any], settings: Any
) -> None:
    settings.ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
    request_code(client, user_factory(is_active=False).email)
    assert mail.outbox[0].subject.endswith("There is no account with your address")

    confirm(client, user)
    user.is_active = False
    user.save()
    assert choose(client)["Location"] == INACTIVE
    assert not is_logged_in(client)


@pytest.mark.requirement("SEC-053", "ATK-A47")
@pytest.mark.parametrize("change", ["password", "address"])
def test_confirmed_code_dies_with_what_it_was_made_for(
    client: Client, user: Any, change: str
) -> None:
    confirm(client, user)
    if change == "password":
        user.set_password("changed 9 meanwhile")
        user.email = user.email
    else:
        EmailAddress.objects.filter(user=user).update(email="safe@example.org")
        user.email = "safe@example.org"
    user.save()

    assert choose(client)["Location"] == RESET
    assert not has_password(user, STRONG_PASSWORD)


def test_logout_ends_the_reset(client: Client, user: Any) -> None:
    confirm(client, user)
    client.post(LOGOUT)

    assert STATE not in read_session(client)
    assert choose(client)["Location"] == RESET


def test_login_ends_the_reset(
    client: Client, user: Any, user_factory: Callable[..., Any], password: str
) -> None:
    # Whoever planted it in the session must not choose the password of who logs in there.
    confirm(client, user)
    submit_login(client, user_factory().username, password)

    assert STATE not in read_session(client)
    assert choose(client)["Location"] == RESET
    assert not has_password(user, STRONG_PASSWORD)


@pytest.mark.parametrize(
    "state",
    [
        [],
        "text",
        {},
        {"at": "soon"},
        {"at": NOW},
        {"at": NOW, "email": 5},
        {"at": NOW, "email": "a@b.org", "user_id": "4711", "code_confirmed": True},
        {"at": NOW, "email": "a@b.org", "user_id": ["1"], "code_confirmed": True},
        {"at": NOW, "email": "a@b.org", "user_id": "x", "code_confirmed": True},
        {"at": NOW, "email": "a@b.org", "user_id": None, "code_confirmed": True},
    ],
)
def test_malformed_state_is_no_reset(client: Client, user: Any, state: Any) -> None:
    with time_machine.travel(NOW, tick=False):
        write_session(client, **{STATE: state})

        assert client.get(RESET_CODE_CONFIRM)["Location"] == LOGIN
        assert choose(client)["Location"] == RESET


def test_pretended_reset_is_never_confirmed(client: Client) -> None:
    request_code(client, "nobody@example.org")
    session = read_session(client)
    session[STATE].update(code_confirmed=True, code="BCDF-GHJK")
    write_session(client, **session)

    response = submit_code(client, RESET_CODE_CONFIRM, "BCDF-GHJK")
    assert list_error_codes(response, "code") == ["incorrect_code"]
    assert choose(client)["Location"] == RESET_CODE_CONFIRM


def test_state_of_the_published_release_is_read(client: Client, user: Any) -> None:
    request_code(client, user.email)
    session = read_session(client)
    session[STATE].pop("auth_hash")
    write_session(client, **session)

    submit_code(client, RESET_CODE_CONFIRM, read_code())
    choose(client)
    assert has_password(user, STRONG_PASSWORD)


def test_state_is_written_as_the_published_release_does(client: Client, user: Any) -> None:
    confirm(client, user)
    state = read_session(client)[STATE]

    assert state["code_confirmed"] is True
    assert state["user_id"] == str(user.pk)
    assert set(state) - {"auth_hash"} == {
        "at",
        "failed_attempts",
        "resend_count",
        "change_count",
        "email",
        "user_id",
        "code",
        "code_confirmed",
    }


def test_who_verified_the_address_gets_the_code(
    client: Client, user_factory: Callable[..., Any]
) -> None:
    first = user_factory(email="shared@example.org", verified=False)
    owner = user_factory(email="shared@example.org", verified=True)
    confirm(client, owner)
    choose(client)

    assert has_password(owner, STRONG_PASSWORD)
    assert not has_password(first, STRONG_PASSWORD)


def test_new_password_is_limited(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"reset_password_from_key": "1/m/ip"}
    confirm(client, user)

    assert choose(client, "abc").status_code == 200
    assert choose(client).status_code == 429


def test_forms_can_be_replaced(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_FORMS = {
        "confirm_password_reset_code": MyCodeForm,
        "reset_password_from_key": MyKeyForm,
    }
    request_code(client, user.email)
    assert isinstance(client.get(RESET_CODE_CONFIRM).context["form"], MyCodeForm)
    submit_code(client, RESET_CODE_CONFIRM, read_code())
    assert isinstance(client.get(RESET_CODE_COMPLETE).context["form"], MyKeyForm)


class MyCodeForm(ConfirmPasswordResetCodeForm):
    """A form of the project's own."""


class MyKeyForm(ResetPasswordKeyForm):
    """Another one."""
