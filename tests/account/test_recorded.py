"""What was begun before the flows were moved is picked up and finished.

The first half of each test is in its recording; see ``tests/compat/recorded/README.rst``.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows import reauthentication
from allauth.account.models import EmailAddress
from allauth.core import context
from tests.compat.recorder import Notes, Resume, resuming
from tests.support.clocks import NOW
from tests.support.mails import make_wrong, read_code, read_path
from tests.support.pages import (
    EMAIL,
    EMAIL_VERIFICATION_SENT,
    LOGIN_CODE_CONFIRM,
    LOGIN_CODE_REQUEST,
    PHONE_CHANGE,
    PHONE_VERIFY,
    RESET,
    RESET_CODE_COMPLETE,
    RESET_CODE_CONFIRM,
    STRONG_PASSWORD,
    configure,
    list_error_codes,
    needs_phones,
    route_account_pages,
    submit_code,
    submit_login,
    submit_signup,
)
from tests.support.sessions import is_logged_in, make_request, read_session, write_session

pytestmark = pytest.mark.django_db

PHONE, OTHER_PHONE = "+31612345678", "+31687654321"
REAUTHENTICATE = "/accounts/reauthenticate/"
TAKEN, FREE = "user1@example.org", "free@example.org"


@pytest.fixture
def resume(request: pytest.FixtureRequest, settings: Any) -> Iterator[Resume]:
    settings.ACCOUNT_RATE_LIMITS = False
    with resuming(request) as function:
        yield function


def get_user(username: str = "user1") -> Any:
    return get_user_model().objects.get(username=username)


def choose_password(client: Client, page: str = RESET_CODE_COMPLETE) -> Any:
    return client.post(page, {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD})


# Logins by code


def request_code(client: Client, **data: Any) -> str:
    response = client.post(LOGIN_CODE_REQUEST, data)
    assert response["Location"] == LOGIN_CODE_CONFIRM
    return LOGIN_CODE_CONFIRM


def test_login_by_code(resume: Resume, settings: Any, user_factory: Any) -> None:
    configure(settings, LOGIN_BY_CODE_ENABLED=True)

    def begin(client: Client) -> Notes:
        request_code(client, email=user_factory().email)
        return {"code": read_code()}

    client, notes = resume(begin)

    assert client.get(LOGIN_CODE_CONFIRM).context["email"] == get_user().email
    wrong = submit_code(client, LOGIN_CODE_CONFIRM, make_wrong(notes["code"]))
    assert list_error_codes(wrong, "code") == ["incorrect_code"]
    submit_code(client, LOGIN_CODE_CONFIRM, notes["code"])
    assert is_logged_in(client, get_user())


def test_login_by_code_for_nobody(resume: Resume, settings: Any) -> None:
    configure(settings, LOGIN_BY_CODE_ENABLED=True)

    def begin(client: Client) -> Notes:
        request_code(client, email="nobody@example.org")
        return {}

    client, _ = resume(begin)

    assert client.get(LOGIN_CODE_CONFIRM).context["email"] == "nobody@example.org"
    wrong = submit_code(client, LOGIN_CODE_CONFIRM, "BCDF-GHJK")
    assert list_error_codes(wrong, "code") == ["incorrect_code"]
    assert not is_logged_in(client)


def test_login_by_code_after_two_wrong_ones(
    resume: Resume, settings: Any, user_factory: Any
) -> None:
    configure(settings, LOGIN_BY_CODE_ENABLED=True)

    def begin(client: Client) -> Notes:
        request_code(client, email=user_factory().email)
        code = read_code()
        for _ in range(2):
            submit_code(client, LOGIN_CODE_CONFIRM, make_wrong(code))
        return {"code": code}

    client, notes = resume(begin)

    assert submit_code(client, LOGIN_CODE_CONFIRM, make_wrong(notes["code"])).status_code == 302
    submit_code(client, LOGIN_CODE_CONFIRM, notes["code"])
    assert not is_logged_in(client)


def test_attempts_that_the_session_forgot(resume: Resume, settings: Any, user_factory: Any) -> None:
    configure(settings, LOGIN_BY_CODE_ENABLED=True)

    def begin(client: Client) -> Notes:
        request_code(client, email=user_factory().email)
        session, code = read_session(client), read_code()
        for _ in range(3):
            submit_code(client, LOGIN_CODE_CONFIRM, make_wrong(code))
        client.cookies.clear()
        write_session(client, **session)
        return {"code": code}

    client, notes = resume(begin)

    submit_code(client, LOGIN_CODE_CONFIRM, notes["code"])
    assert not is_logged_in(client)


def test_used_code(resume: Resume, settings: Any, user_factory: Any) -> None:
    configure(settings, LOGIN_BY_CODE_ENABLED=True)

    def begin(client: Client) -> Notes:
        request_code(client, email=user_factory().email)
        session, code = read_session(client), read_code()
        submit_code(client, LOGIN_CODE_CONFIRM, code)
        assert is_logged_in(client)
        client.cookies.clear()
        write_session(client, **session)
        return {"code": code}

    client, notes = resume(begin)

    submit_code(client, LOGIN_CODE_CONFIRM, notes["code"])
    assert not is_logged_in(client)


# Sign-ups


def test_signup_by_code(resume: Resume, settings: Any) -> None:
    configure(settings, EMAIL_VERIFICATION="mandatory", EMAIL_VERIFICATION_BY_CODE_ENABLED=True)

    def begin(client: Client) -> Notes:
        submit_signup(client, username="new", email="new@example.org", next="/onwards/")
        return {"code": read_code()}

    client, notes = resume(begin)

    wrong = submit_code(client, EMAIL_VERIFICATION_SENT, make_wrong(notes["code"]))
    assert list_error_codes(wrong, "code") == ["incorrect_code"]
    response = submit_code(client, EMAIL_VERIFICATION_SENT, notes["code"])
    assert response["Location"] == "/onwards/"
    assert is_logged_in(client, get_user("new"))
    assert EmailAddress.objects.get(email="new@example.org").verified


def test_signup_by_link(resume: Resume, settings: Any) -> None:
    configure(settings, EMAIL_VERIFICATION="mandatory", LOGIN_ON_EMAIL_CONFIRMATION=True)

    def begin(client: Client) -> Notes:
        submit_signup(client, username="new", email="new@example.org", next="/onwards/")
        return {"path": read_path()}

    client, notes = resume(begin)

    assert client.get(notes["path"]).status_code == 200
    assert client.post(notes["path"])["Location"] == "/onwards/"
    assert is_logged_in(client, get_user("new"))
    assert EmailAddress.objects.get(email="new@example.org").verified


def test_signup_that_was_pretended(resume: Resume, settings: Any, user_factory: Any) -> None:
    configure(
        settings,
        EMAIL_VERIFICATION="mandatory",
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
        EMAIL_VERIFICATION_SUPPORTS_CHANGE=2,
    )

    def begin(client: Client) -> Notes:
        user_factory(email=TAKEN)
        submit_signup(client, username="new", email=TAKEN, next="/onwards/")
        return {}

    client, _ = resume(begin)

    wrong = submit_code(client, EMAIL_VERIFICATION_SENT, "BCDF-GHJK")
    assert list_error_codes(wrong, "code") == ["incorrect_code"]
    assert not get_user_model().objects.filter(username="new").exists()
    client.post(EMAIL_VERIFICATION_SENT, {"action": "change", "email": FREE})
    response = submit_code(client, EMAIL_VERIFICATION_SENT, read_code())

    assert response["Location"] == "/onwards/"
    user = get_user("new")
    assert is_logged_in(client, user)
    assert user.check_password(STRONG_PASSWORD)
    assert EmailAddress.objects.get(user=user).email == FREE


def test_claimed_address(resume: Resume, settings: Any) -> None:
    def begin(client: Client) -> Notes:
        signup = import_module("allauth.account.internal.flows.signup")
        assert signup.claim_identifier(FREE)
        assert signup.claim_identifier("changing@example.org", owner="7")
        return {}

    client, _ = resume(begin)

    for address in (FREE, "changing@example.org"):
        submit_signup(client, username="new", email=address)
        assert not get_user_model().objects.exists()
    submit_signup(client, username="new", email="unclaimed@example.org")
    assert is_logged_in(client, get_user("new"))


def test_claimed_address_is_free_after_a_while(resume: Resume, settings: Any) -> None:
    def begin(client: Client) -> Notes:
        signup = import_module("allauth.account.internal.flows.signup")
        assert signup.claim_identifier(FREE)
        return {}

    client, _ = resume(begin)

    with time_machine.travel(NOW + 3600, tick=False):
        submit_signup(client, username="new", email=FREE)
    assert get_user("new").email == FREE


# Addresses


def test_link_to_an_added_address(resume: Resume, settings: Any, user_factory: Any) -> None:
    def begin(client: Client) -> Notes:
        client.force_login(user_factory())
        client.post(EMAIL, {"action_add": "", "email": FREE})
        return {"path": read_path()}

    client, notes = resume(begin)

    client.post(notes["path"])
    assert EmailAddress.objects.get(email=FREE, user=get_user()).verified


def test_link_to_an_address_that_was_replaced(
    resume: Resume, settings: Any, user_factory: Any
) -> None:
    def begin(client: Client) -> Notes:
        client.force_login(user_factory())
        client.post(EMAIL, {"action_add": "", "email": FREE})
        EmailAddress.objects.filter(email=FREE).update(email="other@example.org")
        return {"path": read_path()}

    client, notes = resume(begin)

    client.post(notes["path"])
    assert not EmailAddress.objects.get(email="other@example.org").verified


def test_code_to_an_added_address(resume: Resume, settings: Any, user_factory: Any) -> None:
    configure(settings, CHANGE_EMAIL=True, EMAIL_VERIFICATION_BY_CODE_ENABLED=True)

    def begin(client: Client) -> Notes:
        client.force_login(user_factory())
        client.post(EMAIL, {"action_add": "", "email": FREE})
        return {"code": read_code()}

    client, notes = resume(begin)

    assert client.get(EMAIL_VERIFICATION_SENT).context["email"] == FREE
    submit_code(client, EMAIL_VERIFICATION_SENT, make_wrong(notes["code"]))
    submit_code(client, EMAIL_VERIFICATION_SENT, notes["code"])
    address = EmailAddress.objects.get(user=get_user())
    assert (address.email, address.verified, address.primary) == (FREE, True, True)


# Phone numbers


@pytest.fixture
def phones(settings: Any, sms_outbox: Any) -> Any:
    """The text messages of a site with phone numbers."""
    configure(
        settings,
        LOGIN_METHODS={"phone"},
        LOGIN_BY_CODE_ENABLED=True,
        SIGNUP_FIELDS=["username*", "phone*", "password1*", "password2*"],
        EMAIL_VERIFICATION="none",
    )
    return sms_outbox


def get_phone(user: Any) -> tuple[str, bool]:
    from tests.projects.phones.models import Phone

    phone = Phone.objects.get(user=user)
    return phone.number, phone.verified


@needs_phones
def test_login_by_code_to_a_phone(resume: Resume, phones: Any, user_factory: Any) -> None:
    def begin(client: Client) -> Notes:
        user_factory(phone=PHONE)
        request_code(client, phone=PHONE)
        return {"code": phones[-1].code}

    client, notes = resume(begin)

    submit_code(client, LOGIN_CODE_CONFIRM, make_wrong(notes["code"]))
    submit_code(client, LOGIN_CODE_CONFIRM, notes["code"])
    assert is_logged_in(client, get_user())


@needs_phones
def test_signup_with_a_phone(resume: Resume, phones: Any) -> None:
    def begin(client: Client) -> Notes:
        submit_signup(client, username="new", phone=PHONE)
        return {"code": phones[-1].code}

    client, notes = resume(begin)

    wrong = submit_code(client, PHONE_VERIFY, make_wrong(notes["code"]))
    assert list_error_codes(wrong, "code") == ["incorrect_code"]
    submit_code(client, PHONE_VERIFY, notes["code"])
    assert is_logged_in(client, get_user("new"))
    assert get_phone(get_user("new")) == (PHONE, True)


@needs_phones
def test_change_of_a_phone(resume: Resume, phones: Any, user_factory: Any) -> None:
    def begin(client: Client) -> Notes:
        client.force_login(user_factory(phone=PHONE))
        client.post(PHONE_CHANGE, {"phone": OTHER_PHONE})
        return {"code": phones[-1].code}

    client, notes = resume(begin)

    submit_code(client, PHONE_VERIFY, make_wrong(notes["code"]))
    assert get_phone(get_user()) == (PHONE, True)
    submit_code(client, PHONE_VERIFY, notes["code"])
    assert get_phone(get_user()) == (OTHER_PHONE, True)


# Lost passwords


def test_reset_by_code(resume: Resume, settings: Any, user_factory: Any) -> None:
    configure(settings, PASSWORD_RESET_BY_CODE_ENABLED=True)

    def begin(client: Client) -> Notes:
        client.post(RESET, {"email": user_factory().email})
        return {"code": read_code()}

    client, notes = resume(begin)

    wrong = submit_code(client, RESET_CODE_CONFIRM, make_wrong(notes["code"]))
    assert list_error_codes(wrong, "code") == ["incorrect_code"]
    choose_password(client)
    assert not get_user().check_password(STRONG_PASSWORD)
    submit_code(client, RESET_CODE_CONFIRM, notes["code"])
    choose_password(client)
    assert get_user().check_password(STRONG_PASSWORD)


def test_reset_by_code_that_was_confirmed(resume: Resume, settings: Any, user_factory: Any) -> None:
    configure(settings, PASSWORD_RESET_BY_CODE_ENABLED=True)

    def begin(client: Client) -> Notes:
        client.post(RESET, {"email": user_factory().email})
        # The time to choose a password begins now, by which it is told from that for the code.
        with time_machine.travel(NOW + 1, tick=False):
            submit_code(client, RESET_CODE_CONFIRM, read_code())
        return {}

    client, _ = resume(begin)

    assert client.get(RESET_CODE_COMPLETE).status_code == 200
    choose_password(client)
    assert get_user().check_password(STRONG_PASSWORD)


def list_addresses(user: Any) -> list[str]:
    return sorted(EmailAddress.objects.filter(user=user).values_list("email", flat=True))


@pytest.mark.parametrize("is_proven", [True, False], ids=["proven", "unproven"])
def test_reset_by_link(resume: Resume, settings: Any, user_factory: Any, is_proven: bool) -> None:
    def begin(client: Client) -> Notes:
        user = user_factory(verified=is_proven)
        EmailAddress.objects.create(user=user, email="second@example.org", verified=True)
        client.post(RESET, {"email": user.email})
        return {"path": read_path()}

    client, notes = resume(begin)

    page = client.get(notes["path"])
    choose_password(client, page["Location"])
    user = get_user()
    assert user.check_password(STRONG_PASSWORD)
    # The owner of an address that nobody had verified takes the account over.
    assert list_addresses(user) == (["second@example.org"] if is_proven else []) + [user.email]


def test_reset_by_link_that_was_opened(resume: Resume, settings: Any, user_factory: Any) -> None:
    def begin(client: Client) -> Notes:
        client.post(RESET, {"email": user_factory().email})
        return {"page": client.get(read_path())["Location"]}

    client, notes = resume(begin)

    assert client.get(notes["page"]).status_code == 200
    choose_password(client, notes["page"])
    assert get_user().check_password(STRONG_PASSWORD)


def test_reset_by_link_that_was_used(resume: Resume, settings: Any, user_factory: Any) -> None:
    def begin(client: Client) -> Notes:
        user = user_factory()
        client.post(RESET, {"email": user.email})
        page = client.get(read_path())["Location"]
        flow = import_module("allauth.account.internal.flows.password_reset")
        # Another request is about to store the new password.
        key = read_path().strip("/").rpartition("/")[2].partition("-")[2]
        assert flow.consume_reset_key(user, key)
        return {"page": page}

    client, notes = resume(begin)

    choose_password(client, notes["page"])
    assert not get_user().check_password(STRONG_PASSWORD)


# Reauthentication


@reauthentication_required(app="allauth.account")
def guarded(request: HttpRequest) -> HttpResponse:
    """Says what it is asked to do."""
    return HttpResponse(f"{request.method} {request.get_full_path()} {request.POST.dict()}")


def go_on(request: HttpRequest, state: dict[str, Any]) -> HttpResponse:
    """Goes on after somebody was asked by ``stash_and_reauthenticate``."""
    return HttpResponse(f"resumed with {state['number']}")


@pytest.fixture
def _guarded(settings: Any) -> None:
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    route_account_pages(settings, path("guarded/", guarded))


@pytest.mark.usefixtures("_guarded")
def test_suspended_post(resume: Resume, user_factory: Any, password: str) -> None:
    def begin(client: Client) -> Notes:
        submit_login(client, user_factory().username, password)
        response = client.post("/guarded/", {"b": ["1", "2"], "ä": "ü"})
        assert response.status_code == 302
        return {}

    client, _ = resume(begin)

    assert client.post(REAUTHENTICATE, {"password": "wrong"}).status_code == 200
    response = client.post(REAUTHENTICATE, {"password": password, "next": "/guarded/"})
    assert response.content.decode() == "POST /guarded/ {'b': '2', 'ä': 'ü'}"


@pytest.mark.usefixtures("_guarded")
def test_suspended_callback(resume: Resume, user_factory: Any, password: str) -> None:
    def begin(client: Client) -> Notes:
        user = user_factory()
        submit_login(client, user.username, password)
        request = make_request(user)
        with context.request_context(request):
            reauthentication.stash_and_reauthenticate(request, {"number": 5}, f"{__name__}.go_on")
        write_session(client, **dict(request.session.items()))
        return {}

    client, _ = resume(begin)

    response = client.post(REAUTHENTICATE, {"password": password})
    assert response.content == b"resumed with 5"


@pytest.mark.usefixtures("_guarded")
def test_records(resume: Resume, user_factory: Any, password: str) -> None:
    def begin(client: Client) -> Notes:
        submit_login(client, user_factory().username, password)
        client.post(REAUTHENTICATE, {"password": password})
        return {}

    client, _ = resume(begin)

    assert is_logged_in(client, get_user())
    assert client.post("/guarded/").status_code == 200
    with time_machine.travel(NOW + 3600, tick=False):
        assert client.post("/guarded/").status_code == 302


# Limits


def test_limit_of_requests(resume: Resume, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}

    def begin(client: Client) -> Notes:
        for _ in range(2):
            submit_login(client, "nobody", "wrong")
        return {}

    client, _ = resume(begin)

    assert submit_login(client, "nobody", "wrong").status_code == 429
    with time_machine.travel(NOW + 61, tick=False):
        assert submit_login(client, "nobody", "wrong").status_code == 200


@pytest.mark.skipif(
    "django.contrib.sites" not in django_settings.INSTALLED_APPS,
    reason="failures are counted by site, and those recorded are of a project that has sites",
)
def test_limit_of_failures(resume: Resume, settings: Any, user_factory: Any, password: str) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/m/key"}

    def begin(client: Client) -> Notes:
        user = user_factory()
        for _ in range(3):
            submit_login(client, user.username, "wrong")
        return {}

    client, _ = resume(begin)

    response = submit_login(client, "user1", password)
    assert list_error_codes(response) == ["too_many_login_attempts"]
    with time_machine.travel(NOW + 61, tick=False):
        submit_login(client, "user1", password)
    assert is_logged_in(client, get_user())
