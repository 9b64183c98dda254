"""Visitors are compared in every respect that the tests rely on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import messages
from django.core import mail
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from tests.projects.probe_urls import open_to_all
from tests.support.middleware import build_urlconf
from tests.support.parity import Visitor, compare, get_shape, iterate_branches

pytestmark = pytest.mark.django_db
PAGE = "/page/"


def answer(request: HttpRequest) -> HttpResponse:
    """Answer in the way that the parameters ask for."""
    asked = request.GET
    response = HttpResponse(asked.get("body", ""), status=int(asked.get("status", 200)))
    if "header" in asked:
        response["X-Header"] = asked["header"]
    if "cookie" in asked:
        response.set_cookie(asked["cookie"], "value")
    if "message" in asked:
        messages.info(request, asked["message"])
    for number in range(int(asked.get("mails", 0))):
        mail.send_mail(f"Mail {number}", "", None, ["a@example.org"])
    if "session" in asked:
        request.session["number"] = int(asked["session"]) if asked["session"] else "none"
    if "key" in asked:
        request.session[asked["key"]] = 1
    return response


@pytest.fixture(autouse=True)
def _page(settings: Any) -> None:
    settings.ROOT_URLCONF = build_urlconf(path(PAGE[1:], open_to_all(answer)))


def look(visitor: Visitor, query: str) -> None:
    """Open the page with a query, so that visitors see something else."""
    visitor.get(f"{PAGE}?{query}")


@pytest.mark.parametrize(
    ("one", "other", "part"),
    [
        ("", "status=404", "status"),
        ("header=a", "header=b", "headers"),
        ("body=a", "body=b", "body"),
        ("cookie=a", "cookie=b", "cookies"),
        ("message=a", "message=b", "messages"),
        ("session=1", "session=", "session"),
        ("key=a", "key=b", "session"),
        ("key=a", "key=user_id", "session"),
        ("mails=1", "mails=2", "mails"),
    ],
)
def test_difference_in_any_part_is_found(
    client_factory: Callable[..., Client], one: str, other: str, part: str
) -> None:
    with pytest.raises(AssertionError) as caught:
        compare(client_factory, look, one, other)

    assert caught.value.args[0][:3] == (other, 0, part)
    # A message is in a cookie as well.
    ignored = ("messages", "cookies") if part == "messages" else (part,)
    compare(client_factory, look, one, other, ignored=ignored)


def test_further_answer_is_found(client_factory: Callable[..., Client]) -> None:
    def scenario(visitor: Visitor, identifier: str) -> None:
        for _ in range(int(identifier)):
            visitor.get(PAGE)

    with pytest.raises(AssertionError, match="'2', 1, 2"):
        compare(client_factory, scenario, "1", "2")


@pytest.mark.parametrize(
    ("identifier", "shown"),
    [("me@example.org", "me@example.org"), ("+31612345678", "%252B31612345678")],
)
def test_what_is_the_visitors_own_is_masked(
    client_factory: Callable[..., Client], identifier: str, shown: str
) -> None:
    def scenario(visitor: Visitor, own: str) -> None:
        text = shown if own == identifier else "nobody"
        visitor.get(f"{PAGE}?body={text}+{visitor.name}&header={text}&message={text}")

    visitors = compare(client_factory, scenario, identifier, "nobody")
    assert visitors[0].seen[0]["body"] == "? ?"
    assert visitors[0].seen[0]["messages"] == [("info", "?")]


def test_token_is_masked(client: Client) -> None:
    visitor = Visitor(client)
    visitor.get(f'{PAGE}?body=<input value="{"a" * 64}">')

    assert visitor.seen[0]["body"] == "<input >"


def test_shape_is_that_of_nested_values() -> None:
    shape = get_shape({"a": {"b": 1, "user_id": 2}, "c": None, "d": ["x"]})

    assert shape == {"a": {"b": "int"}, "c": "text or none", "d": "list"}
    assert get_shape("text") == get_shape(None)
    assert get_shape(1) != get_shape(True)


def test_branches_come_after_what_they_have_in_common(client: Client) -> None:
    pages: list[str] = []
    branches = [lambda *args, name=name: pages.append(name) for name in ("one", "other")]

    for scenario in iterate_branches(lambda *args: pages.append("begin"), branches):
        scenario(Visitor(client), "")

    assert pages == ["begin", "one", "begin", "other"]
