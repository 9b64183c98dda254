"""Views that are open to users with a verified address only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from allauth.account.decorators import verified_email_required
from allauth.account.models import EmailAddress
from tests.projects.probe_urls import open_to_all
from tests.support.clocks import NOW
from tests.support.mails import read_code, read_path
from tests.support.pages import EMAIL, EMAIL_VERIFICATION_SENT, route_account_pages, submit_code
from tests.support.sessions import read_session

pytestmark = pytest.mark.django_db


@verified_email_required
def sync_view(request: HttpRequest) -> HttpResponse:
    """A view of the project."""
    return HttpResponse("inside")


@verified_email_required(login_url="/enter/", redirect_field_name="then")  # type: ignore[untyped-decorator]
async def async_view(request: HttpRequest) -> HttpResponse:
    """A view of the project, in the other color."""
    return HttpResponse("inside")


PAGES = ["/sync/", "/async/"]


@pytest.fixture(autouse=True)
def _urls(settings: Any) -> None:
    route(settings)


def route(settings: Any) -> None:
    views = {"sync/": sync_view, "async/": async_view}
    pages = [path(name, open_to_all(view)) for name, view in views.items()]
    route_account_pages(settings, *pages)


@pytest.mark.parametrize("page", PAGES)
def test_verified_user_gets_in(client: Client, user: Any, page: str) -> None:
    client.force_login(user)

    assert client.get(page).content == b"inside"


@pytest.mark.parametrize(
    ("page", "location"),
    [
        ("/sync/?a=b", "/accounts/login/?next=/sync/%3Fa%3Db"),
        ("/async/?a=b", "/enter/?then=/async/%3Fa%3Db"),
    ],
)
def test_visitor_is_sent_to_the_login(client: Client, page: str, location: str) -> None:
    assert client.get(page)["Location"] == location


@pytest.mark.requirement("SEC-065")
@pytest.mark.parametrize("page", PAGES)
def test_unverified_user_is_mailed_a_link_once(
    client: Client, user_factory: Callable[..., Any], page: str
) -> None:
    user = user_factory(verified=False)
    client.force_login(user)

    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(3):
            response = client.get(page)
            assert response.status_code == 200
            assert "account/verified_email_required.html" in [t.name for t in response.templates]
        assert [message.to for message in mail.outbox] == [[user.email]]
        clock.shift(181)
        client.get(page)
        assert len(mail.outbox) == 2
        client.post(read_path())
        assert client.get(page).content == b"inside"


@pytest.mark.requirement("SEC-065", "ATK-A66")
@pytest.mark.parametrize("page", PAGES)
def test_unverified_user_is_mailed_a_code_once(
    client: Client, user_factory: Callable[..., Any], settings: Any, page: str
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    route(settings)
    user = user_factory(verified=False)
    client.force_login(user)

    response = client.get(page)
    assert response["Location"] == f"{EMAIL_VERIFICATION_SENT}?next={page.replace('/', '%2F')}"
    assert client.get(page).status_code == 429
    assert len(mail.outbox) == 1
    response = submit_code(client, EMAIL_VERIFICATION_SENT, read_code(), next=page)
    assert response["Location"] == page
    assert client.get(page).content == b"inside"


@pytest.mark.requirement("ATK-A66")
@pytest.mark.parametrize("by_code", [True, False])
def test_user_without_an_address_is_not_sent_around_in_circles(
    client: Client, user_factory: Callable[..., Any], settings: Any, by_code: bool
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = by_code
    route(settings)
    client.force_login(user_factory(email=""))

    response = client.get("/sync/", follow=True)
    expected = [f"{EMAIL_VERIFICATION_SENT}?next=%2Fsync%2F", EMAIL] if by_code else []
    assert [url for url, _ in response.redirect_chain] == expected
    assert response.status_code == 200
    assert not mail.outbox
    assert "account_email_verification_code" not in read_session(client)


def test_best_address_is_mailed(client: Client, user_factory: Callable[..., Any]) -> None:
    user = user_factory(verified=False)
    EmailAddress.objects.filter(user=user).update(primary=False)
    EmailAddress.objects.create(user=user, email="a-primary@example.org", primary=True)
    client.force_login(user)

    client.get("/sync/")
    assert [message.to for message in mail.outbox] == [["a-primary@example.org"]]


def test_row_is_made_for_the_address_of_the_user(
    client: Client, user_factory: Callable[..., Any]
) -> None:
    user = user_factory(verified=False)
    EmailAddress.objects.filter(user=user).delete()
    client.force_login(user)

    client.get("/sync/")
    row = EmailAddress.objects.get(user=user)
    assert (row.email, row.verified, row.primary) == (user.email, False, False)
    assert [message.to for message in mail.outbox] == [[user.email]]
