"""Usernames, email addresses and phone numbers, as users type them."""

from __future__ import annotations

import re
import unicodedata

MAX_IDENTIFIER_LENGTH = 1024
"""Longer identifiers are not looked up, whatever the columns hold."""


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_searchable(identifier: object) -> bool:
    """Return whether the database can be searched for a username, email address or phone number."""
    if not isinstance(identifier, str) or len(identifier) > MAX_IDENTIFIER_LENGTH:
        return False
    return not _UNSTORABLE.search(identifier)


def canonicalize_identifier(identifier: object) -> str:
    """Return the same spelling for all identifiers that belong to the same account."""
    return unicodedata.normalize("NFKC", str(identifier)[:1024]).strip().lower()
