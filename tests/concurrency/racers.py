"""What those who take part in a race do, be it in a thread or in a process."""

from __future__ import annotations

import multiprocessing
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from html import unescape
from multiprocessing.pool import Pool
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connections
from django.test import override_settings

from tests.concurrency.stores import start_process

PARTICIPANTS = 6
WAIT = 180

_barrier: Any = None
_stores: list[tuple[dict[str, Any], str]] = []


class Answer(NamedTuple):
    """What came of a request."""

    status: int
    location: str
    errors: list[str]
    user: str | None


def post(color: str, session_key: str, path: str, data: dict[str, str]) -> Answer:
    """Post ``data`` in a session, at the same time as the others."""
    return _send("post", color, session_key, path, data)


def get(color: str, session_key: str, path: str) -> Answer:
    """Open a page in a session, at the same time as the others."""
    return _send("get", color, session_key, path)


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Do one of several things, at the same time as the others."""
    return function(*arguments)


def _send(method: str, color: str, session_key: str, path: str, *data: dict[str, str]) -> Answer:
    from tests.support.clients import CLIENTS
    from tests.support.sessions import read_session

    client = CLIENTS[color](raise_request_exception=False)
    if session_key:
        client.cookies[settings.SESSION_COOKIE_NAME] = session_key
    wait()
    response: Any = getattr(client, method)(path, *data)
    return Answer(
        status=response.status_code,
        location=response.headers.get("Location", ""),
        errors=list_errors(response),
        user=read_session(client).get("_auth_user_id"),
    )


def list_errors(response: Any) -> list[str]:
    """The codes of the errors whose texts are on the page; the traceback, if the view failed.

    What the test client says of templates and forms comes from all threads that render.
    """
    from allauth.account.adapter import get_adapter

    if response.status_code == 500 and response.exc_info:
        return traceback.format_exception(*response.exc_info)
    page = unescape(response.content.decode())
    return [code for code, text in get_adapter().error_messages.items() if str(text) in page]


def set_as_primary(pk: int) -> bool:
    """Make an address primary, at the same time as the others."""
    from allauth.account.models import EmailAddress

    address = EmailAddress.objects.select_related("user").get(pk=pk)
    wait()
    return address.set_as_primary()


def set_verified(pk: int) -> bool:
    """Verify an address, at the same time as the others."""
    from allauth.account.models import EmailAddress

    address = EmailAddress.objects.select_related("user").get(pk=pk)
    wait()
    return address.set_verified()


def use_token(token_id: str) -> bool:
    """Use a token of a provider, at the same time as the others; whether it was not used before."""
    from allauth.socialaccount.internal.jwtkit import verify_jti
    from allauth.socialaccount.providers.oauth2.client import OAuth2Error

    claims = {"iss": "https://op.example", "jti": token_id, "exp": time.time() + WAIT}
    wait()
    try:
        verify_jti(claims)
    except OAuth2Error:
        return False
    return True


def consume(key: str, rate: str) -> bool:
    """Use a limit, at the same time as the others."""
    wait()
    return consume_now(key, rate)


def consume_now(key: str, rate: str) -> bool:
    """Use a limit; whether it admits that."""
    from allauth.core.internal import ratelimit
    from tests.support.sessions import make_request

    request = make_request()
    config = {"race": rate}
    usage = ratelimit.consume(request, app="allauth.account", action="race", config=config, key=key)
    return usage is not None


def wait() -> None:
    """Wait for the others."""
    _barrier.wait(WAIT)


def race_in_threads(function: Callable[..., Any], arguments: list[tuple[Any, ...]]) -> list[Any]:
    """Call ``function`` with each of ``arguments`` at the same time, each in a thread."""
    use_barrier(threading.Barrier(len(arguments)))

    def run(one: tuple[Any, ...]) -> Any:
        try:
            return function(*one)
        except Exception:
            _barrier.abort()
            raise
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(arguments)) as executor:
        return list(executor.map(run, arguments))


def use_barrier(barrier: Any) -> None:
    """Make all wait at ``barrier``."""
    global _barrier  # noqa: PLW0603 - a process is handed it once, as it starts
    _barrier = barrier


class Processes:
    """Processes that take part in races."""

    def __init__(self, entry: dict[str, Any], cache_name: str) -> None:
        context = multiprocessing.get_context("spawn")
        self.barrier = context.Barrier(PARTICIPANTS)
        self.pool: Pool = context.Pool(PARTICIPANTS, _initialize, (entry, cache_name, self.barrier))

    def race(
        self, function: Callable[..., Any], arguments: list[tuple[Any, ...]], values: dict[str, Any]
    ) -> list[Any]:
        """Call ``function`` with each of ``arguments`` at the same time, each in a process."""
        assert len(arguments) == PARTICIPANTS
        if self.barrier.broken:
            self.barrier.reset()
        tasks = [(function, one, values) for one in arguments]
        return self.pool.map_async(_run, tasks, chunksize=1).get(WAIT)

    def stop(self) -> None:
        """End the processes."""
        self.pool.terminate()
        self.pool.join()


def _initialize(entry: dict[str, Any], cache_name: str, barrier: Any) -> None:
    use_barrier(barrier)
    _stores.append((entry, cache_name))


@cache
def _start() -> None:
    """Set Django up; not as the process starts, since a pool replaces processes that fail then."""
    start_process(*_stores[0])


def _run(task: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]) -> Any:
    function, arguments, values = task
    try:
        _start()
        from tests.support.pages import route_account_pages

        with override_settings(**values):
            route_account_pages(settings)
            return function(*arguments)
    except Exception as error:
        _barrier.abort()
        # Tracebacks do not travel between processes.
        raise RuntimeError(traceback.format_exc()) from error
    finally:
        connections.close_all()
