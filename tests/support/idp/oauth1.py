"""An OAuth 1.0a service provider (RFC 5849) that checks every signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import re
from typing import Any
from urllib.parse import quote, unquote, urlencode

from tests.support.idp.server import IdentityProvider, Reply, Request, add_query


class OAuth1Server(IdentityProvider):
    """Consents to everything, on behalf of ``profile``; insists on signatures and verifiers."""

    consumer_key = "client-1"
    consumer_secret = "secret-1"
    scheme = "http"
    """What clients take the scheme of this server for."""

    def __init__(self) -> None:
        super().__init__()
        self.profile: dict[str, Any] = {"id": 1200340, "screen_name": "nadia"}
        self.secrets = {"": ""}
        self.verifiers: dict[str, str] = {}
        self._callbacks: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self.route("/request_token", self.request_token)
        self.route("/authenticate", self.authorize)
        self.route("/access_token", self.access_token)
        self.route("/profile", self.get_profile)

    def issue(self, kind: str) -> Reply:
        """Hand out a token of its kind."""
        token = f"{kind}-{next(self._numbers)}"
        self.secrets[token] = f"{token}-secret"
        data = {"oauth_token": token, "oauth_token_secret": self.secrets[token]}
        return Reply(urlencode({**data, "oauth_callback_confirmed": "true"}).encode())

    def request_token(self, request: Request) -> Reply:
        """A token for the handshake."""
        if self.check(request) is None:
            return Reply(b"bad signature", 401)
        reply = self.issue("rt")
        token = reply.body.decode().partition("&")[0].partition("=")[2]
        self._callbacks[token] = request.query["oauth_callback"]
        return reply

    def authorize(self, request: Request) -> Reply:
        """Consent at once, and send the visitor back with a verifier."""
        token = request.query["oauth_token"]
        self.verifiers[token] = f"verifier-{next(self._numbers)}"
        params = {"oauth_token": token, "oauth_verifier": self.verifiers[token]}
        return Reply.redirect(add_query(self._callbacks[token], **params))

    def access_token(self, request: Request) -> Reply:
        """Exchange a request token, once."""
        token = self.check(request)
        verifier = self.verifiers.pop(token or "", None)
        if not token or verifier is None or request.query.get("oauth_verifier") != verifier:
            return Reply(b"no such request token", 401)
        return self.issue("at")

    def get_profile(self, request: Request) -> Reply:
        """The profile, for whoever has an access token."""
        token = self.check(request)
        if not token or not token.startswith("at-"):
            return Reply(b"no such access token", 401)
        return Reply.json(self.profile)

    def check(self, request: Request) -> str | None:
        """The token of a request that is signed as it should be; an empty one if it has none."""
        header = request.headers.get("authorization", "")
        params = {
            unquote(name): unquote(value)
            for name, value in re.findall(r'(\w+)="([^"]*)"', header.removeprefix("OAuth "))
        }
        signature = params.pop("oauth_signature", "")
        token = params.get("oauth_token", "")
        if params.get("oauth_consumer_key") != self.consumer_key or token not in self.secrets:
            return None
        pairs = sorted(
            (quote(name, "~"), quote(value, "~"))
            for name, value in (params | request.query | request.form).items()
        )
        base = "&".join(
            quote(part, "~")
            for part in (
                request.method,
                f"{self.scheme}://{request.host}{request.path}",
                "&".join(f"{name}={value}" for name, value in pairs),
            )
        )
        key = f"{quote(self.consumer_secret, '~')}&{quote(self.secrets[token], '~')}"
        digest = hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()
        expected = base64.b64encode(digest).decode()
        return token if hmac.compare_digest(signature, expected) else None
