"""Connecting accounts at providers to the user who is logged in, and disconnecting them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import HASH_SESSION_KEY, get_user_model
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.test import Client
from pytest_django.asserts import assertTemplateUsed

from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import (
    ImmediateHttpResponse,
    ReauthenticationRequired,
    SignupClosedException,
)
from allauth.socialaccount import signals
from allauth.socialaccount.forms import DisconnectForm
from allauth.socialaccount.internal.flows import connect as connect_flow
from allauth.socialaccount.internal.flows.login import complete_login
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.dummy.provider import DummyProvider
from tests.socialaccount import adapters
from tests.socialaccount.club import (
    CONNECTIONS,
    add_account,
    arrive,
    arrive_from_club,
    begin,
    finish,
)
from tests.support.middleware import build_urlconf
from tests.support.pages import list_error_codes, list_messages
from tests.support.sessions import is_logged_in, make_request, read_session, write_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db

User = get_user_model()
REAUTHENTICATE = "/accounts/reauthenticate/"


@pytest.fixture
def member(client: Client, user: Any) -> Any:
    """A user whom the client is logged in as."""
    client.force_login(user)
    return user


@pytest.fixture
def reauthentication(settings: Any) -> None:
    settings.SOCIALACCOUNT_REAUTHENTICATION_REQUIRED = True


def connect(client: Client, id: object = 1, **profile: Any) -> Any:
    return arrive(client, id, process="connect", **profile)


def disconnect(client: Client, account: SocialAccount) -> Any:
    return client.post(CONNECTIONS, {"account": account.pk})


class TestConnect:
    def test_account_is_connected_announced_and_mailed_about(
        self, client: Client, member: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_NOTIFICATIONS = True

        with collect_signals(added=signals.social_account_added) as sent:
            response = connect(client, 5, email="elsewhere@example.org", email_verified="on")

        assert response["Location"] == CONNECTIONS
        account = SocialAccount.objects.get(user=member)
        assert (account.provider, account.uid) == ("dummy", "5")
        assert sent[0][1]["sociallogin"].account == account
        ((level, text),) = list_messages(response)
        assert level == "info"
        assert text
        (message,) = mail.outbox
        assert message.to == [member.email]
        assert "Dummy" in message.body
        assert not EmailAddress.objects.filter(email="elsewhere@example.org").exists()
        assert is_logged_in(client, member)

    @pytest.mark.requirement("SEC-165")
    def test_mail_says_from_where(self, client: Client, member: Any, settings: Any) -> None:
        settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
        client.defaults["HTTP_USER_AGENT"] = "Browser/7"

        connect(client)

        assert "127.0.0.1" in mail.outbox[0].body
        assert "Browser/7" in mail.outbox[0].body

    def test_no_authentication_is_recorded(self, client: Client, member: Any) -> None:
        connect(client)

        assert "account_authentication_methods" not in read_session(client)

    def test_next_is_where_it_ends(self, client: Client, member: Any) -> None:
        response = finish(client, begin(client, process="connect", next="/profile/"))

        assert response["Location"] == "/profile/"

    def test_adapter_says_where_it_ends(self, client: Client, member: Any, settings: Any) -> None:
        settings.SOCIALACCOUNT_ADAPTER = f"{adapters.PATH}.MovingAdapter"

        assert connect(client, 5)["Location"] == "/connected/5/"

    def test_own_account_is_refreshed_without_a_mail(
        self, client: Client, member: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
        add_account(member, 5, extra_data={})

        with collect_signals(
            added=signals.social_account_added, updated=signals.social_account_updated
        ) as sent:
            response = connect(client, 5, username="fresh")

        assert [name for name, _ in sent] == ["updated"]
        assert SocialAccount.objects.get().extra_data["username"] == "fresh"
        assert [level for level, _ in list_messages(response)] == ["info"]
        assert mail.outbox == []

    @pytest.mark.requirement("ATK-S39")
    def test_account_of_somebody_else_is_neither_moved_nor_touched(
        self, client: Client, member: Any, user_factory: Any, settings: Any, club: SocialApp
    ) -> None:
        settings.SOCIALACCOUNT_STORE_TOKENS = True
        owner = user_factory()
        account = add_account(owner, "m1", provider="club", extra_data={"mine": True})
        SocialToken.objects.create(account=account, app=club, token="mine")

        with collect_signals(updated=signals.social_account_updated) as sent:
            response = arrive_from_club(
                client, {"id": "m1"}, {"token": "theirs"}, process="connect"
            )

        stored = SocialAccount.objects.get()
        assert (stored.user, stored.extra_data) == (owner, {"mine": True})
        assert stored.last_login == account.last_login
        assert SocialToken.objects.get().token == "mine"
        assert sent == []
        assert response["Location"] == CONNECTIONS
        assert [level for level, _ in list_messages(response)] == ["error"]
        assert is_logged_in(client, member)

    def test_visitor_is_asked_to_log_in(self, client: Client) -> None:
        response = connect(client)

        assert response["Location"] == CONNECTIONS
        assert not SocialAccount.objects.exists()
        assert client.get(CONNECTIONS)["Location"].startswith("/accounts/login/")

    @pytest.mark.requirement("SEC-091")
    def test_connecting_needs_a_post(self, client: Client, member: Any) -> None:
        page = client.get("/accounts/dummy/login/?process=connect")

        assertTemplateUsed(page, "socialaccount/login.html")
        assert page.context["process"] == "connect"
        assert "socialaccount_states" not in read_session(client)

    @pytest.mark.requirement("ATK-S20", "INV-41")
    def test_of_two_users_who_connect_one_account_one_succeeds(
        self, client: Client, member: Any, user_factory: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = user_factory()
        original = SocialLogin.connect

        def interfere(sociallogin: Any, request: Any, user: Any) -> None:
            add_account(other, 5)
            original(sociallogin, request, user)

        monkeypatch.setattr(SocialLogin, "connect", interfere)

        response = connect(client, 5)

        assert SocialAccount.objects.get().user == other
        assert [level for level, _ in list_messages(response)] == ["error"]

    def test_phone_of_the_provider_does_not_replace_that_of_the_user(
        self, client: Client, user_factory: Any, sms_outbox: Any, club: SocialApp
    ) -> None:
        from tests.projects.phones.models import Phone

        user = user_factory(phone="+31612345678")
        client.force_login(user)

        arrive_from_club(client, {"id": "m1", "phone": "+31612345679"}, process="connect")

        assert Phone.objects.get().number == "+31612345678"


@pytest.mark.usefixtures("reauthentication")
class TestReauthentication:
    @pytest.mark.requirement("SEC-040")
    def test_connecting_waits_for_it(
        self, client: Client, member: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
        response = connect(client, 5)
        assert response["Location"] == REAUTHENTICATE
        assert not SocialAccount.objects.exists()

        response = client.post(REAUTHENTICATE, {"password": password})

        assert response["Location"] == CONNECTIONS
        assert SocialAccount.objects.get(user=member).uid == "5"
        assert len(mail.outbox) == 1

    def test_path_in_the_session_is_that_of_the_published_release(
        self, client: Client, member: Any
    ) -> None:
        connect(client, 5)

        stored = read_session(client)["account_reauthentication_state"]
        assert stored["callback"] == ("allauth.socialaccount.internal.flows.connect.resume_connect")
        assert stored["state"]["account"]["uid"] == "5"

    @pytest.mark.requirement("ATK-S22")
    def test_session_holds_no_password_hash(self, client: Client, member: Any) -> None:
        add_account(member, 5)

        connect(client, 5)

        state = read_session(client)["account_reauthentication_state"]["state"]
        assert state["user"]["id"] == member.pk
        assert member.password not in str(state)

    @pytest.mark.requirement("ATK-S22", "INV-16")
    def test_session_holds_no_token(
        self, client: Client, member: Any, password: str, settings: Any, club: SocialApp
    ) -> None:
        settings.SOCIALACCOUNT_STORE_TOKENS = True

        arrive_from_club(client, {"id": "m1"}, {"token": "canary"}, process="connect")

        assert "canary" not in str(read_session(client))
        client.post(REAUTHENTICATE, {"password": password})
        assert SocialToken.objects.get().token == "canary"

    def test_own_account_is_reported_as_refreshed_not_as_new(
        self, client: Client, member: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
        add_account(member, 5, extra_data={})
        connect(client, 5, username="fresh")

        with collect_signals(added=signals.social_account_added) as sent:
            client.post(REAUTHENTICATE, {"password": password})

        assert sent == []
        assert mail.outbox == []
        assert SocialAccount.objects.get().extra_data["username"] == "fresh"

    def test_account_connected_elsewhere_meanwhile_is_refused(
        self, client: Client, member: Any, password: str, user_factory: Any
    ) -> None:
        connect(client, 5)
        add_account(user_factory(), 5, extra_data={"mine": True})

        response = client.post(REAUTHENTICATE, {"password": password})

        assert [level for level, _ in list_messages(response)][-1] == "error"
        account = SocialAccount.objects.get()
        assert account.user != member
        assert account.extra_data == {"mine": True}

    @pytest.mark.requirement("SEC-040")
    def test_setting_of_the_account_app_does_not_matter(
        self, client: Client, member: Any, settings: Any
    ) -> None:
        settings.SOCIALACCOUNT_REAUTHENTICATION_REQUIRED = False
        settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True

        assert connect(client, 1)["Location"] == CONNECTIONS
        assert connect(client, 2)["Location"] == CONNECTIONS
        assert disconnect(client, SocialAccount.objects.get(uid="1"))["Location"] == CONNECTIONS
        assert SocialAccount.objects.get().uid == "2"

    @pytest.mark.requirement("ATK-A44")
    @pytest.mark.parametrize("is_own", [True, False])
    def test_login_by_a_provider_is_no_reauthentication(
        self, client: Client, member: Any, user_factory: Any, is_own: bool
    ) -> None:
        owner = member if is_own else user_factory()
        add_account(owner, 1)
        connect(client, 5)

        arrive(client, 1)

        assert is_logged_in(client, owner)
        assert "account_reauthentication_state" not in read_session(client)
        assert connect(client, 6)["Location"] == REAUTHENTICATE
        assert SocialAccount.objects.get().uid == "1"

    @pytest.mark.requirement("SEC-039")
    def test_mere_login_does_not_count(self, client: Client, user: Any, password: str) -> None:
        client.post("/accounts/login/", {"login": user.username, "password": password})
        assert is_logged_in(client, user)

        assert connect(client)["Location"] == REAUTHENTICATE

    def test_users_who_have_no_way_to_reauthenticate_are_not_asked(
        self, client: Client, user_factory: Any
    ) -> None:
        user = user_factory(password=None)
        add_account(user, 1)
        client.force_login(user)

        connect(client, 5)

        assert SocialAccount.objects.filter(user=user, uid="5").exists()

    @pytest.mark.parametrize("state", [{}, {"provider": {"id": "gone"}}])
    def test_state_that_cannot_be_read_is_refused(
        self, client: Client, member: Any, password: str, state: Any
    ) -> None:
        connect(client, 5)
        stored = read_session(client)["account_reauthentication_state"]
        write_session(client, account_reauthentication_state={**stored, "state": state})

        assert client.post(REAUTHENTICATE, {"password": password}).status_code == 403

    @pytest.mark.requirement("SEC-040")
    def test_disconnecting_waits_for_it(self, client: Client, member: Any, password: str) -> None:
        account = add_account(member)
        response = disconnect(client, account)
        assert response["Location"].startswith(REAUTHENTICATE)
        assert SocialAccount.objects.exists()

        client.post(response["Location"], {"password": password})

        assert not SocialAccount.objects.exists()


class TestDisconnect:
    def test_account_is_deleted_announced_and_mailed_about(
        self, client: Client, member: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
        account = add_account(member, 5)

        with collect_signals(removed=signals.social_account_removed) as sent:
            response = disconnect(client, account)

        assert response["Location"] == CONNECTIONS
        assert not SocialAccount.objects.exists()
        assert User.objects.get() == member
        ((_, event),) = sent
        assert event["sender"] is SocialAccount
        assert (event["socialaccount"].uid, event["socialaccount"].pk) == ("5", None)
        assert [level for level, _ in list_messages(response)] == ["info"]
        (message,) = mail.outbox
        assert message.to == [member.email]
        assert "Dummy" in message.body

    @pytest.mark.requirement("INV-34")
    def test_account_of_somebody_else_cannot_be_chosen(
        self, client: Client, member: Any, user_factory: Any
    ) -> None:
        foreign = add_account(user_factory(), 9)

        answers = [client.post(CONNECTIONS, {"account": pk}) for pk in (foreign.pk, 10**6, "x")]

        assert {response.status_code for response in answers} == {200}
        codes = [list_error_codes(response, "account") for response in answers]
        assert codes == [["invalid_choice"]] * 3
        assert SocialAccount.objects.get() == foreign

    def test_nothing_chosen_is_an_error(self, client: Client, member: Any) -> None:
        assert list_error_codes(client.post(CONNECTIONS), "account") == ["required"]

    def test_last_account_stays_where_there_is_no_password(
        self, client: Client, user_factory: Any
    ) -> None:
        user = user_factory(password=None)
        accounts = [add_account(user, uid) for uid in (1, 2)]
        client.force_login(user)

        first, second = (disconnect(client, account) for account in accounts)

        assert first.status_code == 302
        assert list_error_codes(second) == ["no_password"]
        assert SocialAccount.objects.get() == accounts[1]

    def test_last_account_stays_on_social_only_sites(
        self, client: Client, member: Any, settings: Any
    ) -> None:
        settings.SOCIALACCOUNT_ONLY = True
        account = add_account(member)

        assert list_error_codes(disconnect(client, account)) == ["disconnect_last"]

    def test_last_account_stays_without_a_verified_address(
        self, client: Client, user_factory: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        user = user_factory(verified=False)
        account = add_account(user)
        client.force_login(user)

        assert list_error_codes(disconnect(client, account)) == ["no_verified_email"]

    def test_adapter_may_refuse(self, client: Client, member: Any, settings: Any) -> None:
        settings.SOCIALACCOUNT_ADAPTER = f"{adapters.PATH}.StrictDisconnectAdapter"
        account = add_account(member, 1)
        other = add_account(member, 2)

        assert list_error_codes(disconnect(client, account)) == ["stays"]
        assert disconnect(client, other).status_code == 302

    @pytest.mark.requirement("ATK-S20", "INV-43")
    def test_two_removals_at_once_leave_one_way_in(
        self, client: Client, user_factory: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        user = user_factory(password=None)
        first, second = (add_account(user, uid) for uid in (1, 2))
        client.force_login(user)
        original = DisconnectForm.save

        def interfere(form: Any) -> None:
            # Both requests have validated their form before either deletes.
            SocialAccount.objects.filter(pk=second.pk).delete()
            original(form)

        monkeypatch.setattr(DisconnectForm, "save", interfere)

        response = disconnect(client, first)

        assert list_error_codes(response) == ["no_password"]
        assert SocialAccount.objects.get() == first

    @pytest.mark.requirement("ATK-S20")
    def test_password_made_unusable_meanwhile_counts(
        self, client: Client, member: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        account = add_account(member)
        original = DisconnectForm.save

        def interfere(form: Any) -> None:
            changed = User.objects.get(pk=member.pk)
            changed.set_unusable_password()
            User.objects.filter(pk=member.pk).update(password=changed.password)
            original(form)

        monkeypatch.setattr(DisconnectForm, "save", interfere)

        assert list_error_codes(disconnect(client, account)) == ["no_password"]
        assert SocialAccount.objects.exists()

    @pytest.mark.requirement("ATK-S20")
    def test_same_removal_twice_at_once_is_announced_once(
        self, client: Client, member: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        account = add_account(member)
        original = DisconnectForm.save

        def interfere(form: Any) -> None:
            SocialAccount.objects.all().delete()
            original(form)

        monkeypatch.setattr(DisconnectForm, "save", interfere)

        with collect_signals(removed=signals.social_account_removed) as sent:
            response = disconnect(client, account)

        assert response.status_code == 302
        assert sent == []

    @pytest.mark.requirement("ATK-S38")
    def test_account_of_a_provider_that_is_gone_can_be_removed(
        self, client: Client, member: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
        account = add_account(member, 5, provider="gone")

        assert disconnect(client, account).status_code == 302
        assert not SocialAccount.objects.exists()
        assert "gone" in mail.outbox[0].body


class TestPage:
    def test_accounts_can_be_chosen(self, client: Client, member: Any) -> None:
        account = add_account(member, 5, extra_data={"username": "anna at dummy"})

        page = client.get(CONNECTIONS)

        html = page.content.decode()
        assert f'id="id_account_{account.pk}" value="{account.pk}"' in html
        assert "anna at dummy" in html
        assert "/accounts/dummy/login/?process=connect" in html
        assert "no-store" in page["Cache-Control"]
        assert page["X-Frame-Options"] == "DENY"

    def test_ids_are_not_formatted_like_numbers(
        self, client: Client, member: Any, settings: Any
    ) -> None:
        settings.USE_THOUSAND_SEPARATOR = True
        add_account(member, 5, pk=12345)

        html = client.get(CONNECTIONS).content.decode()

        assert 'id="id_account_12345" value="12345"' in html

    @pytest.mark.requirement("SEC-113")
    def test_accounts_of_one_provider_can_be_told_apart(self, client: Client, member: Any) -> None:
        add_account(member, 1, extra_data={"email": "one@example.org", "name": "Anna"})
        add_account(member, 2, extra_data={"email": "two@example.org", "name": "Anna"})

        html = client.get(CONNECTIONS).content.decode()

        assert "one@example.org" in html
        assert "two@example.org" in html

    @pytest.mark.requirement("INV-46")
    def test_what_the_provider_says_is_escaped(self, client: Client, member: Any) -> None:
        add_account(member, 1, extra_data={"username": '"><svg onload=x>'})

        assert b"<svg" not in client.get(CONNECTIONS).content

    @pytest.mark.requirement("ATK-S38")
    @pytest.mark.parametrize("provider", ["gone", "club"])
    def test_page_works_with_accounts_of_providers_that_are_gone(
        self, client: Client, member: Any, registered_club: None, provider: str
    ) -> None:
        add_account(member, 1, provider=provider, extra_data={"username": "left over"})

        page = client.get(CONNECTIONS)

        assert page.status_code == 200
        assert b"left over" in page.content
        scripted = client.get(CONNECTIONS, headers={"x-requested-with": "XMLHttpRequest"})
        assert scripted.json()["data"]["socialaccounts"][0]["name"] == "left over"

    def test_scripts_get_the_accounts(self, client: Client, member: Any) -> None:
        account = add_account(member, 5, extra_data={"name": "Anna"})

        response = client.get(CONNECTIONS, headers={"x-requested-with": "XMLHttpRequest"})

        assert response.json()["data"] == {
            "socialaccounts": [{"id": account.pk, "provider": "dummy", "name": "Anna"}]
        }

    def test_project_can_replace_the_form(self, client: Client, member: Any, settings: Any) -> None:
        settings.SOCIALACCOUNT_FORMS = {"disconnect": StubbornForm}
        account = add_account(member, 5)

        assert list_error_codes(disconnect(client, account)) == ["stubborn"]


class StubbornForm(DisconnectForm):
    """Refuses everything."""

    def clean(self) -> dict[str, Any]:
        raise ValidationError("No.", code="stubborn")


class TestRaising:
    """How the JSON API completes a login: what stands in the way is raised."""

    @pytest.fixture
    def login_factory(self) -> Callable[..., SocialLogin]:
        def make(request: Any, process: str) -> SocialLogin:
            login = DummyProvider(request).sociallogin_from_response(request, {"id": 5})
            login.state = {"process": process}
            return login

        return make

    def test_visitor_cannot_connect(self, login_factory: Any) -> None:
        request = make_request()

        with pytest.raises(PermissionDenied):
            complete_login(request, login_factory(request, "connect"), raises=True)

    def test_account_of_somebody_else(
        self, login_factory: Any, user: Any, user_factory: Any
    ) -> None:
        add_account(user_factory(), 5)
        request = make_request(user)

        with pytest.raises(ValidationError) as caught:
            complete_login(request, login_factory(request, "connect"), raises=True)

        assert caught.value.code == "connected_other"

    def test_reauthentication(self, login_factory: Any, user: Any, reauthentication: None) -> None:
        request = make_request(user)

        with pytest.raises(ReauthenticationRequired):
            complete_login(request, login_factory(request, "connect"), raises=True)

    def test_closed_sign_up(self, login_factory: Any, settings: Any) -> None:
        settings.SOCIALACCOUNT_ADAPTER = f"{adapters.PATH}.ClosedAdapter"
        request = make_request()

        with pytest.raises(SignupClosedException):
            complete_login(request, login_factory(request, "login"), raises=True)

    def test_answer_of_a_hook(self, login_factory: Any, settings: Any) -> None:
        settings.SOCIALACCOUNT_ADAPTER = f"{adapters.PATH}.InterruptingAdapter"
        adapters.InterruptingAdapter.hooks = {"pre_social_login"}
        request = make_request()

        try:
            with pytest.raises(ImmediateHttpResponse) as caught:
                complete_login(request, login_factory(request, "login"), raises=True)
        finally:
            adapters.InterruptingAdapter.hooks = set()

        assert caught.value.response.content == b"pre_social_login"

    def test_user_who_is_known_is_not_looked_for(
        self, login_factory: Any, user: Any, user_factory: Any
    ) -> None:
        add_account(user_factory(), 5)
        request = make_request()
        login = login_factory(request, "login")
        login.user = user

        with context.request_context(request):
            complete_login(request, login, raises=True)

        assert request.user == user

    def test_success(self, login_factory: Any, user: Any) -> None:
        request = make_request(user)

        complete_login(request, login_factory(request, "connect"), raises=True)

        assert SocialAccount.objects.get(user=user).uid == "5"

    def test_success_where_there_are_no_pages(
        self, login_factory: Any, user: Any, settings: Any
    ) -> None:
        settings.HEADLESS_ONLY = True
        settings.ROOT_URLCONF = build_urlconf()
        request = make_request(user)

        complete_login(request, login_factory(request, "connect"), raises=True)

        assert SocialAccount.objects.get(user=user).uid == "5"

    def test_outcome_can_be_asked_for(
        self, login_factory: Any, user: Any, user_factory: Any
    ) -> None:
        request = make_request(user)
        login = login_factory(request, "connect")

        assert connect_flow.do_connect(request, login)[:2] == (True, "added")
        assert connect_flow.do_connect(request, login)[:2] == (True, "updated")
        SocialAccount.objects.update(user=user_factory())
        login = login_factory(request, "connect")
        assert connect_flow.do_connect(request, login)[:2] == (False, None)


def test_project_code_gets_the_error_of_the_database(user: Any, user_factory: Any) -> None:
    request = make_request(user)
    login = DummyProvider(request).sociallogin_from_response(request, {"id": 5})
    add_account(user_factory(), 5)

    with pytest.raises(IntegrityError):
        login.connect(request, user)


class TestPasswordThatChangesMeanwhile:
    @pytest.fixture
    def sociallogin(self, user: Any, settings: Any) -> Any:
        """A login that found the user by the address, while another request was faster."""
        settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
        address = EmailAddress(email=user.email, verified=True)
        sociallogin = SocialLogin(
            account=SocialAccount(provider="dummy", uid="1"), email_addresses=[address]
        )
        with context.request_context(make_request()):
            sociallogin.lookup()
        assert sociallogin.user == user
        type(user).objects.filter(pk=user.pk).update(password="!set-meanwhile")
        return sociallogin

    @pytest.mark.requirement("ATK-S19", "INV-40")
    def test_password_of_another_request_is_kept(self, sociallogin: Any, user: Any) -> None:
        sociallogin.save(make_request(), connect=True)

        user.refresh_from_db()
        assert user.password == "!set-meanwhile"
        assert SocialAccount.objects.get().user == user

    def test_password_that_the_project_sets_is_stored(self, sociallogin: Any, user: Any) -> None:
        sociallogin.user.set_password("chosen by the project")

        sociallogin.save(make_request(), connect=True)

        user.refresh_from_db()
        assert user.check_password("chosen by the project")

    @pytest.mark.requirement("ATK-S19", "INV-40")
    def test_whoever_was_put_out_stores_nothing(self, user: Any) -> None:

        request = make_request(user)
        request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        type(user).objects.filter(pk=user.pk).update(password="!set-meanwhile")
        sociallogin = SocialLogin(user=user, account=SocialAccount(provider="dummy", uid="1"))

        with pytest.raises(PermissionDenied):
            sociallogin.save(request, connect=True)

        user.refresh_from_db()
        assert user.password == "!set-meanwhile"
        assert not SocialAccount.objects.exists()
