"""What ``AccountMiddleware`` costs and withstands on an event loop."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, AsyncRequestFactory

from allauth.account.middleware import AccountMiddleware
from allauth.core import context
from allauth.core.async_support import ASYNC_CAPABLE
from tests.projects import probe_views
from tests.support.clients import AsyncTwin
from tests.support.hops import count_hops
from tests.support.middleware import ACCOUNT, build_urlconf, replace_middleware

ASK_AND_REDIRECT = "tests.support.middleware.ask_for_user_and_redirect_missing"
REDIRECT = "tests.support.middleware.redirect_missing"
OWN_USER = "tests.support.middleware.set_own_user"

natively_async = pytest.mark.skipif(
    not ASYNC_CAPABLE, reason="before Django 5.0 the synchronous side serves an event loop too"
)


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Any:
    probe_views.events.clear()
    yield
    assert context.request is None


def count(settings: Any, middleware: list[str], path: str, user: Any = None) -> int:
    """The hops of a request for ``path`` through a stack, by ``user`` if one is given."""
    settings.MIDDLEWARE = middleware
    client = AsyncTwin()
    if user:
        client.force_login(user)
    client.get(path)  # what happens once per process does not count
    with count_hops() as hops:
        client.get(path)
    return len(hops)


@pytest.mark.parametrize(
    "path",
    [
        "/probe/whoami/",
        "/probe/sync_stream/",
        "/probe/async_stream/",
        "/probe/sync_missing/",
        "/probe/async_missing/",
        "/nothing/here/",
        "/accounts",
        "/accounts/nothing/",
        "/admin/",
    ],
)
@pytest.mark.parametrize("who", ["anonymous", "user"])
@pytest.mark.django_db
def test_adds_no_hop_to_a_request_that_is_not_its_business(
    settings: Any, user: Any, path: str, who: str
) -> None:
    visitor = user if who == "user" else None
    stack, stack_without = settings.MIDDLEWARE, replace_middleware(ACCOUNT)
    with_it = count(settings, stack, path, visitor)
    without = count(settings, stack_without, path, visitor)

    if ASYNC_CAPABLE:
        assert with_it == without
    else:  # the price of the adaptation; Django then saves hops of its own
        assert with_it <= without + 1


@pytest.mark.parametrize("who", ["anonymous", "user"])
@pytest.mark.django_db
@natively_async
def test_prefix_redirect_costs_what_asking_for_the_user_costs(
    settings: Any, user: Any, who: str
) -> None:
    visitor = user if who == "user" else None
    stack, reference = settings.MIDDLEWARE, replace_middleware(ACCOUNT, ASK_AND_REDIRECT)
    with_it = count(settings, stack, "/accounts/", visitor)
    asking = count(settings, reference, "/accounts/", visitor)

    assert with_it == asking


@natively_async
def test_prefix_redirect_is_one_hop_where_there_is_no_auser(settings: Any) -> None:
    with_it = count(settings, [OWN_USER, ACCOUNT], "/accounts/")
    without = count(settings, [OWN_USER, REDIRECT], "/accounts/")

    assert with_it - without == 1


@natively_async
def test_prefix_redirect_adds_no_hop_where_there_is_no_user(settings: Any) -> None:
    with_it = count(settings, [ACCOUNT], "/accounts/")
    without = count(settings, [REDIRECT], "/accounts/")

    assert with_it == without


@natively_async
def test_prefix_without_the_pages_adds_no_hop(settings: Any) -> None:
    settings.ROOT_URLCONF = build_urlconf()

    stack, stack_without = settings.MIDDLEWARE, replace_middleware(ACCOUNT)
    with_it = count(settings, stack, "/accounts/")
    without = count(settings, stack_without, "/accounts/")

    assert with_it == without


@pytest.mark.django_db
def test_session_stays_untouched(settings: Any) -> None:
    client = AsyncTwin()
    # It looks for a user before any view.
    is_read_by_django = any("LoginRequired" in name for name in settings.MIDDLEWARE)

    for path in ("/probe/async_stream/", "/nothing/here/", "/accounts/"):
        response = client.get(path)
        is_read = is_read_by_django or path == "/accounts/"
        assert is_read or not response.wsgi_request.session.accessed
        assert not response.wsgi_request.session.modified
        assert not response.cookies


@natively_async
def test_cancellation_goes_through_and_resets_the_context(async_rf: AsyncRequestFactory) -> None:
    seen: list[Any] = []

    async def view(request: HttpRequest) -> HttpResponse:
        try:
            await asyncio.sleep(60)
        finally:
            seen.append(context.request is request)
        return HttpResponse()

    async def main() -> None:
        request = async_rf.get("/")
        task = asyncio.ensure_future(AccountMiddleware(view)(request))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert context.request is None

    asyncio.run(main())
    assert seen == [True]


@natively_async
def test_timeout_of_an_outer_layer_resets_the_context(async_rf: AsyncRequestFactory) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(60)
        return HttpResponse()

    async def main() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(AccountMiddleware(view)(async_rf.get("/")), timeout=0.01)
        assert context.request is None
        # The same task goes on to serve another request, as on a connection that is kept alive.
        response = await AccountMiddleware(answer_path)(async_rf.get("/next/"))
        assert response.content == b"/next/"

    asyncio.run(main())


async def answer_path(request: HttpRequest) -> HttpResponse:
    """Answer with the path of the current request."""
    await asyncio.sleep(0)
    return HttpResponse(context.request.path)


@natively_async
def test_tasks_that_outlive_the_request_keep_its_context(async_rf: AsyncRequestFactory) -> None:
    tasks: list[asyncio.Task[str]] = []

    async def look() -> str:
        await asyncio.sleep(0.01)
        return context.request.path

    async def view(request: HttpRequest) -> HttpResponse:
        tasks.append(asyncio.create_task(look()))
        return HttpResponse()

    async def main() -> str:
        await AccountMiddleware(view)(async_rf.get("/background/"))
        assert context.request is None
        return await tasks[0]

    assert asyncio.run(main()) == "/background/"


@pytest.mark.requirement("ATK-C26", "INV-45")
@pytest.mark.django_db
def test_interleaved_requests_see_their_own(user_factory: Any) -> None:
    users = {f"marker-{number}": user_factory() for number in range(6)}
    clients = {}
    for marker, user in users.items():
        clients[marker] = AsyncClient()
        clients[marker].force_login(user)

    async def main() -> list[Any]:
        return await asyncio.gather(
            *(client.get(f"/probe/echo/?marker={marker}") for marker, client in clients.items())
        )

    for (marker, user), response in zip(users.items(), async_to_sync(main)(), strict=True):
        assert response.json() == {"markers": [marker], "users": [user.pk], "messages": [marker]}


@pytest.mark.requirement("ATK-C26")
@pytest.mark.django_db
@natively_async
def test_cancelled_request_leaves_the_others_alone(user_factory: Any) -> None:
    users = [user_factory(), user_factory()]
    clients = [AsyncClient(), AsyncClient()]
    for client, user in zip(clients, users, strict=True):
        client.force_login(user)

    async def main() -> Any:
        cancelled = asyncio.create_task(clients[0].get("/probe/slow/"))
        while not probe_views.events:
            await asyncio.sleep(0)
        other = asyncio.create_task(clients[1].get("/probe/echo/?marker=other"))
        await asyncio.sleep(0)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        again = await clients[0].get("/probe/echo/?marker=again")
        return await other, again

    other, again = async_to_sync(main)()

    assert probe_views.events == ["slow started", "slow cancelled with its own request"]
    assert other.json() == {"markers": ["other"], "users": [users[1].pk], "messages": ["other"]}
    assert again.json() == {"markers": ["again"], "users": [users[0].pk], "messages": ["again"]}


def build_scope(path: str) -> dict[str, Any]:
    """What a server tells of a request for ``path``."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
        "scheme": "http",
    }


@natively_async
@pytest.mark.django_db
def test_client_that_leaves_cancels_the_view(async_rf: AsyncRequestFactory) -> None:
    async def main() -> None:
        communicator = ApplicationCommunicator(get_asgi_application(), build_scope("/probe/slow/"))
        await communicator.send_input({"type": "http.request"})
        while not probe_views.events:
            await asyncio.sleep(0.001)
        await communicator.send_input({"type": "http.disconnect"})
        await communicator.wait(timeout=60)

    asyncio.run(main())
    assert probe_views.events == ["slow started", "slow cancelled with its own request"]


def test_stream_goes_out_through_the_asgi_handler() -> None:
    async def main() -> bytes:
        communicator = ApplicationCommunicator(
            get_asgi_application(), build_scope("/probe/async_stream/")
        )
        await communicator.send_input({"type": "http.request"})
        start = await communicator.receive_output(timeout=60)
        assert start["status"] == HTTPStatus.OK
        body = b""
        while True:
            message = await communicator.receive_output(timeout=60)
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        await communicator.wait(timeout=60)  # only now the handler closes the request's body
        return body

    assert asyncio.run(main()) == b"0\n1\n2\n"
