"""One face for both colors: Django's test client, and a twin on the asynchronous handler."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.client import AsyncClientHandler


class AsyncTwin(Client):
    """Django's ``Client``, except that requests go through the asynchronous handler.

    The event loop runs in a thread of its own, and whatever Django moves off the loop comes back
    to the thread of the test, hence to its database connection and transaction.
    """

    def __init__(
        self, enforce_csrf_checks: bool = False, raise_request_exception: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(enforce_csrf_checks, raise_request_exception, **kwargs)
        self.handler = _AsyncBridge(enforce_csrf_checks)


class _AsyncBridge:
    """Takes what Django's synchronous client composes to the handler of its asynchronous one."""

    def __init__(self, enforce_csrf_checks: bool) -> None:
        self.handler = AsyncClientHandler(enforce_csrf_checks)

    def __call__(self, environ: dict[str, Any]) -> HttpResponseBase:
        response: Any = async_to_sync(self.handler)(build_scope(environ))
        response.wsgi_request = response.asgi_request
        return response


CLIENTS: dict[str, type[Client]] = {"sync": Client, "async": AsyncTwin}


def build_scope(environ: dict[str, Any]) -> dict[str, Any]:
    """The ASGI scope of the request that a WSGI environment describes."""
    root_path = _decode(environ["SCRIPT_NAME"])
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": environ["wsgi.url_scheme"],
        "method": environ["REQUEST_METHOD"],
        "root_path": root_path,
        "path": root_path + _decode(environ["PATH_INFO"]),
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "headers": list(_iterate_headers(environ)),
        "client": [environ["REMOTE_ADDR"], 0],
        "server": [environ["SERVER_NAME"], environ["SERVER_PORT"]],
        "_body_file": environ["wsgi.input"],
    }


def _decode(text: str) -> str:
    return text.encode("latin-1").decode()


def _iterate_headers(environ: dict[str, Any]) -> Any:
    for key, value in environ.items():
        if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = key.removeprefix("HTTP_").replace("_", "-").lower()
            # Clients that have no cookie send no such header.
            if name != "cookie" or value:
                yield name.encode(), str(value).encode("latin-1")


def read_stream(response: StreamingHttpResponse) -> bytes:
    """The whole body of a streaming response, whichever color its iterator has."""
    if not response.is_async:
        return b"".join(response)

    async def read() -> bytes:
        return b"".join([chunk async for chunk in response])

    return async_to_sync(read)()
