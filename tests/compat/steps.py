"""What the tests of swapping the packages do again and again."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest

MARKS = [
    pytest.mark.compat,
    pytest.mark.skipif(
        not os.environ.get("ALLAUTH_PUBLISHED_PYTHON"),
        reason="needs a Python with the published release, named in ALLAUTH_PUBLISHED_PYTHON",
    ),
]
PASSWORD = "correct horse 7 battery"


def find_path(answer: dict[str, Any]) -> str:
    """The path of the link in the mail that an answer caused."""
    (mail,) = answer["mails"]
    return str(re.search(r"http://[^/]+(/\S+)", mail)[1])  # type: ignore[index]


def find_code(answer: dict[str, Any]) -> str:
    """The code in the mail that an answer caused."""
    (mail,) = answer["mails"]
    return str(re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", mail)[0])  # type: ignore[index]


def post(path: str, **data: Any) -> dict[str, Any]:
    """A request with a form."""
    return {"path": path, "data": data}
