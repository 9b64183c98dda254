"""Real ASGI servers in processes of their own, and a client for them."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

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
        with urlopen(self.get_url(path), timeout=10) as response:
            return json.load(response)

    def get_events(self) -> list[str]:
        """What the views of the server noted so far."""
        return list(self.get_json("/probe/events/")["events"])

    def connect(self, path: str) -> socket.socket:
        """Send a request for ``path`` and leave the connection open."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
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


@contextmanager
def run_server(name: str, directory: Path) -> Iterator[Server]:
    """Run the server called ``name`` on a free port, with a database in ``directory``."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.projects.account_only.settings",
        "PYTHONPATH": str(ROOT),
        "TEST_DATABASE_URL": f"sqlite://{directory}/db.sqlite3",
    }
    migrate = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, env=environment, check=True, cwd=ROOT)
    port = _find_free_port()
    command = [argument.format(port=port) for argument in COMMANDS[name]]
    process = subprocess.Popen(
        [sys.executable, "-m", *command, APPLICATION], env=environment, cwd=ROOT
    )
    try:
        wait_for(lambda: _is_answering(process, port), timeout=30)
        yield Server(name, port, process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(condition: Callable[[], bool], timeout: float = 10) -> None:
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
