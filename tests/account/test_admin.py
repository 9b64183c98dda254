"""Addresses in Django's admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from allauth.account import signals
from allauth.account.admin import EmailAddressAdmin, EmailConfirmationAdmin
from allauth.account.models import EmailAddress, EmailConfirmation

LIST = "admin:account_emailaddress_changelist"


@pytest.fixture
def staff(user_factory: Callable[..., Any]) -> Any:
    """Somebody who may do everything."""
    return user_factory(username="boss", is_staff=True, is_superuser=True)


@pytest.fixture
def staff_client(client: Client, staff: Any) -> Client:
    client.force_login(staff)
    return client


@pytest.fixture
def confirmed() -> Any:
    """What the signal ``email_confirmed`` was sent with."""
    received: list[dict[str, Any]] = []

    def receive(**kwargs: Any) -> None:
        received.append(kwargs)

    signals.email_confirmed.connect(receive)
    yield received
    signals.email_confirmed.disconnect(receive)


def make_verified(client: Client, *addresses: EmailAddress) -> Any:
    data = {"action": "make_verified", "_selected_action": [address.pk for address in addresses]}
    return client.post(reverse(LIST), data, follow=True)


def test_options() -> None:
    registered = admin.site._registry[EmailAddress]

    assert type(registered) is EmailAddressAdmin
    assert tuple(registered.list_display) == ("email", "user", "primary", "verified")
    assert tuple(registered.list_filter) == ("primary", "verified")
    assert tuple(registered.raw_id_fields) == ("user",)
    assert tuple(registered.search_fields) == ()
    assert "make_verified" in registered.actions


def test_confirmations_are_registered_only_where_they_are_stored() -> None:
    assert EmailConfirmation not in admin.site._registry

    confirmations = EmailConfirmationAdmin(EmailConfirmation, admin.site)
    assert tuple(confirmations.list_display) == ("email_address", "created", "sent", "key")
    assert tuple(confirmations.list_filter) == ("sent",)
    assert tuple(confirmations.raw_id_fields) == ("email_address",)


def test_search_fields_are_those_of_the_adapter(settings: Any, rf: Any) -> None:
    model_admin = admin.site._registry[EmailAddress]
    assert model_admin.get_search_fields(rf.get("/")) == [
        "email",
        "user__username",
        "user__first_name",
        "user__last_name",
        "user__email",
    ]

    settings.ACCOUNT_USER_MODEL_USERNAME_FIELD = "no_such_field"
    assert model_admin.get_search_fields(rf.get("/")) == [
        "email",
        "user__first_name",
        "user__last_name",
        "user__email",
    ]
    settings.ACCOUNT_USER_MODEL_USERNAME_FIELD = "email"
    assert model_admin.get_search_fields(rf.get("/"))[1:] == [
        "user__email",
        "user__first_name",
        "user__last_name",
    ]


@pytest.mark.requirement("ATK-C39")
@pytest.mark.parametrize(
    ("query", "count"), [("anna@", 1), ("Frank", 1), ("anna", 1), ("example.org", 3), ("x", 3)]
)
def test_list_is_searched(
    staff_client: Client, user_factory: Callable[..., Any], query: str, count: int
) -> None:
    user_factory(username="anna", email="anna@example.org", first_name="Frank")
    user_factory(username="ben", email="ben@example.org")

    response = staff_client.get(reverse(LIST), {"q": query})
    assert response.status_code == 200
    assert len(response.context["cl"].result_list) == count


@pytest.mark.requirement("ATK-C39")
def test_search_of_a_user_model_without_username(settings: Any, staff_client: Client) -> None:
    settings.ACCOUNT_USER_MODEL_USERNAME_FIELD = None

    assert staff_client.get(reverse(LIST), {"q": "x"}).status_code == 200


@pytest.mark.requirement("ATK-C39")
def test_pages_are_shown_and_escaped(
    staff_client: Client, user_factory: Callable[..., Any]
) -> None:
    user = user_factory(username='"><svg onload=x>', email="a@example.org")
    address = EmailAddress.objects.get(user=user)

    for name, args in (
        (LIST, []),
        ("admin:account_emailaddress_add", []),
        ("admin:account_emailaddress_change", [address.pk]),
        ("admin:account_emailaddress_delete", [address.pk]),
    ):
        response = staff_client.get(reverse(name, args=args))
        assert response.status_code == 200
        assert "<svg onload" not in response.content.decode()
        assert user.password not in response.content.decode()


@pytest.mark.requirement("ATK-C39")
def test_staff_without_permission_sees_nothing(
    client: Client, user_factory: Callable[..., Any]
) -> None:
    clerk = user_factory(is_staff=True)
    address = EmailAddress.objects.get(user=clerk)
    client.force_login(clerk)

    for name, args in ((LIST, []), ("admin:account_emailaddress_change", [address.pk])):
        assert client.get(reverse(name, args=args)).status_code == 403
    assert make_verified(client, address).status_code == 403

    clerk.user_permissions.add(Permission.objects.get(codename="view_emailaddress"))
    assert client.get(reverse(LIST)).status_code == 200


def test_address_is_stored_in_lower_case(staff_client: Client, user: Any) -> None:
    data = {"user": user.pk, "email": "New@Example.org"}
    staff_client.post(reverse("admin:account_emailaddress_add"), data)

    assert EmailAddress.objects.filter(user=user, email="new@example.org").exists()


def test_addresses_are_marked_as_verified(
    staff_client: Client, staff: Any, user_factory: Callable[..., Any], confirmed: Any
) -> None:
    user = user_factory(email="a@example.org", verified=False)
    user_factory(email="taken@example.org")
    address = EmailAddress.objects.get(user=user)
    taken = EmailAddress.objects.create(user=user, email="taken@example.org")

    response = make_verified(staff_client, address, taken, EmailAddress.objects.get(user=staff))
    messages = {str(message): message.level_tag for message in response.context["messages"]}
    assert len(messages) == 2
    assert {tag for text, tag in messages.items() if "a@example.org" in text} == {"success"}
    assert {tag for text, tag in messages.items() if "taken@example.org" in text} == {"error"}
    address.refresh_from_db()
    taken.refresh_from_db()
    user.refresh_from_db()
    assert (address.verified, address.primary, taken.verified) == (True, True, False)
    assert user.email == "a@example.org"
    (signal,) = confirmed
    assert signal["sender"] is EmailAddress
    assert signal["email_address"] == address
    assert signal["request"].path == reverse(LIST)
