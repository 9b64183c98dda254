"""A server that sends every line back, for clients to hold connections to."""

from __future__ import annotations

from contextlib import suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any


class EchoServer(ThreadingTCPServer):
    """Listens on a free port, and keeps the lines of each connection in ``connections``."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port = int(self.server_address[1])
        self.connections: list[list[str]] = []


class _Handler(StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        lines: list[str] = []
        self.server.connections.append(lines)
        with suppress(ConnectionError):  # clients may leave before they have read everything
            for line in self.rfile:
                lines.append(line.decode().removesuffix("\n"))
                self.wfile.write(line)
