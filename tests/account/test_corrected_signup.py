"""A sign-up that was pretended becomes real once what is taken is corrected."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client

from allauth.account.models import EmailAddress
from allauth.account.signals import user_logged_in, user_signed_up
from tests.projects.custom_hooks import forms
from tests.support.mails import read_code
from tests.support.pages import (
    EMAIL_VERIFICATION_SENT,
    LOGOUT,
    PHONE_VERIFY,
    STRONG_PASSWORD,
    change_to,
    route_account_pages,
    submit_login,
    submit_signup,
)
from tests.support.sessions import is_logged_in, read_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db
TAKEN, FREE = "taken@example.org", "free@example.org"
FORMS = "tests.projects.custom_hooks.forms"


@pytest.fixture
def owner(user_factory: Any) -> Any:
    """Whose address it is."""
    return user_factory(username="owner", email=TAKEN)


@pytest.fixture(autouse=True)
def _codes(settings: Any, owner: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = 2
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "email2*", "password1*", "password2*"]
    settings.ACCOUNT_RATE_LIMITS = False
    forms.calls.clear()
    route_account_pages(settings)


def sign_up(client: Client, **data: Any) -> Any:
    values = {"username": "new", "email": TAKEN, "email2": TAKEN, **data}
    return submit_signup(client, **values)


def get_newcomer() -> Any:
    return get_user_model().objects.filter(username="new").first()


@pytest.mark.requirement("INV-22")
def test_account_is_made_and_its_code_is_right(client: Client, owner: Any) -> None:
    with collect_signals(signed_up=user_signed_up, logged_in=user_logged_in) as events:
        sign_up(client, next="/somewhere/")
        assert get_newcomer() is None

        change_to(client, FREE)

        user = get_newcomer()
        assert [name for name, _ in events] == ["signed_up"]
        assert (events[0][1]["user"], user.email) == (user, FREE)
        response = client.post(EMAIL_VERIFICATION_SENT, {"code": read_code()})

    assert [name for name, _ in events] == ["signed_up", "logged_in"]
    assert response["Location"] == "/somewhere/"
    assert is_logged_in(client, user)
    address = EmailAddress.objects.get(user=user)
    assert (address.email, address.verified, address.primary) == (FREE, True, True)
    assert [message.to for message in mail.outbox] == [[TAKEN], [FREE]]
    assert EmailAddress.objects.get(email=TAKEN).user == owner


def test_password_is_the_one_that_was_typed_in(client: Client) -> None:
    sign_up(client)
    assert STRONG_PASSWORD not in str(read_session(client))
    change_to(client, FREE)
    client.post(EMAIL_VERIFICATION_SENT, {"code": read_code()})
    assert "pretended_signup" not in str(read_session(client))
    client.post(LOGOUT)

    submit_login(client, "new", STRONG_PASSWORD)

    assert is_logged_in(client, get_newcomer())


@pytest.mark.requirement("INV-20")
def test_username_that_is_made_up_is_that_of_other_newcomers(client: Client, settings: Any) -> None:
    settings.ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
    settings.ACCOUNT_LOGIN_METHODS = {"email"}
    route_account_pages(settings)
    client.post("/accounts/signup/", {"email": TAKEN, "password1": STRONG_PASSWORD})

    change_to(client, FREE)

    user = get_user_model().objects.exclude(username="owner").get()
    assert (user.username, user.email) == ("taken", FREE)
    client.post(EMAIL_VERIFICATION_SENT, {"code": read_code()})
    client.post(LOGOUT)
    submit_login(client, FREE, STRONG_PASSWORD)
    assert is_logged_in(client, user)


def test_address_of_another_account_is_pretended_once_more(
    client: Client, user_factory: Any
) -> None:
    user_factory(username="another", email="another@example.org")
    sign_up(client)

    change_to(client, "another@example.org")
    assert get_newcomer() is None
    assert mail.outbox[-1].to == ["another@example.org"]

    change_to(client, FREE)
    client.post(EMAIL_VERIFICATION_SENT, {"code": read_code()})
    assert is_logged_in(client, get_newcomer())


def test_form_of_the_project_has_its_turn(client: Client, settings: Any) -> None:
    settings.ACCOUNT_FORMS = {"signup": f"{FORMS}.TermsSignupForm"}
    sign_up(client, terms="on")
    assert forms.calls == []

    change_to(client, FREE)

    assert [call["path"] for call in forms.calls] == [EMAIL_VERIFICATION_SENT]
    assert get_newcomer().first_name == "Signed"


def test_field_that_is_valid_only_once_is_not_asked_again(client: Client, settings: Any) -> None:
    """Like a captcha."""
    settings.ACCOUNT_FORMS = {"signup": f"{FORMS}.OnceSignupForm"}
    forms.OnceSignupForm.used.clear()
    sign_up(client, token="t1")

    change_to(client, FREE)

    assert get_newcomer().email == FREE


def test_username_that_went_to_somebody_else_stays_pretended(
    client: Client, user_factory: Any
) -> None:
    sign_up(client)
    other = user_factory(username="new")

    change_to(client, FREE)

    assert get_newcomer() == other
    assert not EmailAddress.objects.filter(email=FREE).exists()
    assert client.get(EMAIL_VERIFICATION_SENT).context["email"] == FREE


def test_nothing_is_made_where_no_mail_may_be_sent(client: Client, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"confirm_email": "1/m/ip"}
    sign_up(client)

    with collect_signals(signed_up=user_signed_up) as events:
        response = change_to(client, FREE)

    assert response.status_code == 429
    assert get_newcomer() is None
    assert events == []
    settings.ACCOUNT_RATE_LIMITS = False
    assert client.get(EMAIL_VERIFICATION_SENT).context["email"] == TAKEN
    change_to(client, FREE)
    client.post(EMAIL_VERIFICATION_SENT, {"code": read_code()})
    assert is_logged_in(client, get_newcomer())


def test_nothing_is_kept_where_nothing_can_be_corrected(client: Client, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = False
    sign_up(client)

    assert read_session(client)["account_login"]["state"].keys() == {"stages"}
    assert client.get(EMAIL_VERIFICATION_SENT).context["can_change"] is False


@pytest.mark.parametrize(
    "kept",
    [None, "x", {}, {"kind": "unknown", "data": {}}, {"kind": None, "data": {}}],
    ids=str,
)
def test_malformed_session_is_pretended(client: Client, kept: Any) -> None:
    sign_up(client)
    session = client.session
    session["account_login"]["state"]["pretended_signup"] = kept
    session.save()

    assert change_to(client, FREE).status_code == 302
    assert client.get(EMAIL_VERIFICATION_SENT).context["email"] == FREE
    assert get_newcomer() is None


@pytest.mark.requirement("ATK-A39")
def test_robot_is_offered_the_same_and_nothing_is_mailed(client: Client, settings: Any) -> None:
    settings.ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD = "company"
    free = "robot@example.org"
    sign_up(client, email=free, email2=free, company="Robots & Sons")

    assert client.get(EMAIL_VERIFICATION_SENT).context["can_change"] is True
    change_to(client, FREE)

    page = client.get(EMAIL_VERIFICATION_SENT)
    assert (page.status_code, page.context["email"]) == (200, FREE)
    assert client.post(EMAIL_VERIFICATION_SENT, {"code": "BCDF-GHJK"}).status_code == 200
    assert mail.outbox == []
    assert get_newcomer() is None


class TestPhones:
    @pytest.fixture(autouse=True)
    def _phones(self, settings: Any, sms_outbox: Any, user_factory: Any) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "phone*", "email", "password1*"]
        settings.ACCOUNT_PHONE_VERIFICATION_SUPPORTS_CHANGE = 2
        route_account_pages(settings)
        user_factory(username="caller", email="caller@example.org", phone="+31687654321")

    def _change_to(self, client: Client, phone: str) -> Any:
        return client.post(PHONE_VERIFY, {"action": "change", "phone": phone})

    def test_number_is_corrected_and_the_address_is_verified_next(
        self, client: Client, sms_outbox: Any
    ) -> None:
        submit_signup(client, username="new", email=FREE, phone="+31687654321")
        self._change_to(client, "+31612340000")
        user = get_newcomer()
        assert user.phone.number == "+31612340000"
        assert not user.phone.verified

        response = client.post(PHONE_VERIFY, {"code": sms_outbox[-1].code})

        assert response["Location"] == EMAIL_VERIFICATION_SENT
        assert mail.outbox[-1].to == [FREE]
        client.post(EMAIL_VERIFICATION_SENT, {"code": read_code()})
        assert is_logged_in(client, user)
        user.phone.refresh_from_db()
        assert user.phone.verified

    def test_number_is_of_no_use_while_the_address_is_taken(
        self, client: Client, sms_outbox: Any
    ) -> None:
        submit_signup(client, username="new", email=TAKEN, phone="+31612340001")

        self._change_to(client, "+31612340000")

        assert get_newcomer() is None
        assert sms_outbox[-1].phone == "+31612340000"
        assert client.post(PHONE_VERIFY, {"code": sms_outbox[-1].code or ""}).status_code == 200

    def test_nothing_is_made_where_no_text_message_may_be_sent(
        self, client: Client, settings: Any
    ) -> None:
        settings.ACCOUNT_RATE_LIMITS = {"verify_phone": "1/m/ip"}
        submit_signup(client, username="new", email=FREE, phone="+31687654321")

        self._change_to(client, "+31612340000")

        assert get_newcomer() is None
        settings.ACCOUNT_RATE_LIMITS = False
        self._change_to(client, "+31612340000")
        assert get_newcomer().phone.number == "+31612340000"
