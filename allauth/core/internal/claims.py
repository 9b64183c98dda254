"""Claims: of several requests that want the same thing, one gets it.

Both functions rest on one guarantee of the cache: ``add()`` sets a key only where there is none,
atomically for all processes, and the key then stays until its time is over. A cache that evicts
keys under memory pressure, or that each process has for itself, does not give it.
"""

from __future__ import annotations

from django.core.cache import cache


def take_once(cache_key: str, seconds: int) -> bool:
    """Use something up that can be used once.

    Parameters:
        cache_key: Names what is used up.
        seconds: For how long it is remembered that it was used.

    Returns ``False`` if it was used before.
    """
    return cache.add(cache_key, 1, timeout=seconds)


def claim(cache_key: str, seconds: int, *, owner: str = "") -> bool:
    """Claim something for a while; :func:`release` it once that is no longer needed.

    Parameters:
        cache_key: Names what is claimed.
        seconds: After how long the claim ends by itself, should its holder die.
        owner: Who claims it: the owner of a claim can claim it again.

    Returns ``False`` if somebody else has claimed it.
    """
    if cache.add(cache_key, owner, timeout=seconds):
        return True
    return bool(owner) and cache.get(cache_key) == owner


def release(*cache_keys: str) -> None:
    """End claims."""
    cache.delete_many(cache_keys)
