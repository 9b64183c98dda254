"""Logging in by an account at a provider, and by the address that a provider verified."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import connection
from django.test import Client
from pytest_django.asserts import assertTemplateUsed

from allauth.account.models import EmailAddress
from allauth.account.signals import authentication_step_completed, user_logged_in
from allauth.socialaccount import signals
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from tests.socialaccount import adapters
from tests.socialaccount.club import (
    CONNECTIONS,
    DUMMY,
    SIGNUP,
    add_account,
    arrive,
    arrive_from_club,
    begin,
    finish,
)
from tests.support.pages import LOGIN, list_messages, submit_login
from tests.support.sessions import is_logged_in, make_request, read_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db

User = get_user_model()
RECORDS = "account_authentication_methods"


@pytest.fixture
def email_authentication(settings: Any) -> None:
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True


class TestKnownAccount:
    def test_owner_is_logged_in_and_the_step_recorded(self, client: Client, user: Any) -> None:
        add_account(user, 7)

        with collect_signals(step=authentication_step_completed, logged_in=user_logged_in) as sent:
            response = arrive(client, 7)

        assert response["Location"] == "/accounts/profile/"
        assert is_logged_in(client, user)
        (record,) = read_session(client)[RECORDS]
        assert {**record, "at": 0} == {
            "method": "socialaccount",
            "at": 0,
            "provider": "dummy",
            "uid": "7",
        }
        names = [name for name, _ in sent]
        assert names == ["step", "logged_in"]
        assert sent[0][1]["provider"] == "dummy"
        assert sent[1][1]["sociallogin"].account.uid == "7"

    def test_next_is_where_the_login_ends(self, client: Client, user: Any) -> None:
        add_account(user)

        response = finish(client, begin(client, next="/there/?a=1"))

        assert response["Location"] == "/there/?a=1"

    @pytest.mark.requirement("SEC-009", "ATK-C18")
    @pytest.mark.parametrize(
        "target",
        [
            "https://evil.example/",
            "//evil.example",
            "/\\evil",
            "http://[::1",
            "//[",
            "javascript:x",
        ],
    )
    def test_unsafe_next_is_forgotten(
        self, client: Client, user: Any, settings: Any, target: str
    ) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        add_account(user)

        response = finish(client, begin(client, next=target))

        assert response["Location"] == "/accounts/profile/"

    def test_data_are_refreshed_and_announced(self, client: Client, user: Any) -> None:
        account = add_account(user, extra_data={"id": 1, "old": True})

        with collect_signals(updated=signals.social_account_updated) as sent:
            arrive(client, 1, username="new")

        stored = SocialAccount.objects.get()
        assert stored.extra_data["username"] == "new"
        assert "old" not in stored.extra_data
        assert stored.last_login > account.last_login
        ((_, event),) = sent
        assert event["sociallogin"].account == stored
        assert event["request"].path == "/accounts/dummy/authenticate/"

    def test_inactive_user_is_told(self, client: Client, user_factory: Any) -> None:
        add_account(user_factory(is_active=False))

        response = arrive(client)

        assert response["Location"] == "/accounts/inactive/"
        assert not is_logged_in(client)

    def test_stages_stand_in_the_way(
        self, client: Client, user_factory: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        user = user_factory(verified=False)
        add_account(user)

        response = arrive(client)

        assert response["Location"] == "/accounts/confirm-email/"
        assert not is_logged_in(client)
        assert len(mail.outbox) == 1

    def test_pending_stage_survives_with_its_login_by_provider(
        self, client: Client, user_factory: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        user = user_factory(verified=False)
        add_account(user)
        arrive(client)

        stored = read_session(client)["account_login"]["signal_kwargs"]["sociallogin"]

        assert stored["account"]["uid"] == "1"
        assert "password" not in stored["user"]
        assert client.get("/accounts/confirm-email/").status_code == 200

    def test_verification_can_be_waived_for_providers(
        self, client: Client, user_factory: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        settings.SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
        user = user_factory(verified=False)
        add_account(user)

        arrive(client)

        assert is_logged_in(client, user)

    @pytest.mark.requirement("SEC-105")
    def test_other_spelling_of_the_id_is_somebody_else(
        self, client: Client, user: Any, club: SocialApp
    ) -> None:
        add_account(user, "Member", provider="club")

        response = arrive_from_club(client, {"id": "member"})

        if connection.vendor == "mysql":
            # By default it takes ids for equal that differ in case, and has no room for the other.
            assert response["Location"] == SIGNUP
            assert client.post(SIGNUP, {"username": "anna"})["Location"] == LOGIN
            assert not is_logged_in(client)
        else:
            assert is_logged_in(client)
        assert not is_logged_in(client, user)


class TestSwitching:
    @pytest.mark.requirement("SEC-090")
    def test_finishing_without_connect_connects_nothing(self, client: Client, user: Any) -> None:
        client.force_login(user)

        arrive(client, 5)

        account = SocialAccount.objects.get()
        assert account.user != user
        assert is_logged_in(client, account.user)

    def test_other_user_is_logged_out_first(self, client: Client, user_factory: Any) -> None:
        first, second = user_factory(), user_factory()
        add_account(second)
        client.force_login(first)
        key = client.session.session_key

        arrive(client)

        assert is_logged_in(client, second)
        assert client.session.session_key != key
        assert [record["method"] for record in read_session(client)[RECORDS]] == ["socialaccount"]


class TestProcess:
    @pytest.mark.requirement("ATK-S40")
    @pytest.mark.parametrize("process", ["", "nonsense", "LOGIN", "redirect"])
    def test_what_a_visitor_makes_up_is_a_login(
        self, client: Client, user: Any, process: str
    ) -> None:
        add_account(user)

        arrive(client, process=process)

        assert is_logged_in(client, user)
        assert read_session(client)[RECORDS]

    @pytest.mark.requirement("ATK-S40")
    def test_redirect_needs_the_signature_of_the_site(self, client: Client, user: Any) -> None:
        add_account(user)

        where = begin(client, process="redirect", process_signature="forged")
        finish(client, where)

        assert is_logged_in(client, user)

    @pytest.mark.requirement("ATK-S40")
    def test_redirect_by_the_template_tag_logs_nobody_in(self, client: Client, user: Any) -> None:
        from django.template import Context, Template

        account = add_account(user, extra_data={})
        request = make_request(path="/page/?a=b", method="get")
        template = Template(
            "{% load socialaccount %}{% provider_login_url 'dummy' process='redirect' as url %}"
            "{{ url|safe }}"
        )
        url = template.render(Context({"request": request}))
        assert url.startswith(DUMMY)

        response = finish(client, str(client.post(url)["Location"]), 1, username="fresh")

        assert response["Location"] == "/page/?a=b"
        assert not is_logged_in(client)
        account.refresh_from_db()
        assert account.extra_data["username"] == "fresh"

    @pytest.mark.requirement("ATK-S39")
    def test_redirect_refreshes_nothing_of_another_user(
        self, client: Client, user_factory: Any
    ) -> None:
        from allauth.socialaccount.providers.dummy.provider import DummyProvider

        first, second = user_factory(), user_factory()
        add_account(first, extra_data={"mine": True})
        client.force_login(second)
        signature = DummyProvider(None).sign_redirect()

        arrive_url = begin(client, process="redirect", process_signature=signature)
        finish(client, arrive_url)

        assert SocialAccount.objects.get().extra_data == {"mine": True}
        assert is_logged_in(client, second)


class TestHooks:
    @pytest.fixture(autouse=True)
    def _use_adapter(self, settings: Any) -> Any:
        settings.SOCIALACCOUNT_ADAPTER = f"{adapters.PATH}.InterruptingAdapter"
        yield
        adapters.InterruptingAdapter.hooks = set()

    @pytest.mark.requirement("SEC-034")
    @pytest.mark.parametrize("process", ["login", "connect"])
    def test_hook_before_everything_can_answer(
        self, client: Client, user: Any, process: str
    ) -> None:
        adapters.InterruptingAdapter.hooks = {"pre_social_login"}
        client.force_login(user)

        response = arrive(client, process=process)

        assert (response.status_code, response.content) == (418, b"pre_social_login")
        assert not SocialAccount.objects.exists()

    def test_hook_of_sign_up_can_answer(self, client: Client) -> None:
        adapters.InterruptingAdapter.hooks = {"is_open_for_signup"}

        assert arrive(client).status_code == 418
        assert not User.objects.exists()

    def test_hook_of_errors_can_answer(self, client: Client) -> None:
        adapters.InterruptingAdapter.hooks = {"on_authentication_error"}

        assert client.post(begin(client), {"action": "cancel"}).status_code == 418

    def test_receiver_of_the_signal_can_answer(self, client: Client) -> None:
        from django.http import HttpResponse

        from allauth.core.exceptions import ImmediateHttpResponse

        def answer(**kwargs: Any) -> None:
            raise ImmediateHttpResponse(HttpResponse("stop", status=418))

        signals.pre_social_login.connect(answer)
        try:
            assert arrive(client).content == b"stop"
        finally:
            signals.pre_social_login.disconnect(answer)

    def test_hook_may_connect_whoever_comes(
        self, client: Client, user_factory: Any, settings: Any
    ) -> None:
        settings.SOCIALACCOUNT_ADAPTER = f"{adapters.PATH}.MovingAdapter"
        user = user_factory(username="anna")

        arrive(client, 3, username="anna")

        assert is_logged_in(client, user)
        assert SocialAccount.objects.get(user=user).uid == "3"


@pytest.mark.usefixtures("email_authentication")
class TestEmailAuthentication:
    def test_verified_address_logs_its_owner_in(
        self, client: Client, user: Any, password: str
    ) -> None:
        arrive(client, email=user.email, email_verified="on")

        assert is_logged_in(client, user)
        assert not SocialAccount.objects.exists()
        user.refresh_from_db()
        assert user.check_password(password)

    @pytest.mark.requirement("SEC-107")
    def test_unverified_address_logs_nobody_in(self, client: Client, user: Any) -> None:
        response = arrive(client, email=user.email)

        assert response["Location"] == SIGNUP
        assert not is_logged_in(client)

    @pytest.mark.requirement("ATK-S16")
    @pytest.mark.parametrize(
        "claim", ["false", "False", "0", "no", "True", 0, 1, None, [], {}, ["true"], "yes"]
    )
    def test_unclear_claim_logs_nobody_in(
        self, client: Client, user: Any, club: SocialApp, claim: Any
    ) -> None:
        arrive_from_club(client, {"id": "m1", "email": user.email, "email_verified": claim})
        arrive_from_club(
            client, {"id": "m2", "addresses": [{"email": user.email, "verified": claim}]}
        )

        assert not is_logged_in(client, user)

    @pytest.mark.requirement("ATK-S16")
    @pytest.mark.parametrize("claim", [True, "true", "1"])
    def test_clear_claim_logs_the_owner_in(
        self, client: Client, user: Any, club: SocialApp, claim: Any
    ) -> None:
        arrive_from_club(client, {"id": "m1", "email": user.email, "email_verified": claim})

        assert is_logged_in(client, user)

    def test_auto_connect_stores_the_account(
        self, client: Client, user: Any, settings: Any
    ) -> None:
        settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
        settings.ACCOUNT_EMAIL_NOTIFICATIONS = True

        with collect_signals(
            added=signals.social_account_added, updated=signals.social_account_updated
        ) as sent:
            arrive(client, 8, email=user.email, email_verified="on")

        assert is_logged_in(client, user)
        assert SocialAccount.objects.get(user=user).uid == "8"
        assert [name for name, _ in sent] == ["added"]
        assert [message.to for message in mail.outbox] == [[user.email]]

    def test_provider_and_app_decide_too(
        self, client: Client, user: Any, club: SocialApp, settings: Any
    ) -> None:
        settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
        profile = {"id": "m1", "email": user.email, "email_verified": True}
        arrive_from_club(client, profile)
        assert not is_logged_in(client)

        settings.SOCIALACCOUNT_PROVIDERS = {"club": {"EMAIL_AUTHENTICATION": True}}
        arrive_from_club(client, profile)
        assert is_logged_in(client, user)

        client.logout()
        club.settings = {"email_authentication": False}
        club.save()
        arrive_from_club(client, profile)
        assert not is_logged_in(client)

    @pytest.mark.requirement("ATK-S18")
    @pytest.mark.parametrize("email", ["m\u0131ke@example.org", "\uff4dike@example.org"])
    def test_look_alike_address_selects_nobody(
        self, client: Client, user_factory: Any, club: SocialApp, email: str
    ) -> None:
        victim = user_factory(email="mike@example.org")

        arrive_from_club(client, {"id": "m1", "email": email, "email_verified": True})

        assert not is_logged_in(client, victim)

    @pytest.mark.requirement("ATK-S18")
    def test_case_does_not_matter(self, client: Client, user: Any) -> None:
        arrive(client, email=user.email.upper(), email_verified="on")

        assert is_logged_in(client, user)

    @pytest.mark.requirement("ATK-S18")
    def test_of_several_accounts_none_is_selected(self, client: Client, user_factory: Any) -> None:
        for _ in range(2):
            user_factory(email="shared@example.org", verified=False)

        response = arrive(client, email="shared@example.org", email_verified="on")

        assert not is_logged_in(client)
        assert response["Location"] == SIGNUP

    @pytest.mark.requirement("ATK-S18")
    def test_who_verified_the_address_is_preferred(self, client: Client, user_factory: Any) -> None:
        user_factory(email="shared@example.org", verified=False)
        owner = user_factory(email="shared@example.org")

        arrive(client, email="shared@example.org", email_verified="on")

        assert is_logged_in(client, owner)

    @pytest.mark.requirement("ATK-S18")
    def test_inactive_owner_gets_the_inactive_page(
        self, client: Client, user_factory: Any, password: str
    ) -> None:
        user = user_factory(is_active=False, verified=False)

        response = arrive(client, email=user.email, email_verified="on")

        assert response["Location"] == "/accounts/inactive/"
        user.refresh_from_db()
        assert user.check_password(password)

    @pytest.mark.requirement("ATK-S18")
    def test_stages_of_the_owner_stand_in_the_way(
        self, client: Client, user: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.GateAdapter"

        response = arrive(client, email=user.email, email_verified="on")

        assert response["Location"] == "/gate/"
        assert not is_logged_in(client)

    @pytest.mark.requirement("ATK-S18", "SEC-097")
    def test_connect_goes_by_who_is_logged_in(self, client: Client, user: Any) -> None:
        client.force_login(user)

        with collect_signals(added=signals.social_account_added, logged_in=user_logged_in) as sent:
            response = arrive(client, 9, process="connect", email=user.email, email_verified="on")

        assert [name for name, _ in sent] == ["added"]
        assert SocialAccount.objects.get(user=user).uid == "9"
        assert response["Location"] == CONNECTIONS
        assert [level for level, _ in list_messages(response)] == ["info"]

    @pytest.mark.requirement("ATK-S18")
    def test_connect_never_touches_the_owner_of_the_address(
        self, client: Client, user_factory: Any, password: str
    ) -> None:
        user, victim = user_factory(), user_factory(verified=False)
        client.force_login(user)

        response = arrive(client, 9, process="connect", email=victim.email, email_verified="on")

        account = SocialAccount.objects.get()
        assert account.user == user
        assert is_logged_in(client, user)
        assert [level for level, _ in list_messages(response)] == ["info"]
        victim.refresh_from_db()
        assert victim.check_password(password)
        assert not EmailAddress.objects.filter(user=user, email=victim.email).exists()


@pytest.mark.usefixtures("email_authentication")
class TestPlantedAccount:
    """Somebody signed up with an address that is not theirs, and waits for its owner."""

    @pytest.fixture
    def planted(self, user_factory: Any) -> Any:
        user = user_factory(email="victim@example.org", verified=False)
        EmailAddress.objects.create(user=user, email="attacker@example.org", verified=True)
        add_account(user, "planted", provider="club")
        return user

    @pytest.mark.requirement("SEC-096")
    def test_password_is_made_unusable(self, client: Client, planted: Any, password: str) -> None:
        arrive(client, email="victim@example.org", email_verified="on")

        assert is_logged_in(client, planted)
        planted.refresh_from_db()
        assert not planted.has_usable_password()

    @pytest.mark.requirement("SEC-096")
    def test_nothing_is_wiped_where_the_address_was_verified(
        self, client: Client, planted: Any, password: str
    ) -> None:
        EmailAddress.objects.filter(email="victim@example.org").update(verified=True)

        arrive(client, email="victim@example.org", email_verified="on")

        planted.refresh_from_db()
        assert planted.check_password(password)
        assert planted.emailaddress_set.count() == 2
        assert planted.socialaccount_set.count() == 1

    @pytest.mark.requirement("ATK-S19", "SEC-096")
    @pytest.mark.parametrize("usable", [True, False])
    def test_sessions_end_even_those_of_an_account_without_password(
        self, client: Client, client_factory: Any, planted: Any, usable: bool
    ) -> None:
        if not usable:
            planted.set_unusable_password()
            planted.save()
        attacker = client_factory()
        attacker.force_login(planted)
        assert attacker.get("/accounts/email/").status_code == 200

        arrive(client, email="victim@example.org", email_verified="on")

        assert attacker.get("/accounts/email/").status_code == 302
        assert client.get("/accounts/email/").status_code == 200

    @pytest.mark.requirement("ATK-S19", "INV-40")
    def test_accounts_and_addresses_of_the_attacker_are_removed(
        self, client: Client, planted: Any
    ) -> None:
        arrive(client, email="victim@example.org", email_verified="on")

        assert not planted.socialaccount_set.exists()
        (address,) = planted.emailaddress_set.all()
        assert (address.email, address.verified, address.primary) == (
            "victim@example.org",
            True,
            True,
        )
        planted.refresh_from_db()
        assert planted.email == "victim@example.org"

    @pytest.mark.requirement("ATK-S19")
    def test_account_without_a_row_for_the_address_is_taken_over_too(
        self, client: Client, planted: Any
    ) -> None:
        EmailAddress.objects.filter(email="victim@example.org").delete()
        EmailAddress.objects.filter(user=planted).update(primary=True)

        arrive(client, email="victim@example.org", email_verified="on")

        (address,) = planted.emailaddress_set.all()
        assert (address.email, address.verified) == ("victim@example.org", True)
        assert is_logged_in(client, planted)

    @pytest.mark.requirement("ATK-S19")
    def test_account_of_the_owner_is_connected_after_the_wipe(
        self, client: Client, planted: Any, settings: Any
    ) -> None:
        settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True

        arrive(client, 4, email="victim@example.org", email_verified="on")

        (account,) = planted.socialaccount_set.all()
        assert account.uid == "4"

    @pytest.mark.requirement("ATK-S19")
    def test_attacker_cannot_come_back(
        self, client: Client, client_factory: Any, planted: Any, password: str, club: SocialApp
    ) -> None:
        arrive(client, email="victim@example.org", email_verified="on")

        attacker = client_factory()
        submit_login(attacker, planted.username, password)
        assert not is_logged_in(attacker)
        arrive_from_club(attacker, {"id": "planted"})
        assert not is_logged_in(attacker, planted)

    @pytest.mark.requirement("ATK-S19", "INV-40")
    @pytest.mark.skipif(not apps.is_installed("allauth.mfa"), reason="there is no allauth.mfa yet")
    def test_factors_of_the_attacker_are_removed(self, client: Client, planted: Any) -> None:
        factors = apps.get_model("mfa", "Authenticator")._default_manager
        factors.create(user=planted, type="totp", data={"secret": "x"})

        arrive(client, email="victim@example.org", email_verified="on")

        assert not factors.exists()
        assert is_logged_in(client, planted)

    @pytest.mark.requirement("SEC-096")
    @pytest.mark.skipif(
        not apps.is_installed("allauth.usersessions"),
        reason="there is no allauth.usersessions yet",
    )
    def test_listed_sessions_of_the_attacker_are_ended(
        self, client: Client, client_factory: Any, planted: Any, password: str
    ) -> None:
        sessions = apps.get_model("usersessions", "UserSession")._default_manager
        attacker = client_factory()
        submit_login(attacker, planted.username, password)
        key = attacker.session.session_key
        assert sessions.filter(session_key=key).exists()

        arrive(client, email="victim@example.org", email_verified="on")

        assert not sessions.filter(session_key=key).exists()
        assert read_session(attacker) == {}

    def test_address_verified_by_somebody_else_at_this_moment_is_refused(
        self, client: Client, planted: Any, password: str, user_factory: Any
    ) -> None:
        other = user_factory()

        def interfere(**kwargs: Any) -> None:
            EmailAddress.objects.create(user=other, email="victim@example.org", verified=True)

        signals.pre_social_login.connect(interfere)
        try:
            response = arrive(client, email="victim@example.org", email_verified="on")
        finally:
            signals.pre_social_login.disconnect(interfere)

        assert response.status_code == 403
        assert not is_logged_in(client)
        planted.refresh_from_db()
        assert planted.check_password(password)
        assert planted.socialaccount_set.exists()

    def test_account_connected_by_somebody_else_at_this_moment_is_refused(
        self, client: Client, user_factory: Any, settings: Any
    ) -> None:
        settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
        owner, other = user_factory(), user_factory()

        def interfere(**kwargs: Any) -> None:
            add_account(other, 1)

        signals.pre_social_login.connect(interfere)
        try:
            response = arrive(client, 1, email=owner.email, email_verified="on")
        finally:
            signals.pre_social_login.disconnect(interfere)

        assert response.status_code == 403
        assert not is_logged_in(client)
        assert SocialAccount.objects.get().user == other


class TestAddressOfSomebodyElse:
    @pytest.mark.requirement("SEC-095")
    @pytest.mark.parametrize("verified", ["on", ""])
    @pytest.mark.parametrize("prevention", [True, False, "strict"])
    def test_address_alone_opens_no_account(
        self, client: Client, user: Any, settings: Any, verified: str, prevention: Any
    ) -> None:
        settings.ACCOUNT_PREVENT_ENUMERATION = prevention

        arrive(client, email=user.email, email_verified=verified)

        assert not is_logged_in(client, user)
        assert not SocialAccount.objects.filter(user=user).exists()


class TestErrors:
    def test_cancelling_leads_to_its_page(self, client: Client) -> None:
        response = client.post(begin(client), {"action": "cancel"})

        assert response["Location"] == "/accounts/3rdparty/login/cancelled/"
        assertTemplateUsed(client.get(response["Location"]), "socialaccount/login_cancelled.html")

    def test_adapter_may_add_to_the_error_page(self, client: Client, settings: Any) -> None:
        from allauth.socialaccount.helpers import render_authentication_error

        settings.SOCIALACCOUNT_ADAPTER = f"{adapters.PATH}.InterruptingAdapter"
        request = make_request()
        extra: dict[str, Any] = {"state_id": "x"}

        response = render_authentication_error(request, "dummy", extra_context=extra)

        assert response.status_code == 401
        assert extra == {"state_id": "x", "hint": "from the adapter"}

    def test_hook_of_old_is_called_with_a_warning(self, settings: Any) -> None:
        from allauth.socialaccount.helpers import render_authentication_error
        from allauth.socialaccount.providers.dummy.provider import DummyProvider

        settings.SOCIALACCOUNT_ADAPTER = f"{adapters.PATH}.LegacyErrorsAdapter"
        adapters.LegacyErrorsAdapter.calls.clear()
        request = make_request()

        with pytest.warns(UserWarning, match="authentication_error"):
            render_authentication_error(request, DummyProvider(request), error="denied")

        assert adapters.LegacyErrorsAdapter.calls == [("dummy", "denied", None, {})]

    @pytest.mark.requirement("ATK-S24", "INV-16")
    def test_page_does_not_show_what_went_wrong(self) -> None:
        from allauth.socialaccount.helpers import render_authentication_error

        response = render_authentication_error(
            make_request(), "<svg onload=x>", exception=ValueError("secret-token-1")
        )

        assert b"secret-token-1" not in response.content
        assert b"<svg" not in response.content
        assert "no-store" in response["Cache-Control"]


class TestTokens:
    TOKEN = {"token": "first-token", "token_secret": "refresh"}

    @pytest.mark.requirement("SEC-100")
    def test_tokens_are_not_stored_by_default(self, client: Client, club: SocialApp) -> None:
        arrive_from_club(client, {"id": "m1"}, self.TOKEN)

        assert SocialAccount.objects.exists()
        assert not SocialToken.objects.exists()

    @pytest.mark.requirement("SEC-100")
    @pytest.mark.parametrize("of_settings", [False, True])
    def test_there_is_one_token_per_app_and_account(
        self, client: Client, club: SocialApp, settings: Any, of_settings: bool
    ) -> None:
        settings.SOCIALACCOUNT_STORE_TOKENS = True
        if of_settings:
            club.delete()
            settings.SOCIALACCOUNT_PROVIDERS = {"club": {"APP": {"client_id": "member"}}}
        arrive_from_club(client, {"id": "m1"}, self.TOKEN)

        arrive_from_club(client, {"id": "m1"}, {"token": "second-token", "token_secret": ""})

        token = SocialToken.objects.get()
        assert token.app_id == (None if of_settings else club.pk)
        assert (token.token, token.token_secret) == ("second-token", "refresh")

    def test_new_refresh_token_replaces_the_old_one(
        self, client: Client, club: SocialApp, settings: Any
    ) -> None:
        settings.SOCIALACCOUNT_STORE_TOKENS = True
        arrive_from_club(client, {"id": "m1"}, self.TOKEN)

        arrive_from_club(client, {"id": "m1"}, {"token": "t", "token_secret": "newer"})

        assert SocialToken.objects.get().token_secret == "newer"
