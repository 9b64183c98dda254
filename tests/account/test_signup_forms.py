"""Sign-up forms and adapters of a project: what is called, and what of a form is ever saved."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import SignupForm
from allauth.account.models import EmailAddress
from allauth.account.signals import user_signed_up
from tests.support.hashing import count_hashes, use_counting_hasher
from tests.support.mails import read_code
from tests.support.pages import (
    EMAIL_VERIFICATION_SENT,
    SIGNUP,
    STRONG_PASSWORD,
    change_to,
    route_account_pages,
    submit_signup,
)
from tests.support.parity import Visitor, compare
from tests.support.sessions import is_logged_in, read_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db

User = get_user_model()
TAKEN, FREE, OTHER = "taken@example.org", "free@example.org", "other@example.org"

calls: list[tuple[Any, ...]] = []


class NotingForm(SignupForm):
    """Notes what is called, and with what."""

    def try_save(self, request: HttpRequest) -> tuple[Any, HttpResponse | None]:
        calls.append(("try_save", request))
        return super().try_save(request)

    def save(self, request: HttpRequest) -> Any:
        calls.append(("save", request))
        return super().save(request)

    def custom_signup(self, request: HttpRequest, user: Any) -> None:
        calls.append(("custom_signup", request, user, user.pk))
        super().custom_signup(request, user)

    def signup(self, request: HttpRequest, user: Any) -> None:
        calls.append(("signup", request, user, user.pk))


class NotingAdapter(DefaultAccountAdapter):
    """Notes what is called, and with what."""

    def new_user(self, request: HttpRequest) -> Any:
        calls.append(("new_user", request))
        return super().new_user(request)

    def save_user(self, request: HttpRequest, user: Any, form: Any, *rest: Any, **more: Any) -> Any:
        calls.append(("save_user", request, user, form, rest, more, user._state.adding))
        return super().save_user(request, user, form, *rest, **more)


class SilentAdapter(DefaultAccountAdapter):
    """Stores the user in a way of its own, and returns nothing."""

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> None:
        user.username = form.cleaned_data["username"]
        user.email = form.cleaned_data["email"]
        user.last_name = "Silent"
        user.save()


class OwnSaveForm(SignupForm):
    """Makes the user in a way of its own."""

    def save(self, request: HttpRequest) -> Any:
        return User.objects.create(username="own", email=self.cleaned_data["email"])


class MarkingForm(SignupForm):
    """Does something more once the user is made."""

    def save(self, request: HttpRequest) -> Any:
        user = super().save(request)
        user.last_name = "Marked"
        user.save()
        return user


class AnsweringForm(SignupForm):
    """Makes no account, and answers itself."""

    def try_save(self, request: HttpRequest) -> tuple[Any, HttpResponse | None]:
        return None, HttpResponse("later", status=418)


class OwnTryForm(SignupForm):
    """Makes the account without the flow of the package."""

    def try_save(self, request: HttpRequest) -> tuple[Any, HttpResponse | None]:
        return User.objects.create(username="tried"), None


class WideForm(SignupForm):
    """Has fields of several widgets, which read several parameters."""

    born = forms.SplitDateTimeField(required=False)
    since = forms.DateField(widget=forms.SelectDateWidget(years=range(1990, 2030)), required=False)
    colors = forms.MultipleChoiceField(choices=[("r", "Red"), ("g", "Green")], required=False)
    about = forms.CharField(widget=forms.Textarea, required=False)

    def signup(self, request: HttpRequest, user: Any) -> None:
        user.first_name = f"{self.cleaned_data['born']:%Y}/{self.cleaned_data['since']:%Y}"
        user.last_name = "".join(self.cleaned_data["colors"])
        user.save()


WIDE_DATA: dict[str, Any] = {
    "born_0": "1980-05-06",
    "born_1": "07:08",
    "since_year": "2001",
    "since_month": "2",
    "since_day": "3",
    "colors": ["r", "g"],
    "about": "words",
}


class UploadForm(SignupForm):
    """Takes a file."""

    picture = forms.FileField(required=False)


class VaultForm(SignupForm):
    """Takes another password, by what is shown as one."""

    vault = forms.CharField(widget=forms.PasswordInput, required=False)


class TwinVaultWidget(forms.MultiWidget):
    """Takes a name and what is shown as a password."""

    def __init__(self) -> None:
        super().__init__([forms.TextInput(), forms.PasswordInput()])

    def decompress(self, value: Any) -> list[Any]:
        return [None, None]


class TwinVaultField(forms.MultiValueField):
    """Takes both."""

    widget = TwinVaultWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__([forms.CharField(), forms.CharField()], **kwargs)

    def compress(self, data_list: list[Any]) -> str:
        return "".join(data_list)


class PartOfVaultForm(SignupForm):
    """Takes another password, as part of a field."""

    vault = TwinVaultField(required=False)


class SecretNameForm(SignupForm):
    """Takes what is secret by its name."""

    names: ClassVar[list[str]] = ["secret_word", "api_key", "pin", "otp_code", "backup_password"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.names:
            self.fields[name] = forms.CharField(required=False)


class CaptchaForm(SignupForm):
    """Takes an answer that is good once."""

    used: ClassVar[set[str]] = set()
    captcha = forms.CharField()

    def clean_captcha(self) -> str:
        answer: str = self.cleaned_data["captcha"]
        if answer in self.used:
            raise forms.ValidationError("Used already.")
        self.used.add(answer)
        return answer


def use_form(settings: Any, form_class: type[SignupForm]) -> None:
    settings.ACCOUNT_FORMS = {"signup": f"{__name__}.{form_class.__name__}"}


@pytest.fixture(autouse=True)
def _codes(settings: Any, user_factory: Callable[..., Any]) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = 2
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
    settings.ACCOUNT_RATE_LIMITS = False
    route_account_pages(settings)
    user_factory(username="owner", email=TAKEN)
    calls.clear()
    CaptchaForm.used.clear()


def sign_up(client: Client, email: str = TAKEN, **data: Any) -> Any:
    return submit_signup(client, username="new", email=email, **data)


def read_saved(client: Client) -> dict[str, Any] | None:
    """What is saved of a pretended sign-up."""
    state = read_session(client)["account_login"]["state"]
    saved: dict[str, Any] | None = state.get("pretended_signup")
    return saved


def get_newcomer() -> Any:
    return User.objects.filter(username="new").first()


class TestCalls:
    @pytest.fixture(autouse=True)
    def _hooks(self, settings: Any) -> None:
        use_form(settings, NotingForm)
        settings.ACCOUNT_ADAPTER = f"{__name__}.NotingAdapter"

    def test_each_hook_is_called_once_in_order(self, client: Client) -> None:
        response = sign_up(client, FREE)

        names = [name for name, *_ in calls]
        assert names == ["try_save", "save", "new_user", "save_user", "custom_signup", "signup"]
        request = response.wsgi_request
        assert all(request_of_call.path == request.path for _, request_of_call, *_ in calls)
        user = get_newcomer()
        _, _, saved_user, form, rest, more, is_new = calls[3]
        assert (saved_user, rest, more, is_new) == (user, (), {}, True)
        assert isinstance(form, NotingForm)
        assert form.cleaned_data["email"] == FREE
        # The project's part comes once the user is stored.
        assert [call[2:] for call in calls[4:]] == [(user, user.pk)] * 2

    def test_pretended_signup_stores_nothing(self, client: Client) -> None:
        sign_up(client)

        assert [name for name, *_ in calls] == ["try_save"]

    def test_corrected_signup_calls_each_once(self, client: Client) -> None:
        sign_up(client)
        calls.clear()

        change_to(client, FREE)

        names = [name for name, *_ in calls]
        assert names == ["save", "new_user", "save_user", "custom_signup", "signup"]
        form = calls[2][3]
        assert isinstance(form, NotingForm)
        assert form.cleaned_data["email"] == FREE

    def test_form_that_is_not_valid_calls_nothing(self, client: Client) -> None:
        sign_up(client, "no address")

        assert calls == []


class TestOverrides:
    def test_user_that_is_stored_without_being_returned(
        self, client: Client, settings: Any
    ) -> None:
        settings.ACCOUNT_ADAPTER = f"{__name__}.SilentAdapter"

        sign_up(client, FREE)

        assert get_newcomer().last_name == "Silent"
        assert EmailAddress.objects.get(user=get_newcomer()).email == FREE

    @pytest.mark.parametrize("form_class", [OwnSaveForm, OwnTryForm])
    def test_user_of_the_project_is_the_one_who_signed_up(
        self, client: Client, settings: Any, form_class: type[SignupForm]
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "none"
        use_form(settings, form_class)

        with collect_signals(signed_up=user_signed_up) as sent:
            sign_up(client, FREE)

        (user,) = User.objects.exclude(username="owner")
        assert [event["user"] for _, event in sent] == [user]
        assert is_logged_in(client, user)

    def test_what_save_adds_is_part_of_a_corrected_signup(
        self, client: Client, settings: Any
    ) -> None:
        use_form(settings, MarkingForm)
        sign_up(client)

        change_to(client, FREE)

        assert get_newcomer().last_name == "Marked"

    def test_answer_of_the_form_is_passed_through(self, client: Client, settings: Any) -> None:
        use_form(settings, AnsweringForm)

        with collect_signals(signed_up=user_signed_up) as sent:
            response = sign_up(client, FREE)

        assert (response.status_code, response.content, sent) == (418, b"later", [])
        assert not is_logged_in(client)


class TestWhatIsSaved:
    def test_what_the_widgets_read_and_nothing_else(self, client: Client, settings: Any) -> None:
        use_form(settings, WideForm)
        unknown = {
            "email_0": "x",
            "email_x": "x",
            "emails": "x",
            "born": "x",
            "born_2": "x",
            "born_x": "x",
            "since": "x",
            "since_hour": "x",
            "colors_0": "x",
            "csrfmiddlewaretoken": "x",
            "next": "/there/",
            "": "x",
        }

        sign_up(client, **WIDE_DATA, **unknown)

        saved = read_saved(client)
        assert saved is not None
        expected = {"username": "new", "email": TAKEN, **WIDE_DATA}
        assert saved["data"] == {
            name: value if isinstance(value, list) else [value] for name, value in expected.items()
        }

    def test_fields_of_several_widgets_are_filled_in_again(
        self, client: Client, settings: Any
    ) -> None:
        use_form(settings, WideForm)
        sign_up(client, **WIDE_DATA)

        change_to(client, FREE)

        assert (get_newcomer().first_name, get_newcomer().last_name) == ("1980/2001", "rg")

    def test_passwords_are_a_hash(self, client: Client) -> None:
        sign_up(client)

        saved = read_saved(client)
        assert saved is not None
        assert STRONG_PASSWORD not in json.dumps(read_session(client))
        assert not {"password", "password1", "password2"} & saved["data"].keys()
        assert saved["password"] == f"md5${saved['password'].split('$', 1)[1]}"

    def test_answer_that_is_good_once_is_not_asked_again(
        self, client: Client, settings: Any
    ) -> None:
        use_form(settings, CaptchaForm)
        sign_up(client, captcha="seven")

        change_to(client, FREE)
        client.post(EMAIL_VERIFICATION_SENT, {"code": read_code()})

        assert is_logged_in(client, get_newcomer())

    @pytest.mark.parametrize("name", SecretNameForm.names)
    def test_value_that_is_secret_by_its_name_is_left_out(
        self, client: Client, settings: Any, name: str
    ) -> None:
        use_form(settings, SecretNameForm)
        sign_up(client, **{name: "xyzzy"})

        saved = read_saved(client)
        assert saved is not None
        assert saved["data"].keys() == {"username", "email"}
        assert "xyzzy" not in json.dumps(read_session(client))
        change_to(client, FREE)
        assert get_newcomer().email == FREE

    @pytest.mark.parametrize("form_class", [UploadForm, VaultForm, PartOfVaultForm, SecretNameForm])
    def test_secret_that_is_left_empty_is_in_nobodys_way(
        self, client: Client, settings: Any, form_class: type[SignupForm]
    ) -> None:
        use_form(settings, form_class)
        sign_up(client, **dict.fromkeys(SecretNameForm.names, ""), vault="", vault_0="")

        saved = read_saved(client)
        assert saved is not None
        assert saved["data"].keys() == {"username", "email"}
        change_to(client, FREE)
        assert get_newcomer().email == FREE

    def test_secret_that_is_no_field_is_not_saved(self, client: Client) -> None:
        sign_up(client, secret_word="xyzzy", password="xyzzy", picture=make_file())

        saved = read_saved(client)
        assert saved is not None
        assert saved["data"].keys() == {"username", "email"}


def make_file() -> SimpleUploadedFile:
    return SimpleUploadedFile("me.png", b"xyzzy")


SECRETS: dict[str, tuple[type[SignupForm], Callable[[], dict[str, Any]]]] = {
    "file": (UploadForm, lambda: {"picture": make_file()}),
    "password widget": (VaultForm, lambda: {"vault": "xyzzy"}),
    "password widget in a field of several": (
        PartOfVaultForm,
        lambda: {"vault_0": "a", "vault_1": "xyzzy"},
    ),
    "8 kB": (WideForm, lambda: {**WIDE_DATA, "about": "xyzzy" * 2000}),
}


class TestWhatCannotBeCorrected:
    @pytest.fixture(params=list(SECRETS))
    def data(self, request: pytest.FixtureRequest, settings: Any) -> Callable[[], dict[str, Any]]:
        """What is sent with a sign-up that must not be saved."""
        form_class, make_data = SECRETS[request.param]
        use_form(settings, form_class)
        return make_data

    def test_nothing_of_it_is_saved(
        self, client: Client, data: Callable[[], dict[str, Any]]
    ) -> None:
        sign_up(client, **data())

        assert read_saved(client) is None
        assert "xyzzy" not in json.dumps(read_session(client))

    @pytest.mark.parametrize("email", [TAKEN, FREE], ids=["pretended", "real"])
    def test_correction_is_not_offered_and_not_taken(
        self, client: Client, data: Callable[[], dict[str, Any]], email: str
    ) -> None:
        sign_up(client, email, **data())

        page = client.get(EMAIL_VERIFICATION_SENT)
        assert (page.context["can_change"], page.context["email"]) == (False, email)
        change_to(client, OTHER)
        assert client.get(EMAIL_VERIFICATION_SENT).context["email"] == email
        assert [message.to for message in mail.outbox] == [[email]]

    @pytest.mark.requirement("INV-20")
    def test_pages_are_the_same_whether_it_is_real(
        self, client_factory: Callable[..., Client], data: Callable[[], dict[str, Any]]
    ) -> None:
        def visit(visitor: Visitor, email: str) -> None:
            page = EMAIL_VERIFICATION_SENT
            passwords = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}
            visitor.post(SIGNUP, username=visitor.name, email=email, **passwords, **data())
            visitor.get(page)
            visitor.post(page, action="change", email=OTHER)
            visitor.post(page, action="resend")
            visitor.get(page)

        compare(client_factory, visit, TAKEN, FREE)

    def test_next_signup_of_the_session_can_be_corrected(
        self, client: Client, data: Callable[[], dict[str, Any]]
    ) -> None:
        sign_up(client, **data())
        client.post("/accounts/logout/")

        sign_up(client, **WIDE_DATA)

        assert client.get(EMAIL_VERIFICATION_SENT).context["can_change"] is True

    def test_real_signup_goes_on(self, client: Client, data: Callable[[], dict[str, Any]]) -> None:
        sign_up(client, FREE, **data())

        client.post(EMAIL_VERIFICATION_SENT, {"code": read_code()})

        assert is_logged_in(client, get_newcomer())


@pytest.mark.parametrize(("size", "is_offered"), [(500, True), (1024, False)])
@pytest.mark.parametrize("email", [TAKEN, FREE], ids=["pretended", "real"])
def test_cookie_holds_less(
    client: Client, settings: Any, email: str, size: int, is_offered: bool
) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    use_form(settings, WideForm)

    sign_up(client, email, **{**WIDE_DATA, "about": "x" * size})

    assert client.get(EMAIL_VERIFICATION_SENT).context["can_change"] is is_offered


class TestHashes:
    @pytest.fixture(autouse=True)
    def _hasher(self, settings: Any) -> None:
        use_counting_hasher(settings)

    @pytest.mark.requirement("INV-20")
    @pytest.mark.parametrize("email", [TAKEN, FREE], ids=["pretended", "real"])
    @pytest.mark.parametrize("changes", [0, 2], ids=["final", "correctable"])
    def test_one_is_computed_per_signup(
        self, client: Client, settings: Any, email: str, changes: int
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = changes

        with count_hashes() as hashes:
            sign_up(client, email)

        assert hashes() == 1

    @pytest.mark.parametrize("email", [TAKEN, FREE], ids=["pretended", "real"])
    def test_one_is_computed_where_nothing_can_be_saved(
        self, client: Client, settings: Any, email: str
    ) -> None:
        use_form(settings, VaultForm)

        with count_hashes() as hashes:
            sign_up(client, email, vault="xyzzy")

        assert hashes() == 1

    @pytest.mark.parametrize("email", [TAKEN, "typo@example.org"], ids=["pretended", "real"])
    def test_correction_computes_none(self, client: Client, email: str) -> None:
        sign_up(client, email)

        with count_hashes() as hashes:
            change_to(client, FREE)

        assert hashes() == 0
        assert get_newcomer().check_password(STRONG_PASSWORD)

    @pytest.mark.parametrize("email", [TAKEN, FREE], ids=["pretended", "real"])
    def test_none_is_computed_without_a_password(
        self, client: Client, settings: Any, email: str
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email*"]
        route_account_pages(settings)

        with count_hashes() as hashes:
            client.post(SIGNUP, {"username": "new", "email": email})

        assert hashes() == 0
