"""Claims on email addresses and phone numbers, while an account is made or changed.

No database constraint guards an email address that is not verified yet. On some databases none
guards a verified one either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from allauth.core.internal.claims import claim, release

_CLAIM_SECONDS = 10


def claim_identifier(identifier: str, owner: str = "") -> bool:
    """Claim an email address or phone number for some seconds; of parallel requests one gets it.

    Parameters:
        identifier: The address or number.
        owner: The holder of the claim, who can claim the same identifier again.
    """
    return claim(_get_claim_key(identifier), _CLAIM_SECONDS, owner=owner)


def _get_claim_key(identifier: str) -> str:
    digest = hashlib.sha256(identifier.lower().encode("utf-8", "surrogatepass")).hexdigest()
    return f"allauth:account:signup:{digest}"


@contextmanager
def claim_identifiers(*identifiers: str) -> Iterator[str | None]:
    """Claim ``identifiers`` while an account is made; yield the one that is claimed already."""
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
        # From now on the stored account shows that they are taken.
        release(*(_get_claim_key(identifier) for identifier in claimed))
