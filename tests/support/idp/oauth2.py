"""An OAuth 2.0 authorization server (RFC 6749) with PKCE (RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import itertools
from typing import Any
from urllib.parse import unquote_plus

from tests.support.idp.server import IdentityProvider, Reply, Request, add_query


class OAuth2Server(IdentityProvider):
    """Consents to everything, on behalf of ``profile``; insists on the protocol.

    ``token_extra`` is added to token responses, ``profile`` is what ``/userinfo`` answers.
    """

    client_id = "client-1"
    client_secret = "secret-1"

    def __init__(self) -> None:
        super().__init__()
        self.profile: dict[str, Any] = {
            "id": 4711,
            "login": "nadia",
            "email": "nadia@example.org",
            "name": "Nadia Brandt",
        }
        self.token_extra: dict[str, Any] = {"refresh_token": "rt-1", "expires_in": 3600}
        self.answers_form_encoded = False
        self._codes: dict[str, dict[str, str]] = {}
        self._numbers = itertools.count(1)
        self.route("/authorize", self.authorize)
        self.route("/token", self.token)
        self.route("/userinfo", self.userinfo)

    def authorize(self, request: Request) -> Reply:
        """Consent at once, and send the visitor back with a code."""
        query = request.query
        if query.get("client_id") != self.client_id or query.get("response_type") != "code":
            return Reply.json({"error": "invalid_request"}, status=400)
        code = f"code-{next(self._numbers)}"
        self._codes[code] = query
        return Reply.redirect(self.get_answer_url(query, code))

    def get_answer_url(self, query: dict[str, str], code: str) -> str:
        """Where the visitor goes after consent."""
        params = {"code": code}
        if "state" in query:
            params["state"] = query["state"]
        return add_query(query["redirect_uri"], **params)

    def token(self, request: Request) -> Reply:
        """Exchange a code, once, for the client that it was issued to."""
        form = request.form if request.method == "POST" else request.query
        grant = self._codes.pop(form.get("code", ""), None)
        if self._get_credentials(request, form) != (self.client_id, self.client_secret):
            return Reply.json({"error": "invalid_client"}, status=401)
        if grant is None or form.get("redirect_uri") != grant["redirect_uri"]:
            return Reply.json({"error": "invalid_grant"}, status=400)
        if form.get("grant_type") != "authorization_code" or not _is_verified(grant, form):
            return Reply.json({"error": "invalid_grant"}, status=400)
        data = {"access_token": f"at-{next(self._numbers)}", "token_type": "Bearer"}
        data |= self.token_extra | self.get_token_members(grant)
        if self.answers_form_encoded:
            body = "&".join(f"{key}={value}" for key, value in data.items())
            return Reply(body.encode(), headers={"Content-Type": "text/plain"})
        return Reply.json(data)

    def _get_credentials(self, request: Request, form: dict[str, str]) -> tuple[str, str]:
        if not request.headers.get("authorization", "").startswith("Basic "):
            return form.get("client_id", ""), form.get("client_secret", "")
        user, _, password = base64.b64decode(request.bearer).decode().partition(":")
        return unquote_plus(user), unquote_plus(password)

    def get_token_members(self, grant: dict[str, str]) -> dict[str, Any]:
        """What else is in a token response."""
        return {}

    def userinfo(self, request: Request) -> Reply:
        """The profile, for whoever has an access token."""
        token = request.bearer or request.query.get("access_token", "")
        if not token.startswith("at-"):
            return Reply.json({"error": "invalid_token"}, status=401)
        return Reply.json(self.profile)


def _is_verified(grant: dict[str, str], form: dict[str, str]) -> bool:
    challenge = grant.get("code_challenge")
    if challenge is None:
        return "code_verifier" not in form
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return challenge == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
