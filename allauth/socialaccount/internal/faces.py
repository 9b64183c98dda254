"""The interface between the flows of the socialaccount app and their responses.

See :mod:`allauth.account.internal.faces`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from django.http import HttpRequest

from allauth.core.internal import extensions

if TYPE_CHECKING:
    from django.http import HttpResponse

    from allauth.socialaccount.internal.flows.connect import ConnectOutcome
    from allauth.socialaccount.models import SocialLogin

PART = "socialaccount"


class Face(Protocol):
    """A set of responses to the outcomes of the flows."""

    def respond_returned(self, request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
        """Return the response at the end of the process ``redirect``."""

    def respond_connected(
        self, request: HttpRequest, sociallogin: SocialLogin, outcome: ConnectOutcome
    ) -> HttpResponse:
        """Return the response to connecting an account, successful or not."""

    def respond_login_required(
        self, request: HttpRequest, sociallogin: SocialLogin
    ) -> HttpResponse:
        """Return the response to connecting an account without being logged in."""

    def respond_signup_form(self, request: HttpRequest) -> HttpResponse:
        """Return the response that leads to the sign-up form."""

    def respond_signup_closed(self, request: HttpRequest) -> HttpResponse:
        """Return the response to a sign-up while no new accounts are accepted."""

    def respond_account_exists(self, request: HttpRequest) -> HttpResponse:
        """Return the response to a sign-up whose account another request has just created."""


def get_face(request: HttpRequest) -> Face:
    """Return the face that responds to ``request``."""
    return cast(Face, extensions.find_face(PART, request))
