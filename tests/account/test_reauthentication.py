"""Proving to be present before something delicate is done."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django.asserts import assertRedirects, assertTemplateUsed

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows import reauthentication
from allauth.account.models import EmailAddress
from allauth.account.signals import authentication_step_completed
from allauth.core import context
from allauth.core.exceptions import ReauthenticationRequired
from tests.support.pages import EMAIL, LOGOUT, list_error_codes, route_account_pages, submit_login
from tests.support.sessions import is_logged_in, make_request, read_session, write_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db

PAGE = "/accounts/reauthenticate/"
STATE = "account_reauthentication_state"

seen: list[dict[str, Any]] = []


@reauthentication_required(app="allauth.account")
def guarded(request: HttpRequest) -> HttpResponse:
    """Notes what it is asked to do."""
    seen.append(
        {
            "method": request.method,
            "query": request.GET.dict(),
            "data": request.POST.dict(),
            "path": request.get_full_path(),
            "host": request.get_host(),
            "user": request.user.pk,
        }
    )
    return HttpResponse("done")


def resume(request: HttpRequest, state: dict[str, Any]) -> HttpResponse:
    """Goes on after somebody was asked by ``stash_and_reauthenticate``."""
    return HttpResponse(f"resumed with {state['number']}")


@pytest.fixture(autouse=True)
def _required(settings: Any) -> None:
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    route_account_pages(settings, path("guarded/", guarded), path("other/", guarded))
    seen.clear()


@pytest.fixture
def logged_in(client: Client, user: Any, password: str) -> Client:
    """A client whose user logged in with the password just now."""
    submit_login(client, user.username, password)
    return client


class TestPage:
    def test_shows_the_form(self, logged_in: Client) -> None:
        response = logged_in.get(PAGE, {"next": "/foo"})

        assertTemplateUsed(response, "account/reauthenticate.html")
        assert response.context["reauthentication_alternatives"] == []
        assert response.context["redirect_field_value"] == "/foo"
        field = response.context["form"].fields["password"]
        assert field.widget.attrs["autocomplete"] == "current-password"

    def test_is_for_users(self, client: Client) -> None:
        assertRedirects(client.get(PAGE), f"/accounts/login/?next={PAGE}")

    @pytest.mark.parametrize(
        ("target", "location"),
        [("/foo?a=1", "/foo?a=1"), ("", "/accounts/profile/"), ("//evil.example", None)],
    )
    def test_password_is_recorded(
        self, logged_in: Client, user: Any, password: str, target: str, location: str | None
    ) -> None:
        started = time.time()
        with collect_signals(step=authentication_step_completed) as sent:
            response = logged_in.post(PAGE, {"password": password, "next": target})

        assert response["Location"] == (location or "/accounts/profile/")
        record = read_session(logged_in)["account_authentication_methods"][-1]
        assert started <= record.pop("at") <= time.time()
        assert record == {"method": "password", "reauthenticated": True}
        ((_, event),) = sent
        assert (event["method"], event["reauthenticated"]) == ("password", True)

    def test_wrong_password_is_an_error(self, logged_in: Client) -> None:
        response = logged_in.post(PAGE, {"password": "wrong"})

        assert list_error_codes(response, "password") == ["incorrect_password"]
        assert len(read_session(logged_in)["account_authentication_methods"]) == 1

    def test_failures_count_as_failed_logins(
        self, logged_in: Client, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_RATE_LIMITS = {"reauthenticate": None}
        for _ in range(5):
            logged_in.post(PAGE, {"password": "wrong"})

        response = logged_in.post(PAGE, {"password": password})

        assert list_error_codes(response, "password") == ["too_many_login_attempts"]

    def test_limit_answers_429(self, logged_in: Client, password: str, settings: Any) -> None:
        settings.ACCOUNT_RATE_LIMITS = {"reauthenticate": "1/m/user"}
        logged_in.post(PAGE, {"password": "wrong"})

        assert logged_in.post(PAGE, {"password": password}).status_code == 429

    def test_user_without_any_method_is_refused(self, client: Client, user_factory: Any) -> None:
        client.force_login(user_factory(password=None))

        assert client.get(PAGE).status_code == 403

    def test_user_with_other_methods_is_sent_to_the_first(
        self, client: Client, user_factory: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.KeyRingAdapter"
        client.force_login(user_factory(password=None))

        response = client.get(PAGE, {"next": "/foo"})

        assert response["Location"] == "/rings/?next=%2Ffoo"

    def test_other_methods_are_offered(self, logged_in: Client, settings: Any) -> None:
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.KeyRingAdapter"

        response = logged_in.get(PAGE, {"next": "/foo"})

        assert response.context["reauthentication_alternatives"] == [
            {"id": "keys", "description": "A key", "url": "/keys/?next=%2Ffoo"},
            {"id": "rings", "description": "Ring", "url": "/rings/?next=%2Ffoo"},
        ]

    def test_works_for_every_login_method(
        self, client: Client, user_factory: Any, password: str, settings: Any, sms_outbox: Any
    ) -> None:
        user = user_factory(phone="+31612345678")
        for methods in ({"username"}, {"email"}, {"phone"}, {"username", "email", "phone"}):
            settings.ACCOUNT_LOGIN_METHODS = methods
            client.force_login(user)

            response = client.post(PAGE, {"password": password})

            assert response.status_code == 302, methods


class TestRequirement:
    @pytest.mark.requirement("SEC-039")
    @pytest.mark.parametrize(
        "data",
        [
            {"action_add": "", "email": "new@example.org"},
            {"action_remove": "", "email": "second@example.org"},
            {"action_primary": "", "email": "second@example.org"},
        ],
    )
    def test_login_alone_is_not_enough(
        self, logged_in: Client, user: Any, data: dict[str, str]
    ) -> None:
        EmailAddress.objects.create(user=user, email="second@example.org", verified=True)
        before = list(EmailAddress.objects.values())
        mail.outbox.clear()

        response = logged_in.post(EMAIL, data)

        assertRedirects(response, f"{PAGE}?next=%2Faccounts%2Femail%2F")
        assert list(EmailAddress.objects.values()) == before
        assert mail.outbox == []

    def test_sending_again_is_no_delicate_thing(self, client: Client, user_factory: Any) -> None:
        user = user_factory(verified=False)
        client.force_login(user)

        client.post(EMAIL, {"action_send": "", "email": user.email})

        assert len(mail.outbox) == 1

    @pytest.mark.requirement("SEC-039", "ATK-A43")
    @pytest.mark.parametrize(("age", "is_enough"), [(0, True), (299, True), (300, False)])
    def test_proof_lasts_for_its_time(
        self, logged_in: Client, password: str, age: int, is_enough: bool
    ) -> None:
        with time_machine.travel(time.time(), tick=False) as clock:
            logged_in.post(PAGE, {"password": password})
            clock.shift(age)
            response = logged_in.post("/guarded/")

        assert (response.status_code == 200) is is_enough

    @pytest.mark.requirement("ATK-A43", "INV-06")
    @pytest.mark.parametrize(
        "record",
        [
            {"method": "password"},
            {"method": "password", "reauthenticated": "true"},
            {"method": "password", "reauthenticated": 1},
            {"method": "socialaccount", "provider": "reauthenticated", "uid": "True"},
            {"method": "password", "reauthenticated": True, "at": "soon"},
            {"method": "password", "reauthenticated": True, "at": None},
            "reauthenticated",
        ],
        ids=repr,
    )
    def test_only_an_explicit_proof_counts(self, logged_in: Client, user: Any, record: Any) -> None:
        if isinstance(record, dict):
            record = {"at": time.time(), **record}
        write_session(logged_in, account_authentication_methods=[record])

        assert logged_in.post("/guarded/").status_code == 302

    @pytest.mark.requirement("ATK-A43", "INV-06")
    def test_proof_of_somebody_else_does_not_count(self, logged_in: Client, user: Any) -> None:
        write_session(
            logged_in,
            account_authentication_methods=[
                {"method": "password", "at": time.time(), "reauthenticated": True}
            ],
            account_authentication_methods_user=str(user.pk + 1),
        )

        assert logged_in.post("/guarded/").status_code == 302

    @pytest.mark.requirement("ATK-A43")
    def test_later_login_does_not_hide_the_proof(self, logged_in: Client, user: Any) -> None:
        now = time.time()
        write_session(
            logged_in,
            account_authentication_methods=[
                {"method": "password", "at": now, "reauthenticated": True},
                {"method": "code", "at": now},
            ],
        )

        assert logged_in.post("/guarded/").status_code == 200

    def test_user_without_a_way_to_prove_it_is_let_through(
        self, client: Client, user_factory: Any
    ) -> None:
        client.force_login(user_factory(password=None))

        assert client.post("/guarded/").status_code == 200

    def test_visitor_is_never_let_through(self, settings: Any) -> None:
        settings.ACCOUNT_REAUTHENTICATION_REQUIRED = False
        request = make_request()

        with pytest.raises(ReauthenticationRequired):
            reauthentication.raise_if_reauthentication_required(request, app="allauth.account")

    def test_nothing_is_asked_where_it_is_off(self, logged_in: Client, settings: Any) -> None:
        settings.ACCOUNT_REAUTHENTICATION_REQUIRED = False

        assert logged_in.post("/guarded/").status_code == 200

    @pytest.mark.requirement("SEC-040")
    @pytest.mark.parametrize(
        ("app", "is_required"),
        [("", True), ("allauth.account", False), ("no.such.app", True), ("allauth.core", True)],
    )
    def test_each_app_decides_for_itself(self, settings: Any, app: str, is_required: bool) -> None:
        settings.ACCOUNT_REAUTHENTICATION_REQUIRED = False

        assert get_adapter().is_reauthentication_required(app=app) is is_required

    def test_name_of_old_is_still_there(self) -> None:
        assert reauthentication.did_recently_authenticate is (
            reauthentication.did_recently_reauthenticate
        )

    @pytest.mark.parametrize("has_password", [True, False])
    def test_methods(self, user_factory: Any, has_password: bool, password: str) -> None:
        user = user_factory(password=password if has_password else None)

        methods = get_adapter().get_reauthentication_methods(user)

        assert [(method["id"], method["url"]) for method in methods] == (
            [("reauthenticate", PAGE)] if has_password else []
        )
        assert get_adapter().get_reauthentication_methods(AnonymousUser()) == []
        assert reauthentication.get_reauthentication_flows(user) == (
            [{"id": "reauthenticate"}] if has_password else []
        )


class TestSuspendedRequest:
    def test_post_is_carried_out_afterwards(
        self, logged_in: Client, user: Any, password: str
    ) -> None:
        response = logged_in.post("/guarded/", {"a": ["1", "2"], "ä": "ü"})
        assertRedirects(response, f"{PAGE}?next=%2Fguarded%2F")
        assert seen == []

        response = logged_in.post(PAGE, {"password": password, "next": "/guarded/"})

        assert response.content == b"done"
        assert seen == [
            {
                "method": "POST",
                "query": {},
                "data": {"a": "2", "ä": "ü"},
                "path": "/guarded/",
                "host": "testserver",
                "user": user.pk,
            }
        ]
        assert STATE not in read_session(logged_in)

    def test_post_with_a_query_is_carried_out_as_well(
        self, logged_in: Client, password: str
    ) -> None:
        response = logged_in.post("/guarded/?page=2&tag=a b", {"a": "1"})
        assert response["Location"].startswith(f"{PAGE}?next=%2Fguarded%2F%3Fpage%3D2%26tag%3Da")

        logged_in.post(response["Location"], {"password": password})

        assert [(event["method"], event["query"], event["data"]) for event in seen] == [
            ("POST", {"page": "2", "tag": "a b"}, {"a": "1"})
        ]

    def test_address_is_added_afterwards(self, logged_in: Client, password: str) -> None:
        logged_in.post(EMAIL, {"action_add": "", "email": "new@example.org"})

        logged_in.post(PAGE, {"password": password, "next": EMAIL})

        assert EmailAddress.objects.filter(email="new@example.org").exists()

    def test_get_is_not_kept(self, logged_in: Client, password: str) -> None:
        logged_in.get("/guarded/?page=2")
        assert STATE not in read_session(logged_in)

        response = logged_in.post(PAGE, {"password": password, "next": "/guarded/?page=2"})

        assert response["Location"] == "/guarded/?page=2"

    def test_wrong_password_keeps_it(self, logged_in: Client, password: str) -> None:
        logged_in.post("/guarded/", {"a": "1"})
        logged_in.post(PAGE, {"password": "wrong", "next": "/guarded/"})

        logged_in.post(PAGE, {"password": password, "next": "/guarded/"})

        assert len(seen) == 1

    def test_runs_once(self, logged_in: Client, password: str) -> None:
        logged_in.post("/guarded/", {"a": "1"})
        for _ in range(2):
            logged_in.post(PAGE, {"password": password, "next": "/guarded/"})

        assert len(seen) == 1

    @pytest.mark.requirement("ATK-C30")
    @pytest.mark.parametrize(
        "target", ["/other/", "/guarded/?a=1", "/guarded", "//testserver/guarded/", ""]
    )
    def test_another_target_does_not_carry_it_out(
        self, logged_in: Client, password: str, target: str
    ) -> None:
        logged_in.post("/guarded/", {"a": "1"})

        logged_in.post(PAGE, {"password": password, "next": target})

        assert seen == []

    @pytest.mark.requirement("ATK-C31")
    def test_secrets_are_not_kept(self, logged_in: Client, password: str) -> None:
        logged_in.post(
            "/guarded/?q=1",
            {
                "oldpassword": "hush1",
                "password2": "hush2",
                "csrfmiddlewaretoken": "hush3",
                "a": "b",
            },
            HTTP_AUTHORIZATION="Bearer hush4",
            HTTP_COOKIE_EXTRA="hush5",
            HTTP_X_SESSION_TOKEN="hush6",
        )

        state = read_session(logged_in)[STATE]
        text = json.dumps(state)
        assert "hush" not in text
        assert logged_in.cookies["sessionid"].value not in text
        stored = json.loads(state["request"])
        assert set(stored) == {"path", "path_info", "META", "GET", "POST", "method", "scheme"}
        assert stored["POST"] == "a=b"
        assert set(stored["META"]) <= {
            "CONTENT_TYPE",
            "HTTP_HOST",
            "SCRIPT_NAME",
            "SERVER_NAME",
            "SERVER_PORT",
        }

    @pytest.mark.requirement("ATK-C30")
    def test_it_is_carried_out_for_its_user_only(
        self, logged_in: Client, user_factory: Any, password: str, settings: Any
    ) -> None:
        other = user_factory()
        logged_in.post("/guarded/", {"a": "1"})
        state = read_session(logged_in)[STATE]
        logged_in.post(LOGOUT)
        submit_login(logged_in, other.username, password)
        assert STATE not in read_session(logged_in)
        write_session(logged_in, **{STATE: state})

        logged_in.post(PAGE, {"password": password, "next": "/guarded/"})

        assert seen == []

    @pytest.mark.requirement("ATK-C31")
    def test_it_is_kept_for_a_while_only(self, logged_in: Client, password: str) -> None:
        with time_machine.travel(time.time(), tick=False) as clock:
            logged_in.post("/guarded/", {"a": "1"})
            clock.shift(301)
            logged_in.post(PAGE, {"password": password, "next": "/guarded/"})

        assert seen == []

    @pytest.mark.requirement("ATK-C30")
    @pytest.mark.parametrize(
        "change",
        [
            {"method": "GET"},
            {"path": "/other/", "path_info": "/other/"},
            {"META": {"HTTP_HOST": "evil.example"}},
            {"META": None},
            {"path": 5},
        ],
        ids=repr,
    )
    def test_state_that_says_something_else_does_no_harm(
        self, logged_in: Client, password: str, change: dict[str, Any]
    ) -> None:
        logged_in.post("/guarded/", {"a": "1"})
        state = read_session(logged_in)[STATE]
        request = {**json.loads(state["request"]), **change}
        write_session(logged_in, **{STATE: {**state, "request": json.dumps(request)}})

        response = logged_in.post(PAGE, {"password": password, "next": "/guarded/"})

        assertRedirects(response, "/guarded/")
        # The redirect was followed; what was suspended was not carried out.
        assert [(event["method"], event["data"]) for event in seen] == [("GET", {})]

    @pytest.mark.requirement("ATK-A69")
    @pytest.mark.parametrize(
        "garbage",
        [
            "x",
            [],
            {},
            7,
            {"request": 5},
            {"request": "x"},
            {"request": "[]"},
            {"callback": "x"},
            {"callback": "no.such.module", "state": {}},
            {"callback": 5, "state": {}},
            {"callback": f"{__name__}.resume"},
            {"callback": f"{__name__}.resume", "state": "x"},
        ],
        ids=repr,
    )
    def test_garbage_is_dropped(self, logged_in: Client, password: str, garbage: Any) -> None:
        write_session(logged_in, **{STATE: garbage})

        response = logged_in.post(PAGE, {"password": password, "next": "/guarded/"})

        assertRedirects(response, "/guarded/")
        assert STATE not in read_session(logged_in)

    @pytest.mark.requirement("INV-47")
    def test_request_suspended_by_the_published_release_goes_on(
        self, logged_in: Client, password: str
    ) -> None:
        request = {
            "path": "/guarded/",
            "path_info": "/guarded/",
            "META": {"HTTP_HOST": "testserver", "REQUEST_METHOD": "POST", "HTTP_COOKIE": "a=b"},
            "GET": "",
            "POST": "a=1",
            "method": "POST",
            "scheme": "http",
        }
        write_session(logged_in, **{STATE: {"request": json.dumps(request)}})

        logged_in.post(PAGE, {"password": password, "next": "/guarded/"}, HTTP_HOST="testserver")

        assert [event["data"] for event in seen] == [{"a": "1"}]

    @pytest.mark.parametrize("script_name", ["/site", "/site/"])
    def test_below_a_script_name(self, user: Any, settings: Any, script_name: str) -> None:
        settings.FORCE_SCRIPT_NAME = script_name
        suspended = make_request(user, path="/guarded/", a="1")
        assert suspended.path == "/site/guarded/"
        reauthentication.suspend_request(suspended, PAGE)
        request = make_request(user, next="/site/guarded/")
        request.session = suspended.session
        request.session["account_authentication_methods_user"] = str(user.pk)
        request.session["account_authentication_methods"] = [
            {"method": "password", "at": time.time(), "reauthenticated": True}
        ]

        with context.request_context(request):
            response = reauthentication.resume_request(request)

        assert response is not None
        assert response.content == b"done"


class TestCallback:
    def _stash(self, client: Client, user: Any) -> None:
        request = make_request(user)
        with context.request_context(request):
            response = reauthentication.stash_and_reauthenticate(
                request, {"number": 5}, f"{__name__}.resume"
            )
        assert response["Location"] == PAGE
        write_session(client, **{STATE: request.session[STATE]})

    def test_is_called_with_what_was_stashed(
        self, logged_in: Client, user: Any, password: str
    ) -> None:
        self._stash(logged_in, user)

        response = logged_in.post(PAGE, {"password": password})

        assert response.content == b"resumed with 5"
        assert STATE not in read_session(logged_in)

    def test_is_not_called_for_somebody_else(
        self, logged_in: Client, user_factory: Any, password: str
    ) -> None:
        self._stash(logged_in, user_factory())

        response = logged_in.post(PAGE, {"password": password})

        assertRedirects(response, "/accounts/profile/", fetch_redirect_response=False)


@pytest.mark.requirement("ATK-A11")
def test_user_who_is_gone_cannot_reauthenticate(
    logged_in: Client, user: Any, password: str
) -> None:
    user.delete()

    response = logged_in.post(PAGE, {"password": password})

    assert response["Location"].startswith("/accounts/login/")
    assert not is_logged_in(logged_in) or logged_in.get("/probe/whoami/").json() == {"username": ""}


def test_key_of_the_session_changes(logged_in: Client, password: str) -> None:
    key = logged_in.cookies["sessionid"].value

    logged_in.post(PAGE, {"password": password})

    assert logged_in.cookies["sessionid"].value != key
