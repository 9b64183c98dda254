"""Claims on email addresses and phone numbers, while an account is made or changed.

No database constraint guards an address that is not verified yet, and on some databases not even
one that is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from allauth.core.internal.claims import claim, release

_CLAIM_SECONDS = 10


def claim_identifier(identifier: str, owner: str = "") -> bool:
    """Claim an address or number for some seconds; of two who want it at once, one gets it.

    Parameters:
        owner: Who claims it: the owner of a claim can claim it again.
    """
    return claim(_get_claim_key(identifier), _CLAIM_SECONDS, owner=owner)


def _get_claim_key(identifier: str) -> str:
    digest = hashlib.sha256(identifier.lower().encode("utf-8", "surrogatepass")).hexdigest()
    return f"allauth:account:signup:{digest}"


@contextmanager
def claim_identifiers(*identifiers: str) -> Iterator[str | None]:
    """Claim ``identifiers`` while an account is made; gives the one that somebody else claimed."""
    claimed = []
    taken = None
    for identifier in identifiers:
        if not claim_identifier(identifier):
            taken = identifier
            break
        claimed.append(identifier)
    try:
        yield taken
    finally:
        # From then on the account itself says that they are taken.
        release(*(_get_claim_key(identifier) for identifier in claimed))
