"""What is in the mails that were sent: codes and links."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.core import mail

_CODE = re.compile(r"^[A-Z0-9]{3,}(?:-[A-Z0-9]{3,})+$", re.MULTILINE)
_LINK = re.compile(r"https?://\S+")
_NEXT_LETTER = str.maketrans("BCDFGHJKLMNPQRSTVWXZ", "CDFGHJKLMNPQRSTVWXZB")


def read_body(index: int = -1) -> str:
    """Return the text of a mail of the outbox."""
    return str(mail.outbox[index].body)


def read_code(index: int = -1) -> str:
    """Return the code in a mail of the outbox."""
    return _find(_CODE, index)


def read_link(index: int = -1) -> str:
    """Return the first link in a mail of the outbox."""
    return _find(_LINK, index)


def read_path(index: int = -1) -> str:
    """Return the path of the first link in a mail of the outbox."""
    return urlsplit(read_link(index)).path


def _find(pattern: re.Pattern[str], index: int) -> str:
    found = pattern.search(read_body(index))
    assert found, read_body(index)
    return found[0]


def make_wrong(code: str) -> str:
    """Return another code of the same form."""
    return code.translate(_NEXT_LETTER)
