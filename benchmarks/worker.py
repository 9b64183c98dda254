"""Runs one flow many times under whichever package its interpreter has, and prints what it took.

Usage: ``python worker.py {wsgi,asgi} FLOW REPETITIONS``, from the folder it is in.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import django
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext

PASSWORD = "correct horse 7 battery"
LOGIN, SIGNUP, LOGOUT, EMAIL = (
    f"/accounts/{page}/" for page in ("login", "signup", "logout", "email")
)
PROVIDER_LOGIN = "/accounts/oidc/benchmark/login/"
PROVIDER = os.environ.get("PROVIDER", "")
CREDENTIALS = {"login": "benchmark", "password": PASSWORD}

Send = Callable[..., Awaitable[Any]]
_numbers = itertools.count()


class Visitor:
    """A browser, of whichever kind the measurement is about; its calls are awaited either way."""

    def __init__(self, kind: str) -> None:
        self.client: Any = AsyncClient() if kind == "asgi" else Client()
        self.is_async = kind == "asgi"

    async def send(self, method: str, path: str, data: Any = None, status: int = 200) -> Any:
        """Send a request; anything but the expected answer ends the measurement."""
        response = getattr(self.client, method)(path, data)
        if self.is_async:
            response = await response
        if response.status_code != status:
            raise SystemExit(f"{method} {path}: {response.status_code} instead of {status}")
        return response


async def login_page(kind: str) -> None:
    await Visitor(kind).send("get", LOGIN)


async def sign_in(kind: str) -> None:
    visitor = Visitor(kind)
    await visitor.send("get", LOGIN)
    await visitor.send("post", LOGIN, CREDENTIALS, status=302)


async def wrong_password(kind: str) -> None:
    await Visitor(kind).send("post", LOGIN, {**CREDENTIALS, "password": "wrong"})


async def sign_up(kind: str) -> None:
    visitor = Visitor(kind)
    name = f"user{next(_numbers)}"
    await visitor.send("get", SIGNUP)
    data = {
        "username": name,
        "email": f"{name}@example.org",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    await visitor.send("post", SIGNUP, data, status=302)


_signed_in: dict[str, Visitor] = {}


async def email_page(kind: str) -> None:
    visitor = _signed_in.get(kind)
    if visitor is None:
        visitor = _signed_in[kind] = Visitor(kind)
        await visitor.send("post", LOGIN, CREDENTIALS, status=302)
    await visitor.send("get", EMAIL)


async def sign_out(kind: str) -> None:
    visitor = Visitor(kind)
    await visitor.send("post", LOGIN, CREDENTIALS, status=302)
    await visitor.send("post", LOGOUT, status=302)


def ask_provider(url: str) -> Any:
    """What the provider answers to a browser: where to go, or data."""
    parts = urlsplit(url)
    browser = HTTPConnection(parts.netloc)
    browser.request("GET", f"{parts.path}?{parts.query}")
    response = browser.getresponse()
    body = response.read()
    browser.close()
    return response.headers["Location"] or json.loads(body)


async def go_to_provider(visitor: Visitor) -> str:
    """Begin a login and consent; returns the path of the callback."""
    response = await visitor.send("post", PROVIDER_LOGIN, status=302)
    callback = urlsplit(ask_provider(response["Location"]))
    return f"{callback.path}?{callback.query}"


async def third_party(kind: str) -> None:
    visitor = Visitor(kind)
    callback = await go_to_provider(visitor)
    await visitor.send("get", callback, status=302)


FLOWS: dict[str, Callable[[str], Awaitable[None]]] = {
    flow.__name__: flow
    for flow in (
        login_page,
        sign_in,
        wrong_password,
        sign_up,
        email_page,
        sign_out,
        third_party,
    )
}


def prepare() -> None:
    """Start Django, and make the tables and a user."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
    django.setup()
    call_command("migrate", verbosity=0)
    user = get_user_model()(username="benchmark", email="benchmark@example.org")
    user.set_password(PASSWORD)
    user.save()
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    cache.clear()


async def count() -> dict[str, int]:
    """What a page with a provider, and the callback of somebody who is known, amount to."""
    visitor = Visitor("wsgi")
    with CaptureQueriesContext(connection) as page:
        await visitor.send("get", LOGIN)
    ask_provider(f"{PROVIDER}/counts")
    callback = await go_to_provider(visitor)
    with CaptureQueriesContext(connection) as queries:
        await visitor.send("get", callback, status=302)
    sent = [query["sql"].split()[0] for query in queries.captured_queries]
    control = ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT")
    return {
        "page queries": len(page),
        "callback queries": sum(word not in control for word in sent),
        **ask_provider(f"{PROVIDER}/counts"),
    }


async def measure(kind: str, flow: Callable[[str], Awaitable[None]], repetitions: int) -> None:
    """Print CPU and wall time of one run of the flow, in microseconds: the best of five series.

    With a provider also how many queries and requests a login takes that is not the first.
    """
    for _ in range(5):
        await flow(kind)
    best = (float("inf"), float("inf"))
    for _ in range(5):
        if not PROVIDER:
            cache.clear()  # the histories of the limits would grow
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(repetitions):
            await flow(kind)
        spent = time.process_time() - cpu, time.perf_counter() - wall
        best = min(best, (spent[0] / repetitions * 1e6, spent[1] / repetitions * 1e6))
    counts = await count() if PROVIDER and kind == "wsgi" else {}
    print(json.dumps({"cpu": best[0], "wall": best[1], **counts}))


def run_to_end(coroutine: Any) -> None:
    """Run a coroutine that never waits for anything, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise SystemExit("a synchronous flow waited")


def main() -> None:
    kind, name, repetitions = sys.argv[1], sys.argv[2], int(sys.argv[3])
    prepare()
    connection.ensure_connection()  # keeps the database in memory alive
    measurement = measure(kind, FLOWS[name], repetitions)
    if kind == "asgi":
        asyncio.run(measurement)
    else:
        run_to_end(measurement)


if __name__ == "__main__":
    main()
