"""Signing up: the form, the page, and where it leads."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django.asserts import assertRedirects, assertTemplateUsed

from allauth.account.adapter import get_adapter
from allauth.account.forms import SignupForm
from allauth.account.internal.flows.signup import base_signup_form_class
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmation_sent, user_logged_in, user_signed_up
from allauth.account.utils import cleanup_email_addresses, setup_user_email
from tests.projects.custom_hooks import forms as custom_forms
from tests.support.mails import read_code, read_path
from tests.support.pages import (
    EMAIL_VERIFICATION_SENT,
    LOGIN,
    LOGIN_CODE_CONFIRM,
    PHONE_VERIFY,
    SIGNUP,
    STRONG_PASSWORD,
    list_error_codes,
    list_messages,
    route_account_pages,
    submit_code,
    submit_signup,
)
from tests.support.sessions import is_logged_in, make_request, read_session, write_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db

FORMS = "tests.projects.custom_hooks.forms"
PHONE = "+31612345678"


class TestForm:
    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            (None, ["username", "email", "password1", "password2"]),
            (["email*"], ["email"]),
            (["email*", "password1"], ["email", "password1"]),
            (["password1*", "email*", "username"], ["email", "username", "password1"]),
            (
                ["email*", "email2*", "phone", "username*", "password1*", "password2*"],
                ["email", "email2", "phone", "username", "password1", "password2"],
            ),
            (["username*", "password2*"], ["username"]),
        ],
    )
    def test_fields_are_those_listed(
        self, settings: Any, fields: list[str] | None, expected: list[str]
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = fields

        form = SignupForm()

        assert sorted(form.fields) == sorted(expected)
        if fields:
            assert list(form.fields) == expected
            for name in expected:
                asked_for = "password1" if name == "password2" else name
                assert form.fields[name].required is (f"{asked_for}*" in fields)

    @pytest.mark.parametrize(
        ("name", "label", "attrs"),
        [
            ("username", "Username", {"placeholder": "Username", "autocomplete": "username"}),
            ("email", "Email", {"placeholder": "Email address", "autocomplete": "email"}),
            ("email2", "Email (again)", {"placeholder": "Email address confirmation"}),
            ("phone", "Phone", {"placeholder": "Phone", "autocomplete": "tel"}),
            ("password1", "Password", {"autocomplete": "new-password"}),
            ("password2", "Password (again)", {"autocomplete": "new-password"}),
        ],
    )
    def test_field(
        self, settings: Any, sms_outbox: Any, name: str, label: str, attrs: dict[str, str]
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = [
            "username*",
            "email*",
            "email2*",
            "phone*",
            "password1*",
            "password2*",
        ]

        field = SignupForm().fields[name]

        assert str(field.label) == label
        assert {key: str(field.widget.attrs[key]) for key in attrs} == attrs

    def test_optional_fields_say_so(self, settings: Any) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username", "email", "password1*"]

        form = SignupForm()

        assert str(form.fields["username"].label) == "Username (optional)"
        assert str(form.fields["email"].label) == "Email (optional)"

    def test_username_has_the_limits_of_the_column(self) -> None:
        field = SignupForm().fields["username"]

        assert field.max_length == 150  # type: ignore[attr-defined]
        assert field.widget.attrs["maxlength"] == "150"

    def test_password_field_shows_the_rules(self, settings: Any) -> None:
        settings.AUTH_PASSWORD_VALIDATORS = [
            {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}
        ]

        assert "8 characters" in str(SignupForm().fields["password1"].help_text)

    def test_caller_may_say_what_is_required(self, settings: Any) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "email2", "password1*"]

        form = SignupForm(email_required=True, username_required=False)

        assert form.fields["email"].required
        assert form.fields["email2"].required
        assert not form.fields["username"].required

    def test_caller_cannot_require_what_is_not_listed(self, settings: Any) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]

        with pytest.raises(ImproperlyConfigured):
            SignupForm(email_required=True)

    def test_passkey_takes_the_place_of_the_password(self) -> None:
        form = SignupForm(by_passkey=True)

        assert form.by_passkey
        assert list(form.fields) == ["email", "username"]

    def test_honeypot_comes_last_and_is_out_of_sight(self, settings: Any) -> None:
        settings.ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD = "phone_number"

        form = SignupForm()

        assert list(form.fields)[-1] == "phone_number"
        field = form.fields["phone_number"]
        assert (field.required, field.label) == (False, "")
        assert field.widget.attrs == {
            "style": "position: absolute; right: -99999px;",
            "tabindex": "-1",
            "autocomplete": "nope",
        }

    def test_order_of_the_class_wins(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_FORMS = {"signup": f"{FORMS}.OrderedSignupForm"}

        response = client.get(SIGNUP)

        assert list(response.context["form"].fields) == [
            "password1",
            "terms",
            "email",
            "username",
            "password2",
        ]


class TestPage:
    def test_shows_the_form(self, client: Client) -> None:
        response = client.get(SIGNUP, {"next": "/foo"})

        assert response.status_code == 200
        assertTemplateUsed(response, "account/signup.html")
        assert isinstance(response.context["form"], SignupForm)
        assert response.context["login_url"] == f"{LOGIN}?next=%2Ffoo"
        assert response.context["redirect_field_value"] == "/foo"

    def test_makes_an_account_and_logs_in(self, client: Client) -> None:
        with collect_signals(
            signed_up=user_signed_up, logged_in=user_logged_in, sent=email_confirmation_sent
        ) as events:
            response = submit_signup(client, username="New", email="NEW@Example.org")

        user = get_user_model().objects.get()
        assertRedirects(response, "/accounts/profile/", fetch_redirect_response=False)
        assert (user.username, user.email) == ("New", "new@example.org")
        assert user.check_password(STRONG_PASSWORD)
        assert is_logged_in(client, user)
        address = EmailAddress.objects.get()
        assert (address.user, address.email) == (user, "new@example.org")
        assert (address.verified, address.primary) == (False, True)
        assert [name for name, _ in events] == ["signed_up", "sent", "logged_in"]
        assert events[0][1]["user"] == user
        assert events[0][1]["sender"] is type(user)
        assert events[1][1]["signup"] is True

    def test_optional_verification_sends_a_mail_and_says_so(self, client: Client) -> None:
        response = submit_signup(client, username="new", email="new@example.org")

        assert [message.to for message in mail.outbox] == [["new@example.org"]]
        assert [level for level, _ in list_messages(response)] == ["info", "success"]
        assert "new@example.org" in list_messages(response)[0][1]

    def test_no_verification_sends_none(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "none"

        submit_signup(client, username="new", email="new@example.org")

        assert is_logged_in(client)
        assert mail.outbox == []

    def test_mandatory_verification_comes_first(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

        with collect_signals(
            signed_up=user_signed_up, logged_in=user_logged_in, sent=email_confirmation_sent
        ) as events:
            response = submit_signup(client, username="new", email="new@example.org")

        assertRedirects(response, "/accounts/confirm-email/")
        assert not is_logged_in(client)
        assert [name for name, _ in events] == ["signed_up", "sent"]
        assert get_user_model().objects.get().is_active

    def test_account_without_an_address(self, client: Client) -> None:
        submit_signup(client, username="new")

        assert is_logged_in(client)
        assert not EmailAddress.objects.exists()
        assert get_user_model().objects.get().email == ""

    @pytest.mark.parametrize(
        ("target", "location"),
        [("/foo", "/foo"), ("", "/welcome/"), ("https://evil.example", "/welcome/")],
    )
    def test_leads_where_visitor_or_site_want(
        self, client: Client, settings: Any, target: str, location: str
    ) -> None:
        settings.ACCOUNT_SIGNUP_REDIRECT_URL = "/welcome/"

        response = submit_signup(client, username="new", next=target)

        assert response["Location"] == location

    def test_target_survives_the_verification_by_code(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
        route_account_pages(settings)
        response = client.post(
            f"{SIGNUP}?next=/foo",
            {
                "username": "new",
                "email": "new@example.org",
                "password1": STRONG_PASSWORD,
                "password2": STRONG_PASSWORD,
            },
        )
        assertRedirects(response, "/accounts/confirm-email/")

        response = submit_code(client, EMAIL_VERIFICATION_SENT, read_code())

        assertRedirects(response, "/foo", fetch_redirect_response=False)
        assert is_logged_in(client)

    def test_phone_number_is_stored_and_verified_first(
        self, client: Client, settings: Any, sms_outbox: Any
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "phone*", "password1*"]
        route_account_pages(settings)

        response = submit_signup(client, username="new", phone=PHONE)

        assertRedirects(response, "/accounts/phone/verify/")
        user = get_user_model().objects.get()
        assert get_adapter().get_phone(user) == (PHONE, False)
        submit_code(client, PHONE_VERIFY, sms_outbox[0].code)
        assert is_logged_in(client, user)
        assert get_adapter().get_phone(user) == (PHONE, True)

    def test_phone_need_not_be_verified(
        self, client: Client, settings: Any, sms_outbox: Any
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "phone*", "password1*"]
        settings.ACCOUNT_PHONE_VERIFICATION_ENABLED = False

        submit_signup(client, username="new", phone=PHONE)

        assert is_logged_in(client)
        assert sms_outbox == []

    @pytest.mark.parametrize("required", [True, {"password"}])
    def test_required_code_comes_first(self, client: Client, settings: Any, required: Any) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = required

        response = submit_signup(client, username="new", email="new@example.org")

        assertRedirects(response, "/accounts/login/code/confirm/")
        submit_code(client, LOGIN_CODE_CONFIRM, read_code())
        assert is_logged_in(client)
        assert EmailAddress.objects.get().verified

    def test_account_that_begins_inactive(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.SleepyAdapter"

        response = submit_signup(client, username="new")

        assertRedirects(response, "/accounts/inactive/")
        assert not is_logged_in(client)
        assert not get_user_model().objects.get().is_active

    def test_visitor_who_is_logged_in_is_sent_on(self, client: Client, user: Any) -> None:
        client.force_login(user)

        assertRedirects(client.get(SIGNUP, {"next": "/foo"}), "/foo", fetch_redirect_response=False)
        assertRedirects(
            submit_signup(client, username="new"),
            "/accounts/profile/",
            fetch_redirect_response=False,
        )
        assert get_user_model().objects.count() == 1

    def test_limit_answers_429(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_RATE_LIMITS = {"signup": "1/m/ip"}
        submit_signup(client, username="")

        assert submit_signup(client, username="new").status_code == 429
        assert not get_user_model().objects.exists()

    def test_closed_page(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.ClosedAdapter"

        for response in (client.get(SIGNUP), submit_signup(client, username="new")):
            assert response.status_code == 200
            assertTemplateUsed(response, "account/signup_closed.html")
            assert "form" not in response.context
        assert not get_user_model().objects.exists()

    def test_adapter_may_close_with_an_answer_of_its_own(
        self, client: Client, settings: Any
    ) -> None:
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.ElsewhereAdapter"

        assert client.get(SIGNUP)["Location"] == "/elsewhere/"

    @pytest.mark.parametrize(
        ("email", "shown"),
        [("me@example.org", True), ("nonsense", False), ("<b>@example.org", False)],
    )
    def test_address_of_the_link_is_filled_in(
        self, client: Client, settings: Any, email: str, shown: bool
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["email*", "email2*", "password1*"]

        form = client.get(SIGNUP, {"email": email}).context["form"]

        expected = email if shown else None
        assert form["email"].value() == expected
        assert form["email2"].value() == expected

    def test_hook_may_answer_at_once(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.ImmediateAdapter"

        assert submit_signup(client, username="new").status_code == 418
        assert not is_logged_in(client)


class TestValidation:
    @pytest.mark.parametrize(
        ("data", "field", "codes"),
        [
            ({"username": ""}, "username", ["required"]),
            ({"username": "a" * 151}, "username", ["max_length"]),
            ({"username": "with space"}, "username", ["invalid"]),
            ({"username": "Admin"}, "username", ["username_blacklisted"]),
            ({"username": "TAKEN"}, "username", ["username_taken"]),
            ({"email": "nonsense"}, "email", ["invalid"]),
            ({"email": "taken@example.org"}, "email", ["email_taken"]),
            ({"email": "TAKEN@example.org"}, "email", ["email_taken"]),
            ({"password1": ""}, "password1", ["required"]),
            ({"password1": "short", "password2": "short"}, "password1", ["password_too_short"]),
            ({"password2": "another"}, "password2", [None]),
        ],
    )
    def test_refuses(
        self,
        client: Client,
        user_factory: Any,
        settings: Any,
        data: dict[str, str],
        field: str,
        codes: list[str | None],
    ) -> None:
        settings.ACCOUNT_USERNAME_BLACKLIST = ["ADMIN"]
        user_factory(username="taken", email="taken@example.org")

        response = submit_signup(client, **{"username": "new", **data})

        assert response.status_code == 200
        assert list_error_codes(response, field) == codes
        assert get_user_model().objects.count() == 1

    def test_addresses_must_be_the_same(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["email*", "email2*", "password1*"]

        response = submit_signup(client, email="a@example.org", email2="b@example.org")
        assert response.context["form"].errors["email2"] == [
            "Please type the same email address both times."
        ]

        submit_signup(client, email="a@example.org", email2="A@Example.ORG")
        assert is_logged_in(client)

    def test_passwords_of_one_field_are_not_compared(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]

        submit_signup(client, username="new", password2="something else")

        assert is_logged_in(client)

    def test_adapter_cleans_address_and_number(
        self, client: Client, settings: Any, sms_outbox: Any
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "phone*", "password1*"]
        settings.ACCOUNT_PHONE_VERIFICATION_ENABLED = False
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.StrictAdapter"
        route_account_pages(settings)

        response = submit_signup(
            client, username="new", email="me@refused.example", phone="+49301234567"
        )

        assert list_error_codes(response, "email") == ["refused"]
        assert list_error_codes(response, "phone") == ["refused"]

    def test_adapter_may_refuse_an_address_for_reasons_of_its_own(
        self, client: Client, settings: Any
    ) -> None:
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.StrictAdapter"

        response = submit_signup(client, username="new", email="me@known.example")

        assert list_error_codes(response, "email") == ["known"]

    def test_number_of_somebody_else_is_told_where_that_may_be(
        self, client: Client, user_factory: Any, settings: Any, sms_outbox: Any
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "phone*", "password1*"]
        settings.ACCOUNT_PREVENT_ENUMERATION = False
        route_account_pages(settings)
        user_factory(phone=PHONE)

        response = submit_signup(client, username="new", phone=PHONE)

        assert response.context["form"].errors["phone"] == [
            "Another account already uses this phone number."
        ]

    def test_shortest_password_where_there_are_no_validators(
        self, client: Client, settings: Any
    ) -> None:
        settings.ACCOUNT_PASSWORD_MIN_LENGTH = 3

        submit_signup(client, username="new", password1="abc", password2="abc")

        assert is_logged_in(client)

    def test_validators_know_name_and_address(self, client: Client, settings: Any) -> None:
        settings.AUTH_PASSWORD_VALIDATORS = [
            {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"}
        ]
        for password in ("curious_name", "curious@example.org"):
            response = submit_signup(
                client,
                username="curious_name",
                email="curious@example.org",
                password1=password,
                password2=password,
            )
            assert list_error_codes(response, "password1") == ["password_too_similar"]

    def test_user_model_is_left_alone(self, client: Client, settings: Any) -> None:
        before = dict(vars(get_user_model()))

        submit_signup(client, username="new", password1="short", password2="short")

        assert dict(vars(get_user_model())) == before


class TestPasswords:
    @pytest.mark.requirement("SEC-045")
    @pytest.mark.parametrize("data", [{"password1": ""}, {}])
    def test_password_that_is_left_out_is_unusable(
        self, client: Client, settings: Any, data: dict[str, str]
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]

        client.post(SIGNUP, {"email": "new@example.org", **data})

        user = get_user_model().objects.get()
        assert is_logged_in(client, user)
        assert not user.has_usable_password()
        assert not user.check_password("")

    @pytest.mark.requirement("SEC-045")
    def test_signup_without_password_field_makes_none_usable(
        self, client: Client, settings: Any
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["email*"]

        client.post(SIGNUP, {"email": "new@example.org", "password1": "ignored 5 words"})

        assert not get_user_model().objects.get().has_usable_password()

    def test_blanks_belong_to_the_password(self, client: Client) -> None:
        submit_signup(client, username="new", password1="  blank 5 ", password2="  blank 5 ")

        user = get_user_model().objects.get()
        assert user.check_password("  blank 5 ")
        assert not user.check_password("blank 5")


class TestHoneypot:
    @pytest.mark.requirement("SEC-067")
    @pytest.mark.parametrize("verification", ["optional", "mandatory"])
    def test_robot_sees_a_success_that_is_none(
        self, client: Client, settings: Any, verification: str
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = verification
        settings.ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD = "phone_number"

        response = submit_signup(
            client, username="robot", email="robot@example.org", phone_number="1"
        )

        assertRedirects(response, "/accounts/confirm-email/")
        assert not get_user_model().objects.exists()
        assert mail.outbox == []
        assert list_messages(response) == []
        assert "account_login" not in read_session(client)

    @pytest.mark.requirement("SEC-067")
    def test_people_leave_it_empty(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD = "phone_number"

        submit_signup(client, username="human", phone_number="")

        assert is_logged_in(client)


class TestCustomForms:
    def test_signup_method_is_called_with_the_saved_user(
        self, client: Client, settings: Any
    ) -> None:
        settings.ACCOUNT_FORMS = {"signup": f"{FORMS}.TermsSignupForm"}
        custom_forms.calls.clear()

        response = submit_signup(client, username="new", email="new@example.org", terms="on")

        assert response.status_code == 302
        user = get_user_model().objects.get()
        assert custom_forms.calls == [{"pk": user.pk, "addresses": 0, "path": SIGNUP}]
        assert user.first_name == "Signed"

    @pytest.fixture
    def form_of_the_project(self, settings: Any) -> type[SignupForm]:
        """The form as it is where ``ACCOUNT_SIGNUP_FORM_CLASS`` is set as the project starts."""
        settings.ACCOUNT_SIGNUP_FORM_CLASS = f"{FORMS}.ColorForm"
        spec = importlib.util.find_spec("allauth.account.forms.signup")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        settings.ACCOUNT_FORMS = {"signup": module.SignupForm}
        custom_forms.calls.clear()
        return module.SignupForm  # type: ignore[no-any-return]

    def test_class_of_the_project_is_the_base(
        self, client: Client, form_of_the_project: type[SignupForm]
    ) -> None:
        assert issubclass(form_of_the_project, custom_forms.ColorForm)

        form = client.get(SIGNUP).context["form"]
        assert list(form.fields) == ["email", "username", "color", "password1", "password2"]

        response = submit_signup(client, username="new", color="")
        assert list_error_codes(response, "color") == ["required"]
        response = submit_signup(client, username="new", color="black")
        assert list_error_codes(response, "color") == ["too_dark"]
        submit_signup(client, username="new", color="red")
        assert is_logged_in(client)
        assert custom_forms.calls == [{"color": "red", "username": "new"}]

    @pytest.mark.parametrize(
        "path",
        [
            "nodots",
            "no.such.module.Form",
            f"{FORMS}.Missing",
            "django.forms.Form",
        ],
    )
    def test_class_that_will_not_do_is_told(self, settings: Any, path: str) -> None:
        settings.ACCOUNT_SIGNUP_FORM_CLASS = path

        with pytest.raises(ImproperlyConfigured, match="ACCOUNT_SIGNUP_FORM_CLASS"):
            base_signup_form_class()

    def test_default_class_does_nothing(self, user: Any) -> None:
        form = base_signup_form_class()()

        assert form.fields == {}
        assert form.signup(make_request(), user) is None  # type: ignore[attr-defined]

    def test_saving_an_existing_account_is_refused(self) -> None:
        form = SignupForm()
        form.account_already_exists = True

        with pytest.raises(ValueError, match="account"):
            form.save(make_request())


class TestUsernames:
    def test_one_is_made_up_where_none_is_asked_for(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]

        submit_signup(client, email="John.Doe@example.org")

        assert get_user_model().objects.get().username == "john.doe"

    def test_optional_one_is_made_up(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username", "password1*"]

        submit_signup(client, username="")

        assert get_user_model().objects.get().username == "user"

    def test_casing_is_not_kept_where_it_does_not_matter(
        self, client: Client, settings: Any
    ) -> None:
        settings.ACCOUNT_PRESERVE_USERNAME_CASING = False

        submit_signup(client, username="LoudName")

        assert get_user_model().objects.get().username == "loudname"

    def test_validators_of_the_project_replace_those_of_the_model(
        self, client: Client, settings: Any
    ) -> None:
        settings.ACCOUNT_USERNAME_VALIDATORS = f"{FORMS}.username_validators"

        response = submit_signup(client, username="long_enough")
        assert list_error_codes(response, "username") == ["underscore"]
        submit_signup(client, username="with space")

        assert is_logged_in(client)


class TestInvitation:
    """An address that was verified before the sign-up, by another package."""

    @pytest.fixture
    def invited(self, client: Client) -> Client:
        request = make_request()
        get_adapter().stash_verified_email(request, "invited@example.org")
        write_session(client, **dict(request.session.items()))
        return client

    def test_address_is_filled_in(self, invited: Client) -> None:
        form = invited.get(SIGNUP).context["form"]
        assert form["email"].value() == "invited@example.org"

        form = invited.get(SIGNUP, {"email": "other@example.org"}).context["form"]
        assert form["email"].value() == "other@example.org"

    def test_form_without_an_address_is_no_problem(self, invited: Client, settings: Any) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]

        assert invited.get(SIGNUP).status_code == 200

    def test_address_counts_as_verified(self, invited: Client, settings: Any) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

        submit_signup(invited, username="new", email="Invited@example.org")

        assert is_logged_in(invited)
        address = EmailAddress.objects.get()
        assert (address.email, address.verified, address.primary) == (
            "invited@example.org",
            True,
            True,
        )
        assert mail.outbox == []
        assert read_session(invited)["account_verified_email"] is None

    def test_another_address_comes_second(self, invited: Client, settings: Any) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

        submit_signup(invited, username="new", email="other@example.org")

        assert is_logged_in(invited)
        rows = EmailAddress.objects.order_by("pk").values_list("email", "verified", "primary")
        assert list(rows) == [
            ("invited@example.org", True, True),
            ("other@example.org", False, False),
        ]
        assert get_user_model().objects.get().email == "invited@example.org"


class TestAddressesOfANewUser:
    def test_user_model_without_a_field_for_it(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_USER_MODEL_EMAIL_FIELD = None

        submit_signup(client, username="new", email="new@example.org")

        user = get_user_model().objects.get()
        assert user.email == ""
        address = EmailAddress.objects.get()
        assert (address.email, address.primary, address.verified) == (
            "new@example.org",
            True,
            False,
        )
        assert mail.outbox[0].to == ["new@example.org"]

    def test_user_who_has_some_is_refused(self, user: Any) -> None:
        with pytest.raises(ValueError, match="already"):
            setup_user_email(make_request(), user, [])

    def test_candidates_are_merged_and_cleaned(self, user_factory: Any) -> None:
        user = user_factory(email="")
        user_factory(email="taken@example.org")
        user.email = "Field@Example.org"
        addresses = [
            EmailAddress(email="field@example.org", verified=True),
            EmailAddress(email="SECOND@example.org"),
            EmailAddress(email="second@example.org", verified=True),
            EmailAddress(email="nonsense"),
            EmailAddress(email="taken@example.org", primary=True),
            EmailAddress(email=f"{'x' * 250}@example.org"),
        ]

        primary = setup_user_email(make_request(), user, addresses)

        assert primary is not None
        assert primary.email == "field@example.org"
        rows = EmailAddress.objects.filter(user=user).order_by("pk")
        assert list(rows.values_list("email", "verified", "primary")) == [
            ("field@example.org", True, True),
            ("second@example.org", True, False),
        ]

    @pytest.mark.parametrize(
        ("flags", "expected"),
        [
            ([(False, False), (False, False)], 0),
            ([(False, False), (False, True)], 1),
            ([(False, True), (True, False)], 1),
            ([(True, False), (True, True)], 1),
            ([(True, False), (True, False)], 0),
        ],
    )
    def test_one_of_them_is_primary(self, flags: list[tuple[bool, bool]], expected: int) -> None:
        addresses = [
            EmailAddress(email=f"a{number}@example.org", verified=verified, primary=primary)
            for number, (verified, primary) in enumerate(flags)
        ]

        cleaned, primary = cleanup_email_addresses(make_request(), addresses)

        assert primary is cleaned[expected]
        assert [address.primary for address in cleaned].count(True) == 1

    def test_there_may_be_none(self) -> None:
        assert cleanup_email_addresses(make_request(), []) == ([], None)

    @pytest.mark.parametrize(
        ("prevention", "unique", "kept"),
        [(True, True, []), ("strict", True, ["mine"]), (False, True, []), (True, False, ["mine"])],
    )
    def test_address_in_use_is_dropped(
        self, user_factory: Any, settings: Any, prevention: Any, unique: bool, kept: list[str]
    ) -> None:
        settings.ACCOUNT_PREVENT_ENUMERATION = prevention
        settings.ACCOUNT_UNIQUE_EMAIL = unique
        user_factory(email="mine@example.org")

        cleaned, _ = cleanup_email_addresses(
            make_request(), [EmailAddress(email="mine@example.org")]
        )

        assert [address.email.partition("@")[0] for address in cleaned] == kept

    def test_verified_address_is_not_shared_even_so(self, user_factory: Any, settings: Any) -> None:
        settings.ACCOUNT_PREVENT_ENUMERATION = "strict"
        user_factory(email="mine@example.org")
        address = EmailAddress(email="mine@example.org", verified=True)

        assert cleanup_email_addresses(make_request(), [address]) == ([], None)


def test_sign_up_with_a_link_completes_in_the_same_browser(client: Client, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
    submit_signup(client, username="new", email="new@example.org", next="/foo")

    response = client.post(read_path())

    assertRedirects(response, "/foo", fetch_redirect_response=False)
    assert is_logged_in(client)
    assert EmailAddress.objects.get().verified
