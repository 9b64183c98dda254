"""What people consented to, and the codes and access tokens that stand for it."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from dataclasses import dataclass, field
from hmac import compare_digest

from village_library.people import Person

CODE_LIFETIME = 60
TOKEN_LIFETIME = 300


@dataclass
class Grant:
    """A consent, and the request that it answers."""

    person: Person
    redirect_uri: str
    scopes: list[str]
    code_challenge: str
    nonce: str
    given_at: float = field(default_factory=time.time)
    is_code_used: bool = False
    is_revoked: bool = False

    def is_within(self, seconds: int) -> bool:
        """Tell whether the consent was given so short a time ago."""
        return time.time() - self.given_at < seconds

    def fits(self, redirect_uri: str, code_verifier: str) -> bool:
        """Tell whether the one with the code is the one who began (RFC 7636, section 4.6)."""
        digest = hashlib.sha256(code_verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=")
        is_verified = compare_digest(challenge, self.code_challenge.encode())
        return is_verified and redirect_uri == self.redirect_uri


class Grants:
    """Hands out codes and tokens, and remembers as long as needed what they stand for."""

    def __init__(self) -> None:
        self._by_code: dict[str, Grant] = {}
        self._by_token: dict[str, Grant] = {}
        self._lock = threading.Lock()

    def make_code(self, grant: Grant) -> str:
        """A code for the browser to carry to the site that asked."""
        code = secrets.token_urlsafe()
        with self._lock:
            self._by_code = _drop_expired(self._by_code)
            self._by_token = _drop_expired(self._by_token)
            self._by_code[code] = grant
        return code

    def use_code(self, code: str) -> Grant | None:
        """What ``code`` stands for, once; a second use makes the token of the first void.

        Whoever comes second may be the one whom the code was stolen from (RFC 6749, 4.1.2).
        """
        with self._lock:
            grant = self._by_code.get(code)
            if grant is None or not grant.is_within(CODE_LIFETIME):
                return None
            grant.is_revoked = grant.is_code_used
            grant.is_code_used = True
            return None if grant.is_revoked else grant

    def make_token(self, grant: Grant) -> str:
        """An access token for the site that asked."""
        token = secrets.token_urlsafe()
        with self._lock:
            self._by_token[token] = grant
        return token

    def find(self, token: str) -> Grant | None:
        """What an access token stands for."""
        grant = self._by_token.get(token)
        is_valid = grant is not None and grant.is_within(TOKEN_LIFETIME) and not grant.is_revoked
        return grant if is_valid else None


def _drop_expired(grants: dict[str, Grant]) -> dict[str, Grant]:
    return {name: grant for name, grant in grants.items() if grant.is_within(TOKEN_LIFETIME)}
