"""Hooks that a project overrides, as ``def`` or ``async def``."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import django
import pytest
from asgiref.sync import iscoroutinefunction
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client

from allauth.account import signals
from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.models import EmailAddress
from allauth.account.utils import user_display
from allauth.core import context
from tests.projects.custom_hooks import adapters, middleware
from tests.projects.custom_hooks import forms as custom_forms
from tests.projects.custom_hooks.adapters import HOOKS, AsyncAdapter
from tests.support.mails import read_code, read_path
from tests.support.pages import (
    EMAIL_VERIFICATION_SENT,
    LOGIN,
    LOGIN_CODE_CONFIRM,
    LOGOUT,
    PHONE_VERIFY,
    RESET_CODE_CONFIRM,
    SIGNUP,
    STRONG_PASSWORD,
    list_error_codes,
    list_messages,
    reset_password_by_link,
    route_account_pages,
    submit_code,
    submit_login,
    submit_signup,
)
from tests.support.sessions import is_logged_in, make_request

pytestmark = pytest.mark.django_db

ADAPTERS = "tests.projects.custom_hooks.adapters"
FORMS = "tests.projects.custom_hooks.forms"
PHONE = "+31612345678"

# Hooks that no page here calls: they are for other packages, the admin and stored keys.
_NOT_CALLED = {
    "generate_emailconfirmation_key",
    "get_user_search_fields",
    "stash_verified_email",
}


@pytest.fixture
def everything(settings: Any, sms_outbox: Any, color: str) -> Any:
    """A site with all there is, whose hooks are all ``async def``; gives the text messages."""
    settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.AsyncAdapter"
    settings.ACCOUNT_LOGIN_METHODS = {"username", "email", "phone"}
    settings.ACCOUNT_SIGNUP_FIELDS = ["username", "email*", "phone", "password1*"]
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    settings.ACCOUNT_RATE_LIMITS = False
    if color == "async":
        note_loop = "tests.projects.custom_hooks.middleware.note_loop"
        settings.MIDDLEWARE = [note_loop, *settings.MIDDLEWARE]
    route_account_pages(settings)
    AsyncAdapter.calls.clear()
    middleware.loops.clear()
    return sms_outbox


def _live_through_everything(client: Client, messages: Any, settings: Any) -> None:
    """What a person may do with an account in the course of time."""
    client.get(SIGNUP)
    submit_signup(client, username="", email="me@example.org", phone=PHONE)
    assert submit_code(client, PHONE_VERIFY, messages[-1].code)["Location"] == (
        "/accounts/confirm-email/"
    )
    client.post(read_path())
    assert is_logged_in(client)
    client.post(
        "/accounts/password/change/",
        {
            "oldpassword": STRONG_PASSWORD,
            "password1": "changed 5 words",
            "password2": "changed 5 words",
        },
    )
    client.post("/accounts/email/", {"action_add": "", "email": "two@example.org"})
    client.post(
        "/accounts/reauthenticate/", {"password": "changed 5 words", "next": "/accounts/email/"}
    )
    client.post(read_path())
    assert EmailAddress.objects.filter(email="two@example.org", verified=True).exists()
    client.post("/accounts/email/", {"action_primary": "", "email": "two@example.org"})
    client.post("/accounts/email/", {"action_remove": "", "email": "me@example.org"})
    assert list(EmailAddress.objects.values_list("email", "primary")) == [("two@example.org", True)]
    client.post("/accounts/phone/change/", {"phone": "+31687654321"})
    submit_code(client, PHONE_VERIFY, messages[-1].code)
    client.get(LOGIN)
    client.post(LOGOUT)
    assert not is_logged_in(client)

    assert submit_login(client, "two@example.org", "wrong").status_code == 200
    client.get(LOGIN, HTTP_ACCEPT="application/json")
    reset_password_by_link(client, "two@example.org")
    client.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    submit_login(client, "+31687654321", STRONG_PASSWORD)
    assert is_logged_in(client)
    client.post(LOGOUT)
    client.post("/accounts/login/code/", {"email": "two@example.org"})
    submit_code(client, LOGIN_CODE_CONFIRM, read_code())
    assert is_logged_in(client)
    client.post(LOGOUT)
    for data in ({"phone": "+31687654321"}, {"phone": "+31600000000"}):
        client.post("/accounts/login/code/", data)
        client.post(LOGOUT)
    submit_signup(client, username="x", email="two@example.org")
    client.post(LOGOUT)
    submit_signup(client, username="y", email="y@example.org", phone="+31687654321")
    client.post(LOGOUT)

    settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    route_account_pages(settings)
    client.post("/accounts/password/reset/", {"email": "two@example.org"})
    submit_code(client, RESET_CODE_CONFIRM, read_code())
    submit_signup(client, username="z", email="z@example.org")
    submit_code(client, EMAIL_VERIFICATION_SENT, read_code())
    assert is_logged_in(client, get_user_model().objects.get(username="z"))
    client.post(LOGOUT)
    get_user_model().objects.filter(username="z").update(is_active=False)
    assert submit_login(client, "z", STRONG_PASSWORD)["Location"] == "/accounts/inactive/"


class TestAsyncAdapter:
    def test_every_hook_of_a_page_may_be_async(
        self, client: Client, everything: Any, settings: Any
    ) -> None:
        _live_through_everything(client, everything, settings)

        called = {name for name, _, _ in AsyncAdapter.calls}
        assert set(HOOKS) - called == _NOT_CALLED

    def test_hooks_run_on_the_loop_of_the_server(
        self, client: Client, everything: Any, settings: Any, color: str
    ) -> None:
        _live_through_everything(client, everything, settings)

        server_loops = {id(loop) for loop in middleware.loops}
        hook_loops = {id(loop) for _, loop, _ in AsyncAdapter.calls}
        if color == "async":
            assert hook_loops <= server_loops
        else:
            assert server_loops == set()

    def test_hooks_see_the_request(self, client: Client, everything: Any) -> None:
        submit_login(client, "nobody", "wrong")

        requests = [request for _, _, request in AsyncAdapter.calls]
        assert requests
        assert {request.path for request in requests} == {LOGIN}

    @pytest.mark.parametrize("name", HOOKS)
    def test_hooks_are_coroutine_functions_for_those_who_ask(self, name: str) -> None:
        assert iscoroutinefunction(getattr(AsyncAdapter(), name))
        assert not iscoroutinefunction(getattr(DefaultAccountAdapter(), name))

    def test_hook_is_awaited_on_an_event_loop(self) -> None:
        async def main() -> Any:
            return await get_adapter_of_project().clean_phone(PHONE)

        def get_adapter_of_project() -> Any:
            return AsyncAdapter()

        assert asyncio.run(main()) == PHONE

    def test_refusal_is_an_error_of_the_form(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.AsyncRefusingAdapter"

        response = submit_signup(client, username="new", email="new@example.org")

        assert list_error_codes(response, "email") == ["refused"]

    def test_answer_by_exception_is_the_answer(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.AsyncRefusingAdapter"

        response = submit_login(client, user.username, password)

        assert (response.status_code, response.content) == (418, b"refused")
        assert not is_logged_in(client)


class TestOtherAsyncHooks:
    def test_signup_of_a_form(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_FORMS = {"signup": f"{FORMS}.AsyncSignupForm"}
        custom_forms.calls.clear()

        submit_signup(client, username="new")

        assert is_logged_in(client)
        assert get_user_model().objects.get().last_name == "Awaited"
        assert custom_forms.calls[0]["request"].path == SIGNUP

    def test_name_shown_of_a_user(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_USER_DISPLAY = f"{FORMS}.display_user"

        response = submit_login(client, user.username, password, next="/accounts/email/")

        assert f"Awaited <{user.username}>" in list_messages(response)[0][1]
        assert user_display(user) == f"Awaited <{user.username}>"

    @pytest.mark.skipif(django.VERSION < (5, 0), reason="Django awaits receivers since 5.0")
    def test_receivers_of_signals(self, client: Client, user: Any, password: str) -> None:
        seen: list[Any] = []

        async def receive(user: Any, **kwargs: Any) -> None:
            await asyncio.sleep(0)
            seen.append(user)

        signals.user_logged_in.connect(receive)
        try:
            submit_login(client, user.username, password)
        finally:
            signals.user_logged_in.disconnect(receive)

        assert seen == [user]


def test_no_event_loop_is_started_without_an_async_hook(
    user: Any, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> None:
        raise AssertionError("an event loop was started")

    monkeypatch.setattr(asyncio, "new_event_loop", refuse)
    client = Client()

    submit_login(client, user.username, password)
    client.post(LOGOUT)
    submit_signup(client, username="new", email="new@example.org")
    client.post(read_path())
    client.post("/accounts/password/reset/", {"email": "new@example.org"})

    assert is_logged_in(client)


class TestAdapter:
    """The adapter that a project names is used, and what it answers by default."""

    def test_is_made_anew_by_each_call(self, settings: Any) -> None:
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.ClosedAdapter"

        first, second = get_adapter(), get_adapter(make_request())

        assert type(first) is type(second) is adapters.ClosedAdapter
        assert first is not second

    def test_knows_the_request_being_served(self) -> None:
        request, other = make_request(), make_request()

        assert get_adapter(other).request is None
        with context.request_context(request):
            assert get_adapter(other).request is request

    def test_errors_have_code_and_text(self) -> None:
        adapter = get_adapter()

        for code in (
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
        ):
            error = adapter.validation_error(code)
            assert isinstance(error, ValidationError)
            assert error.code == code
            assert error.messages[0]
        assert "7" in adapter.validation_error("max_email_addresses", 7).messages[0]
        with pytest.raises(KeyError):
            adapter.validation_error("unheard_of")

    def test_texts_may_be_replaced(self, settings: Any, client: Client) -> None:
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.TalkativeAdapter"

        response = submit_login(client, "nobody", "wrong")

        assert response.context["form"].non_field_errors() == ["Nope."]

    @pytest.mark.parametrize(
        ("url", "is_safe"),
        [
            ("/x", True),
            ("x", True),
            ("https://testserver/x", True),
            ("http://testserver/x", True),
            ("http://bla.example.com/", True),
            ("http://example.com/", True),
            ("https://trusted.example/", True),
            ("http://not-example.com/", False),
            ("http://testserver:8000/", False),
            ("", False),
            (None, False),
            ("//evil.example", False),
            ("\\\\evil.example", False),
            ("/\\evil.example", False),
            ("javascript:alert(1)", False),
            ("ftp://testserver/", False),
            ("http:///x", False),
            ("https://user:pass@testserver/", False),
        ],
    )
    def test_only_targets_on_hosts_of_the_site_are_safe(
        self, settings: Any, url: str | None, is_safe: bool
    ) -> None:
        settings.ALLOWED_HOSTS = ["testserver", ".example.com", "*"]
        settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example"]

        with context.request_context(make_request()):
            assert get_adapter().is_safe_url(url) is is_safe

    @pytest.mark.parametrize(
        ("headers", "is_ajax"),
        [
            ({"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}, True),
            ({"HTTP_ACCEPT": "application/json"}, True),
            ({"content_type": "application/json"}, True),
            ({"HTTP_ACCEPT": "text/html,application/json"}, False),
            ({}, False),
        ],
    )
    def test_clients_that_want_json(self, rf: Any, headers: dict[str, str], is_ajax: bool) -> None:
        assert get_adapter().is_ajax(rf.post("/", **headers)) is is_ajax

    def test_user_agent_has_a_stand_in(self, rf: Any) -> None:
        assert get_adapter().get_http_user_agent(rf.get("/")) == "Unspecified"
        request = rf.get("/", HTTP_USER_AGENT="Browser")
        assert get_adapter().get_http_user_agent(request) == "Browser"

    def test_new_user_is_filled_and_saved(self) -> None:
        user = get_adapter().save_user(make_request(), get_user_model()(), _Form("password"))

        assert (user.username, user.email) == ("Me", "me@example.org")
        assert (user.first_name, user.last_name) == ("M", "E")
        assert user.check_password(STRONG_PASSWORD)
        assert user.pk is not None

    def test_other_packages_may_save_later(self) -> None:
        user = get_adapter().save_user(
            make_request(), get_user_model()(), _Form("password1"), commit=False
        )

        assert user.pk is None
        assert user.check_password(STRONG_PASSWORD)

    def test_password1_counts_even_if_it_is_empty(self) -> None:
        form = _Form("password")
        form.cleaned_data["password1"] = ""

        user = get_adapter().save_user(make_request(), get_user_model()(), form)

        assert not user.has_usable_password()

    @pytest.mark.parametrize("name", ["save_user", "pre_login", "post_login", "authenticate"])
    def test_parameters_are_those_that_projects_override(self, name: str) -> None:
        expected = {
            "save_user": ["self", "request", "user", "form", "commit"],
            "pre_login": [
                "self",
                "request",
                "user",
                "email_verification",
                "signal_kwargs",
                "email",
                "signup",
                "redirect_url",
            ],
            "authenticate": ["self", "request", "credentials"],
        }
        expected["post_login"] = expected["pre_login"]

        parameters = inspect.signature(getattr(DefaultAccountAdapter, name)).parameters

        assert list(parameters) == expected[name]

    def test_hooks_around_a_login_get_what_they_are_promised(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.WatchingAdapter"
        settings.ACCOUNT_LOGIN_METHODS = {"email"}
        adapters.WatchingAdapter.seen.clear()

        response = submit_login(client, user.email, password, next="/foo")

        arguments = {
            "email_verification": "optional",
            "signal_kwargs": None,
            "email": user.email,
            "signup": False,
            "redirect_url": "/foo",
        }
        assert adapters.WatchingAdapter.seen == [
            ("pre_login", user, arguments),
            ("login", user, {}),
            ("post_login", user, arguments),
        ]
        assert response["X-Watched"] == "yes"

    def test_answer_of_pre_login_ends_the_login(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.DivertingAdapter"

        response = submit_login(client, user.username, password)

        assert response["Location"] == "/diverted/"
        assert not is_logged_in(client)

    @pytest.mark.parametrize(
        ("hook", "location"),
        [("login", "/after-login/"), ("signup", "/after-signup/"), ("logout", "/after-logout/")],
    )
    def test_targets_are_those_of_the_project(
        self,
        client: Client,
        user: Any,
        password: str,
        settings: Any,
        hook: str,
        location: str,
    ) -> None:
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.GuidingAdapter"
        if hook == "login":
            response = submit_login(client, user.username, password)
        elif hook == "signup":
            response = submit_signup(client, username="new")
        else:
            client.force_login(user)
            response = client.post(LOGOUT)

        assert response["Location"] == location

    def test_messages_may_be_left_out(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.INSTALLED_APPS = [
            app for app in settings.INSTALLED_APPS if app != "django.contrib.messages"
        ]

        response = submit_login(client, user.username, password)

        assert is_logged_in(client, user)
        assert list_messages(response) == []

    def test_mails_go_through_the_adapter(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.SealingAdapter"

        submit_signup(client, username="new", email="new@example.org")

        (message,) = mail.outbox
        assert message.from_email == "seal@example.org"
        assert message.subject.startswith("sealed: ")
        assert message.extra_headers == {"X-Seal": "yes"}


class _Form:
    """What dj-rest-auth and the like hand over in place of a form."""

    def __init__(self, password_field: str) -> None:
        self.cleaned_data = {
            "username": "Me",
            "email": "ME@example.org",
            "first_name": "M",
            "last_name": "E",
            password_field: STRONG_PASSWORD,
        }
