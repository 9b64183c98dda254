"""Logins by providers begun before the flows were moved are picked up and finished.

The first half of each test is in its recording; see ``tests/compat/recorded/README.rst``.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from tests.compat.recorder import Notes, Resume, resuming
from tests.socialaccount.club import CONNECTIONS, SIGNUP, arrive
from tests.support.idp.browser import get_path, log_in, start_login, visit
from tests.support.idp.oauth1 import OAuth1Server
from tests.support.idp.oidc import OIDCServer, make_key
from tests.support.idp.rerouting import ADAPTER, ReroutingAdapter
from tests.support.idp.server import IdentityProvider, Reply, add_query
from tests.support.mails import read_code
from tests.support.pages import EMAIL_VERIFICATION_SENT, configure, submit_code
from tests.support.sessions import is_logged_in, read_session, write_session

pytestmark = pytest.mark.django_db

LOOP = "/accounts/oidc/loop/login/"
X = "/accounts/twitter/login/"
GOOGLE = "/accounts/google/login/token/"
TAKEN, FREE = "taken@example.org", "free@example.org"


@pytest.fixture
def resume(request: pytest.FixtureRequest, settings: Any) -> Iterator[Resume]:
    settings.ACCOUNT_RATE_LIMITS = False
    settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 60
    with resuming(request) as function:
        yield function


# OAuth 2


@pytest.fixture
def loop(settings: Any) -> Iterator[OIDCServer]:
    """A provider at which visitors arrive, whichever port it had when they left."""
    with OIDCServer() as server:
        app = {
            "provider_id": "loop",
            "name": "Loop",
            "client_id": server.client_id,
            "secret": server.client_secret,
            "settings": {"server_url": server.url},
        }
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
        yield server


def come_back(client: Client, loop: OIDCServer, location: str) -> Any:
    here = urlsplit(location)._replace(netloc=urlsplit(loop.url).netloc)
    return client.get(get_path(visit(urlunsplit(here))))


def test_visit_to_a_provider(resume: Resume, loop: OIDCServer) -> None:
    def begin(client: Client) -> Notes:
        return {"location": start_login(client, f"{LOOP}?next=/onwards/")}

    client, notes = resume(begin)

    assert come_back(client, loop, notes["location"])["Location"] == "/onwards/"
    account = SocialAccount.objects.get()
    assert account.uid == loop.profile["sub"]
    assert is_logged_in(client, account.user)


def test_visits_to_a_provider_in_two_tabs(resume: Resume, loop: OIDCServer) -> None:
    def begin(client: Client) -> Notes:
        return {"locations": [start_login(client, f"{LOOP}?next=/{n}/") for n in range(2)]}

    client, notes = resume(begin)

    for number, location in enumerate(notes["locations"]):
        assert come_back(client, loop, location)["Location"] == f"/{number}/"


def test_visit_to_connect(resume: Resume, loop: OIDCServer, user_factory: Any) -> None:
    def begin(client: Client) -> Notes:
        client.force_login(user_factory())
        return {"location": start_login(client, f"{LOOP}?process=connect")}

    client, notes = resume(begin)

    assert come_back(client, loop, notes["location"])["Location"] == CONNECTIONS
    assert SocialAccount.objects.get().user.username == "user1"


def test_visit_to_connect_of_another_user(
    resume: Resume, loop: OIDCServer, user_factory: Any
) -> None:
    def begin(client: Client) -> Notes:
        client.force_login(user_factory())
        location = start_login(client, f"{LOOP}?process=connect")
        states = read_session(client)["socialaccount_states"]
        client.force_login(user_factory())
        write_session(client, socialaccount_states=states)
        return {"location": location}

    client, notes = resume(begin)

    come_back(client, loop, notes["location"])
    assert not SocialAccount.objects.exists()


def test_used_state(resume: Resume, loop: OIDCServer) -> None:
    def begin(client: Client) -> Notes:
        location = start_login(client, LOOP)
        session = read_session(client)
        come_back(client, loop, location)
        assert is_logged_in(client)
        client.cookies.clear()
        write_session(client, **session)
        return {"location": location}

    client, notes = resume(begin)

    assert come_back(client, loop, notes["location"]).status_code != 302
    assert not is_logged_in(client)
    log_in(client, LOOP)
    assert is_logged_in(client)


# OAuth 1


def test_visit_to_a_provider_of_oauth_1(resume: Resume, settings: Any) -> None:
    settings.SOCIALACCOUNT_ADAPTER = ADAPTER
    settings.SOCIALACCOUNT_PROVIDERS = {
        "twitter": {"APP": {"client_id": "client-1", "secret": "secret-1"}}
    }
    with OAuth1Server() as server:
        server.scheme = "https"
        server.profile = {"id": 1200340, "screen_name": "tidepooler", "name": "Nell Abara"}
        server.route("/oauth/request_token", server.request_token)
        server.route("/oauth/access_token", server.access_token)
        server.route("/1.1/account/verify_credentials.json", server.get_profile)
        ReroutingAdapter.server = server

        def begin(client: Client) -> Notes:
            location = start_login(client, f"{X}?next=/onwards/")
            token = dict(parse_qsl(urlsplit(location).query))["oauth_token"]
            return {"token": token, "secret": server.secrets[token]}

        client, notes = resume(begin)

        token = notes["token"]
        server.secrets[token] = notes["secret"]
        server.verifiers[token] = "verifier-1"
        answer = {"oauth_token": token, "oauth_verifier": "verifier-1"}
        response = client.get(add_query(f"{X}callback/", **answer))

    assert response["Location"] == "/onwards/"
    account = SocialAccount.objects.get()
    assert account.uid == "1200340"
    assert is_logged_in(client, account.user)


# Tokens


def test_used_token(resume: Resume, settings: Any) -> None:
    # The cached keys of the provider are older than this one.
    key = make_key(f"google-{uuid.uuid4()}")
    settings.SOCIALACCOUNT_ADAPTER = ADAPTER
    settings.SOCIALACCOUNT_PROVIDERS = {"google": {"APP": {"client_id": "client-1", "secret": "s"}}}
    with IdentityProvider() as server:
        server.route("www.googleapis.com/oauth2/v1/certs", Reply.json({key.kid: key.certificate}))
        ReroutingAdapter.server = server

        def log_in_with(client: Client, jti: str) -> None:
            now = int(time.time())
            claims = {
                "iss": "https://accounts.google.com",
                "aud": "client-1",
                "sub": "110220330440",
                "email": "amara@example.org",
                "email_verified": True,
                "iat": now,
                "exp": now + 300,
                "jti": jti,
            }
            client.cookies["g_csrf_token"] = "token"
            client.post(GOOGLE, {"credential": key.sign(claims), "g_csrf_token": "token"})

        def begin(client: Client) -> Notes:
            log_in_with(client, "token-1")
            assert is_logged_in(client)
            client.cookies.clear()
            return {}

        client, _ = resume(begin)

        log_in_with(client, "token-1")
        assert not is_logged_in(client)
        log_in_with(client, "token-2")
        assert is_logged_in(client, SocialAccount.objects.get().user)


# Sign-ups


def test_signup_that_waits_for_the_form(resume: Resume, settings: Any) -> None:
    settings.SOCIALACCOUNT_AUTO_SIGNUP = False

    def begin(client: Client) -> Notes:
        arrive(client, 7, username="nadia", email="nadia@example.org")
        return {}

    client, _ = resume(begin)

    assert client.get(SIGNUP).context["form"].initial["username"] == "nadia"
    client.post(SIGNUP, {"username": "nadia", "email": "nadia@example.org"})
    account = SocialAccount.objects.get()
    assert (account.uid, account.user.username) == ("7", "nadia")
    assert is_logged_in(client, account.user)


@pytest.fixture
def _codes(settings: Any) -> None:
    configure(
        settings,
        EMAIL_VERIFICATION="mandatory",
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
        EMAIL_VERIFICATION_SUPPORTS_CHANGE=2,
        SIGNUP_FIELDS=["email*", "username*", "password1*"],
    )


@pytest.mark.usefixtures("_codes")
def test_signup_by_a_provider_and_a_code(resume: Resume) -> None:
    def begin(client: Client) -> Notes:
        arrive(client, 7, username="nadia", email=FREE)
        return {"code": read_code()}

    client, notes = resume(begin)

    submit_code(client, EMAIL_VERIFICATION_SENT, notes["code"])
    account = SocialAccount.objects.get()
    assert is_logged_in(client, account.user)
    assert EmailAddress.objects.get(user=account.user, email=FREE).verified


@pytest.mark.usefixtures("_codes")
def test_signup_by_a_provider_that_was_pretended(resume: Resume, user_factory: Any) -> None:
    def begin(client: Client) -> Notes:
        user_factory(email=TAKEN)
        arrive(client, 7, username="nadia", email=TAKEN)
        return {}

    client, _ = resume(begin)

    assert not SocialAccount.objects.exists()
    client.post(EMAIL_VERIFICATION_SENT, {"action": "change", "email": FREE})
    submit_code(client, EMAIL_VERIFICATION_SENT, read_code())
    account = SocialAccount.objects.get()
    assert (account.uid, account.user.username) == ("7", "nadia")
    assert account.user == get_user_model().objects.get(username="nadia")
    assert is_logged_in(client, account.user)
    assert EmailAddress.objects.get(user=account.user).email == FREE
