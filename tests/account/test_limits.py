"""What is limited is answered with 429, whatever page or function runs into the limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core import mail
from django.test import Client

from allauth.account import utils
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from tests.projects.custom_hooks import views as guarded_views
from tests.support.pages import (
    EMAIL,
    EMAIL_VERIFICATION_SENT,
    LOGIN,
    LOGIN_CODE_CONFIRM,
    PHONE_CHANGE,
    PHONE_VERIFY,
    SIGNUP,
    list_error_codes,
    list_messages,
    needs_phones,
    request_login_code,
    route_account_pages,
    submit_code,
    submit_login,
    submit_signup,
)
from tests.support.sessions import is_logged_in, make_request, read_session

pytestmark = pytest.mark.django_db
PHONE = "+31612345678"


def configure(settings: Any, limits: dict[str, str], **values: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = limits
    for name, value in values.items():
        setattr(settings, f"ACCOUNT_{name}", value)
    route_account_pages(settings, *guarded_views.urlpatterns)


def assert_limited(response: Any) -> None:
    assert response.status_code == 429
    assert b"Too Many Requests" in response.content


class TestMails:
    """No verification mail may be sent, and the user would have to wait for its code."""

    @pytest.fixture(autouse=True)
    def _nothing_may_be_mailed(self, settings: Any) -> None:
        configure(
            settings,
            {"confirm_email": "0/m/key"},
            EMAIL_VERIFICATION="mandatory",
            EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
        )

    def test_login(self, client: Client, newcomer: Any, password: str) -> None:
        assert_limited(submit_login(client, newcomer.username, password))

        assert not is_logged_in(client)
        assert mail.outbox == []

    def test_login_by_address_is_refused_by_the_form(
        self, client: Client, newcomer: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = {"email"}

        response = submit_login(client, newcomer.email, password)

        assert list_error_codes(response) == ["too_many_login_attempts"]
        assert not is_logged_in(client)

    @pytest.mark.parametrize("email", ["new@example.org", "user1@example.org"])
    def test_signup(self, client: Client, newcomer: Any, email: str) -> None:
        assert_limited(submit_signup(client, username="new", email=email))

        assert not is_logged_in(client)
        assert mail.outbox == []

    def test_address_that_is_added(self, client: Client, user: Any) -> None:
        client.force_login(user)

        assert_limited(client.post(EMAIL, {"action_add": "", "email": "more@example.org"}))

        assert not EmailAddress.objects.filter(email="more@example.org").exists()
        assert "account_email_verification_code" not in read_session(client)

    def test_address_that_is_verified_again(self, client: Client, newcomer: Any) -> None:
        client.force_login(newcomer)

        assert_limited(client.post(EMAIL, {"action_send": "", "email": newcomer.email}))

        assert "account_email_verification_code" not in read_session(client)

    def test_answer_to_a_script(self, client: Client, user: Any) -> None:
        client.force_login(user)

        response = client.post(
            EMAIL,
            {"action_add": "", "email": "more@example.org"},
            headers={"X-Requested-With": "XMLHttpRequest"},
        )

        assert response.status_code == 429

    @pytest.mark.parametrize("view_color", ["sync", "async"])
    def test_page_that_wants_a_verified_address(
        self, client: Client, newcomer: Any, view_color: str
    ) -> None:
        client.force_login(newcomer)

        assert_limited(client.get(f"/verified/{view_color}/function/1/"))

    def test_code_that_is_resent_or_sent_elsewhere(
        self, client: Client, newcomer: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
        settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = True
        settings.ACCOUNT_RATE_LIMITS = {"confirm_email": "1/m/ip"}
        submit_login(client, newcomer.username, password)

        assert_limited(client.post(EMAIL_VERIFICATION_SENT, {"action": "resend"}))
        data = {"action": "change", "email": "more@example.org"}
        assert_limited(client.post(EMAIL_VERIFICATION_SENT, data))

        assert client.get(EMAIL_VERIFICATION_SENT).context["email"] == newcomer.email
        assert len(mail.outbox) == 1

    def test_login_goes_on_by_link(
        self, client: Client, newcomer: Any, password: str, settings: Any
    ) -> None:
        configure(settings, {"confirm_email": "0/m/key"}, EMAIL_VERIFICATION_BY_CODE_ENABLED=False)

        response = submit_login(client, newcomer.username, password)

        # An earlier link may still be in the mail box.
        assert response["Location"] == EMAIL_VERIFICATION_SENT
        assert mail.outbox == []


class TestFunctionsForProjects:
    @pytest.fixture
    def by_code(self, settings: Any) -> None:
        configure(settings, {"confirm_email": "0/m/key"}, EMAIL_VERIFICATION_BY_CODE_ENABLED=True)

    @pytest.fixture
    def by_link(self, settings: Any) -> None:
        configure(settings, {"confirm_email": "0/m/key"})

    def assert_refused(self, send: Callable[[Any], object], user: Any) -> None:
        request = make_request(user)
        with context.request_context(request), pytest.raises(ImmediateHttpResponse) as raised:
            send(request)
        assert_limited(raised.value.response)
        assert mail.outbox == []

    @pytest.mark.parametrize("email", [None, "user1@example.org"])
    def test_mail_to_a_user_is_refused_by_code(
        self, by_code: None, newcomer: Any, email: str | None
    ) -> None:
        self.assert_refused(
            lambda request: utils.send_email_confirmation(request, newcomer, email=email), newcomer
        )

    def test_awaitable_form_refuses_likewise(self, by_code: None, newcomer: Any) -> None:
        send = async_to_sync(utils.asend_email_confirmation)
        self.assert_refused(lambda request: send(request, newcomer), newcomer)

    def test_mail_to_a_user_is_not_sent_by_link(self, by_link: None, newcomer: Any) -> None:
        request = make_request(newcomer)
        with context.request_context(request):
            assert utils.send_email_confirmation(request, newcomer) is False
        assert mail.outbox == []

    @pytest.mark.parametrize("name", ["add_email", "add_new_email"])
    def test_address_that_is_added_is_refused_by_code(
        self, by_code: None, user: Any, name: str
    ) -> None:
        options = {"confirm": True} if name == "add_email" else {}
        add = getattr(EmailAddress.objects, name)
        self.assert_refused(lambda request: add(request, user, "more@example.org", **options), user)

    def test_address_that_is_added_is_stored_by_link(self, by_link: None, user: Any) -> None:
        request = make_request(user)
        with context.request_context(request):
            EmailAddress.objects.add_email(request, user, "more@example.org", confirm=True)

        assert EmailAddress.objects.filter(email="more@example.org").exists()
        assert mail.outbox == []

    def test_address_that_is_not_verified_now_is_stored(self, by_code: None, user: Any) -> None:
        request = make_request(user)
        with context.request_context(request):
            EmailAddress.objects.add_email(request, user, "more@example.org")

        assert EmailAddress.objects.filter(email="more@example.org").exists()


@needs_phones
class TestTextMessages:
    @pytest.fixture(autouse=True)
    def _no_text_message_may_be_sent(self, settings: Any, sms_outbox: Any) -> None:
        configure(
            settings,
            {"verify_phone": "0/m/key"},
            SIGNUP_FIELDS=["username*", "phone*", "password1*"],
        )

    def test_login(self, client: Client, user_factory: Any, password: str, sms_outbox: Any) -> None:
        user = user_factory(phone=PHONE, verified=False)

        assert_limited(submit_login(client, user.username, password))

        assert not is_logged_in(client)
        assert sms_outbox == []

    @pytest.mark.parametrize("phone", [PHONE, "+31687654321"])
    def test_signup(self, client: Client, user_factory: Any, sms_outbox: Any, phone: str) -> None:
        user_factory(phone=PHONE)

        assert_limited(submit_signup(client, username="new", phone=phone))

        assert not is_logged_in(client)
        assert sms_outbox == []

    def test_number_that_is_changed(self, client: Client, user: Any, sms_outbox: Any) -> None:
        client.force_login(user)

        assert_limited(client.post(PHONE_CHANGE, {"phone": PHONE}))

        assert "account_phone_verification" not in read_session(client)
        assert sms_outbox == []

    def test_code_that_is_resent_is_told_on_the_page(
        self, client: Client, user_factory: Any, password: str, settings: Any, sms_outbox: Any
    ) -> None:
        settings.ACCOUNT_RATE_LIMITS = {"verify_phone": "1/m/ip"}
        settings.ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = True
        user = user_factory(phone=PHONE, verified=False)
        submit_login(client, user.username, password)

        response = client.post(PHONE_VERIFY, {"action": "resend"})

        assert response["Location"] == PHONE_VERIFY
        assert [tag for tag, _ in list_messages(response)][-1] == "error"
        assert len(sms_outbox) == 1


class TestLoginCodes:
    def test_request_beyond_the_limit_is_refused_by_the_form(
        self, client: Client, user: Any, settings: Any
    ) -> None:
        configure(settings, {"request_login_code": "0/m/key"}, LOGIN_BY_CODE_ENABLED=True)

        response = request_login_code(client, user.email)

        assert list_error_codes(response, "email") == ["too_many_login_attempts"]
        assert mail.outbox == []

    def test_code_that_is_resent_is_told_on_the_page(
        self, client: Client, user: Any, settings: Any
    ) -> None:
        configure(
            settings,
            {"request_login_code": "1/m/key"},
            LOGIN_BY_CODE_ENABLED=True,
            LOGIN_BY_CODE_SUPPORTS_RESEND=True,
        )
        request_login_code(client, user.email)

        response = submit_code(client, LOGIN_CODE_CONFIRM, "", action="resend")

        assert response["Location"] == "/accounts/login/code/confirm/"
        assert [tag for tag, _ in list_messages(response)][-1] == "error"
        assert len(mail.outbox) == 1


PAGES = {
    "login": (LOGIN, {"login": "x", "password": "x"}, False),
    "signup": (SIGNUP, {"username": "new"}, False),
    "manage_email": (EMAIL, {"action_add": "", "email": "more@example.org"}, True),
    "reset_password": ("/accounts/password/reset/", {"email": "user1@example.org"}, False),
    "change_password": ("/accounts/password/change/", {}, True),
    "reauthenticate": ("/accounts/reauthenticate/", {"password": "x"}, True),
    "change_phone": (PHONE_CHANGE, {"phone": PHONE}, True),
}


@pytest.mark.parametrize("action", list(PAGES))
def test_page_is_refused_after_its_limit_and_can_be_looked_at(
    client: Client, user: Any, settings: Any, sms_outbox: Any, action: str
) -> None:
    configure(settings, {action: "1/m/ip"}, SIGNUP_FIELDS=["username*", "phone", "password1*"])
    page, data, needs_login = PAGES[action]
    if needs_login:
        client.force_login(user)

    assert client.post(page, data).status_code in (200, 302)
    assert_limited(client.post(page, data))
    assert client.get(page).status_code == 200
