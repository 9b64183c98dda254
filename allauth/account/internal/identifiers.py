"""Usernames, email addresses and phone numbers, as people type them."""

from __future__ import annotations

import re
import unicodedata

MAX_IDENTIFIER_LENGTH = 1024
"""Nothing longer is looked up, whatever the columns hold."""


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_searchable(identifier: object) -> bool:
    """Tell whether a username, address or number can be handed to the database at all."""
    if not isinstance(identifier, str) or len(identifier) > MAX_IDENTIFIER_LENGTH:
        return False
    return not _UNSTORABLE.search(identifier)


def canonicalize_identifier(identifier: object) -> str:
    """Return one spelling for all that are taken for the same account."""
    return unicodedata.normalize("NFKC", str(identifier)[:1024]).strip().lower()
