"""Claims: of several requests that want the same thing, one gets it.

All functions rest on one guarantee of the cache: ``add()`` sets a key only if it is absent,
atomically for all processes, and the key then stays until it expires. A cache that evicts keys
under memory pressure, or that is separate for each process, does not give this guarantee.
"""

from __future__ import annotations

from django.core.cache import cache


def take_once(cache_key: str, seconds: int) -> bool:
    """Use up something that can be used once.

    Parameters:
        cache_key: The name of the thing.
        seconds: The time for which the use is remembered.

    Returns ``False`` if it was used before.
    """
    return cache.add(cache_key, 1, timeout=seconds)


def claim(cache_key: str, seconds: int, *, owner: str = "") -> bool:
    """Claim something for a while; call :func:`release` once the claim is no longer needed.

    Parameters:
        cache_key: The name of the thing.
        seconds: The time after which the claim ends by itself, should its holder die.
        owner: The holder of the claim, who can claim the same thing again.

    Returns ``False`` if there is a claim of another owner.
    """
    if cache.add(cache_key, owner, timeout=seconds):
        return True
    return bool(owner) and cache.get(cache_key) == owner


def release(*cache_keys: str) -> None:
    """End claims."""
    cache.delete_many(cache_keys)
