"""The interface between the flows of the account app and their responses.

Flows know no page, redirect or JSON. Their default answers come from the face of the request: pages
for a browser, JSON for a client of an API. A face supplies only default answers. A response that a
hook of the project returns is passed through, whatever the face.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from django.http import HttpRequest

from allauth.core.internal import extensions

if TYPE_CHECKING:
    from django.http import HttpResponse

    from allauth.account.internal.flows.reauthentication import Suspended
    from allauth.account.internal.login_engine import LoginOutcome, LoginStage
    from allauth.account.models import Login
    from allauth.core.internal.types import User

PART = "account"


class Face(Protocol):
    """The default answers of the account app."""

    def respond_login(self, request: HttpRequest, outcome: LoginOutcome) -> HttpResponse:
        """Answer a login, as far as it went."""

    def resume_login(self, request: HttpRequest, login: Login) -> HttpResponse:
        """Continue a login whose stage is passed, and answer it."""

    def respond_logged_in(
        self, request: HttpRequest, *, redirect_url: str | None, signup: bool
    ) -> HttpResponse:
        """Answer a login that is complete."""

    def respond_login_aborted(self, request: HttpRequest) -> HttpResponse:
        """Answer a login that was aborted."""

    def respond_waiting(self, request: HttpRequest, stage: LoginStage) -> HttpResponse:
        """Answer a login that waits at ``stage`` for the user."""

    def get_next_url(self, request: HttpRequest) -> str | None:
        """Return the URL to which the request asks to continue, if it is safe."""

    def respond_reauthentication_required(self, request: HttpRequest) -> HttpResponse:
        """Ask the user to reauthenticate."""

    def respond_suspended(self, request: HttpRequest, redirect_to: str) -> HttpResponse:
        """Ask the user to reauthenticate at ``redirect_to``, and to come back."""

    def resume_suspended(self, request: HttpRequest, suspended: Suspended) -> HttpResponse | None:
        """Continue what was suspended, or return ``None`` if nothing was."""

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Answer the login of a user whose account is disabled."""

    def respond_email_verification_sent(
        self, request: HttpRequest, user: User | None
    ) -> HttpResponse:
        """Answer a login that waits for the verification of an email address."""


def get_face(request: HttpRequest) -> Face:
    """Return the face that answers ``request``."""
    return cast(Face, extensions.find_face(PART, request))
