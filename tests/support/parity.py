"""What visitors get to see, compared between visitors.

Nobody may learn from outside which addresses and phone numbers have an account. So the same is done
with several identifiers, one known, one unknown and so on; what a visitor sees of each answer is
noted, and has to be the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import time_machine
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.cache import cache
from django.test import Client

from tests.support.clocks import NOW
from tests.support.pages import EMAIL, LOGIN, LOGOUT, RESET, SIGNUP, list_messages
from tests.support.sessions import read_session

# What is in the values of the session of the server, and not in what the visitor can read.
UNSEEN = {
    "account_already_exists",
    "auth_hash",
    "pretended_signup",
    "signal_kwargs",
    "user_id",
}
_NAMES = "visitor"
_TOKEN = re.compile(r'value="[A-Za-z0-9]{64}"')


class Visitor:
    """Notes what is to be seen of each answer, without what is random or the visitor's own.

    Parameters:
        client: The client of the visitor.
        own: What the visitor types in, which differs between visitors that are compared.
        name: The username of the account that the visitor makes or has.

    Attributes:
        own: What the visitor types in; masked in what is noted.
        seen: For each answer, what was to be seen of it by the name of the part.
    """

    def __init__(self, client: Client, *own: str, name: str = "") -> None:
        self.client = client
        self.name = name
        self.own = [text for text in (*own, name) if text]
        self.seen: list[dict[str, Any]] = []
        self._mails = len(mail.outbox)

    def get(self, page: str) -> Any:
        """Open a page, note what it looks like, and return the response."""
        return self.note(self.client.get(page))

    def post(self, page: str, **fields: Any) -> Any:
        """Post a form, note what comes of it, and return the response."""
        return self.note(self.client.post(page, fields))

    def note(self, response: Any) -> Any:
        """Note what is to be seen of a response, and return it."""
        self.seen.append(
            {
                "status": response.status_code,
                "headers": {
                    name: self._mask(value)
                    for name, value in response.items()
                    if name not in ("Content-Length", "Expires")
                },
                "cookies": sorted(response.cookies),
                "body": self._mask(response.content.decode()),
                "messages": [(level, self._mask(text)) for level, text in list_messages(response)],
                "session": {
                    key: get_shape(value) for key, value in read_session(self.client).items()
                },
                "mails": len(mail.outbox) - self._mails,
            }
        )
        return response

    def _mask(self, text: str) -> str:
        for own in self.own:
            text = text.replace(own, "?").replace(own.replace("+", "%2B"), "?")
        return _TOKEN.sub("", text)


def get_shape(value: Any) -> Any:
    """Return the keys and kinds of a value that a session holds."""
    if isinstance(value, dict):
        return {key: get_shape(item) for key, item in sorted(value.items()) if key not in UNSEEN}
    if value is None or isinstance(value, str):
        # Whether there is a user is what must not show.
        return "text or none"
    return type(value).__name__


Scenario = Callable[[Visitor, str], object]


def compare(
    client_factory: Callable[..., Client],
    scenario: Scenario,
    *identifiers: str,
    ignored: tuple[str, ...] = (),
) -> list[Visitor]:
    """Do the same with each identifier, see to it that it looks the same, and return the visitors.

    Parameters:
        client_factory: Makes the clients.
        scenario: Function that is called with a visitor and an identifier. Accounts with the name
            of the visitor are removed before the next one comes.
        identifiers: The addresses, numbers or names.
        ignored: Parts of what is noted that may differ.
    """
    visitors = []
    for number, identifier in enumerate(identifiers):
        cache.clear()
        get_user_model().objects.filter(username__startswith=_NAMES).delete()
        visitor = Visitor(client_factory(), identifier, name=f"{_NAMES}{number}")
        with time_machine.travel(NOW, tick=False):
            scenario(visitor, identifier)
        visitors.append(visitor)
    for visitor, identifier in zip(visitors, identifiers, strict=True):
        difference = find_difference(visitors[0].seen, visitor.seen, ignored)
        assert difference is None, (identifier, *difference)
    return visitors


def find_difference(
    expected: list[dict[str, Any]], seen: list[dict[str, Any]], ignored: tuple[str, ...] = ()
) -> tuple[Any, ...] | None:
    """Return the first difference: the number of the answer, the part, and both values of it."""
    if len(expected) != len(seen):
        return len(expected), len(seen)
    for number, (one, other) in enumerate(zip(expected, seen, strict=True)):
        for part in one:
            if part not in ignored and one[part] != other[part]:
                return number, part, one[part], other[part]
    return None


def iterate_branches(begin: Scenario, branches: list[Scenario]) -> Iterator[Scenario]:
    """Yield a scenario for each branch, after what comes before all of them."""
    for branch in branches:

        def run(visitor: Visitor, identifier: str, branch: Scenario = branch) -> None:
            begin(visitor, identifier)
            branch(visitor, identifier)

        yield run


def follow_code_page(page: str, *others: str) -> list[Scenario]:
    """Return what can be done on the page that takes a code, but for asking for another one."""

    def look(visitor: Visitor, identifier: str) -> None:
        visitor.get(page)
        visitor.get(f"{page}?next=/on/")

    def guess(visitor: Visitor, identifier: str) -> None:
        for code in ("BCDF-GHJK", "", "é" * 300):
            visitor.post(page, code=code)
            visitor.get(page)
        visitor.post(page, code="bcdfghjk")
        visitor.get(LOGIN)

    def wait(visitor: Visitor, identifier: str) -> None:
        with time_machine.travel(NOW + 899, tick=False):
            visitor.get(page)
        with time_machine.travel(NOW + 901, tick=False):
            visitor.post(page, code="BCDF-GHJK")
            visitor.get(page)
            visitor.get(LOGIN)

    def cancel(visitor: Visitor, identifier: str) -> None:
        visitor.post(LOGOUT, next=LOGIN)
        visitor.get(page)
        visitor.get(LOGIN)

    def stray(visitor: Visitor, identifier: str) -> None:
        for other in (LOGIN, SIGNUP, EMAIL, RESET, *others):
            visitor.get(other)

    return [look, guess, wait, cancel, stray]


def ask_again(page: str) -> Scenario:
    """Return what asks for another code until no more is sent.

    Whether one is sent may differ: who reads it has the mailbox, which is not the visitor's.
    """

    def resend(visitor: Visitor, identifier: str) -> None:
        for _ in range(4):
            visitor.post(page, action="resend")
            visitor.get(page)
        visitor.post(page, code="BCDF-GHJK")

    return resend
