"""What all codes that are typed in have in common, whatever they are for."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import time_machine
from django.contrib.sessions.serializers import JSONSerializer
from django.core import mail, signing
from django.core.cache import cache
from django.test import Client

from allauth.account import app_settings, signals
from allauth.account.internal.flows.code_verification import is_right_code, protect_code
from allauth.account.models import EmailAddress
from tests.support.clocks import NOW
from tests.support.mails import make_wrong, read_code
from tests.support.pages import (
    EMAIL,
    EMAIL_VERIFICATION_SENT,
    LOGIN_CODE_CONFIRM,
    LOGIN_CODE_REQUEST,
    LOGOUT,
    PHONE_VERIFY,
    RESET,
    RESET_CODE_COMPLETE,
    RESET_CODE_CONFIRM,
    configure,
    list_error_codes,
    list_messages,
    needs_phones,
    read_page,
    submit_code,
    submit_login,
)
from tests.support.sessions import is_logged_in, read_session, write_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db


class Flow(NamedTuple):
    """A flow that takes a code."""

    page: str
    begin: Callable[[Client, Any], object]
    is_passed: Callable[[Client, Any], bool]
    setting: str
    timeout: int


def begin_login(client: Client, user: Any) -> None:
    assert client.post(LOGIN_CODE_REQUEST, {"email": user.email}).status_code == 302


def begin_reset(client: Client, user: Any) -> None:
    assert client.post(RESET, {"email": user.email}).status_code == 302


def begin_email(client: Client, user: Any) -> None:
    EmailAddress.objects.filter(user=user).update(verified=False)
    assert submit_login(client, user.username, "correct horse 7 battery").status_code == 302


def is_reset_open(client: Client, user: Any) -> bool:
    return client.get(RESET_CODE_COMPLETE).status_code == 200


FLOWS = {
    "login": Flow(LOGIN_CODE_CONFIRM, begin_login, is_logged_in, "LOGIN_BY_CODE", 180),
    "reset": Flow(RESET_CODE_CONFIRM, begin_reset, is_reset_open, "PASSWORD_RESET_BY_CODE", 180),
    "email": Flow(
        EMAIL_VERIFICATION_SENT, begin_email, is_logged_in, "EMAIL_VERIFICATION_BY_CODE", 900
    ),
}


@pytest.fixture(autouse=True)
def _all_codes_are_used(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    configure(
        settings,
        LOGIN_BY_CODE_ENABLED=True,
        PASSWORD_RESET_BY_CODE_ENABLED=True,
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
        EMAIL_VERIFICATION="mandatory",
    )


@pytest.fixture(params=list(FLOWS))
def flow(request: pytest.FixtureRequest) -> Flow:
    """Each of the flows that mail a code, in turn."""
    return FLOWS[request.param]


# Format


@pytest.mark.parametrize(
    ("setting", "attribute"),
    [
        ("LOGIN_BY_CODE_FORMAT", "LOGIN_BY_CODE_FORMAT"),
        ("EMAIL_VERIFICATION_BY_CODE_FORMAT", "EMAIL_VERIFICATION_BY_CODE_FORMAT"),
        ("PASSWORD_RESET_BY_CODE_FORMAT", "PASSWORD_RESET_BY_CODE_FORMAT"),
        ("PASSWORD_RESET_BY_CODE_CODE_FORMAT", "PASSWORD_RESET_BY_CODE_FORMAT"),
        ("PHONE_VERIFICATION_CODE_FORMAT", "PHONE_VERIFICATION_CODE_FORMAT"),
    ],
)
def test_format_is_a_setting(settings: Any, setting: str, attribute: str) -> None:
    assert getattr(app_settings, attribute) == {}
    setattr(settings, f"ACCOUNT_{setting}", {"numeric": True})
    assert getattr(app_settings, attribute) == {"numeric": True}


def test_format_reaches_the_mail(client: Client, user: Any, flow: Flow, settings: Any) -> None:
    setattr(settings, f"ACCOUNT_{flow.setting}_FORMAT", {"numeric": True, "length": 6})

    flow.begin(client, user)
    assert re.fullmatch(r"\d{3}-\d{3}", read_code())
    submit_code(client, flow.page, read_code().replace("-", ""))
    assert flow.is_passed(client, user)


# Comparison

SPELLINGS = ["BCDF-GHJK", "bcdfghjk", " BCDF GHJK ", "b-c-d-f-g-h-j-k", "BCDF.GHJK\n", "(BCDF)GHJK"]
OTHERS = [
    "",
    "-",
    " ",
    "BCDF-GHJ",
    "BCDF-GHJL",
    "BCDF-GHJKK",
    "\uff22CDF-GHJK",
    "BCDF\u2013GHJK\u200b",
    "\u212aCDF-GHJK",
    "BCDF-GHJK\x00",
    "\ud800",
    "B" * 100_000,
]


@pytest.mark.requirement("INV-19")
@pytest.mark.parametrize("engine", ["db", "signed_cookies"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_all_spellings_of_a_code_are_right(settings: Any, engine: str, spelling: str) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"

    assert is_right_code(actual=spelling, expected=protect_code("BCDF-GHJK"))
    # Whoever looks at the code and whoever hashes it reads the same.
    assert protect_code(spelling) == protect_code("BCDF-GHJK") or engine == "db"


@pytest.mark.parametrize("engine", ["db", "signed_cookies"])
@pytest.mark.parametrize("other", [*OTHERS, None, 5, [], b"BCDF-GHJK"])
def test_every_other_text_is_a_wrong_code(settings: Any, engine: str, other: object) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"

    assert not is_right_code(actual=other, expected=protect_code("BCDF-GHJK"))


@pytest.mark.parametrize("expected", ["", None, "-", " ", 5])
@pytest.mark.parametrize("actual", ["", None, "-", " ", "None", "5"])
def test_nothing_matches_a_missing_code(expected: object, actual: object) -> None:
    assert not is_right_code(actual=actual, expected=expected)


@pytest.mark.parametrize(
    "typed", [make_wrong, str.lower, lambda code: f" {code.replace('-', ' ')}"]
)
def test_code_may_be_typed_carelessly(
    client: Client, user: Any, flow: Flow, typed: Callable[[str], str]
) -> None:
    flow.begin(client, user)

    submit_code(client, flow.page, typed(read_code()))
    assert flow.is_passed(client, user) is (typed is not make_wrong)


# Attempts


@pytest.mark.requirement("SEC-066")
def test_attempts_are_limited(client: Client, user: Any, flow: Flow) -> None:
    flow.begin(client, user)
    code = read_code()

    for _ in range(2):
        response = submit_code(client, flow.page, make_wrong(code))
        assert list_error_codes(response, "code") == ["incorrect_code"]
    response = submit_code(client, flow.page, make_wrong(code))
    assert response.status_code == 302
    assert list_messages(response)[-1][0] == "error"
    # Aborted, in every respect.
    assert not set(read_session(client)) & {
        "account_login",
        "account_email_verification_code",
        "account_password_reset_verification",
        "account_authentication_methods",
    }
    submit_code(client, flow.page, code)
    assert not flow.is_passed(client, user)


@pytest.mark.parametrize("maximum", [1, 5])
def test_maximum_is_a_setting(
    client: Client, user: Any, flow: Flow, settings: Any, maximum: int
) -> None:
    setattr(settings, f"ACCOUNT_{flow.setting}_MAX_ATTEMPTS", maximum)
    flow.begin(client, user)

    for _ in range(maximum - 1):
        assert submit_code(client, flow.page, "nonsense").status_code == 200
    assert submit_code(client, flow.page, "nonsense").status_code == 302


@pytest.mark.parametrize(
    "data", [{}, {"code": ""}, {"action": "dance"}, {"action": "resend"}, {"action": "change"}]
)
def test_every_submission_is_an_attempt(
    client: Client, user: Any, flow: Flow, data: dict[str, str]
) -> None:
    flow.begin(client, user)

    for _ in range(2):
        assert client.post(flow.page, data).status_code == 200
    assert client.post(flow.page, data).status_code == 302
    submit_code(client, flow.page, read_code())
    assert not flow.is_passed(client, user)


def test_looking_at_the_page_is_no_attempt(client: Client, user: Any, flow: Flow) -> None:
    flow.begin(client, user)
    for _ in range(5):
        assert client.get(flow.page).status_code == 200

    submit_code(client, flow.page, read_code())
    assert flow.is_passed(client, user)


@pytest.mark.requirement("ATK-A12", "INV-11")
def test_attempts_are_not_restored_with_the_session(client: Client, user: Any, flow: Flow) -> None:
    flow.begin(client, user)
    saved = read_session(client)
    code = read_code()

    evaluated = 0
    for _ in range(20):
        # As parallel requests do, each reads what the session held at first.
        write_session(client, **saved)
        response = submit_code(client, flow.page, make_wrong(code))
        evaluated += response.status_code == 200
    assert evaluated <= 3
    write_session(client, **saved)
    submit_code(client, flow.page, code)
    assert not flow.is_passed(client, user)


@pytest.mark.requirement("INV-11")
def test_counters_of_the_published_release_are_a_lower_bound(
    client: Client, user: Any, flow: Flow
) -> None:
    flow.begin(client, user)
    session = read_session(client)
    for state in find_states(session):
        state["failed_attempts"] = 2
    write_session(client, **session)

    assert submit_code(client, flow.page, make_wrong(read_code())).status_code == 302


def find_states(value: Any) -> list[dict[str, Any]]:
    """The states of codes anywhere in a session."""
    if not isinstance(value, dict):
        return []
    found = [value] if "failed_attempts" in value else []
    return found + [state for item in value.values() for state in find_states(item)]


@pytest.mark.requirement("ATK-A14", "INV-11", "INV-12")
def test_cookie_holds_no_code_and_restores_no_attempts(
    client: Client, user: Any, flow: Flow, settings: Any
) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    flow.begin(client, user)
    code = read_code()
    saved = client.cookies["sessionid"].value
    text = repr(
        signing.loads(
            saved,
            salt="django.contrib.sessions.backends.signed_cookies",
            serializer=JSONSerializer,
        )
    )
    for spelling in (code, code.lower(), code.replace("-", ""), code.replace("-", "").lower()):
        assert spelling not in text

    evaluated = 0
    for _ in range(6):
        client.cookies["sessionid"] = saved
        evaluated += submit_code(client, flow.page, make_wrong(code)).status_code == 200
    assert evaluated <= 3
    client.cookies["sessionid"] = saved
    submit_code(client, flow.page, code)
    assert not flow.is_passed(client, user)


def test_code_is_right_in_cookie_sessions(
    client: Client, user: Any, flow: Flow, settings: Any
) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    flow.begin(client, user)

    submit_code(client, flow.page, read_code().lower())
    assert flow.is_passed(client, user)


@pytest.mark.requirement("ATK-A13")
def test_wrong_codes_count_per_account_over_all_sessions(
    client_factory: Callable[..., Client], user: Any, flow: Flow, password: str
) -> None:
    evaluated = 0
    with time_machine.travel(NOW, tick=False) as clock:
        for number in range(14):
            client = client_factory(REMOTE_ADDR=f"192.0.2.{number}")
            flow.begin(client, user)
            clock.shift(1)
            for _ in range(3):
                response = submit_code(client, flow.page, make_wrong(read_code()))
                evaluated += response.status_code == 200
        # Of three wrong codes the last one answers with a redirect.
        assert evaluated == 20
        client = client_factory()
        flow.begin(client, user)
        submit_code(client, flow.page, read_code())
        assert not flow.is_passed(client, user)

        # The password is another way in, and an hour later the codes are right again.
        if flow.page != EMAIL_VERIFICATION_SENT:
            submit_login(client, user.username, password)
            assert is_logged_in(client, user)
            client.logout()
        clock.shift(3601)
        flow.begin(client, user)
        submit_code(client, flow.page, read_code())
        assert flow.is_passed(client, user)


# Time, and single use


@pytest.mark.requirement("INV-13", "ATK-A60")
def test_code_is_wrong_after_its_time(client: Client, user: Any, flow: Flow) -> None:
    for seconds, is_right in ((flow.timeout - 1, True), (flow.timeout + 1, False)):
        cache.clear()
        with time_machine.travel(NOW, tick=False) as clock:
            flow.begin(client, user)
            clock.shift(seconds)
            submit_code(client, flow.page, read_code())
            assert flow.is_passed(client, user) is is_right
            client.logout()


def test_timeout_is_a_setting(client: Client, user: Any, flow: Flow, settings: Any) -> None:
    setattr(settings, f"ACCOUNT_{flow.setting}_TIMEOUT", 10)
    with time_machine.travel(NOW, tick=False) as clock:
        flow.begin(client, user)
        clock.shift(11)
        submit_code(client, flow.page, read_code())
        assert not flow.is_passed(client, user)


@pytest.mark.requirement("INV-10")
def test_right_code_is_right_once(
    client: Client, client_factory: Callable[..., Client], user: Any, flow: Flow
) -> None:
    flow.begin(client, user)
    saved = read_session(client)
    code = read_code()
    submit_code(client, flow.page, code)
    assert flow.is_passed(client, user)

    # As the second of two parallel requests does, this reads what the session held before.
    second = client_factory()
    write_session(second, **saved)
    user.save()
    submit_code(second, flow.page, code)
    assert not flow.is_passed(second, user)


@pytest.mark.requirement("ATK-A60")
def test_abandoned_code_is_dead(client: Client, user: Any, flow: Flow) -> None:
    flow.begin(client, user)
    code = read_code()
    client.post(LOGOUT)

    submit_code(client, flow.page, code)
    assert not flow.is_passed(client, user)


def test_beginning_anew_voids_the_former_code(client: Client, user: Any, flow: Flow) -> None:
    flow.begin(client, user)
    code = read_code()
    client.post(LOGOUT)
    flow.begin(client, user)

    assert code != read_code()
    submit_code(client, flow.page, code)
    assert not flow.is_passed(client, user)
    submit_code(client, flow.page, read_code())
    assert flow.is_passed(client, user)


# Binding


@pytest.mark.requirement("ATK-A15", "INV-14")
@pytest.mark.parametrize(("made_for", "posted_to"), list(itertools.permutations(FLOWS, 2)))
def test_code_of_another_flow_is_wrong(
    client: Client, user: Any, made_for: str, posted_to: str
) -> None:
    FLOWS[made_for].begin(client, user)
    code = read_code()
    FLOWS[posted_to].begin(client, user)

    submit_code(client, FLOWS[posted_to].page, code)
    assert not FLOWS[posted_to].is_passed(client, user)


@pytest.mark.requirement("ATK-A15", "INV-14")
def test_code_of_another_flow_is_wrong_though_both_are_pending(client: Client, user: Any) -> None:
    client.force_login(user)
    client.post(EMAIL, {"action_add": "", "email": "more@example.org"})
    begin_reset(client, user)

    for page, index in ((EMAIL_VERIFICATION_SENT, 1), (RESET_CODE_CONFIRM, 0)):
        response = submit_code(client, page, read_code(index))
        assert list_error_codes(response, "code") == ["incorrect_code"]
    submit_code(client, EMAIL_VERIFICATION_SENT, read_code(0))
    submit_code(client, RESET_CODE_CONFIRM, read_code(1))
    assert is_reset_open(client, user)
    assert EmailAddress.objects.get(email="more@example.org").verified


@pytest.mark.requirement("ATK-A15")
@needs_phones
def test_code_of_a_login_does_not_verify_a_phone(
    client: Client, user_factory: Callable[..., Any], password: str, settings: Any, sms_outbox: Any
) -> None:
    configure(settings, SIGNUP_FIELDS=["username*", "phone", "password1*"])
    user = user_factory(phone="+31612345678")
    from tests.projects.phones.models import Phone

    Phone.objects.update(verified=False)
    client.post(LOGIN_CODE_REQUEST, {"email": user.email})
    code = read_code()
    client.post(LOGOUT)
    submit_login(client, user.username, password)

    response = submit_code(client, PHONE_VERIFY, code)
    assert list_error_codes(response, "code") == ["incorrect_code"]
    assert not is_logged_in(client)


@pytest.mark.requirement("INV-15")
def test_code_of_another_user_is_wrong(
    client: Client,
    client_factory: Callable[..., Client],
    user: Any,
    user_factory: Callable[..., Any],
    flow: Flow,
) -> None:
    other_client, other = client_factory(), user_factory()
    flow.begin(client, user)
    flow.begin(other_client, other)

    submit_code(other_client, flow.page, read_code(0))
    assert not flow.is_passed(other_client, other)


@pytest.mark.requirement("ATK-A47", "SEC-053")
@pytest.mark.parametrize("change", ["removed", "replaced"])
@pytest.mark.parametrize("name", ["login", "reset"])
def test_code_dies_with_the_address_it_was_mailed_to(
    client: Client, user: Any, name: str, change: str
) -> None:
    flow = FLOWS[name]
    flow.begin(client, user)
    row = EmailAddress.objects.get(user=user)
    if change == "removed":
        EmailAddress.objects.create(user=user, email="safe@example.org", verified=True)
        row.remove()
    else:
        EmailAddress.objects.filter(pk=row.pk).update(email="safe@example.org")
        user.email = "safe@example.org"
        user.save()

    submit_code(client, flow.page, read_code())
    assert not flow.is_passed(client, user)


def test_code_dies_with_the_password(client: Client, user: Any, flow: Flow) -> None:
    flow.begin(client, user)
    user.set_password("another password 9")
    user.save()

    submit_code(client, flow.page, read_code())
    assert not flow.is_passed(client, user)


@pytest.mark.requirement("INV-15")
def test_code_of_a_user_who_is_gone_is_no_code(client: Client, user: Any, flow: Flow) -> None:
    flow.begin(client, user)
    code = read_code()
    pk = user.pk
    user.delete()

    response = submit_code(client, flow.page, code)
    assert response.status_code == 302
    user.pk = pk
    assert not flow.is_passed(client, user)


# Where codes show up


@pytest.mark.requirement("ATK-A59", "INV-16")
def test_code_is_in_the_mail_and_nowhere_else(
    client: Client, user: Any, flow: Flow, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    flow.begin(client, user)
    code = read_code()
    wrong = submit_code(client, flow.page, make_wrong(code))
    page = client.get(flow.page)
    right = submit_code(client, flow.page, code)

    assert mail.outbox[-1].subject.count(code) == 0
    emitted = [read_page(wrong), read_page(page), right.get("Location", ""), caplog.text]
    emitted += [text for _, text in list_messages(right)]
    emitted += [str(response.headers) for response in (wrong, page, right)]
    for text in emitted:
        assert code not in text
    (field,) = re.findall(r"<input[^>]*name=\"code\"[^>]*>", read_page(page))
    assert 'autocomplete="one-time-code"' in field
    assert "value" not in field.replace('value=""', "")


# Signals


SIGNALS = {
    LOGIN_CODE_CONFIRM: signals.login_code_rejected,
    RESET_CODE_CONFIRM: signals.password_reset_code_rejected,
    EMAIL_VERIFICATION_SENT: signals.email_verification_code_rejected,
}


def test_wrong_code_is_signaled(client: Client, user: Any, flow: Flow) -> None:
    flow.begin(client, user)

    with collect_signals(rejected=SIGNALS[flow.page]) as sent:
        for _ in range(3):
            submit_code(client, flow.page, "nonsense")
    assert [arguments["last_attempt"] for _, arguments in sent] == [False, False, True]
    assert {arguments["user"].pk for _, arguments in sent} == {user.pk}
    assert all(arguments["request"].path == flow.page for _, arguments in sent)


@pytest.mark.parametrize("name", ["login", "reset"])
def test_wrong_code_for_nobody_is_not_signaled(client: Client, user: Any, name: str) -> None:
    flow = FLOWS[name]
    user.email = "nobody@example.org"
    flow.begin(client, user)

    with collect_signals(rejected=SIGNALS[flow.page]) as sent:
        assert submit_code(client, flow.page, "nonsense").status_code == 200
    assert sent == []


@pytest.mark.requirement("INV-12")
def test_hash_of_a_code_is_keyed(settings: Any) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    protected = protect_code("BCDF-GHJK")
    settings.SECRET_KEY = "another key of the site"

    assert not is_right_code(actual="BCDF-GHJK", expected=protected)
