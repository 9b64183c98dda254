"""A small HTTP server whose answers a test decides, well-behaved or not."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlencode, urlsplit


@dataclass
class Request:
    """What a client asked for."""

    method: str
    host: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form-encoded body."""
        return {key: values[-1] for key, values in parse_qs(self.body.decode()).items()}

    @property
    def bearer(self) -> str:
        """The credential of the ``Authorization`` header."""
        return self.headers.get("authorization", "").partition(" ")[2]


ENDLESS = 300
"""Seconds for which a server keeps a client waiting that does not give up."""


@dataclass
class Reply:
    """What the server answers."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    is_endless: ClassVar[bool] = False
    """Whether the answer is not there before the client has given up."""

    @classmethod
    def json(cls, data: Any, status: int = 200, **headers: str) -> Reply:
        """An answer in JSON."""
        headers = {"Content-Type": "application/json", **headers}
        return cls(json.dumps(data).encode(), status, headers)

    @classmethod
    def redirect(cls, url: str, status: int = 302) -> Reply:
        """An answer that leads elsewhere."""
        return cls(status=status, headers={"Location": url})

    def send(self, handler: BaseHTTPRequestHandler) -> None:
        """Write the answer to the client."""
        handler.send_response(self.status)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(self.body)))
        handler.end_headers()
        handler.wfile.write(self.body)


class Reset(Reply):
    """The connection is closed without an answer."""

    def send(self, handler: BaseHTTPRequestHandler) -> None:
        handler.connection.shutdown(socket.SHUT_RDWR)


class Silence(Reply):
    """No byte of an answer arrives until the client gives up."""

    is_endless = True

    def send(self, handler: BaseHTTPRequestHandler) -> None:
        handler.connection.settimeout(ENDLESS)
        handler.connection.recv(1)


class Huge(Reply):
    """Megabytes of an answer that would be fine if it were shorter."""

    def send(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(b'{"padding": "')
        for _ in range(160):
            handler.wfile.write(b"x" * 65536)
        handler.wfile.write(b'"}')


class Drip(Reply):
    """An answer that never ends, one byte at a time; ``headers_too`` drips those as well."""

    is_endless = True

    def __init__(self, headers_too: bool = False) -> None:
        super().__init__()
        self.headers_too = headers_too

    def send(self, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        if not self.headers_too:
            handler.wfile.write(b"Content-Type: application/json\r\nConnection: close\r\n\r\n")
        deadline = time.monotonic() + ENDLESS
        while time.monotonic() < deadline:
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.01)


Route = Callable[[Request], Reply]


class IdentityProvider:
    """A server on a free port of the loopback interface, running within the ``with`` block.

    Routes are looked up by host and path, then by path alone. What ``override`` says wins over a
    route, for the given number of requests.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.routes: dict[str, Route] = {}
        self._overrides: dict[str, list[Reply]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def use_tls(self, certificate: Path) -> None:
        """Speak TLS from now on; ``certificate`` holds key and certificate in PEM."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.port}"

    def route(self, path: str, answer: Route | Reply) -> None:
        """Answer requests for ``path``, which may begin with a host: ``api.example.org/me``."""
        self.routes[path] = (lambda request: answer) if isinstance(answer, Reply) else answer

    def override(self, path: str, reply: Reply, times: int = 1) -> None:
        """Answer the next requests for ``path`` in another way."""
        self._overrides.setdefault(path, []).extend([reply] * times)

    def get_requests(self, path: str) -> list[Request]:
        """The requests for ``path`` so far."""
        return [request for request in self.requests if request.path == path]

    def forget(self) -> None:
        """Forget the requests and connections so far."""
        self.requests.clear()
        self.connections = 0

    def respond(self, request: Request) -> Reply:
        """The answer to ``request``."""
        with self._lock:
            self.requests.append(request)
            overrides = self._overrides.get(request.path)
            if overrides:
                return overrides.pop(0)
        for name in (request.host + request.path, request.path):
            if name in self.routes:
                return self.routes[name](request)
        return Reply.json({"error": "not_found"}, status=404)

    def count_connection(self) -> int:
        """Note that a client connected."""
        with self._lock:
            self.connections += 1
            return self.connections


def _make_handler(provider: IdentityProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Without this, delayed acknowledgements cost 40 ms per answer.
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            self.number = provider.count_connection()

        def handle(self) -> None:
            # The client may give up, and should.
            with contextlib.suppress(OSError):
                super().handle()

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = parse_qs(parts.query, keep_blank_values=True)
            reply = provider.respond(
                Request(
                    method=self.command,
                    host=self.headers.get("Host", ""),
                    path=parts.path,
                    query={key: values[-1] for key, values in query.items()},
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=body,
                    connection=self.number,
                )
            )
            reply.send(self)
            if type(reply) is not Reply:
                self.close_connection = True

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the output of the tests clean."""

    return Handler


def add_query(url: str, **params: str) -> str:
    """``url`` with ``params`` added to its query."""
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(params)}"
