"""Pages for codes with forms and views of the project: every attempt counts, and counts once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from django import forms
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from allauth.account import signals, views
from allauth.account.forms import (
    ConfirmEmailVerificationCodeForm,
    ConfirmLoginCodeForm,
    ConfirmPasswordResetCodeForm,
    VerifyPhoneForm,
)
from allauth.account.internal.decorators import login_not_required
from allauth.account.models import EmailAddress
from allauth.account.views import phone as phone_views
from tests.support.mails import make_wrong, read_code
from tests.support.pages import (
    EMAIL_VERIFICATION_SENT,
    LOGIN_CODE_CONFIRM,
    LOGIN_CODE_REQUEST,
    PHONE_VERIFY,
    RESET,
    RESET_CODE_COMPLETE,
    RESET_CODE_CONFIRM,
    configure,
    needs_phones,
    route_account_pages,
    submit_code,
    submit_login,
)
from tests.support.reports import ExpectedFailure
from tests.support.sessions import is_logged_in, read_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db

MAXIMUM = 3


class CarelessMixin:
    """Judges the code itself, in a way of its own."""

    cleaned_data: dict[str, Any]
    expected_code: str | None

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"]).removeprefix("code ")
        if code != self.expected_code:
            raise forms.ValidationError("Not that one.", code="other")
        return code


class BrokenMixin:
    """Has a bug, as long as the test wants."""

    is_broken = True

    def clean_code(self) -> str:
        if BrokenMixin.is_broken:
            raise ExpectedFailure
        return super().clean_code()  # type: ignore[misc, no-any-return]


class OwnAnswerMixin:
    """Answers a wrong code in a way of its own."""

    def form_invalid(self, form: Any) -> HttpResponse:
        return HttpResponse("not that one", status=418)


class Page(NamedTuple):
    """A page that takes a code."""

    url: str
    begin: Callable[[Client, Any], object]
    read_code: Callable[[], str]
    is_passed: Callable[[Client, Any], bool]
    form_id: str
    form_class: Any
    view_class: Any
    signal: Any


def begin_email(client: Client, user: Any) -> None:
    EmailAddress.objects.filter(user=user).update(verified=False)
    submit_login(client, user.username, "correct horse 7 battery")


def begin_login(client: Client, user: Any) -> None:
    client.post(LOGIN_CODE_REQUEST, {"email": user.email})


def begin_reset(client: Client, user: Any) -> None:
    client.post(RESET, {"email": user.email})


def begin_phone(client: Client, user: Any) -> None:
    from allauth.account.adapter import get_adapter

    get_adapter().set_phone(user, "+31612345678", False)
    submit_login(client, user.username, "correct horse 7 battery")


def read_text_message() -> str:
    from tests.projects.phones.adapter import outbox

    return outbox[-1].code


def is_reset_open(client: Client, user: Any) -> bool:
    return client.get(RESET_CODE_COMPLETE).status_code == 200


PAGES = {
    "email": Page(
        EMAIL_VERIFICATION_SENT,
        begin_email,
        read_code,
        is_logged_in,
        "confirm_email_verification_code",
        ConfirmEmailVerificationCodeForm,
        views.ConfirmEmailVerificationCodeView,
        signals.email_verification_code_rejected,
    ),
    "login": Page(
        LOGIN_CODE_CONFIRM,
        begin_login,
        read_code,
        is_logged_in,
        "confirm_login_code",
        ConfirmLoginCodeForm,
        views.ConfirmLoginCodeView,
        signals.login_code_rejected,
    ),
    "reset": Page(
        RESET_CODE_CONFIRM,
        begin_reset,
        read_code,
        is_reset_open,
        "confirm_password_reset_code",
        ConfirmPasswordResetCodeForm,
        views.ConfirmPasswordResetCodeView,
        signals.password_reset_code_rejected,
    ),
    "phone": Page(
        PHONE_VERIFY,
        begin_phone,
        read_text_message,
        is_logged_in,
        "verify_phone",
        VerifyPhoneForm,
        phone_views._VerifyPhoneAtLoginView,
        None,
    ),
}


@pytest.fixture(params=[pytest.param("phone", marks=needs_phones), "email", "login", "reset"])
def page(request: pytest.FixtureRequest, settings: Any, sms_outbox: Any) -> Page:
    """Each page that takes a code, in turn; three attempts each."""
    settings.ACCOUNT_RATE_LIMITS = False
    configure(
        settings,
        SIGNUP_FIELDS=["username*", "email", "phone", "password1*"],
        LOGIN_BY_CODE_ENABLED=True,
        PASSWORD_RESET_BY_CODE_ENABLED=True,
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
        EMAIL_VERIFICATION="mandatory",
        PHONE_VERIFICATION_MAX_ATTEMPTS=MAXIMUM,
    )
    return PAGES[request.param]


def use_form(settings: Any, page: Page, mixin: type) -> None:
    """Have the page use a form class of the project."""
    settings.ACCOUNT_FORMS = {page.form_id: type("ProjectForm", (mixin, page.form_class), {})}


def use_view(settings: Any, page: Page, mixin: type) -> None:
    """Have the page be a view class of the project."""
    view = type("ProjectView", (mixin, page.view_class), {}).as_view()  # type: ignore[attr-defined]

    @login_not_required
    def respond(request: HttpRequest) -> Any:
        return view(request)

    route_account_pages(settings, path(page.url.removeprefix("/"), respond))


def count_failures(client: Client) -> int | None:
    """How many wrong codes the session remembers; ``None`` if nothing waits for a code."""
    found = list(find_states(read_session(client)))
    assert len(found) <= 1
    return int(found[0]["failed_attempts"]) if found else None


def find_states(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, dict):
        return []
    found = [value] if "failed_attempts" in value else []
    return found + [state for item in value.values() for state in find_states(item)]


class TestFormThatJudgesItself:
    @pytest.fixture(autouse=True)
    def _form(self, settings: Any, page: Page) -> None:
        use_form(settings, page, CarelessMixin)

    def test_its_failures_count(self, client: Client, user: Any, page: Page) -> None:
        page.begin(client, user)
        code = page.read_code()

        for number in range(1, MAXIMUM):
            response = submit_code(client, page.url, make_wrong(code))
            assert (response.status_code, count_failures(client)) == (200, number)
            assert response.context["form"].errors["code"] == ["Not that one."]
        assert submit_code(client, page.url, make_wrong(code)).status_code == 302
        assert count_failures(client) is None
        submit_code(client, page.url, code)
        assert not page.is_passed(client, user)

    def test_what_it_finds_right_is_right(self, client: Client, user: Any, page: Page) -> None:
        page.begin(client, user)

        submit_code(client, page.url, f"code {page.read_code()}")

        assert page.is_passed(client, user)


class TestFormWithABug:
    @pytest.fixture(autouse=True)
    def _form(self, settings: Any, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
        use_form(settings, page, BrokenMixin)
        monkeypatch.setattr(BrokenMixin, "is_broken", True)

    def test_attempt_is_taken_once_and_no_failure_counted(
        self,
        client_factory: Callable[..., Client],
        user: Any,
        page: Page,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        client = client_factory(raise_request_exception=False)
        page.begin(client, user)
        code = page.read_code()
        signal = {} if page.signal is None else {"rejected": page.signal}

        with collect_signals(**signal) as sent:
            assert submit_code(client, page.url, code).status_code == 500
        assert (count_failures(client), sent) == (0, [])

        monkeypatch.setattr(BrokenMixin, "is_broken", False)
        for number in range(1, MAXIMUM):
            assert submit_code(client, page.url, make_wrong(code)).status_code == 200
            assert count_failures(client) == number
        assert submit_code(client, page.url, code).status_code == 302
        assert not page.is_passed(client, user)

    def test_right_code_is_not_used_up(
        self,
        client_factory: Callable[..., Client],
        user: Any,
        page: Page,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        client = client_factory(raise_request_exception=False)
        page.begin(client, user)
        submit_code(client, page.url, page.read_code())
        monkeypatch.setattr(BrokenMixin, "is_broken", False)

        submit_code(client, page.url, page.read_code())

        assert page.is_passed(client, user)

    def test_bug_is_no_way_to_try_all_codes(
        self, client_factory: Callable[..., Client], user: Any, page: Page
    ) -> None:
        client = client_factory(raise_request_exception=False)
        page.begin(client, user)

        statuses = [submit_code(client, page.url, "x").status_code for _ in range(MAXIMUM + 1)]

        assert statuses == [500] * MAXIMUM + [302]
        assert count_failures(client) is None


class TestViewThatAnswersItself:
    @pytest.fixture(autouse=True)
    def _view(self, settings: Any, page: Page) -> None:
        use_view(settings, page, OwnAnswerMixin)

    def test_failures_count_all_the_same(self, client: Client, user: Any, page: Page) -> None:
        page.begin(client, user)
        code = page.read_code()

        for number in range(1, MAXIMUM):
            assert submit_code(client, page.url, make_wrong(code)).status_code == 418
            assert count_failures(client) == number
        assert submit_code(client, page.url, make_wrong(code)).status_code == 302
        assert count_failures(client) is None

    def test_right_code_is_right(self, client: Client, user: Any, page: Page) -> None:
        page.begin(client, user)

        submit_code(client, page.url, page.read_code())

        assert page.is_passed(client, user)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"code": ""},
        {"code": " "},
        {"code": "nonsense", "action": "dance"},
        {"action": "dance"},
        {"action": "resend"},
        {"action": "change"},
        {"action": ""},
    ],
    ids=str,
)
def test_whatever_is_posted_counts_once(
    client: Client, user: Any, page: Page, data: dict[str, str]
) -> None:
    page.begin(client, user)
    signal = {} if page.signal is None else {"rejected": page.signal}

    with collect_signals(**signal) as sent:
        assert client.post(page.url, data).status_code == 200

    assert count_failures(client) == 1
    assert len(sent) == len(signal)


def test_right_code_is_right_whatever_the_action_is_called(
    client: Client, user: Any, page: Page
) -> None:
    page.begin(client, user)

    submit_code(client, page.url, page.read_code(), action="dance")

    assert page.is_passed(client, user)
