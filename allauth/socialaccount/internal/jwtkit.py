"""Verification of tokens signed by providers (RFC 7519, OpenID Connect Core section 3.1.3.7).

The first verification imports ``jwt`` and ``cryptography``, which are slow to import.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.views.decorators.debug import sensitive_variables

from allauth.core.internal.claims import take_once
from allauth.core.internal.types import JSONObject
from allauth.socialaccount.internal.provider_http import (
    cache_or_none,
    get_cached_document,
    load_document,
    reload_document,
)
from allauth.socialaccount.providers.oauth2.client import OAuth2Error

REFETCH_INTERVAL = 60
"""Minimum time between two fetches of the keys that unknown key ids trigger, in seconds."""
CLOCK_SKEW = 10
"""Tolerance for the clock of a provider, in seconds."""
MAX_CREDENTIAL_LENGTH = 32 * 1024
MAX_NAME_LENGTH = 200
"""Maximum length of a cache key, in characters: caches have limits, and projects add a prefix."""
MAX_EXPIRY = 253_402_300_799
"""The end of the year 9999, in seconds since 1970."""

_ALGORITHMS = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES256K", "ES384", "ES512"),
    "OKP": ("EdDSA",),
}

LookupKey = Callable[[JSONObject, str], "VerificationKey | None"]


class VerificationKey(NamedTuple):
    """A public key with the algorithms for which it may be used.

    Attributes:
        key: A key of ``cryptography``.
        algorithms: Names of algorithms (RFC 7518, section 3.1).
    """

    key: Any
    algorithms: tuple[str, ...]


@sensitive_variables()
def verify_and_decode(
    *,
    credential: object,
    keys_url: str,
    issuer: str,
    audience: str | Iterable[str],
    lookup_kid: LookupKey,
    verify_signature: bool = True,
    any_party: bool = False,
) -> JSONObject:
    """Verify a token, and return its claims.

    Parameters:
        credential: The encoded token.
        keys_url: The URL at which the provider publishes its keys.
        issuer: The required ``iss``.
        audience: The client ids of the site, one of which ``aud`` must contain.
        lookup_kid: A function of the document at ``keys_url`` and a key id that returns the key.
        verify_signature: ``False`` only for a token that this process has just fetched from the
            token endpoint of the provider by TLS.
        any_party: Accept any authorized party (``azp``) if ``aud`` contains no client but those of
            the site.

    Raises:
        OAuth2Error: The token is not valid, or was used before.
        requests.RequestException: The keys could not be fetched.
    """
    import jwt

    if not isinstance(credential, str) or len(credential) > MAX_CREDENTIAL_LENGTH:
        raise OAuth2Error("Malformed token.")
    audiences = [audience] if isinstance(audience, str) else list(audience)
    try:
        if verify_signature:
            algorithm, key = fetch_key(credential, keys_url, lookup_kid)
        else:
            algorithm, key = _get_signed_header(credential)["alg"], None
        claims: JSONObject = jwt.decode(
            credential,
            key=key,
            algorithms=[algorithm],
            options={
                "verify_signature": verify_signature,
                "verify_aud": True,
                "verify_exp": True,
                "verify_iat": True,
                "verify_iss": True,
                "verify_nbf": True,
                "verify_sub": False,
                "require": ["aud", "exp", "iss", "sub"],
            },
            issuer=issuer,
            audience=audiences,
            leeway=CLOCK_SKEW,
        )
    # PyJWT fails on malformed members with various exceptions.
    except (jwt.PyJWTError, ArithmeticError, AttributeError, TypeError, ValueError) as error:
        raise OAuth2Error("The token is not valid.") from error
    _check_claims(claims, is_signed=verify_signature)
    _check_party(claims, audiences, any_party)
    if verify_signature and "jti" not in claims:
        _mark_used(claims["exp"], _make_cache_key("used", credential))
    verify_jti(claims)
    return claims


def _check_claims(claims: JSONObject, *, is_signed: bool) -> None:
    """Check types and times, which some releases of PyJWT do not.

    Raises ``OAuth2Error`` for a claim that is not valid.
    """
    subject, expiry, issued = claims["sub"], claims["exp"], claims.get("iat", 0)
    is_text = isinstance(subject, str) and bool(subject.strip())
    # Some servers send numbers, which are accepted only from the token endpoint itself.
    is_number = isinstance(subject, int) and not isinstance(subject, bool) and not is_signed
    if not is_text and not is_number:
        raise OAuth2Error("The token does not say whom it is about.")
    if isinstance(expiry, bool) or not isinstance(expiry, int | float):
        raise OAuth2Error("The token does not say when it expires.")
    if not time.time() < expiry <= MAX_EXPIRY:
        raise OAuth2Error("The token has expired.")
    if isinstance(issued, int | float) and issued > time.time() + CLOCK_SKEW:
        raise OAuth2Error("The token is from the future.")


def _check_party(claims: JSONObject, audiences: list[str], any_party: bool) -> None:
    """Raise ``OAuth2Error`` for a token of another party, even if it lists the site as audience."""
    named = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    is_only_for_us = all(audience in audiences for audience in named)
    party = claims.get("azp")
    if is_only_for_us and (party is None or any_party):
        return
    if party not in audiences:
        raise OAuth2Error("The token was made for another party.")


@sensitive_variables()
def fetch_key(credential: str, keys_url: str, lookup: LookupKey) -> tuple[str, Any]:
    """Return the algorithm that a token names, and the key that verifies its signature.

    The keys of the provider are cached. An unknown key id triggers a new fetch, at most once in
    ``REFETCH_INTERVAL`` seconds.

    Raises ``OAuth2Error`` if there is no such key, or if the key is not for the algorithm.
    """
    header = _get_signed_header(credential)
    kid, algorithm = header.get("kid"), header["alg"]
    if not isinstance(kid, str) or not kid:
        raise OAuth2Error("The token does not name the key it is signed with.")
    cached = get_cached_document(keys_url)
    found = lookup(load_document(keys_url) if cached is None else cached, kid)
    if found is None and cached is not None:
        keys = reload_document(keys_url, lambda: _may_refetch(keys_url))
        found = None if keys is None else lookup(keys, kid)
    if found is None:
        raise OAuth2Error("The token is signed with an unknown key.")
    if algorithm not in found.algorithms:
        raise OAuth2Error("The token is not signed in the way its key is meant for.")
    return algorithm, found.key


def _get_signed_header(credential: str) -> JSONObject:
    import jwt

    header: JSONObject = jwt.get_unverified_header(credential)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm.lower() == "none":
        raise OAuth2Error("The token is not signed.")
    return header


def lookup_kid_jwk(keys_data: JSONObject, kid: str) -> VerificationKey | None:
    """Return the key ``kid`` of a JWK set (RFC 7517).

    Symmetric keys, keys for encryption, and keys with an ambiguous id are ignored.
    """
    import jwt

    entries = keys_data.get("keys")
    found = [
        entry
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and entry.get("kid") == kid and entry.get("use") != "enc"
    ]
    if len(found) != 1:
        return None
    declared = found[0].get("alg")
    algorithms = _ALGORITHMS.get(str(found[0].get("kty")), ())
    if declared:
        algorithms = (declared,) if declared in algorithms else ()
    return VerificationKey(jwt.PyJWK(found[0]).key, algorithms) if algorithms else None


def lookup_kid_pem_x509_certificate(keys_data: JSONObject, kid: str) -> VerificationKey | None:
    """Return the key of the certificate ``kid``, in an object of certificates in PEM by id."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509 import load_pem_x509_certificate

    pem = keys_data.get(kid)
    if not isinstance(pem, str):
        return None
    key = load_pem_x509_certificate(pem.encode()).public_key()
    return VerificationKey(key, _ALGORITHMS["RSA" if isinstance(key, RSAPublicKey) else "EC"])


def verify_jti(data: JSONObject) -> None:
    """Mark a token with an id as used (RFC 7519, section 4.1.7).

    Raises ``OAuth2Error`` if the token was used before, or if the cache is unavailable.
    """
    issuer, token_id, expiry = (data.get(name) for name in ("iss", "jti", "exp"))
    if issuer is None or token_id is None or expiry is None:
        return
    if not isinstance(token_id, str):
        raise OAuth2Error("The token has a malformed id.")
    _mark_used(expiry, _get_jti_cache_key(issuer, token_id))


def _get_jti_cache_key(issuer: object, token_id: str) -> str:
    """Return the cache key of a used token, by default that of the published release.

    With the same key, no token can be used once before and once after a change of packages. A key
    that some caches refuse is replaced by its digest.
    """
    name = f"jwt:iss={issuer},jti={token_id}"
    is_plain = all("!" <= character <= "~" for character in name)
    return name if is_plain and len(name) <= MAX_NAME_LENGTH else _make_cache_key("used", name)


def _mark_used(expiry: float, cache_key: str) -> None:
    seconds = int(max(0, expiry - time.time())) + CLOCK_SKEW
    if not _claim(cache_key, seconds):
        raise OAuth2Error("The token was used before.")


def _may_refetch(keys_url: str) -> bool:
    return _claim(_make_cache_key("refetch", keys_url), REFETCH_INTERVAL)


def _make_cache_key(purpose: str, name: str) -> str:
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
    return f"allauth:socialaccount:jwt:{purpose}:{digest}"


def _claim(cache_key: str, seconds: int) -> bool:
    """Claim a cache key; ``False`` if it is taken or the cache is unavailable."""
    return bool(cache_or_none(take_once, cache_key, seconds))
