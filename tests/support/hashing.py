"""Passwords of users, and how often they are hashed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import hashers


class CountingHasher(hashers.MD5PasswordHasher):
    """Counts how often a password is hashed."""

    algorithm = "counting_md5"
    count = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).count += 1
        return super().encode(password, salt)


@contextmanager
def count_hashes() -> Iterator[Callable[[], int]]:
    """Gives a function that says how many passwords were hashed since the block began."""
    start = CountingHasher.count
    yield lambda: CountingHasher.count - start


def use_counting_hasher(settings: Any) -> None:
    """Have passwords hashed by :class:`CountingHasher` from here on."""
    settings.PASSWORD_HASHERS = [f"{CountingHasher.__module__}.{CountingHasher.__qualname__}"]


def has_password(user: Any, password: str) -> bool:
    """Return whether the user has this password by now."""
    user.refresh_from_db()
    return bool(user.check_password(password))
