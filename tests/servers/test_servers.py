"""The middleware behind real servers: clients that leave, streams, crowds, other protocols."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any
from urllib.error import HTTPError
from urllib.request import build_opener

import pytest
from websockets.sync.client import connect

from allauth.core.async_support import ASYNC_CAPABLE
from tests.support.servers import Browser, Server, wait_for

pytestmark = pytest.mark.servers

# Django itself takes notice of a client that leaves only since 5.0.
notices_disconnects = pytest.mark.skipif(
    not ASYNC_CAPABLE, reason="before 5.0 Django takes no notice of a client that leaves"
)


def leave(server: Server, path: str, count: int) -> None:
    """Open ``count`` connections that ask for ``path``, and leave when their views run."""
    before = len(server.get_events())
    connections = [server.connect(path) for _ in range(count)]
    wait_for(lambda: server.get_events()[before:].count("slow started") == count)
    for connection in connections:
        connection.close()


@notices_disconnects
def test_view_is_cancelled_when_its_client_leaves(server: Server) -> None:
    before = len(server.get_events())

    leave(server, "/probe/slow/", count=3)

    cancelled = "slow cancelled with its own request"
    wait_for(lambda: server.get_events()[before:].count(cancelled) == 3)


def test_worker_serves_on_after_clients_left(server: Server) -> None:
    leave(server, "/probe/slow/", count=20)

    for path in ("/probe/sync_view/", "/probe/async_view/"):
        assert all(server.get_json(path)["seen"].values())
    assert server.get_json("/probe/events/")["bound"]


@pytest.mark.parametrize("view", ["sync_stream", "async_stream"])
def test_stream_arrives_whole(server: Server, view: str) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", f"/probe/{view}/")

    response = connection.getresponse()

    assert response.status == HTTPStatus.OK
    assert response.read() == b"0\n1\n2\n"


@notices_disconnects
def test_endless_stream_ends_with_its_client(server: Server) -> None:
    before = len(server.get_events())
    connection = server.connect("/probe/endless_stream/")
    received = b""
    while received.count(b"data: tick") < 3:
        received += connection.recv(4096)

    connection.close()

    wait_for(lambda: "stream closed" in server.get_events()[before:])


@pytest.mark.requirement("ATK-C26")
def test_parallel_requests_see_their_own(server: Server) -> None:
    async def main() -> list[Any]:
        return await asyncio.gather(
            *(server.fetch(f"/probe/echo/?marker={number}") for number in range(200))
        )

    for number, answer in enumerate(asyncio.run(main())):
        assert answer == {"markers": [str(number)], "users": [None], "messages": [str(number)]}


@pytest.mark.parametrize("color", ["sync", "async"])
def test_exceptions_of_views_are_answered(server: Server, color: str) -> None:
    opener = build_opener()

    with pytest.raises(HTTPError, match="418"):
        opener.open(server.get_url(f"/probe/{color}_immediate/"), timeout=60)
    with pytest.raises(HTTPError, match="500"):
        opener.open(server.get_url(f"/probe/{color}_error/"), timeout=60)
    assert all(server.get_json("/probe/async_view/")["seen"].values())


def test_signing_up_out_and_in(server: Server) -> None:
    browser = Browser(server)
    password = "correct horse 7 battery"

    browser.submit("/accounts/signup/", username="jane", password1=password, password2=password)
    assert '"jane"' in browser.open("/probe/whoami/")[1]
    assert browser.open("/accounts/")[0] == "/accounts/email/"

    browser.submit("/accounts/logout/")
    assert '"jane"' not in browser.open("/probe/whoami/")[1]
    assert browser.open("/accounts/")[0] == "/accounts/login/"

    assert browser.submit("/accounts/login/", login="jane", password="wrong") == "/accounts/login/"
    browser.submit("/accounts/login/", login="jane", password=password)
    assert '"jane"' in browser.open("/probe/whoami/")[1]


def test_reauthentication_leads_back(server: Server) -> None:
    browser = Browser(server)
    password = "correct horse 7 battery"
    browser.submit("/accounts/signup/", username="joan", password1=password, password2=password)

    path, _ = browser.open("/probe/async_reauthentication/")

    assert path == "/accounts/reauthenticate/?next=%2Fprobe%2Fasync_reauthentication%2F"


def test_websockets_pass_beside_requests(server: Server) -> None:
    with connect(f"ws://127.0.0.1:{server.port}/socket/") as socket:
        socket.send("before")
        assert socket.recv(timeout=60) == "before"
        assert all(server.get_json("/probe/async_view/")["seen"].values())
        socket.send("after")
        assert socket.recv(timeout=60) == "after"


def test_lifespan_passes(server: Server) -> None:
    if server.name == "daphne":
        pytest.skip("Daphne does not speak the lifespan protocol")

    assert server.get_events()[0] == "lifespan started"
