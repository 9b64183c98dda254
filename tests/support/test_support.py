"""The tools of the suite do what tests rely on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from blockbuster import BlockingError
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from tests.projects.probe_urls import open_to_all
from tests.support.clients import AsyncTwin, build_scope
from tests.support.hops import Hops
from tests.support.middleware import build_urlconf
from tests.support.queries import Queries, assert_queries, max_queries


async def sleeping_view(request: HttpRequest) -> HttpResponse:
    """Blocks the event loop."""
    time.sleep(0.001)  # noqa: ASYNC251
    return HttpResponse()


async def reading_view(request: HttpRequest) -> HttpResponse:
    """Blocks the event loop in another way."""
    return HttpResponse(Path(__file__).read_text())  # noqa: ASYNC240


async def echo_view(request: HttpRequest) -> HttpResponse:
    """Answers with what a request says about itself."""
    facts = [
        request.method,
        request.get_full_path(),
        request.scheme,
        request.get_host(),
        request.META.get("REMOTE_ADDR"),
        request.META.get("HTTP_X_EXTRA"),
        request.headers.get("X-Header"),
        request.headers.get("Cookie"),
        request.content_type,
        dict(request.POST),
    ]
    return HttpResponse(repr(facts))


@pytest.fixture
def urls(settings: Any) -> None:
    settings.ROOT_URLCONF = build_urlconf(
        path("sleep/", open_to_all(sleeping_view)),
        path("read/", open_to_all(reading_view)),
        path("echo/", open_to_all(echo_view)),
        path("écho/", open_to_all(echo_view)),
    )


@pytest.mark.usefixtures("urls")
@pytest.mark.parametrize("requested", ["/sleep/", "/read/"])
def test_view_that_blocks_the_event_loop_fails_the_test(client: Client, requested: str) -> None:
    # The synchronous client runs an asynchronous view on a loop of its own, so both colors tell.
    with pytest.raises(BlockingError):
        client.get(requested)


@pytest.mark.usefixtures("urls")
def test_both_clients_send_the_same(settings: Any) -> None:
    answers = []
    for client_class in (Client, AsyncTwin):
        client = client_class(headers={"x-header": "default"})
        client.cookies["a"] = "1"
        client.cookies["b"] = "ü"
        answers.append(
            [
                client.get("/echo/", {"q": "ä b"}).content,
                client.get("/écho/?q=1").content,
                client.head("/echo/").content,
                client.post("/echo/", {"field": ["1", "2"]}, HTTP_X_EXTRA="ü").content,
                client.post("/echo/", {"a": 1}, content_type="application/json").content,
                client.put("/echo/", "x", headers={"x-header": "own"}).content,
                client.delete("/echo/", secure=True, REMOTE_ADDR="10.0.0.1").content,
                client.get("/echo/", SERVER_NAME="localhost", SERVER_PORT="8000").content,
                client.get("/echo/", SCRIPT_NAME="/site").content,
            ]
        )

    assert answers[0] == answers[1]
    assert len(set(answers[0])) == len(answers[0])


def test_scope_has_no_empty_cookie_header() -> None:
    environ = Client()._base_environ()

    assert build_scope(environ)["headers"] == []


@pytest.mark.django_db
def test_requests_of_both_colors_are_in_the_transaction_of_the_test(
    client: Client, user: Any
) -> None:
    client.force_login(user)

    assert client.get("/probe/whoami/").json() == {"username": user.username}
    assert client.session["_auth_user_id"] == str(user.pk)


def test_clients_are_of_the_color_of_the_test(
    client: Client, client_factory: Callable[..., Client], color: str
) -> None:
    further = client_factory(HTTP_X_EXTRA="1")

    assert type(client) is type(further)
    assert isinstance(client, AsyncTwin) is (color == "async")


@pytest.mark.django_db
def test_csrf_is_enforced_where_it_is_asked_for(client_factory: Callable[..., Client]) -> None:
    client = client_factory(enforce_csrf_checks=True)

    assert client.post("/probe/whoami/").status_code == 403
    assert client_factory().post("/probe/whoami/").status_code == 200


@pytest.mark.django_db
class TestQueries:
    def test_transaction_control_is_free(self) -> None:
        with assert_queries(1) as queries, transaction.atomic(), transaction.atomic():
            get_user_model().objects.count()

        assert len(queries) > 1

    @pytest.mark.parametrize("budget", [assert_queries(0), assert_queries(2), max_queries(0)])
    def test_budget_that_does_not_hold_fails(self, budget: Any) -> None:
        with pytest.raises(AssertionError, match="SELECT"), budget:
            get_user_model().objects.count()

    def test_budget_is_an_upper_limit(self) -> None:
        with max_queries(2):
            get_user_model().objects.count()

    def test_queries_of_a_request_count_in_both_colors(self, client: Client, user: Any) -> None:
        client.force_login(user)

        with Queries(connection) as queries:
            client.get("/probe/whoami/")

        assert [sql.split()[0] for sql in queries.statements] == ["SELECT", "SELECT"]


def test_hops_are_counted(hops: Hops) -> None:
    async def main() -> None:
        await sync_to_async(int)()
        await sync_to_async(str, thread_sensitive=False)()

    async_to_sync(main)()

    assert hops.functions == [int, str]
    hops.clear()
    assert len(hops) == 0


@pytest.mark.django_db
class TestUserFactory:
    def test_makes_a_user_with_a_verified_address(self, user: Any, password: str) -> None:
        from allauth.account.models import EmailAddress

        address = EmailAddress.objects.get()

        assert (address.user, address.email) == (user, user.email)
        assert address.verified
        assert address.primary
        assert user.check_password(password)

    def test_takes_wishes(self, user_factory: Callable[..., Any]) -> None:
        from allauth.account.models import EmailAddress

        user = user_factory(email="Me@Example.org", password=None, verified=False, is_staff=True)
        nobody = user_factory(username="nobody", email="")

        assert not user.has_usable_password()
        assert user.is_staff
        assert not EmailAddress.objects.get(email="me@example.org").verified
        assert nobody.email == ""
        assert EmailAddress.objects.count() == 1
