"""Signing up does not tell who has an account."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from pytest_django.asserts import assertRedirects

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmation_sent, user_logged_in, user_signed_up
from allauth.account.utils import assess_unique_email
from tests.projects.custom_hooks.tools import (
    LOGIN,
    LOGOUT,
    SIGNUP,
    STRONG_PASSWORD,
    Transcript,
    collect_signals,
    count_hashes,
    is_logged_in,
    list_error_codes,
    read_session,
    route_account_pages,
    submit_signup,
    use_counting_hasher,
)
from tests.projects.custom_hooks.tools import (
    read_code as _read_code,
)
from tests.support.queries import Queries

pytestmark = pytest.mark.django_db

CODE_PAGE = "/accounts/confirm-email/"
LOGIN_CODE_PAGE = "/accounts/login/code/confirm/"
PHONE_PAGE = "/accounts/phone/verify/"
FREE, TAKEN, UNVERIFIED, ASLEEP, FIELD = (
    f"{name}@example.org" for name in ("free", "taken", "unverified", "asleep", "field")
)


@pytest.fixture
def owners(user_factory: Any) -> None:
    """The accounts that have an address, each in another way."""
    user_factory(username="owner1", email=TAKEN)
    user_factory(username="owner2", email=UNVERIFIED, verified=False)
    user_factory(username="owner3", email=ASLEEP, is_active=False)
    EmailAddress.objects.filter(user=user_factory(username="owner4", email=FIELD)).delete()


@pytest.fixture
def mandatory(settings: Any) -> None:
    """Verification is mandatory, which is what lets an account be hidden."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
    route_account_pages(settings)


@pytest.mark.parametrize(
    ("prevention", "verification", "outcome"),
    [
        (False, "mandatory", "told"),
        (False, "optional", "told"),
        (True, "mandatory", "hidden"),
        (True, "optional", "told"),
        (True, "none", "told"),
        ("strict", "mandatory", "hidden"),
        ("strict", "optional", "accepted"),
        ("strict", "none", "accepted"),
    ],
)
@pytest.mark.parametrize("email", [TAKEN, UNVERIFIED, ASLEEP, FIELD, "TAKEN@Example.org"])
def test_ch02_s15_sec_056_outcome_for_an_address_with_an_account(
    client: Client,
    owners: None,
    settings: Any,
    prevention: Any,
    verification: str,
    outcome: str,
    email: str,
) -> None:
    settings.ACCOUNT_PREVENT_ENUMERATION = prevention
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    before = (get_user_model().objects.count(), EmailAddress.objects.count())

    response = submit_signup(client, username="new", email=email)

    after = (get_user_model().objects.count(), EmailAddress.objects.count())
    if outcome == "told":
        assert list_error_codes(response, "email") == ["email_taken"]
        assert after == before
    elif outcome == "hidden":
        assertRedirects(response, CODE_PAGE)
        assert after == before
    else:
        assert is_logged_in(client)
        address = EmailAddress.objects.get(user__username="new")
        assert not address.verified
        assert address.can_set_verified() is (email.lower() not in (TAKEN, ASLEEP))


def test_address_need_not_be_unique(client: Client, owners: None, settings: Any) -> None:
    settings.ACCOUNT_UNIQUE_EMAIL = False

    submit_signup(client, username="new", email=TAKEN)

    assert is_logged_in(client)


@pytest.mark.parametrize(
    ("email", "prevention", "verification", "expected"),
    [
        (FREE, True, "mandatory", True),
        (TAKEN, True, "mandatory", None),
        (TAKEN, "strict", "mandatory", None),
        (TAKEN, "strict", "optional", True),
        (TAKEN, True, "optional", False),
        (TAKEN, False, "mandatory", False),
    ],
)
def test_assessment_of_an_address(
    owners: None, settings: Any, email: str, prevention: Any, verification: str, expected: Any
) -> None:
    settings.ACCOUNT_PREVENT_ENUMERATION = prevention
    settings.ACCOUNT_EMAIL_VERIFICATION = verification

    assert assess_unique_email(email) is expected
    owner = get_user_model().objects.get(username="owner1")
    assert assess_unique_email(email, owner) is True


def test_look_alike_of_an_address_is_in_use(client: Client, owners: None, settings: Any) -> None:
    """Uniqueness is broader than logging in: compatibility forms count as the same."""
    from django.db import connection

    from tests.projects.custom_hooks.tools import lenient_database

    if connection.vendor != "sqlite":
        pytest.skip("other databases have real collations")
    settings.ACCOUNT_PREVENT_ENUMERATION = False

    with lenient_database():
        assert assess_unique_email("ｔaken@example.org") is False  # noqa: RUF001
        # An accent makes it another address.
        assert assess_unique_email("tåken@example.org") is True


class TestPretendedSignup:
    def test_owner_is_told_and_nothing_is_made(
        self, client: Client, owners: None, mandatory: None
    ) -> None:
        with collect_signals(
            signed_up=user_signed_up, logged_in=user_logged_in, sent=email_confirmation_sent
        ) as events:
            submit_signup(client, username="new", email=TAKEN)

        assert events == []
        (message,) = mail.outbox
        assert message.to == [TAKEN]
        assert "http://testserver/accounts/password/reset/" in str(message.body)
        login = read_session(client)["account_login"]
        assert (login["user_pk"], login["email"], login["signup"]) == (None, TAKEN, True)

    def test_sec_056_username_that_is_taken_is_told(
        self, client: Client, owners: None, mandatory: None
    ) -> None:
        response = submit_signup(client, username="owner1", email=TAKEN)

        assert list_error_codes(response, "username") == ["username_taken"]

    @pytest.mark.parametrize("code", ["", "x", None])
    def test_no_code_completes_it(
        self, client: Client, owners: None, mandatory: None, settings: Any, code: str | None
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
        route_account_pages(settings)
        submit_signup(client, username="new", email=TAKEN)
        stored = read_session(client)["account_email_verification_code"]["code"]

        client.post(CODE_PAGE, {"code": stored if code is None else code})

        assert not is_logged_in(client)
        assert not get_user_model().objects.filter(username="new").exists()


def _sign_up(transcript: Transcript, email: str, **data: str) -> None:
    transcript.post(
        SIGNUP, {"username": "new", "email": email, "password1": STRONG_PASSWORD, **data}
    )


def _compare(
    client_factory: Callable[..., Client],
    visit: Callable[[Transcript, str], None],
    identifiers: list[str],
    expected_mails: int | None = None,
) -> None:
    """Let a visitor go through ``visit`` with each of the identifiers; all see the same."""
    from django.core.cache import cache

    transcripts = []
    start = int(time.time())
    for identifier in identifiers:
        cache.clear()
        get_user_model().objects.filter(username="new").delete()
        with time_machine.travel(start, tick=False):
            transcript = Transcript(client_factory(), identifier)
            visit(transcript, identifier)
        transcripts.append(transcript.steps)
    for steps in transcripts[1:]:
        for number, (step, expected) in enumerate(zip(steps, transcripts[0], strict=True)):
            assert step == expected, f"step {number}"
    if expected_mails is not None:
        assert transcripts[0][-1]["mails"] == expected_mails


def _forget_number_of_mails(transcript: Transcript) -> None:
    """The owner of an address reads its mail; whoever signs up does not."""
    transcript.steps = [{**step, "mails": 0} for step in transcript.steps]


class TestParity:
    ALL = [FREE, TAKEN, UNVERIFIED, ASLEEP, FIELD]

    def test_inv_20_ch02_s15_ch03_s19_by_link(
        self, client_factory: Callable[..., Client], owners: None, mandatory: None
    ) -> None:
        def visit(transcript: Transcript, email: str) -> None:
            _sign_up(transcript, email)
            transcript.get(CODE_PAGE)
            transcript.get(LOGIN)
            transcript.get(SIGNUP)
            transcript.post(LOGIN, {"login": "new", "password": "wrong"})
            transcript.post(LOGOUT, {"next": LOGIN})
            transcript.get(LOGIN)

        _compare(client_factory, visit, self.ALL, expected_mails=1)

    def test_inv_20_ch02_s15_ch03_s19_by_code(
        self,
        client_factory: Callable[..., Client],
        owners: None,
        mandatory: None,
        settings: Any,
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
        settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = 1
        route_account_pages(settings)

        def visit(transcript: Transcript, email: str) -> None:
            _sign_up(transcript, email)
            transcript.get(CODE_PAGE)
            transcript.get(LOGIN)
            transcript.get(SIGNUP)
            transcript.post(CODE_PAGE, {"code": "BCDF-GHJK"})
            transcript.post(CODE_PAGE, {"action": "resend"})
            transcript.post(CODE_PAGE, {"code": ""})
            transcript.get(CODE_PAGE)
            transcript.post(CODE_PAGE, {"code": "é" * 300})
            transcript.get(CODE_PAGE)
            transcript.get(LOGIN)

        _compare(client_factory, visit, self.ALL, expected_mails=1)

    def test_inv_20_by_code_that_is_sent_again(
        self,
        client_factory: Callable[..., Client],
        owners: None,
        mandatory: None,
        settings: Any,
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
        settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = 1
        settings.ACCOUNT_RATE_LIMITS = False
        route_account_pages(settings)

        def visit(transcript: Transcript, email: str) -> None:
            _sign_up(transcript, email)
            transcript.post(CODE_PAGE, {"action": "resend"})
            transcript.get(CODE_PAGE)
            transcript.post(CODE_PAGE, {"action": "resend"})
            transcript.get(CODE_PAGE)
            _forget_number_of_mails(transcript)

        _compare(client_factory, visit, self.ALL)

    @pytest.mark.parametrize("field", [None, "company"])
    def test_inv_20_inv_22_atk_a26_corrected_address(
        self,
        client_factory: Callable[..., Client],
        owners: None,
        mandatory: None,
        settings: Any,
        field: str | None,
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
        settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = 3
        settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = 1
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = 4
        settings.ACCOUNT_RATE_LIMITS = False
        settings.ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD = field
        route_account_pages(settings)

        def visit(transcript: Transcript, email: str) -> None:
            _sign_up(transcript, email)
            assert transcript.get(CODE_PAGE).context["can_change"]
            transcript.post(CODE_PAGE, {"code": "BCDF-GHJK"})
            for change in (email, "nonsense", "", TAKEN.replace("t", "T")):
                if change.lower() != email:
                    transcript.post(CODE_PAGE, {"action": "change", "email": change})
                    transcript.get(CODE_PAGE)
            transcript.post(CODE_PAGE, {"action": "change", "email": "other@example.org"})
            transcript.get(CODE_PAGE)
            transcript.get(LOGIN)
            transcript.post(CODE_PAGE, {"action": "resend"})
            code = _read_code()
            transcript.post(CODE_PAGE, {"code": "BCDF-GHJK"})
            transcript.post(CODE_PAGE, {"code": code})
            transcript.get("/")
            transcript.post(LOGOUT, {})
            transcript.post(LOGIN, {"login": "new", "password": STRONG_PASSWORD})
            assert is_logged_in(transcript.client)
            _forget_number_of_mails(transcript)

        _compare(client_factory, visit, [FREE, UNVERIFIED, ASLEEP, FIELD])

    def test_inv_20_cancelled_and_expired(
        self,
        client_factory: Callable[..., Client],
        owners: None,
        mandatory: None,
        settings: Any,
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
        settings.ACCOUNT_RATE_LIMITS = False
        route_account_pages(settings)

        def visit(transcript: Transcript, email: str) -> None:
            _sign_up(transcript, email)
            transcript.post(LOGOUT, {"next": LOGIN})
            transcript.get(CODE_PAGE)
            transcript.get(LOGIN)

        def wait(transcript: Transcript, email: str) -> None:
            _sign_up(transcript, email)
            with time_machine.travel(int(time.time()) + 1000, tick=False):
                transcript.get(CODE_PAGE)
                transcript.get(LOGIN)

        _compare(client_factory, visit, self.ALL)
        _compare(client_factory, wait, self.ALL)

    def test_inv_20_with_a_required_login_code(
        self,
        client_factory: Callable[..., Client],
        owners: None,
        mandatory: None,
        settings: Any,
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
        settings.ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True

        def visit(transcript: Transcript, email: str) -> None:
            _sign_up(transcript, email)
            transcript.get(LOGIN_CODE_PAGE)
            transcript.post(LOGIN_CODE_PAGE, {"code": "BCDF-GHJK"})
            transcript.post(LOGIN_CODE_PAGE, {"action": "resend"})
            transcript.get(LOGIN_CODE_PAGE)
            for _ in range(2):
                transcript.post(LOGIN_CODE_PAGE, {"code": "BCDF-GHJK"})
            transcript.get(LOGIN_CODE_PAGE)
            transcript.get(LOGIN)
            _forget_number_of_mails(transcript)

        _compare(client_factory, visit, self.ALL)

    def test_inv_20_atk_a26_corrected_phone_number(
        self,
        client_factory: Callable[..., Client],
        user_factory: Any,
        settings: Any,
        sms_outbox: Any,
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "phone*", "password1*"]
        settings.ACCOUNT_PHONE_VERIFICATION_SUPPORTS_CHANGE = 2
        settings.ACCOUNT_RATE_LIMITS = False
        route_account_pages(settings)
        user_factory(username="owner", phone="+31687654321")
        user_factory(username="another", phone="+31687650000")

        def visit(transcript: Transcript, phone: str) -> None:
            _sign_up(transcript, "", phone=phone)
            assert transcript.get(PHONE_PAGE).context["can_change"]
            for number in (phone, "nonsense", "+31687650000", "+31612340000"):
                transcript.post(PHONE_PAGE, {"action": "change", "phone": number})
                transcript.get(PHONE_PAGE)
            transcript.post(PHONE_PAGE, {"code": "BCDF-GHJK"})
            transcript.post(PHONE_PAGE, {"code": sms_outbox[-1].code})
            transcript.get("/")
            assert is_logged_in(transcript.client)

        _compare(client_factory, visit, ["+31611112222", "+31687654321"])

    @pytest.mark.parametrize("with_email", [True, False])
    def test_inv_20_phone_number(
        self,
        client_factory: Callable[..., Client],
        user_factory: Any,
        settings: Any,
        sms_outbox: Any,
        with_email: bool,
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "phone*", "password1*"]
        settings.ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = True
        route_account_pages(settings)
        user_factory(username="owner", phone="+31687654321")
        email = "free@example.org" if with_email else ""

        def visit(transcript: Transcript, phone: str) -> None:
            sms_outbox.clear()
            _sign_up(transcript, email, phone=phone)
            assert len(sms_outbox) == 1
            transcript.get(PHONE_PAGE)
            transcript.get(LOGIN)
            transcript.post(PHONE_PAGE, {"code": "BCDF-GHJK"})
            transcript.post(PHONE_PAGE, {"action": "resend"})
            for _ in range(2):
                transcript.post(PHONE_PAGE, {"code": ""})
            transcript.get(PHONE_PAGE)
            transcript.get(LOGIN)

        _compare(client_factory, visit, ["+31612345678", "+31687654321"])

    def test_inv_20_phone_number_where_a_login_code_is_required(
        self,
        client_factory: Callable[..., Client],
        user_factory: Any,
        settings: Any,
        sms_outbox: Any,
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "phone*", "password1*"]
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
        route_account_pages(settings)
        user_factory(username="owner", phone="+31687654321")

        def visit(transcript: Transcript, phone: str) -> None:
            _sign_up(transcript, "", phone=phone)
            transcript.get(LOGIN_CODE_PAGE)
            transcript.post(LOGIN_CODE_PAGE, {"code": "x"})
            transcript.get(LOGIN)

        _compare(client_factory, visit, ["+31612345678", "+31687654321"])

    @pytest.mark.parametrize("by_code", [False, True])
    def test_inv_20_limits_are_reached_at_the_same_request(
        self,
        client_factory: Callable[..., Client],
        owners: None,
        mandatory: None,
        settings: Any,
        by_code: bool,
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = by_code
        settings.ACCOUNT_RATE_LIMITS = {"signup": "4/m/ip"}
        route_account_pages(settings)

        def visit(transcript: Transcript, email: str) -> None:
            for number in range(5):
                _sign_up(transcript, email, username=f"new{number}")
                transcript.post(LOGOUT, {})
            get_user_model().objects.filter(username__startswith="new").delete()

        _compare(client_factory, visit, [FREE, TAKEN, ASLEEP])

    def test_inv_20_scripts_see_no_difference_either(
        self, client_factory: Callable[..., Client], owners: None, mandatory: None
    ) -> None:
        def visit(transcript: Transcript, email: str) -> None:
            data = {"username": "new", "email": email, "password1": STRONG_PASSWORD}
            response = transcript.client.post(SIGNUP, data, HTTP_ACCEPT="application/json")
            assert response.json()["location"] == CODE_PAGE
            transcript.note(response)

        _compare(client_factory, visit, self.ALL)

    def test_atk_a06_inv_21_work_is_the_same(
        self,
        client_factory: Callable[..., Client],
        owners: None,
        mandatory: None,
        settings: Any,
    ) -> None:
        from django.db import connection

        use_counting_hasher(settings)
        hashes, queries = {}, {}
        for number, email in enumerate(self.ALL):
            with count_hashes() as count, Queries(connection) as sent:
                submit_signup(client_factory(), username=f"new{number}", email=email)
                hashes[email] = count()
            queries[email] = len(sent.statements)

        assert set(hashes.values()) == {1}
        # What a genuine account takes beyond: its own two rows and the checks around them.
        assert queries[FREE] - min(queries.values()) <= 6

    def test_inv_20_login_with_a_wrong_password(
        self, client_factory: Callable[..., Client], owners: None, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = {"email"}

        def visit(transcript: Transcript, email: str) -> None:
            for _ in range(6):
                transcript.post(LOGIN, {"login": email, "password": "wrong"})
            transcript.get(LOGIN)

        _compare(client_factory, visit, self.ALL, expected_mails=0)

    def test_inv_20_login_by_name_with_a_wrong_password(
        self, client_factory: Callable[..., Client], owners: None, settings: Any
    ) -> None:
        def visit(transcript: Transcript, name: str) -> None:
            for _ in range(6):
                transcript.post(LOGIN, {"login": name, "password": "wrong"})

        _compare(client_factory, visit, ["nobody66", "owner1", "owner3"], expected_mails=0)


def test_inv_22_accepted_exceptions_are_these(
    client: Client, owners: None, mandatory: None, settings: Any
) -> None:
    """A username is told; an address is told where prevention is off, or unique without proof."""
    name = submit_signup(client, username="owner1", email=FREE)
    assert list_error_codes(name, "username") == ["username_taken"]
    assert list_error_codes(submit_signup(client, username="n", email=TAKEN, password1="x")) == []
    settings.ACCOUNT_PREVENT_ENUMERATION = False
    off = submit_signup(client, username="new", email=TAKEN)
    assert list_error_codes(off, "email") == ["email_taken"]
    settings.ACCOUNT_PREVENT_ENUMERATION = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    optional = submit_signup(client, username="new", email=TAKEN)
    assert list_error_codes(optional, "email") == ["email_taken"]
