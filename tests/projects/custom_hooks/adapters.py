"""Account adapters as a project writes them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from allauth.account.adapter import DefaultAccountAdapter
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
