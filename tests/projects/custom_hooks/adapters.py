"""Account adapters as a project writes them."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from asgiref.sync import sync_to_async
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from tests.projects.phones.adapter import PhoneAdapter


class ImmediateAdapter(DefaultAccountAdapter):
    """Lets nobody in."""

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        raise ImmediateHttpResponse(HttpResponse("pre_login", status=418))


class GateAdapter(DefaultAccountAdapter):
    """Puts a stage of the project's own behind the others."""

    stage = "tests.projects.custom_hooks.stages.GateStage"

    def get_login_stages(self) -> list[Any]:
        return [*super().get_login_stages(), self.stage]


class ClosedGateAdapter(GateAdapter):
    """With the stage that ends every login."""

    stage = "tests.projects.custom_hooks.stages.ClosedStage"


class SilentGateAdapter(GateAdapter):
    """With the stage that forgets to answer."""

    stage = "tests.projects.custom_hooks.stages.SilentStage"


class RaisingGateAdapter(GateAdapter):
    """With the stage that answers by exception."""

    stage = "tests.projects.custom_hooks.stages.RaisingStage"


class PassingGateAdapter(GateAdapter):
    """With the stage that has nothing to do."""

    stage = "tests.projects.custom_hooks.stages.PassingStage"


class NoPageGateAdapter(GateAdapter):
    """With the stage that has no page."""

    stage = "tests.projects.custom_hooks.stages.NoPageStage"


class NamelessGateAdapter(GateAdapter):
    """With the stage that has no key."""

    stage = "tests.projects.custom_hooks.stages.NamelessStage"


class AsyncGateAdapter(GateAdapter):
    """With the stage that is ``async def``."""

    stage = "tests.projects.custom_hooks.stages.AsyncGateStage"


class PhoneGateAdapter(GateAdapter, PhoneAdapter):
    """With the stage of the project's own, and with phone numbers."""


class SilentAdapter(DefaultAccountAdapter):
    """Sends no verification mail as somebody logs in."""

    def should_send_confirmation_mail(self, request: HttpRequest, *args: Any) -> bool:
        return False


class FailingAdapter(DefaultAccountAdapter):
    """Has a bug wherever passwords are looked at."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        raise ZeroDivisionError

    def clean_password(self, password: str, user: Any = None) -> str:
        raise ZeroDivisionError


class StayingAdapter(DefaultAccountAdapter):
    """Lets nobody out."""

    def logout(self, request: HttpRequest) -> None:
        request.session["asked_to_leave"] = True

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return "/stay/"


class KeyRingAdapter(DefaultAccountAdapter):
    """Knows other ways to reauthenticate than those of the package."""

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        return [
            {"id": "rings", "description": "Ring", "url": "/rings/"},
            {"id": "keys", "description": "A key", "url": "/keys/"},
            *super().get_reauthentication_methods(user),
        ]


class ListeningAdapter(DefaultAccountAdapter):
    """Notes who failed to log in."""

    failures: ClassVar[list[str]] = []

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        self.failures.append(credentials["username"])


class SleepyAdapter(DefaultAccountAdapter):
    """Makes accounts that have to be switched on first."""

    def new_user(self, request: HttpRequest) -> Any:
        user = super().new_user(request)
        user.is_active = False
        return user


class ClosedAdapter(DefaultAccountAdapter):
    """Accepts no new accounts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class ElsewhereAdapter(DefaultAccountAdapter):
    """Sends those who want an account elsewhere."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        raise ImmediateHttpResponse(HttpResponseRedirect("/elsewhere/"))


class StrictAdapter(PhoneAdapter):
    """Has rules of its own for addresses and numbers."""

    def clean_email(self, email: str) -> str:
        if email.endswith("@refused.example"):
            raise ValidationError("Not from there.", code="refused")
        return email

    def validate_unique_email(self, email: str) -> str:
        if email.endswith("@known.example"):
            raise ValidationError("Known elsewhere.", code="known")
        return email

    def clean_phone(self, phone: str) -> str:
        if not phone.startswith("+31"):
            raise ValidationError("Not from there.", code="refused")
        return phone


class SlowNamingAdapter(DefaultAccountAdapter):
    """Makes up names that went to somebody else meanwhile, at first."""

    def generate_unique_username(self, txts: Any, regex: str | None = None) -> str:
        is_first = not hasattr(self.request, "has_named")
        self.request.has_named = True  # type: ignore[union-attr]
        return "new" if is_first else super().generate_unique_username(txts, regex)


class ConflictingAdapter(DefaultAccountAdapter):
    """Violates a constraint that has nothing to do with usernames."""

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        raise IntegrityError("another table")


class BrokenAdapter(PhoneAdapter):
    """Fails after one of its hooks did its work."""

    broken: ClassVar[str] = ""

    def _fail(self, hook: str) -> None:
        if self.broken == hook:
            raise ZeroDivisionError(hook)

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        user = super().save_user(request, user, form, commit)
        self._fail("save_user")
        return user

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        super().populate_username(request, user)
        self._fail("populate_username")

    def set_phone(self, user: Any, phone: str, verified: bool) -> None:
        super().set_phone(user, phone, verified)
        self._fail("set_phone")

    def unstash_verified_email(self, request: HttpRequest) -> str | None:
        email = super().unstash_verified_email(request)
        self._fail("unstash_verified_email")
        return email


def _is_hook(name: str) -> bool:
    return not name.startswith("_") and callable(getattr(DefaultAccountAdapter, name))


HOOKS = [name for name in vars(DefaultAccountAdapter) if _is_hook(name)]


def _override(name: str) -> Any:
    async def hook(self: Any, *args: Any, **kwargs: Any) -> Any:
        await self._begin(name)
        return await sync_to_async(getattr(super(AsyncAdapter, self), name))(*args, **kwargs)

    hook.__name__ = name
    return hook


class AsyncAdapter(PhoneAdapter):
    """Has every hook as ``async def``, and notes the loop and the request of each call."""

    calls: ClassVar[list[tuple[str, Any, Any]]] = []

    async def _begin(self, name: str) -> None:
        await asyncio.sleep(0)
        self.calls.append((name, asyncio.get_running_loop(), context.request))


for _name in HOOKS:
    setattr(AsyncAdapter, _name, _override(_name))


class AsyncRefusingAdapter(DefaultAccountAdapter):
    """Refuses, after it awaited something."""

    async def clean_email(self, email: str) -> str:  # type: ignore[override]
        await asyncio.sleep(0)
        raise ValidationError("Not from there.", code="refused")

    async def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        await asyncio.sleep(0)
        raise ImmediateHttpResponse(HttpResponse("refused", status=418))


class TalkativeAdapter(DefaultAccountAdapter):
    """Has texts of its own."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "Nope.",
    }


class WatchingAdapter(DefaultAccountAdapter):
    """Notes what its hooks around a login are called with."""

    seen: ClassVar[list[tuple[str, Any, dict[str, Any]]]] = []

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        self.seen.append(("pre_login", user, kwargs))
        return super().pre_login(request, user, **kwargs)

    def login(self, request: HttpRequest, user: Any) -> None:
        self.seen.append(("login", user, {}))
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        self.seen.append(("post_login", user, kwargs))
        response = super().post_login(request, user, **kwargs)
        response["X-Watched"] = "yes"
        return response


class DivertingAdapter(DefaultAccountAdapter):
    """Sends those who want to log in elsewhere."""

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponseRedirect("/diverted/")


class GuidingAdapter(DefaultAccountAdapter):
    """Knows where people should go."""

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return "/after-login/"

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return "/after-signup/"

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return "/after-logout/"


class SealingAdapter(DefaultAccountAdapter):
    """Changes what mails look like."""

    def format_email_subject(self, subject: str) -> str:
        return f"sealed: {subject}"

    def get_from_email(self) -> str:
        return "seal@example.org"

    def render_mail(self, *args: Any, **kwargs: Any) -> EmailMessage:
        return super().render_mail(*args, **kwargs, headers={"X-Seal": "yes"})
