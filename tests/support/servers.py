"""Real ASGI servers in processes of their own, and a client for them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener, urlopen

APPLICATION = "tests.servers.application:application"
ROOT = Path(__file__).parents[2]

COMMANDS: dict[str, list[str]] = {
    "daphne": ["daphne", "--bind", "127.0.0.1", "--port", "{port}"],
    "uvicorn": ["uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--log-level", "warning"],
    "hypercorn": ["hypercorn", "--bind", "127.0.0.1:{port}"],
    "granian": ["granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", "{port}"],
}


class Server:
    """A running server."""

    def __init__(self, name: str, port: int, process: subprocess.Popen[bytes]) -> None:
        self.name = name
        self.port = port
        self.process = process

    def get_url(self, path: str) -> str:
        """The absolute URL of ``path``."""
        return f"http://127.0.0.1:{self.port}{path}"

    def get_json(self, path: str) -> Any:
        """The JSON that ``path`` answers with."""
        with urlopen(self.get_url(path), timeout=60) as response:
            return json.load(response)

    def get_events(self) -> list[str]:
        """What the views of the server noted so far."""
        return list(self.get_json("/probe/events/")["events"])

    def connect(self, path: str) -> socket.socket:
        """Send a request for ``path`` and leave the connection open."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        return connection

    async def fetch(self, path: str) -> Any:
        """Request ``path`` over a connection of its own and return the JSON it answers with."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise AssertionError(head.decode())
        return json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])


class Browser:
    """Keeps cookies and fills in forms."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cookies = CookieJar()
        self.opener: OpenerDirector = build_opener(HTTPCookieProcessor(self.cookies))

    def open(self, path: str, data: bytes | None = None, **headers: str) -> tuple[str, str]:
        """The path where a request ends up, and the page there."""
        request = Request(self.server.get_url(path), data, headers)
        try:
            response = self.opener.open(request, timeout=60)
        except HTTPError as error:  # the page after signing in is the project's, which has none
            response = error
        with response:
            url = response.geturl().removeprefix(self.server.get_url(""))
            page = response.read().decode()
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise AssertionError(f"{url} is answered by {response.status}: {page}")
        return url, page

    def submit(self, path: str, **fields: str) -> str:
        """Fill in the form at ``path``; return the path where that leads."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.open(path)[1])
        assert token is not None
        fields["csrfmiddlewaretoken"] = token[1]
        return self.open(path, urlencode(fields).encode())[0]


@contextmanager
def run_server(
    name: str, directory: Path, project: str = "account_only", **variables: str
) -> Iterator[Server]:
    """Run the server called ``name`` on a free port, with a database in ``directory``.

    Parameters:
        project: Which of ``tests/projects`` it serves.
        variables: Further variables of its environment.
    """
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": f"tests.projects.{project}.settings",
        "PYTHONPATH": str(ROOT),
        "TEST_DATABASE_URL": f"sqlite://{directory}/db.sqlite3",
        **variables,
    }
    migrate = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, env=environment, check=True, cwd=ROOT)
    port = _find_free_port()
    command = [argument.format(port=port) for argument in COMMANDS[name]]
    process = subprocess.Popen(
        [sys.executable, "-m", *command, APPLICATION], env=environment, cwd=ROOT
    )
    try:
        wait_for(lambda: _is_answering(process, port), timeout=60)
        yield Server(name, port, process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(condition: Callable[[], bool], timeout: float = 60) -> None:
    """Wait until ``condition`` holds; fail if it does not within ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} seconds: {condition}")
        time.sleep(0.02)


def _find_free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _is_answering(process: subprocess.Popen[bytes], port: int) -> bool:
    if process.poll() is not None:
        raise AssertionError(f"the server ended with {process.returncode}")
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
