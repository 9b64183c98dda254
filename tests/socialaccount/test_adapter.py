"""Which apps and providers there are, and what the adapter says about addresses and users."""

from __future__ import annotations

import copy
import importlib
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.core.exceptions import ImproperlyConfigured, MultipleObjectsReturned

from allauth.account.models import EmailAddress
from allauth.socialaccount import app_settings
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.dummy.provider import DummyProvider
from tests.socialaccount.club import ClubProvider
from tests.support.queries import assert_queries
from tests.support.sessions import make_request

pytestmark = pytest.mark.django_db

User = get_user_model()


def use_apps(settings: Any, *apps: dict[str, Any], **others: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {"club": {"APPS": list(apps), **others}}


def list_ids(apps: list[SocialApp]) -> list[str]:
    return [app.client_id for app in apps]


class TestListApps:
    def test_stored_apps_are_those_of_the_site(self, app_factory: Any) -> None:
        app_factory(client_id="here")
        app_factory(client_id="nowhere", on_site=False)
        elsewhere = app_factory(client_id="elsewhere", on_site=False)
        elsewhere.sites.add(Site.objects.create(domain="other.example", name="Other"))

        assert list_ids(get_adapter().list_apps(make_request())) == ["here"]
        assert len(get_adapter().list_apps(None)) == 3

    def test_apps_of_the_settings_follow_the_stored_ones_of_their_provider(
        self, app_factory: Any, settings: Any
    ) -> None:
        app_factory(client_id="a1", provider="a")
        app_factory(client_id="b1", provider="b")
        app_factory(client_id="a2", provider="a")
        settings.SOCIALACCOUNT_PROVIDERS = {
            "c": {"APP": {"client_id": "c1"}},
            "a": {"APPS": [{"client_id": "a3"}]},
        }

        apps = get_adapter().list_apps(make_request())

        assert list_ids(apps) == ["a1", "a2", "a3", "b1", "c1"]

    def test_filters(self, app_factory: Any, settings: Any) -> None:
        app_factory(client_id="1", provider_id="north")
        app_factory(client_id="2")
        use_apps(settings, {"client_id": "3", "provider_id": "north"}, {"client_id": "4"})
        adapter, request = get_adapter(), make_request()

        assert list_ids(adapter.list_apps(request, provider="north")) == ["1", "3"]
        assert list_ids(adapter.list_apps(request, provider="club")) == ["1", "2", "3", "4"]
        assert list_ids(adapter.list_apps(request, client_id="4")) == ["4"]
        assert adapter.list_apps(request, provider="north", client_id="2") == []

    def test_app_of_the_settings_has_what_the_settings_say(self, settings: Any) -> None:
        use_apps(
            settings,
            {
                "name": "N",
                "provider_id": "p",
                "client_id": "c",
                "secret": "s",
                "key": "k",
                "settings": {"a": 1},
                "unknown": "ignored",
            },
        )

        (app,) = get_adapter().list_apps(None)

        assert app.pk is None
        assert (app.provider, app.name, app.provider_id) == ("club", "N", "p")
        assert (app.client_id, app.secret, app.key, app.settings) == ("c", "s", "k", {"a": 1})

    def test_apps_are_preferred_over_app(self, settings: Any) -> None:
        settings.SOCIALACCOUNT_PROVIDERS = {
            "club": {"APPS": None, "APP": {"client_id": "one"}},
            "other": {"APPS": [], "APP": {"client_id": "two"}},
        }

        assert list_ids(get_adapter().list_apps(None)) == ["one"]

    def test_certificate_key_moved_into_the_settings(self, settings: Any) -> None:
        use_apps(settings, {"client_id": "c", "certificate_key": "pem"})

        with pytest.warns(DeprecationWarning, match="certificate_key"):
            (app,) = get_adapter().list_apps(None)

        assert app.settings == {"certificate_key": "pem"}

    @pytest.mark.requirement("INV-44")
    def test_settings_are_not_changed_through_an_app(self, settings: Any) -> None:
        use_apps(settings, {"client_id": "c", "settings": {"scope": ["a"]}})
        before = copy.deepcopy(settings.SOCIALACCOUNT_PROVIDERS)

        (app,) = get_adapter().list_apps(None)
        app.settings["scope"].append("b")

        assert before == settings.SOCIALACCOUNT_PROVIDERS

    def test_database_is_asked_once_per_request(self, club: SocialApp) -> None:
        request = make_request()
        Site.objects.get_current()

        with assert_queries(1):
            for _ in range(3):
                get_adapter().get_app(request, "club")
                get_adapter().list_providers(request)
                get_adapter().get_provider(request, "club")

    def test_another_request_sees_what_changed(self, club: SocialApp) -> None:
        assert get_adapter().list_apps(make_request())
        club.delete()

        assert get_adapter().list_apps(make_request()) == []


class TestGetApp:
    def test_none(self) -> None:
        with pytest.raises(SocialApp.DoesNotExist):
            get_adapter().get_app(make_request(), "club")

    def test_only_one_even_if_hidden(self, settings: Any) -> None:
        use_apps(settings, {"client_id": "1", "settings": {"hidden": True}})

        assert get_adapter().get_app(None, "club").client_id == "1"

    @pytest.mark.requirement("SEC-112")
    def test_of_several_the_visible_one_is_used(self, settings: Any) -> None:
        use_apps(
            settings,
            {"client_id": "1", "settings": {"hidden": True}},
            {"client_id": "2"},
            {"client_id": "3", "settings": {"hidden": True}},
        )

        assert get_adapter().get_app(None, "club").client_id == "2"

    @pytest.mark.requirement("SEC-112")
    def test_of_several_the_one_that_is_named_is_used(self, settings: Any) -> None:
        use_apps(
            settings,
            {"client_id": "1", "secret": "s1", "provider_id": "north"},
            {"client_id": "2", "secret": "s2", "provider_id": "south"},
        )
        adapter = get_adapter()

        assert adapter.get_app(None, "club", client_id="2").secret == "s2"
        assert adapter.get_app(None, "north").secret == "s1"

    @pytest.mark.requirement("SEC-112")
    @pytest.mark.parametrize("hidden", [True, False])
    def test_ambiguity_is_an_error(self, settings: Any, hidden: bool) -> None:
        config = {"client_id": "1", "settings": {"hidden": hidden}}
        use_apps(settings, config, config)

        with pytest.raises(MultipleObjectsReturned):
            get_adapter().get_app(None, "club")

    @pytest.mark.requirement("SEC-112")
    def test_stored_and_configured_apps_of_one_provider_clash(
        self, settings: Any, club: SocialApp
    ) -> None:
        use_apps(settings, {"client_id": "2"})

        with pytest.raises(MultipleObjectsReturned):
            get_adapter().get_app(make_request(), "club")


class TestProviders:
    def test_one_for_each_app_and_those_that_need_none(
        self, club: SocialApp, app_factory: Any
    ) -> None:
        app_factory(provider_id="north", settings={"hidden": True})

        providers = get_adapter().list_providers(make_request())

        found = [(provider.id, provider.sub_id) for provider in providers]
        assert [pair for pair in found if pair[0] in ("club", "dummy")] == [
            ("dummy", "dummy"),
            ("club", "club"),
            ("club", "north"),
        ]

    def test_provider_without_its_app_is_left_out(self, registered_club: None) -> None:
        assert "club" not in {
            provider.id for provider in get_adapter().list_providers(make_request())
        }

    def test_by_id_and_by_id_of_the_app(self, club: SocialApp, app_factory: Any) -> None:
        app_factory(provider_id="north", client_id="n")
        request = make_request()
        adapter = get_adapter()

        assert adapter.get_provider(request, "dummy").app is None
        assert isinstance(adapter.get_provider(request, "north"), ClubProvider)
        assert adapter.get_provider(request, "club", client_id="member").app == club

    def test_app_of_an_unknown_provider(self, app_factory: Any) -> None:
        app_factory(provider="nowhere", provider_id="here")

        with pytest.raises(ImproperlyConfigured):
            get_adapter().get_provider(make_request(), "here")


class TestVerifiedEmail:
    @pytest.mark.parametrize(
        ("of_app", "of_provider", "verified"),
        [
            (None, None, False),
            (None, True, True),
            (None, False, False),
            (None, ["Example.org"], True),
            (None, ["other.org"], False),
            (True, False, True),
            (False, True, False),
            (["example.ORG"], False, True),
            ([], True, False),
        ],
    )
    def test_app_decides_before_the_provider(
        self, settings: Any, of_app: Any, of_provider: Any, verified: bool
    ) -> None:
        others = {} if of_provider is None else {"VERIFIED_EMAIL": of_provider}
        use_apps(settings, {"client_id": "1", "settings": {"verified_email": of_app}}, **others)
        (app,) = get_adapter().list_apps(None)
        provider = ClubProvider(None, app=app)

        assert get_adapter().is_email_verified(provider, "a@EXAMPLE.org") is verified

    def test_other_values_are_refused(self, settings: Any) -> None:
        settings.SOCIALACCOUNT_PROVIDERS = {"dummy": {"VERIFIED_EMAIL": "example.org"}}

        with pytest.raises(ImproperlyConfigured):
            get_adapter().is_email_verified(DummyProvider(None), "a@example.org")

    @pytest.mark.parametrize(
        ("everywhere", "of_provider", "of_app", "allowed"),
        [
            (False, False, None, False),
            (True, False, None, True),
            (False, True, None, True),
            (True, True, False, False),
            (False, False, True, True),
        ],
    )
    def test_only_the_app_can_switch_email_authentication_off(
        self, settings: Any, everywhere: bool, of_provider: bool, of_app: Any, allowed: bool
    ) -> None:
        settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = everywhere
        use_apps(
            settings,
            {"client_id": "1", "settings": {"email_authentication": of_app}},
            EMAIL_AUTHENTICATION=of_provider,
        )
        (app,) = get_adapter().list_apps(None)
        login = SocialLogin(provider=ClubProvider(None, app=app))

        assert get_adapter().can_authenticate_by_email(login, "a@example.org") is allowed


class TestUserData:
    def populate(self, **data: Any) -> Any:
        login = SocialLogin(user=User())
        return get_adapter().populate_user(None, login, data)

    def test_name_is_split_at_the_first_blank(self) -> None:
        user = self.populate(name="Anna van Dijk")

        assert (user.first_name, user.last_name) == ("Anna", "van Dijk")

    def test_separate_names_come_first(self) -> None:
        user = self.populate(name="X Y", first_name="Anna", last_name="Berg")

        assert (user.first_name, user.last_name) == ("Anna", "Berg")

    def test_address_is_checked(self) -> None:
        assert self.populate(email="A@Example.org").email == "a@example.org"
        assert self.populate(email="no address").email == ""

    def test_form_is_filled_in_with_the_best_there_is(self) -> None:
        login = SocialLogin(user=User(first_name="Anna"))
        adapter = get_adapter()
        assert adapter.get_signup_form_initial_data(login) == {
            "email": "",
            "username": "",
            "first_name": "Anna",
            "last_name": "",
        }
        login.email_addresses = [EmailAddress(email="a@example.org")]
        assert adapter.get_signup_form_initial_data(login)["email"] == "a@example.org"
        login.user.email = "b@example.org"
        assert adapter.get_signup_form_initial_data(login)["email"] == "b@example.org"

    def test_unsaved_instances_survive_json(self) -> None:
        adapter = get_adapter()
        data = adapter.serialize_instance(SocialAccount(provider="dummy", uid="5"))

        assert adapter.deserialize_instance(SocialAccount, data).uid == "5"


class TestSettings:
    def test_defaults_follow_those_of_the_account_app(self, settings: Any) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["email*", "username*"]
        settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True

        assert app_settings.EMAIL_REQUIRED is True
        assert app_settings.QUERY_EMAIL is True
        assert app_settings.REAUTHENTICATION_REQUIRED is True
        assert app_settings.EMAIL_VERIFICATION is None
        assert app_settings.UID_MAX_LENGTH == 191
        settings.SOCIALACCOUNT_ONLY = True
        assert app_settings.EMAIL_VERIFICATION == "none"

    def test_former_layout_of_openid_connect_becomes_apps(self, settings: Any) -> None:
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {
                "SCOPE": ["openid"],
                "SERVERS": [
                    {
                        "id": "idp",
                        "name": "IdP",
                        "server_url": "https://idp.example",
                        "token_auth_method": "client_secret_basic",
                        "APP": {"client_id": "c", "secret": "s"},
                    },
                    {"id": "two", "server_url": "https://two.example", "APP": {"client_id": "d"}},
                ],
            }
        }
        before = copy.deepcopy(settings.SOCIALACCOUNT_PROVIDERS)

        config = app_settings.PROVIDERS["openid_connect"]

        assert config == {
            "SCOPE": ["openid"],
            "APPS": [
                {
                    "client_id": "c",
                    "secret": "s",
                    "name": "IdP",
                    "provider_id": "idp",
                    "settings": {
                        "server_url": "https://idp.example",
                        "token_auth_method": "client_secret_basic",
                    },
                },
                {
                    "client_id": "d",
                    "name": "",
                    "provider_id": "two",
                    "settings": {"server_url": "https://two.example"},
                },
            ],
        }
        assert before == settings.SOCIALACCOUNT_PROVIDERS

    def test_former_layout_needs_ids(self, settings: Any) -> None:
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"SERVERS": [{"id": ""}]}}

        with pytest.raises(AssertionError):
            app_settings.PROVIDERS  # noqa: B018


@pytest.mark.requirement("SEC-019")
@pytest.mark.parametrize(("setting", "seconds"), [(None, 5), (7, 7)])
def test_requests_to_providers_are_limited_in_time(
    settings: Any, setting: int | None, seconds: int
) -> None:
    from allauth.core.internal.http import Session

    if setting:
        settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = setting

    with get_adapter().get_requests_session() as session:
        assert isinstance(session, Session)
        assert session.timeout == seconds


class TestRegistry:
    def test_choices_are_ids_and_names(self, registered_club: None) -> None:
        assert dict(registry.as_choices())["club"] == "The Club"
        assert registry.get_class("club") is ClubProvider
        assert ClubProvider in registry.get_class_list()
        assert registry.get_class("nowhere") is None

    def test_project_can_replace_a_class(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from allauth.socialaccount.providers import ProviderRegistry

        path = f"{__name__}.ShoutingProvider"
        settings.SOCIALACCOUNT_PROVIDERS = {"dummy": {"provider_class": path}}
        fresh = ProviderRegistry()

        fresh.load()
        fresh.load()

        assert fresh.get_class("dummy") is ShoutingProvider
        assert fresh.get_class_list()[0].id == registry.get_class_list()[0].id

    def test_module_that_fails_is_not_taken_for_a_missing_one(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
    ) -> None:
        from allauth.socialaccount import providers

        package = tmp_path / "broken_provider_app"
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "provider.py").write_text("import a_module_that_does_not_exist")
        monkeypatch.syspath_prepend(str(tmp_path))
        module = importlib.import_module("broken_provider_app")
        config = SimpleNamespace(name="broken_provider_app", module=module)
        monkeypatch.setattr(providers, "apps", SimpleNamespace(get_app_configs=lambda: [config]))

        with pytest.raises(ImportError, match="a_module_that_does_not_exist"):
            providers.ProviderRegistry().load()


class ShoutingProvider(DummyProvider):
    """A class of the project in the place of another."""

    name = "DUMMY"


def test_error_messages_are_there_for_all_codes() -> None:
    assert set(DefaultSocialAccountAdapter.error_messages) == {
        "connected_other",
        "disconnect_last",
        "email_taken",
        "invalid_token",
        "no_password",
        "no_verified_email",
    }
    error = get_adapter().validation_error("email_taken", "The Club")
    assert error.code == "email_taken"
    assert "The Club" in error.messages[0]
