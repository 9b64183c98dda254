"""A provider with apps and tokens, and what the tests do with providers again and again.

It takes for granted whatever the test posts to its callback, but it is a provider in everything
else: states, tokens, several apps.
"""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.test import Client
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode

from allauth.account.internal.decorators import login_not_required
from allauth.account.models import EmailAddress
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.models import SocialToken
from allauth.socialaccount.providers.base import Provider, ProviderAccount, ProviderException
from allauth.socialaccount.providers.base.utils import parse_uid
from allauth.socialaccount.providers.base.views import BaseLoginView
from tests.projects.regular.urls import urlpatterns as regular_urlpatterns

DUMMY = "/accounts/dummy/login/"
CONNECTIONS = "/accounts/3rdparty/"
SIGNUP = "/accounts/3rdparty/signup/"


class ClubAccount(ProviderAccount):
    """An account of the club, with links of its owner's choice."""

    def get_profile_url(self) -> str | None:
        return self.account.extra_data.get("profile_url")

    def get_avatar_url(self) -> str | None:
        return self.account.extra_data.get("avatar_url")


class ClubProvider(Provider):
    """A club that knows its members' names, addresses and numbers."""

    id = "club"
    name = "The Club"
    account_class = ClubAccount
    supports_redirect = True

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        return f"{reverse('club_login')}?{urlencode(kwargs)}"

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: Any = None,
        **kwargs: Any,
    ) -> HttpResponse:
        state_id = self.stash_redirect_state(request, process, next_url, data, **kwargs)
        return HttpResponseRedirect(f"https://club.example/?{urlencode({'state': state_id})}")

    def extract_uid(self, data: dict[str, Any]) -> str:
        return parse_uid(data["id"])

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in data.items() if name not in ("id", "addresses")}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        return [EmailAddress(**address) for address in data.get("addresses", [])]


@method_decorator(login_not_required, name="dispatch")
class ClubLoginView(BaseLoginView):
    """Leads to the club."""

    provider_id = "club"


@login_not_required
def club_callback(request: HttpRequest) -> HttpResponse:
    """The club answers: profile and token are what the test posts."""
    from allauth.socialaccount.adapter import get_adapter

    provider = get_adapter().get_provider(request, provider=request.GET.get("provider", "club"))
    state = provider.unstash_redirect_state(request, request.GET.get("state", ""))
    profile = json.loads(request.POST["profile"])
    try:
        sociallogin = provider.sociallogin_from_response(request, profile)
    except ProviderException as error:
        return HttpResponse(str(error), status=401)
    token = json.loads(request.POST.get("token", "null"))
    if token:
        sociallogin.token = SocialToken(app=provider.app, **token)
    sociallogin.state = state
    return complete_social_login(request, sociallogin)


urlpatterns = [
    path("club/login/", ClubLoginView.as_view(), name="club_login"),
    path("club/callback/", club_callback, name="club_callback"),
    *regular_urlpatterns,
]


def begin(client: Client, url: str = DUMMY, **params: Any) -> str:
    """Go to a provider; returns where that is."""
    response = client.post(f"{url}?{urlencode(params)}" if params else url)
    assert response.status_code == 302, response.content
    return str(response["Location"])


def finish(client: Client, where: str, id: object = 1, **profile: Any) -> Any:
    """Come back from the dummy provider as the account ``id``."""
    return client.post(where, {"id": id, **profile})


def arrive(client: Client, id: object = 1, *, process: str = "login", **profile: Any) -> Any:
    """Go to the dummy provider and come back as the account ``id``."""
    return finish(client, begin(client, process=process), id, **profile)


def begin_at_club(client: Client, **params: Any) -> str:
    """Go to the club; returns the id of the state."""
    return begin(client, "/club/login/", **params).partition("state=")[2]


def finish_at_club(client: Client, state: str, profile: Any, token: Any = None) -> Any:
    """Come back from the club with a profile and perhaps a token."""
    data = {"profile": json.dumps(profile), "token": json.dumps(token)}
    return client.post(f"/club/callback/?{urlencode({'state': state})}", data)


def arrive_from_club(
    client: Client, profile: Any, token: Any = None, process: str = "login"
) -> Any:
    """Go to the club and come back."""
    state = begin_at_club(client, process=process)
    return finish_at_club(client, state, profile, token)


def add_account(user: Any, uid: object = 1, provider: str = "dummy", **fields: Any) -> Any:
    """Connect an account to ``user``, behind the scenes."""
    from allauth.socialaccount.models import SocialAccount

    return SocialAccount.objects.create(user=user, provider=provider, uid=str(uid), **fields)
