"""Flows while another session and user are in the places of those of the request.

This is a sample; ``nox -s swapped`` runs the suites of the apps that way.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from allauth.account.internal import stagekit
from allauth.account.models import EmailAddress, Login
from tests.projects.probe_urls import open_to_all
from tests.support.mails import make_wrong, read_code
from tests.support.middleware import build_urlconf
from tests.support.pages import (
    EMAIL,
    EMAIL_VERIFICATION_SENT,
    LOGIN,
    LOGIN_CODE_CONFIRM,
    LOGIN_CODE_REQUEST,
    LOGOUT,
    RESET,
    RESET_CODE_COMPLETE,
    RESET_CODE_CONFIRM,
    SIGNUP,
    STRONG_PASSWORD,
    configure,
    list_error_codes,
    list_messages,
    submit_code,
    submit_login,
    submit_signup,
)
from tests.support.sessions import get_key, is_logged_in, make_request, read_session
from tests.support.swapping import SWAPPING, swap_sessions

pytestmark = pytest.mark.django_db

REAUTHENTICATE = "/accounts/reauthenticate/"
INCORRECT_CODE = ["incorrect_code"]


@pytest.fixture(autouse=True)
def _sessions_are_swapped(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    swap_sessions(settings)


class Watch:
    """Notes session and user around the view and in it."""

    seen: list[tuple[Any, Any]] = []

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        watch(request)
        response: HttpResponse = self.get_response(request)
        watch(request)
        return response


def watch(request: HttpRequest) -> HttpResponse:
    Watch.seen.append((request.session, request.user))
    return HttpResponse()


class TestSwap:
    def test_view_sees_other_objects_and_the_stack_the_former_ones(
        self, client: Client, user: Any, settings: Any
    ) -> None:
        name = f"{Watch.__module__}.{Watch.__qualname__}"
        others = [one for one in settings.MIDDLEWARE if one != SWAPPING]
        settings.MIDDLEWARE = [*others, name, SWAPPING]
        settings.ROOT_URLCONF = build_urlconf(path("watch/", watch))
        Watch.seen.clear()
        client.force_login(user)

        client.get("/watch/")

        before, inside, after = Watch.seen
        assert before[0] is after[0] is not inside[0]
        assert before[1] is after[1] is not inside[1]
        assert inside[1] == user
        assert before[0].session_key == inside[0].session_key == get_key(client)

    def test_what_the_view_stores_is_saved(self, client: Client, settings: Any) -> None:
        def count(request: HttpRequest) -> HttpResponse:
            number = request.session["number"] = request.session.get("number", 0) + 1
            if "cycle" in request.GET:
                request.session.cycle_key()
            if "flush" in request.GET:
                request.session.flush()
            return HttpResponse(str(number))

        settings.ROOT_URLCONF = build_urlconf(path("count/", open_to_all(count)))

        assert [client.get("/count/").content for _ in range(2)] == [b"1", b"2"]
        key = get_key(client)
        assert client.get("/count/", {"cycle": ""}).content == b"3"
        assert get_key(client) != key
        assert client.get("/count/", {"flush": ""}).content == b"4"
        assert client.cookies["sessionid"].value == ""
        assert client.get("/count/").content == b"1"

    def test_nobody_without_a_session_gets_one(self, client: Client) -> None:
        client.get("/probe/sync_view/")

        assert "sessionid" not in client.cookies


def test_login_and_logout(client: Client, user: Any, password: str) -> None:
    assert submit_login(client, user.username, "wrong").status_code == 200
    response = submit_login(client, user.username, password)

    assert response["Location"] == "/accounts/profile/"
    assert is_logged_in(client, user)
    assert [tag for tag, _ in list_messages(response)] == ["success"]
    key = get_key(client)

    assert client.get(EMAIL).status_code == 200
    response = client.post(LOGOUT)

    assert response.status_code == 302
    assert not is_logged_in(client)
    assert client.cookies["sessionid"].value != key
    assert client.get(EMAIL)["Location"] == f"{LOGIN}?next={EMAIL}"


def test_forms_are_protected_against_forgery(client_factory: Any, user: Any, password: str) -> None:
    client = client_factory(enforce_csrf_checks=True)
    token = client.get(LOGIN).context["csrf_token"]

    assert submit_login(client, user.username, password).status_code == 403
    submit_login(client, user.username, password, csrfmiddlewaretoken=str(token))
    assert is_logged_in(client, user)

    assert client.post(LOGOUT).status_code == 403
    token = client.get(LOGOUT).context["csrf_token"]
    client.post(LOGOUT, {"csrfmiddlewaretoken": str(token)})
    assert not is_logged_in(client)


def test_signup_is_completed_by_the_right_code(client: Client, settings: Any) -> None:
    configure(
        settings,
        EMAIL_VERIFICATION="mandatory",
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
        SIGNUP_FIELDS=["username*", "email*", "password1*", "password2*"],
    )

    response = submit_signup(client, username="new", email="new@example.org", next="/onwards/")
    assert response["Location"] == EMAIL_VERIFICATION_SENT
    code = read_code()
    response = submit_code(client, EMAIL_VERIFICATION_SENT, make_wrong(code))
    assert list_error_codes(response, "code") == INCORRECT_CODE
    assert client.get(SIGNUP)["Location"] == EMAIL_VERIFICATION_SENT
    response = submit_code(client, EMAIL_VERIFICATION_SENT, code)

    assert response["Location"] == "/onwards/"
    assert is_logged_in(client, get_user_model().objects.get(username="new"))
    assert EmailAddress.objects.get(email="new@example.org").verified


def test_login_by_code(client: Client, user: Any, settings: Any) -> None:
    configure(settings, LOGIN_BY_CODE_ENABLED=True)

    response = client.post(LOGIN_CODE_REQUEST, {"email": user.email})
    assert response["Location"] == LOGIN_CODE_CONFIRM
    code = read_code()
    response = submit_code(client, LOGIN_CODE_CONFIRM, make_wrong(code))
    assert list_error_codes(response, "code") == INCORRECT_CODE
    assert not is_logged_in(client)
    submit_code(client, LOGIN_CODE_CONFIRM, code)

    assert is_logged_in(client, user)
    assert "account_login" not in read_session(client)


def test_password_reset_by_code(client: Client, user: Any, settings: Any) -> None:
    configure(settings, PASSWORD_RESET_BY_CODE_ENABLED=True)

    assert client.post(RESET, {"email": user.email})["Location"] == RESET_CODE_CONFIRM
    code = read_code()
    response = submit_code(client, RESET_CODE_CONFIRM, make_wrong(code))
    assert list_error_codes(response, "code") == INCORRECT_CODE
    assert submit_code(client, RESET_CODE_CONFIRM, code)["Location"] == RESET_CODE_COMPLETE
    passwords = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}
    assert client.post(RESET_CODE_COMPLETE, passwords).status_code == 302

    user.refresh_from_db()
    assert user.check_password(STRONG_PASSWORD)
    assert submit_login(client, user.username, STRONG_PASSWORD).status_code == 302
    assert is_logged_in(client, user)


def test_suspended_post_is_carried_out_after_reauthentication(
    client: Client, user: Any, password: str, settings: Any
) -> None:
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    submit_login(client, user.username, password)

    response = client.post(EMAIL, {"action_add": "", "email": "new@example.org"})
    assert response["Location"] == f"{REAUTHENTICATE}?next=%2Faccounts%2Femail%2F"
    assert not EmailAddress.objects.filter(email="new@example.org").exists()
    assert client.post(REAUTHENTICATE, {"password": "wrong"}).status_code == 200
    response = client.post(REAUTHENTICATE, {"password": password, "next": EMAIL})

    assert response["Location"] == EMAIL
    assert EmailAddress.objects.filter(user=user, email="new@example.org").exists()
    assert "account_reauthentication_state" not in read_session(client)
    assert is_logged_in(client, user)


def test_address_is_changed_by_code(
    client: Client, user: Any, password: str, settings: Any
) -> None:
    configure(settings, CHANGE_EMAIL=True, EMAIL_VERIFICATION_BY_CODE_ENABLED=True)
    submit_login(client, user.username, password)

    response = client.post(EMAIL, {"action_add": "", "email": "new@example.org"})
    assert response["Location"] == EMAIL_VERIFICATION_SENT
    code = read_code()
    submit_code(client, EMAIL_VERIFICATION_SENT, make_wrong(code))
    assert submit_code(client, EMAIL_VERIFICATION_SENT, code).status_code == 302

    (address,) = EmailAddress.objects.filter(user=user)
    assert (address.email, address.verified, address.primary) == ("new@example.org", True, True)
    assert is_logged_in(client, user)


# In the middle of a request


@pytest.fixture
def pending(user: Any) -> Any:
    """A request with a pending login of ``user``."""
    request = make_request()
    stagekit.stash_login(request, Login(user=user, email_verification="none"))
    return request


def test_login_of_one_session_is_not_taken_for_that_of_another(
    pending: Any, user_factory: Any
) -> None:
    former, other, other_user = pending.session, make_request(), user_factory()
    stagekit.stash_login(other, Login(user=other_user, email_verification="none"))
    first = stagekit.unstash_login(pending, peek=True)
    assert first is not None

    pending.session = other.session
    second = stagekit.unstash_login(pending, peek=True)
    assert second is not None
    assert second.user == other_user

    pending.session = former
    third = stagekit.unstash_login(pending)
    assert third is not None
    assert third.user == first.user != other_user
    assert "account_login" not in former
    assert "account_login" in other.session


def test_session_without_a_login_has_none_after_the_swap(pending: Any) -> None:
    former = pending.session
    assert stagekit.unstash_login(pending, peek=True) is not None

    pending.session = make_request().session
    pending.user = AnonymousUser()

    assert stagekit.unstash_login(pending, peek=True) is None
    pending.session = former
    assert stagekit.unstash_login(pending, peek=True) is not None


def test_second_object_for_the_same_session_has_a_login_of_its_own(pending: Any) -> None:
    pending.session.save()
    first = stagekit.unstash_login(pending, peek=True)
    assert first is not None
    first.state["mark"] = "unsaved"

    pending.session = type(pending.session)(pending.session.session_key)
    second = stagekit.unstash_login(pending, peek=True)

    assert second is not None
    assert second is not first
    assert second.user == first.user
    assert "mark" not in second.state


def test_dictionary_in_the_session_decides(pending: Any, user_factory: Any) -> None:
    first = stagekit.unstash_login(pending, peek=True)
    assert first is not None
    other = make_request()
    other_user = user_factory()
    stagekit.stash_login(other, Login(user=other_user, email_verification="none"))

    pending.session["account_login"] = other.session["account_login"]
    second = stagekit.unstash_login(pending, peek=True)
    assert second is not None
    assert second.user == other_user

    del pending.session["account_login"]
    assert stagekit.unstash_login(pending, peek=True) is None


def test_equal_dictionary_in_its_place_is_read_anew(pending: Any) -> None:
    first = stagekit.unstash_login(pending, peek=True)
    assert first is not None
    pending.session["account_login"] = dict(pending.session["account_login"])

    second = stagekit.unstash_login(pending, peek=True)

    assert second is not None
    assert second is not first


def test_session_replaced_as_a_whole_decides(pending: Any) -> None:
    assert stagekit.unstash_login(pending, peek=True) is not None

    pending.session.flush()

    assert stagekit.unstash_login(pending, peek=True) is None
