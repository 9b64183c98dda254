"""Logging in by a code that is mailed or sent to a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import NoReverseMatch, reverse

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from allauth.account.models import EmailAddress
from tests.support.clocks import NOW
from tests.support.mails import make_wrong, read_code
from tests.support.pages import (
    EMAIL_VERIFICATION_SENT,
    LOGIN,
    LOGIN_CODE_CONFIRM,
    LOGIN_CODE_REQUEST,
    LOGOUT,
    configure,
    list_error_codes,
    list_messages,
    needs_phones,
    submit_code,
    submit_login,
)
from tests.support.sessions import is_logged_in, read_session

pytestmark = pytest.mark.django_db
INACTIVE = "/accounts/inactive/"
PHONE = "+31612345678"


@pytest.fixture(autouse=True)
def _codes_log_in(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    configure(settings, LOGIN_BY_CODE_ENABLED=True)


def request_code(client: Client, **data: Any) -> Any:
    return client.post(LOGIN_CODE_REQUEST, data)


# Asking for a code


def test_request_page(client: Client) -> None:
    response = client.get(LOGIN_CODE_REQUEST)

    assert response.status_code == 200
    assert list(response.context["form"].fields) == ["email"]
    assert response.context["login_url"] == LOGIN
    assert "no-store" in response["Cache-Control"]


def test_page_exists_only_if_the_site_wants_it(client: Client, settings: Any) -> None:
    configure(settings, LOGIN_BY_CODE_ENABLED=False)

    with pytest.raises(NoReverseMatch):
        reverse("account_request_login_code")
    assert client.get(LOGIN_CODE_REQUEST).status_code == 404
    assert client.get(LOGIN_CODE_CONFIRM)["Location"] == LOGIN


def test_code_is_mailed_and_logs_in(client: Client, user: Any) -> None:
    response = request_code(client, email=user.email.upper(), next="/onwards/")
    assert response["Location"] == f"{LOGIN_CODE_CONFIRM}?next=%2Fonwards%2F"
    assert mail.outbox[0].to == [user.email]
    assert [level for level, _ in list_messages(response)] == ["success"]

    page = client.get(response["Location"])
    assert (page.context["email"], page.context["phone"]) == (user.email, None)
    assert page.context["can_resend"] is False
    assert isinstance(page.context["verify_form"], ConfirmLoginCodeForm)
    assert "no-store" in page["Cache-Control"]
    response = submit_code(client, LOGIN_CODE_CONFIRM, read_code(), next="/onwards/")
    assert response["Location"] == "/onwards/"
    assert is_logged_in(client, user)
    session = read_session(client)
    (record,) = session["account_authentication_methods"]
    assert (record["method"], record["email"]) == ("code", user.email)
    assert "_session_expiry" not in session
    assert "account_login" not in session


def test_unsafe_target_is_dropped(client: Client, user: Any) -> None:
    response = request_code(client, email=user.email, next="https://evil.example/")
    assert response["Location"] == LOGIN_CODE_CONFIRM

    response = submit_code(client, LOGIN_CODE_CONFIRM, read_code(), next="https://evil.example/")
    assert response["Location"] == "/accounts/profile/"


def test_pending_login_looks_like_that_of_the_published_release(client: Client, user: Any) -> None:
    request_code(client, email=user.email)

    login = read_session(client)["account_login"]
    assert login["redirect_url"] is None
    assert login["state"]["stages"]["current"] == "login_by_code"
    data = login["state"]["stages"]["login_by_code"]["data"]
    assert {
        "at",
        "failed_attempts",
        "resend_count",
        "change_count",
        "email",
        "user_id",
        "code",
        "initiated_by_user",
    } == set(data)
    assert data["initiated_by_user"] is True
    assert data["user_id"] == str(user.pk)


def test_second_code_is_not_sent_while_a_login_is_pending(client: Client, user: Any) -> None:
    request_code(client, email=user.email)

    assert request_code(client, email=user.email)["Location"] == LOGIN_CODE_CONFIRM
    assert client.get(LOGIN_CODE_REQUEST)["Location"] == LOGIN_CODE_CONFIRM
    assert len(mail.outbox) == 1


def test_users_are_sent_on(client: Client, user: Any) -> None:
    client.force_login(user)

    assert client.get(LOGIN_CODE_REQUEST)["Location"] == "/accounts/profile/"
    assert client.get(f"{LOGIN_CODE_REQUEST}?next=/on/")["Location"] == "/on/"
    assert client.get(LOGIN_CODE_CONFIRM)["Location"] == "/accounts/profile/"
    assert request_code(client, email=user.email)["Location"] == "/accounts/profile/"
    assert not mail.outbox


def test_users_may_ask_for_a_code_where_they_are_not_sent_on(
    client: Client, user: Any, user_factory: Callable[..., Any], settings: Any
) -> None:
    settings.ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False
    client.force_login(user_factory())

    assert request_code(client, email=user.email)["Location"] == LOGIN_CODE_CONFIRM


@pytest.mark.requirement("SEC-056")
@pytest.mark.parametrize(
    ("methods", "data", "field", "errors"),
    [
        ({"email"}, {}, "email", ["required"]),
        ({"email", "phone"}, {}, "email", ["required"]),
        ({"email", "phone"}, {"email": "", "phone": ""}, "email", ["required"]),
        ({"phone"}, {}, "phone", ["required"]),
        ({"phone"}, {"phone": "123"}, "phone", ["invalid_phone"]),
        ({"email"}, {"email": "no address"}, "email", ["invalid"]),
        ({"email", "phone"}, {"email": "a@b.org", "phone": PHONE}, None, ["select_only_one"]),
    ],
)
@needs_phones
def test_form_says_what_it_needs(
    client: Client,
    settings: Any,
    sms_outbox: Any,
    methods: set[str],
    data: dict[str, str],
    field: str | None,
    errors: list[str],
) -> None:
    settings.ACCOUNT_LOGIN_METHODS = methods
    for prevention in (True, False):
        settings.ACCOUNT_PREVENT_ENUMERATION = prevention
        if field is None and not prevention:
            continue
        response = request_code(client, **data)
        assert list_error_codes(response, field) == errors
    assert not mail.outbox
    assert not sms_outbox


def test_requests_are_limited_per_address_in_any_case(
    client_factory: Callable[..., Client], user: Any, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {}
    for email in (user.email, user.email.upper(), f" {user.email} "):
        assert request_code(client_factory(), email=email).status_code == 302
    response = request_code(client_factory(), email=user.email.title())

    assert list_error_codes(response, "email") == ["too_many_login_attempts"]
    assert len(mail.outbox) == 3


def test_forms_can_be_replaced(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_FORMS = {
        "request_login_code": f"{__name__}.MyRequestForm",
        "confirm_login_code": f"{__name__}.MyConfirmForm",
    }
    assert isinstance(client.get(LOGIN_CODE_REQUEST).context["form"], MyRequestForm)
    request_code(client, email=user.email)
    assert isinstance(client.get(LOGIN_CODE_CONFIRM).context["verify_form"], MyConfirmForm)


class MyRequestForm(RequestLoginCodeForm):
    """A form of the project's own."""


class MyConfirmForm(ConfirmLoginCodeForm):
    """Another one."""


# Who gets a code


def test_inactive_user_counts_as_unknown(client: Client, user_factory: Callable[..., Any]) -> None:
    user = user_factory(is_active=False)

    assert request_code(client, email=user.email)["Location"] == LOGIN_CODE_CONFIRM
    assert mail.outbox[0].subject.endswith("There is no account with your address")
    assert read_session(client)["account_login"]["user_pk"] is None


def test_user_switched_off_meanwhile_gets_no_session(client: Client, user: Any) -> None:
    request_code(client, email=user.email)
    user.is_active = False
    user.save()

    assert submit_code(client, LOGIN_CODE_CONFIRM, read_code())["Location"] == INACTIVE
    assert not is_logged_in(client)
    assert "account_authentication_methods" not in read_session(client)


@pytest.mark.requirement("SEC-054")
@pytest.mark.parametrize("alike", ["m\u0131ke@example.org", "mike@ex\u0430mple.org"])
def test_look_alike_selects_nobody(
    client: Client, user_factory: Callable[..., Any], alike: str
) -> None:
    user_factory(email="mike@example.org")

    request_code(client, email=alike)
    assert read_session(client)["account_login"]["user_pk"] is None
    assert mail.outbox[0].to == [alike]
    assert "code" not in mail.outbox[0].subject


def test_user_who_verified_the_address_is_preferred(
    client: Client, user_factory: Callable[..., Any]
) -> None:
    user_factory(email="shared@example.org", verified=False)
    verified = user_factory(email="shared@example.org", verified=True)

    request_code(client, email="shared@example.org")
    submit_code(client, LOGIN_CODE_CONFIRM, read_code())
    assert is_logged_in(client, verified)


@pytest.mark.parametrize("is_told", [True, False])
def test_unknown_address_is_told_if_the_site_wants(
    client: Client, settings: Any, is_told: bool
) -> None:
    settings.ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = is_told

    response = request_code(client, email="nobody@example.org")
    assert response["Location"] == LOGIN_CODE_CONFIRM
    assert [level for level, _ in list_messages(response)] == ["success"]
    assert len(mail.outbox) == is_told


def test_unknown_address_is_an_error_where_that_may_be_told(client: Client, settings: Any) -> None:
    settings.ACCOUNT_PREVENT_ENUMERATION = False

    response = request_code(client, email="nobody@example.org")
    assert list_error_codes(response, "email") == ["unknown_email"]
    assert not mail.outbox


# After the right code


@pytest.mark.requirement("INV-39")
def test_code_verifies_the_address(client: Client, user_factory: Callable[..., Any]) -> None:
    user = user_factory(verified=False)
    request_code(client, email=user.email)
    submit_code(client, LOGIN_CODE_CONFIRM, read_code())

    assert is_logged_in(client, user)
    assert EmailAddress.objects.get(user=user).verified


def test_code_does_not_verify_an_address_of_another_account(
    client: Client, user_factory: Callable[..., Any]
) -> None:
    user = user_factory(verified=False)
    request_code(client, email=user.email)
    user_factory(email=user.email, verified=True)

    submit_code(client, LOGIN_CODE_CONFIRM, read_code())
    assert not EmailAddress.objects.get(user=user).verified


def test_code_makes_no_row_for_an_address_of_the_user_model(client: Client, user: Any) -> None:
    EmailAddress.objects.filter(user=user).delete()

    request_code(client, email=user.email)
    submit_code(client, LOGIN_CODE_CONFIRM, read_code())
    assert is_logged_in(client, user)
    assert not EmailAddress.objects.exists()


def test_code_counts_as_verification_at_login(
    client: Client, user_factory: Callable[..., Any], settings: Any
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    user = user_factory(verified=False)

    request_code(client, email=user.email)
    submit_code(client, LOGIN_CODE_CONFIRM, read_code())
    assert is_logged_in(client, user)
    assert len(mail.outbox) == 1


def test_session_key_is_another_one_after_the_code(client: Client, user: Any) -> None:
    request_code(client, email=user.email)
    before = client.cookies["sessionid"].value

    submit_code(client, LOGIN_CODE_CONFIRM, read_code())
    assert client.cookies["sessionid"].value != before


# Too many wrong codes


@pytest.mark.parametrize(("is_enabled", "target"), [(True, LOGIN_CODE_REQUEST), (False, LOGIN)])
def test_last_wrong_code_leads_back(
    client: Client, user: Any, settings: Any, is_enabled: bool, target: str
) -> None:
    settings.ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 1
    request_code(client, email=user.email)
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = is_enabled

    assert submit_code(client, LOGIN_CODE_CONFIRM, make_wrong(read_code()))["Location"] == target


# Sending another code


@pytest.fixture
def resend(settings: Any) -> None:
    settings.ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True


@pytest.mark.requirement("SEC-070")
@pytest.mark.usefixtures("resend")
def test_resend_makes_a_new_code_and_gives_back_no_attempt(client: Client, user: Any) -> None:
    request_code(client, email=user.email)
    code = read_code()
    submit_code(client, LOGIN_CODE_CONFIRM, make_wrong(code))

    response = submit_code(client, LOGIN_CODE_CONFIRM, "", action="resend", next="/on/")
    assert response["Location"] == f"{LOGIN_CODE_CONFIRM}?next=%2Fon%2F"
    assert [level for level, _ in list_messages(response)] == ["success"]
    data = read_session(client)["account_login"]["state"]["stages"]["login_by_code"]["data"]
    assert (data["resend_count"], data["failed_attempts"]) == (1, 1)
    assert submit_code(client, LOGIN_CODE_CONFIRM, code).status_code == 200
    submit_code(client, LOGIN_CODE_CONFIRM, read_code())
    assert is_logged_in(client, user)


@pytest.mark.usefixtures("resend")
def test_resends_are_limited_in_number(client: Client, user: Any) -> None:
    request_code(client, email=user.email)
    for _ in range(2):
        assert client.get(LOGIN_CODE_CONFIRM).context["can_resend"] is True
        submit_code(client, LOGIN_CODE_CONFIRM, "", action="resend")

    assert client.get(LOGIN_CODE_CONFIRM).context["can_resend"] is False
    submit_code(client, LOGIN_CODE_CONFIRM, "", action="resend")
    assert len(mail.outbox) == 3


@pytest.mark.usefixtures("resend")
def test_resends_are_limited_in_time(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"request_login_code": "1/m/key"}
    request_code(client, email=user.email)
    code = read_code()

    response = submit_code(client, LOGIN_CODE_CONFIRM, "", action="resend")
    assert response["Location"] == LOGIN_CODE_CONFIRM
    assert list_messages(response)[-1][0] == "error"
    assert len(mail.outbox) == 1
    # Nothing was sent, so the code that was mailed before stays the right one.
    submit_code(client, LOGIN_CODE_CONFIRM, code)
    assert is_logged_in(client, user)


@pytest.mark.requirement("INV-13")
@pytest.mark.usefixtures("resend")
@pytest.mark.parametrize(("seconds", "is_in_time"), [(179, True), (181, False)])
def test_resend_does_not_extend_the_time(
    client: Client, user: Any, seconds: int, is_in_time: bool
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        request_code(client, email=user.email)
        clock.shift(seconds - 1)
        submit_code(client, LOGIN_CODE_CONFIRM, "", action="resend")
        clock.shift(1)
        submit_code(client, LOGIN_CODE_CONFIRM, read_code())
        assert is_logged_in(client, user) is is_in_time


@pytest.mark.requirement("ATK-A28")
@pytest.mark.usefixtures("resend")
@pytest.mark.parametrize("email", ["nobody@example.org", "user"])
def test_resend_for_nobody_is_like_any_other(client: Client, user: Any, email: str) -> None:
    email = user.email if email == "user" else email
    request_code(client, email=email)

    response = submit_code(client, LOGIN_CODE_CONFIRM, "", action="resend")
    assert response["Location"] == LOGIN_CODE_CONFIRM
    assert [level for level, _ in list_messages(response)] == ["success", "success"]
    for typed in ("BCDF-GHJK", ""):
        response = submit_code(client, LOGIN_CODE_CONFIRM, typed)
        assert response.status_code == 200
        assert len(response.context["form"].errors["code"]) == 1
    assert submit_code(client, LOGIN_CODE_CONFIRM, "BCDF-GHJK")["Location"] == LOGIN_CODE_REQUEST
    assert not is_logged_in(client)


# Where the login page asks for no password


@pytest.mark.parametrize("target", [None, "/onwards/"])
def test_login_page_without_password_sends_a_code(
    client: Client, user: Any, settings: Any, target: str | None
) -> None:
    settings.ACCOUNT_LOGIN_METHODS = {"email"}
    settings.ACCOUNT_SIGNUP_FIELDS = ["email*"]
    data = {"login": user.email} | ({"next": target} if target else {})

    response = client.post(LOGIN, data)
    expected = "?next=%2Fonwards%2F" if target else ""
    assert response["Location"] == f"{LOGIN_CODE_CONFIRM}{expected}"
    submit_code(client, LOGIN_CODE_CONFIRM, read_code())
    assert is_logged_in(client, user)


def test_login_page_without_password_needs_something_to_send_to(
    client: Client, user: Any, settings: Any
) -> None:
    settings.ACCOUNT_LOGIN_METHODS = {"email", "username"}
    settings.ACCOUNT_SIGNUP_FIELDS = ["email*"]

    response = client.post(LOGIN, {"login": user.username})
    assert list_error_codes(response, "login") == ["invalid_login"]


def test_login_page_without_password_is_limited(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"request_login_code": "1/m/key"}
    settings.ACCOUNT_LOGIN_METHODS = {"email"}
    settings.ACCOUNT_SIGNUP_FIELDS = ["email*"]
    client.post(LOGIN, {"login": user.email})
    client.post(LOGOUT)

    response = client.post(LOGIN, {"login": user.email})
    assert response.context["form"].errors["login"]
    assert len(mail.outbox) == 1


# Where the site demands a code


@pytest.mark.parametrize("required", [True, {"password"}])
def test_required_code(
    client: Client, user: Any, password: str, settings: Any, required: Any
) -> None:
    configure(settings, LOGIN_BY_CODE_ENABLED=False, LOGIN_BY_CODE_REQUIRED=required)

    response = submit_login(client, user.username, password, next="/onwards/")
    assert response["Location"] == LOGIN_CODE_CONFIRM
    assert not is_logged_in(client)
    data = read_session(client)["account_login"]["state"]["stages"]["login_by_code"]["data"]
    assert (data["initiated_by_user"], data["login_by_code_required"]) == (False, True)
    response = submit_code(client, LOGIN_CODE_CONFIRM, read_code())
    assert response["Location"] == "/onwards/"
    methods = [r["method"] for r in read_session(client)["account_authentication_methods"]]
    assert methods == ["password", "code"]


def test_code_is_not_required_for_other_methods(
    client: Client, user: Any, password: str, settings: Any
) -> None:
    configure(settings, LOGIN_BY_CODE_REQUIRED={"socialaccount"})

    submit_login(client, user.username, password)
    assert is_logged_in(client, user)


def test_code_is_not_required_twice(client: Client, user: Any, settings: Any) -> None:
    configure(settings, LOGIN_BY_CODE_REQUIRED=True)

    request_code(client, email=user.email)
    submit_code(client, LOGIN_CODE_CONFIRM, read_code())
    assert is_logged_in(client, user)
    assert len(mail.outbox) == 1


def test_last_wrong_required_code_leads_to_the_login(
    client: Client, user: Any, password: str, settings: Any
) -> None:
    configure(settings, LOGIN_BY_CODE_REQUIRED=True, LOGIN_BY_CODE_MAX_ATTEMPTS=1)
    submit_login(client, user.username, password)

    assert submit_code(client, LOGIN_CODE_CONFIRM, "nonsense")["Location"] == LOGIN
    session = read_session(client)
    assert "account_login" not in session
    assert "account_authentication_methods" not in session


def test_required_code_for_somebody_who_cannot_be_reached(
    client: Client, user_factory: Callable[..., Any], password: str, settings: Any
) -> None:
    configure(settings, LOGIN_BY_CODE_REQUIRED=True)
    user = user_factory(email="")

    assert submit_login(client, user.username, password)["Location"] == LOGIN
    assert "account_login" not in read_session(client)
    assert not is_logged_in(client)


def test_required_code_goes_to_the_address_of_the_login(
    client: Client, user: Any, password: str, settings: Any
) -> None:
    configure(settings, LOGIN_BY_CODE_REQUIRED=True, LOGIN_METHODS={"email"})
    EmailAddress.objects.create(user=user, email="more@example.org", verified=True)

    submit_login(client, "more@example.org", password)
    assert mail.outbox[0].to == ["more@example.org"]


def test_required_code_comes_before_the_verification(
    client: Client, user_factory: Callable[..., Any], password: str, settings: Any
) -> None:
    configure(
        settings,
        LOGIN_BY_CODE_REQUIRED=True,
        EMAIL_VERIFICATION="mandatory",
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
    )
    user = user_factory(verified=False)
    submit_login(client, user.username, password)

    assert client.get(EMAIL_VERIFICATION_SENT)["Location"] == LOGIN
    submit_code(client, LOGIN_CODE_CONFIRM, read_code())
    assert is_logged_in(client, user)
    assert len(mail.outbox) == 1


# By phone


@pytest.fixture
def by_phone(settings: Any, sms_outbox: Any) -> Any:
    configure(
        settings, LOGIN_METHODS={"email", "phone"}, SIGNUP_FIELDS=["email", "phone", "password1*"]
    )
    return sms_outbox


@needs_phones
def test_code_is_sent_to_a_phone(
    client: Client, user_factory: Callable[..., Any], by_phone: Any
) -> None:
    user = user_factory(phone=PHONE)
    assert list(client.get(LOGIN_CODE_REQUEST).context["form"].fields) == ["email", "phone"]

    response = request_code(client, phone=f" {PHONE} ")
    assert response["Location"] == LOGIN_CODE_CONFIRM
    assert PHONE in list_messages(response)[0][1]
    (message,) = by_phone
    assert (message.kind, message.phone) == ("verification", PHONE)
    context = client.get(LOGIN_CODE_CONFIRM).context
    assert (context["phone"], context["email"]) == (PHONE, None)
    submit_code(client, LOGIN_CODE_CONFIRM, message.code)
    assert is_logged_in(client, user)
    (record,) = read_session(client)["account_authentication_methods"]
    assert (record["method"], record["phone"]) == ("code", PHONE)


@needs_phones
def test_code_verifies_the_phone(
    client: Client, user_factory: Callable[..., Any], by_phone: Any
) -> None:
    user = user_factory(phone=PHONE)
    user.phone.verified = False
    user.phone.save()

    request_code(client, phone=PHONE)
    submit_code(client, LOGIN_CODE_CONFIRM, by_phone[-1].code)
    user.phone.refresh_from_db()
    assert user.phone.verified
    assert is_logged_in(client, user)


@needs_phones
def test_inactive_user_ends_at_the_inactive_page_after_the_code(
    client: Client, user_factory: Callable[..., Any], by_phone: Any
) -> None:
    user_factory(phone=PHONE, is_active=False)

    request_code(client, phone=PHONE)
    assert submit_code(client, LOGIN_CODE_CONFIRM, by_phone[-1].code)["Location"] == INACTIVE
    assert not is_logged_in(client)


@needs_phones
def test_unknown_phone_is_told(client: Client, by_phone: Any, settings: Any) -> None:
    assert request_code(client, phone=PHONE)["Location"] == LOGIN_CODE_CONFIRM
    assert [message.kind for message in by_phone] == ["unknown_account"]
    client.post(LOGOUT)

    settings.ACCOUNT_PREVENT_ENUMERATION = False
    assert list_error_codes(request_code(client, phone=PHONE), "phone") == ["unknown_phone"]


@pytest.mark.requirement("ATK-A28")
@needs_phones
@pytest.mark.usefixtures("resend")
@pytest.mark.parametrize("is_known", [True, False])
def test_resend_to_a_phone_works_for_nobody_as_well(
    client: Client, user_factory: Callable[..., Any], by_phone: Any, is_known: bool
) -> None:
    if is_known:
        user_factory(phone=PHONE)
    request_code(client, phone=PHONE)

    response = submit_code(client, LOGIN_CODE_CONFIRM, "", action="resend")
    assert response["Location"] == LOGIN_CODE_CONFIRM
    assert [level for level, _ in list_messages(response)] == ["success", "success"]
    response = submit_code(client, LOGIN_CODE_CONFIRM, "BCDF-GHJK")
    assert list_error_codes(response, "code") == ["incorrect_code"]
    assert len(by_phone) == (2 if is_known else 1)


@needs_phones
def test_required_code_goes_to_the_phone_of_who_has_no_address(
    client: Client,
    user_factory: Callable[..., Any],
    password: str,
    by_phone: Any,
    settings: Any,
) -> None:
    configure(settings, LOGIN_BY_CODE_REQUIRED=True, LOGIN_METHODS={"username", "phone"})
    user = user_factory(email="", phone=PHONE)

    submit_login(client, PHONE, password)
    submit_code(client, LOGIN_CODE_CONFIRM, by_phone[-1].code)
    assert is_logged_in(client, user)


class LegacyAdapter(DefaultAccountAdapter):
    """Makes phone codes like projects of old: the hook took no arguments."""

    def generate_phone_verification_code(self) -> str:  # type: ignore[override]
        return "1234"

    def get_user_by_phone(self, phone: str) -> Any:
        return None


@needs_phones
@pytest.mark.usefixtures("by_phone")
def test_hook_of_old_still_works(client: Client, settings: Any) -> None:
    settings.ACCOUNT_ADAPTER = f"{__name__}.LegacyAdapter"

    with pytest.warns(DeprecationWarning, match="generate_phone_verification_code"):
        assert request_code(client, phone=PHONE).status_code == 302
    data = read_session(client)["account_login"]["state"]["stages"]["login_by_code"]["data"]
    assert data["code"] == "1234"
