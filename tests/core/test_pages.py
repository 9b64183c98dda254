"""What all built-in pages have in common, as they are served."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.template import engines
from django.test import Client
from django.urls import reverse

ANONYMOUS = [
    "account_login",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_email_verification_sent",
]
LOGGED_IN = [
    "account_logout",
    "account_email",
    "account_change_password",
    "account_reauthenticate",
]


def get_page(client: Client, user: Any, name: str) -> Any:
    if name in LOGGED_IN:
        client.force_login(user)
    response = client.get(reverse(name))
    assert response.status_code == 200
    return response


@pytest.mark.requirement("SEC-012")
@pytest.mark.parametrize("name", ANONYMOUS + LOGGED_IN)
def test_page_has_no_inline_script(client: Client, user: Any, name: str) -> None:
    html = get_page(client, user, name).content.decode()

    for attributes, content in re.findall(r"<script\b([^>]*)>(.*?)</script>", html, re.DOTALL):
        assert "src=" in attributes or 'type="application/json"' in attributes
        assert not ("src=" in attributes and content.strip())
    for tag in re.findall(r"<[a-z][^>]*>", html):
        assert not re.search(r"\son[a-z]+\s*=", tag)
        assert "javascript:" not in tag.lower()


@pytest.mark.requirement("SEC-016", "ATK-C32")
@pytest.mark.parametrize(
    "name",
    [
        "account_login",
        "account_signup",
        "account_reset_password",
        "account_email",
        "account_change_password",
        "account_reauthenticate",
    ],
)
def test_page_with_a_form_is_not_stored(client: Client, user: Any, name: str) -> None:
    header = get_page(client, user, name)["Cache-Control"]

    assert {"no-store", "no-cache", "private"} <= {part.strip() for part in header.split(",")}


@pytest.mark.requirement("ATK-C32")
def test_pages_of_the_reset_are_not_stored(client: Client, user: Any, mailoutbox: Any) -> None:
    client.post(reverse("account_reset_password"), {"email": user.email})
    path = re.search(r"http://testserver(/\S+)", mailoutbox[0].body)
    assert path

    moved = client.get(path[1])
    page = client.get(moved["Location"])
    for response in (moved, page):
        assert "no-store" in response["Cache-Control"]


@pytest.mark.requirement("ATK-C33")
@pytest.mark.parametrize("name", LOGGED_IN)
def test_page_that_acts_is_not_framed(client: Client, user: Any, name: str) -> None:
    response = get_page(client, user, name)

    assert response["X-Frame-Options"] == "DENY"


@pytest.mark.requirement("SEC-010")
@pytest.mark.parametrize(
    "source", ["{% user_display user %}", "{% user_display user as name %}{{ name }}"]
)
def test_name_of_a_user_is_escaped(settings: Any, user: Any, source: str) -> None:
    settings.ACCOUNT_USER_DISPLAY = lambda user: "<b>x</b>"
    template = engines["django"].from_string("{% load account %}" + source)

    assert template.render({"user": user}) == "&lt;b&gt;x&lt;/b&gt;"
