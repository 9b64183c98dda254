"""The registry: what an app brings to the apps below it counts while that app is installed."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import Client

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.internal.entrance_context import get_entrance_context_data
from allauth.account.internal.faces import get_face
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.internal.html_face import HTMLFace
from allauth.account.internal.login_engine import LoginStatus
from allauth.account.models import EmailAddress, Login
from allauth.account.signals import user_logged_in
from allauth.core import context, ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import client_address, extensions
from allauth.core.internal.extensions import Entries, FaceEntry, Slot, StageEntry, always
from allauth.core.internal.urls import get_frontend_url
from tests.projects.extra import extension
from tests.support.pages import (
    LOGIN,
    STRONG_PASSWORD,
    needs_providers,
    reset_password_by_code,
    reset_password_by_link,
    route_account_pages,
    submit_login,
)
from tests.support.sessions import is_logged_in, make_request, read_session, write_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db

EXTRA = "tests.projects.extra"
INSTALLED, MISSING = "allauth.account", "not.installed"
API = {"X-Client": "app"}


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry in which nothing is registered."""
    for name, value in list(vars(extensions).items()):
        if isinstance(value, Entries | Slot):
            monkeypatch.setattr(extensions, name, type(value)())


@pytest.fixture
def extra(registry: None, settings: Any) -> ModuleType:
    """An app that brings one entry of each kind, installed behind all others."""
    extension.reset()
    # This has Django call ready() of all apps.
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, EXTRA]
    settings.ACCOUNT_RATE_LIMITS = False
    return extension


@pytest.fixture
def api(extra: ModuleType, settings: Any) -> ModuleType:
    """The same; requests with the header of :data:`API` are those of API clients."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, extension.MARK]
    route_account_pages(settings, *extension.urlpatterns)
    return extra


def uninstall(settings: Any) -> None:
    """Leave the app out again; what it registered stays where it is."""
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != EXTRA]


def list_entries() -> dict[str, list[str]]:
    """The keys of all entries that count."""
    return {
        name: [key for key, _ in value.items()]
        for name, value in vars(extensions).items()
        if isinstance(value, Entries)
    }


class TestEntries:
    def test_come_in_the_order_in_which_their_keys_were_registered(self) -> None:
        entries: Entries[int] = Entries()
        for key, value in (("b", 1), ("a", 2), ("c", 3)):
            entries.add(key, value, app=INSTALLED)

        assert list(entries) == [1, 2, 3]
        assert list(entries.items()) == [("b", 1), ("a", 2), ("c", 3)]

    def test_key_that_is_registered_again_is_replaced_in_its_place(self) -> None:
        entries: Entries[int] = Entries()
        entries.add("a", 1, app=INSTALLED)
        entries.add("b", 2, app=INSTALLED)

        entries.add("a", 3, app=INSTALLED)

        assert list(entries.items()) == [("a", 3), ("b", 2)]
        assert entries.get("a") == 3

    def test_entry_of_an_app_that_is_missing_does_not_count(self) -> None:
        entries: Entries[int] = Entries()
        entries.add("a", 1, app=MISSING)
        entries.add("b", 2, app=INSTALLED)

        assert list(entries) == [2]
        assert entries.get("a") is None

    def test_unknown_key_has_no_value(self) -> None:
        assert Entries[int]().get("a") is None

    def test_values_may_be_false(self) -> None:
        entries: Entries[int] = Entries()
        entries.add("a", 0, app=INSTALLED)

        assert (entries.get("a"), list(entries)) == (0, [0])

    def test_may_be_added_while_they_are_gone_through(self) -> None:
        entries: Entries[int] = Entries()
        entries.add("a", 1, app=INSTALLED)

        for value in entries:
            entries.add(f"more {value}", 2, app=INSTALLED)

        assert list(entries) == [1, 2]


class TestSlots:
    def test_value_is_the_one_set_last(self) -> None:
        slot: Slot[int] = Slot()
        assert slot.get() is None

        slot.set(1, app=INSTALLED)
        slot.set(2, app=INSTALLED)

        assert slot.get() == 2

    def test_value_of_an_app_that_is_missing_does_not_count(self) -> None:
        slot: Slot[int] = Slot()

        slot.set(1, app=MISSING)

        assert slot.get() is None

    def test_value_of_the_app_before_counts_again_once_the_last_one_is_missing(self) -> None:
        slot: Slot[int] = Slot()
        slot.set(1, app=INSTALLED)

        slot.set(2, app=MISSING)

        assert slot.get() == 1


class TestInstalledApps:
    def test_entries_count_while_their_app_is_installed(
        self, extra: ModuleType, settings: Any
    ) -> None:
        with_app = list_entries()
        uninstall(settings)
        without_app = list_entries()

        added = {name: set(with_app[name]) - set(without_app[name]) for name in with_app}
        assert added == {
            "login_stages": {"extra"},
            "reauthentication_methods": {"extra", "extra:key"},
            "credential_revokers": {"extra"},
            "session_revokers": {"extra"},
            "signup_sources": {"extra"},
            "session_keys_cleared_at_login": {"extra_plan"},
            "signal_argument_readers": {"token"},
            "entrance_context": {"extra"},
            "faces": {"core.extra", "account.extra"},
        }
        assert extensions.trusted_browser_test.get() is None
        assert extensions.frontend_urls.get() is None
        assert extensions.provider_api.get() is None

    def test_ready_may_run_any_number_of_times(self, extra: ModuleType, settings: Any) -> None:
        before = list_entries()

        settings.INSTALLED_APPS = list(settings.INSTALLED_APPS)
        for config in apps.get_app_configs():
            if config.name.startswith(("allauth.account", EXTRA)):
                config.ready()

        assert list_entries() == before
        assert all(len(keys) == len(set(keys)) for keys in before.values())

    def test_account_app_brings_its_own(self, registry: None, settings: Any) -> None:
        settings.INSTALLED_APPS = list(settings.INSTALLED_APPS)

        entries = list_entries()

        assert entries["login_stages"][:3] == ["login_by_code", "verify_phone", "verify_email"]
        assert entries["reauthentication_methods"][0] == "password"
        assert {"account"} <= set(entries["signup_sources"])
        assert {"account.html"} <= set(entries["faces"])
        assert extensions.ratelimit_app.get() == "allauth.account"
        assert extensions.verification_sender.get() is not None
        assert extensions.client_address_resolver.get() is not None

    def test_it_works_again_once_all_is_as_before(
        self, client: Client, user: Any, password: str
    ) -> None:
        submit_login(client, user.username, password)

        assert is_logged_in(client, user)


class TestLoginStages:
    PUBLISHED = (
        "allauth.account.stages.LoginByCodeStage",
        "allauth.account.stages.PhoneVerificationStage",
        "allauth.account.stages.EmailVerificationStage",
    )
    OWN = f"{EXTRA}.extension.ExtraStage"

    def test_default_adapter_names_the_published_ones_in_order(self) -> None:
        stages = get_adapter().get_login_stages()

        assert stages[:3] == list(self.PUBLISHED)
        assert all(path.startswith("allauth.mfa.") for path in stages[3:])
        # A project may change its copy.
        stages.clear()
        assert get_adapter().get_login_stages() != []

    def test_stage_has_its_position_and_its_condition(self, extra: ModuleType) -> None:
        assert self.OWN not in get_adapter().get_login_stages()

        extra.answers.is_stage_used = True

        assert get_adapter().get_login_stages()[:3] == [
            self.PUBLISHED[0],
            self.OWN,
            self.PUBLISHED[1],
        ]

    @pytest.mark.parametrize(("position", "index"), [(5, 0), (25, 2), (1000, -1)])
    def test_position_decides_and_not_when_it_was_registered(
        self, extra: ModuleType, settings: Any, position: int, index: int
    ) -> None:
        extra.answers.position, extra.answers.is_stage_used = position, True
        settings.INSTALLED_APPS = [EXTRA, *settings.INSTALLED_APPS[:-1]]

        assert get_adapter().get_login_stages()[index] == self.OWN

    def test_equal_positions_come_as_registered(self, registry: None) -> None:
        for name in ("b", "a"):
            extensions.login_stages.add(name, StageEntry(name, 1), app=INSTALLED)

        assert extensions.get_login_stages() == ["b", "a"]

    def test_login_passes_it(
        self, client: Client, user: Any, password: str, extra: ModuleType, settings: Any
    ) -> None:
        extra.answers.is_stage_used = True
        route_account_pages(settings, *extension.urlpatterns)

        response = submit_login(client, user.username, password)
        assert response["Location"] == "/extra/"
        assert not is_logged_in(client)
        client.post("/extra/")

        assert is_logged_in(client, user)


class TestReauthenticationMethods:
    def test_pages_and_flows_are_made_of_one_list(self, extra: ModuleType, user: Any) -> None:
        methods = extensions.list_reauthentication_methods(user)

        assert [method.id for method in methods] == ["reauthenticate", "pin", "card", "key"]
        assert get_reauthentication_flows(user) == [
            {"id": "reauthenticate"},
            {"id": "extra", "types": ["pin", "card"]},
            {"id": "key"},
        ]

    def test_pages_have_their_urls(self, extra: ModuleType, user: Any, settings: Any) -> None:
        route_account_pages(settings, *extension.urlpatterns)

        methods = get_adapter().get_reauthentication_methods(user)

        assert [(method["id"], method["url"]) for method in methods] == [
            ("reauthenticate", "/accounts/reauthenticate/"),
            ("pin", "/extra/"),
            ("card", "/accounts/email/"),
            ("key", "/accounts/logout/"),
        ]
        assert str(methods[1]["description"]) == "Enter your PIN"
        assert methods[0].keys() == {"id", "description", "url"}

    def test_details_of_the_entries_are_not_changed(self, extra: ModuleType, user: Any) -> None:
        first = get_reauthentication_flows(user)

        assert get_reauthentication_flows(user) == first

    def test_user_without_any_has_none(self, extra: ModuleType, user: Any) -> None:
        user.set_unusable_password()
        extra.answers.has_pin = False

        assert get_reauthentication_flows(user) == [{"id": "key"}]

    def test_visitors_have_none(self, extra: ModuleType) -> None:
        anonymous = make_request().user

        assert get_reauthentication_flows(anonymous) == []
        assert get_adapter().get_reauthentication_methods(anonymous) == []

    def test_page_offers_the_others(
        self, client: Client, user: Any, extra: ModuleType, settings: Any
    ) -> None:
        route_account_pages(settings, *extension.urlpatterns)
        client.force_login(user)

        page = client.get("/accounts/reauthenticate/?next=/there/")

        alternatives = page.context["reauthentication_alternatives"]
        assert [method["url"].partition("?")[0] for method in alternatives] == [
            "/extra/",
            "/accounts/email/",
            "/accounts/logout/",
        ]

    def test_who_has_no_password_is_sent_to_the_first_other_one(
        self, client: Client, user_factory: Callable[..., Any], extra: ModuleType, settings: Any
    ) -> None:
        route_account_pages(settings, *extension.urlpatterns)
        client.force_login(user_factory(password=None))

        assert client.get("/accounts/reauthenticate/")["Location"] == "/extra/"


class TestRevokers:
    """They are called when the owner of an address takes an account over."""

    @pytest.fixture
    def planted(self, extra: ModuleType, user_factory: Callable[..., Any]) -> Any:
        """A user whose address nobody has verified."""
        return user_factory(verified=False)

    def assert_revoked(self, extra: ModuleType, user: Any) -> None:
        (credentials, sessions) = (event for event in extra.events if event[0] != "trusted")
        assert credentials[:2] == ("credentials", user.pk)
        assert sessions[:2] == ("sessions", user.pk)
        # The credentials go in a transaction, and the sessions once it is committed.
        assert credentials[2] > sessions[2]

    def test_by_reset_by_link(self, client: Client, planted: Any, extra: ModuleType) -> None:
        reset_password_by_link(client, planted.email)

        self.assert_revoked(extra, planted)

    def test_by_reset_by_code(
        self, client: Client, planted: Any, extra: ModuleType, settings: Any
    ) -> None:
        settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
        route_account_pages(settings)

        reset_password_by_code(client, planted.email)

        self.assert_revoked(extra, planted)

    @needs_providers
    def test_by_the_answer_of_a_provider(
        self, client: Client, planted: Any, extra: ModuleType, settings: Any
    ) -> None:
        from tests.socialaccount.club import arrive

        settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True

        arrive(client, 7, email=planted.email, email_verified="on")

        self.assert_revoked(extra, planted)
        assert is_logged_in(client, planted)

    def test_reset_of_an_account_that_is_proven_revokes_nothing(
        self, client: Client, user: Any, extra: ModuleType
    ) -> None:
        reset_password_by_link(client, user.email)

        assert extra.events == []


class TestLogins:
    def test_session_keys_of_the_app_end_with_a_login(
        self, client: Client, user: Any, password: str, extra: ModuleType
    ) -> None:
        write_session(client, extra_plan="x", basket=3)

        submit_login(client, user.username, password)

        session = read_session(client)
        assert is_logged_in(client, user)
        assert ("extra_plan" in session, session["basket"]) == (False, 3)

    def test_session_keys_of_an_app_that_is_missing_stay(
        self, client: Client, user: Any, password: str, extra: ModuleType, settings: Any
    ) -> None:
        uninstall(settings)
        write_session(client, extra_plan="x")

        submit_login(client, user.username, password)

        assert read_session(client)["extra_plan"] == "x"

    def test_arguments_of_a_stored_login_are_restored(
        self, extra: ModuleType, user: Any, settings: Any
    ) -> None:
        arguments = {"token": extension.Token("t"), "other": 1, "nothing": None}
        data = Login(user=user, signal_kwargs=arguments).serialize()
        assert data["signal_kwargs"] == {"token": "t", "other": 1, "nothing": None}

        assert Login.deserialize(data).signal_kwargs == arguments
        uninstall(settings)
        assert Login.deserialize(data).signal_kwargs == data["signal_kwargs"]

    def test_argument_without_a_value_is_not_read(self, extra: ModuleType, user: Any) -> None:
        data = Login(user=user, signal_kwargs={"token": None}).serialize()

        assert Login.deserialize(data).signal_kwargs == {"token": None}

    @pytest.mark.parametrize("is_trusted", [True, False])
    def test_browser_that_is_trusted_needs_no_code(
        self,
        client: Client,
        user: Any,
        password: str,
        extra: ModuleType,
        settings: Any,
        is_trusted: bool,
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
        settings.ACCOUNT_LOGIN_BY_CODE_TRUST_ENABLED = True
        extra.answers.is_trusted = is_trusted

        submit_login(client, user.username, password)

        assert is_logged_in(client, user) is is_trusted
        assert extra.events == [("trusted", user)]

    def test_no_browser_is_trusted_where_the_site_trusts_none(
        self, client: Client, user: Any, password: str, extra: ModuleType, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
        extra.answers.is_trusted = True

        submit_login(client, user.username, password)

        assert not is_logged_in(client)
        assert extra.events == []

    def test_no_browser_is_trusted_without_an_app_that_tells(
        self, client: Client, user: Any, password: str, extra: ModuleType, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
        settings.ACCOUNT_LOGIN_BY_CODE_TRUST_ENABLED = True
        extra.answers.is_trusted = True
        uninstall(settings)

        submit_login(client, user.username, password)

        assert not is_logged_in(client)


class TestClientAddresses:
    def test_resolver_of_an_app_is_asked(self, registry: None) -> None:
        extensions.client_address_resolver.set(lambda request: "192.0.2.7", app=INSTALLED)

        assert client_address.resolve(make_request()) == "192.0.2.7"

    def test_request_is_asked_without_one(self, registry: None) -> None:
        request = make_request()
        request.META["REMOTE_ADDR"] = "192.0.2.9"

        assert client_address.resolve(request) == "192.0.2.9"
        extensions.client_address_resolver.set(lambda request: "192.0.2.7", app=MISSING)
        assert client_address.resolve(request) == "192.0.2.9"

    def test_adapter_of_the_project_is_asked_by_the_account_app(self, settings: Any) -> None:
        settings.ACCOUNT_ADAPTER = f"{__name__}.FarAwayAdapter"

        assert client_address.resolve(make_request()) == "203.0.113.1"


class FarAwayAdapter(DefaultAccountAdapter):
    """Knows where all clients are."""

    def get_client_ip(self, request: HttpRequest) -> str:
        return "203.0.113.1"


class TestEntrance:
    PAGES = (LOGIN, "/accounts/signup/", "/accounts/password/reset/")

    @pytest.mark.parametrize("page", PAGES)
    def test_app_adds_to_the_pages_for_visitors(
        self, client: Client, extra: ModuleType, settings: Any, page: str
    ) -> None:
        settings.MFA_PASSKEY_SIGNUP_ENABLED = True
        extra.answers.entrance = {"PASSKEY_SIGNUP_ENABLED": True}
        route_account_pages(settings)

        shown = client.get(f"{page}?next=/there/").context

        assert shown["PASSKEY_SIGNUP_ENABLED"] is True
        assert shown["extra"] == page
        assert shown["signup_by_passkey_url"] == "/accounts/signup/passkey/?next=%2Fthere%2F"

    @pytest.mark.parametrize("page", PAGES)
    def test_names_are_there_without_any_app(
        self, client: Client, extra: ModuleType, settings: Any, page: str
    ) -> None:
        uninstall(settings)

        shown = client.get(page).context

        assert shown["PASSKEY_LOGIN_ENABLED"] is False
        assert shown["PASSKEY_SIGNUP_ENABLED"] is False
        assert shown["signup_by_passkey_url"] is None
        assert "extra" not in shown

    def test_app_tells_of_logins_by_passkey(self, extra: ModuleType) -> None:
        extra.answers.entrance = {"PASSKEY_LOGIN_ENABLED": True}

        data = get_entrance_context_data(make_request())

        assert (data["PASSKEY_LOGIN_ENABLED"], data["PASSKEY_SIGNUP_ENABLED"]) == (True, False)
        assert data["signup_by_passkey_url"] is None

    def test_page_that_is_not_routed_has_no_url(self, extra: ModuleType, settings: Any) -> None:
        extra.answers.entrance = {"PASSKEY_SIGNUP_ENABLED": True}
        route_account_pages(settings)

        assert get_entrance_context_data(make_request())["signup_by_passkey_url"] is None


class TestRateLimits:
    def test_limits_of_the_account_app_are_applied(self, settings: Any) -> None:
        settings.ACCOUNT_RATE_LIMITS = {"act": "1/m/ip"}
        request = make_request()

        assert ratelimit.consume(request, action="act")
        assert not ratelimit.consume(request, action="act")

    def test_limits_of_another_app_can_be(self, registry: None, settings: Any) -> None:
        extension.reset()
        settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, EXTRA]
        settings.ACCOUNT_RATE_LIMITS = False
        extensions.ratelimit_app.set(EXTRA, app=EXTRA)
        request = make_request()

        assert ratelimit.consume(request, action="act")
        assert not ratelimit.consume(request, action="act")
        assert ratelimit.consume_or_429(request, action="act").status_code == 429  # type: ignore[union-attr]
        ratelimit.clear(request, action="act")
        assert ratelimit.consume(request, action="act")

    @pytest.mark.parametrize("name", ["consume", "consume_or_429", "clear"])
    def test_it_is_told_where_no_app_has_any(self, registry: None, name: str) -> None:
        with pytest.raises(ImproperlyConfigured, match=r"allauth\.account"):
            getattr(ratelimit, name)(make_request(), action="act")


class TestFrontEnd:
    def test_app_knows_its_pages(self, extra: ModuleType, settings: Any) -> None:
        assert get_frontend_url(None, "account_signup") == "https://front.example/account_signup"
        assert get_frontend_url(None, "account_login") is None

        uninstall(settings)
        assert get_frontend_url(None, "account_signup") is None


class RespondingAdapter(DefaultAccountAdapter):
    """Answers before a login."""

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse("by the hook", status=418)


class RaisingAdapter(DefaultAccountAdapter):
    """Answers before a login, by exception."""

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        raise ImmediateHttpResponse(HttpResponse("by the hook", status=418))


class LateAdapter(DefaultAccountAdapter):
    """Answers after a login."""

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse("by the hook", status=418)


class InactiveAdapter(DefaultAccountAdapter):
    """Answers those whose account is disabled."""

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        return HttpResponse("by the hook", status=418)


class SentAdapter(DefaultAccountAdapter):
    """Answers those who have to verify their address."""

    def respond_email_verification_sent(self, request: HttpRequest, user: Any) -> HttpResponse:
        return HttpResponse("by the hook", status=418)


class TestFaces:
    """Requests marked as those of API clients are answered in JSON, by the same flows."""

    def post(self, client: Client, path: str, data: Any = None, **headers: str) -> Any:
        return client.post(path, data or {}, headers={**API, **headers})

    def log_in(self, client: Client, user: Any, **data: str) -> Any:
        credentials = {"login": user.username, "password": "correct horse 7 battery", **data}
        return self.post(client, LOGIN, credentials)

    def test_login(self, client: Client, user: Any, api: ModuleType) -> None:
        with collect_signals(logged_in=user_logged_in) as sent:
            response = self.log_in(client, user, next="/there/")

        assert response.json() == {"answer": "logged_in", "next": "/there/", "signup": False}
        assert is_logged_in(client, user)
        assert [event["response"].status_code for _, event in sent] == [200]
        ((_, outcome),) = api.events
        assert (outcome.status, outcome.interruption) == (LoginStatus.COMPLETED, None)

    def test_signup(self, client: Client, api: ModuleType) -> None:
        data = {"username": "new", "password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}

        response = self.post(client, "/accounts/signup/", data)

        assert response.json() == {"answer": "logged_in", "next": None, "signup": True}

    def test_pages_are_answered_as_before(
        self, client: Client, user: Any, password: str, api: ModuleType
    ) -> None:
        response = submit_login(client, user.username, password)

        assert response["Location"] == "/accounts/profile/"
        assert api.events == []

    def test_app_that_is_missing_answers_nobody(
        self, client: Client, user: Any, api: ModuleType, settings: Any
    ) -> None:
        uninstall(settings)

        assert self.log_in(client, user)["Location"] == "/accounts/profile/"

    def test_stage_that_waits(self, client: Client, user: Any, api: ModuleType) -> None:
        api.answers.is_stage_used = True

        assert self.log_in(client, user).json() == {"answer": "waiting", "stage": "extra"}
        ((_, outcome),) = (event for event in api.events if event[0] == "outcome")
        assert outcome.status is LoginStatus.WAITING
        # It is for the face to say how the login goes on.
        assert self.post(client, "/extra/").json() == {"answer": "resume_login"}

    def test_address_that_has_to_be_verified(
        self, client: Client, user: Any, api: ModuleType, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        EmailAddress.objects.update(verified=False)

        assert self.log_in(client, user).json() == {"answer": "email_verification_sent"}

    def test_account_that_is_disabled(
        self, client: Client, user: Any, api: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        user.is_active = False
        user.save()

        assert self.log_in(client, user).json() == {"answer": "user_inactive"}

    def test_limit_of_a_page(
        self, client: Client, user: Any, api: ModuleType, settings: Any
    ) -> None:
        settings.ACCOUNT_RATE_LIMITS = {"login": "0/m/ip"}

        response = self.log_in(client, user)

        assert (response.status_code, response.json()) == (429, {"answer": "rate_limited"})
        assert b"<h1>429" in submit_login(client, user.username, "x").content

    def test_limit_of_a_mail(
        self, client: Client, user: Any, api: ModuleType, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
        settings.ACCOUNT_RATE_LIMITS = {"confirm_email": "0/m/key"}
        EmailAddress.objects.update(verified=False)

        # What the flow found reaches the face, which answers.
        assert self.log_in(client, user).json() == {"answer": "rate_limited"}

    def test_reauthentication_that_is_required(
        self, client: Client, user: Any, api: ModuleType, settings: Any
    ) -> None:
        settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
        client.force_login(user)
        data = {"action_add": "", "email": "more@example.org"}

        assert self.post(client, "/accounts/email/", data).json() == {"answer": "suspended"}

    def test_reauthentication_that_is_done(
        self, client: Client, user: Any, password: str, api: ModuleType
    ) -> None:
        client.force_login(user)

        response = self.post(client, "/accounts/reauthenticate/", {"password": password})

        assert response.json() == {"answer": "resumed"}

    @pytest.mark.parametrize(
        "adapter", [RespondingAdapter, RaisingAdapter, LateAdapter, InactiveAdapter, SentAdapter]
    )
    def test_responses_of_hooks_are_passed_through_unread(
        self,
        client: Client,
        user: Any,
        api: ModuleType,
        settings: Any,
        adapter: type[DefaultAccountAdapter],
    ) -> None:
        settings.ACCOUNT_ADAPTER = f"{__name__}.{adapter.__name__}"
        if adapter is InactiveAdapter:
            user.is_active = False
            user.save()
        if adapter is SentAdapter:
            settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
            EmailAddress.objects.update(verified=False)

        response = self.log_in(client, user)

        assert (response.status_code, response.content) == (418, b"by the hook")

    def test_where_a_pretended_signup_leads_is_for_the_face(
        self, client: Client, user: Any, api: ModuleType, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        data = {"username": "new", "email": user.email, "password1": STRONG_PASSWORD}

        self.post(client, "/accounts/signup/", {**data, "password2": STRONG_PASSWORD})

        assert read_session(client)["account_login"]["redirect_url"] == "/next-of-the-api/"

    def test_face_that_was_registered_last_is_the_one(self, registry: None) -> None:
        for name in ("a", "b"):
            extensions.faces.add(name, FaceEntry("account", name, always), app=INSTALLED)
        extensions.faces.add("c", FaceEntry("account", "c", lambda request: False), app=INSTALLED)
        extensions.faces.add("d", FaceEntry("account", "d", always), app=MISSING)
        extensions.faces.add("e", FaceEntry("other", "e", always), app=INSTALLED)

        assert extensions.find_face("account", make_request()) == "b"
        assert extensions.find_face("nothing", make_request()) is None

    def test_request_without_a_state_is_one_of_a_browser(self, extra: ModuleType) -> None:
        request = make_request()
        del request.allauth

        assert isinstance(get_face(request), HTMLFace)


@needs_providers
class TestProviderAPI:
    def make_login(self, state: dict[str, Any]) -> tuple[Any, Any]:
        from allauth.socialaccount.models import SocialAccount, SocialLogin

        request = make_request()
        sociallogin = SocialLogin(account=SocialAccount(provider="dummy", uid="7"))
        sociallogin.state = state
        return request, sociallogin

    def complete(self, state: dict[str, Any]) -> Any:
        from allauth.socialaccount.helpers import complete_social_login

        request, sociallogin = self.make_login(state)
        with context.request_context(request):
            return complete_social_login(request, sociallogin)

    def fail(self, state: dict[str, Any]) -> Any:
        from allauth.socialaccount.helpers import render_authentication_error

        request = make_request()
        with context.request_context(request):
            return render_authentication_error(request, "dummy", extra_context={"state": state})

    def test_visit_of_an_api_client_is_completed_by_it(self, extra: ModuleType) -> None:
        response = self.complete({"process": "login", "headless": {"client": "app"}})

        assert response.content == b'{"answer": "complete_login"}'
        ((name, sociallogin),) = extra.events
        assert (name, sociallogin.account.uid) == ("complete_login", "7")

    def test_visit_of_a_browser_is_not(self, extra: ModuleType) -> None:
        response = self.complete({"process": "redirect", "next": "/there/"})

        assert (response["Location"], extra.events) == ("/there/", [])

    def test_visit_is_one_of_a_browser_without_the_app(
        self, extra: ModuleType, settings: Any
    ) -> None:
        uninstall(settings)

        response = self.complete({"process": "redirect", "next": "/there/", "headless": True})

        assert (response["Location"], extra.events) == ("/there/", [])

    def test_visit_of_an_api_client_that_failed_is_answered_by_it(self, extra: ModuleType) -> None:
        response = self.fail({"headless": {"client": "app"}})

        assert response.content == b'{"answer": "authentication_error"}'
        assert extra.events == [("on_authentication_error", "dummy", "unknown")]

    def test_visit_of_a_browser_that_failed_has_the_page(self, extra: ModuleType) -> None:
        response = self.fail({})

        assert response.status_code == 401
        assert b"<" in response.content
        assert [name for name, *_ in extra.events] == ["on_authentication_error"]
