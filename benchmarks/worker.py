"""Runs one flow under whichever package its interpreter has, and prints what it took.

Usage: ``python worker.py {wsgi,asgi} FLOW``, from the folder it is in. For each number that it
reads it runs the flow as many times, and prints the CPU and wall time of one run, in microseconds;
for the word ``count``, how many queries and requests a login by a provider takes. It ends when its
input does.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import os
import re
import sys
import time
from collections.abc import Awaitable, Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import django
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext

PASSWORD = "correct horse 7 battery"
LOGIN, SIGNUP, LOGOUT, EMAIL = (
    f"/accounts/{page}/" for page in ("login", "signup", "logout", "email")
)
CODE_REQUEST, CODE = "/accounts/login/code/", "/accounts/login/code/confirm/"
RESET = "/accounts/password/reset/"
ADDRESS = "benchmark@example.org"
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


async def password_reset(kind: str) -> None:
    await Visitor(kind).send("post", RESET, {"email": ADDRESS}, status=302)


# Flows of which only the last step is measured: what is before it, and that step.


async def consent(kind: str) -> tuple[Visitor, str]:
    visitor = Visitor(kind)
    return visitor, await go_to_provider(visitor)


async def callback(prepared: tuple[Visitor, str]) -> None:
    visitor, path = prepared
    await visitor.send("get", path, status=302)


async def request_code(kind: str) -> tuple[Visitor, str]:
    visitor = Visitor(kind)
    mail.outbox = []
    await visitor.send("post", CODE_REQUEST, {"email": ADDRESS}, status=302)
    found = re.search(r"^[A-Z0-9]{3,4}-?[A-Z0-9]{3,4}$", mail.outbox[-1].body, re.MULTILINE)
    if found is None:
        raise SystemExit(f"no code in {mail.outbox[-1].body}")
    return visitor, found[0]


async def code_page(prepared: tuple[Visitor, str]) -> None:
    await prepared[0].send("get", CODE)


async def wrong_code(prepared: tuple[Visitor, str]) -> None:
    await prepared[0].send("post", CODE, {"code": "wrong"})


async def right_code(prepared: tuple[Visitor, str]) -> None:
    visitor, code = prepared
    await visitor.send("post", CODE, {"code": code}, status=302)


async def begin(kind: str) -> str:
    """Nothing is before the flow."""
    return kind


FLOWS: dict[str, tuple[Callable[[str], Awaitable[Any]], Callable[[Any], Awaitable[None]]]] = {
    flow.__name__: (before, flow)
    for before, flow in (
        (begin, login_page),
        (begin, sign_in),
        (begin, wrong_password),
        (begin, sign_up),
        (begin, email_page),
        (begin, sign_out),
        (begin, password_reset),
        (begin, third_party),
        (consent, callback),
        (request_code, code_page),
        (request_code, wrong_code),
        (request_code, right_code),
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


async def measure(kind: str, flow: str, repetitions: int) -> dict[str, float]:
    """CPU and wall time of one run of the flow, in microseconds."""
    before, act = FLOWS[flow]
    if not PROVIDER:
        cache.clear()  # the histories of the limits would grow
    prepared = [await before(kind) for _ in range(repetitions)]
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    for one in prepared:
        await act(one)
    spent = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    return {name: seconds / repetitions * 1e6 for name, seconds in spent.items()}


async def serve(kind: str, flow: str) -> None:
    """Do what is asked for on standard input."""
    for line in sys.stdin:
        word = line.strip()
        answer = await (count() if word == "count" else measure(kind, flow, int(word)))
        print(json.dumps(answer), flush=True)


def run_to_end(coroutine: Any) -> None:
    """Run a coroutine that never waits for anything, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise SystemExit("a synchronous flow waited")


def main() -> None:
    kind, flow = sys.argv[1:]
    prepare()
    connection.ensure_connection()  # keeps the database in memory alive
    if kind == "asgi":
        asyncio.run(serve(kind, flow))
    else:
        run_to_end(serve(kind, flow))


if __name__ == "__main__":
    main()
