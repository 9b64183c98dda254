"""What the app brings, one entry of each kind.

Tests say what some of them answer by the attributes of :data:`answers`, and find in
:data:`events` what was called.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.deprecation import MiddlewareMixin

from allauth.account.internal.decorators import login_stage_required
from allauth.account.stages import LoginStage
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import extensions
from allauth.core.internal.extensions import (
    FaceEntry,
    ReauthenticationMethod,
    SignupSource,
    StageEntry,
)
from allauth.core.internal.request_data import is_headless_request

MARK = f"{__name__}.MarkHeadlessMiddleware"

events: list[tuple[Any, ...]] = []
answers = SimpleNamespace()


def reset() -> None:
    """Forget what was called and said."""
    events.clear()
    answers.__dict__.clear()
    answers.is_stage_used = answers.is_trusted = False
    answers.position = 15
    answers.has_pin = True
    answers.entrance = {}


class ExtraStage(LoginStage):
    """Waits at a page of its own."""

    key = "extra"
    urlname = "extra_stage"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        events.append(("stage",))
        return self.wait()


@login_stage_required(stage="extra", redirect_urlname="account_login")
def extra_stage(request: HttpRequest) -> HttpResponse:
    """The page of the stage, which is passed at once."""
    stage: LoginStage = request._login_stage  # type: ignore[attr-defined]
    return stage.exit()


urlpatterns = [path("extra/", extra_stage, name="extra_stage")]


class Token:
    """An argument of signals that survives in a session."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and other.text == self.text

    __hash__ = None  # type: ignore[assignment]

    def serialize(self) -> str:
        return self.text


class MarkHeadlessMiddleware(MiddlewareMixin):
    """Marks requests of API clients, which say so by a header."""

    def process_view(self, request: HttpRequest, *args: Any) -> None:
        client = request.headers.get("X-Client")
        if client:
            request.allauth.headless = SimpleNamespace(client=client)  # type: ignore[attr-defined]


def _is_headless(request: HttpRequest) -> bool:
    return is_headless_request(request) is not None


class CoreFace:
    """Answers limits in JSON."""

    def respond_rate_limited(self, request: HttpRequest) -> HttpResponse:
        return JsonResponse({"answer": "rate_limited"}, status=429)


class AccountFace:
    """Answers the flows of the account app in JSON."""

    def respond_login(self, request: HttpRequest, outcome: Any) -> HttpResponse:
        events.append(("outcome", outcome))
        if outcome.interruption is not None:
            return outcome.interruption.response  # type: ignore[no-any-return]
        return outcome.response or JsonResponse({"answer": outcome.status.value})

    def resume_login(self, request: HttpRequest, login: Any) -> HttpResponse:
        return JsonResponse({"answer": "resume_login"})

    def respond_logged_in(
        self, request: HttpRequest, *, redirect_url: str | None, signup: bool
    ) -> HttpResponse:
        return JsonResponse({"answer": "logged_in", "next": redirect_url, "signup": signup})

    def respond_login_aborted(self, request: HttpRequest) -> HttpResponse:
        return JsonResponse({"answer": "login_aborted"})

    def respond_waiting(self, request: HttpRequest, stage: LoginStage) -> HttpResponse:
        return JsonResponse({"answer": "waiting", "stage": stage.key})

    def get_next_url(self, request: HttpRequest) -> str | None:
        return "/next-of-the-api/"

    def respond_reauthentication_required(self, request: HttpRequest) -> HttpResponse:
        return JsonResponse({"answer": "reauthentication_required"}, status=401)

    def respond_suspended(self, request: HttpRequest, redirect_to: str) -> HttpResponse:
        return JsonResponse({"answer": "suspended"}, status=401)

    def resume_suspended(self, request: HttpRequest, suspended: Any) -> HttpResponse | None:
        return JsonResponse({"answer": "resumed"})

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        return JsonResponse({"answer": "user_inactive"}, status=401)

    def respond_email_verification_sent(self, request: HttpRequest, user: Any) -> HttpResponse:
        return JsonResponse({"answer": "email_verification_sent"}, status=401)


class ProviderAPI:
    """Answers visits to providers that were begun through the API."""

    def complete_login(self, request: HttpRequest, sociallogin: Any) -> HttpResponse:
        events.append(("complete_login", sociallogin))
        return JsonResponse({"answer": "complete_login"})

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        events.append(("on_authentication_error", provider, error))
        state = (extra_context or {}).get("state", {})
        if state.get("headless"):
            raise ImmediateHttpResponse(JsonResponse({"answer": "authentication_error"}))


def list_pin(user: Any) -> list[ReauthenticationMethod]:
    """Two methods of one flow, for users who have them."""
    if not answers.has_pin:
        return []
    return [
        ReauthenticationMethod("pin", "Enter your PIN", "extra_stage", "extra", {"types": ["pin"]}),
        ReauthenticationMethod("card", "Swipe", "account_email", "extra", {"types": ["card"]}),
    ]


def list_key(user: Any) -> list[ReauthenticationMethod]:
    """A method of another flow."""
    return [ReauthenticationMethod("key", "Turn your key", "account_logout", "key")]


def _note(name: str) -> Any:
    def call(user: Any) -> None:
        from django.db import connection

        events.append((name, user.pk, len(connection.savepoint_ids)))

    return call


def register(app: str) -> None:
    """Register one entry of each kind."""
    stage = StageEntry(f"{__name__}.ExtraStage", answers.position, lambda: answers.is_stage_used)
    extensions.login_stages.add("extra", stage, app=app)
    extensions.reauthentication_methods.add("extra", list_pin, app=app)
    extensions.reauthentication_methods.add("extra:key", list_key, app=app)
    extensions.credential_revokers.add("extra", _note("credentials"), app=app)
    extensions.session_revokers.add("extra", _note("sessions"), app=app)
    extensions.signup_sources.add("extra", SignupSource(_make, _announce), app=app)
    extensions.session_keys_cleared_at_login.add("extra_plan", "extra_plan", app=app)
    extensions.signal_argument_readers.add("token", Token, app=app)
    extensions.entrance_context.add("extra", _add_to_entrance, app=app)
    extensions.trusted_browser_test.set(_is_trusted, app=app)
    extensions.frontend_urls.set(_find_frontend_url, app=app)
    extensions.provider_api.set(ProviderAPI(), app=app)
    for part, face in (("core", CoreFace()), ("account", AccountFace())):
        extensions.faces.add(f"{part}.extra", FaceEntry(part, face, _is_headless), app=app)


def _make(request: HttpRequest, login: Any, saved: dict[str, Any]) -> Any:
    return None


def _announce(request: HttpRequest, login: Any) -> None:
    """Nothing to tell."""


def _add_to_entrance(request: HttpRequest) -> dict[str, Any]:
    return {**answers.entrance, "extra": request.path}


def _is_trusted(request: HttpRequest, user: Any) -> bool:
    events.append(("trusted", user))
    return bool(answers.is_trusted)


def _find_frontend_url(urlname: str, **parameters: Any) -> str | None:
    return f"https://front.example/{urlname}" if urlname == "account_signup" else None


reset()
