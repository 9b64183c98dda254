# ruff: noqa: RUF001  (this module is about letters that look alike)
"""Usernames that look like another one."""

from __future__ import annotations

import unicodedata

# Letters, and the Latin letters that they look like, in the case in which they do.
_LOOKALIKES = (
    # Cyrillic
    ("АВЕЅІЈКМНОРСТУХҺԌԜ", "ABESIJKMHOPCTYXHGW"),
    ("асԁеһіјӏорԛѕуѵхԝ", "acdehijlopqsyvxw"),
    # Greek
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"),
    ("αγικνορυχϲϳ", "ayikvopuxcj"),
    # Latin itself
    ("ıȷɑɡɩ", "ijagi"),
)
_TO_LATIN = {
    ord(letter): latin
    for letters, latin_letters in _LOOKALIKES
    for letter, latin in zip(letters, latin_letters, strict=True)
}
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_COMBINING_DOT_ABOVE = "\u0307"


def get_username_skeleton(username: str) -> str:
    """Return the skeleton of a username: names with the same skeleton look alike.

    Compatibility characters and case are folded, invisible characters are dropped, and Cyrillic and
    Greek letters become the Latin ones that they resemble
    (https://www.unicode.org/reports/tr39/#Confusable_Detection, for the scripts that matter most).
    """
    visible = "".join(
        character
        for character in unicodedata.normalize("NFKC", username)
        if not _is_invisible(character)
    )
    folded = visible.translate(_TO_LATIN).casefold()
    # Folding turns the capital I with a dot into this pair.
    return folded.replace(f"i{_COMBINING_DOT_ABOVE}", "i")


def _is_invisible(character: str) -> bool:
    return (
        character in _INVISIBLE
        or unicodedata.category(character) == "Cf"
        or "\ufe00" <= character <= "\ufe0f"
    )
