"""Apps, accounts, tokens and logins by themselves."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured, MultipleObjectsReturned
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils.functional import SimpleLazyObject

from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.dummy.provider import DummyProvider
from tests.socialaccount.club import add_account
from tests.support.queries import assert_queries
from tests.support.sessions import make_request

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[2]
User = get_user_model()


class TestApp:
    def test_it_is_called_by_its_name(self, club: SocialApp) -> None:
        assert str(club) == "The Club"

    def test_it_makes_its_provider(self, club: SocialApp) -> None:
        request = make_request()

        provider = club.get_provider(request)

        assert (provider.id, provider.app, provider.request) == ("club", club, request)

    def test_unknown_provider_is_said_clearly(self) -> None:
        with pytest.raises(ImproperlyConfigured, match="nowhere"):
            SocialApp(provider="nowhere").get_provider(None)

    @pytest.mark.requirement("SEC-015")
    def test_names_of_secrets_are_masked_in_error_reports(self) -> None:
        from django.views.debug import SafeExceptionReporterFilter

        app = {"client_id": "x", "secret": "s1", "key": "s2", "settings": {"certificate_key": "s3"}}

        cleansed = SafeExceptionReporterFilter().cleanse_setting("APPS", app)

        assert "s1" not in str(cleansed)
        assert "s2" not in str(cleansed)
        assert "s3" not in str(cleansed)


class TestAccount:
    def test_it_is_called_like_its_user_or_as_the_project_says(
        self, user: Any, settings: Any
    ) -> None:
        account = add_account(user, 5)
        assert str(account) == user.username

        settings.SOCIALACCOUNT_SOCIALACCOUNT_STR = lambda account: f"{account.provider}!"
        assert str(account) == "dummy!"

    def test_provider_and_id_are_unique_together(self, user: Any, user_factory: Any) -> None:
        add_account(user, 5)

        with pytest.raises(IntegrityError), transaction.atomic():
            add_account(user_factory(), 5)
        add_account(user_factory(), 5, provider="other")

    def test_backends_are_asked_for_the_user(self, user: Any, settings: Any) -> None:
        settings.AUTHENTICATION_BACKENDS = [f"{__name__}.AccountBackend"]

        assert add_account(user).authenticate() == user

    def test_provider_is_looked_up_once(self, user: Any, club: SocialApp) -> None:
        account = add_account(user, "m1", provider="club")

        with assert_queries(1):
            assert account.get_provider() is account.get_provider()

    def test_provider_is_that_of_the_current_request(self, user: Any) -> None:
        request = make_request()
        with context.request_context(request):
            assert add_account(user).get_provider().request is request

    @pytest.mark.requirement("ATK-S41")
    @pytest.mark.parametrize(
        "url",
        [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "//evil.example/",
            "vbscript:x",
            " javascript:x",
            "http://[",
            5,
            None,
            "",
        ],
    )
    def test_links_of_a_profile_are_web_addresses_or_none(
        self, user: Any, club: SocialApp, url: Any
    ) -> None:
        data = {"profile_url": url, "avatar_url": url}
        account = add_account(user, "m1", provider="club", extra_data=data)

        assert account.get_profile_url() is None
        assert account.get_avatar_url() is None

    @pytest.mark.requirement("ATK-S41")
    def test_web_addresses_stay(self, user: Any, club: SocialApp) -> None:
        data = {"profile_url": "https://club.example/me", "avatar_url": "http://club.example/a"}
        account = add_account(user, "m1", provider="club", extra_data=data)

        assert account.get_profile_url() == "https://club.example/me"
        assert account.get_avatar_url() == "http://club.example/a"

    @pytest.mark.requirement("ATK-S38")
    def test_account_without_a_provider_still_has_a_name(self, user: Any) -> None:
        account = add_account(user, 5, provider="gone")

        assert account.get_provider_account().get_brand() == {"id": "gone", "name": "gone"}
        assert str(account.get_provider_account()) == "gone"
        assert account.get_profile_url() is None
        with pytest.raises(SocialApp.DoesNotExist):
            account.get_provider()


class AccountBackend:
    """Takes the account's word."""

    def authenticate(self, request: Any, account: Any = None) -> Any:
        return account.user


class TestToken:
    @pytest.mark.requirement("SEC-101", "INV-16")
    def test_nothing_shows_the_token(
        self, user: Any, caplog: pytest.LogCaptureFixture, admin_client: Any
    ) -> None:
        secret = "canary-" + "x" * 60
        token = SocialToken.objects.create(
            account=add_account(user), token=secret, token_secret=secret
        )

        with caplog.at_level(logging.INFO):
            logging.getLogger("any").info("token: %s %r %s", token, token, [token])

        assert "canary" not in caplog.text + str(token) + repr(token)
        listed = admin_client.get("/admin/socialaccount/socialtoken/").content.decode()
        assert secret not in listed
        assert f"{secret[:40]}…" in listed


class TestLogin:
    def make(self, **fields: Any) -> SocialLogin:
        values = {
            "user": User(username="anna"),
            "account": SocialAccount(provider="dummy", uid="5", extra_data={"a": 1}),
            "provider": DummyProvider(None),
            **fields,
        }
        return SocialLogin(**values)

    def test_it_begins_with_nothing(self) -> None:
        login = SocialLogin()

        assert (login.state, login.email_addresses, login.is_headless) == ({}, [], False)
        assert not login.is_existing
        assert login.get_redirect_url(make_request()) is None

    def test_user_who_is_stored_exists(self, user: Any) -> None:
        assert self.make(user=user).is_existing
        user.delete()
        assert not self.make(user=User(pk=999)).is_existing

    def test_it_survives_a_session(self) -> None:
        login = self.make(
            email_addresses=[EmailAddress(email="a@example.org", verified=True)],
            phone="+31612345678",
            phone_verified=True,
        )
        login.state = {"process": "login", "next": "/x"}

        restored = SocialLogin.deserialize(json.loads(json.dumps(login.serialize())))

        assert restored.user.username == "anna"
        assert (restored.account.uid, restored.account.extra_data) == ("5", {"a": 1})
        assert [row.email for row in restored.email_addresses] == ["a@example.org"]
        assert restored.email_addresses[0].verified
        assert (restored.phone, restored.phone_verified) == ("+31612345678", True)
        assert restored.state == login.state
        assert restored.token is None

    @pytest.mark.requirement("ATK-S22")
    def test_stored_user_is_read_anew_and_their_password_is_not_kept(
        self, user: Any, password: str
    ) -> None:
        login = self.make(user=SimpleLazyObject(lambda: user))
        data = json.loads(json.dumps(login.serialize()))
        User.objects.filter(pk=user.pk).update(first_name="Changed")

        restored = SocialLogin.deserialize(data)

        assert "password" not in data["user"]
        assert data["user"]["username"] == user.username
        assert restored.user.first_name == "Changed"
        assert restored.user.check_password(password)

    @pytest.mark.parametrize("data", [{}, [], "x", {"provider": {"id": "dummy"}}, None])
    def test_other_data_are_refused(self, data: Any) -> None:
        with pytest.raises(ValueError, match=r"."):
            SocialLogin.deserialize(data)

    def test_provider_that_is_gone_is_said_so(self) -> None:
        data = self.make().serialize()
        data["provider"] = {"id": "gone"}

        with pytest.raises(SocialApp.DoesNotExist):
            SocialLogin.deserialize(data)

    def test_user_is_looked_up_once(self, user: Any) -> None:
        with pytest.raises(AssertionError):
            self.make(user=user).lookup()

    @pytest.mark.requirement("INV-42")
    def test_saving_is_all_or_nothing(self, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
        def fail(*args: Any, **kwargs: Any) -> None:
            raise RuntimeError

        monkeypatch.setattr(EmailAddress, "save", fail)
        login = self.make(email_addresses=[EmailAddress(email="a@example.org")])

        with pytest.raises(RuntimeError):
            login.save(make_request())

        assert not User.objects.exists()
        assert not SocialAccount.objects.exists()

    def test_token_of_another_package_is_stored_with_its_app(
        self, user: Any, settings: Any, club: SocialApp
    ) -> None:
        settings.SOCIALACCOUNT_STORE_TOKENS = True
        login = self.make(account=SocialAccount(provider="club", uid="m1"))
        login.token = SocialToken(app=SocialApp(provider="club"), token="t")

        login.connect(make_request(user), user)

        assert SocialToken.objects.get().app is None


class TestMigrations:
    NAMES = {
        "0001_initial",
        "0002_token_max_lengths",
        "0003_extra_data_default_dict",
        "0004_app_provider_id_settings",
        "0005_socialtoken_nullable_app",
        "0006_alter_socialaccount_extra_data",
    }

    def test_names_are_those_of_the_published_release(self) -> None:
        loader = MigrationLoader(None, ignore_no_migrations=True)

        found = {name for app, name in loader.disk_migrations if app == "socialaccount"}
        assert found == self.NAMES

    def test_models_are_what_the_migrations_make(self) -> None:
        call_command("makemigrations", "socialaccount", check=True, dry_run=True, verbosity=0)

    def test_there_are_no_sites_without_the_sites_framework(self) -> None:
        code = (
            "from django.conf import settings\n"
            "settings.INSTALLED_APPS = [name for name in settings.INSTALLED_APPS"
            " if name != 'django.contrib.sites']\n"
            "import django; django.setup()\n"
            "from django.core.management import call_command\n"
            "call_command('migrate', verbosity=0)\n"
            "call_command('makemigrations', 'socialaccount', check=True, dry_run=True,"
            " verbosity=0)\n"
            "from allauth.socialaccount.models import SocialApp\n"
            "assert SocialApp.objects.on_site(None).count() == 0\n"
            "print(hasattr(SocialApp, 'sites'))\n"
        )
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.projects.regular.settings",
            "PYTHONPATH": str(ROOT),
        }

        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.stdout.strip() == "False", done.stderr

    def test_models_need_the_app_installed(self) -> None:
        code = "import django; django.setup(); import allauth.socialaccount.models"
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.projects.account_only.settings",
            "PYTHONPATH": str(ROOT),
        }

        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

        assert "ImproperlyConfigured" in done.stderr


def test_ambiguous_app_is_an_error_of_its_own(club: SocialApp, app_factory: Any, user: Any) -> None:
    app_factory()

    with pytest.raises(MultipleObjectsReturned):
        add_account(user, "m1", provider="club").get_provider()
