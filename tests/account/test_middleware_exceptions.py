"""The exceptions by which flows leave a view, whatever its color."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django.asserts import assertRedirects

from allauth.account.middleware import AccountMiddleware
from allauth.core.exceptions import (
    ImmediateHttpResponse,
    RateLimited,
    ReauthenticationRequired,
    SignupClosedException,
)
from tests.support.middleware import ACCOUNT, build_urlconf, replace_middleware

views = pytest.mark.parametrize("color_of_view", ["sync", "async"])


@views
def test_immediate_response_is_the_answer(client: Client, color_of_view: str) -> None:
    response = client.get(f"/probe/{color_of_view}_immediate/")

    assert response.status_code == HTTPStatus.IM_A_TEAPOT
    assert response.content == b"at once"


def test_immediate_response_is_the_same_object(rf: RequestFactory) -> None:
    response = HttpResponse()
    middleware = AccountMiddleware(lambda request: response)

    found = middleware.process_exception(rf.get("/"), ImmediateHttpResponse(response))

    assert found is response


@views
@pytest.mark.django_db
def test_reauthentication_starts_for_a_user(client: Client, user: Any, color_of_view: str) -> None:
    client.force_login(user)

    response = client.get(f"/probe/{color_of_view}_reauthentication/?page=2")

    assertRedirects(
        response,
        f"/accounts/reauthenticate/?next=%2Fprobe%2F{color_of_view}_reauthentication%2F%3Fpage%3D2",
    )


@views
@pytest.mark.django_db
def test_reauthentication_sends_a_visitor_to_login(client: Client, color_of_view: str) -> None:
    response = client.get(f"/probe/{color_of_view}_reauthentication/")

    assertRedirects(
        response, f"/accounts/login/?next=%2Fprobe%2F{color_of_view}_reauthentication%2F"
    )


@views
@pytest.mark.django_db
def test_reauthentication_without_a_way_to_do_it_sends_to_login(
    client: Client, user_factory: Any, color_of_view: str
) -> None:
    client.force_login(user_factory(password=None, email=""))

    response = client.get(f"/probe/{color_of_view}_reauthentication/")

    assert response["Location"].startswith("/accounts/login/?next=")


@views
@pytest.mark.django_db
def test_reauthentication_remembers_what_was_posted(
    client: Client, user: Any, color_of_view: str
) -> None:
    client.force_login(user)

    response = client.post(f"/probe/{color_of_view}_reauthentication/", {"name": "value"})

    assert response["Location"].startswith("/accounts/reauthenticate/?next=")
    assert "account_reauthentication_state" in client.session


@views
@pytest.mark.django_db
def test_reauthentication_is_a_401_on_a_site_without_pages(
    client: Client, settings: Any, color_of_view: str
) -> None:
    from tests.projects import probe_urls

    settings.ROOT_URLCONF = build_urlconf(*probe_urls.urlpatterns)

    response = client.get(f"/{color_of_view}_reauthentication/")

    assert response.status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize(
    "exception",
    [ValueError(), RateLimited(), SignupClosedException(), PermissionDenied(), LookupError()],
    ids=lambda exception: type(exception).__name__,
)
def test_anything_else_is_left_to_django(rf: RequestFactory, exception: Exception) -> None:
    middleware = AccountMiddleware(lambda request: HttpResponse())

    assert middleware.process_exception(rf.get("/"), exception) is None


def test_stack_may_have_it_twice(client: Client, settings: Any) -> None:
    settings.MIDDLEWARE = replace_middleware(ACCOUNT, ACCOUNT, ACCOUNT)

    assert client.get("/probe/async_immediate/").status_code == HTTPStatus.IM_A_TEAPOT


def test_reauthentication_in_a_direct_call(rf: RequestFactory) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise AssertionError("the hook is called without the view")

    request = rf.get("/here/")
    request.user = AnonymousUser()
    response = AccountMiddleware(view).process_exception(request, ReauthenticationRequired())

    assert response is not None
    assert response["Location"] == "/accounts/login/?next=%2Fhere%2F"


@pytest.mark.requirement("SEC-024")
def test_site_without_the_middleware_does_not_start(settings: Any) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != ACCOUNT]

    with pytest.raises(ImproperlyConfigured, match="AccountMiddleware"):
        apps.get_app_config("account").ready()


@pytest.mark.requirement("SEC-024")
def test_another_path_to_the_class_is_not_enough(settings: Any) -> None:
    settings.MIDDLEWARE = replace_middleware(ACCOUNT, "tests.support.middleware.AccountMiddleware")

    with pytest.raises(ImproperlyConfigured):
        apps.get_app_config("account").ready()


@pytest.mark.requirement("SEC-025")
@pytest.mark.parametrize(
    "requested",
    [
        "/favicon.ico",
        "/static/missing.css",
        "/nothing/here/",
        "/accounts/",
        "/probe/sync_view/",
        "/probe/async_view/",
        "/probe/async_missing/",
    ],
)
@pytest.mark.django_db
def test_pending_login_outlives_other_requests(
    client: Client, settings: Any, user_factory: Any, password: str, requested: str
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    user = user_factory(verified=False)
    client.post("/accounts/login/", {"login": user.username, "password": password})
    pending = client.session["account_login"]

    client.get(requested)

    assert client.session["account_login"] == pending
