"""Making accounts for those who come from a provider, with and without the form."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django import forms
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import IntegrityError
from django.test import Client
from pytest_django.asserts import assertTemplateUsed

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.internal.claims import claim_identifier
from allauth.account.models import EmailAddress
from allauth.account.signals import user_logged_in, user_signed_up
from allauth.socialaccount import signals
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.forms import SignupForm
from allauth.socialaccount.internal.flows import signup as signup_flow
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin, SocialToken
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
from tests.support.pages import (
    LOGIN,
    PHONE_VERIFY,
    configure,
    list_error_codes,
    submit_code,
    submit_signup,
)
from tests.support.parity import Visitor, compare
from tests.support.sessions import is_logged_in, make_request, read_session, write_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db

User = get_user_model()
PENDING = signup_flow.PENDING_SIGNUP_SESSION_KEY


@pytest.fixture
def form_shown(settings: Any) -> None:
    settings.SOCIALACCOUNT_AUTO_SIGNUP = False


@pytest.fixture
def mandatory(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]


class TestWithoutForm:
    def test_account_is_made_and_logged_in(self, client: Client) -> None:
        with collect_signals(
            signed_up=user_signed_up,
            logged_in=user_logged_in,
            added=signals.social_account_added,
        ) as sent:
            response = arrive(
                client, 6, email="anna@example.org", email_verified="on", username="anna"
            )

        user = User.objects.get()
        assert response["Location"] == "/accounts/profile/"
        assert is_logged_in(client, user)
        assert (user.username, user.email) == ("anna", "anna@example.org")
        assert not user.has_usable_password()
        assert SocialAccount.objects.get(user=user).uid == "6"
        address = EmailAddress.objects.get(user=user)
        assert (address.email, address.verified, address.primary) == (
            "anna@example.org",
            True,
            True,
        )
        assert [name for name, _ in sent] == ["signed_up", "logged_in"]
        assert sent[0][1]["sociallogin"].account.uid == "6"
        assert PENDING not in read_session(client)

    @pytest.mark.requirement("SEC-099")
    def test_step_is_recorded_for_the_new_user(self, client: Client) -> None:
        arrive(client, 6)

        session = read_session(client)
        (record,) = session["account_authentication_methods"]
        assert (record["method"], record["provider"], record["uid"]) == (
            "socialaccount",
            "dummy",
            "6",
        )
        assert session["account_authentication_methods_user"] == str(User.objects.get().pk)

    def test_names_are_taken_from_the_profile(self, client: Client, club: SocialApp) -> None:
        arrive_from_club(client, {"id": "m1", "name": "Anna Maria Berg"})

        user = User.objects.get()
        assert (user.first_name, user.last_name) == ("Anna", "Maria Berg")

    def test_long_and_odd_values_are_made_to_fit(self, client: Client, club: SocialApp) -> None:
        profile = {"id": "m1", "first_name": "x" * 500, "last_name": 17, "username": ["no"]}

        arrive_from_club(client, profile)

        user = User.objects.get()
        assert user.first_name == "x" * 150
        assert user.last_name == "17"
        assert user.username

    def test_unacceptable_username_is_replaced(self, client: Client, user_factory: Any) -> None:
        user_factory(username="anna")

        arrive(client, 1, username="anna")
        arrive(client, 2, username="an na!")

        names = set(User.objects.values_list("username", flat=True))
        assert len(names) == 3
        assert "an na!" not in names

    def test_unverified_address_gets_a_mail(self, client: Client, mandatory: None) -> None:
        response = arrive(client, email="new@example.org")

        assert response["Location"] == "/accounts/confirm-email/"
        assert not is_logged_in(client)
        assert User.objects.get().email == "new@example.org"
        assert [message.to for message in mail.outbox] == [["new@example.org"]]

    def test_verified_address_satisfies_mandatory_verification(
        self, client: Client, mandatory: None
    ) -> None:
        arrive(client, email="new@example.org", email_verified="on")

        assert is_logged_in(client)
        assert mail.outbox == []

    @pytest.mark.requirement("SEC-074")
    def test_closed_sign_up_says_so(self, client: Client, settings: Any) -> None:
        settings.SOCIALACCOUNT_ADAPTER = f"{adapters.PATH}.ClosedAdapter"

        response = arrive(client)

        assert response.status_code == 200
        assertTemplateUsed(response, "account/signup_closed.html")
        assert not User.objects.exists()

    @pytest.mark.requirement("SEC-068")
    def test_address_that_the_project_refuses_is_left_out(
        self, client: Client, settings: Any
    ) -> None:
        settings.ACCOUNT_ADAPTER = f"{adapters.PATH}.PickyAccountAdapter"

        arrive(client, email="anna@refused.example", email_verified="on")

        user = User.objects.get()
        assert is_logged_in(client, user)
        assert user.email == ""
        assert not EmailAddress.objects.exists()

    def test_phone_of_the_provider_is_stored(
        self, client: Client, sms_outbox: Any, club: SocialApp
    ) -> None:
        from tests.projects.phones.models import Phone

        arrive_from_club(client, {"id": "m1", "phone": "+31612345678", "phone_verified": True})
        arrive_from_club(client, {"id": "m2", "phone": "+31612345679", "phone_verified": "no"})
        arrive_from_club(client, {"id": "m3", "phone": "call me"})

        assert list(Phone.objects.order_by("pk").values_list("number", "verified")) == [
            ("+31612345678", True),
            ("+31612345679", False),
        ]

    def test_number_of_somebody_else_stays_with_them(
        self, client: Client, sms_outbox: Any, club: SocialApp, user_factory: Any
    ) -> None:
        from tests.projects.phones.models import Phone

        owner = user_factory(phone="+31612345678")

        arrive_from_club(client, {"id": "m1", "phone": "+31612345678", "phone_verified": True})

        assert Phone.objects.get().user == owner


class TestWhenTheFormIsShown:
    def test_where_auto_sign_up_is_off(self, client: Client, form_shown: None) -> None:
        response = arrive(client, 6)

        assert response["Location"] == SIGNUP
        page = client.get(SIGNUP)
        assertTemplateUsed(page, "socialaccount/signup.html")
        assert page.context["form"].sociallogin.account.uid == "6"
        assert page.context["account"].uid == "6"
        assert page.context["login_url"] == LOGIN
        assert "no-store" in page["Cache-Control"]
        assert not User.objects.exists()

    def test_where_a_required_address_is_missing(self, client: Client, settings: Any) -> None:
        settings.SOCIALACCOUNT_EMAIL_REQUIRED = True

        assert arrive(client)["Location"] == SIGNUP
        form = client.get(SIGNUP).context["form"]
        assert form.fields["email"].required

    @pytest.mark.requirement("SEC-068")
    def test_where_the_project_refuses_the_required_address(
        self, client: Client, settings: Any
    ) -> None:
        settings.ACCOUNT_ADAPTER = f"{adapters.PATH}.PickyAccountAdapter"
        settings.SOCIALACCOUNT_EMAIL_REQUIRED = True

        response = arrive(client, email="anna@refused.example", email_verified="on")

        assert response["Location"] == SIGNUP
        response = client.post(SIGNUP, {"username": "anna", "email": "anna@refused.example"})
        assert list_error_codes(response, "email") == ["refused"]
        assert not User.objects.exists()

    def test_where_the_address_is_taken_and_that_may_be_told(
        self, client: Client, user: Any
    ) -> None:
        assert arrive(client, email=user.email)["Location"] == SIGNUP

    def test_not_where_addresses_need_not_be_unique(
        self, client: Client, user: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_UNIQUE_EMAIL = False

        arrive(client, email=user.email)

        assert is_logged_in(client)

    def test_not_under_strict_prevention(self, client: Client, user: Any, settings: Any) -> None:
        settings.ACCOUNT_PREVENT_ENUMERATION = "strict"

        arrive(client, email=user.email)

        assert is_logged_in(client)
        assert not is_logged_in(client, user)

    def test_where_a_required_number_is_missing_or_taken(
        self, client: Client, sms_outbox: Any, settings: Any, user_factory: Any, club: SocialApp
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["phone*", "email", "username*"]
        user_factory(phone="+31612345678")

        missing = arrive_from_club(client, {"id": "m1"})
        taken = arrive_from_club(client, {"id": "m1", "phone": "+31612345678"})

        assert missing["Location"] == taken["Location"] == SIGNUP

    @pytest.mark.requirement("SEC-069")
    def test_missing_number_is_asked_for_and_verified(
        self, client: Client, sms_outbox: Any, settings: Any
    ) -> None:
        configure(settings, SIGNUP_FIELDS=["phone*", "email", "username*"])
        arrive(client)
        incomplete = client.post(SIGNUP, {"username": "anna"})
        assert list_error_codes(incomplete, "phone") == ["required"]

        response = client.post(SIGNUP, {"username": "anna", "phone": "+31612345678"})

        assert response["Location"] == PHONE_VERIFY
        assert not is_logged_in(client)
        assert submit_code(client, PHONE_VERIFY, sms_outbox[-1].code).status_code == 302
        user = SocialAccount.objects.get().user
        assert is_logged_in(client, user)
        assert get_account_adapter().get_phone(user) == ("+31612345678", True)

    @pytest.mark.requirement("SEC-069")
    def test_number_that_the_provider_did_not_verify_is_verified(
        self, client: Client, sms_outbox: Any, settings: Any
    ) -> None:
        configure(settings, SIGNUP_FIELDS=["phone*", "email", "username*"])

        response = arrive(client, phone="+31612345678")

        assert response["Location"] == PHONE_VERIFY
        assert not is_logged_in(client)
        assert sms_outbox[-1].phone == "+31612345678"

    @pytest.mark.requirement("SEC-098", "INV-20")
    def test_taken_address_looks_like_a_new_one(
        self, client_factory: Callable[..., Client], user: Any, mandatory: None
    ) -> None:
        emails = [user.email, "new@example.org"]

        def visit(visitor: Visitor, email: str) -> None:
            where = begin(visitor.client)
            uid = emails.index(email) + 1
            response = visitor.note(finish(visitor.client, where, uid, email=email))
            visitor.get(response["Location"])

        (known, _) = compare(client_factory, visit, *emails)
        assert known.seen[0]["messages"]
        assert known.seen[0]["mails"] == 1
        assert [message.to for message in mail.outbox] == [[email] for email in emails]
        assert SocialAccount.objects.get().uid == "2"


@pytest.mark.usefixtures("form_shown")
class TestForm:
    def test_it_is_filled_in(self, client: Client) -> None:
        arrive(client, email="anna@example.org", username="anna", first_name="Anna")

        form = client.get(SIGNUP).context["form"]

        assert form.initial == {
            "email": "anna@example.org",
            "username": "anna",
            "first_name": "Anna",
            "last_name": "",
        }
        assert list(form.fields) == ["email", "username"]

    def test_account_is_made_of_what_was_typed_in(self, client: Client) -> None:
        where = begin(client, next="/welcome/")
        finish(client, where, 6, email="anna@example.org", email_verified="on")

        with collect_signals(signed_up=user_signed_up) as sent:
            response = client.post(SIGNUP, {"username": "berta", "email": "anna@example.org"})

        user = User.objects.get()
        assert response["Location"] == "/welcome/"
        assert user.username == "berta"
        assert is_logged_in(client, user)
        assert SocialAccount.objects.get(user=user).uid == "6"
        assert len(sent) == 1

    @pytest.mark.requirement("ATK-S28")
    def test_changed_address_is_unverified_and_the_verified_one_primary(
        self, client: Client
    ) -> None:
        arrive(client, email="anna@example.org", email_verified="on")

        client.post(SIGNUP, {"username": "anna", "email": "other@example.org"})

        addresses = EmailAddress.objects.order_by("email")
        assert [(row.email, row.verified, row.primary) for row in addresses] == [
            ("anna@example.org", True, True),
            ("other@example.org", False, False),
        ]

    def test_typed_address_is_primary_among_unverified_ones(self, client: Client) -> None:
        arrive(client, email="anna@example.org")

        client.post(SIGNUP, {"username": "anna", "email": "other@example.org"})

        assert EmailAddress.objects.get(primary=True).email == "other@example.org"
        assert User.objects.get().email == "other@example.org"

    @pytest.mark.requirement("ATK-S28")
    def test_address_of_somebody_else_is_a_form_error_with_a_hint(
        self, client: Client, user: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_PREVENT_ENUMERATION = False
        arrive(client)

        response = client.post(SIGNUP, {"username": "anna", "email": user.email})

        assert list_error_codes(response, "email") == ["email_taken"]
        assert "Dummy" in str(response.context["form"].errors["email"])
        assert not SocialAccount.objects.exists()

    @pytest.mark.requirement("SEC-098", "INV-20")
    def test_taken_address_in_the_form_looks_like_a_new_one(
        self, client_factory: Callable[..., Client], user: Any, mandatory: None
    ) -> None:
        emails = [user.email, "new@example.org"]

        def visit(visitor: Visitor, email: str) -> None:
            arrive(visitor.client, emails.index(email) + 1)
            response = visitor.post(SIGNUP, username=visitor.name, email=email)
            visitor.get(response["Location"])
            assert PENDING not in read_session(visitor.client)

        (known, _) = compare(client_factory, visit, *emails)
        assert known.seen[0]["messages"]
        assert known.seen[0]["mails"] == 1
        assert [message.to for message in mail.outbox] == [[email] for email in emails]
        assert SocialAccount.objects.get().uid == "2"

    @pytest.mark.requirement("ATK-S28", "SEC-166")
    def test_fields_that_are_not_in_the_form_are_ignored(self, client: Client) -> None:
        arrive(client)

        client.post(
            SIGNUP,
            {
                "username": "anna",
                "is_staff": "1",
                "is_superuser": "1",
                "uid": "99",
                "user": "1",
                "password": "x",
                "password1": "secret enough 7",
            },
        )

        user = User.objects.get()
        assert (user.is_staff, user.is_superuser) == (False, False)
        assert not user.has_usable_password()
        assert SocialAccount.objects.get().uid == "1"

    @pytest.mark.requirement("ATK-S28")
    def test_username_taken_meanwhile_is_a_form_error_and_can_be_corrected(
        self, client: Client, user_factory: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        arrive(client)
        original = SignupForm.save

        def save(form: Any, request: Any) -> Any:
            if not User.objects.filter(username="anna").exists():
                user_factory(username="anna")
            return original(form, request)

        with monkeypatch.context() as patch:
            patch.setattr(SignupForm, "save", save)
            response = client.post(SIGNUP, {"username": "anna"})

        assert response.status_code == 200
        assert response.context["form"].errors["username"]
        assert not SocialAccount.objects.exists()
        client.post(SIGNUP, {"username": "berta"})
        assert SocialAccount.objects.get().user.username == "berta"

    @pytest.mark.requirement("ATK-S28")
    def test_account_connected_meanwhile_leads_to_the_login_page(
        self, client: Client, user: Any
    ) -> None:
        arrive(client, 6)
        add_account(user, 6)

        response = client.post(SIGNUP, {"username": "anna"})

        assert response["Location"] == LOGIN
        assert not User.objects.filter(username="anna").exists()
        assert PENDING not in read_session(client)

    @pytest.mark.requirement("INV-10")
    def test_pending_sign_up_is_used_once(self, client: Client) -> None:
        arrive(client, 6)
        pending = read_session(client)[PENDING]
        client.post(SIGNUP, {"username": "anna"})
        client.logout()

        assert client.get(SIGNUP)["Location"] == LOGIN
        write_session(client, **{PENDING: pending})
        assert client.post(SIGNUP, {"username": "berta"})["Location"] == LOGIN
        assert User.objects.count() == 1

    def test_visitor_who_is_logged_in_is_sent_to_the_connections(
        self, client: Client, user: Any
    ) -> None:
        arrive(client)
        pending = read_session(client)[PENDING]
        client.force_login(user)
        write_session(client, **{PENDING: pending})

        assert client.get(SIGNUP)["Location"] == CONNECTIONS

    @pytest.mark.requirement("SEC-074")
    def test_closed_sign_up_shows_no_form(self, client: Client, settings: Any) -> None:
        arrive(client)
        settings.SOCIALACCOUNT_ADAPTER = f"{adapters.PATH}.ClosedAdapter"

        response = client.post(SIGNUP, {"username": "anna"})

        assertTemplateUsed(response, "account/signup_closed.html")
        assert not User.objects.exists()

    def test_hook_that_answers_is_heard(self, client: Client, settings: Any) -> None:
        arrive(client)
        settings.SOCIALACCOUNT_ADAPTER = f"{adapters.PATH}.InterruptingAdapter"
        adapters.InterruptingAdapter.hooks = {"is_open_for_signup"}
        try:
            assert client.get(SIGNUP).status_code == 418
        finally:
            adapters.InterruptingAdapter.hooks = set()

    @pytest.mark.requirement("SEC-034")
    def test_hook_of_the_login_can_answer(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.ImmediateAdapter"
        arrive(client)

        response = client.post(SIGNUP, {"username": "anna"})

        assert (response.status_code, response.content) == (418, b"pre_login")
        assert not is_logged_in(client)

    def test_project_can_replace_the_form(self, client: Client, settings: Any) -> None:
        settings.SOCIALACCOUNT_FORMS = {"signup": f"{__name__}.NicknameForm"}
        arrive(client)

        client.post(SIGNUP, {"username": "anna", "nickname": "nan"})

        assert User.objects.get().first_name == "nan"

    def test_scripts_get_the_form_as_json(self, client: Client) -> None:
        arrive(client)

        response = client.get(SIGNUP, headers={"x-requested-with": "XMLHttpRequest"})

        assert set(response.json()["form"]["fields"]) == {"email", "username"}

    def test_form_works_without_an_address_field(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
        arrive(client, email="anna@example.org")

        response = client.post(SIGNUP, {"username": "anna"})

        assert response.status_code == 302
        assert EmailAddress.objects.get().email == "anna@example.org"

    def test_typed_number_counts_for_more_than_that_of_the_provider(
        self, client: Client, settings: Any, sms_outbox: Any, club: SocialApp
    ) -> None:
        from tests.projects.phones.models import Phone

        settings.ACCOUNT_SIGNUP_FIELDS = ["phone*", "email", "username*"]
        settings.ACCOUNT_PHONE_VERIFICATION_ENABLED = False
        arrive_from_club(client, {"id": "m1", "phone": "+31612345678", "phone_verified": True})

        client.post(SIGNUP, {"username": "anna", "phone": "+31612345679"})

        phone = Phone.objects.get()
        assert (phone.number, phone.verified) == ("+31612345679", False)


class NicknameForm(SignupForm):
    """Asks for one thing more."""

    nickname = forms.CharField()

    def save(self, request: Any) -> Any:
        user = super().save(request)
        user.first_name = self.cleaned_data["nickname"]
        user.save()
        return user


@pytest.mark.usefixtures("form_shown")
class TestSession:
    TOKEN = {"token": "canary-access", "token_secret": "canary-refresh"}

    def test_format_is_that_of_the_published_release(self, client: Client) -> None:
        arrive(client, 6, email="anna@example.org", email_verified="on", username="anna")

        data = read_session(client)[PENDING]

        assert data["provider"] == {"id": "dummy"}
        assert {**data["account"], "extra_data": None} == {
            "id": None,
            "user_id": None,
            "provider": "dummy",
            "uid": "6",
            "last_login": None,
            "date_joined": None,
            "extra_data": None,
        }
        assert data["email_addresses"] == [
            {
                "id": None,
                "user_id": None,
                "email": "anna@example.org",
                "verified": True,
                "primary": True,
            }
        ]
        assert data["state"] == {"process": "login", "data": None}
        assert data["user"]["username"] == "anna"
        assert (data["phone"], data["phone_verified"]) == (None, False)
        assert "token" not in data

    def test_pending_sign_up_of_the_published_release_can_be_finished(
        self, client: Client, settings: Any, club: SocialApp
    ) -> None:
        settings.SOCIALACCOUNT_STORE_TOKENS = True
        write_session(client, **{PENDING: self.make_legacy(club)})

        response = client.post(SIGNUP, {"username": "anna"})

        assert response["Location"] == "/x"
        assert SocialAccount.objects.get().uid == "77"
        token = SocialToken.objects.get()
        assert (token.app, token.token, token.token_secret) == (club, "tok", "sec")
        assert EmailAddress.objects.get().verified

    def make_legacy(self, club: SocialApp) -> dict[str, Any]:
        return {
            "provider": {"id": "club", "app.client_id": club.client_id},
            "account": {
                "id": None,
                "user_id": None,
                "provider": "club",
                "uid": "77",
                "last_login": None,
                "date_joined": None,
                "extra_data": {"a": 1},
            },
            "user": {
                "id": None,
                "password": "!unusable",
                "last_login": None,
                "is_superuser": False,
                "username": "bob",
                "first_name": "",
                "last_name": "",
                "email": "bob@example.org",
                "is_staff": False,
                "is_active": True,
                "date_joined": "2026-11-24T22:23:34.688Z",
            },
            "state": {"process": "login", "next": "/x"},
            "email_addresses": [
                {
                    "id": None,
                    "user_id": None,
                    "email": "bob@example.org",
                    "verified": True,
                    "primary": True,
                }
            ],
            "phone": None,
            "phone_verified": False,
            "token": {
                "id": None,
                "app_id": club.pk,
                "account_id": None,
                "token": "tok",
                "token_secret": "sec",
                "expires_at": "2026-11-25T22:23:34.688Z",
            },
        }

    @pytest.mark.requirement("SEC-108")
    @pytest.mark.parametrize(
        "value", [None, 5, "x", [], {}, {"provider": {}}, {"provider": {"id": ["dummy"]}}]
    )
    def test_what_cannot_be_read_counts_as_none(self, client: Client, value: Any) -> None:
        write_session(client, **{PENDING: value})

        assert client.get(SIGNUP)["Location"] == LOGIN

    @pytest.mark.requirement("SEC-108")
    def test_pending_sign_up_of_releases_before_65_5_counts_as_none(
        self, client: Client, club: SocialApp
    ) -> None:
        data = self.make_legacy(club)
        del data["provider"]
        write_session(client, **{PENDING: data})

        assert client.get(SIGNUP)["Location"] == LOGIN

    @pytest.mark.requirement("ATK-S22", "INV-16")
    def test_token_is_not_readable_in_the_session(
        self, client: Client, club: SocialApp, settings: Any
    ) -> None:
        settings.SOCIALACCOUNT_STORE_TOKENS = True
        arrive_from_club(client, {"id": "m1"}, self.TOKEN)

        assert "canary" not in json.dumps(read_session(client))
        client.post(SIGNUP, {"username": "anna"})
        token = SocialToken.objects.get()
        assert (token.token, token.token_secret) == ("canary-access", "canary-refresh")

    def test_token_sealed_under_a_key_that_is_a_fallback_now_can_be_read(
        self, client: Client, club: SocialApp, settings: Any
    ) -> None:
        settings.SOCIALACCOUNT_STORE_TOKENS = True
        arrive_from_club(client, {"id": "m1"}, self.TOKEN)
        pending = read_session(client)[PENDING]
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "a new one"
        login = SocialLogin.deserialize(pending)
        settings.SECRET_KEY_FALLBACKS = []

        assert login.token is not None
        assert login.token.token == "canary-access"
        assert SocialLogin.deserialize(pending).token is None

    @pytest.mark.parametrize("sealed", [None, 5, "", "x", "é", ["x"]])
    def test_token_that_cannot_be_read_is_left_out(
        self, client: Client, club: SocialApp, settings: Any, sealed: Any
    ) -> None:
        settings.SOCIALACCOUNT_STORE_TOKENS = True
        arrive_from_club(client, {"id": "m1"}, self.TOKEN)
        pending = {**read_session(client)[PENDING], "sealed_token": sealed}
        write_session(client, **{PENDING: pending})

        assert client.post(SIGNUP, {"username": "anna"}).status_code == 302

        assert SocialAccount.objects.get().user.username == "anna"
        assert not SocialToken.objects.exists()

    @pytest.mark.requirement("ATK-S22", "INV-13")
    @pytest.mark.parametrize(("age", "leads"), [(900, None), (901, LOGIN)])
    def test_pending_sign_up_expires(self, client: Client, age: int, leads: str | None) -> None:
        with time_machine.travel(time.time(), tick=False) as traveller:
            arrive(client)
            traveller.shift(age)

            assert client.get(SIGNUP).get("Location") == leads

    @pytest.mark.requirement("ATK-S22")
    def test_time_of_one_of_the_published_release_begins_when_it_is_seen(
        self, client: Client, club: SocialApp
    ) -> None:
        write_session(client, **{PENDING: self.make_legacy(club)})
        with time_machine.travel(time.time(), tick=False) as traveller:
            assert client.get(SIGNUP).status_code == 200
            traveller.shift(901)

            assert client.get(SIGNUP).status_code == 302

    @pytest.mark.requirement("ATK-S38")
    @pytest.mark.parametrize("change", ["deleted", "duplicated", "uninstalled"])
    def test_provider_that_is_gone_ends_the_sign_up(
        self, client: Client, club: SocialApp, app_factory: Any, change: str
    ) -> None:
        arrive_from_club(client, {"id": "m1"})
        if change == "deleted":
            club.delete()
        elif change == "duplicated":
            app_factory()
        else:
            SocialApp.objects.filter(pk=club.pk).update(provider="unheard-of")

        assert client.get(SIGNUP)["Location"] == LOGIN

    @pytest.mark.requirement("ATK-S38")
    def test_apps_with_one_client_id_are_told_apart(
        self, client: Client, club: SocialApp, app_factory: Any
    ) -> None:
        club.provider_id = "north"
        club.save()
        app_factory(provider_id="south")

        login = SocialLogin(
            user=User(),
            account=SocialAccount(provider="north", uid="1"),
            provider=club.get_provider(None),
        )

        restored = SocialLogin.deserialize(json.loads(json.dumps(login.serialize())))
        assert restored.provider is not None
        assert restored.provider.sub_id == "north"

    def test_new_login_by_a_provider_replaces_the_pending_sign_up(self, client: Client) -> None:
        arrive(client, 1)
        arrive(client, 2)

        assert read_session(client)[PENDING]["account"]["uid"] == "2"


class TestRaces:
    """Another request stores something between the look-up and the insert."""

    @pytest.mark.requirement("ATK-S20", "INV-41")
    def test_second_of_two_first_logins_is_a_login(
        self, client: Client, user_factory: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        owners = []

        def interfere(user: Any) -> None:
            if not owners:
                owners.append(user_factory())
                add_account(owners[0], 6)

        monkeypatch.setattr(signup_flow, "_drop_unacceptable_username", interfere)

        response = arrive(client, 6, username="anna")

        assert response["Location"] == "/accounts/profile/"
        assert is_logged_in(client, owners[0])
        assert not User.objects.filter(username="anna").exists()

    @pytest.mark.requirement("ATK-S20")
    def test_token_of_the_second_one_is_stored(
        self,
        client: Client,
        club: SocialApp,
        user_factory: Any,
        settings: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        settings.SOCIALACCOUNT_STORE_TOKENS = True

        def interfere(user: Any) -> None:
            add_account(user_factory(), "m1", provider="club")

        monkeypatch.setattr(signup_flow, "_drop_unacceptable_username", interfere)

        arrive_from_club(client, {"id": "m1"}, {"token": "second"})

        token = SocialToken.objects.get()
        assert (token.token, token.account) == ("second", SocialAccount.objects.get())
        assert is_logged_in(client, token.account.user)

    @pytest.mark.requirement("ATK-S20")
    def test_address_verified_by_somebody_else_meanwhile_shows_the_form(
        self, client: Client, user_factory: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interfere(user: Any) -> None:
            raise IntegrityError

        monkeypatch.setattr(EmailAddress, "save", lambda *args, **kwargs: interfere(None))

        response = arrive(client, 6, email="anna@example.org", email_verified="on")

        assert response["Location"] == SIGNUP
        assert not User.objects.exists()

    def test_address_that_somebody_is_signing_up_with_shows_the_form(self, client: Client) -> None:
        assert claim_identifier("anna@example.org")

        response = arrive(client, email="anna@example.org")

        assert response["Location"] == SIGNUP

    def test_username_taken_at_this_moment_shows_the_form(
        self, client: Client, user_factory: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interfere(user: Any) -> None:
            user_factory(username="anna")

        monkeypatch.setattr(signup_flow, "_drop_unacceptable_username", interfere)

        response = arrive(client, 6, username="anna")

        assert response["Location"] == SIGNUP
        assert not SocialAccount.objects.exists()

    def test_other_integrity_errors_are_not_hidden(
        self, client: Client, form_shown: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        arrive(client)

        def fail(*args: Any) -> None:
            raise IntegrityError("something else")

        monkeypatch.setattr(SignupForm, "custom_signup", fail)

        with pytest.raises(IntegrityError):
            client.post(SIGNUP, {"username": "anna"})
        assert not User.objects.exists()

    def test_process_signup_leads_to_the_login_if_another_request_made_the_account(
        self, user: Any
    ) -> None:
        request = make_request()
        provider = get_adapter().get_provider(request, "dummy")
        sociallogin = provider.sociallogin_from_response(
            request, {"id": 6, "email": "anna@example.org"}
        )
        add_account(user, 6)
        claim_identifier("anna@example.org")

        response = signup_flow.process_signup(request, sociallogin)

        assert response["Location"] == LOGIN
        assert sociallogin.user == user


class TestOnlyProviders:
    def test_social_only_sites_sign_up_without_verification(
        self, client: Client, settings: Any
    ) -> None:
        settings.SOCIALACCOUNT_ONLY = True
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

        arrive(client, email="anna@example.org")

        assert is_logged_in(client)
        assert mail.outbox == []


def test_local_signup_is_not_affected(client: Client) -> None:
    response = submit_signup(client, username="anna", email="anna@example.org")

    assert response.status_code == 302
    assert is_logged_in(client)
    assert client.get(DUMMY).status_code == 200
