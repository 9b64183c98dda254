"""Signing up does not tell who has an account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import connection
from django.test import Client
from pytest_django.asserts import assertRedirects

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmation_sent, user_logged_in, user_signed_up
from allauth.account.utils import assess_unique_email
from tests.support.collations import lenient_database
from tests.support.hashing import count_hashes, use_counting_hasher
from tests.support.mails import read_code
from tests.support.pages import (
    EMAIL,
    EMAIL_VERIFICATION_SENT,
    LOGIN,
    LOGIN_CODE_CONFIRM,
    LOGOUT,
    SIGNUP,
    STRONG_PASSWORD,
    configure,
    list_error_codes,
    route_account_pages,
    submit_signup,
)
from tests.support.parity import (
    Visitor,
    ask_again,
    compare,
    follow_code_page,
    iterate_branches,
)
from tests.support.queries import Queries
from tests.support.sessions import is_logged_in, read_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db
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


@pytest.mark.requirement("SEC-056")
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
def test_outcome_for_an_address_with_an_account(
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
        assertRedirects(response, EMAIL_VERIFICATION_SENT)
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
    if connection.vendor != "sqlite":
        pytest.skip("the lenient collation is made for SQLite only")
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

    @pytest.mark.requirement("SEC-056")
    def test_username_that_is_taken_is_told(
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

        client.post(EMAIL_VERIFICATION_SENT, {"code": stored if code is None else code})

        assert not is_logged_in(client)
        assert not get_user_model().objects.filter(username="new").exists()


def sign_up(visitor: Visitor, email: str, **fields: str) -> Any:
    """Post the sign-up form, and note what comes of it."""
    data = {"username": visitor.name, "email": email, "password1": STRONG_PASSWORD, **fields}
    return visitor.post(SIGNUP, **data)


class TestParity:
    """All that follows a sign-up looks the same whether the address has an account or not."""

    ALL = [FREE, TAKEN, UNVERIFIED, ASLEEP, FIELD]

    @pytest.mark.requirement("SEC-056", "ATK-A26", "INV-20")
    @pytest.mark.parametrize("prevention", [True, "strict"])
    def test_signup_that_is_verified_by_link(
        self,
        client_factory: Callable[..., Client],
        owners: None,
        mandatory: None,
        settings: Any,
        prevention: Any,
    ) -> None:
        settings.ACCOUNT_PREVENT_ENUMERATION = prevention

        def visit(visitor: Visitor, email: str) -> None:
            assert sign_up(visitor, email, next="/on/")["Location"] == EMAIL_VERIFICATION_SENT
            for page in (EMAIL_VERIFICATION_SENT, LOGIN, SIGNUP, EMAIL):
                visitor.get(page)
            visitor.post(LOGIN, login=visitor.name, password="wrong")
            visitor.post(LOGOUT, next=LOGIN)
            visitor.get(EMAIL_VERIFICATION_SENT)
            visitor.get(LOGIN)

        (first, *_) = compare(client_factory, visit, *self.ALL)
        assert first.seen[-1]["mails"] == 1
        assert EmailAddress.objects.filter(email=TAKEN).count() == 1
        subjects = {message.to[0]: message.subject.split("] ")[-1] for message in mail.outbox}
        told = dict.fromkeys(self.ALL[1:], "You already have an account")
        assert subjects == {FREE: "Please confirm your email address", **told}

    @pytest.mark.requirement("SEC-056", "ATK-A26", "INV-20")
    @pytest.mark.parametrize("is_limited", [True, False])
    def test_signup_that_is_verified_by_code(
        self,
        client_factory: Callable[..., Client],
        owners: None,
        mandatory: None,
        settings: Any,
        is_limited: bool,
    ) -> None:
        configure(
            settings,
            EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
            EMAIL_VERIFICATION_SUPPORTS_RESEND=True,
            SIGNUP_FIELDS=["username*", "email*", "password1*", "password2*"],
            RATE_LIMITS={} if is_limited else False,
        )

        # The limit of mails is reached by the code that was sent first.
        ignored = () if is_limited else ("mails",)
        self.compare_branches(client_factory, EMAIL_VERIFICATION_SENT, ignored)

    def compare_branches(
        self, client_factory: Callable[..., Client], page: str, ignored: tuple[str, ...]
    ) -> None:
        """Compare all that can follow a sign-up on the page that takes a code.

        Parameters:
            client_factory: Makes the clients.
            page: The path of the page.
            ignored: What may differ once another code was asked for.
        """

        def begin(visitor: Visitor, email: str) -> None:
            sign_up(visitor, email, next="/on/", password2=STRONG_PASSWORD)
            assert visitor.seen[-1]["mails"] == 1

        for scenario in iterate_branches(begin, follow_code_page(page)):
            (first, *_) = compare(client_factory, scenario, *self.ALL)
            assert first.seen[-1]["mails"] == 1
        for scenario in iterate_branches(begin, [ask_again(page)]):
            compare(client_factory, scenario, *self.ALL, ignored=ignored)

    @pytest.mark.requirement("ATK-A26", "INV-20")
    @pytest.mark.parametrize("required", [True, {"password"}])
    def test_where_a_login_code_is_required(
        self,
        client_factory: Callable[..., Client],
        owners: None,
        mandatory: None,
        settings: Any,
        required: Any,
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = required
        settings.ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True

        self.compare_branches(client_factory, LOGIN_CODE_CONFIRM, ("mails",))

    @pytest.mark.requirement("INV-20")
    def test_code_that_is_sent_again_tells_nothing(
        self, client_factory: Callable[..., Client], owners: None, mandatory: None, settings: Any
    ) -> None:
        configure(
            settings,
            EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
            EMAIL_VERIFICATION_SUPPORTS_RESEND=1,
            RATE_LIMITS=False,
        )

        def visit(visitor: Visitor, email: str) -> None:
            sign_up(visitor, email)
            for _ in range(2):
                visitor.post(EMAIL_VERIFICATION_SENT, action="resend")
                visitor.get(EMAIL_VERIFICATION_SENT)

        compare(client_factory, visit, *self.ALL, ignored=("mails",))

    @pytest.mark.requirement("SEC-065", "ATK-A26")
    def test_beyond_the_limit_of_mails(
        self, client_factory: Callable[..., Client], owners: None, mandatory: None, settings: Any
    ) -> None:
        configure(
            settings,
            EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
            RATE_LIMITS={"confirm_email": "0/m/key"},
        )

        (first, *_) = compare(client_factory, sign_up, *self.ALL)
        assert first.seen[0]["status"] == 429

    @pytest.mark.requirement("INV-20", "INV-22", "ATK-A26")
    @pytest.mark.parametrize("field", [None, "company"])
    def test_corrected_address_tells_nothing(
        self,
        client_factory: Callable[..., Client],
        owners: None,
        mandatory: None,
        settings: Any,
        field: str | None,
    ) -> None:
        configure(
            settings,
            EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
            EMAIL_VERIFICATION_SUPPORTS_CHANGE=3,
            EMAIL_VERIFICATION_SUPPORTS_RESEND=1,
            EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS=4,
            RATE_LIMITS=False,
            SIGNUP_FORM_HONEYPOT_FIELD=field,
        )
        page = EMAIL_VERIFICATION_SENT

        def visit(visitor: Visitor, email: str) -> None:
            sign_up(visitor, email)
            assert visitor.get(page).context["can_change"]
            visitor.post(page, code="BCDF-GHJK")
            for change in (email, "nonsense", "", TAKEN.replace("t", "T")):
                if change.lower() != email:
                    visitor.post(page, action="change", email=change)
                    visitor.get(page)
            visitor.post(page, action="change", email="other@example.org")
            visitor.get(page)
            visitor.get(LOGIN)
            visitor.post(page, action="resend")
            code = read_code()
            visitor.post(page, code="BCDF-GHJK")
            visitor.post(page, code=code)
            visitor.get("/")
            visitor.post(LOGOUT)
            visitor.post(LOGIN, login=visitor.name, password=STRONG_PASSWORD)
            assert is_logged_in(visitor.client)

        identifiers = [FREE, UNVERIFIED, ASLEEP, FIELD]
        compare(client_factory, visit, *identifiers, ignored=("mails",))

    @pytest.mark.requirement("SEC-070", "ATK-A18", "INV-20")
    @pytest.mark.parametrize("is_resent", [False, True])
    def test_address_that_it_is_corrected_to(
        self,
        client_factory: Callable[..., Client],
        owners: None,
        mandatory: None,
        settings: Any,
        is_resent: bool,
    ) -> None:
        configure(
            settings,
            EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
            EMAIL_VERIFICATION_SUPPORTS_RESEND=True,
            EMAIL_VERIFICATION_SUPPORTS_CHANGE=True,
        )
        page = EMAIL_VERIFICATION_SENT

        def visit(visitor: Visitor, email: str) -> None:
            submit_signup(visitor.client, username=visitor.name, email="first@example.org")
            visitor.post(page, action="change", email=email)
            visitor.get(page)
            if is_resent:
                visitor.post(page, action="resend")
                visitor.get(page)
            for _ in range(3):
                visitor.post(page, code="BCDF-GHJK")

        compare(client_factory, visit, *self.ALL, ignored=("mails",))

    @pytest.mark.requirement("INV-20")
    @pytest.mark.parametrize("by_code", [False, True])
    def test_limits_are_reached_at_the_same_request(
        self,
        client_factory: Callable[..., Client],
        owners: None,
        mandatory: None,
        settings: Any,
        by_code: bool,
    ) -> None:
        configure(
            settings,
            EMAIL_VERIFICATION_BY_CODE_ENABLED=by_code,
            RATE_LIMITS={"signup": "4/m/ip"},
        )

        def visit(visitor: Visitor, email: str) -> None:
            for number in range(5):
                sign_up(visitor, email, username=f"{visitor.name}-{number}")
                visitor.post(LOGOUT)

        compare(client_factory, visit, FREE, TAKEN, ASLEEP)

    @pytest.mark.requirement("INV-20")
    def test_scripts_see_no_difference_either(
        self, client_factory: Callable[..., Client], owners: None, mandatory: None
    ) -> None:
        def visit(visitor: Visitor, email: str) -> None:
            data = {"username": visitor.name, "email": email, "password1": STRONG_PASSWORD}
            response = visitor.client.post(SIGNUP, data, HTTP_ACCEPT="application/json")
            assert response.json()["location"] == EMAIL_VERIFICATION_SENT
            visitor.note(response)

        compare(client_factory, visit, *self.ALL)

    @pytest.mark.requirement("ATK-A06", "INV-21")
    def test_work_is_the_same(
        self, client_factory: Callable[..., Client], owners: None, mandatory: None, settings: Any
    ) -> None:
        use_counting_hasher(settings)
        # What is cached in the process.
        submit_signup(client_factory(), username="first", email="first@example.org")

        hashes, forms = {}, {}
        for number, email in enumerate(self.ALL):
            with count_hashes() as count, Queries(connection) as sent:
                submit_signup(client_factory(), username=f"new{number}", email=email)
                hashes[email] = count()
            forms[email] = sent.forms

        assert set(hashes.values()) == {1}
        for email in self.ALL[1:]:
            assert not forms[email] - forms[FREE]
            further = sorted((forms[FREE] - forms[email]).elements())
            for form, (begin, end) in zip(further, get_forms_of_an_account(), strict=True):
                assert form.startswith(begin)
                assert form.endswith(end)


def get_forms_of_an_account() -> list[tuple[str, str]]:
    """Return how the statements begin and end that only a genuine sign-up sends, in order.

    It makes the user, looks for other rows of the user or the address, and makes the row.
    """
    users = connection.ops.quote_name(get_user_model()._meta.db_table)
    rows, user_id, email = map(
        connection.ops.quote_name, (EmailAddress._meta.db_table, "user_id", "email")
    )
    return [
        (f"INSERT INTO {rows} ", ""),
        (f"INSERT INTO {users} ", ""),
        ("SELECT ", f"WHERE ({rows}.{user_id} = ? OR {rows}.{email} IN (?))"),
    ]


@pytest.mark.requirement("INV-22")
def test_accepted_exceptions_are_these(
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
