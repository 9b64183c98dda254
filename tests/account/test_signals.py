"""Which signals are sent, in which order and with what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django
import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in as django_user_logged_in
from django.contrib.auth.signals import user_logged_out as django_user_logged_out
from django.core import mail
from django.dispatch import Signal
from django.http import HttpResponse
from django.test import Client

from allauth.account import signals
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.internal.flows.password_reset_by_code import (
    PasswordResetVerificationProcess,
)
from allauth.account.models import EmailAddress, EmailConfirmation, EmailConfirmationHMAC
from tests.support.mails import read_code, read_path
from tests.support.pages import (
    EMAIL,
    EMAIL_VERIFICATION_SENT,
    LOGIN_CODE_CONFIRM,
    LOGIN_CODE_REQUEST,
    LOGOUT,
    PASSWORD_CHANGE,
    RESET,
    RESET_CODE_CONFIRM,
    STRONG_PASSWORD,
    configure,
    submit_code,
    submit_login,
    submit_signup,
)
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db
ALL = {name: signal for name, signal in vars(signals).items() if isinstance(signal, Signal)} | {
    "django_user_logged_in": django_user_logged_in
}


def names(sent: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [name for name, _ in sent]


def get(sent: list[tuple[str, dict[str, Any]]], name: str) -> dict[str, Any]:
    (arguments,) = [arguments for found, arguments in sent if found == name]
    return {key: value for key, value in arguments.items() if key != "signal"}


def test_names_are_those_of_the_published_release() -> None:
    assert set(ALL) - {"django_user_logged_in"} == {
        "user_logged_in",
        "user_logged_out",
        "user_signed_up",
        "password_set",
        "password_changed",
        "password_reset",
        "email_confirmed",
        "email_confirmation_sent",
        "email_changed",
        "email_added",
        "email_removed",
        "authentication_step_completed",
        "login_code_rejected",
        "password_reset_code_rejected",
        "email_verification_code_rejected",
        "_add_email",
    }
    assert signals.user_logged_out is django_user_logged_out


def test_password_login(client: Client, user: Any, password: str) -> None:
    with collect_signals(**ALL) as sent:
        response = submit_login(client, user.username, password)

    assert names(sent) == [
        "authentication_step_completed",
        "django_user_logged_in",
        "user_logged_in",
    ]
    step = get(sent, "authentication_step_completed")
    assert (step["method"], step["username"], step["email"]) == ("password", user.username, None)
    logged_in = get(sent, "user_logged_in")
    assert set(logged_in) == {"sender", "request", "response", "user"}
    assert logged_in["sender"] is get_user_model()
    assert logged_in["user"] == user
    assert isinstance(logged_in["response"], HttpResponse)
    assert logged_in["response"]["Location"] == response["Location"]


def test_logout(client: Client, user: Any) -> None:
    client.force_login(user)
    with collect_signals(**ALL) as sent:
        client.post(LOGOUT)

    assert names(sent) == ["user_logged_out"]
    assert get(sent, "user_logged_out")["user"] == user


@pytest.mark.parametrize("is_signed", [True, False])
def test_signup_with_a_link(client: Client, settings: Any, is_signed: bool) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_CONFIRMATION_HMAC = is_signed
    settings.ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
    mails = []
    with collect_signals(**ALL) as sent:
        submit_signup(client, username="new", email="new@example.org")
        mails.append(len(mail.outbox))

    assert names(sent) == ["user_signed_up", "email_confirmation_sent"]
    assert mails == [1]
    signed_up = get(sent, "user_signed_up")
    assert set(signed_up) == {"sender", "request", "user"}
    assert signed_up["sender"] is get_user_model()
    confirmation = get(sent, "email_confirmation_sent")
    expected = EmailConfirmationHMAC if is_signed else EmailConfirmation
    assert confirmation["sender"] is type(confirmation["confirmation"]) is expected
    assert confirmation["signup"] is True
    assert confirmation["confirmation"].key in read_path()

    with collect_signals(**ALL) as sent:
        client.post(read_path())
    assert names(sent) == ["email_confirmed", "django_user_logged_in", "user_logged_in"]
    confirmed = get(sent, "email_confirmed")
    assert set(confirmed) == {"sender", "request", "email_address"}
    assert confirmed["sender"] is EmailAddress
    assert confirmed["email_address"].verified


def test_signup_by_code(client: Client, settings: Any) -> None:
    configure(settings, EMAIL_VERIFICATION="mandatory", EMAIL_VERIFICATION_BY_CODE_ENABLED=True)
    with collect_signals(**ALL) as sent:
        submit_signup(client, username="new", email="new@example.org")

    assert names(sent) == ["user_signed_up", "email_confirmation_sent"]
    confirmation = get(sent, "email_confirmation_sent")
    assert confirmation["sender"] is EmailVerificationProcess
    assert confirmation["confirmation"].key == read_code()
    assert confirmation["confirmation"].email_address.email == "new@example.org"

    with collect_signals(**ALL) as sent:
        submit_code(client, EMAIL_VERIFICATION_SENT, read_code())
    assert names(sent) == ["email_confirmed", "django_user_logged_in", "user_logged_in"]


def test_pretended_signup_signals_nothing(client: Client, user: Any, settings: Any) -> None:
    configure(settings, EMAIL_VERIFICATION="mandatory", EMAIL_VERIFICATION_BY_CODE_ENABLED=True)
    with collect_signals(**ALL) as sent:
        submit_signup(client, username="new", email=user.email)
        submit_code(client, EMAIL_VERIFICATION_SENT, "wrong")

    assert sent == []


def test_adding_by_link(client: Client, user: Any) -> None:
    client.force_login(user)
    with collect_signals(**ALL) as sent:
        client.post(EMAIL, {"action_add": "", "email": "more@example.org"})

    assert names(sent) == ["_add_email", "email_confirmation_sent", "email_added"]
    asked = get(sent, "_add_email")
    assert asked == {"sender": get_user_model(), "email": "more@example.org", "user": user}
    added = get(sent, "email_added")
    assert set(added) == {"sender", "request", "user", "email_address"}
    assert (added["sender"], added["user"]) == (EmailAddress, user)
    assert added["email_address"].pk


@pytest.mark.requirement("SEC-058")
def test_addition_by_code_is_announced_once_it_is_stored(
    client: Client, user: Any, settings: Any
) -> None:
    configure(settings, EMAIL_VERIFICATION_BY_CODE_ENABLED=True)
    client.force_login(user)
    with collect_signals(**ALL) as sent:
        client.post(EMAIL, {"action_add": "", "email": "more@example.org"})
    assert names(sent) == ["_add_email", "email_confirmation_sent"]

    with collect_signals(**ALL) as sent:
        submit_code(client, EMAIL_VERIFICATION_SENT, read_code())
    assert names(sent) == ["email_added", "email_confirmed"]
    assert get(sent, "email_added")["email_address"].pk


def test_primary(client: Client, user: Any) -> None:
    EmailAddress.objects.create(user=user, email="more@example.org", verified=True)
    client.force_login(user)
    with collect_signals(**ALL) as sent:
        client.post(EMAIL, {"action_primary": "", "email": "more@example.org"})

    assert names(sent) == ["email_changed"]
    changed = get(sent, "email_changed")
    assert set(changed) == {
        "sender",
        "request",
        "user",
        "from_email_address",
        "to_email_address",
    }
    assert changed["sender"] is EmailAddress
    assert changed["from_email_address"].email == user.email
    assert changed["to_email_address"].email == "more@example.org"


def test_first_primary(client: Client, user_factory: Callable[..., Any]) -> None:
    user = user_factory(email="")
    EmailAddress.objects.create(user=user, email="more@example.org", verified=True)
    client.force_login(user)
    with collect_signals(**ALL) as sent:
        client.post(EMAIL, {"action_primary": "", "email": "more@example.org"})

    assert get(sent, "email_changed")["from_email_address"] is None


def test_removal(client: Client, user: Any) -> None:
    EmailAddress.objects.create(user=user, email="more@example.org", verified=True)
    client.force_login(user)
    with collect_signals(**ALL) as sent:
        client.post(EMAIL, {"action_remove": "", "email": "more@example.org"})

    assert names(sent) == ["email_removed"]
    removed = get(sent, "email_removed")
    assert set(removed) == {"sender", "request", "user", "email_address"}
    assert removed["email_address"].email == "more@example.org"
    assert removed["email_address"].pk is None


def test_change_of_the_only_address(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_CHANGE_EMAIL = True
    client.force_login(user)
    client.post(EMAIL, {"action_add": "", "email": "more@example.org"})
    with collect_signals(**ALL) as sent:
        client.post(read_path())

    assert names(sent) == ["email_confirmed", "email_changed"]
    assert get(sent, "email_changed")["from_email_address"].email == user.email


def test_refused_actions_signal_nothing(client: Client, user: Any) -> None:
    EmailAddress.objects.create(user=user, email="more@example.org")
    client.force_login(user)
    with collect_signals(**ALL) as sent:
        client.post(EMAIL, {"action_remove": "", "email": user.email})
        client.post(EMAIL, {"action_primary": "", "email": "more@example.org"})
        client.post(EMAIL, {"action_send": "", "email": "foreign@example.org"})

    assert sent == []


def test_password_change_comes_last(client: Client, user: Any, password: str) -> None:
    client.force_login(user)
    seen = []

    def look(request: Any, user: Any, **kwargs: Any) -> None:
        seen.append((user.check_password(STRONG_PASSWORD), len(request._messages)))

    signals.password_changed.connect(look)
    try:
        data = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}
        client.post(PASSWORD_CHANGE, {"oldpassword": password, **data})
    finally:
        signals.password_changed.disconnect(look)
    assert seen == [(True, 1)]


@pytest.mark.parametrize("is_login", [True, False])
def test_reset(client: Client, user: Any, settings: Any, is_login: bool) -> None:
    settings.ACCOUNT_LOGIN_ON_PASSWORD_RESET = is_login
    client.post(RESET, {"email": user.email})
    page = client.get(read_path())["Location"]
    with collect_signals(**ALL) as sent:
        client.post(page, {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD})

    login = ["authentication_step_completed", "django_user_logged_in", "user_logged_in"]
    assert names(sent) == ["password_reset", *(login if is_login else [])]
    assert get(sent, "password_reset")["sender"] is get_user_model()


def test_login_by_code(client: Client, user: Any, settings: Any) -> None:
    configure(settings, LOGIN_BY_CODE_ENABLED=True)
    client.post(LOGIN_CODE_REQUEST, {"email": user.email})
    with collect_signals(**ALL) as sent:
        submit_code(client, LOGIN_CODE_CONFIRM, "wrong")
        submit_code(client, LOGIN_CODE_CONFIRM, read_code())

    assert names(sent) == [
        "login_code_rejected",
        "authentication_step_completed",
        "django_user_logged_in",
        "user_logged_in",
    ]
    rejected = get(sent, "login_code_rejected")
    assert set(rejected) == {"sender", "request", "user", "last_attempt"}
    assert rejected["sender"] is LoginCodeVerificationProcess
    step = get(sent, "authentication_step_completed")
    assert (step["method"], step["email"], step["phone"]) == ("code", user.email, None)


def test_rejected_codes_name_their_process(client: Client, user: Any, settings: Any) -> None:
    configure(
        settings, PASSWORD_RESET_BY_CODE_ENABLED=True, EMAIL_VERIFICATION_BY_CODE_ENABLED=True
    )
    client.force_login(user)
    client.post(RESET, {"email": user.email})
    client.post(EMAIL, {"action_add": "", "email": "more@example.org"})
    with collect_signals(**ALL) as sent:
        submit_code(client, RESET_CODE_CONFIRM, "wrong")
        submit_code(client, EMAIL_VERIFICATION_SENT, "wrong")

    assert names(sent) == ["password_reset_code_rejected", "email_verification_code_rejected"]
    assert [arguments["sender"] for _, arguments in sent] == [
        PasswordResetVerificationProcess,
        EmailVerificationProcess,
    ]


@pytest.mark.skipif(django.VERSION < (5, 0), reason="Django has such receivers since 5.0")
def test_receivers_of_the_other_color(client: Client, user: Any, password: str) -> None:
    seen = []

    async def receive(user: Any, **kwargs: Any) -> None:
        seen.append(user)

    signals.user_logged_in.connect(receive)
    try:
        submit_login(client, user.username, password)
    finally:
        signals.user_logged_in.disconnect(receive)
    assert seen == [user]


@pytest.mark.requirement("INV-42")
def test_receivers_see_what_is_stored(client: Client, user: Any) -> None:
    EmailAddress.objects.create(user=user, email="more@example.org", verified=True)
    client.force_login(user)

    def fail(**kwargs: Any) -> None:
        raise RuntimeError("a receiver of the project failed")

    signals.email_removed.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            client.post(EMAIL, {"action_remove": "", "email": "more@example.org"})
    finally:
        signals.email_removed.disconnect(fail)
    # The removal is complete by then.
    assert [row.email for row in EmailAddress.objects.filter(user=user)] == [user.email]
