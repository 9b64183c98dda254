"""The endpoints: OpenID Connect by the authorization code flow, with PKCE, for one site."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from village_library.grants import TOKEN_LIFETIME, Grant, Grants
from village_library.messages import PAGES, Request, Response
from village_library.people import PEOPLE, Person

SCOPES = ["openid", "profile", "email"]
FILES = {"/style.css": "text/css", "/icon.svg": "image/svg+xml"}


@dataclass(frozen=True)
class Site:
    """The site that may ask who somebody is.

    Attributes:
        redirect_uris: Where people may be sent back to, none of which has a query.
    """

    name: str
    client_id: str
    secret: str
    redirect_uris: list[str]


class Library:
    """The provider.

    Parameters:
        url: Its own address, which is what it signs as.
        site: Whom it works for.
    """

    def __init__(self, url: str, site: Site) -> None:
        self.url = url
        self.site = site
        self.grants = Grants()
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key_id = secrets.token_urlsafe(8)
        self.routes: dict[str, dict[str, Callable[[Request], Response]]] = {
            "/": {"GET": self.welcome},
            **{path: {"GET": self.get_file} for path in FILES},
            "/.well-known/openid-configuration": {"GET": self.get_configuration},
            "/keys": {"GET": self.get_keys},
            "/authorize": {"GET": self.ask, "POST": self.take_answer},
            "/token": {"POST": self.exchange},
            "/userinfo": {"GET": self.get_claims, "POST": self.get_claims},
        }

    def respond(self, request: Request) -> Response:
        """Answer a request."""
        if request.headers.get("Host") != urlsplit(self.url).netloc:
            # Other sites can have names of theirs lead to this machine.
            return _refuse(f"The library is at {self.url} and nowhere else.", 421)
        methods = self.routes.get(request.path)
        if methods is None:
            return _refuse("There is no such room in the library.", 404)
        answer = methods.get(request.method)
        if answer is None:
            allowed = {"Allow": ", ".join(methods)}
            return Response("Method not allowed\n", "text/plain", 405, allowed)
        return answer(request)

    # What anybody may know

    def welcome(self, request: Request) -> Response:
        """Say what this is."""
        return Response.page("welcome.html", site=self.site, people=PEOPLE.values())

    def get_file(self, request: Request) -> Response:
        """What makes the pages look good."""
        text = (PAGES / request.path.lstrip("/")).read_text()
        return Response(text, FILES[request.path])

    def get_configuration(self, request: Request) -> Response:
        """Where everything is, and what is understood (OpenID Connect Discovery, section 3)."""
        return Response.json(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/keys",
                "scopes_supported": SCOPES,
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
                "request_uri_parameter_supported": False,
            }
        )

    def get_keys(self, request: Request) -> Response:
        """The public key, by which signatures can be checked."""
        key = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        facts = {"kid": self.key_id, "use": "sig", "alg": "RS256"}
        return Response.json({"keys": [{"kty": "RSA", "n": key["n"], "e": key["e"], **facts}]})

    # The browser

    def ask(self, request: Request) -> Response:
        """Ask who the visitor would like to be."""
        return self._find_fault(request) or Response.page(
            "consent.html", site=self.site, people=PEOPLE.values()
        )

    def take_answer(self, request: Request) -> Response:
        """Send the visitor back, with a code or without."""
        if request.headers.get("Origin") != self.url:
            return _refuse("Nobody but you may answer this question.", 403)
        fault = self._find_fault(request)
        if fault:
            return fault
        person = PEOPLE.get(request.form.get("person", ""))
        if person is None:
            return self._send_back(request, error="access_denied")
        return self._send_back(request, code=self._grant(request.query, person))

    def _find_fault(self, request: Request) -> Response | None:
        """What to answer to a request for authorization that is not as it should be."""
        query = request.query
        if (
            query.get("client_id") != self.site.client_id
            or query.get("redirect_uri") not in self.site.redirect_uris
        ):
            # Whoever asks is unknown: the visitor must not be sent there (RFC 6749, 4.1.2.1).
            return _refuse("Somebody sent you here whom the library does not know.", 400)
        error = _find_error(query)
        return self._send_back(request, error=error) if error else None

    def _grant(self, query: dict[str, str], person: Person) -> str:
        asked = query["scope"].split()
        return self.grants.make_code(
            Grant(
                person=person,
                redirect_uri=query["redirect_uri"],
                scopes=[scope for scope in SCOPES if scope in asked],
                code_challenge=query["code_challenge"],
                nonce=query.get("nonce", ""),
            )
        )

    def _send_back(self, request: Request, **parameters: str) -> Response:
        parameters |= {"state": request.query.get("state", ""), "iss": self.url}
        return Response.redirect(request.query["redirect_uri"], parameters)

    # The site

    def exchange(self, request: Request) -> Response:
        """Give tokens for a code (OpenID Connect Core, section 3.1.3)."""
        if not self._is_site(request):
            challenge = {"WWW-Authenticate": 'Basic realm="Village Library"'}
            return Response.json({"error": "invalid_client"}, 401, **challenge)
        form = request.form
        if form.get("grant_type") != "authorization_code":
            return Response.json({"error": "unsupported_grant_type"}, 400)
        grant = self.grants.use_code(form.get("code", ""))
        if not grant or not grant.fits(form.get("redirect_uri", ""), form.get("code_verifier", "")):
            return Response.json({"error": "invalid_grant"}, 400)
        return Response.json(
            {
                "access_token": self.grants.make_token(grant),
                "token_type": "Bearer",
                "expires_in": TOKEN_LIFETIME,
                "scope": " ".join(grant.scopes),
                "id_token": self._sign(grant),
            }
        )

    def _is_site(self, request: Request) -> bool:
        """Check id and secret, which are encoded before they are joined (RFC 6749, 2.3.1)."""
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        try:
            text = base64.b64decode(credentials, validate=True).decode()
        except ValueError:
            return False
        client_id, secret = (unquote_plus(part) for part in text.partition(":")[::2])
        is_right = compare_digest(secret.encode(), self.site.secret.encode())
        return is_right and scheme.lower() == "basic" and client_id == self.site.client_id

    def _sign(self, grant: Grant) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.url,
            "sub": grant.person.number,
            "aud": self.site.client_id,
            "iat": now,
            "exp": now + TOKEN_LIFETIME,
            "auth_time": int(grant.given_at),
        }
        if grant.nonce:
            claims["nonce"] = grant.nonce
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.key_id})

    def get_claims(self, request: Request) -> Response:
        """Say who it is, to whoever has an access token."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        grant = self.grants.find(token) if scheme.lower() == "bearer" else None
        if grant is None:
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            return Response.json({"error": "invalid_token"}, 401, **challenge)
        return Response.json(grant.person.get_claims(grant.scopes))


def _find_error(query: dict[str, str]) -> str:
    """What is wrong with a request of the site, in the words of the standards; or nothing."""
    if "request" in query:
        return "request_not_supported"
    if "request_uri" in query:
        return "request_uri_not_supported"
    if query.get("response_type") != "code":
        return "unsupported_response_type"
    if "openid" not in query.get("scope", "").split():
        return "invalid_scope"
    if query.get("code_challenge_method") != "S256" or "code_challenge" not in query:
        return "invalid_request"
    if query.get("response_mode", "query") != "query":
        return "invalid_request"
    # Nobody is ever signed in to the library, so it cannot answer without asking.
    return "login_required" if "none" in query.get("prompt", "").split() else ""


def _refuse(reason: str, status: int) -> Response:
    return Response.page("refusal.html", status, reason=reason)
