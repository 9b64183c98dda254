"""Serves the library on a port of its own, in a thread of the demo."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, cast
from urllib.parse import urlsplit

from village_library.messages import Request, Response, read_parameters
from village_library.provider import Library, Site

HOST = "127.0.0.1"
MAX_BODY = 64 * 1024
FORM = "application/x-www-form-urlencoded"


class Server(ThreadingMixIn, TCPServer):
    """Listens; unlike ``http.server.HTTPServer`` it asks no name server what it is called."""

    allow_reuse_address = True
    daemon_threads = True
    library: Library


class Handler(BaseHTTPRequestHandler):
    """Takes a request to the library, and its answer back."""

    timeout = 10
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Serve a connection; browsers may close it at any time."""
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        """Serve a request."""
        library = cast(Server, self.server).library
        try:
            request = self._read()
        except ValueError as error:
            self._write(Response(f"{error}\n", "text/plain; charset=utf-8", 400), library.site)
        else:
            self._write(library.respond(request), library.site)

    do_POST = do_GET

    def _read(self) -> Request:
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 <= length <= MAX_BODY:
            raise ValueError("That is too long.")
        body = self.rfile.read(length).decode()
        is_form = self.headers.get_content_type() == FORM
        parts = urlsplit(self.path)
        return Request(
            method=self.command,
            path=parts.path,
            query=read_parameters(parts.query),
            form=read_parameters(body) if is_form else {},
            headers=self.headers,
        )

    def _write(self, response: Response, site: Site) -> None:
        body = response.body.encode()
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in {**build_safety_headers(site), **response.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Leave the console to the demo."""


def build_safety_headers(site: Site) -> dict[str, str]:
    """Keep answers out of caches and frames, and scripts out of pages."""
    targets = [urlsplit(uri) for uri in site.redirect_uris]
    origins = " ".join(f"{target.scheme}://{target.netloc}" for target in targets)
    policy = [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        # Browsers look at where the answer to a form leads, too.
        f"form-action 'self' {origins}",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "; ".join(policy),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


@contextmanager
def run_library(site: Site, port: int = 0) -> Iterator[Library]:
    """Run the library for ``site``; a free port is chosen unless one is given."""
    with Server((HOST, port), Handler) as server:
        server.library = Library(f"http://{HOST}:{server.server_address[1]}", site)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server.library
        finally:
            server.shutdown()
