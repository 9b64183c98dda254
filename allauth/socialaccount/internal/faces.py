"""What turns the outcomes of the socialaccount flows into responses.

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
    """The default answers of the socialaccount app."""

    def respond_returned(self, request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
        """Answer a visit to a provider that was for its own sake: the process ``redirect``."""

    def respond_connected(
        self, request: HttpRequest, sociallogin: SocialLogin, outcome: ConnectOutcome
    ) -> HttpResponse:
        """Answer the wish to connect an account."""

    def respond_login_required(
        self, request: HttpRequest, sociallogin: SocialLogin
    ) -> HttpResponse:
        """Answer the wish of somebody who is not logged in to connect an account."""

    def respond_signup_form(self, request: HttpRequest) -> HttpResponse:
        """Ask a new user for what the provider did not say."""

    def respond_signup_closed(self, request: HttpRequest) -> HttpResponse:
        """Answer a sign-up while no new accounts are accepted."""

    def respond_account_exists(self, request: HttpRequest) -> HttpResponse:
        """Answer a sign-up whose account another request made at the same time."""


def get_face(request: HttpRequest) -> Face:
    """Return the face that answers ``request``."""
    return cast(Face, extensions.find_face(PART, request))
