"""Views that report what a view of a project sees of the request being served."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextvars import copy_context
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    StreamingHttpResponse,
)

from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired

# What happened to views whose client cannot be told any more.
events: list[str] = []


def _report(request: HttpRequest, **places: Any) -> JsonResponse:
    """Say for each place whether the request it saw is the one being served."""
    seen = {place: value is request for place, value in places.items()}
    namespace: Any = request.allauth  # type: ignore[attr-defined]
    return JsonResponse({"seen": seen, "allauth": sorted(vars(namespace))})


def _get_current() -> Any:
    return context.request


async def _aget_current() -> Any:
    await asyncio.sleep(0)
    return context.request


def sync_view(request: HttpRequest) -> JsonResponse:
    """What a ``def`` view sees, and a thread it starts in its own context."""
    found: list[Any] = []
    run = copy_context().run
    thread = threading.Thread(target=run, args=(lambda: found.append(context.request),))
    thread.start()
    thread.join()
    return _report(request, view=context.request, thread=found[0])


async def async_view(request: HttpRequest) -> JsonResponse:
    """What an ``async def`` view sees, before and after it awaits, in threads and in tasks."""
    return _report(
        request,
        view=context.request,
        awaited=await _aget_current(),
        task=await asyncio.create_task(_aget_current()),
        gathered=(await asyncio.gather(_aget_current(), _aget_current()))[1],
        request_thread=await sync_to_async(_get_current)(),
        other_thread=await asyncio.to_thread(_get_current),
        pool_thread=await sync_to_async(_get_current, thread_sensitive=False)(),
    )


def sync_error(request: HttpRequest) -> HttpResponse:
    """Fails."""
    raise ValueError("This view fails on purpose.")


async def async_error(request: HttpRequest) -> HttpResponse:
    """Fails after it awaited."""
    await asyncio.sleep(0)
    raise ValueError("This view fails on purpose.")


def sync_immediate(request: HttpRequest) -> HttpResponse:
    """Answers by exception."""
    raise ImmediateHttpResponse(HttpResponse("at once", status=418))


async def async_immediate(request: HttpRequest) -> HttpResponse:
    """Answers by exception after it awaited."""
    await asyncio.sleep(0)
    raise ImmediateHttpResponse(HttpResponse("at once", status=418))


def sync_reauthentication(request: HttpRequest) -> HttpResponse:
    """Wants the user to prove being there."""
    raise ReauthenticationRequired


async def async_reauthentication(request: HttpRequest) -> HttpResponse:
    """Wants the user to prove being there, after it awaited."""
    await asyncio.sleep(0)
    raise ReauthenticationRequired


def sync_missing(request: HttpRequest) -> HttpResponse:
    """Finds nothing."""
    raise Http404


async def async_missing(request: HttpRequest) -> HttpResponse:
    """Finds nothing after it awaited."""
    await asyncio.sleep(0)
    raise Http404


def sync_stream(request: HttpRequest) -> StreamingHttpResponse:
    """Three chunks from an ordinary iterator."""

    def chunks() -> Iterator[bytes]:
        for number in range(3):
            yield b"%d\n" % number

    return StreamingHttpResponse(chunks())


async def async_stream(request: HttpRequest) -> StreamingHttpResponse:
    """Three chunks from an asynchronous iterator."""

    async def chunks() -> AsyncIterator[bytes]:
        for number in range(3):
            await asyncio.sleep(0)
            yield b"%d\n" % number

    return StreamingHttpResponse(chunks())


async def endless_stream(request: HttpRequest) -> StreamingHttpResponse:
    """Server-sent events until the client leaves."""

    async def chunks() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"data: tick\n\n"
                await asyncio.sleep(0.01)
        finally:
            events.append("stream closed")

    return StreamingHttpResponse(chunks(), content_type="text/event-stream")


async def slow(request: HttpRequest) -> HttpResponse:
    """Waits far longer than any client, and notes whether it was cancelled meanwhile."""
    events.append("slow started")
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        mine = "its own" if context.request is request else "a foreign"
        events.append(f"slow cancelled with {mine} request")
        raise
    return HttpResponse("late")


def events_view(request: HttpRequest) -> JsonResponse:
    """What happened so far, and whether a request is left over where there should be none."""
    return JsonResponse({"events": events, "bound": context.request is request})


def _get_user_id(request: HttpRequest) -> int | None:
    return request.user.pk


def _get_messages(request: HttpRequest) -> list[str]:
    return [str(message) for message in messages.get_messages(request)]


async def echo(request: HttpRequest) -> JsonResponse:
    """Whose request, user and messages code sees after each turn of the event loop and each hop."""
    markers: set[str] = set()
    users: set[int | None] = set()
    await sync_to_async(messages.info)(request, request.GET["marker"])
    for _ in range(5):
        await asyncio.sleep(0)
        markers.add(context.request.GET["marker"])
        markers.add((await sync_to_async(_get_current)()).GET["marker"])
        users.add(await sync_to_async(_get_user_id)(context.request))
    found = await sync_to_async(_get_messages)(context.request)
    return JsonResponse({"markers": list(markers), "users": list(users), "messages": found})


def whoami(request: HttpRequest) -> JsonResponse:
    """Who asks, by the session."""
    return JsonResponse({"username": request.user.get_username()})
