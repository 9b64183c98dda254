"""Logging in with a password: the form, the page, and where it leads."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertRedirects, assertTemplateUsed

from allauth.account.forms import LoginForm
from allauth.account.models import EmailAddress
from allauth.account.signals import authentication_step_completed, user_logged_in
from allauth.account.utils import complete_signup, perform_login
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from tests.support.pages import (
    LOGIN,
    list_error_codes,
    list_messages,
    route_account_pages,
    submit_login,
)
from tests.support.sessions import is_logged_in, make_request, read_session, write_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db


class TestForm:
    @pytest.mark.parametrize(
        ("methods", "label", "attrs"),
        [
            ({"username"}, "Username", {"placeholder": "Username", "autocomplete": "username"}),
            ({"email"}, "Email", {"type": "email", "autocomplete": "email"}),
            ({"phone"}, "Phone", {"type": "tel", "autocomplete": "tel"}),
            ({"username", "email"}, "Login", {"placeholder": "Username or email"}),
            ({"username", "phone"}, "Login", {"placeholder": "Username or phone"}),
            ({"email", "phone"}, "Login", {"placeholder": "Email or phone"}),
            ({"username", "email", "phone"}, "Login", {"placeholder": "Username, email or phone"}),
        ],
    )
    def test_login_field_is_what_the_methods_call_for(
        self, settings: Any, methods: set[str], label: str, attrs: dict[str, str]
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = methods

        form = LoginForm()

        field = form.fields["login"]
        assert list(form.fields) == ["login", "password", "remember"]
        assert field.label == label
        shown = {**field.widget.attrs}
        # Django moves the type of an input out of its attributes.
        shown["type"] = getattr(field.widget, "input_type", None)
        assert {name: str(shown[name]) for name in attrs} == attrs
        assert len(methods) == 1 or shown["autocomplete"] == "email"

    def test_username_is_limited_to_the_column(self) -> None:
        assert LoginForm().fields["login"].max_length == 150  # type: ignore[attr-defined]

    def test_password_field_is_for_the_current_password_and_offers_a_reset(self) -> None:
        field = LoginForm().fields["password"]

        assert field.required
        assert field.widget.attrs["autocomplete"] == "current-password"
        assert str(field.help_text) == (
            f'<a href="{reverse("account_reset_password")}">Forgot your password?</a>'
        )

    @pytest.mark.parametrize(
        ("remember", "is_asked"), [(None, True), (True, False), (False, False)]
    )
    def test_asks_whether_to_remember_unless_that_is_settled(
        self, settings: Any, remember: bool | None, is_asked: bool
    ) -> None:
        settings.ACCOUNT_SESSION_REMEMBER = remember

        assert ("remember" in LoginForm().fields) is is_asked

    def test_has_no_password_where_accounts_have_none(self, settings: Any) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["email*"]

        assert list(LoginForm().fields) == ["login", "remember"]

    @pytest.mark.parametrize(
        ("methods", "login", "expected"),
        [
            ({"username"}, "who@example.org", {"username"}),
            ({"email"}, "who@example.org", {"email"}),
            ({"username", "email"}, "who@example.org", {"email", "username"}),
            ({"username", "email"}, "@first.last", {"username"}),
            ({"username", "email", "phone"}, "+31612345678", {"phone", "username"}),
            ({"username", "email", "phone"}, "+31612345", {"phone", "username"}),
            ({"email", "phone"}, "neither", {"username"}),
        ],
    )
    def test_credentials_follow_from_what_was_typed(
        self, settings: Any, methods: set[str], login: str, expected: set[str]
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = methods
        form = LoginForm()
        form.cleaned_data = {"login": login, "password": " secret "}

        assert form.user_credentials() == {
            **dict.fromkeys(expected, login),
            "password": " secret ",
        }

    def test_project_can_replace_it(self, settings: Any, client: Client) -> None:
        settings.ACCOUNT_FORMS = {"login": "tests.projects.custom_hooks.forms.TermsLoginForm"}

        response = client.get(LOGIN)

        assert "terms" in response.context["form"].fields


class TestPage:
    def test_shows_the_form(self, client: Client) -> None:
        response = client.get(LOGIN)

        assert response.status_code == 200
        assertTemplateUsed(response, "account/login.html")
        assert isinstance(response.context["form"], LoginForm)
        assert response.context["signup_url"] == "/accounts/signup/"
        assert response.context["login_url"] == LOGIN
        assert response.context["site"].name in ("example.com", "testserver")
        assert "request_login_code_url" not in response.context
        assert response.context["redirect_field_name"] == "next"
        assert response.context["redirect_field"] == ""
        assert response.context["view"].form_class is LoginForm

    def test_carries_a_safe_target_on(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
        route_account_pages(settings)

        response = client.get(LOGIN, {"next": "/foo?a=1&b=2"})

        quoted = "next=%2Ffoo%3Fa%3D1%26b%3D2"
        assert response.context["signup_url"] == f"/accounts/signup/?{quoted}"
        assert response.context["request_login_code_url"] == f"/accounts/login/code/?{quoted}"
        assert response.context["redirect_field_value"] == "/foo?a=1&b=2"
        assert response.context["redirect_field"] == (
            '<input type="hidden" name="next" value="/foo?a=1&amp;b=2">'
        )

    def test_method_that_makes_no_sense_is_refused(self, client: Client) -> None:
        assert client.delete(LOGIN).status_code == 405

    def test_logs_in(self, client: Client, user: Any, password: str) -> None:
        with collect_signals(step=authentication_step_completed, done=user_logged_in) as sent:
            response = submit_login(client, user.username, password)

        assertRedirects(response, "/accounts/profile/", fetch_redirect_response=False)
        assert is_logged_in(client, user)
        assert [name for name, _ in sent] == ["step", "done"]
        assert sent[0][1]["method"] == "password"
        assert sent[1][1]["user"] == user
        assert sent[1][1]["response"]["Location"] == "/accounts/profile/"
        assert sent[1][1]["sender"] is type(user)
        assert list_messages(response) == [
            ("success", f"Welcome, {user.username}! You are signed in now.")
        ]

    def test_put_is_processed_like_post(self, client: Client) -> None:
        # Django reads the bodies of POST only, so that the form lacks everything.
        response = client.put(LOGIN, "login=me&password=secret")

        assert list_error_codes(response, "login") == ["required"]

    def test_last_login_is_noted(self, client: Client, user: Any, password: str) -> None:
        submit_login(client, user.username, password)

        user.refresh_from_db()
        assert user.last_login is not None

    @pytest.mark.parametrize(
        ("target", "location"),
        [("/foo", "/foo"), ("", "/accounts/profile/"), ("//evil.example", "/accounts/profile/")],
    )
    def test_leads_where_the_visitor_asked_to_go(
        self, client: Client, user: Any, password: str, target: str, location: str
    ) -> None:
        response = submit_login(client, user.username, password, next=target)

        assert response["Location"] == location

    def test_wrong_password_is_an_error_of_the_form(self, client: Client, user: Any) -> None:
        response = submit_login(client, user.username, "wrong")

        assert response.status_code == 200
        assert list_error_codes(response) == ["username_password_mismatch"]
        assert response.context["form"].user is None
        assert not is_logged_in(client)

    @pytest.mark.parametrize(
        ("methods", "login", "code"),
        [
            ({"username"}, "nobody", "username_password_mismatch"),
            ({"email"}, "nobody@example.org", "email_password_mismatch"),
            ({"phone"}, "+31612345678", "phone_password_mismatch"),
            ({"username", "email"}, "nobody", "username_password_mismatch"),
            ({"username", "email"}, "nobody@example.org", "email_password_mismatch"),
            ({"email", "phone"}, "+31612345678", "phone_password_mismatch"),
            ({"email", "phone"}, "nobody", "username_password_mismatch"),
        ],
    )
    def test_error_speaks_of_what_was_typed(
        self,
        client: Client,
        settings: Any,
        sms_outbox: Any,
        methods: set[str],
        login: str,
        code: str,
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = methods

        response = submit_login(client, login, "wrong")

        assert list_error_codes(response) == [code]

    def test_fields_must_be_filled_in(self, client: Client) -> None:
        response = client.post(LOGIN, {})

        assert list_error_codes(response, "login") == ["required"]
        assert list_error_codes(response, "password") == ["required"]

    def test_blanks_around_the_login_do_not_matter(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = {"username", "email"}

        submit_login(client, f"  {user.username} ", password)

        assert is_logged_in(client, user)

    def test_blanks_around_the_password_do(self, client: Client, user_factory: Any) -> None:
        user = user_factory(password=" spaced out ")

        assert submit_login(client, user.username, "spaced out").status_code == 200
        submit_login(client, user.username, " spaced out ")

        assert is_logged_in(client, user)

    def test_username_may_contain_an_at_sign(
        self, client: Client, user_factory: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = {"username", "email"}
        user = user_factory(username="@first.last", email="first@example.org")

        submit_login(client, "@first.last", password)

        assert is_logged_in(client, user)
        (record,) = read_session(client)["account_authentication_methods"]
        assert {key for key in record if key != "at"} == {"method", "username"}

    @pytest.mark.parametrize("methods", [{"email"}, {"email", "username"}, {"email", "phone"}])
    def test_address_logs_in_in_any_case(
        self,
        client: Client,
        user_factory: Any,
        password: str,
        settings: Any,
        sms_outbox: Any,
        methods: set[str],
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = methods
        user = user_factory(email="Mixed@Example.org")

        submit_login(client, "mIXED@example.ORG", password)

        assert is_logged_in(client, user)
        assert EmailAddress.objects.count() == 1

    def test_phone_number_logs_in(
        self, client: Client, user_factory: Any, password: str, settings: Any, sms_outbox: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = {"phone"}
        user = user_factory(phone="+31612345678")

        submit_login(client, "+31 612-345-678", password)
        assert not is_logged_in(client)
        submit_login(client, "+31612345678", password)

        assert is_logged_in(client, user)

    def test_response_of_a_hook_is_the_answer(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.ImmediateAdapter"

        response = submit_login(client, user.username, password)

        assert (response.status_code, response.content) == (418, b"pre_login")
        assert not is_logged_in(client)


class TestOtherOutcomes:
    def test_visitor_who_is_logged_in_is_sent_on(self, client: Client, user: Any) -> None:
        client.force_login(user)

        response = client.get(LOGIN, {"next": "/foo"})
        assertRedirects(response, "/foo", fetch_redirect_response=False)
        response = client.get(LOGIN)
        assertRedirects(response, "/accounts/profile/", fetch_redirect_response=False)

    def test_second_user_may_log_in_over_the_first(
        self, client: Client, user_factory: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False
        first, second = user_factory(), user_factory()
        client.force_login(first)

        assert client.get(LOGIN).status_code == 200
        submit_login(client, second.username, password)

        assert is_logged_in(client, second)

    def test_inactive_user_sees_the_page_that_says_so(
        self, client: Client, user_factory: Any, password: str
    ) -> None:
        user = user_factory(is_active=False)

        response = submit_login(client, user.username, password)
        assertRedirects(response, "/accounts/inactive/")

        assert not is_logged_in(client)
        page = client.get("/accounts/inactive/")
        assertTemplateUsed(page, "account/account_inactive.html")
        assert page.context["login_url"] == LOGIN

    def test_mandatory_verification_comes_first(
        self, client: Client, user_factory: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        user = user_factory(verified=False)

        response = submit_login(client, user.username, password, next="/foo")

        assertRedirects(response, "/accounts/confirm-email/")
        assert not is_logged_in(client)
        assert [message.to for message in mail.outbox] == [[user.email]]
        assert read_session(client)["account_login"]["redirect_url"] == "/foo"

    def test_optional_verification_sends_nothing_at_a_login(
        self, client: Client, user_factory: Any, password: str
    ) -> None:
        user = user_factory(verified=False)

        submit_login(client, user.username, password)

        assert is_logged_in(client, user)
        assert mail.outbox == []

    def test_required_code_comes_first(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True

        response = submit_login(client, user.username, password)

        assertRedirects(response, "/accounts/login/code/confirm/")
        assert not is_logged_in(client)
        assert mail.outbox[0].to == [user.email]

    def test_unverified_phone_comes_first(
        self, client: Client, user_factory: Any, password: str, settings: Any, sms_outbox: Any
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["phone*", "password1*"]
        settings.ACCOUNT_LOGIN_METHODS = {"phone"}
        route_account_pages(settings)
        user = user_factory(phone="+31612345678", verified=False)

        response = submit_login(client, "+31612345678", password, next="/foo")
        assertRedirects(response, "/accounts/phone/verify/")
        response = client.post("/accounts/phone/verify/", {"code": sms_outbox[0].code})

        assertRedirects(response, "/foo", fetch_redirect_response=False)
        assert is_logged_in(client, user)

    @pytest.mark.parametrize("target", ["", "/foo"])
    def test_without_passwords_a_code_is_sent(
        self, client: Client, user: Any, settings: Any, target: str
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["email*"]
        settings.ACCOUNT_LOGIN_METHODS = {"email"}

        response = client.post(LOGIN, {"login": user.email, "next": target})

        query = "?next=%2Ffoo" if target else ""
        assertRedirects(response, f"/accounts/login/code/confirm/{query}")
        assert mail.outbox[0].to == [user.email]

    def test_without_passwords_a_username_is_no_use(
        self, client: Client, user: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["email*"]
        settings.ACCOUNT_LOGIN_METHODS = {"username", "email"}

        response = client.post(LOGIN, {"login": user.username})

        assert list_error_codes(response, "login") == ["invalid_login"]
        assert mail.outbox == []

    def test_without_passwords_errors_of_the_code_are_errors_of_the_login(
        self, client: Client, settings: Any
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["email*"]
        settings.ACCOUNT_LOGIN_METHODS = {"email"}
        settings.ACCOUNT_PREVENT_ENUMERATION = False

        response = client.post(LOGIN, {"login": "nobody@example.org"})

        assert response.context["form"].errors == {"login": ["No account uses this email address."]}

    def test_limit_answers_429(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
        submit_login(client, user.username, "wrong")

        response = submit_login(client, user.username, password)

        assert response.status_code == 429
        assert client.get(LOGIN).status_code == 200

    def test_limit_of_mails_refuses_a_login_that_would_wait_for_one(
        self, client: Client, user_factory: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
        settings.ACCOUNT_LOGIN_METHODS = {"email", "username"}
        route_account_pages(settings)
        user = user_factory(verified=False)
        submit_login(client, user.email, password)
        client.post("/accounts/logout/")

        by_email = submit_login(client, user.email, password)
        by_username = submit_login(client, user.username, password)

        assert list_error_codes(by_email) == ["too_many_login_attempts"]
        assert by_username.status_code == 429
        assert len(mail.outbox) == 1

    def test_username_like_an_address_demands_that_address(
        self, client: Client, user_factory: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = {"email", "username"}
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        user = user_factory(username="me@example.org", email="other@example.org")

        response = submit_login(client, "me@example.org", password)

        assertRedirects(response, "/accounts/confirm-email/")
        address = EmailAddress.objects.get(email="me@example.org")
        assert (address.user, address.verified, address.primary) == (user, False, False)
        assert mail.outbox[0].to == ["me@example.org"]


class TestRemember:
    @pytest.mark.requirement("SEC-167")
    @pytest.mark.parametrize(
        ("setting", "field", "expiry"),
        [
            (None, "on", 777),
            (None, None, 0),
            (True, None, 777),
            (False, "on", 0),
        ],
    )
    def test_session_lasts_as_wished(
        self,
        client: Client,
        user: Any,
        password: str,
        settings: Any,
        setting: bool | None,
        field: str | None,
        expiry: int,
    ) -> None:
        settings.ACCOUNT_SESSION_REMEMBER = setting
        settings.SESSION_COOKIE_AGE = 777
        data = {"remember": field} if field else {}

        submit_login(client, user.username, password, **data)

        assert read_session(client)["_session_expiry"] == expiry
        cookie = client.cookies["sessionid"]
        assert cookie["max-age"] == (expiry or "")

    def test_age_of_the_package_wins_over_that_of_django(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_SESSION_COOKIE_AGE = 55

        submit_login(client, user.username, password, remember="on")

        assert read_session(client)["_session_expiry"] == 55

    @pytest.mark.requirement("SEC-167")
    def test_session_cookie_follows_the_settings_of_django(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.SESSION_COOKIE_SECURE = True
        settings.SESSION_COOKIE_SAMESITE = "Strict"
        settings.SESSION_COOKIE_DOMAIN = "testserver"
        settings.SESSION_COOKIE_PATH = "/accounts"

        response = submit_login(client, user.username, password)

        cookie = response.cookies["sessionid"]
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        assert cookie["domain"] == "testserver"
        assert cookie["path"] == "/accounts"

    def test_is_set_while_the_login_waits(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True

        submit_login(client, user.username, password, remember="on")

        assert read_session(client)["_session_expiry"] == settings.SESSION_COOKIE_AGE

    @pytest.mark.requirement("ATK-A41")
    def test_wish_of_one_user_does_not_count_for_the_next(
        self, client: Client, user_factory: Any, password: str
    ) -> None:
        first, second = user_factory(), user_factory()
        submit_login(client, first.username, password, remember="on")
        client.post("/accounts/logout/")

        submit_login(client, second.username, password)

        assert is_logged_in(client, second)
        assert read_session(client)["_session_expiry"] == 0

    @pytest.mark.requirement("ATK-A41")
    def test_wish_planted_in_the_session_does_not_count(
        self, client: Client, user: Any, password: str
    ) -> None:
        write_session(client, _session_expiry=10**9)

        submit_login(client, user.username, password)

        assert read_session(client)["_session_expiry"] == 0


class TestFunctions:
    def test_project_can_log_somebody_in(self, user: Any) -> None:
        request = make_request()

        with (
            context.request_context(request),
            collect_signals(done=user_logged_in) as sent,
        ):
            response = perform_login(
                request, user, redirect_url="/there", signal_kwargs={"extra": 1}
            )

        assert response["Location"] == "/there"
        assert request.session["_auth_user_id"] == str(user.pk)
        assert sent[0][1]["extra"] == 1

    def test_signup_elsewhere_can_be_completed(self, user: Any, settings: Any) -> None:
        settings.ACCOUNT_SIGNUP_REDIRECT_URL = "/welcome/"
        request = make_request()

        with context.request_context(request):
            response = complete_signup(request, user, "none", None)

        assert response["Location"] == "/welcome/"

    def test_verification_of_the_call_wins_over_the_setting(
        self, user_factory: Any, settings: Any
    ) -> None:
        user = user_factory(verified=False)
        request = make_request()

        with context.request_context(request):
            response = perform_login(request, user, email_verification="mandatory")

        assert response["Location"] == "/accounts/confirm-email/"
        assert "_auth_user_id" not in request.session

    def test_login_leads_nowhere_before_it_is_complete(self) -> None:
        from allauth.account.adapter import get_adapter

        with pytest.raises(AssertionError):
            get_adapter().get_login_redirect_url(make_request())

    def test_response_of_pre_login_reaches_the_caller(self, user: Any, settings: Any) -> None:
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.ImmediateAdapter"
        request = make_request()

        with (
            context.request_context(request),
            pytest.raises(ImmediateHttpResponse) as caught,
        ):
            perform_login(request, user)

        assert caught.value.response.status_code == 418


def test_legacy_redirect_setting_still_works(
    client: Client, user: Any, password: str, settings: Any
) -> None:
    settings.LOGIN_REDIRECT_URLNAME = "probe_whoami"

    with pytest.warns(DeprecationWarning, match="LOGIN_REDIRECT_URL"):
        response = submit_login(client, user.username, password)

    assert response["Location"] == "/probe/whoami/"


def test_misconfigured_form_is_told(settings: Any, client: Client) -> None:
    settings.ACCOUNT_FORMS = {"login": "tests.projects.custom_hooks.forms.Missing"}

    with pytest.raises(ImportError):
        client.get(LOGIN)
