"""Hooks of the account adapter, as ``async def``, behind real servers.

Every hook talks over one connection that the process keeps for its lifetime. Such a connection
belongs to the event loop it was opened on: it serves all hooks only if that is the one loop there
is, the loop of the server.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.projects.async_hooks.client import LoopBoundClient
from tests.projects.custom_hooks.adapters import HOOKS
from tests.servers.echo import EchoServer
from tests.support.servers import Browser, Server, run_server

pytestmark = pytest.mark.servers

PHONE = "+31612345678"
OTHER_PHONE = "+31687654321"
PASSWORD = "quiet otters 9 lanterns"
CHANGED_PASSWORD = "changed 5 words"

# Hooks that a site which mails links has no use for, and one that mails codes.
NOT_BY_LINK = {"generate_email_verification_code", "generate_password_reset_code"}
NOT_BY_CODE = {
    "get_email_confirmation_url",
    "get_reset_password_from_key_url",
    "send_password_reset_mail",
}


@pytest.fixture
def echo_server() -> Iterator[EchoServer]:
    """An echo server that is running."""
    with EchoServer() as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Visitor(Browser):
    """Reads what the site sends, and does what it asks for there.

    Parameters:
        server: A server of the project ``async_hooks``.
        by_code: Whether mails hold codes where they could hold links.
    """

    def __init__(self, server: Server, by_code: bool) -> None:
        super().__init__(server)
        self.by_code = by_code

    def read_journal(self) -> Any:
        """What the site noted so far."""
        return self.server.get_json("/journal/")

    def read_mailed_code(self) -> str:
        """The code in the mail that was sent last."""
        return self._search_last_mail(r"^\w{4}-\w{4}$")[0]

    def read_mailed_link(self) -> str:
        """The path of the link in the mail that was sent last."""
        return self._search_last_mail(f"^{self.server.get_url('')}(/.+)$")[1]

    def _search_last_mail(self, pattern: str) -> re.Match[str]:
        body = self.read_journal()["mails"][-1]
        found = re.search(pattern, body, re.MULTILINE)
        assert found is not None, body
        return found

    def verify_email(self) -> None:
        """Prove that the address which was mailed last is one's own."""
        if self.by_code:
            self.submit("/accounts/confirm-email/", code=self.read_mailed_code())
        else:
            self.submit(self.read_mailed_link())

    def verify_phone(self) -> str:
        """Prove that the number which was texted last is one's own; return where that leads."""
        code = self.read_journal()["texts"][-1]["code"]
        return self.submit("/accounts/phone/verify/", code=code)

    def reset_password(self, email: str) -> None:
        """Choose a new password without knowing the one before."""
        self.submit("/accounts/password/reset/", email=email)
        if self.by_code:
            code = self.read_mailed_code()
            page = self.submit("/accounts/password/reset/confirm/", code=code)
        else:
            page, _ = self.open(self.read_mailed_link())
        self.submit(page, password1=PASSWORD, password2=PASSWORD)

    def sign_up(self, **fields: str) -> str:
        """Sign up; return the path where that leads."""
        return self.submit("/accounts/signup/", password1=PASSWORD, **fields)

    def log_in(self, login: str, password: str = PASSWORD) -> str:
        """Log in by password; return the path where that leads."""
        return self.submit("/accounts/login/", login=login, password=password)

    def log_out(self) -> None:
        """Log out."""
        self.submit("/accounts/logout/")
        assert not self.is_logged_in()

    def is_logged_in(self) -> bool:
        """Tell whether the site knows who this is."""
        return self.open("/probe/whoami/")[1] != '{"username": ""}'


def keep_an_account(visitor: Visitor) -> None:
    """Sign up, and change everything there is to change."""
    visitor.sign_up(username="", email="me@example.org", phone=PHONE)
    assert visitor.verify_phone() == "/accounts/confirm-email/"
    visitor.verify_email()
    assert visitor.is_logged_in()
    visitor.submit(
        "/accounts/password/change/",
        oldpassword=PASSWORD,
        password1=CHANGED_PASSWORD,
        password2=CHANGED_PASSWORD,
    )
    question = visitor.submit("/accounts/email/", action_add="", email="two@example.org")
    assert question.startswith("/accounts/reauthenticate/")
    visitor.submit(question, password=CHANGED_PASSWORD)
    visitor.verify_email()
    visitor.submit("/accounts/email/", action_primary="", email="two@example.org")
    visitor.submit("/accounts/email/", action_remove="", email="me@example.org")
    _, page = visitor.open("/accounts/email/")
    assert "two@example.org" in page
    assert "me@example.org" not in page
    visitor.submit("/accounts/phone/change/", phone=OTHER_PHONE)
    visitor.verify_phone()
    visitor.log_out()


def come_back(visitor: Visitor) -> None:
    """Log in in every way there is."""
    assert visitor.log_in("two@example.org", "wrong") == "/accounts/login/"
    visitor.open("/accounts/login/", Accept="application/json")
    visitor.reset_password("two@example.org")
    visitor.log_in(OTHER_PHONE)
    assert visitor.is_logged_in()
    visitor.log_out()
    visitor.submit("/accounts/login/code/", email="two@example.org")
    visitor.submit("/accounts/login/code/confirm/", code=visitor.read_mailed_code())
    assert visitor.is_logged_in()
    visitor.log_out()
    visitor.submit("/accounts/login/code/", phone=OTHER_PHONE)
    code = visitor.read_journal()["texts"][-1]["code"]
    visitor.submit("/accounts/login/code/confirm/", code=code)
    assert visitor.is_logged_in()
    visitor.log_out()


def knock_in_vain(visitor: Visitor) -> None:
    """Ask for what there is not, and sign up with what is taken."""
    visitor.submit("/accounts/password/reset/", email="nobody@example.org")
    visitor.submit("/accounts/login/code/", email="nobody@example.org")
    visitor.cookies.clear()
    visitor.submit("/accounts/login/code/", phone="+31600000000")
    visitor.cookies.clear()
    visitor.sign_up(username="x", email="two@example.org")
    visitor.cookies.clear()
    visitor.sign_up(username="y", email="y@example.org", phone=OTHER_PHONE)
    visitor.cookies.clear()
    visitor.sign_up(username="z", email="z@example.org")
    visitor.verify_email()
    visitor.log_out()
    visitor.open("/deactivate/z/")
    assert visitor.log_in("z") == "/accounts/inactive/"


def call_what_no_page_calls(server: Server) -> None:
    """Call the remaining hooks in many requests at the same time."""

    async def main() -> list[Any]:
        return await asyncio.gather(*(server.fetch("/uncalled/") for _ in range(20)))

    assert all(answer["key"] for answer in asyncio.run(main()))


@pytest.mark.parametrize(
    ("variables", "left_out"),
    [({}, NOT_BY_LINK), ({"TEST_BY_CODE": "1"}, NOT_BY_CODE)],
    ids=["by_link", "by_code"],
)
def test_every_async_hook_runs_on_the_loop_of_the_server(
    server_name: str,
    variables: dict[str, str],
    left_out: set[str],
    echo_server: EchoServer,
    tmp_path: Path,
) -> None:
    variables = {"TEST_ECHO_PORT": str(echo_server.port), **variables}
    with run_server(server_name, tmp_path, "async_hooks", **variables) as server:
        visitor = Visitor(server, by_code="TEST_BY_CODE" in variables)
        keep_an_account(visitor)
        come_back(visitor)
        knock_in_vain(visitor)
        call_what_no_page_calls(server)
        journal = visitor.read_journal()

    (server_loop,) = journal["server_loops"]
    (connection,) = echo_server.connections
    assert {name for name, _ in journal["calls"]} == set(HOOKS) - left_out
    assert {loop for _, loop in journal["calls"]} == {server_loop}
    assert len(connection) == len(journal["calls"])


def test_client_fails_on_a_second_loop(echo_server: EchoServer) -> None:
    client = LoopBoundClient(echo_server.port)

    with asyncio.Runner() as first, asyncio.Runner() as second:
        assert first.run(client.ask("one")) == "one"
        with pytest.raises(RuntimeError, match="loop"):
            second.run(client.ask("two"))
        first.run(client.close())

    assert len(echo_server.connections) == 1
