"""What all providers have in common: ids, claims, addresses, names, and the dummy provider."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.test import Client

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp
from allauth.socialaccount.providers.base import Provider, ProviderAccount, ProviderException
from allauth.socialaccount.providers.base.utils import is_claim_true, parse_uid
from allauth.socialaccount.providers.dummy.provider import DummyProvider
from tests.socialaccount.club import ClubProvider, arrive_from_club, begin, finish
from tests.support.idp.rerouting import ADAPTER, ReroutingAdapter
from tests.support.sessions import is_logged_in, make_request

pytestmark = pytest.mark.django_db

BAD_UIDS = [
    None,
    True,
    False,
    "",
    " ",
    "\t\n",
    [],
    ["1"],
    {},
    {"a": 1},
    1.5,
    " padded",
    "padded ",
    "nul\x00",
    "line\nbreak",
    "\ud800",
    "x" * 192,
    "x" * 300,
]


@pytest.fixture
def provider() -> ClubProvider:
    return ClubProvider(make_request(), app=SocialApp(provider="club", client_id="member"))


class TestUid:
    @pytest.mark.requirement("ATK-S15", "INV-37", "SEC-105")
    @pytest.mark.parametrize("value", BAD_UIDS)
    def test_what_is_no_id_is_refused(self, value: Any) -> None:
        with pytest.raises(ProviderException):
            parse_uid(value)

    @pytest.mark.requirement("ATK-S15")
    @pytest.mark.parametrize(
        ("value", "uid"), [("a", "a"), (7, "7"), (0, "0"), ("x" * 191, "x" * 191), ("é ü", "é ü")]
    )
    def test_text_and_integers_are_ids(self, value: Any, uid: str) -> None:
        assert parse_uid(value) == uid

    @pytest.mark.requirement("ATK-S15")
    @pytest.mark.parametrize("value", BAD_UIDS)
    def test_callback_with_a_bad_id_is_refused(
        self, client: Client, club: SocialApp, value: Any
    ) -> None:
        assert arrive_from_club(client, {"id": value}).status_code == 401
        assert not is_logged_in(client)
        assert not SocialAccount.objects.exists()

    @pytest.mark.requirement("ATK-S15")
    @pytest.mark.parametrize("profile", [{}, [], "text", None, 5])
    def test_callback_without_an_id_is_refused(
        self, client: Client, club: SocialApp, profile: Any
    ) -> None:
        assert arrive_from_club(client, profile).status_code == 401

    @pytest.mark.requirement("SEC-169")
    @pytest.mark.parametrize(
        ("uid", "error"),
        [(5, ValueError), ("", ValueError), (None, ValueError), ("x" * 192, ImproperlyConfigured)],
    )
    def test_errors_are_those_of_the_published_release(
        self, provider: ClubProvider, monkeypatch: pytest.MonkeyPatch, uid: Any, error: Any
    ) -> None:
        monkeypatch.setattr(ClubProvider, "extract_uid", lambda self, data: uid)

        with pytest.raises(error):
            provider.sociallogin_from_response(None, {})


class TestClaims:
    @pytest.mark.requirement("INV-38", "ATK-S16")
    @pytest.mark.parametrize(
        "value", ["false", "False", "True", "0", "no", 0, 1, None, [], {}, ["true"], "yes", 1.0]
    )
    def test_only_yes_is_yes(self, value: Any) -> None:
        assert is_claim_true(value) is False

    @pytest.mark.requirement("INV-38")
    @pytest.mark.parametrize("value", [True, "true", "1"])
    def test_yes_is_yes(self, value: Any) -> None:
        assert is_claim_true(value) is True

    @pytest.mark.requirement("INV-38")
    def test_number_is_verified_by_a_clear_yes_only(
        self, provider: ClubProvider, sms_outbox: Any
    ) -> None:
        for claim, expected in (("false", False), (1, False), (True, True)):
            login = provider.sociallogin_from_response(
                None, {"id": "m1", "phone": "+31612345678", "phone_verified": claim}
            )
            assert login.phone_verified is expected


class TestAddresses:
    def clean(
        self, provider: Provider, email: Any, *addresses: EmailAddress, verified: bool = False
    ) -> tuple[Any, list[tuple[str, bool, bool]]]:
        listed = list(addresses)
        best = provider.cleanup_email_addresses(email, listed, email_verified=verified)
        return best, [(row.email, row.verified, row.primary) for row in listed]

    def test_address_of_the_profile_is_added_as_primary(self, provider: ClubProvider) -> None:
        assert self.clean(provider, "A@Example.org", verified=True) == (
            "a@example.org",
            [("a@example.org", True, True)],
        )

    def test_it_is_not_added_twice(self, provider: ClubProvider) -> None:
        listed = EmailAddress(email="a@EXAMPLE.org", verified=False)

        assert self.clean(provider, "a@example.org", listed, verified=True) == (
            "a@example.org",
            [("a@example.org", False, False)],
        )

    @pytest.mark.parametrize(
        "email", ["", None, "none", "a@", "@b", "x" * 300 + "@example.org", 5, ["a@example.org"]]
    )
    def test_what_is_no_address_is_dropped(self, provider: ClubProvider, email: Any) -> None:
        assert self.clean(provider, email, EmailAddress(email=email)) == (None, [])

    def test_best_address_comes_first(self, provider: ClubProvider) -> None:
        best, listed = self.clean(
            provider,
            None,
            EmailAddress(email="a@example.org", verified=True),
            EmailAddress(email="b@example.org", primary=True),
            EmailAddress(email="c@example.org"),
            EmailAddress(email="d@example.org", primary=True, verified=True),
        )

        assert [email[0] for email, _, _ in listed] == ["d", "b", "a", "c"]
        assert best == "d@example.org"

    @pytest.mark.requirement("SEC-107")
    def test_project_may_trust_a_provider_but_never_distrust_its_yes(
        self, provider: ClubProvider, settings: Any
    ) -> None:
        settings.SOCIALACCOUNT_PROVIDERS = {"club": {"VERIFIED_EMAIL": ["example.org"]}}

        _, listed = self.clean(
            provider,
            None,
            EmailAddress(email="a@example.org"),
            EmailAddress(email="b@other.org"),
            EmailAddress(email="c@other.org", verified=True),
        )

        assert {email[0] for email, verified, _ in listed if verified} == {"a", "c"}


class TestLoginFromProfile:
    def test_nothing_is_saved(self, provider: ClubProvider) -> None:
        login = provider.sociallogin_from_response(
            None, {"id": "m1", "email": "a@example.org", "email_verified": True}
        )

        assert (login.account.pk, login.user.pk) == (None, None)
        assert login.account.provider == "club"
        assert login.provider is provider
        assert not login.user.has_usable_password()
        assert login.user.email == "a@example.org"

    @pytest.mark.requirement("ATK-S21")
    def test_tokens_do_not_get_into_the_stored_data(self, provider: ClubProvider) -> None:
        secrets = {
            "access_token": "canary",
            "refresh_token": "canary",
            "id_token": "canary",
            "oauth_token": "canary",
            "oauth_token_secret": "canary",
        }
        profile = {"id": "m1", **secrets, "deep": [{"user": {**secrets, "name": "Anna"}}]}

        login = provider.sociallogin_from_response(None, profile)

        assert login.account.extra_data == {"id": "m1", "deep": [{"user": {"name": "Anna"}}]}

    def test_claims_of_an_id_token_stay(self, provider: ClubProvider) -> None:
        login = provider.sociallogin_from_response(None, {"id": "m1", "id_token": {"sub": "m1"}})

        assert login.account.extra_data["id_token"] == {"sub": "m1"}

    def test_sub_id_is_that_of_the_app(self) -> None:
        app = SocialApp(provider="club", provider_id="north", client_id="c")

        login = ClubProvider(None, app=app).sociallogin_from_response(None, {"id": "m1"})

        assert login.account.provider == "north"


class TestProviderItself:
    def test_app_is_required_unless_the_class_says_otherwise(self) -> None:
        with pytest.raises(ValueError, match="club"):
            ClubProvider(None)
        assert DummyProvider(None).app is None

    def test_names(self, provider: ClubProvider) -> None:
        assert str(provider) == "The Club"
        assert ClubProvider.get_slug() == "club"
        assert ClubProvider.get_package() == "tests.socialaccount"
        assert DummyProvider.get_package() == "allauth.socialaccount.providers.dummy"

        class Elsewhere(ClubProvider):
            slug = "the-club"
            package = "elsewhere"

        assert (Elsewhere.get_slug(), Elsewhere.get_package()) == ("the-club", "elsewhere")

    @pytest.mark.requirement("SEC-093", "INV-44")
    def test_settings_are_a_copy(self, provider: ClubProvider, settings: Any) -> None:
        settings.SOCIALACCOUNT_PROVIDERS = {"club": {"SCOPE": ["a"], "AUTH_PARAMS": {"x": "y"}}}
        before = copy.deepcopy(settings.SOCIALACCOUNT_PROVIDERS)

        provider.get_settings()["SCOPE"].append("b")
        provider.get_settings()["AUTH_PARAMS"]["x"] = "z"

        assert before == settings.SOCIALACCOUNT_PROVIDERS

    def test_what_a_class_has_to_provide(self) -> None:
        bare = Provider(None, app=SocialApp(provider="bare"))
        request = make_request()

        for call in (
            lambda: bare.get_login_url(request),
            lambda: bare.redirect(request, "login"),
            lambda: bare.verify_token(request, {}),
            lambda: bare.extract_uid({}),
        ):
            with pytest.raises(NotImplementedError):
                call()
        assert bare.media_js(request) == ""
        assert bare.extract_common_fields({}) == {}
        assert bare.extract_email_addresses({}) == []
        assert bare.extract_extra_data({"a": 1}) == {"a": 1}

    def test_it_survives_a_session(self, club: SocialApp) -> None:
        provider = club.get_provider(None)

        assert provider.serialize() == {"id": "club", "app.client_id": "member"}
        assert Provider.deserialize(provider.serialize()).app == club
        assert DummyProvider(None).serialize() == {"id": "dummy"}
        for data in ({}, [], {"id": 5}, None):
            with pytest.raises(ValueError, match="provider"):
                Provider.deserialize(data)  # type: ignore[arg-type]

    def test_state_can_be_stashed_with_anything_and_taken_once(
        self, provider: ClubProvider
    ) -> None:
        request = make_request()
        state_id = provider.stash_redirect_state(
            request, "login", next_url="/x", data=[1], headless=True
        )

        assert provider.unstash_redirect_state(request, state_id) == {
            "process": "login",
            "data": [1],
            "next": "/x",
            "headless": True,
        }
        with pytest.raises(PermissionDenied):
            provider.unstash_redirect_state(request, state_id)


class TestProviderAccount:
    @pytest.mark.requirement("SEC-113")
    @pytest.mark.parametrize(
        ("data", "text"),
        [
            ({"username": " anna ", "email": "a@example.org"}, "anna"),
            ({"username": "", "handle": "@anna"}, "@anna"),
            ({"login": 5, "mail": "a@example.org"}, "a@example.org"),
            ({"displayName": "Anna", "full_name": "Anna Berg"}, "Anna"),
            ({"fullName": "Anna Berg"}, "Anna Berg"),
            ({"given_name": "Anna", "family_name": "Berg"}, "Anna Berg"),
            ({"first_name": "A", "givenName": "Anna", "surname": "Berg"}, "Anna Berg"),
            ({"firstname": "Anna"}, "Anna"),
            ({"lastName": "Berg"}, "Berg"),
            ({"other": "x"}, "Dummy"),
            ([1, 2], "Dummy"),
            (None, "Dummy"),
        ],
    )
    def test_best_name_is_what_tells_accounts_apart(self, data: Any, text: str) -> None:
        account = ProviderAccount(SocialAccount(provider="dummy", uid="5", extra_data=data))

        assert account.to_str() == str(account) == text

    def test_brand_is_that_of_the_provider(self) -> None:
        account = ProviderAccount(SocialAccount(provider="dummy", uid="5"))

        assert account.get_brand() == {"id": "dummy", "name": "Dummy"}
        assert account.get_avatar_url() is None
        assert account.get_profile_url() is None


class TestDummy:
    def test_token_is_a_profile(self) -> None:
        token = {"id_token": json.dumps({"id": 5, "email": "a@example.org", "phone": "x"})}

        login = DummyProvider(None).verify_token(None, token)

        assert login.account.uid == "5"
        assert [row.email for row in login.email_addresses] == ["a@example.org"]

    @pytest.mark.requirement("ATK-S15")
    @pytest.mark.parametrize(
        "token",
        [
            {},
            {"id_token": 5},
            {"id_token": "{"},
            {"id_token": "[]"},
            *({"id_token": json.dumps({"id": uid})} for uid in BAD_UIDS),
        ],
        ids=str,
    )
    def test_other_tokens_are_not_valid(self, token: Any) -> None:
        with pytest.raises(ValidationError) as caught:
            DummyProvider(None).verify_token(None, token)

        assert caught.value.code == "invalid_token"

    def test_what_comes_of_the_form(self, client: Client, settings: Any) -> None:
        settings.SOCIALACCOUNT_ADAPTER = ADAPTER
        profile = {
            "email": "Ola@example.org",
            "email_verified": "on",
            "username": "ola",
            "first_name": "Ola",
            "last_name": "",
        }

        finish(client, begin(client), 77, **profile)

        account = SocialAccount.objects.get()
        assert account.uid == "77"
        assert account.extra_data == {
            "id": 77,
            "email": "ola@example.org",
            "email_verified": True,
            "username": "ola",
            "first_name": "Ola",
            "last_name": "",
            "phone": "",
            "phone_verified": False,
        }
        fields = {"first_name": "Ola", "username": "ola", "email": "ola@example.org"}
        assert ReroutingAdapter.fields[-1] == fields
        user = account.user
        assert (user.username, user.email) == ("ola", "ola@example.org")
        assert (user.first_name, user.last_name) == ("Ola", "")
        address = EmailAddress.objects.get()
        assert (address.email, address.verified, address.primary) == ("ola@example.org", True, True)
        assert str(account.get_provider_account()) == "ola"
        assert account.get_profile_url() is account.get_avatar_url() is None

    def test_form_needs_an_id(self, client: Client) -> None:
        response = finish(client, begin(client), id="none")

        assert response.status_code == 200
        assert response.context["form"].errors["id"]
        assert "state=" in response.context["action_url"]

    def test_state_is_kept_until_the_form_is_valid(self, client: Client) -> None:
        where = begin(client)
        finish(client, where, id="none")

        assert finish(client, where, id=5).status_code == 302
        assert SocialAccount.objects.get().uid == "5"
