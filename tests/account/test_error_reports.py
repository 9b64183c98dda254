"""Reports of errors do not show passwords, codes and keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import django
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse
from django.views.debug import SafeExceptionReporterFilter

from allauth.account import models
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.code_verification import AbstractCodeVerificationProcess
from allauth.account.models import EmailConfirmation, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.core.internal import user_codes
from tests.projects.phones.adapter import PhoneAdapter
from tests.support.pages import configure, needs_phones
from tests.support.reports import ExpectedFailure, Report, collect_reports, fail, make_report

pytestmark = pytest.mark.django_db

SECRETS = {
    "password": "canary-1",
    "password1": "canary-2",
    "password2": "canary-3",
    "oldpassword": "canary-4",
    "code": "canary-5",
}
SECRET = "canary4711ofasecret"


def get_reset_url(client: Client, user: Any) -> str:
    token = default_token_generator.make_token(user)
    kwargs = {"uidb36": user_pk_to_url_str(user), "key": token}
    response = client.get(reverse("account_reset_password_from_key", kwargs=kwargs))
    return str(response["Location"])


@pytest.mark.requirement("ATK-C46", "SEC-014")
@pytest.mark.parametrize(
    ("name", "is_logged_in"),
    [
        ("account_login", False),
        ("account_signup", False),
        ("account_change_password", True),
        ("account_reauthenticate", True),
        ("reset", False),
    ],
)
def test_passwords_are_masked(
    client: Client, user_factory: Callable[..., Any], settings: Any, name: str, is_logged_in: bool
) -> None:
    settings.DEBUG = False
    user = user_factory()
    if is_logged_in:
        client.force_login(user)
    url = get_reset_url(client, user) if name == "reset" else reverse(name)

    response = client.post(url, SECRETS)

    request = response.wsgi_request
    shown = SafeExceptionReporterFilter().get_post_parameters(request)
    assert set(request.POST.values()) == set(SECRETS.values())
    assert not set(shown.values()) & set(SECRETS.values())


@dataclass
class Site:
    """What a scenario of :func:`test_reports_show_no_secrets` works with."""

    client: Client
    user: Any
    password: str
    settings: Any
    monkeypatch: pytest.MonkeyPatch

    def post(self, name: str, **data: str) -> Any:
        return self.client.post(reverse(name), data)

    def break_(self, owner: Any, name: str, broken: Any = fail) -> None:
        self.monkeypatch.setattr(owner, name, broken)

    def draw(self, kind: str) -> None:
        """Have the code or key of that kind be the secret."""
        self.monkeypatch.setattr(
            DefaultAccountAdapter, f"generate_{kind}", lambda *args, **kwargs: SECRET
        )

    def break_hasher(self) -> None:
        self.break_(MD5PasswordHasher, "encode")

    def break_user(self) -> None:
        self.break_(get_user_model(), "save")

    def break_mail(self) -> None:
        self.break_(EmailBackend, "send_messages")

    def break_comparison(self) -> None:
        self.break_(user_codes, "constant_time_compare")


def log_in(site: Site) -> None:
    site.break_hasher()
    site.post("account_login", login=site.user.username, password=SECRET)


def log_in_past_a_limit_that_fails(site: Site) -> None:
    site.break_(DefaultAccountAdapter, "get_client_ip")
    site.settings.ACCOUNT_RATE_LIMITS = {"login": "5/m/ip"}
    site.post("account_login", login=site.user.username, password=SECRET)


def log_in_by_a_hook_that_fails(site: Site) -> None:
    def authenticate(self: Any, request: Any, **credentials: Any) -> Any:
        password = credentials["password"]
        raise ExpectedFailure(len(password))

    site.break_(DefaultAccountAdapter, "authenticate", authenticate)
    site.post("account_login", login=site.user.username, password=SECRET)


def log_in_by_an_asynchronous_hook_that_fails(site: Site) -> None:
    async def authenticate(self: Any, request: Any, **credentials: Any) -> Any:
        # The frames of coroutines are in nobody's reach but that of their authors.
        del credentials
        raise ExpectedFailure

    site.break_(DefaultAccountAdapter, "authenticate", authenticate)
    site.post("account_login", login=site.user.username, password=SECRET)


def sign_up(site: Site) -> None:
    site.break_user()
    site.post(
        "account_signup", username="a", email="a@b.example", password1=SECRET, password2=SECRET
    )


def sign_up_with_a_validator_that_fails(site: Site) -> None:
    site.settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": f"{__name__}.FailingValidator"}]
    site.post(
        "account_signup", username="a", email="a@b.example", password1=SECRET, password2=SECRET
    )


class FailingValidator:
    """Asks a service that is down, say."""

    def validate(self, password: str, user: Any = None) -> None:
        raise ExpectedFailure

    def get_help_text(self) -> str:
        return ""


def sign_up_with_a_form_that_fails(site: Site) -> None:
    from allauth.account.forms import SignupForm

    site.break_(SignupForm, "_set_up_fields")
    site.post(
        "account_signup", username="a", email="a@b.example", password1=SECRET, password2=SECRET
    )


def pretend_to_sign_up(site: Site) -> None:
    configure(site.settings, EMAIL_VERIFICATION="mandatory")
    site.break_hasher()
    site.post(
        "account_signup", username="a", email=site.user.email, password1=SECRET, password2=SECRET
    )


def change_password(site: Site) -> None:
    site.client.force_login(site.user)
    site.break_user()
    site.post(
        "account_change_password",
        oldpassword=site.password,
        password1=SECRET,
        password2=SECRET,
    )


def tell_former_password(site: Site) -> None:
    site.client.force_login(site.user)
    site.break_hasher()
    site.post("account_change_password", oldpassword=SECRET, password1="x", password2="x")


def change_password_with_a_validator_that_fails(site: Site) -> None:
    site.user.set_password(SECRET)
    site.user.save()
    site.client.force_login(site.user)
    site.settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": f"{__name__}.FailingValidator"}]
    site.post("account_change_password", oldpassword=SECRET, password1="x", password2="x")


def set_password(site: Site) -> None:
    site.user.set_unusable_password()
    site.user.save()
    site.client.force_login(site.user)
    site.break_hasher()
    site.post("account_set_password", password1=SECRET, password2=SECRET)


def request_reset(site: Site) -> None:
    site.break_(default_token_generator, "make_token", lambda user: SECRET)
    site.break_mail()
    site.post("account_reset_password", email=site.user.email)


def reset_by_link(site: Site) -> None:
    url = get_reset_url(site.client, site.user)
    site.break_user()
    site.client.post(url, {"password1": SECRET, "password2": SECRET})


def open_reset_link(site: Site) -> None:
    site.break_(default_token_generator, "_make_token_with_timestamp")
    key = f"0-{SECRET}"
    site.client.get(f"/accounts/password/reset/key/{user_pk_to_url_str(site.user)}-{key}/")


def use_reset_link(site: Site) -> None:
    url = get_reset_url(site.client, site.user)
    session = site.client.session
    session["_password_reset_key"] = f"0-{SECRET}"
    session.save()
    site.break_(default_token_generator, "_make_token_with_timestamp")
    site.client.post(url, {"password1": "x", "password2": "x"})


def request_reset_by_code(site: Site) -> None:
    configure(site.settings, PASSWORD_RESET_BY_CODE_ENABLED=True)
    site.draw("password_reset_code")
    site.break_mail()
    site.post("account_reset_password", email=site.user.email)


def confirm_reset_by_code(site: Site) -> None:
    configure(site.settings, PASSWORD_RESET_BY_CODE_ENABLED=True)
    site.draw("password_reset_code")
    site.post("account_reset_password", email=site.user.email)
    site.break_(AbstractCodeVerificationProcess, "consume")
    site.post("account_confirm_password_reset_code", code=SECRET)


def complete_reset_by_code(site: Site) -> None:
    configure(site.settings, PASSWORD_RESET_BY_CODE_ENABLED=True)
    site.draw("password_reset_code")
    site.post("account_reset_password", email=site.user.email)
    site.post("account_confirm_password_reset_code", code=SECRET)
    site.break_user()
    site.post("account_complete_password_reset", password1=SECRET, password2=SECRET)


def reauthenticate(site: Site) -> None:
    site.client.force_login(site.user)
    site.break_hasher()
    site.post("account_reauthenticate", password=SECRET)


def request_login_code(site: Site) -> None:
    configure(site.settings, LOGIN_BY_CODE_ENABLED=True)
    site.draw("login_code")
    site.break_mail()
    site.post("account_request_login_code", email=site.user.email)


def confirm_login_code(site: Site) -> None:
    configure(site.settings, LOGIN_BY_CODE_ENABLED=True)
    site.draw("login_code")
    site.post("account_request_login_code", email=site.user.email)
    site.break_comparison()
    site.post("account_confirm_login_code", code=SECRET)


def resume_login_by_code(site: Site) -> None:
    configure(site.settings, LOGIN_BY_CODE_ENABLED=True)
    site.draw("login_code")
    site.post("account_request_login_code", email=site.user.email)
    site.break_(models, "_get_user")
    site.post("account_confirm_login_code", code="another")


def _sign_up_by_code(site: Site) -> None:
    configure(
        site.settings,
        EMAIL_VERIFICATION="mandatory",
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
        EMAIL_VERIFICATION_SUPPORTS_RESEND=True,
    )
    site.draw("email_verification_code")
    site.post(
        "account_signup", username="a", email="a@b.example", password1="p4 x!q", password2="p4 x!q"
    )


def send_verification_code(site: Site) -> None:
    site.break_mail()
    _sign_up_by_code(site)


def send_verification_code_again(site: Site) -> None:
    _sign_up_by_code(site)
    site.break_mail()
    site.post("account_email_verification_sent", action="resend")


def confirm_verification_code(site: Site) -> None:
    _sign_up_by_code(site)
    site.break_comparison()
    site.post("account_email_verification_sent", code=SECRET)


def send_confirmation_link(site: Site) -> None:
    site.break_(EmailConfirmationHMAC, "key", SECRET)
    site.break_mail()
    site.client.force_login(site.user)
    site.post("account_email", action_add="", email="another@example.org")


def send_stored_confirmation_link(site: Site) -> None:
    configure(site.settings, EMAIL_CONFIRMATION_HMAC=False)
    site.draw("emailconfirmation_key")
    site.break_mail()
    site.client.force_login(site.user)
    site.post("account_email", action_add="", email="another@example.org")


def store_confirmation_link(site: Site) -> None:
    configure(site.settings, EMAIL_CONFIRMATION_HMAC=False)
    site.draw("emailconfirmation_key")
    site.break_(EmailConfirmation, "save")
    site.client.force_login(site.user)
    site.post("account_email", action_add="", email="another@example.org")


def open_confirmation_link(site: Site) -> None:
    site.break_(models.signing, "loads")
    site.client.get(reverse("account_confirm_email", args=[SECRET]))


def send_code_to_phone(site: Site) -> None:
    site.settings.ACCOUNT_ADAPTER = "tests.projects.phones.adapter.PhoneAdapter"
    configure(
        site.settings,
        SIGNUP_FIELDS=["username*", "phone*", "password1*"],
        EMAIL_VERIFICATION="none",
    )
    site.draw("phone_verification_code")

    def send(self: Any, user: Any, phone: str, code: str, **kwargs: Any) -> None:
        text = f"Your code is {code}."
        raise ExpectedFailure(len(text))

    site.break_(PhoneAdapter, "send_verification_code_sms", send)
    site.post("account_signup", username="a", phone="+31612345678", password1="p4 x!q")


SCENARIOS = [
    log_in,
    log_in_past_a_limit_that_fails,
    log_in_by_a_hook_that_fails,
    log_in_by_an_asynchronous_hook_that_fails,
    sign_up,
    sign_up_with_a_validator_that_fails,
    sign_up_with_a_form_that_fails,
    pretend_to_sign_up,
    change_password,
    tell_former_password,
    change_password_with_a_validator_that_fails,
    set_password,
    request_reset,
    reset_by_link,
    use_reset_link,
    request_reset_by_code,
    confirm_reset_by_code,
    complete_reset_by_code,
    reauthenticate,
    request_login_code,
    confirm_login_code,
    resume_login_by_code,
    send_verification_code,
    send_verification_code_again,
    confirm_verification_code,
    send_confirmation_link,
    send_stored_confirmation_link,
    store_confirmation_link,
    pytest.param(send_code_to_phone, marks=needs_phones),
]


@pytest.fixture
def site(
    client_factory: Callable[..., Client],
    user: Any,
    password: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    settings.ACCOUNT_RATE_LIMITS = False
    client = client_factory(raise_request_exception=False)
    return Site(client, user, password, settings, monkeypatch)


def report(site: Site, scenario: Callable[[Site], None]) -> Report:
    with collect_reports(site.settings) as reports:
        scenario(site)
    (found,) = reports
    return found


@pytest.mark.requirement("INV-16")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_reports_show_no_secrets(site: Site, scenario: Callable[[Site], None]) -> None:
    found = report(site, scenario)
    assert not found.find(SECRET)
    assert SECRET not in found.html


@pytest.mark.parametrize("scenario", [open_reset_link, open_confirmation_link])
def test_keys_are_in_the_url_and_nowhere_else(site: Site, scenario: Callable[[Site], None]) -> None:
    # Django reports the URL, and it is among the arguments of views and of their decorators.
    assert not report(site, scenario).find(SECRET, "allauth.account")


def test_reports_still_help(site: Site) -> None:
    found = report(site, change_password)
    names = {
        (function, name) for _, function, name, value in found.variables if "*****" not in value
    }
    assert ("form_valid", "form") in names
    assert ("dispatch", "request") in names


def test_aauthenticate(user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEBUG = False
    monkeypatch.setattr(MD5PasswordHasher, "encode", fail)
    reports = []

    async def authenticate() -> None:
        backend = AuthenticationBackend()
        try:
            await backend.aauthenticate(None, username=user.username, password=SECRET)
        except ExpectedFailure:
            reports.append(await sync_to_async(make_report)(None))

    async_to_sync(authenticate)()
    assert SECRET not in reports[0].html


@pytest.mark.skipif(
    django.VERSION < (5, 2), reason="before 5.2 Django runs authenticate() in a thread instead"
)
def test_aauthenticate_of_django(user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.auth import aauthenticate

    settings.DEBUG = False
    monkeypatch.setattr(MD5PasswordHasher, "encode", fail)
    reports = []

    async def authenticate() -> None:
        try:
            await aauthenticate(None, username=user.username, password=SECRET)
        except ExpectedFailure:
            reports.append(await sync_to_async(make_report)(None))

    async_to_sync(authenticate)()
    assert SECRET not in reports[0].html


@pytest.mark.parametrize("kind", [EmailConfirmation, EmailConfirmationHMAC])
def test_twins(kind: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEBUG = False
    monkeypatch.setattr(models.signing, "loads", fail)
    monkeypatch.setattr(type(EmailConfirmation.objects), "all_valid", fail)
    reports = []

    async def find() -> None:
        try:
            await kind.afrom_key(SECRET)
        except ExpectedFailure:
            reports.append(await sync_to_async(make_report)(None))

    async_to_sync(find)()
    assert SECRET not in reports[0].html
