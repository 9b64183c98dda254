"""Proof Key for Code Exchange (RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import secrets

from django.views.decorators.debug import sensitive_variables

from allauth.socialaccount.internal.types import QueryParams


@sensitive_variables()
def generate_code_challenge() -> QueryParams:
    """Return a random verifier of 128 characters with its challenge.

    The members are ``code_verifier``, and ``code_challenge`` and ``code_challenge_method`` for the
    authorization URL. The challenge is ``bytes``.
    """
    verifier = secrets.token_urlsafe(96)
    digest = hashlib.sha256(verifier.encode()).digest()
    return {
        "code_verifier": verifier,
        "code_challenge_method": "S256",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"="),
    }
