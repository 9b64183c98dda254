"""Outgoing HTTP: sessions of ``requests`` over one pooled transport per process.

Whatever a remote server does, a request ends: the answer is limited in size and in total time.
Redirects are followed only if they neither carry a secret on nor lead to another host. Import this
module when a request is about to be made, never at start-up.
"""

from __future__ import annotations

import io
import os
import time
from functools import cache
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import requests
from django.views.decorators.debug import sensitive_variables
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager, ProxyManager

from allauth.core.internal.types import JSONObject

if TYPE_CHECKING:
    from socket import socket

    from _typeshed import WriteableBuffer

DEFAULT_TIMEOUT = 5.0
"""Seconds to wait for a connection, or for the next part of an answer."""
TOTAL_TIME_FACTOR = 3
"""A whole answer may take this many times as long as the wait for one part of it."""
MAX_RESPONSE_BYTES = 2 * 1024 * 1024
"""Size beyond which an answer is rejected."""
MAX_IDLE_SECONDS = 30.0
"""Idle time after which a connection is replaced."""
MAX_REDIRECTS = 5
POOL_SIZE = 32
"""Number of hosts, and of connections to each, that are kept."""

JSON = TypeVar("JSON", JSONObject, list[Any])

_CHUNK_BYTES = 64 * 1024
_HARMLESS_HEADERS = {"accept", "accept-encoding", "connection", "user-agent"}


class UnusableResponse(requests.HTTPError):
    """An answer of a server that cannot be used.

    It is an error of ``requests``: projects that call providers themselves expect those.
    """


def build_session(*, timeout: float = DEFAULT_TIMEOUT) -> Session:
    """Return a session, to be used as a context manager, over the transport of the process.

    Parameters:
        timeout: Seconds for each wait of a request that names no time-out of its own.
    """
    return Session(timeout)


@sensitive_variables()
def read_json(response: requests.Response, expected: type[JSON] = dict) -> JSON:  # type: ignore[assignment]
    """Return the JSON that a server answered with.

    Parameters:
        response: The answer.
        expected: The type that the JSON must have: ``dict`` for an object, or ``list``.

    Raises:
        UnusableResponse: The answer has an error status or is not such JSON. The text names the
            status only: answers and URLs may hold secrets.
    """
    if response.status_code >= 400:
        text = f"The server answered with status {response.status_code}."
        raise UnusableResponse(text, response=response)
    try:
        data = response.json()
    except ValueError as error:
        raise UnusableResponse("The server did not answer with JSON.") from error
    if not isinstance(data, expected):
        raise UnusableResponse(f"The server did not answer with a {expected.__name__} in JSON.")
    return data


class Session(requests.Session):
    """A session with limits. Cookies are its own; connections are those of the process."""

    def __init__(self, timeout: float) -> None:
        super().__init__()
        self.timeout = timeout
        self.max_redirects = MAX_REDIRECTS
        for scheme in ("https://", "http://"):
            self.mount(scheme, _get_transport())

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request, with the time-out of the session unless it has one of its own."""
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self.timeout
        return super().send(request, **kwargs)

    @sensitive_variables()
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return the URL to follow a redirect to, or ``None``: nothing secret is ever sent on."""
        target = super().get_redirect_target(resp)
        if target is None or _may_hold_secret(resp.request):
            return None
        origin, destination = urlsplit(resp.request.url), urlsplit(target)
        is_same_host = destination.netloc in ("", origin.netloc)
        is_downgrade = origin.scheme == "https" and destination.scheme == "http"
        return target if is_same_host and not is_downgrade else None

    def close(self) -> None:
        """Leave the connections to the next session."""


def _may_hold_secret(request: requests.PreparedRequest) -> bool:
    return bool(
        request.method not in ("GET", "HEAD")
        or request.body
        or urlsplit(request.url).query
        or any(name.lower() not in _HARMLESS_HEADERS for name in request.headers)
    )


class _DeadlineReader(io.RawIOBase):
    """A reader of a socket that stops at the deadline, however small the parts are that arrive."""

    def __init__(self, raw: io.RawIOBase, sock: socket) -> None:
        self._raw = raw
        self._sock = sock
        self._timeout: float | None = sock.gettimeout()
        self._deadline = time.monotonic() + TOTAL_TIME_FACTOR * (self._timeout or DEFAULT_TIMEOUT)

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("The answer took too long.")
        self._sock.settimeout(min(self._timeout or DEFAULT_TIMEOUT, remaining))
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
            super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock))


class _IdleLimit:
    """A connection that the pool replaces if it was idle for long.

    Firewalls drop idle connections silently; the next request would wait for an answer in vain.
    """

    _used_at: float | None = None

    def getresponse(self, *args: object, **kwargs: object) -> Any:
        response = super().getresponse(*args, **kwargs)  # type: ignore[misc]
        self._used_at = time.monotonic()
        return response

    @property
    def is_connected(self) -> bool:
        is_stale = self._used_at is not None and time.monotonic() - self._used_at > MAX_IDLE_SECONDS
        return not is_stale and bool(super().is_connected)  # type: ignore[misc]


class _Connection(_IdleLimit, HTTPConnection):
    response_class = _TimedResponse


class _SecureConnection(_IdleLimit, HTTPSConnection):
    response_class = _TimedResponse


class _ConnectionPool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecureConnectionPool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOL_CLASSES = {"http": _ConnectionPool, "https": _SecureConnectionPool}


class _Transport(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOL_CLASSES

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(proxy, **kwargs)
        if isinstance(manager, ProxyManager):  # SOCKS proxies have connections of their own kind
            manager.pool_classes_by_scheme = _POOL_CLASSES
        return manager

    def send(
        self, request: requests.PreparedRequest, stream: bool = False, *args: Any, **kwargs: Any
    ) -> requests.Response:
        try:
            response = super().send(request, True, *args, **kwargs)
            if not stream:
                _read_body(response)
        except UnusableResponse:
            raise
        except requests.RequestException as error:
            raise _without_url(error) from None
        return response


@sensitive_variables()
def _read_body(response: requests.Response) -> None:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_RESPONSE_BYTES:
            response.close()
            raise UnusableResponse(f"The answer exceeds {MAX_RESPONSE_BYTES} bytes.")
    response._content = bytes(body)


@sensitive_variables()
def _without_url(error: requests.RequestException) -> requests.RequestException:
    """Return the same error with a text that leaves the URL out, whose query may hold a token."""
    cause = error.args[0] if error.args else error
    return type(error)(str(getattr(cause, "reason", None) or type(cause).__name__))


@cache
def _get_transport() -> _Transport:
    return _Transport(pool_connections=POOL_SIZE, pool_maxsize=POOL_SIZE)


if hasattr(os, "register_at_fork"):
    # A child must not write to the connections of its parent.
    os.register_at_fork(after_in_child=_get_transport.cache_clear)
