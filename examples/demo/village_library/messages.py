"""What comes in and what goes out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.template import Context, Engine

PAGES = Path(__file__).parent / "pages"

_engine = Engine(dirs=[str(PAGES)])


@dataclass(frozen=True)
class Request:
    """What a browser, or the site, asks for."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: Message


@dataclass(frozen=True)
class Response:
    """What they are answered."""

    body: str
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def page(cls, template: str, status: int = 200, **context: Any) -> Response:
        """A page; what is put into it is escaped."""
        text = _engine.get_template(template).render(Context(context))
        return cls(text, status=status)

    @classmethod
    def json(cls, data: dict[str, Any], status: int = 200, **headers: str) -> Response:
        """An answer for programs."""
        return cls(json.dumps(data), "application/json", status, headers)

    @classmethod
    def redirect(cls, url: str, parameters: dict[str, str]) -> Response:
        """On to another place, by a GET request; parameters that are empty are left out."""
        query = urlencode({name: value for name, value in parameters.items() if value})
        return cls("", status=303, headers={"Location": f"{url}?{query}"})


def read_parameters(text: str) -> dict[str, str]:
    """The parameters in a query or in the body of a form.

    Raises ``ValueError`` if one is there twice, which OAuth forbids, or if there are very many.
    """
    pairs = parse_qsl(text, max_num_fields=50)
    parameters = dict(pairs)
    if len(parameters) < len(pairs):
        raise ValueError("A parameter is given more than once.")
    return parameters
