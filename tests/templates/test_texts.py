"""The built-in mails and messages of the account app."""

from __future__ import annotations

import html
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.template.loader import render_to_string
from django.test import RequestFactory

NAME = "o'hara <b>&amp; co</b> {{ settings.SECRET_KEY }}"
NOTIFICATION = {"timestamp": "14 July", "ip": "192.0.2.7", "user_agent": "Browser/1 <'&>"}
UNIQUE = {
    "code": "BCDF-GHJK",
    "activate_url": "https://example.org/confirm/a:b/?x=1&y=2",
    "signup_url": "https://example.org/signup/?x=1&y=2",
    "password_reset_url": "https://example.org/reset/?x=1&y=2",
    "username": NAME,
    "from_email": "from'@example.org",
    "to_email": "to'@example.org",
    "deleted_email": "gone'@example.org",
    "email": "you'@example.org",
}

# Prefix of the mail, and what it must show.
MAILS = [
    ("account_already_exists", ["password_reset_url", "email"]),
    ("unknown_account", ["signup_url", "email"]),
    ("email_confirmation", ["code"]),
    ("email_confirmation", ["activate_url"]),
    ("email_confirmation_signup", ["code"]),
    ("email_confirmation_signup", ["activate_url"]),
    ("email_confirm", ["email"]),
    ("login_code", ["code"]),
    ("password_reset_code", ["code"]),
    ("password_reset_key", ["password_reset_url", "username"]),
    ("password_reset_key", ["password_reset_url"]),
    ("password_changed", []),
    ("password_set", []),
    ("password_reset", []),
    ("email_changed", ["from_email", "to_email"]),
    ("email_deleted", ["deleted_email"]),
]
NOTIFICATIONS = [
    "email_changed",
    "email_deleted",
    "password_changed",
    "password_reset",
    "password_set",
]


def render(prefix: str, part: str, **context: Any) -> str:
    values = {
        "current_site": SimpleNamespace(name="Jane's <Site>", domain="example.org"),
        "email": UNIQUE["email"],
        "user": get_user_model()(username=NAME),
        **NOTIFICATION,
        **context,
    }
    request = RequestFactory().get("/")
    return render_to_string(f"account/email/{prefix}_{part}.txt", values, request)


@pytest.mark.parametrize(("prefix", "shown"), MAILS)
class TestMail:
    def test_subject_is_one_line(self, prefix: str, shown: list[str]) -> None:
        subject = render(prefix, "subject", **{key: UNIQUE[key] for key in shown})
        assert len(subject.strip().splitlines()) == 1

    def test_body_shows_its_values_as_they_are(self, prefix: str, shown: list[str]) -> None:
        body = render(prefix, "message", **{key: UNIQUE[key] for key in shown})
        for key in shown:
            assert UNIQUE[key] in body
        assert "Jane's <Site>" in body
        assert "example.org" in body
        assert "None" not in body

    def test_code_or_link_stands_alone(self, prefix: str, shown: list[str]) -> None:
        lines = render(prefix, "message", **{key: UNIQUE[key] for key in shown}).splitlines()
        for key in ("code", "activate_url", "password_reset_url", "signup_url"):
            if key in shown:
                assert lines.count(UNIQUE[key]) == 1

    def test_notification_tells_where_the_change_came_from(
        self, prefix: str, shown: list[str]
    ) -> None:
        body = render(prefix, "message", **{key: UNIQUE[key] for key in shown})
        for text in NOTIFICATION.values():
            assert (text in body) is (prefix in NOTIFICATIONS)


def test_mail_without_signup_does_not_offer_it() -> None:
    assert "https:" not in render("unknown_account", "message", signup_url=None)


MESSAGES = {
    "cannot_delete_primary_email": ["email"],
    "email_confirmation_failed": ["email"],
    "email_confirmation_sent": ["email"],
    "email_confirmed": ["email"],
    "email_deleted": ["email"],
    "logged_in": ["user"],
    "logged_out": [],
    "login_code_sent": ["recipient"],
    "password_changed": [],
    "password_set": [],
    "phone_verification_sent": ["phone"],
    "phone_verified": ["phone"],
    "primary_email_set": [],
    "unverified_primary_email": [],
}


@pytest.mark.parametrize(("name", "variables"), MESSAGES.items())
def test_message_shows_its_value_once_unescaped(name: str, variables: list[str]) -> None:
    """Messages are rendered as HTML, and turned back into text before they are stored."""
    context = {key: get_user_model()(username=NAME) if key == "user" else NAME for key in variables}
    text = html.unescape(render_to_string(f"account/messages/{name}.txt", context)).strip()
    assert len(text.splitlines()) == 1
    assert (NAME in text) is bool(variables)
