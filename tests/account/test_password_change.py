"""Changing the password, and setting a first one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client

from allauth.account import signals
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ChangePasswordForm, SetPasswordForm
from tests.support.hashing import has_password
from tests.support.pages import (
    LOGIN,
    PASSWORD_CHANGE,
    PASSWORD_SET,
    STRONG_PASSWORD,
    list_error_codes,
    list_messages,
    read_page,
    submit_login,
)
from tests.support.sessions import is_logged_in
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db
AJAX = {"x-requested-with": "XMLHttpRequest"}


@pytest.fixture
def member(client: Client, user: Any, password: str, settings: Any) -> Any:
    """The user of the client, logged in by password."""
    settings.ACCOUNT_RATE_LIMITS = False
    submit_login(client, user.username, password)
    return user


@pytest.fixture
def newcomer(client: Client, user_factory: Callable[..., Any], settings: Any) -> Any:
    """The user of the client, who has no password yet."""
    settings.ACCOUNT_RATE_LIMITS = False
    user = user_factory(password=None)
    client.force_login(user)
    return user


def change(client: Client, old: str, new: str = STRONG_PASSWORD, **data: Any) -> Any:
    fields = {"oldpassword": old, "password1": new, "password2": new}
    return client.post(PASSWORD_CHANGE, {**fields, **data})


def set_first(client: Client, new: str = STRONG_PASSWORD, **data: Any) -> Any:
    return client.post(PASSWORD_SET, {"password1": new, "password2": new, **data})


@pytest.mark.parametrize("page", [PASSWORD_CHANGE, PASSWORD_SET])
def test_pages_want_a_login(client: Client, page: str) -> None:
    assert client.get(page)["Location"] == f"{LOGIN}?next={page}"
    assert client.post(page)["Location"] == f"{LOGIN}?next={page}"


def test_change_page(client: Client, member: Any) -> None:
    response = client.get(PASSWORD_CHANGE)

    assert response.context["password_change_form"] is response.context["form"]
    assert isinstance(response.context["form"], ChangePasswordForm)
    fields = response.context["form"].fields
    assert {name: field.widget.attrs["autocomplete"] for name, field in fields.items()} == {
        "oldpassword": "current-password",
        "password1": "new-password",
        "password2": "new-password",
    }
    assert "no-store" in response["Cache-Control"]
    assert response["X-Frame-Options"] == "DENY"


def test_change(client: Client, member: Any, password: str) -> None:
    with collect_signals(changed=signals.password_changed) as sent:
        response = change(client, password)

    assert response["Location"] == PASSWORD_CHANGE
    assert has_password(member, STRONG_PASSWORD)
    assert list_messages(response)[-1] == ("success", "Your new password is in place.")
    assert [arguments["user"] for _, arguments in sent] == [member]
    assert not mail.outbox


@pytest.mark.parametrize(
    ("data", "field", "error"),
    [
        ({"oldpassword": "wrong"}, "oldpassword", "enter_current_password"),
        ({"oldpassword": ""}, "oldpassword", "required"),
        ({"password2": "different 9 words"}, "password2", "None"),
        ({"password1": "abc", "password2": "abc"}, "password1", "password_too_short"),
        ({"password1": "x" * 5000, "password2": "x" * 5000}, "password1", "password_too_long"),
    ],
)
def test_change_is_refused(
    client: Client, member: Any, password: str, data: dict[str, str], field: str, error: str
) -> None:
    response = change(client, password, **data)

    assert response.status_code == 200
    assert [str(code) for code in list_error_codes(response, field)] == [error]
    assert has_password(member, password)


def test_blanks_around_a_password_are_part_of_it(
    client: Client, member: Any, password: str
) -> None:
    change(client, password, "  blanks around  ")

    assert has_password(member, "  blanks around  ")
    assert not has_password(member, "blanks around")


def test_all_other_sessions_end(
    client: Client, client_factory: Callable[..., Client], member: Any, password: str
) -> None:
    other = client_factory()
    submit_login(other, member.username, password)

    change(client, password)
    assert client.get(PASSWORD_CHANGE).status_code == 200
    assert other.get(PASSWORD_CHANGE)["Location"] == f"{LOGIN}?next={PASSWORD_CHANGE}"


def test_own_session_ends_where_the_site_wants(
    client: Client, member: Any, password: str, settings: Any
) -> None:
    settings.ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True

    response = change(client, password)
    assert response["Location"] == PASSWORD_CHANGE
    assert not is_logged_in(client)
    texts = [text for _, text in list_messages(response)]
    assert texts[-2:] == ["You are signed out now.", "Your new password is in place."]


@pytest.mark.parametrize(
    ("target", "expected"), [("/on/", "/on/"), ("https://evil.example/", PASSWORD_CHANGE)]
)
def test_visitor_is_sent_on(
    client: Client, member: Any, password: str, target: str, expected: str
) -> None:
    assert change(client, password, next=target)["Location"] == expected


def test_change_as_a_script(client: Client, member: Any, password: str) -> None:
    data = {"oldpassword": "wrong", "password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}

    response = client.post(PASSWORD_CHANGE, data, headers=AJAX)
    assert response.status_code == 400
    fields = response.json()["form"]["fields"]
    assert fields["oldpassword"]["errors"]
    # What was typed is a secret, which the answer does not repeat.
    assert {field["value"] for field in fields.values()} == {None}
    assert STRONG_PASSWORD not in response.content.decode()
    response = client.post(PASSWORD_CHANGE, {**data, "oldpassword": password}, headers=AJAX)
    assert response.status_code == 200
    assert response.json()["location"] == PASSWORD_CHANGE
    assert STRONG_PASSWORD not in response.content.decode()


@pytest.mark.requirement("INV-16")
def test_page_repeats_no_password(client: Client, member: Any) -> None:
    page = read_page(change(client, "wrong password", STRONG_PASSWORD))

    assert STRONG_PASSWORD not in page
    assert "wrong password" not in page


def test_change_is_limited(client: Client, user: Any, password: str, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"change_password": "1/m/user"}
    submit_login(client, user.username, password)
    change(client, "wrong")

    assert change(client, password).status_code == 429
    assert has_password(user, password)


def test_set_page(client: Client, newcomer: Any) -> None:
    response = client.get(PASSWORD_SET)

    assert response.context["password_set_form"] is response.context["form"]
    assert isinstance(response.context["form"], SetPasswordForm)
    assert list(response.context["form"].fields) == ["password1", "password2"]
    assert "no-store" in response["Cache-Control"]


def test_set(client: Client, newcomer: Any) -> None:
    with collect_signals(set=signals.password_set, changed=signals.password_changed) as sent:
        response = set_first(client)

    assert response["Location"] == PASSWORD_CHANGE
    assert has_password(newcomer, STRONG_PASSWORD)
    assert list_messages(response) == [("success", "Your account has a password now.")]
    assert [(name, arguments["user"]) for name, arguments in sent] == [("set", newcomer)]
    assert is_logged_in(client, newcomer)


@pytest.mark.parametrize("method", ["get", "post"])
def test_password_cannot_be_set_over_another(
    client: Client, member: Any, password: str, method: str
) -> None:
    data = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD, "next": "/on/"}

    response = getattr(client, method)(PASSWORD_SET, data)
    assert response["Location"] == PASSWORD_CHANGE
    assert has_password(member, password)


@pytest.mark.parametrize("method", ["get", "post"])
def test_password_cannot_be_changed_before_there_is_one(
    client: Client, newcomer: Any, method: str
) -> None:
    response = getattr(client, method)(PASSWORD_CHANGE, {"oldpassword": ""})

    assert response["Location"] == PASSWORD_SET
    newcomer.refresh_from_db()
    assert not newcomer.has_usable_password()


class AsyncAdapter(DefaultAccountAdapter):
    """Takes passwords in the other color."""

    async def clean_password(  # type: ignore[override]
        self, password: str, user: Any = None
    ) -> str:
        if user.username in password:
            raise ValidationError("too close", code="too_close")
        return password

    async def get_password_change_redirect_url(self, request: Any) -> str:  # type: ignore[override]
        return "/changed/"


def test_adapter_decides_about_passwords_and_targets(
    client: Client, member: Any, password: str, settings: Any
) -> None:
    settings.ACCOUNT_ADAPTER = f"{__name__}.AsyncAdapter"

    response = change(client, password, f"{member.username} and more")
    assert list_error_codes(response, "password1") == ["too_close"]
    assert change(client, password)["Location"] == "/changed/"


class MyChangeForm(ChangePasswordForm):
    """A form of the project's own."""


class MySetForm(SetPasswordForm):
    """Another one."""


def test_forms_can_be_replaced(client: Client, newcomer: Any, settings: Any) -> None:
    settings.ACCOUNT_FORMS = {"set_password": MySetForm, "change_password": MyChangeForm}

    assert isinstance(client.get(PASSWORD_SET).context["form"], MySetForm)
    set_first(client)
    assert isinstance(client.get(PASSWORD_CHANGE).context["form"], MyChangeForm)


@pytest.mark.requirement("SEC-165")
def test_owner_is_told(client: Client, member: Any, password: str, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True

    change(client, password)
    assert [message.to for message in mail.outbox] == [[member.email]]
    assert "was changed" in mail.outbox[0].subject


@pytest.mark.requirement("SEC-165")
def test_owner_is_told_of_a_first_password(client: Client, newcomer: Any, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True

    set_first(client)
    assert [message.to for message in mail.outbox] == [[newcomer.email]]
    assert "has a password now" in mail.outbox[0].subject
