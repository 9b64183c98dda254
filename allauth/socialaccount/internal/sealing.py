"""Encryption of tokens that a session stores."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from allauth.core.internal.types import JSONObject

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


@sensitive_variables()
def seal(data: JSONObject) -> str:
    """Encrypt ``data`` with a key derived from ``SECRET_KEY``.

    Neither the client nor a reader of the session store can use the data.
    """
    return _get_cipher().encrypt(json.dumps(data).encode()).decode()


@sensitive_variables()
def unseal(sealed: object) -> JSONObject | None:
    """Return the data that :func:`seal` encrypted, or ``None`` for malformed input."""
    from cryptography.fernet import InvalidToken

    if not isinstance(sealed, str):
        return None
    try:
        data = json.loads(_get_cipher().decrypt(sealed.encode()))
    except (InvalidToken, ValueError):
        return None
    return data if isinstance(data, dict) else None


def _get_cipher() -> MultiFernet:
    # The import of ``cryptography`` takes time and memory, and most sites never store a token.
    from cryptography.fernet import Fernet, MultiFernet

    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derive_key(secret)) for secret in secrets])


def _derive_key(secret: str | bytes) -> bytes:
    digest = salted_hmac("allauth.socialaccount.sealing", "", secret=secret, algorithm="sha256")
    return base64.urlsafe_b64encode(digest.digest())
