"""JSON Web Keys made of the RSA keys that a project configures."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from django.views.decorators.debug import sensitive_variables

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from allauth.core.internal.types import JSONObject


@sensitive_variables()
def load_pem(pem: str) -> RSAPrivateKey:
    """Return an unencrypted RSA private key in PEM; raise ``ValueError`` for anything else."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except TypeError as error:  # the key is encrypted
        raise ValueError("The private key must not be protected by a password.") from error
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("The private key must be an RSA key.")
    return key


@sensitive_variables()
def load_jwk_from_pem(pem: str) -> tuple[JSONObject, RSAPrivateKey]:
    """Return the public JWK of a private key, with its thumbprint as ``kid``, and the key."""
    from jwt.algorithms import RSAAlgorithm

    private_key = load_pem(pem)
    jwk: JSONObject = RSAAlgorithm.to_jwk(private_key.public_key(), as_dict=True)
    jwk.pop("key_ops", None)
    jwk.update(use="sig", alg="RS256", kid=jwk_thumbprint(jwk))
    return jwk, private_key


def jwk_thumbprint(jwk: JSONObject) -> str:
    """Return the SHA-256 thumbprint of an RSA key, base64url without padding (RFC 7638)."""
    required = {member: jwk[member] for member in ("e", "kty", "n")}
    text = json.dumps(required, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
