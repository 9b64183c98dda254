"""The identity provider of the demo: logins by it, and what it refuses."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests
import time_machine
from django.test import Client
from django.urls import reverse

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from tests.support.idp.browser import get_path, start_login
from tests.support.servers import wait_for

DEMO = Path(__file__).parents[2] / "examples" / "demo"
LOGIN = "/accounts/oidc/village-library/login/"
CALLBACK = "http://testserver/accounts/oidc/village-library/login/callback/"
SECRET = "half: a % secret"
VERIFIER = "verifier-" * 6
INES, THEO, MIRA = "card-1001", "card-1002", "card-1003"


@pytest.fixture(scope="module")
def library() -> Iterator[str]:
    """The address of the running provider."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DEMO)
        site = import_module("village_library.provider").Site(
            name="<Tests & Sons>", client_id="demo", secret=SECRET, redirect_uris=[CALLBACK]
        )
        with import_module("village_library.server").run_library(site) as running:
            yield running.url


@pytest.fixture
def app(settings: Any, db: None, library: str) -> None:
    """The app of the site for it."""
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "village-library",
                    "name": "Village Library",
                    "client_id": "demo",
                    "secret": SECRET,
                    "settings": {"server_url": library},
                }
            ],
        }
    }
    settings.ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]


def answer(url: str, **form: str) -> str:
    """Look at the page that asks for consent, and fill it in; returns where that leads."""
    page = requests.get(url, timeout=60)
    assert "Who would you like to be?" in page.text
    for name, value in form.items():
        assert f'name="{name}" value="{value}"' in page.text
    parts = urlsplit(url)
    headers = {"Origin": f"{parts.scheme}://{parts.netloc}"}
    response = requests.post(url, form, headers=headers, timeout=60, allow_redirects=False)
    assert response.status_code == 303
    return response.headers["Location"]


def log_in(client: Client, **form: str) -> Any:
    """Begin a login, answer the library, and come back."""
    return client.get(get_path(answer(start_login(client, LOGIN), **form)))


def build_url(library: str, **changes: str) -> str:
    """A good authorization URL, but for what is changed; empty parameters are left out."""
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    query = {
        "client_id": "demo",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid profile email",
        "state": "state-1",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **changes,
    }
    return f"{library}/authorize?{urlencode({key: text for key, text in query.items() if text})}"


def get_code(library: str, **changes: str) -> str:
    """A code that stands for the consent of Ines."""
    url = answer(build_url(library, **changes), person=INES)
    return dict(parse_qsl(urlsplit(url).query))["code"]


def exchange(library: str, code: str, secret: str = SECRET, **changes: str) -> requests.Response:
    """Give a code back, as it should be done but for what is changed."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **changes,
    }
    encoded = urlencode({"": secret})[1:]
    return requests.post(f"{library}/token", form, auth=("demo", encoded), timeout=60)


def get_claims(library: str, token: str) -> requests.Response:
    """Ask who the owner of an access token is."""
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{library}/userinfo", headers=headers, timeout=60)


@pytest.mark.usefixtures("app")
class TestLogins:
    """The provider and the package, together."""

    @pytest.mark.parametrize(("person", "verified"), [(INES, True), (THEO, False)])
    def test_a_reader_with_an_address_gets_an_account(
        self, client: Client, person: str, verified: bool
    ) -> None:
        log_in(client, person=person)
        account = SocialAccount.objects.get()
        assert (account.provider, account.uid) == ("village-library", person)
        address = EmailAddress.objects.get(user=account.user)
        assert (address.verified, address.primary) == (verified, True)
        assert client.session["_auth_user_id"] == str(account.user_id)

    def test_a_reader_without_an_address_is_asked_for_one(self, client: Client) -> None:
        response = log_in(client, person=MIRA)
        assert response["Location"] == reverse("socialaccount_signup")
        client.post(response["Location"], {"email": "mira@example.org"})
        account = SocialAccount.objects.get()
        assert (account.uid, account.user.email) == (MIRA, "mira@example.org")

    def test_one_who_cancels_is_told_so(self, client: Client) -> None:
        response = log_in(client)
        assert response["Location"] == reverse("socialaccount_login_cancelled")
        assert not SocialAccount.objects.exists()


class TestTokens:
    """What the site gets for a code."""

    def test_a_code_is_good_for_the_claims_that_were_asked_for(self, library: str) -> None:
        for scope, names in (
            ("openid", {"sub"}),
            ("openid email", {"sub", "email", "email_verified"}),
        ):
            tokens = exchange(library, get_code(library, scope=scope)).json()
            assert tokens["scope"] == scope
            assert set(get_claims(library, tokens["access_token"]).json()) == names

    def test_a_replayed_code_is_refused_and_voids_the_first_token(self, library: str) -> None:
        code = get_code(library)
        token = exchange(library, code).json()["access_token"]
        assert get_claims(library, token).status_code == 200
        replay = exchange(library, code)
        assert (replay.status_code, replay.json()) == (400, {"error": "invalid_grant"})
        assert get_claims(library, token).status_code == 401

    @pytest.mark.parametrize(
        "change",
        [
            {"code_verifier": "another-" * 6},
            {"code_verifier": ""},
            {"redirect_uri": f"{CALLBACK}?"},
            {"redirect_uri": ""},
        ],
        ids=str,
    )
    def test_whoever_did_not_begin_is_refused_and_spends_the_code(
        self, library: str, change: dict[str, str]
    ) -> None:
        code = get_code(library)
        assert exchange(library, code, **change).json() == {"error": "invalid_grant"}
        assert exchange(library, code).json() == {"error": "invalid_grant"}

    def test_a_wrong_secret_is_refused_and_leaves_the_code(self, library: str) -> None:
        code = get_code(library)
        refusal = exchange(library, code, secret="another")
        assert (refusal.status_code, refusal.json()) == (401, {"error": "invalid_client"})
        assert exchange(library, code).status_code == 200

    def test_codes_and_tokens_expire(self, library: str) -> None:
        late, used = get_code(library), get_code(library)
        token = exchange(library, used).json()["access_token"]
        with time_machine.travel(timedelta(seconds=61)):
            assert exchange(library, late).json() == {"error": "invalid_grant"}
            assert get_claims(library, token).status_code == 200
        with time_machine.travel(timedelta(seconds=301)):
            assert get_claims(library, token).status_code == 401


class TestAuthorization:
    """What the browser gets."""

    @pytest.mark.parametrize(
        "change",
        [
            {"client_id": "another"},
            {"redirect_uri": "https://evil.example.org/"},
            {"redirect_uri": f"{CALLBACK}more"},
            {"redirect_uri": CALLBACK.replace("testserver", "testserver:80")},
            {"redirect_uri": ""},
        ],
        ids=str,
    )
    def test_nobody_is_sent_to_a_site_that_is_unknown(
        self, library: str, change: dict[str, str]
    ) -> None:
        url = build_url(library, **change)
        for method in ("GET", "POST"):
            response = requests.request(
                method, url, headers={"Origin": library}, timeout=60, allow_redirects=False
            )
            assert response.status_code == 400
            assert "Location" not in response.headers

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"scope": "profile"}, "invalid_scope"),
            ({"code_challenge": ""}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"response_mode": "fragment"}, "invalid_request"),
            ({"prompt": "none"}, "login_required"),
            ({"request": "e30.e30."}, "request_not_supported"),
            ({"request_uri": "https://evil.example.org/"}, "request_uri_not_supported"),
        ],
        ids=str,
    )
    def test_the_site_hears_of_mistakes_it_makes(
        self, library: str, change: dict[str, str], error: str
    ) -> None:
        response = requests.get(build_url(library, **change), timeout=60, allow_redirects=False)
        url, _, query = response.headers["Location"].partition("?")
        assert url == CALLBACK
        assert dict(parse_qsl(query)) == {"error": error, "state": "state-1", "iss": library}

    def test_a_parameter_that_is_there_twice_is_refused(self, library: str) -> None:
        url = f"{build_url(library)}&client_id=demo"
        assert requests.get(url, timeout=60).status_code == 400

    def test_state_comes_back_as_it_was_and_texts_are_escaped(self, library: str) -> None:
        state = '"><script>&=\r\nX: y</script>'
        url = build_url(library, state=state)
        page = requests.get(url, timeout=60).text
        assert "&lt;Tests &amp; Sons&gt;" in page
        assert "<script" not in page
        answered = dict(parse_qsl(urlsplit(answer(url, person=INES)).query))
        assert answered["state"] == state

    @pytest.mark.parametrize("origin", [None, "null", "http://testserver"])
    def test_other_sites_cannot_answer_for_the_visitor(
        self, library: str, origin: str | None
    ) -> None:
        response = requests.post(
            build_url(library),
            {"person": INES},
            headers={"Origin": origin} if origin else {},
            timeout=60,
            allow_redirects=False,
        )
        assert response.status_code == 403

    def test_pages_cannot_be_framed_or_reached_by_another_name(self, library: str) -> None:
        headers = requests.get(build_url(library), timeout=60).headers
        assert headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        renamed = requests.get(library, headers={"Host": "evil.example.org"}, timeout=60)
        assert renamed.status_code == 421


def test_the_demo_starts_with_it_and_stops_with_it(tmp_path: Path) -> None:
    pytest.importorskip("daphne", reason="needs Daphne, behind which the demo runs")
    site = tmp_path / "demo"
    shutil.copytree(DEMO, site, ignore=shutil.ignore_patterns("var", "__pycache__"))
    with socket.socket() as first, socket.socket() as second:
        ports = []
        for listener in (first, second):
            listener.bind(("127.0.0.1", 0))
            ports.append(listener.getsockname()[1])
    port, library_port = map(str, ports)
    command = [sys.executable, "run.py", "--port", port, "--library-port", library_port]
    with subprocess.Popen(command, cwd=site) as process:
        try:
            wait_for(lambda: process.poll() is None and _is_open(ports[0]), timeout=60)
            assert _log_in_to_demo(f"http://127.0.0.1:{port}") == "ines"
            assert _is_open(ports[1])
            process.terminate()
            process.wait(timeout=60)
        finally:
            process.kill()
    assert not any(map(_is_open, ports))


def _is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _log_in_to_demo(url: str) -> str:
    """Sign in as Ines from the page for it; returns as whom the footer has them signed in."""
    with requests.Session() as browser:
        page = browser.get(f"{url}/accounts/login/", timeout=60).text
        link = re.search(r'href="([^"]*/village-library/[^"]*)"', page)
        assert link
        begin = browser.get(f"{url}{link[1]}", timeout=60)
        token = browser.cookies["csrftoken"]
        leave = browser.post(
            begin.url, {"csrfmiddlewaretoken": token}, timeout=60, allow_redirects=False
        )
        back = answer(leave.headers["Location"], person=INES)
        home = browser.get(back, timeout=60).text
        footer = re.search("Signed in as <strong>(.*?)</strong>", home)
        assert footer
        return footer[1]
