"""Login stages as a project writes them."""

from __future__ import annotations

import asyncio
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path

from allauth.account.internal.decorators import login_stage_required
from allauth.account.stages import LoginStage
from allauth.core.exceptions import ImmediateHttpResponse

KEY = "gate"


class GateStage(LoginStage):
    """Waits for whoever knows how to open."""

    key = KEY
    urlname = "gate"

    def handle(self) -> tuple[Any, bool]:
        self.state["visits"] = self.state.get("visits", 0) + 1
        return HttpResponseRedirect("/gate/"), True


class AsyncGateStage(GateStage):
    """The same, except that it awaits something first."""

    async def handle(self) -> tuple[Any, bool]:  # type: ignore[override]
        await asyncio.sleep(0)
        return super().handle()


class NoPageStage(GateStage):
    """Waits for something that has no page."""

    urlname = None


class ClosedStage(LoginStage):
    """Ends every login with an answer of its own."""

    key = KEY

    def handle(self) -> tuple[Any, bool]:
        return HttpResponse("closed", status=418), False


class SilentStage(LoginStage):
    """Ends every login without an answer, which is a mistake."""

    key = KEY

    def handle(self) -> tuple[Any, bool]:
        return None, False


class RaisingStage(LoginStage):
    """Answers by exception."""

    key = KEY

    def handle(self) -> tuple[Any, bool]:
        raise ImmediateHttpResponse(HttpResponse("raised", status=418))


class PassingStage(LoginStage):
    """Has nothing to do, as the base class."""

    key = KEY


class NamelessStage(LoginStage):
    """Has no key, which is a mistake."""


@login_stage_required(stage=KEY, redirect_urlname="account_login")
def gate(request: HttpRequest) -> HttpResponse:
    """Opens for a POST."""
    if request.method == "POST":
        if "abort" in request.POST:
            return request._login_stage.abort()  # type: ignore[attr-defined, no-any-return]
        return request._login_stage.exit()  # type: ignore[attr-defined, no-any-return]
    return HttpResponse("the gate is closed")


urlpatterns = [path("gate/", gate, name="gate")]
