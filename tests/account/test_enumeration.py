"""Nobody learns from outside which addresses and phone numbers have an account.

What follows a sign-up with an address is in ``test_signup_enumeration.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import connection
from django.test import Client

from allauth.account.internal.flows.manage_email import assess_unique_email, email_already_exists
from allauth.account.models import EmailAddress
from tests.support.hashing import count_hashes, use_counting_hasher
from tests.support.mails import read_path
from tests.support.pages import (
    EMAIL,
    EMAIL_VERIFICATION_SENT,
    LOGIN,
    LOGIN_CODE_CONFIRM,
    LOGIN_CODE_REQUEST,
    LOGOUT,
    PHONE_CHANGE,
    PHONE_VERIFY,
    RESET,
    RESET_CODE_COMPLETE,
    RESET_CODE_CONFIRM,
    RESET_DONE,
    configure,
    list_error_codes,
    needs_phones,
    submit_code,
    submit_login,
    submit_signup,
)
from tests.support.parity import (
    Visitor,
    ask_again,
    compare,
    follow_code_page,
    iterate_branches,
)
from tests.support.queries import Queries, is_search_by_address
from tests.support.sessions import is_logged_in, read_session

pytestmark = pytest.mark.django_db
SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]


@pytest.fixture
def identities(user_factory: Callable[..., Any]) -> list[str]:
    """Addresses of an account, of nobody, and of accounts that have one in another way.

    Those are inactive, unverified, and without a row for the address.
    """
    by_field = user_factory(email="field@example.org")
    EmailAddress.objects.filter(user=by_field).delete()
    return [
        user_factory(email="known@example.org").email,
        "nobody@example.org",
        user_factory(email="inactive@example.org", is_active=False).email,
        user_factory(email="unverified@example.org", verified=False).email,
        by_field.email,
    ]


# E-mail addresses


@pytest.mark.requirement("INV-20")
@pytest.mark.parametrize("methods", [{"username"}, {"email"}, {"username", "email"}])
def test_password_login_tells_nothing(
    client_factory: Callable[..., Client], identities: Any, settings: Any, methods: set[str]
) -> None:
    settings.ACCOUNT_LOGIN_METHODS = methods

    def scenario(visitor: Visitor, email: str) -> None:
        for _ in range(6):
            visitor.post(LOGIN, login=email, password="wrong")
        visitor.get(LOGIN)

    (first, *_) = compare(client_factory, scenario, *identities)
    assert first.seen[-1]["mails"] == 0


@pytest.mark.requirement("INV-20")
def test_password_login_by_name(
    client_factory: Callable[..., Client], user_factory: Callable[..., Any]
) -> None:
    names = ["nobody66", user_factory().username, user_factory(is_active=False).username]

    def scenario(visitor: Visitor, name: str) -> None:
        for _ in range(6):
            visitor.post(LOGIN, login=name, password="wrong")

    (first, *_) = compare(client_factory, scenario, *names)
    assert first.seen[-1]["mails"] == 0


@pytest.mark.requirement("SEC-055", "INV-20")
@pytest.mark.parametrize("is_told", [True, False])
def test_reset_by_link_tells_nothing(
    client_factory: Callable[..., Client], identities: Any, settings: Any, is_told: bool
) -> None:
    settings.ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = is_told

    def scenario(visitor: Visitor, email: str) -> None:
        visitor.post(RESET, email=email)
        visitor.get(RESET_DONE)
        visitor.post(RESET, email=email, next="/on/")
        # The limit begins at the same request.
        for _ in range(5):
            visitor.post(RESET, email=email.upper())

    # Who is told that there is no account is whoever reads that mailbox.
    compare(client_factory, scenario, *identities, ignored=() if is_told else ("mails",))


@pytest.mark.requirement("SEC-055", "INV-20")
def test_reset_by_code_tells_nothing(
    client_factory: Callable[..., Client], identities: Any, settings: Any
) -> None:
    configure(settings, PASSWORD_RESET_BY_CODE_ENABLED=True)

    def begin(visitor: Visitor, email: str) -> None:
        visitor.post(RESET, email=email, next="/on/")

    def limit(visitor: Visitor, email: str) -> None:
        for _ in range(6):
            visitor.post(RESET, email=email)

    page = RESET_CODE_CONFIRM
    branches = [*follow_code_page(page, RESET_CODE_COMPLETE), ask_again(page), limit]
    for scenario in iterate_branches(begin, branches):
        compare(client_factory, scenario, *identities)


@pytest.mark.requirement("ATK-A28", "INV-20")
def test_login_code_tells_nothing(
    client_factory: Callable[..., Client], identities: Any, settings: Any
) -> None:
    configure(settings, LOGIN_BY_CODE_ENABLED=True, LOGIN_BY_CODE_SUPPORTS_RESEND=True)

    def begin(visitor: Visitor, email: str) -> None:
        visitor.post(LOGIN_CODE_REQUEST, email=email, next="/on/")

    def limit(visitor: Visitor, email: str) -> None:
        for _ in range(4):
            visitor.post(LOGOUT)
            visitor.post(LOGIN_CODE_REQUEST, email=email)

    branches = [*follow_code_page(LOGIN_CODE_CONFIRM, LOGIN_CODE_REQUEST), limit]
    for scenario in iterate_branches(begin, branches):
        compare(client_factory, scenario, *identities)
    for scenario in iterate_branches(begin, [ask_again(LOGIN_CODE_CONFIRM)]):
        compare(client_factory, scenario, *identities, ignored=("mails",))


@pytest.mark.requirement("INV-20")
def test_login_page_without_passwords_tells_nothing(
    client_factory: Callable[..., Client], identities: Any, settings: Any
) -> None:
    configure(settings, LOGIN_METHODS={"email"}, SIGNUP_FIELDS=["email*"])

    def scenario(visitor: Visitor, email: str) -> None:
        visitor.post(LOGIN, login=email)
        visitor.get(LOGIN_CODE_CONFIRM)

    compare(client_factory, scenario, *identities)


@pytest.mark.requirement("ATK-A39")
def test_robot_sees_a_page_that_exists(
    client_factory: Callable[..., Client], settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    for by_code in (False, True):
        configure(
            settings,
            EMAIL_VERIFICATION="mandatory",
            EMAIL_VERIFICATION_BY_CODE_ENABLED=by_code,
            SIGNUP_FORM_HONEYPOT_FIELD="website",
        )
        client = client_factory()
        response = submit_signup(client, username="robot", email="r@example.org", website="x")
        assert response["Location"] == EMAIL_VERIFICATION_SENT
        assert client.get(response["Location"]).status_code == 200
        if by_code:
            response = submit_code(client, EMAIL_VERIFICATION_SENT, "BCDF-GHJK")
            assert list_error_codes(response, "code") == ["incorrect_code"]
    assert not mail.outbox


@pytest.mark.requirement("SEC-057", "INV-20")
@pytest.mark.parametrize("by_code", [False, True])
def test_adding_an_address_tells_nothing(
    client_factory: Callable[..., Client], identities: Any, settings: Any, by_code: bool
) -> None:
    configure(
        settings,
        EMAIL_VERIFICATION_BY_CODE_ENABLED=by_code,
        EMAIL_VERIFICATION_SUPPORTS_RESEND=True,
    )

    def begin(visitor: Visitor, email: str) -> None:
        visitor.client.force_login(get_user_model().objects.create(username=visitor.name))
        visitor.post(EMAIL, action_add="", email=email)
        visitor.get(EMAIL)

    def guess(visitor: Visitor, email: str) -> None:
        for _ in range(4):
            visitor.post(EMAIL_VERIFICATION_SENT, code="BCDF-GHJK")
        visitor.get(EMAIL)

    def resend(visitor: Visitor, email: str) -> None:
        visitor.post(EMAIL_VERIFICATION_SENT, action="resend")
        visitor.post(EMAIL, action_send="", email=email)
        visitor.post(EMAIL, action_primary="", email=email)
        visitor.post(EMAIL, action_remove="", email=email)
        visitor.get(EMAIL)

    for scenario in iterate_branches(begin, [guess, resend]):
        compare(client_factory, scenario, *identities)


# What may be told, and what is decided by the settings


@pytest.mark.parametrize(
    ("prevention", "verification", "expected"),
    [
        (False, "mandatory", False),
        (False, "optional", False),
        (True, "mandatory", None),
        (True, "optional", False),
        (True, "none", False),
        ("strict", "mandatory", None),
        ("strict", "optional", True),
        ("strict", "none", True),
    ],
)
def test_assessment_of_a_taken_address(
    user_factory: Callable[..., Any],
    settings: Any,
    prevention: Any,
    verification: str,
    expected: bool | None,
) -> None:
    settings.ACCOUNT_PREVENT_ENUMERATION = prevention
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    verified, inactive = user_factory(), user_factory(is_active=False)
    unverified, by_field = user_factory(verified=False), user_factory()
    EmailAddress.objects.filter(user=by_field).delete()

    for owner in (verified, inactive, unverified, by_field):
        assert assess_unique_email(owner.email.upper()) is expected
        assert assess_unique_email(owner.email, user=owner) is True
    assert assess_unique_email("free@example.org") is True
    assert email_already_exists("free@example.org") == ("free@example.org", False)
    settings.ACCOUNT_UNIQUE_EMAIL = False
    assert assess_unique_email(verified.email) is True


@pytest.mark.requirement("SEC-056")
def test_strict_prevention_lets_a_second_account_keep_the_address_unverified(
    client: Client, user: Any, settings: Any
) -> None:
    configure(settings, PREVENT_ENUMERATION="strict", EMAIL_VERIFICATION="optional")

    submit_signup(client, username="second", email=user.email)
    assert is_logged_in(client)
    row = EmailAddress.objects.get(user__username="second")
    assert (row.email, row.verified) == (user.email, False)
    client.post(read_path())
    row.refresh_from_db()
    assert not row.verified
    client.post(EMAIL, {"action_send": "", "email": user.email})
    assert not EmailAddress.objects.get(user__username="second").can_set_verified()


def test_username_is_told(client: Client, user: Any, settings: Any) -> None:
    configure(settings, EMAIL_VERIFICATION="mandatory", SIGNUP_FIELDS=SIGNUP_FIELDS)

    response = submit_signup(client, username=user.username, email="free@example.org")
    assert list_error_codes(response, "username") == ["username_taken"]


def test_pretended_signup_leaves_no_trace(client: Client, user: Any, settings: Any) -> None:
    configure(
        settings,
        EMAIL_VERIFICATION="mandatory",
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
        SIGNUP_FIELDS=SIGNUP_FIELDS,
    )

    submit_signup(client, username="second", email=user.email)
    assert type(user).objects.count() == 1
    assert EmailAddress.objects.count() == 1
    assert [message.to for message in mail.outbox] == [[user.email]]
    # Not even whoever reads the session of the server can go on from here.
    session = read_session(client)
    code = session["account_email_verification_code"]["code"]
    submit_code(client, EMAIL_VERIFICATION_SENT, code)
    assert not is_logged_in(client)


# The work that is done


@pytest.fixture
def work(settings: Any) -> None:
    use_counting_hasher(settings)


@pytest.mark.requirement("INV-21")
@pytest.mark.usefixtures("work")
@pytest.mark.parametrize("methods", [{"username"}, {"email"}, {"username", "email"}])
def test_login_hashes_one_password(
    client_factory: Callable[..., Client],
    user_factory: Callable[..., Any],
    settings: Any,
    methods: set[str],
) -> None:
    settings.ACCOUNT_LOGIN_METHODS = methods
    known, inactive = user_factory(), user_factory(is_active=False)
    logins = [known.email, inactive.email, "nobody@example.org"]
    if "username" in methods:
        logins += [known.username, inactive.username, "nobody"]

    for login in logins:
        with count_hashes() as count:
            submit_login(client_factory(), login, "wrong")
        assert count() == 1, login


@pytest.mark.requirement("INV-21")
@pytest.mark.usefixtures("work")
@pytest.mark.parametrize("by_code", [True, False])
def test_signup_hashes_one_password_and_sends_one_mail(
    client_factory: Callable[..., Client], user: Any, settings: Any, by_code: bool
) -> None:
    configure(
        settings,
        EMAIL_VERIFICATION="mandatory",
        EMAIL_VERIFICATION_BY_CODE_ENABLED=by_code,
        SIGNUP_FIELDS=SIGNUP_FIELDS,
    )

    for number, email in enumerate((user.email, "free@example.org")):
        before = len(mail.outbox)
        with count_hashes() as count:
            submit_signup(client_factory(), username=f"n{number}", email=email)
        assert count() == 1
        assert len(mail.outbox) == before + 1


@pytest.mark.requirement("INV-21")
@pytest.mark.parametrize("page", [RESET, LOGIN_CODE_REQUEST])
def test_requests_for_nobody_cost_the_same_but_for_one_query(
    client_factory: Callable[..., Client], user: Any, settings: Any, page: str
) -> None:
    configure(settings, PASSWORD_RESET_BY_CODE_ENABLED=True, LOGIN_BY_CODE_ENABLED=True)

    client_factory().post(page, {"email": "first@example.org"})  # what the process caches

    forms = []
    for email in (user.email, "nobody@example.org"):
        before = len(mail.outbox)
        with Queries(connection) as queries:
            client_factory().post(page, {"email": email})
        forms.append(queries.forms)
        assert len(mail.outbox) == before + 1
    known, unknown = forms
    (further,) = (unknown - known).elements()
    assert is_search_by_address(further)
    assert not known - unknown


# Phone numbers


@pytest.fixture
def phones(settings: Any, sms_outbox: Any, user_factory: Callable[..., Any]) -> list[str]:
    """Numbers of an account, of nobody, of an inactive account, and of an unverified one."""
    numbers = ["+31600000001", "+31600000002", "+31600000003", "+31600000004"]
    user_factory(phone=numbers[0])
    user_factory(phone=numbers[2], is_active=False)
    user_factory(phone=numbers[3], verified=False)
    return numbers


@pytest.mark.requirement("ATK-A28", "INV-20")
@needs_phones
def test_login_code_by_phone_tells_nothing(
    client_factory: Callable[..., Client], phones: Any, settings: Any
) -> None:
    configure(
        settings,
        LOGIN_METHODS={"phone"},
        SIGNUP_FIELDS=["phone*", "password1*"],
        LOGIN_BY_CODE_ENABLED=True,
        LOGIN_BY_CODE_SUPPORTS_RESEND=True,
    )

    def begin(visitor: Visitor, phone: str) -> None:
        visitor.post(LOGIN_CODE_REQUEST, phone=phone, next="/on/")

    page = LOGIN_CODE_CONFIRM
    for scenario in iterate_branches(begin, [*follow_code_page(page), ask_again(page)]):
        compare(client_factory, scenario, *phones)


@pytest.mark.requirement("ATK-A26", "INV-20")
@needs_phones
@pytest.mark.parametrize(
    ("is_required", "verification"), [(True, "optional"), (True, "none"), (False, "none")]
)
def test_signup_with_a_phone_tells_nothing(
    client_factory: Callable[..., Client],
    phones: Any,
    settings: Any,
    is_required: bool,
    verification: str,
) -> None:
    configure(
        settings,
        LOGIN_BY_CODE_REQUIRED=is_required,
        LOGIN_BY_CODE_SUPPORTS_RESEND=True,
        PHONE_VERIFICATION_SUPPORTS_RESEND=True,
        SIGNUP_FIELDS=["username*", "phone*", "password1*", "password2*"],
        EMAIL_VERIFICATION=verification,
        RATE_LIMITS={"verify_phone": "1/m/key"},
    )

    def begin(visitor: Visitor, phone: str) -> None:
        visitor.note(submit_signup(visitor.client, username=visitor.name, phone=phone))

    page = LOGIN_CODE_CONFIRM if is_required else PHONE_VERIFY
    for scenario in iterate_branches(begin, [*follow_code_page(page), ask_again(page)]):
        compare(client_factory, scenario, *phones)


@pytest.mark.requirement("INV-20")
@needs_phones
def test_correcting_the_phone_at_signup_tells_nothing(
    client_factory: Callable[..., Client], phones: Any, settings: Any, sms_outbox: Any
) -> None:
    configure(
        settings,
        PHONE_VERIFICATION_SUPPORTS_RESEND=True,
        PHONE_VERIFICATION_SUPPORTS_CHANGE=True,
        SIGNUP_FIELDS=["username*", "phone*", "password1*", "password2*"],
        EMAIL_VERIFICATION="none",
    )

    def scenario(visitor: Visitor, phone: str) -> None:
        submit_signup(visitor.client, username=visitor.name, phone="+31699999999")
        visitor.post(PHONE_VERIFY, action="change", phone=phone)
        visitor.get(PHONE_VERIFY)
        visitor.post(PHONE_VERIFY, action="resend")
        for _ in range(3):
            visitor.post(PHONE_VERIFY, code="BCDF-GHJK")

    compare(client_factory, scenario, *phones)


@pytest.mark.requirement("INV-20", "ATK-A26")
@needs_phones
def test_corrected_phone_number_tells_nothing(
    client_factory: Callable[..., Client],
    user_factory: Callable[..., Any],
    settings: Any,
    sms_outbox: Any,
) -> None:
    configure(
        settings,
        SIGNUP_FIELDS=["username*", "phone*", "password1*"],
        PHONE_VERIFICATION_SUPPORTS_CHANGE=2,
        RATE_LIMITS=False,
    )
    user_factory(username="owner", phone="+31687654321")
    user_factory(username="another", phone="+31687650000")

    def scenario(visitor: Visitor, phone: str) -> None:
        visitor.note(submit_signup(visitor.client, username=visitor.name, phone=phone))
        assert visitor.get(PHONE_VERIFY).context["can_change"]
        for number in (phone, "nonsense", "+31687650000", "+31612340000"):
            visitor.post(PHONE_VERIFY, action="change", phone=number)
            visitor.get(PHONE_VERIFY)
        visitor.post(PHONE_VERIFY, code="BCDF-GHJK")
        visitor.post(PHONE_VERIFY, code=sms_outbox[-1].code)
        visitor.get("/")
        assert is_logged_in(visitor.client)

    compare(client_factory, scenario, "+31611112222", "+31687654321")


@pytest.mark.requirement("INV-20")
@needs_phones
@pytest.mark.parametrize("with_email", [True, False])
def test_signup_with_a_phone_and_an_address(
    client_factory: Callable[..., Client],
    phones: Any,
    settings: Any,
    sms_outbox: Any,
    with_email: bool,
) -> None:
    configure(
        settings,
        SIGNUP_FIELDS=["username*", "email", "phone*", "password1*"],
        PHONE_VERIFICATION_SUPPORTS_RESEND=True,
    )
    email = "free@example.org" if with_email else ""

    def scenario(visitor: Visitor, phone: str) -> None:
        sms_outbox.clear()
        data = {"username": visitor.name, "email": email, "phone": phone}
        visitor.note(submit_signup(visitor.client, **data))
        assert len(sms_outbox) == 1
        visitor.get(PHONE_VERIFY)
        visitor.get(LOGIN)
        visitor.post(PHONE_VERIFY, code="BCDF-GHJK")
        visitor.post(PHONE_VERIFY, action="resend")
        for _ in range(2):
            visitor.post(PHONE_VERIFY, code="")
        visitor.get(PHONE_VERIFY)
        visitor.get(LOGIN)

    compare(client_factory, scenario, *phones)


@pytest.mark.requirement("INV-20")
@needs_phones
def test_changing_the_phone_while_logged_in_tells_nothing(
    client_factory: Callable[..., Client],
    phones: Any,
    settings: Any,
    user_factory: Callable[..., Any],
) -> None:
    configure(settings, SIGNUP_FIELDS=["username*", "phone", "password1*"])

    def scenario(visitor: Visitor, phone: str) -> None:
        visitor.client.force_login(user_factory(username=visitor.name))
        visitor.post(PHONE_CHANGE, phone=phone)
        for _ in range(3):
            visitor.get(PHONE_VERIFY)
            visitor.post(PHONE_VERIFY, code="BCDF-GHJK")

    compare(client_factory, scenario, *phones)


@pytest.mark.requirement("INV-20", "INV-21")
@needs_phones
@pytest.mark.parametrize("methods", [{"phone"}, {"phone", "email"}])
def test_password_login_by_phone_tells_nothing(
    client_factory: Callable[..., Client], phones: Any, settings: Any, methods: set[str]
) -> None:
    use_counting_hasher(settings)
    configure(settings, LOGIN_METHODS=methods, SIGNUP_FIELDS=["phone*", "password1*"])
    hashes = []

    def scenario(visitor: Visitor, phone: str) -> None:
        with count_hashes() as count:
            visitor.post(LOGIN, login=phone, password="wrong")
        # The first check of an account brings its password up to the hasher of the site.
        hashes.append(count())

    compare(client_factory, scenario, *phones)
    assert set(hashes) == {1}


# Between two accounts


@pytest.mark.requirement("INV-34")
def test_links_and_ids_of_others_look_like_those_of_nobody(
    client_factory: Callable[..., Client], user_factory: Callable[..., Any]
) -> None:
    member = user_factory(username="somebody")
    other = user_factory(email="foreign@example.org", verified=False)

    def scenario(visitor: Visitor, email: str) -> None:
        visitor.client.force_login(member)
        for action in ("action_send", "action_primary", "action_remove"):
            visitor.post(EMAIL, **{action: "", "email": email})
        visitor.get(EMAIL)

    compare(client_factory, scenario, other.email, "nobody@example.org")
    assert not mail.outbox
