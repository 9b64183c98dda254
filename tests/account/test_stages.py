"""The stages of a login: their order, their end, and that none can be left out."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from pytest_django.asserts import assertRedirects

from allauth.account.adapter import get_adapter
from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.internal import stagekit
from allauth.account.internal.constants import LoginStageKey
from allauth.account.models import EmailAddress, Login
from allauth.account.signals import user_logged_in
from allauth.account.stages import (
    EmailVerificationStage,
    LoginByCodeStage,
    LoginStage,
    LoginStageController,
    PhoneVerificationStage,
)
from allauth.core import context
from tests.projects.custom_hooks import stages
from tests.support.mails import read_code, read_path
from tests.support.pages import (
    EMAIL_VERIFICATION_SENT,
    LOGIN,
    LOGIN_CODE_CONFIRM,
    LOGOUT,
    PHONE_VERIFY,
    SIGNUP,
    STRONG_PASSWORD,
    list_messages,
    request_login_code,
    reset_password_by_code,
    reset_password_by_link,
    route_account_pages,
    submit_code,
    submit_login,
    submit_signup,
)
from tests.support.sessions import is_logged_in, make_request, read_session, write_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db

ADAPTERS = "tests.projects.custom_hooks.adapters"
PHONE = "+31612345678"


@pytest.fixture
def gate(settings: Any) -> None:
    """A project with a stage of its own, which waits for everybody."""
    settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.GateAdapter"
    route_account_pages(settings, *stages.urlpatterns)


class TestDefaults:
    def test_stages_in_order(self) -> None:
        assert get_adapter().get_login_stages()[:3] == [
            "allauth.account.stages.LoginByCodeStage",
            "allauth.account.stages.PhoneVerificationStage",
            "allauth.account.stages.EmailVerificationStage",
        ]

    @pytest.mark.parametrize(
        ("stage", "key", "urlname"),
        [
            (LoginByCodeStage, "login_by_code", "account_confirm_login_code"),
            (PhoneVerificationStage, "verify_phone", "account_verify_phone"),
            (EmailVerificationStage, "verify_email", "account_email_verification_sent"),
        ],
    )
    def test_keys_and_pages(self, stage: type[LoginStage], key: str, urlname: str) -> None:
        assert (stage.key, stage.urlname) == (key, urlname)
        assert LoginStageKey(key).value == key

    def test_base_class_has_nothing_to_do(self, user: Any) -> None:
        request = make_request()
        controller = LoginStageController(request, Login(user=user))

        stage = stages.PassingStage(controller, request, controller.login)

        assert stage.handle() == (None, True)
        assert stage.is_resumable(request)
        assert stage.urlname is None

    def test_stage_needs_a_key(self, settings: Any, user: Any, password: str) -> None:
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.NamelessGateAdapter"
        request = make_request()

        with pytest.raises(ValueError, match="NamelessStage"):
            LoginStageController(request, Login(user=user)).get_stages()


class TestController:
    @pytest.fixture
    def controller(self, gate: None, user: Any) -> LoginStageController:
        return LoginStageController(make_request(), Login(user=user))

    def test_state_is_that_of_the_login(self, controller: LoginStageController) -> None:
        (stage,) = controller.get_stages()[-1:]
        stage.state["answer"] = 42

        stage_state = controller.login.state["stages"]
        assert controller.state is stage_state
        assert stage_state["gate"] == {"data": {"answer": 42}}
        assert stage_state["verify_email"] == {"data": {}}
        assert json.dumps(controller.login.serialize())

    def test_stages_are_found_by_key(self, controller: LoginStageController) -> None:
        found = controller.get_stage("gate")

        assert isinstance(found, stages.GateStage)
        assert found.controller is controller
        assert found.request is controller.request
        assert found.login is controller.login
        assert controller.get_stage("unknown") is None

    def test_pending_stage_is_the_first_not_handled(self, controller: LoginStageController) -> None:
        for stage in controller.get_stages()[:-1]:
            controller.set_handled(stage.key)
        controller.set_current("verify_email")

        pending = controller.get_pending_stage()
        assert pending is not None
        assert pending.key == "gate"
        assert controller.is_handled("verify_email")
        controller.set_handled("gate")
        assert controller.get_pending_stage() is None

    def test_handle_waits_with_the_first_that_has_something_to_do(
        self, controller: LoginStageController
    ) -> None:
        with context.request_context(controller.request):
            response = controller.handle()

        assert response is not None
        assert response["Location"] == "/gate/"
        assert controller.state["current"] == "gate"
        stashed = controller.request.session["account_login"]
        assert stashed["state"]["stages"]["verify_email"] == {"data": {}, "handled": True}
        assert stashed["state"]["stages"]["gate"] == {"data": {"visits": 1}}

    def test_handle_has_no_answer_once_all_is_passed(
        self, controller: LoginStageController
    ) -> None:
        with context.request_context(controller.request):
            controller.set_handled("gate")
            assert controller.handle() is None

    def test_enter_wants_the_current_stage(self, controller: LoginStageController) -> None:
        request = controller.request
        assert LoginStageController.enter(request, "gate") is None
        with context.request_context(request):
            controller.handle()

        assert isinstance(LoginStageController.enter(request, "gate"), stages.GateStage)
        assert LoginStageController.enter(request, "verify_email") is None

    @pytest.mark.parametrize("garbage", [None, "x", [], {"stages": "x"}, {"stages": {"gate": []}}])
    def test_state_of_the_wrong_shape_is_replaced(
        self, gate: None, user: Any, garbage: Any
    ) -> None:
        state = garbage if isinstance(garbage, dict) else {"stages": garbage}
        controller = LoginStageController(make_request(), Login(user=user, state=state))

        found = controller.get_stage("gate")

        assert found is not None
        assert found.state == {}


class TestOutcomes:
    def test_login_waits_and_goes_on(
        self, gate: None, client: Client, user: Any, password: str
    ) -> None:
        response = submit_login(client, user.username, password, next="/foo")
        assertRedirects(response, "/gate/")
        assert not is_logged_in(client)

        with collect_signals(done=user_logged_in) as sent:
            response = client.post("/gate/")

        assertRedirects(response, "/foo", fetch_redirect_response=False)
        assert is_logged_in(client, user)
        assert len(sent) == 1
        assert "account_login" not in read_session(client)

    def test_target_of_the_last_step_counts_if_the_first_had_none(
        self, gate: None, client: Client, user: Any, password: str
    ) -> None:
        submit_login(client, user.username, password)

        assert client.post("/gate/?next=/late")["Location"] == "/late"

    def test_target_of_the_first_step_wins(
        self, gate: None, client: Client, user: Any, password: str
    ) -> None:
        submit_login(client, user.username, password, next="/early")

        assert client.post("/gate/?next=/late")["Location"] == "/early"

    def test_login_ends_with_the_answer_of_a_stage(
        self, settings: Any, client: Client, user: Any, password: str
    ) -> None:
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.ClosedGateAdapter"

        response = submit_login(client, user.username, password)

        assert (response.status_code, response.content) == (418, b"closed")
        _assert_nothing_is_left(client)

    def test_silent_end_leads_to_the_login_and_is_logged(
        self,
        settings: Any,
        client: Client,
        user: Any,
        password: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.SilentGateAdapter"

        with caplog.at_level(logging.ERROR, "allauth.account.stages"):
            response = submit_login(client, user.username, password)

        assertRedirects(response, LOGIN)
        assert "gate" in caplog.text
        _assert_nothing_is_left(client)

    @pytest.mark.requirement("SEC-034")
    def test_exception_in_a_stage_is_the_answer(
        self, settings: Any, client: Client, user: Any, password: str
    ) -> None:
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.RaisingGateAdapter"

        response = submit_login(client, user.username, password)

        assert (response.status_code, response.content) == (418, b"raised")
        assert not is_logged_in(client)
        assert "account_login" not in read_session(client)

    def test_stage_without_anything_to_do_is_passed(
        self, settings: Any, client: Client, user: Any, password: str
    ) -> None:
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.PassingGateAdapter"

        submit_login(client, user.username, password)

        assert is_logged_in(client, user)

    def test_abort_drops_login_and_records(
        self, gate: None, client: Client, user: Any, password: str
    ) -> None:
        submit_login(client, user.username, password)

        response = client.post("/gate/", {"abort": "1"})

        assertRedirects(response, LOGIN)
        _assert_nothing_is_left(client)

    def test_stage_may_be_async(
        self, settings: Any, client: Client, user: Any, password: str
    ) -> None:
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.AsyncGateAdapter"
        route_account_pages(settings, *stages.urlpatterns)

        assertRedirects(submit_login(client, user.username, password), "/gate/")
        client.post("/gate/")

        assert is_logged_in(client, user)


class TestGuardOfStagePages:
    def test_visitor_without_a_login_is_sent_away(self, gate: None, client: Client) -> None:
        assertRedirects(client.get("/gate/?next=/foo"), LOGIN)

    def test_visitor_who_is_logged_in_is_sent_on(
        self, gate: None, client: Client, user: Any
    ) -> None:
        client.force_login(user)

        response = client.get("/gate/?next=/foo")

        assertRedirects(response, "/foo", fetch_redirect_response=False)

    def test_page_of_a_stage_is_never_cached(
        self, gate: None, client: Client, user: Any, password: str
    ) -> None:
        submit_login(client, user.username, password)

        response = client.get("/gate/")

        assert response.status_code == 200
        assert "no-store" in response["Cache-Control"]

    @pytest.mark.requirement("INV-07")
    def test_stage_that_is_not_current_cannot_be_entered(
        self, gate: None, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
        submit_login(client, user.username, password)

        response = client.post("/gate/")

        assertRedirects(response, LOGIN, target_status_code=302)
        assert not is_logged_in(client)
        assert read_session(client)["account_login"]["state"]["stages"]["current"] == (
            "login_by_code"
        )


class TestPendingLogin:
    @pytest.mark.requirement("SEC-036")
    def test_login_page_leads_back_to_the_stage(
        self, gate: None, client: Client, user: Any, password: str
    ) -> None:
        submit_login(client, user.username, password)

        assertRedirects(client.get(f"{LOGIN}?next=/foo"), "/gate/")
        assertRedirects(submit_login(client, user.username, password), "/gate/")
        assert read_session(client)["account_login"]["state"]["stages"]["gate"]["data"] == {
            "visits": 1
        }

    @pytest.mark.requirement("SEC-036")
    def test_signup_page_cancels_a_login(
        self, gate: None, client: Client, user: Any, password: str
    ) -> None:
        submit_login(client, user.username, password)
        write_session(client, cart=[1])

        assert client.get(SIGNUP).status_code == 200

        session = read_session(client)
        assert session["cart"] == [1]
        _assert_nothing_is_left(client)

    @pytest.mark.requirement("SEC-036")
    def test_signup_page_leads_back_to_the_stage_of_a_signup(
        self, gate: None, client: Client
    ) -> None:
        assertRedirects(submit_signup(client, username="new"), "/gate/")

        assertRedirects(client.get(SIGNUP), "/gate/")
        assert "account_login" in read_session(client)

    @pytest.mark.requirement("SEC-036")
    def test_only_a_post_to_logout_cancels(
        self, gate: None, client: Client, user: Any, password: str
    ) -> None:
        submit_login(client, user.username, password)

        assertRedirects(client.get(LOGOUT), "/", fetch_redirect_response=False)
        assert "account_login" in read_session(client)
        response = client.post(LOGOUT, {"next": LOGIN})

        assertRedirects(response, LOGIN)
        _assert_nothing_is_left(client)

    def test_stage_without_a_page_gives_the_login_up(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.NoPageGateAdapter"
        submit_login(client, user.username, password)

        assertRedirects(client.get(LOGIN), LOGIN)
        _assert_nothing_is_left(client)

    def test_pages_are_open_where_redirects_are_off(
        self, gate: None, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False
        submit_login(client, user.username, password)

        assert client.get(LOGIN).status_code == 200
        assert client.get(SIGNUP).status_code == 200
        assert "account_login" in read_session(client)

    @pytest.mark.parametrize(("by_code", "is_resumed"), [(False, False), (True, True)])
    def test_verification_is_resumed_by_code_only(
        self,
        client: Client,
        user_factory: Any,
        password: str,
        settings: Any,
        by_code: bool,
        is_resumed: bool,
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = by_code
        route_account_pages(settings)
        user = user_factory(verified=False)
        submit_login(client, user.username, password)

        response = client.get(LOGIN)

        if is_resumed:
            assertRedirects(response, "/accounts/confirm-email/")
        else:
            assert response.status_code == 200

    @pytest.mark.requirement("SEC-025")
    def test_other_pages_leave_it_alone(
        self, gate: None, client: Client, user: Any, password: str
    ) -> None:
        submit_login(client, user.username, password)

        client.get("/nowhere/")
        client.get("/probe/whoami/")
        client.get("/accounts/password/reset/")

        assertRedirects(client.get(LOGIN), "/gate/")

    @pytest.mark.requirement("SEC-035")
    def test_ends_in_time_whatever_happens_meanwhile(
        self, gate: None, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
        settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 5000
        start = time.time()
        with time_machine.travel(start, tick=False) as clock:
            submit_login(client, user.username, password)
            clock.move_to(start + 600)
            assertRedirects(submit_code(client, LOGIN_CODE_CONFIRM, read_code()), "/gate/")
            clock.move_to(start + 900)
            assert client.get("/gate/").status_code == 200
            clock.move_to(start + 901)
            assertRedirects(client.post("/gate/"), LOGIN)

        _assert_nothing_is_left(client)

    @pytest.mark.requirement("SEC-035")
    def test_each_page_of_a_stage_finds_nothing_after_that(
        self, client: Client, user: Any, password: str, settings: Any, sms_outbox: Any
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["email*", "phone", "password1*", "username*"]
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
        route_account_pages(settings)
        for key, page in [
            ("login_by_code", "login/code/confirm"),
            ("verify_phone", "phone/verify"),
            ("verify_email", "confirm-email"),
        ]:
            _plant_login(client, user, key, initiated_at=time.time() - 901)

            response = client.post(f"/accounts/{page}/", {"code": "ABC"})

            assertRedirects(response, LOGIN)
            _assert_nothing_is_left(client)


class TestStorage:
    def test_shape(self, gate: None, client: Client, user: Any, password: str) -> None:
        started = time.time()
        submit_login(client, user.username, password, next="/foo")

        stored = read_session(client)["account_login"]

        assert {name: stored[name] for name in stored if name not in ("state", "initiated_at")} == {
            "user_pk": _to_base36(user.pk),
            "email_verification": "optional",
            "signup": False,
            "redirect_url": "/foo",
            "email": None,
            "phone": None,
            "signal_kwargs": None,
        }
        assert started <= stored["initiated_at"] <= time.time()
        assert stored["email_verification"] == EmailVerificationMethod.OPTIONAL

    def test_signup_is_marked(self, gate: None, client: Client) -> None:
        submit_signup(client, username="new")

        stored = read_session(client)["account_login"]
        assert stored["signup"] is True
        assert stored["signal_kwargs"] == {}

    def test_login_comes_back_as_it_was(self, user: Any) -> None:
        login = Login(
            user=user,
            email_verification="none",
            redirect_url="/foo",
            signal_kwargs={"a": 1},
            signup=True,
            email="a@example.org",
            state={"stages": {"current": "gate"}},
            initiated_at=1700000000.5,
            phone=PHONE,
        )

        found = Login.deserialize(json.loads(json.dumps(login.serialize())))

        assert vars(found) == vars(login)

    def test_login_has_defaults(self, settings: Any) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        started = time.time()

        login = Login()

        assert login.email_verification == "mandatory"
        assert login.state == {}
        assert started <= login.initiated_at <= time.time()
        assert (login.user, login.signup, login.signal_kwargs) == (None, False, None)

    @pytest.mark.requirement("INV-47")
    def test_login_begun_under_the_published_release_goes_on(
        self, gate: None, client: Client, user: Any
    ) -> None:
        _plant_login(client, user, "gate")

        assertRedirects(client.post("/gate/"), "/accounts/profile/", fetch_redirect_response=False)

        assert is_logged_in(client, user)

    @pytest.mark.requirement("ATK-A69")
    @pytest.mark.parametrize(
        "missing",
        [
            "user_pk",
            "email_verification",
            "signup",
            "redirect_url",
            "email",
            "phone",
            "signal_kwargs",
            "state",
            "initiated_at",
        ],
    )
    def test_login_that_lacks_something_is_none(
        self, gate: None, client: Client, user: Any, missing: str
    ) -> None:
        _plant_login(client, user, "gate")
        data = read_session(client)["account_login"]
        del data[missing]
        write_session(client, account_login=data)

        assert client.get(LOGIN).status_code == 200

        _assert_nothing_is_left(client)

    @pytest.mark.requirement("ATK-A69")
    @pytest.mark.parametrize(
        "garbage",
        [
            {},
            [],
            "x",
            0,
            17,
            True,
            {"user_pk": []},
            {"initiated_at": "soon"},
            {"initiated_at": None},
            {"state": "x"},
            {"state": []},
            {"user_pk": "!"},
            {"user_pk": "zzzzzzzzzzzzzzzzzzzz"},
            {"user_pk": 5.5},
            {"user_pk": "\x00"},
            {"user_pk": "\u0663"},
            {"email": 5},
            {"phone": []},
            {"signup": "yes"},
            {"redirect_url": {}},
            {"signal_kwargs": "x"},
            {"email_verification": None},
        ],
        ids=repr,
    )
    def test_garbage_in_its_place_is_removed(
        self, gate: None, client: Client, user: Any, garbage: Any
    ) -> None:
        _plant_login(client, user, "gate")
        if isinstance(garbage, dict) and garbage:
            garbage = {**read_session(client)["account_login"], **garbage}
        write_session(client, account_login=garbage)

        for page in (LOGIN, SIGNUP, "/gate/", "/accounts/confirm-email/", "/accounts/inactive/"):
            assert client.get(page).status_code in (200, 302)
        client.get(LOGIN)
        _assert_nothing_is_left(client)

    def test_peeking_leaves_it_there(self, user: Any) -> None:
        request = make_request()
        stagekit.stash_login(request, Login(user=user))

        assert stagekit.unstash_login(request, peek=True) is not None
        assert stagekit.unstash_login(request) is not None
        assert stagekit.unstash_login(request) is None


# What every login passes

ENTRANCES: dict[str, Callable[[Client, Any, str], Any]] = {
    "password": lambda client, user, password: submit_login(client, user.email, password),
    "code": lambda client, user, password: _log_in_by_code(client, user),
    "reset by link": lambda client, user, password: reset_password_by_link(client, user.email),
    "reset by code": lambda client, user, password: reset_password_by_code(client, user.email),
    "signup": lambda client, user, password: submit_signup(
        client, username="new", email="new@example.org", phone="+31687654321"
    ),
    "confirmation": lambda client, user, password: _confirm_signup(client),
}
REQUIREMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "login_by_code": ({"ACCOUNT_LOGIN_BY_CODE_REQUIRED": True}, "/accounts/login/code/confirm/"),
    "verify_phone": (
        {"ACCOUNT_SIGNUP_FIELDS": ["username", "email*", "phone", "password1*"]},
        "/accounts/phone/verify/",
    ),
    "verify_email": ({"ACCOUNT_EMAIL_VERIFICATION": "mandatory"}, "/accounts/confirm-email/"),
    "gate": ({}, "/gate/"),
}


@pytest.fixture
def all_ways(settings: Any, sms_outbox: Any) -> None:
    """A site with every way to log in, and with a gate behind all of them."""
    settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.PhoneGateAdapter"
    settings.ACCOUNT_LOGIN_METHODS = {"email"}
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    settings.ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
    settings.ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
    settings.ACCOUNT_RATE_LIMITS = False


# An entrance that is a stage itself, or comes behind it, is not asked to pass it.
_PASSED_BEFORE = {
    "code": {"login_by_code", "verify_email"},
    "reset by code": {"verify_email"},
    "confirmation": {"login_by_code", "verify_phone", "verify_email"},
}


@pytest.mark.requirement("INV-01")
@pytest.mark.parametrize(
    ("entrance", "stage"),
    [
        (entrance, stage)
        for entrance in ENTRANCES
        for stage in REQUIREMENTS
        if stage not in _PASSED_BEFORE.get(entrance, ())
    ],
)
def test_every_entrance_passes_every_stage(
    client: Client,
    user_factory: Any,
    password: str,
    settings: Any,
    all_ways: None,
    entrance: str,
    stage: str,
) -> None:
    required, page = REQUIREMENTS[stage]
    if entrance == "confirmation":
        required = {"ACCOUNT_EMAIL_VERIFICATION": "mandatory"}
    for name, value in required.items():
        setattr(settings, name, value)
    settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = entrance == "reset by code"
    route_account_pages(settings, *stages.urlpatterns)
    user = user_factory(verified=stage not in ("verify_email", "verify_phone"), phone=PHONE)
    if stage == "verify_phone":
        EmailAddress.objects.update(verified=True)

    with collect_signals(done=user_logged_in) as sent:
        response = ENTRANCES[entrance](client, user, password)

    assert response["Location"] == page
    assert not is_logged_in(client)
    assert sent == []
    assert client.get("/accounts/email/").status_code == 302


@pytest.mark.requirement("INV-01", "SEC-034")
@pytest.mark.parametrize("entrance", [name for name in ENTRANCES if name != "confirmation"])
def test_every_entrance_asks_pre_login(
    client: Client, user_factory: Any, password: str, settings: Any, all_ways: None, entrance: str
) -> None:
    settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.ImmediateAdapter"
    settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = entrance == "reset by code"
    route_account_pages(settings, *stages.urlpatterns)
    user = user_factory()

    response = ENTRANCES[entrance](client, user, password)

    assert (response.status_code, response.content) == (418, b"pre_login")
    assert not is_logged_in(client)
    assert "account_login" not in read_session(client)


def _deactivate(user: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)


def _delete(user: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).delete()


def _change_password(user: Any) -> None:
    found = get_user_model().objects.get(pk=user.pk)
    found.set_password(STRONG_PASSWORD)
    found.save()


@pytest.mark.requirement("INV-02", "ATK-A09", "ATK-A10", "ATK-A11")
@pytest.mark.parametrize(
    ("change", "location"),
    [(_deactivate, "/accounts/inactive/"), (_delete, LOGIN), (_change_password, LOGIN)],
)
@pytest.mark.parametrize("stage", REQUIREMENTS)
def test_account_is_looked_at_again_at_the_end(
    client: Client,
    user_factory: Any,
    password: str,
    settings: Any,
    all_ways: None,
    sms_outbox: Any,
    stage: str,
    change: Callable[[Any], None],
    location: str,
) -> None:
    required, _ = REQUIREMENTS[stage]
    for name, value in required.items():
        setattr(settings, name, value)
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = False
    if stage != "gate":
        settings.ACCOUNT_ADAPTER = "tests.projects.phones.adapter.PhoneAdapter"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = stage == "verify_email"
    route_account_pages(settings, *stages.urlpatterns)
    user = user_factory(verified=False, phone=PHONE)
    submit_login(client, user.email, password)
    assert "account_login" in read_session(client)

    change(user)
    with collect_signals(done=user_logged_in) as sent:
        response = _pass_stage(client, stage, sms_outbox)

    assert response["Location"] == location
    assert sent == []
    client.get(LOGIN)
    _assert_nothing_is_left(client)


def _pass_stage(client: Client, stage: str, sms_outbox: Any) -> Any:
    if stage == "gate":
        return client.post("/gate/")
    if stage == "verify_phone":
        return submit_code(client, PHONE_VERIFY, sms_outbox[-1].code)
    page = EMAIL_VERIFICATION_SENT if stage == "verify_email" else LOGIN_CODE_CONFIRM
    return submit_code(client, page, read_code())


@pytest.mark.requirement("ATK-A17")
def test_login_begun_in_a_second_tab_is_the_one_that_counts(
    client: Client, user_factory: Any, password: str, settings: Any
) -> None:
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    settings.ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False
    route_account_pages(settings)
    first, second = user_factory(), user_factory()
    request_login_code(client, first.email)
    code_of_first = read_code()
    request_login_code(client, second.email)

    response = submit_code(client, LOGIN_CODE_CONFIRM, code_of_first)

    assert response.status_code == 200
    assert not is_logged_in(client)
    submit_code(client, LOGIN_CODE_CONFIRM, read_code())
    assert is_logged_in(client, second)


@pytest.mark.requirement("SEC-037", "INV-05")
@pytest.mark.parametrize("ending", ["cancel", "attempts", "expiry", "signup page", "inactive"])
def test_nothing_of_an_ended_login_counts_for_the_next(
    client: Client, user_factory: Any, password: str, settings: Any, ending: str
) -> None:
    settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = {"password"}
    route_account_pages(settings)
    first, second = user_factory(), user_factory()
    start = time.time()
    with time_machine.travel(start, tick=False) as clock:
        submit_login(client, first.username, password)
        assert read_session(client)["account_authentication_methods_user"] == str(first.pk)
        if ending == "cancel":
            client.post(LOGOUT)
        elif ending == "attempts":
            for _ in range(3):
                response = submit_code(client, LOGIN_CODE_CONFIRM, "WRONG")
            assert response["Location"] == LOGIN
        elif ending == "expiry":
            clock.move_to(start + 1000)
            client.get(LOGIN)
        elif ending == "signup page":
            client.get(SIGNUP)
        else:
            _deactivate(first)
            response = submit_code(client, LOGIN_CODE_CONFIRM, read_code())
            assert response["Location"] == "/accounts/inactive/"
        _assert_nothing_is_left(client)

        submit_login(client, second.username, password)
        records = read_session(client)["account_authentication_methods"]
        assert [record["method"] for record in records] == ["password"]
        submit_code(client, LOGIN_CODE_CONFIRM, read_code())

    assert is_logged_in(client, second)
    session = read_session(client)
    assert session["account_authentication_methods_user"] == str(second.pk)
    methods = [record["method"] for record in session["account_authentication_methods"]]
    assert methods == ["password", "code"]


@pytest.mark.requirement("INV-07")
def test_code_of_one_account_does_not_verify_for_another(
    client: Client, user_factory: Any, password: str, settings: Any
) -> None:
    """The process and the login belong to one user."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    settings.ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
    route_account_pages(settings)
    victim = user_factory(email="")
    submit_signup(client, username="attacker", email="attacker@example.org")
    code = read_code()
    state = read_session(client)["account_email_verification_code"]
    client.post(LOGOUT)
    assert "account_email_verification_code" not in read_session(client)

    write_session(client, account_email_verification_code=state)
    response = submit_login(client, victim.username, password)
    submit_code(client, EMAIL_VERIFICATION_SENT, code)

    assert response["Location"] in (LOGIN, "/accounts/confirm-email/")
    assert not is_logged_in(client)
    assert not EmailAddress.objects.filter(user=victim).exists()


def test_planted_verification_does_not_complete_another_login(
    client: Client, user_factory: Any, password: str, settings: Any
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    route_account_pages(settings)
    attacker = user_factory(verified=False)
    victim = user_factory(verified=False)
    submit_login(client, attacker.username, password)
    code, state = read_code(), read_session(client)["account_email_verification_code"]
    client.post(LOGOUT)
    submit_login(client, victim.username, password)
    write_session(client, account_email_verification_code=state)

    submit_code(client, EMAIL_VERIFICATION_SENT, code)

    assert not is_logged_in(client)
    assert not EmailAddress.objects.filter(verified=True).exists()


def test_user_without_address_is_told_and_not_sent_in_circles(
    client: Client, user_factory: Any, password: str, settings: Any
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    route_account_pages(settings)
    user = user_factory(email="")

    response = submit_login(client, user.username, password)

    assertRedirects(response, LOGIN)
    ((level, text),) = list_messages(response)
    assert level == "error"
    assert text
    _assert_nothing_is_left(client)


@pytest.mark.parametrize(
    ("required", "records", "expected"),
    [
        (False, [], False),
        (True, [], True),
        (True, ["password"], True),
        (True, ["password", "code"], False),
        (True, ["code", "password"], True),
        (set(), ["password"], False),
        ({"password"}, [], True),
        ({"password"}, ["password"], True),
        ({"mfa"}, ["password"], False),
        ({"mfa"}, ["password", "mfa"], True),
        (["socialaccount", "mfa"], ["socialaccount"], True),
        ({"socialaccount"}, ["code"], False),
    ],
)
def test_required_code_depends_on_the_last_step(
    user: Any, settings: Any, required: Any, records: list[str], expected: bool
) -> None:
    settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = required
    request = make_request()
    request.session["account_authentication_methods"] = [{"method": name} for name in records]
    request.session["account_authentication_methods_user"] = str(user.pk)

    with context.request_context(request):
        assert get_adapter().is_login_by_code_required(Login(user=user)) is expected


class TestRecipientOfRequiredCode:
    @pytest.fixture(autouse=True)
    def _code_is_required(self, settings: Any) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True

    def test_is_the_address_of_the_login(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = {"email"}
        EmailAddress.objects.create(user=user, email="second@example.org", verified=True)

        submit_login(client, "second@example.org", password)

        assert mail.outbox[0].to == ["second@example.org"]

    def test_is_the_primary_address_otherwise(
        self, client: Client, user: Any, password: str
    ) -> None:
        submit_login(client, user.username, password)

        assert mail.outbox[0].to == [user.email]

    def test_is_the_phone_of_whoever_has_no_address(
        self, client: Client, user_factory: Any, password: str, settings: Any, sms_outbox: Any
    ) -> None:
        settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "phone", "password1*"]
        route_account_pages(settings)
        user = user_factory(email="", phone=PHONE)

        submit_login(client, user.username, password)

        assert sms_outbox[0].phone == PHONE

    def test_login_ends_where_there_is_none(
        self, client: Client, user_factory: Any, password: str
    ) -> None:
        user = user_factory(email="")

        response = submit_login(client, user.username, password)

        assertRedirects(response, LOGIN)
        assert list_messages(response) == []
        _assert_nothing_is_left(client)


class TestPhoneStage:
    @pytest.mark.parametrize(
        ("field", "phone", "verified", "enabled", "outcome"),
        [
            (None, PHONE, False, True, "in"),
            ("phone", None, False, True, "in"),
            ("phone*", None, False, True, "out"),
            ("phone*", PHONE, True, True, "in"),
            ("phone*", PHONE, False, False, "in"),
            ("phone", PHONE, False, True, "waits"),
        ],
    )
    def test_waits_for_a_number_that_is_not_verified(
        self,
        client: Client,
        user_factory: Any,
        password: str,
        settings: Any,
        sms_outbox: Any,
        field: str | None,
        phone: str | None,
        verified: bool,
        enabled: bool,
        outcome: str,
    ) -> None:
        fields = ["username*", "password1*"] + ([field] if field else [])
        settings.ACCOUNT_SIGNUP_FIELDS = fields
        settings.ACCOUNT_PHONE_VERIFICATION_ENABLED = enabled
        route_account_pages(settings)
        user = user_factory(phone=phone, verified=verified)

        response = submit_login(client, user.username, password)

        locations = {
            "in": "/accounts/profile/",
            "out": LOGIN,
            "waits": "/accounts/phone/verify/",
        }
        assert response["Location"] == locations[outcome]
        assert is_logged_in(client) is (outcome == "in")


class TestEmailStage:
    @pytest.mark.parametrize(
        ("verification", "verified", "waits"),
        [
            ("none", False, False),
            ("optional", False, False),
            ("mandatory", True, False),
            ("mandatory", False, True),
            (True, False, True),
            (False, False, False),
        ],
    )
    def test_waits_where_verification_is_mandatory(
        self,
        client: Client,
        user_factory: Any,
        password: str,
        settings: Any,
        verification: Any,
        verified: bool,
        waits: bool,
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = verification
        user = user_factory(verified=verified)

        submit_login(client, user.username, password)

        assert is_logged_in(client) is not waits
        assert len(mail.outbox) == waits

    @pytest.mark.requirement("SEC-032")
    def test_address_of_the_login_must_be_verified_itself(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        settings.ACCOUNT_LOGIN_METHODS = {"email"}
        EmailAddress.objects.create(user=user, email="second@example.org")

        response = submit_login(client, "second@example.org", password)
        assertRedirects(response, "/accounts/confirm-email/")
        assert not is_logged_in(client)
        assert mail.outbox[0].to == ["second@example.org"]

        client.post(read_path())
        submit_login(client, "second@example.org", password)
        assert is_logged_in(client, user)

    def test_any_verified_address_will_do_for_a_username(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        EmailAddress.objects.create(user=user, email="second@example.org")

        submit_login(client, user.username, password)

        assert is_logged_in(client, user)

    def test_row_is_made_for_the_address_of_the_user_model(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        EmailAddress.objects.all().delete()

        submit_login(client, user.username, password)

        address = EmailAddress.objects.get()
        assert (address.email, address.verified, address.primary) == (user.email, False, False)
        assert mail.outbox[0].to == [user.email]

    def test_adapter_may_refuse_to_send(
        self, client: Client, user_factory: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        settings.ACCOUNT_ADAPTER = f"{ADAPTERS}.SilentAdapter"
        user = user_factory(verified=False)

        response = submit_login(client, user.username, password)

        assertRedirects(response, "/accounts/confirm-email/")
        assert mail.outbox == []

    def test_second_mail_within_the_limit_is_not_sent(
        self, client: Client, user_factory: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        user = user_factory(verified=False)

        for _ in range(2):
            response = submit_login(client, user.username, password)
            assertRedirects(response, "/accounts/confirm-email/")

        assert len(mail.outbox) == 1
        assert list_messages(response) == []


def _log_in_by_code(client: Client, user: Any) -> Any:
    request_login_code(client, user.email)
    return submit_code(client, LOGIN_CODE_CONFIRM, read_code())


def _confirm_signup(client: Client) -> Any:
    submit_signup(client, username="new", email="new@example.org")
    return client.post(read_path())


def _plant_login(client: Client, user: Any, current: str, **values: Any) -> None:
    """Put a login into the session as the published release writes it."""
    login = {
        "user_pk": _to_base36(user.pk),
        "email_verification": "optional",
        "signup": False,
        "redirect_url": None,
        "email": None,
        "phone": None,
        "signal_kwargs": None,
        "state": {"stages": {"current": current, current: {"data": {}}}},
        "initiated_at": time.time(),
        **values,
    }
    write_session(
        client,
        account_login=login,
        account_authentication_methods=[{"method": "password", "at": time.time()}],
        account_authentication_methods_user=str(user.pk),
    )


def _to_base36(number: int) -> str:
    from django.utils.http import int_to_base36

    return int_to_base36(number)


def _assert_nothing_is_left(client: Client) -> None:
    session = read_session(client)
    assert [name for name in session if name.startswith(("account_", "_auth"))] == []
