"""What ``AccountMiddleware`` does for every request: the context, and nothing else."""

from __future__ import annotations

import asyncio
import threading
from http import HTTPStatus
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory

from allauth.account.middleware import AccountMiddleware, RequestState
from allauth.account.views import LoginView
from allauth.core import context
from allauth.core.async_support import ASYNC_CAPABLE
from allauth.core.internal.httpkit import is_headless_request
from tests.support.clients import read_stream
from tests.support.middleware import ACCOUNT, replace_middleware, respond


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Any:
    yield
    assert context.request is None


def test_declares_what_it_can_do() -> None:
    assert AccountMiddleware.sync_capable
    assert AccountMiddleware.async_capable is ASYNC_CAPABLE


def test_takes_the_color_of_what_it_wraps() -> None:
    async def aget_response(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert iscoroutinefunction(AccountMiddleware(aget_response)) is ASYNC_CAPABLE
    assert not iscoroutinefunction(AccountMiddleware(lambda request: HttpResponse()))


@pytest.mark.parametrize("view", ["sync_view", "async_view"])
def test_view_and_what_it_starts_see_the_request(client: Client, view: str) -> None:
    seen = client.get(f"/probe/{view}/").json()["seen"]

    assert len(seen) > 1
    assert all(seen.values()), seen


def test_namespace_is_fresh_for_each_request(color: str, rf: RequestFactory) -> None:
    namespaces = []

    def view(request: HttpRequest) -> HttpResponse:
        namespaces.append(request.allauth)
        assert vars(request.allauth) == {}
        request.allauth.mark = "left by a view"
        return HttpResponse()

    respond(color, view, rf.get("/"))
    respond(color, view, rf.get("/"))

    assert namespaces[0] is not namespaces[1]


def capture_namespace(color: str, request: HttpRequest) -> Any:
    """What the middleware put on the request."""
    respond(color, lambda request: HttpResponse(), request)
    return request.allauth


def test_namespace_is_typed_and_empty(color: str, rf: RequestFactory) -> None:
    namespace = capture_namespace(color, rf.get("/"))

    assert type(namespace) is RequestState
    assert vars(namespace) == {}


def test_declared_fields_have_defaults_except_the_one_that_is_asked_for() -> None:
    state = RequestState()

    declared = RequestState.__annotations__
    assert {name for name in declared if not hasattr(state, name)} == {"headless"}
    assert all(getattr(state, name) is None for name in declared if name != "headless")
    assert vars(state) == {}


def test_field_set_on_one_request_is_unset_on_the_next(color: str, rf: RequestFactory) -> None:
    first = capture_namespace(color, rf.get("/"))
    for name in RequestState.__annotations__:
        setattr(first, name, "value")
    second = capture_namespace(color, rf.get("/"))

    assert vars(second) == {}
    assert not hasattr(second, "headless")
    assert RequestState().pending_login is None


def test_namespace_takes_attributes_of_others(color: str, rf: RequestFactory) -> None:
    namespace = capture_namespace(color, rf.get("/"))

    with pytest.raises(AttributeError):
        namespace.of_another_package  # noqa: B018
    namespace.of_another_package = ["value"]

    assert vars(namespace) == {"of_another_package": ["value"]}
    del namespace.of_another_package
    assert vars(namespace) == {}


def test_request_is_not_one_of_the_api(color: str, rf: RequestFactory) -> None:
    answers = []

    def view(request: HttpRequest) -> HttpResponse:
        answers.append(is_headless_request(request))
        return HttpResponse()

    respond(color, view, rf.get("/"))

    assert len(answers) == 1
    assert not answers[0]


def test_user_logs_in_through_the_pages(client: Client, user: Any, password: str) -> None:
    assert client.get("/accounts/login/").status_code == HTTPStatus.OK
    credentials = {"login": user.username, "password": "wrong"}
    assert client.post("/accounts/login/", credentials).status_code == HTTPStatus.OK
    assert "_auth_user_id" not in client.session

    response = client.post("/accounts/login/", {**credentials, "password": password})

    assert response.status_code == HTTPStatus.FOUND
    assert client.session["_auth_user_id"] == str(user.pk)
    assert client.get("/accounts/").url == "/accounts/email/"


@pytest.mark.parametrize("view", ["sync_view", "async_view"])
def test_hooks_of_other_middleware_see_the_request(
    client: Client, settings: Any, view: str
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.support.middleware.RecordingMiddleware"]

    response = client.get(f"/probe/{view}/")

    assert response["X-Process-View"] == "bound with namespace"
    assert response["X-Response"] == "bound with namespace"


@pytest.mark.parametrize("view", ["sync_error", "async_error"])
def test_error_of_a_view_passes_and_context_is_reset(client: Client, view: str) -> None:
    with pytest.raises(ValueError, match="on purpose"):
        client.get(f"/probe/{view}/")

    client.raise_request_exception = False
    assert client.get(f"/probe/{view}/").status_code == HTTPStatus.INTERNAL_SERVER_ERROR


def test_error_inside_the_stack_passes_and_context_is_reset(color: str, rf: RequestFactory) -> None:
    def get_response(request: HttpRequest) -> HttpResponse:
        raise LookupError(context.request is request)

    with pytest.raises(LookupError, match="True"):
        respond(color, get_response, rf.get("/"))


@pytest.mark.parametrize("view", ["sync_stream", "async_stream"])
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
def test_streams_pass(client: Client, view: str) -> None:
    response = client.get(f"/probe/{view}/")

    assert read_stream(response) == b"0\n1\n2\n"


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse("page"),
        HttpResponse("missing", status=404),
        HttpResponse(status=204),
        StreamingHttpResponse([b"chunk"]),
        StreamingHttpResponse([b"missing"], status=404),
        FileResponse([b"file"], filename="file.txt"),
    ],
    ids=["page", "404", "204", "stream", "404 stream", "file"],
)
def test_response_is_the_same_object(color: str, rf: RequestFactory, response: Any) -> None:
    before = dict(response.items())

    assert respond(color, lambda request: response, rf.get("/elsewhere/")) is response
    assert dict(response.items()) == before


@pytest.mark.parametrize("view", ["sync_view", "async_view"])
def test_stack_may_have_it_twice(client: Client, settings: Any, view: str) -> None:
    settings.MIDDLEWARE = replace_middleware(ACCOUNT, ACCOUNT, ACCOUNT)

    assert all(client.get(f"/probe/{view}/").json()["seen"].values())


def test_second_in_the_stack_keeps_the_namespace(rf: RequestFactory) -> None:
    def outer_view(request: HttpRequest) -> HttpResponse:
        request.allauth.mark = "set between the two"
        return AccountMiddleware(inner_view)(request)

    def inner_view(request: HttpRequest) -> HttpResponse:
        assert context.request is request
        return HttpResponse(request.allauth.mark)

    response = AccountMiddleware(outer_view)(rf.get("/"))

    assert response.content == b"set between the two"


def test_request_within_a_request_has_its_own_context(color: str, rf: RequestFactory) -> None:
    inner_request = rf.get("/inner/")

    def inner_view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(context.request.path)

    def outer_view(request: HttpRequest) -> HttpResponse:
        inner_response = respond("sync", inner_view, inner_request)
        return HttpResponse(f"{inner_response.content.decode()} {context.request.path}")

    assert respond(color, outer_view, rf.get("/outer/")).content == b"/inner/ /outer/"


@pytest.mark.requirement("INV-45")
def test_threads_see_their_own_request(rf: RequestFactory) -> None:
    barrier = threading.Barrier(4, timeout=60)
    seen: dict[str, str] = {}

    def view(request: HttpRequest) -> HttpResponse:
        barrier.wait()
        seen[request.path] = context.request.path
        barrier.wait()
        return HttpResponse()

    middleware = AccountMiddleware(view)
    paths = [f"/{number}/" for number in range(barrier.parties)]
    threads = [threading.Thread(target=middleware, args=(rf.get(path),)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == {path: path for path in paths}


def test_no_event_loop_is_started_under_wsgi(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> None:
        raise AssertionError("an event loop was started")

    monkeypatch.setattr(asyncio, "new_event_loop", refuse)
    client = Client()

    assert client.get("/probe/sync_view/").status_code == HTTPStatus.OK
    assert client.get("/accounts/").status_code == HTTPStatus.FOUND


@pytest.mark.django_db
def test_view_called_without_it_works(rf: RequestFactory) -> None:
    request = rf.get("/accounts/login/")
    request.session = SessionBase()
    request.user = AnonymousUser()

    response = LoginView.as_view()(request)

    assert b"csrfmiddlewaretoken" in response.render().content
