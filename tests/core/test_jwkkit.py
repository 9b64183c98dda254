"""Keys of JSON Web Tokens."""

from __future__ import annotations

import pytest

from allauth.core.internal.jwkkit import jwk_thumbprint, load_jwk_from_pem, load_pem

pytest.importorskip("jwt", reason="needs PyJWT, which only some extras install")
pytest.importorskip("cryptography", reason="needs cryptography, which only some extras install")

# The key and the thumbprint of RFC 7638, section 3.1.
RFC_KEY = {
    "kty": "RSA",
    "n": (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
        "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
        "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI"
        "4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    ),
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}


def make_pem(password: bytes | None = None) -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption(),
    ).decode()


def test_thumbprint_is_that_of_the_rfc() -> None:
    assert jwk_thumbprint(RFC_KEY) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_jwk_is_public_and_named_by_its_thumbprint() -> None:
    jwk, key = load_jwk_from_pem(make_pem())

    assert set(jwk) == {"kty", "n", "e", "kid", "use", "alg"}
    assert jwk["kid"] == jwk_thumbprint(jwk)
    assert "=" not in jwk["kid"]
    assert key.key_size == 2048


def test_only_plain_rsa_keys_in_pem_are_accepted() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    elliptic = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    for pem in (elliptic.decode(), make_pem(b"secret"), "", "-----BEGIN PRIVATE KEY-----", "é"):
        with pytest.raises(ValueError, match=r".+"):
            load_pem(pem)


def test_unencrypted_key_is_loaded() -> None:
    assert load_pem(make_pem()).key_size == 2048
