"""Verifying and changing phone numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.fields import PhoneField
from allauth.account.forms import ChangePhoneForm, VerifyPhoneForm
from tests.support.clocks import NOW
from tests.support.mails import make_wrong
from tests.support.pages import (
    LOGIN,
    LOGOUT,
    PHONE_CHANGE,
    PHONE_VERIFY,
    configure,
    list_error_codes,
    list_messages,
    needs_phones,
    submit_code,
    submit_login,
    submit_signup,
)
from tests.support.sessions import is_logged_in, read_session, write_session

pytestmark = [pytest.mark.django_db, needs_phones]
PHONE = "+31612345678"
OTHER_PHONE = "+31687654321"
STATE = "account_phone_verification"
AJAX = {"x-requested-with": "XMLHttpRequest"}


@pytest.fixture(autouse=True)
def outbox(settings: Any, sms_outbox: Any) -> Any:
    """The text messages sent so far, on a site that asks for phone numbers."""
    settings.ACCOUNT_RATE_LIMITS = False
    configure(
        settings,
        SIGNUP_FIELDS=["username*", "phone*", "password1*", "password2*"],
        EMAIL_VERIFICATION="none",
    )
    return sms_outbox


def sign_up(client: Client, phone: str = PHONE, **data: Any) -> Any:
    return submit_signup(client, username="newcomer", phone=phone, **data)


def get_phone(user: Any) -> tuple[str, bool]:
    from tests.projects.phones.models import Phone

    phone = Phone.objects.get(user=user)
    return phone.number, phone.verified


def get_newcomer() -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get(username="newcomer")


def get_stage_state(client: Client) -> dict[str, Any]:
    login = read_session(client)["account_login"]
    return dict(login["state"]["stages"]["verify_phone"]["data"])


# At sign-up


def test_code_completes_the_signup(client: Client, outbox: Any) -> None:
    response = sign_up(client, next="/on/")
    assert response["Location"] == PHONE_VERIFY
    assert [level for level, _ in list_messages(response)] == ["info"]
    assert [(message.kind, message.phone) for message in outbox] == [("verification", PHONE)]
    assert get_phone(get_newcomer()) == (PHONE, False)

    page = client.get(PHONE_VERIFY)
    assert page.context["phone"] == PHONE
    assert page.context["action"] == "verify"
    assert (page.context["can_change"], page.context["can_resend"]) == (False, False)
    assert isinstance(page.context["verify_form"], VerifyPhoneForm)
    assert isinstance(page.context["change_form"], ChangePhoneForm)
    assert "no-store" in page["Cache-Control"]
    assert page["X-Frame-Options"] == "DENY"
    response = submit_code(client, PHONE_VERIFY, outbox[0].code)
    assert response["Location"] == "/on/"
    assert PHONE in [text for _, text in list_messages(response)][-2]
    assert is_logged_in(client, get_newcomer())
    assert get_phone(get_newcomer()) == (PHONE, True)


def test_state_is_written_as_the_published_release_does(client: Client) -> None:
    sign_up(client)

    state = get_stage_state(client)
    assert (state["signup"], state["phone"], state["user_id"]) == (
        True,
        PHONE,
        str(get_newcomer().pk),
    )
    assert set(state) == {
        "at",
        "failed_attempts",
        "resend_count",
        "change_count",
        "phone",
        "user_id",
        "signup",
        "code",
    }


def test_signup_without_verification(client: Client, settings: Any, outbox: Any) -> None:
    settings.ACCOUNT_PHONE_VERIFICATION_ENABLED = False

    sign_up(client)
    assert is_logged_in(client, get_newcomer())
    assert not outbox


def test_signup_without_a_number_where_it_is_optional(
    client: Client, settings: Any, outbox: Any
) -> None:
    configure(settings, SIGNUP_FIELDS=["username*", "phone", "password1*", "password2*"])

    sign_up(client, phone="")
    assert is_logged_in(client, get_newcomer())
    assert not outbox


@pytest.mark.requirement("ATK-A57")
@pytest.mark.parametrize(
    "phone",
    [
        "0031612345678",
        "31612345678",
        "+0612345678",
        "+31",
        "+3161234567890123",
        "\uff0b31612345678",
        "+\uff13\uff11612345678",
        "+31612345678x5",
        "+31612345678;ext=5",
        "tel:+31612345678",
        "+31612345678,+31687654321",
        "+31612345678\n",
        "+316 1234\x005678",
        "+" + "1" * 1000,
    ],
)
def test_what_is_no_number_is_refused(client: Client, phone: str, outbox: Any) -> None:
    response = sign_up(client, phone=phone)

    if phone.strip() == PHONE:
        assert response["Location"] == PHONE_VERIFY
        assert [message.phone for message in outbox] == [PHONE]
        return
    assert response.status_code == 200
    assert response.context["form"].errors["phone"]
    assert not outbox


def test_phone_field(settings: Any) -> None:
    field = PhoneField()
    assert field.label == "Phone"
    html = field.widget.render("phone", None)
    assert all(part in html for part in ('type="tel"', 'autocomplete="tel"', 'placeholder="Phone"'))
    assert field.clean(f" {PHONE} ") == PHONE
    assert PhoneField(required=False).clean("") == ""
    with pytest.raises(ValidationError) as error:
        field.clean("612345678")
    assert error.value.error_list[0].code == "invalid_phone"
    settings.ACCOUNT_ADAPTER = f"{__name__}.CleaningAdapter"
    assert field.clean(PHONE) == f"00{PHONE[1:]}"


class CleaningAdapter(DefaultAccountAdapter):
    """Stores numbers in another form."""

    async def clean_phone(self, phone: str) -> str:  # type: ignore[override]
        return phone.replace("+", "00")


def test_wrong_codes_end_the_signup(client: Client, outbox: Any) -> None:
    sign_up(client)
    code = outbox[0].code

    for _ in range(2):
        response = submit_code(client, PHONE_VERIFY, make_wrong(code))
        assert list_error_codes(response, "code") == ["incorrect_code"]
    response = submit_code(client, PHONE_VERIFY, make_wrong(code))
    assert response["Location"] == LOGIN
    assert [level for level, _ in list_messages(response)] == ["error"]
    assert "account_login" not in read_session(client)
    assert submit_code(client, PHONE_VERIFY, code)["Location"] == LOGIN
    assert not is_logged_in(client)
    assert get_phone(get_newcomer()) == (PHONE, False)


@pytest.mark.requirement("ATK-A12")
def test_attempts_are_not_restored_with_the_session(client: Client, outbox: Any) -> None:
    sign_up(client)
    saved = read_session(client)

    evaluated = 0
    for _ in range(10):
        write_session(client, **saved)
        response = submit_code(client, PHONE_VERIFY, make_wrong(outbox[0].code))
        evaluated += response.status_code == 200
    assert evaluated <= 3
    write_session(client, **saved)
    submit_code(client, PHONE_VERIFY, outbox[0].code)
    assert not is_logged_in(client)


@pytest.mark.requirement("INV-13")
@pytest.mark.parametrize(("seconds", "is_in_time"), [(899, True), (901, False)])
def test_code_works_for_its_time_only(
    client: Client, outbox: Any, seconds: int, is_in_time: bool
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        sign_up(client)
        clock.shift(seconds)
        response = submit_code(client, PHONE_VERIFY, outbox[0].code)
        assert is_logged_in(client) is is_in_time
        assert (response["Location"] == LOGIN) is not is_in_time


def test_expired_code_ends_the_login_before_the_login_itself_does(
    client: Client, settings: Any
) -> None:
    settings.ACCOUNT_PHONE_VERIFICATION_TIMEOUT = 10
    with time_machine.travel(NOW, tick=False) as clock:
        sign_up(client)
        clock.shift(11)
        assert client.get(PHONE_VERIFY)["Location"] == LOGIN
        assert "account_login" not in read_session(client)


def test_cancel_ends_the_process(client: Client, outbox: Any) -> None:
    sign_up(client)
    client.post(LOGOUT)

    assert submit_code(client, PHONE_VERIFY, outbox[0].code)["Location"] == LOGIN
    assert not is_logged_in(client)


@pytest.mark.requirement("ATK-A58")
def test_number_taken_meanwhile_is_refused(
    client: Client, user_factory: Callable[..., Any], outbox: Any
) -> None:
    sign_up(client)
    newcomer = get_newcomer()
    newcomer.phone.delete()
    user_factory(phone=PHONE)

    response = submit_code(client, PHONE_VERIFY, outbox[0].code)
    assert list_error_codes(response, "code") == ["phone_taken"]
    assert not is_logged_in(client)


# Sending another code


@pytest.mark.requirement("SEC-070")
def test_resend_makes_a_new_code_and_gives_back_no_attempt(
    client: Client, settings: Any, outbox: Any
) -> None:
    settings.ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = 1
    sign_up(client)
    submit_code(client, PHONE_VERIFY, make_wrong(outbox[0].code))
    assert client.get(PHONE_VERIFY).context["can_resend"] is True

    response = submit_code(client, PHONE_VERIFY, "", action="resend", next="/on/")
    assert response["Location"] == f"{PHONE_VERIFY}?next=%2Fon%2F"
    assert len(outbox) == 2
    state = get_stage_state(client)
    assert (state["resend_count"], state["failed_attempts"]) == (1, 1)
    page = client.get(PHONE_VERIFY)
    assert page.context["can_resend"] is False
    assert submit_code(client, PHONE_VERIFY, outbox[0].code).status_code == 200
    submit_code(client, PHONE_VERIFY, outbox[1].code)
    assert is_logged_in(client)


@pytest.mark.requirement("ATK-A57")
def test_refused_resend_is_told_and_keeps_the_code(
    client: Client, settings: Any, outbox: Any
) -> None:
    settings.ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = True
    settings.ACCOUNT_RATE_LIMITS = {}
    sign_up(client)

    response = submit_code(client, PHONE_VERIFY, "", action="resend")
    assert response["Location"] == PHONE_VERIFY
    assert list_messages(response)[-1][0] == "error"
    assert len(outbox) == 1
    assert get_stage_state(client)["resend_count"] == 0
    submit_code(client, PHONE_VERIFY, outbox[0].code)
    assert is_logged_in(client)


# Correcting the number


@pytest.fixture
def change(settings: Any) -> None:
    settings.ACCOUNT_PHONE_VERIFICATION_SUPPORTS_CHANGE = True


def change_to(client: Client, phone: str) -> Any:
    return client.post(PHONE_VERIFY, {"action": "change", "phone": phone})


@pytest.mark.requirement("SEC-070")
@pytest.mark.usefixtures("change")
def test_change_sends_a_code_to_the_new_number(client: Client, outbox: Any) -> None:
    sign_up(client)
    submit_code(client, PHONE_VERIFY, make_wrong(outbox[0].code))
    assert client.get(PHONE_VERIFY).context["can_change"] is True

    assert change_to(client, OTHER_PHONE)["Location"] == PHONE_VERIFY
    assert (outbox[1].kind, outbox[1].phone) == ("verification", OTHER_PHONE)
    assert get_phone(get_newcomer()) == (OTHER_PHONE, False)
    state = get_stage_state(client)
    assert (state["change_count"], state["failed_attempts"]) == (1, 1)
    assert submit_code(client, PHONE_VERIFY, outbox[0].code).status_code == 200
    submit_code(client, PHONE_VERIFY, outbox[1].code)
    assert get_phone(get_newcomer()) == (OTHER_PHONE, True)
    assert is_logged_in(client)


@pytest.mark.usefixtures("change")
def test_change_to_nonsense_or_the_same_is_shown_and_costs_no_attempt(client: Client) -> None:
    sign_up(client)

    for phone, error in (("nonsense", "invalid_phone"), (PHONE, "same_as_current")):
        response = change_to(client, phone)
        assert list_error_codes(response, "phone") == [error]
        assert response.context["action"] == "change"
        assert response.context["change_form"].errors
    assert get_stage_state(client)["failed_attempts"] == 0
    assert get_stage_state(client)["change_count"] == 0


@pytest.mark.requirement("SEC-070")
@pytest.mark.usefixtures("change")
def test_change_to_a_foreign_number_looks_alike_and_verifies_nothing(
    client: Client, user_factory: Callable[..., Any], outbox: Any
) -> None:
    user_factory(phone=OTHER_PHONE)
    sign_up(client)

    assert change_to(client, OTHER_PHONE)["Location"] == PHONE_VERIFY
    assert (outbox[-1].kind, outbox[-1].phone) == ("account_already_exists", OTHER_PHONE)
    assert client.get(PHONE_VERIFY).context["phone"] == OTHER_PHONE
    assert get_phone(get_newcomer()) == (PHONE, False)
    response = submit_code(client, PHONE_VERIFY, outbox[0].code)
    assert list_error_codes(response, "code") == ["incorrect_code"]

    change_to(client, "+31699999999")
    submit_code(client, PHONE_VERIFY, outbox[-1].code)
    assert is_logged_in(client, get_newcomer())


@pytest.mark.usefixtures("change")
def test_change_to_a_foreign_number_where_that_may_be_told(
    client: Client, user_factory: Callable[..., Any], settings: Any
) -> None:
    settings.ACCOUNT_PREVENT_ENUMERATION = False
    user_factory(phone=OTHER_PHONE)
    sign_up(client)

    assert list_error_codes(change_to(client, OTHER_PHONE), "phone") == ["phone_taken"]


@pytest.mark.usefixtures("change")
def test_change_is_for_those_who_never_logged_in(
    client: Client, user_factory: Callable[..., Any], password: str
) -> None:
    user = user_factory(phone=PHONE)
    user.phone.verified = False
    user.phone.save()
    client.force_login(user)
    client.logout()
    submit_login(client, user.username, password)

    assert client.get(PHONE_VERIFY).context["can_change"] is False
    change_to(client, OTHER_PHONE)
    assert get_phone(user) == (PHONE, False)


@pytest.mark.requirement("ATK-A57")
@pytest.mark.usefixtures("change")
def test_change_is_limited_in_number_and_time(client: Client, settings: Any, outbox: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"verify_phone": "2/m/ip"}
    sign_up(client)
    change_to(client, OTHER_PHONE)
    before = get_stage_state(client)

    response = change_to(client, "+31699999999")
    assert response["Location"] == PHONE_VERIFY
    assert list_messages(response)[-1][0] == "error"
    assert get_stage_state(client) == before
    assert get_phone(get_newcomer()) == (OTHER_PHONE, False)
    assert len(outbox) == 2
    settings.ACCOUNT_RATE_LIMITS = False
    change_to(client, "+31699999999")
    assert client.get(PHONE_VERIFY).context["can_change"] is False
    submit_code(client, PHONE_VERIFY, outbox[-1].code)
    assert is_logged_in(client)


# At login


def test_login_waits_for_the_code(
    client: Client, user_factory: Callable[..., Any], password: str, outbox: Any
) -> None:
    user = user_factory(phone=PHONE)
    user.phone.verified = False
    user.phone.save()

    assert submit_login(client, user.username, password)["Location"] == PHONE_VERIFY
    assert get_stage_state(client)["signup"] is False
    submit_code(client, PHONE_VERIFY, outbox[0].code)
    assert is_logged_in(client, user)


def test_login_with_a_verified_number(
    client: Client, user_factory: Callable[..., Any], password: str, outbox: Any
) -> None:
    user = user_factory(phone=PHONE)

    submit_login(client, user.username, password)
    assert is_logged_in(client, user)
    assert not outbox


@pytest.mark.parametrize("field", ["phone*", "phone"])
def test_login_without_a_number(
    client: Client, user: Any, password: str, settings: Any, field: str
) -> None:
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", field, "password1*"]

    response = submit_login(client, user.username, password)
    assert is_logged_in(client, user) is (field == "phone")
    if field == "phone*":
        assert response["Location"] == LOGIN
        assert "account_login" not in read_session(client)


@pytest.mark.requirement("ATK-A57")
def test_second_login_within_the_window_is_a_429(
    client_factory: Callable[..., Client],
    user_factory: Callable[..., Any],
    password: str,
    settings: Any,
    outbox: Any,
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {}
    user = user_factory(phone=PHONE)
    user.phone.verified = False
    user.phone.save()
    with time_machine.travel(NOW, tick=False) as clock:
        assert submit_login(client_factory(), user.username, password).status_code == 302
        client = client_factory(REMOTE_ADDR="192.0.2.1")
        assert submit_login(client, user.username, password).status_code == 429
        assert "account_login" not in read_session(client)
        clock.shift(31)
        assert submit_login(client, user.username, password).status_code == 302
    assert len(outbox) == 2


@pytest.mark.requirement("ATK-A57")
def test_requests_for_many_numbers_from_one_address_are_limited(
    client_factory: Callable[..., Client], settings: Any, outbox: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"signup": None}

    statuses = [
        submit_signup(client_factory(), username=f"n{n}", phone=f"+3161234567{n}").status_code
        for n in range(5)
    ]
    assert statuses == [302] * 3 + [429] * 2
    assert len(outbox) == 3


@pytest.mark.requirement("ATK-A27", "SEC-007")
def test_failed_logins_count_per_number(
    client: Client, user_factory: Callable[..., Any], password: str, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "5/300s/key"}
    settings.ACCOUNT_LOGIN_METHODS = {"phone"}
    user_factory(phone=PHONE)
    other = user_factory(phone=OTHER_PHONE)
    for _ in range(5):
        response = submit_login(client, PHONE, "wrong")
        assert list_error_codes(response) == ["phone_password_mismatch"]

    response = submit_login(client, PHONE, password)
    assert list_error_codes(response) == ["too_many_login_attempts"]
    submit_login(client, OTHER_PHONE, password)
    assert is_logged_in(client, other)


def test_stage_page_is_for_those_who_wait(client: Client) -> None:
    assert client.get(PHONE_VERIFY)["Location"] == LOGIN
    assert submit_code(client, PHONE_VERIFY, "BCDF-GHJK")["Location"] == LOGIN


def test_pages_exist_only_where_there_are_numbers(client: Client, settings: Any) -> None:
    configure(settings, SIGNUP_FIELDS=["username*", "password1*"])

    assert client.get(PHONE_VERIFY).status_code == 404
    assert client.get(PHONE_CHANGE).status_code == 404


# While logged in


@pytest.fixture
def member(client: Client, user_factory: Callable[..., Any], password: str) -> Any:
    """The user of the client, with a verified number."""
    user = user_factory(phone=PHONE)
    submit_login(client, user.username, password)
    return user


def test_change_page(client: Client, member: Any) -> None:
    response = client.get(PHONE_CHANGE)

    assert (response.context["phone"], response.context["phone_verified"]) == (PHONE, True)
    assert isinstance(response.context["form"], ChangePhoneForm)
    assert "no-store" in response["Cache-Control"]
    assert response["X-Frame-Options"] == "DENY"


def test_change_page_wants_a_login(client: Client) -> None:
    assert client.get(PHONE_CHANGE)["Location"] == f"{LOGIN}?next={PHONE_CHANGE}"


def test_new_number_counts_once_its_code_is_entered(
    client: Client, member: Any, outbox: Any
) -> None:
    assert client.post(PHONE_CHANGE, {"phone": OTHER_PHONE})["Location"] == PHONE_VERIFY
    assert [(m.kind, m.phone) for m in outbox] == [("verification", OTHER_PHONE)]
    assert get_phone(member) == (PHONE, True)
    assert set(read_session(client)[STATE]) == {
        "at",
        "failed_attempts",
        "resend_count",
        "change_count",
        "phone",
        "user_id",
        "code",
    }

    page = client.get(PHONE_VERIFY)
    assert page.context["phone"] == OTHER_PHONE
    assert page.context["cancel_url"] == PHONE_CHANGE
    assert (page.context["can_change"], page.context["can_resend"]) == (False, False)
    response = submit_code(client, PHONE_VERIFY, outbox[0].code)
    assert response["Location"] == PHONE_CHANGE
    assert list_messages(response)[-1][0] == "success"
    assert get_phone(member) == (OTHER_PHONE, True)
    assert STATE not in read_session(client)


@pytest.mark.parametrize(
    ("phone", "error"), [(PHONE, "same_as_current"), ("nonsense", "invalid_phone")]
)
def test_new_number_is_refused(
    client: Client, member: Any, outbox: Any, phone: str, error: str
) -> None:
    response = client.post(PHONE_CHANGE, {"phone": phone})

    assert list_error_codes(response, "phone") == [error]
    assert not outbox


def test_foreign_number(
    client: Client,
    member: Any,
    user_factory: Callable[..., Any],
    outbox: Any,
    settings: Any,
) -> None:
    user_factory(phone=OTHER_PHONE)

    # The conflict shows once the code proves that both are of one person.
    assert client.post(PHONE_CHANGE, {"phone": OTHER_PHONE})["Location"] == PHONE_VERIFY
    assert outbox[-1].kind == "verification"
    response = submit_code(client, PHONE_VERIFY, outbox[-1].code)
    assert list_error_codes(response, "code") == ["phone_taken"]
    assert get_phone(member) == (PHONE, True)

    settings.ACCOUNT_PREVENT_ENUMERATION = False
    response = client.post(PHONE_CHANGE, {"phone": OTHER_PHONE})
    assert list_error_codes(response, "phone") == ["phone_taken"]


def test_stored_number_can_be_verified_later(
    client: Client, member: Any, outbox: Any, settings: Any
) -> None:
    response = client.post(PHONE_CHANGE, {"action": "verify"})
    assert list_error_codes(response, "phone") == ["required"]
    member.phone.verified = False
    member.phone.save()

    assert client.post(PHONE_CHANGE, {"action": "verify"})["Location"] == PHONE_VERIFY
    submit_code(client, PHONE_VERIFY, outbox[-1].code)
    assert get_phone(member) == (PHONE, True)


def test_wrong_codes_end_the_change(client: Client, member: Any, outbox: Any) -> None:
    client.post(PHONE_CHANGE, {"phone": OTHER_PHONE})
    for _ in range(2):
        assert submit_code(client, PHONE_VERIFY, make_wrong(outbox[0].code)).status_code == 200

    response = submit_code(client, PHONE_VERIFY, make_wrong(outbox[0].code))
    assert response["Location"] == PHONE_CHANGE
    assert submit_code(client, PHONE_VERIFY, outbox[0].code)["Location"] == PHONE_CHANGE
    assert get_phone(member) == (PHONE, True)
    assert is_logged_in(client, member)


def test_no_other_actions_are_offered(
    client: Client, member: Any, outbox: Any, settings: Any
) -> None:
    settings.ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = True
    settings.ACCOUNT_PHONE_VERIFICATION_SUPPORTS_CHANGE = True
    client.post(PHONE_CHANGE, {"phone": OTHER_PHONE})

    submit_code(client, PHONE_VERIFY, "", action="resend")
    client.post(PHONE_VERIFY, {"action": "change", "phone": "+31699999999"})
    assert len(outbox) == 1
    assert read_session(client)[STATE]["failed_attempts"] == 2


@pytest.mark.requirement("INV-13")
def test_code_for_a_change_expires(client: Client, member: Any, outbox: Any) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        client.force_login(member)
        client.post(PHONE_CHANGE, {"phone": OTHER_PHONE})
        clock.shift(901)
        assert submit_code(client, PHONE_VERIFY, outbox[0].code)["Location"] == PHONE_CHANGE
    assert get_phone(member) == (PHONE, True)


@pytest.mark.requirement("INV-15")
def test_change_of_another_user_is_dropped(
    client: Client, member: Any, user_factory: Callable[..., Any], outbox: Any
) -> None:
    client.post(PHONE_CHANGE, {"phone": OTHER_PHONE})
    state = read_session(client)[STATE]
    other = user_factory(phone="+31655555555")
    client.logout()
    client.force_login(other)
    write_session(client, **{STATE: state})

    assert submit_code(client, PHONE_VERIFY, outbox[0].code)["Location"] == PHONE_CHANGE
    assert get_phone(other) == ("+31655555555", True)
    assert STATE not in read_session(client)


@pytest.mark.parametrize("state", [[], "text", {}, {"at": "soon"}, {"at": NOW}])
def test_malformed_state_is_no_change(client: Client, member: Any, state: Any) -> None:
    write_session(client, **{STATE: state})

    assert client.get(PHONE_VERIFY)["Location"] == PHONE_CHANGE


def test_change_waits_for_reauthentication(
    client: Client, member: Any, password: str, outbox: Any, settings: Any
) -> None:
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True

    response = client.post(PHONE_CHANGE, {"phone": OTHER_PHONE})
    assert response["Location"].startswith("/accounts/reauthenticate/")
    assert not outbox
    response = client.post(response["Location"], {"password": password})
    assert response["Location"] == PHONE_VERIFY
    assert len(outbox) == 1


@pytest.mark.requirement("ATK-A57")
def test_changes_are_limited(client: Client, member: Any, outbox: Any, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {}
    client.post(PHONE_CHANGE, {"phone": "nonsense"})
    assert client.post(PHONE_CHANGE, {"phone": OTHER_PHONE}).status_code == 429

    settings.ACCOUNT_RATE_LIMITS = {"change_phone": None, "verify_phone": "1/300s/key"}
    assert client.post(PHONE_CHANGE, {"phone": OTHER_PHONE}).status_code == 302
    assert client.post(PHONE_CHANGE, {"phone": OTHER_PHONE}).status_code == 429
    assert len(outbox) == 1


def test_forms_can_be_replaced(client: Client, member: Any, settings: Any) -> None:
    settings.ACCOUNT_FORMS = {"change_phone": MyChangeForm, "verify_phone": MyVerifyForm}
    assert isinstance(client.get(PHONE_CHANGE).context["form"], MyChangeForm)
    client.post(PHONE_CHANGE, {"phone": OTHER_PHONE})
    context = client.get(PHONE_VERIFY).context
    assert isinstance(context["verify_form"], MyVerifyForm)
    assert isinstance(context["change_form"], MyChangeForm)


class MyChangeForm(ChangePhoneForm):
    """A form of the project's own."""


class MyVerifyForm(VerifyPhoneForm):
    """Another one."""


# Projects without phone numbers


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("get_phone", {"user": None}),
        ("set_phone", {"user": None, "phone": "", "verified": True}),
        ("set_phone_verified", {"user": None, "phone": ""}),
        ("get_user_by_phone", {"phone": ""}),
        ("send_verification_code_sms", {"user": None, "phone": "", "code": ""}),
    ],
)
def test_hooks_are_the_project_s_to_write(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError):
        getattr(DefaultAccountAdapter(), name)(**arguments)


def test_hooks_that_may_stay_away() -> None:
    adapter = DefaultAccountAdapter()

    assert adapter.send_unknown_account_sms(phone=PHONE) is None  # type: ignore[func-returns-value]
    assert adapter.send_account_already_exists_sms(PHONE) is None  # type: ignore[func-returns-value]
    assert not adapter._has_phone_impl


def test_adapter_knows_whether_all_hooks_are_written() -> None:
    from tests.projects.phones.adapter import PhoneAdapter

    class Half(DefaultAccountAdapter):
        def get_phone(self, user: Any) -> None:
            return None

    assert PhoneAdapter()._has_phone_impl
    assert not Half()._has_phone_impl
