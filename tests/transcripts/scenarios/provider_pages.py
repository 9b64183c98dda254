"""The pages of each provider: the one that leads there, and the one to which it leads back."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from django.urls import reverse

from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from tests.support.idp.rerouting import ADAPTER
from tests.transcripts.player import Player
from tests.transcripts.registry import Play, scenarios_of

scenario = scenarios_of("provider_pages")

SETTINGS = {
    "auth0": {"AUTH0_URL": "https://auth0.example.org"},
    "okta": {"OKTA_BASE_URL": "org.okta.example"},
}
APP = {"client_id": "client-1", "secret": "secret-1", "key": "key-1", "name": "An app"}
TOKENS = ("google_login_by_token", "facebook_login_by_token")


def set_up(play: Player, *provider_ids: str) -> None:
    """Have the site know apps of the providers."""
    play.configure_social(
        ADAPTER=ADAPTER,
        PROVIDERS={name: {"APP": APP, **SETTINGS.get(name, {})} for name in provider_ids},
    )


def make_scenario(provider_id: str) -> Play:
    """Return the scenario of a provider by OAuth 2.0."""
    login = reverse(f"{provider_id}_login")
    callback = reverse(f"{provider_id}_callback")

    def play_pages(play: Player) -> None:
        set_up(play, provider_id)
        play.get(login, process="connect")
        play.get(callback)
        play.post(callback)
        for error in ("access_denied", "server_error"):
            play.post(login, next="/somewhere/")
            query = parse_qs(urlsplit(play.response["Location"]).query)
            play.get(callback, error=error, state=query["state"][0])

    play_pages.__name__ = provider_id
    play_pages.__doc__ = f"The pages of {registry.get_class(provider_id).name}."
    return play_pages


for provider_class in registry.get_class_list():
    if issubclass(provider_class, OAuth2Provider) and provider_class.id != "openid_connect":
        scenario(make_scenario(provider_class.id))


@scenario
def tokens(play: Player) -> None:
    """Scripts of the providers hand over a token that is none."""
    set_up(play, "google", "facebook")
    for name in TOKENS:
        play.get(name)
        play.post(name)


@scenario
def apple_by_post(play: Player) -> None:
    """Apple leads back by a POST from its own site, which is turned into a GET."""
    set_up(play, "apple")
    play.post("apple_login")
    query = parse_qs(urlsplit(play.response["Location"]).query)
    play.post("apple_callback", {"state": query["state"][0], "error": "user_cancelled_authorize"})
    play.follow()
