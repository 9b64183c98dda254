"""An OpenID Connect provider that signs, and forges, ID tokens."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.support.idp.oauth2 import OAuth2Server
from tests.support.idp.server import Reply, Request


@dataclass(frozen=True)
class SigningKey:
    """A key pair with a name."""

    kid: str
    private: rsa.RSAPrivateKey

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key as a JSON Web Key."""
        jwk = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
        return {"kty": "RSA", "n": jwk["n"], "e": jwk["e"], "kid": self.kid, "alg": "RS256"}

    @property
    def public_pem(self) -> str:
        """The public key in PEM."""
        return (
            self.private.public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            .decode()
        )

    @property
    def certificate(self) -> str:
        """A certificate of the public key in PEM."""
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, self.kid)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.private.public_key())
            .serial_number(1)
            .not_valid_before(datetime(2020, 1, 1))
            .not_valid_after(datetime(2020, 1, 1) + timedelta(days=36500))
            .sign(self.private, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode()

    def sign(self, claims: dict[str, Any], alg: str = "RS256", **headers: Any) -> str:
        """A token of this key; ``headers`` replace those of the token, ``None`` drops one."""
        headers = {"kid": self.kid, **headers}
        given = {name: value for name, value in headers.items() if value is not None}
        return jwt.encode(claims, self.private, algorithm=alg, headers=given)


@cache
def make_key(kid: str = "key-1") -> SigningKey:
    """A key; always the same for one name, since making them takes time."""
    return SigningKey(kid, rsa.generate_private_key(public_exponent=65537, key_size=2048))


def encode_raw(header: Any, claims: Any, signature: bytes = b"") -> str:
    """A token with any header and signature, well-formed or not."""
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


class OIDCServer(OAuth2Server):
    """A provider with discovery, keys, ID tokens and userinfo.

    ``claims`` go into ID tokens over what the protocol demands (``None`` drops a claim); ``config``
    goes over the discovery document. ``id_token`` replaces the token altogether.
    """

    def __init__(self) -> None:
        super().__init__()
        self.keys = [make_key()]
        self.claims: dict[str, Any] = {}
        self.config: dict[str, Any] = {}
        self.id_token: str | None = None
        self.profile = {
            "sub": "user-1",
            "email": "nadia@example.org",
            "email_verified": True,
            "preferred_username": "nadia",
            "given_name": "Nadia",
            "family_name": "Brandt",
            "name": "Nadia Brandt",
        }
        self.route("/.well-known/openid-configuration", self.discovery)
        self.route("/jwks", self.jwks)

    def discovery(self, request: Request) -> Reply:
        """The discovery document."""
        config = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        } | self.config
        return Reply.json({key: value for key, value in config.items() if value is not None})

    def jwks(self, request: Request) -> Reply:
        """The public keys."""
        return Reply.json({"keys": [key.jwk for key in self.keys]})

    def make_claims(self, **claims: Any) -> dict[str, Any]:
        """The claims of a good ID token, with changes."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": self.client_id,
            "sub": self.profile["sub"],
            "iat": now,
            "exp": now + 300,
            **claims,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def make_id_token(self, **claims: Any) -> str:
        """A good ID token, but for what is changed."""
        return self.keys[0].sign(self.make_claims(**claims))

    def get_token_members(self, grant: dict[str, str]) -> dict[str, Any]:
        """An ID token, with the nonce of the handshake."""
        nonce = {"nonce": grant["nonce"]} if "nonce" in grant else {}
        return {"id_token": self.id_token or self.make_id_token(**{**nonce, **self.claims})}
