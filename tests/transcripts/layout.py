"""How a step of a transcript is written down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from tests.transcripts.places import mask_place
from tests.transcripts.recorder import ELEMENTS, Recorder
from tests.transcripts.shapes import iterate_shape

# What depends on texts, or on when the answer was given.
_MASKED_HEADERS = {"Content-Length": "<length>", "Expires": "<time>", "Date": "<time>"}
# Deep enough for what a stage of a login keeps.
_SESSION_DEPTH = 6
_JSON_DEPTH = 5


def iterate_answer(response: Any) -> Iterator[str]:
    """Iterate over lines about the response, without what is in a page."""
    yield f"page: {get_page_name(response)}"
    yield f"status: {response.status_code}"
    yield from _iterate_section("headers", _iterate_headers(response))
    yield from _iterate_section("cookies", _iterate_cookies(response))
    if response.headers.get("Content-Type") == "application/json":
        yield from _iterate_json(json.loads(response.content))


def _iterate_json(answer: Any) -> Iterator[str]:
    if isinstance(answer, dict) and "location" in answer:
        yield f"location: {mask_place(answer['location'])}"
    yield from iterate_shape(answer, "json", _JSON_DEPTH, "")


def get_page_name(response: Any) -> str:
    """Return the name of the URL that was asked for."""
    try:
        name = response.resolver_match.view_name
    except Exception:  # noqa: BLE001 - which one it is depends on the version of Django
        return "none"
    return name or "unnamed"


def _iterate_headers(response: Any) -> Iterator[str]:
    for name, value in sorted(response.items()):
        if name == "Location":
            yield f"  Location: {mask_place(value)}"
        else:
            yield f"  {name}: {_MASKED_HEADERS.get(name, value)}"


def _iterate_cookies(response: Any) -> Iterator[str]:
    for name, morsel in sorted(response.cookies.items()):
        is_deleted = morsel["max-age"] == 0
        attributes = [
            attribute if value is True else f"{attribute}={value}"
            for attribute, value in sorted(morsel.items())
            if value != "" and attribute != "expires"
        ]
        expires = ["expires"] if morsel["expires"] else []
        shown = "; ".join([*expires, *attributes])
        yield f"  {name}{' is deleted' if is_deleted else ''}: {shown}"


def iterate_page(recorder: Recorder) -> Iterator[str]:
    """Iterate over lines about what a page is made of."""
    elements = {name for name in recorder.templates if name.startswith(ELEMENTS)}
    yield from _iterate_section("templates", _indent(sorted(recorder.templates - elements)))
    if elements:
        names = (name.removeprefix(ELEMENTS).partition(".")[0] for name in sorted(elements))
        yield f"elements: {' '.join(names)}"
    yield from _iterate_section("context", _indent(recorder.context or ()))
    yield from _iterate_section("forms", recorder.iterate_forms())


def iterate_effects(recorder: Recorder, session: dict[str, Any]) -> Iterator[str]:
    """Iterate over lines about what came of a request."""
    yield from _iterate_section(
        "session",
        (
            line
            for name in sorted(session)
            for line in iterate_shape(session[name], name, _SESSION_DEPTH - 1)
        ),
    )
    yield from _iterate_section("events", _indent(recorder.events))
    yield f"statements: {recorder.statements}"
    yield from _iterate_section("mails", _iterate_mails(recorder))


def _iterate_mails(recorder: Recorder) -> Iterator[str]:
    for message in recorder.mails:
        alternatives = len(getattr(message, "alternatives", None) or ())
        recipients = ", ".join(message.recipients())
        headers = "".join(f", {name}" for name in sorted(message.extra_headers))
        yield (f"  to {recipients} from {message.from_email}, {alternatives} alternatives{headers}")
    for name in sorted(recorder.mail_templates):
        yield f"  by {name}"


def _indent(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield f"  {line}"


def _iterate_section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Iterate over the lines below their title, or over nothing if there are none."""
    found = list(lines)
    if found:
        yield f"{title}:"
        yield from found
