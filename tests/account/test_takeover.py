"""Whoever proves an address that was never verified keeps the account, and nobody else does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from allauth.account.models import EmailAddress
from allauth.core.internal import extensions
from allauth.core.internal.extensions import Entries

pytestmark = pytest.mark.django_db

NEW = {"password1": "owner's battery 9", "password2": "owner's battery 9"}


@pytest.fixture
def account(user_factory: Callable[..., Any]) -> Any:
    """Made by a stranger, with the victim's address and an address of the stranger's own."""
    user = user_factory(email="victim@example.org", verified=False)
    EmailAddress.objects.filter(user=user).update(primary=False)
    EmailAddress.objects.create(
        user=user, email="stranger@example.org", verified=True, primary=True
    )
    return user


def reset(client: Client, outbox: list[EmailMessage], email: str) -> None:
    client.post(reverse("account_reset_password"), {"email": email})
    found = re.search(r"https?://[^/]+(/\S+)", outbox[-1].body)
    assert found is not None
    page = client.get(found[1])["Location"]
    assert client.post(page, NEW).status_code == 302


@pytest.mark.requirement("ATK-A54", "INV-40")
def test_reset_closes_what_the_stranger_left_open(
    client: Client, account: Any, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[Any] = []
    monkeypatch.setattr(extensions, "credential_revokers", Entries())
    extensions.credential_revokers.add("test", closed.append, app="allauth.account")

    reset(client, mailoutbox, "victim@example.org")

    assert list(account.emailaddress_set.values_list("email", "primary")) == [
        ("victim@example.org", True)
    ]
    account.refresh_from_db()
    assert account.email == "victim@example.org"
    assert account.check_password(NEW["password1"])
    assert closed == [account]


@pytest.mark.requirement("ATK-A54")
@pytest.mark.parametrize("verification", ["optional", "none"])
def test_reset_by_a_verified_address_leaves_the_rest(
    client: Client, account: Any, mailoutbox: list[EmailMessage], settings: Any, verification: str
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = verification

    reset(client, mailoutbox, "stranger@example.org")

    assert account.emailaddress_set.count() == 2


@pytest.mark.requirement("ATK-A54")
def test_sites_without_verification_keep_everything(
    client: Client, account: Any, mailoutbox: list[EmailMessage], settings: Any
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"

    reset(client, mailoutbox, "victim@example.org")

    assert account.emailaddress_set.count() == 2


@pytest.mark.requirement("ATK-A54")
def test_owner_of_an_address_that_was_added_by_mistake_puts_nobody_out(
    client: Client, user_factory: Callable[..., Any], mailoutbox: list[EmailMessage]
) -> None:
    user = user_factory(email="owner@example.org", verified=True)
    EmailAddress.objects.create(user=user, email="mistaken@example.org")

    reset(client, mailoutbox, "mistaken@example.org")

    assert user.emailaddress_set.filter(email="owner@example.org", verified=True).exists()
