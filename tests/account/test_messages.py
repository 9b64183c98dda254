"""The messages that people see after what they did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib import messages
from django.template.loader import get_template
from django.test import Client

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.models import EmailAddress
from allauth.core import context
from tests.support.mails import read_path
from tests.support.pages import (
    EMAIL,
    LOGIN_CODE_CONFIRM,
    LOGIN_CODE_REQUEST,
    LOGOUT,
    PASSWORD_CHANGE,
    PASSWORD_SET,
    STRONG_PASSWORD,
    configure,
    list_messages,
    submit_code,
    submit_login,
)
from tests.support.sessions import make_request

pytestmark = pytest.mark.django_db
NAMES = {
    "cannot_delete_primary_email",
    "email_confirmation_failed",
    "email_confirmation_sent",
    "email_confirmed",
    "email_deleted",
    "logged_in",
    "logged_out",
    "login_code_sent",
    "password_changed",
    "password_set",
    "phone_verification_sent",
    "phone_verified",
    "primary_email_set",
    "unverified_primary_email",
}


@pytest.fixture
def request_of_visitor() -> Any:
    request = make_request()
    with context.request_context(request):
        yield request


def get_texts(request: Any) -> list[tuple[str, str]]:
    return [(message.level_tag, message.message) for message in messages.get_messages(request)]


def add(request: Any, template: str, **values: Any) -> list[tuple[str, str]]:
    get_adapter().add_message(request, messages.INFO, f"account/messages/{template}.txt", values)
    return get_texts(request)


def test_every_message_has_a_template() -> None:
    for name in NAMES:
        assert get_template(f"account/messages/{name}.txt")


# Which message comes when: the level, and what its text contains.


def test_login_and_logout(client: Client, user: Any, password: str) -> None:
    ((level, text),) = list_messages(submit_login(client, user.username, password))
    assert level == "success"
    assert user.username in text
    assert list_messages(client.post(LOGOUT))[-1] == ("success", "You are signed out now.")


def test_visitor_who_cancels_is_told_nothing(client: Client) -> None:
    assert list_messages(client.post(LOGOUT)) == []


@pytest.mark.parametrize(
    ("action", "email", "is_verified", "level"),
    [
        ("action_send", "other@example.org", False, "info"),
        ("action_remove", "other@example.org", False, "success"),
        ("action_remove", "primary", True, "error"),
        ("action_primary", "other@example.org", True, "success"),
        ("action_primary", "other@example.org", False, "error"),
        ("action_add", "third@example.org", False, "info"),
    ],
)
def test_addresses(
    client: Client, user: Any, action: str, email: str, is_verified: bool, level: str
) -> None:
    EmailAddress.objects.create(user=user, email="other@example.org", verified=is_verified)
    client.force_login(user)
    email = user.email if email == "primary" else email

    ((found, text),) = list_messages(client.post(EMAIL, {action: "", "email": email}))
    assert found == level
    assert email in text or action == "action_primary"


@pytest.mark.parametrize("is_taken", [True, False])
def test_confirmation(client: Client, user: Any, is_taken: bool) -> None:
    EmailAddress.objects.create(user=user, email="other@example.org")
    client.force_login(user)
    client.post(EMAIL, {"action_send": "", "email": "other@example.org"})
    if is_taken:
        another = type(user).objects.create_user("another")
        EmailAddress.objects.create(user=another, email="other@example.org", verified=True)

    level, text = list_messages(client.post(read_path()))[-1]
    assert level == ("error" if is_taken else "success")
    assert "other@example.org" in text


def test_passwords(
    client: Client, user_factory: Callable[..., Any], password: str, settings: Any
) -> None:
    user = user_factory(password=None)
    client.force_login(user)
    data = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}

    assert list_messages(client.post(PASSWORD_SET, data))[-1][0] == "success"
    response = client.post(PASSWORD_CHANGE, {**data, "oldpassword": STRONG_PASSWORD})
    assert list_messages(response)[-1] == ("success", "Your new password is in place.")


def test_login_code(client: Client, user: Any, settings: Any) -> None:
    configure(settings, LOGIN_BY_CODE_ENABLED=True, LOGIN_BY_CODE_MAX_ATTEMPTS=1)

    ((level, text),) = list_messages(client.post(LOGIN_CODE_REQUEST, {"email": user.email}))
    assert level == "success"
    assert user.email in text
    texts = list_messages(submit_code(client, LOGIN_CODE_CONFIRM, "wrong"))
    assert texts[-1] == ("error", str(get_adapter().error_messages["too_many_login_attempts"]))


# How messages are made


def test_literal_message_wins(request_of_visitor: Any) -> None:
    get_adapter().add_message(
        request_of_visitor,
        messages.ERROR,
        "account/messages/logged_out.txt",
        extra_tags="mine",
        message="<b>Literally</b>",
    )

    (message,) = messages.get_messages(request_of_visitor)
    assert (message.message, message.tags) == ("<b>Literally</b>", "mine error")


@pytest.mark.parametrize("directory", ["blank", "none"])
def test_blank_or_missing_template_gives_no_message(
    request_of_visitor: Any, settings: Any, tmp_path: Path, directory: str
) -> None:
    (tmp_path / "account" / "messages").mkdir(parents=True)
    (tmp_path / "account" / "messages" / "blank.txt").write_text(" \n\t")
    templates = [dict(settings.TEMPLATES[0])]
    templates[0]["DIRS"] = [tmp_path]
    settings.TEMPLATES = templates

    assert add(request_of_visitor, directory) == []
    assert add(request_of_visitor, "logged_out") == [("info", "You are signed out now.")]


def test_texts_are_escaped_once(
    client: Client, user_factory: Callable[..., Any], password: str, request_of_visitor: Any
) -> None:
    ((_, text),) = add(request_of_visitor, "email_deleted", email='"a<b>&\'c"@example.org')
    assert '"a<b>&\'c"@example.org' in text

    name = "<script>alert(1)</script>&amp;"
    user_factory(username=name)
    response = client.post(
        "/accounts/login/", {"login": name, "password": password, "next": EMAIL}, follow=True
    )
    page = response.content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;" in page
    assert "<script>alert" not in page


class QuietAdapter(DefaultAccountAdapter):
    """Says nothing, in the other color."""

    async def add_message(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        return None


def test_adapter_may_say_nothing(client: Client, user: Any, password: str, settings: Any) -> None:
    settings.ACCOUNT_ADAPTER = f"{__name__}.QuietAdapter"

    assert list_messages(submit_login(client, user.username, password)) == []


def test_project_without_messages(settings: Any, user: Any) -> None:
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if app != "django.contrib.messages"
    ]
    request = make_request()
    del request._messages

    get_adapter().add_message(request, messages.INFO, message="Nobody reads this.")
    assert not hasattr(request, "_messages")


def test_all_error_codes_have_texts() -> None:
    adapter = DefaultAccountAdapter()
    codes = {
        "account_inactive",
        "cannot_remove_primary_email",
        "duplicate_email",
        "email_password_mismatch",
        "email_taken",
        "enter_current_password",
        "incorrect_code",
        "incorrect_password",
        "invalid_login",
        "invalid_or_expired_key",
        "invalid_password_reset",
        "max_email_addresses",
        "phone_password_mismatch",
        "phone_taken",
        "rate_limited",
        "same_as_current",
        "select_only_one",
        "too_many_login_attempts",
        "unknown_email",
        "unknown_phone",
        "unverified_primary_email",
        "username_blacklisted",
        "username_password_mismatch",
        "username_taken",
    }

    assert codes <= set(adapter.error_messages)
    for code in codes:
        arguments = (7,) if code == "max_email_addresses" else ()
        error = adapter.validation_error(code, *arguments)
        assert error.code == code
        assert "%" not in str(error.message)
    with pytest.raises(KeyError):
        adapter.validation_error("no_such_code")
