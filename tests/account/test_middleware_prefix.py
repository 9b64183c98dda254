"""The redirect from the path that the pages of the account app share."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import override_script_prefix
from django.urls import include, path

from tests.support.middleware import (
    ACCOUNT,
    AUTHENTICATION,
    build_urlconf,
    replace_middleware,
    respond,
)

OWN_USER = "tests.support.middleware.set_own_user"
TENANT_URLCONF = "tests.support.middleware.set_tenant_urlconf"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"


def get_target(response: HttpResponse) -> str | None:
    """Where ``response`` redirects to; ``None`` if it is a plain 404."""
    if response.status_code == HTTPStatus.NOT_FOUND:
        return None
    assert response.status_code == HTTPStatus.FOUND
    return response["Location"]


@pytest.mark.parametrize(
    ("login", "email", "requested", "is_redirected"),
    [
        ("accounts/login/", "accounts/email/", "/accounts/", True),
        ("accounts/login/", "accounts/email/", "/accounts", False),
        ("accounts/login/", "accounts/email/", "/", False),
        ("accounts/login/", "accounts/email/", "/accounts/other/", False),
        ("accounts/login/", "accounts/email/", "/account/", False),
        ("accounts/login/", "accounts/email/", "/accounts//", False),
        ("en/accounts/login/", "en/accounts/email/", "/en/accounts/", True),
        ("en/accounts/login/", "en/accounts/email/", "/en/", False),
        ("accounts/login", "accounts/email", "/accounts/", True),
        ("a/b/c/login/", "a/b/c/email/", "/a/b/c/", True),
        ("accounts/login/", "accounts/me/email/", "/accounts/", True),
        ("account-login/", "account-email/", "/account-", False),
        ("account-login/", "account-email/", "/account-/", False),
        ("login/", "email/", "/", False),
        ("auth/login/", "settings/email/", "/", False),
    ],
)
@pytest.mark.django_db
def test_prefix_is_compared_by_components(
    client: Client, settings: Any, login: str, email: str, requested: str, is_redirected: bool
) -> None:
    settings.ROOT_URLCONF = build_urlconf(account_login=login, account_email=email)

    expected = f"/{login}" if is_redirected else None
    assert get_target(client.get(requested)) == expected


@pytest.mark.django_db
def test_page_below_the_prefix_is_served(client: Client, settings: Any) -> None:
    settings.ROOT_URLCONF = build_urlconf(
        account_login="accounts/login/", account_email="accounts/email/", home="accounts/"
    )

    assert client.get("/accounts/").content == b"/accounts/"
    assert client.get("/accounts/login/").content == b"/accounts/login/"


@pytest.mark.django_db
def test_sends_the_visitor_to_login_and_the_user_to_the_email_page(
    client: Client, user: Any
) -> None:
    assert get_target(client.get("/accounts/")) == "/accounts/login/"

    client.force_login(user)
    assert get_target(client.get("/accounts/")) == "/accounts/email/"

    client.logout()
    assert get_target(client.get("/accounts/")) == "/accounts/login/"


@pytest.mark.django_db
def test_sends_a_user_who_became_inactive_to_login(client: Client, user: Any) -> None:
    client.force_login(user)
    user.is_active = False
    user.save()

    assert get_target(client.get("/accounts/")) == "/accounts/login/"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_applies_to_every_method(client: Client, method: str) -> None:
    response = client.generic(method, "/accounts/?next=/elsewhere/")

    assert get_target(response) == "/accounts/login/"


@pytest.mark.parametrize("missing", ["account_login", "account_email"])
def test_does_nothing_without_both_pages(client: Client, settings: Any, missing: str) -> None:
    paths = {"account_login": "accounts/login/", "account_email": "accounts/email/"}
    del paths[missing]
    settings.ROOT_URLCONF = build_urlconf(**paths)

    assert get_target(client.get("/accounts/")) is None


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.django_db
def test_works_below_a_language_prefix(
    client: Client, settings: Any, user: Any, language: str
) -> None:
    settings.ROOT_URLCONF = build_urlconf(
        *i18n_patterns(path("accounts/", include("allauth.urls")))
    )
    settings.MIDDLEWARE = replace_middleware(
        SESSION, SESSION, "django.middleware.locale.LocaleMiddleware"
    )

    prefix = f"/{language}/accounts/"
    assert get_target(client.get(prefix)) == f"{prefix}login/"
    assert get_target(client.get("/fr/other/")) is None
    client.force_login(user)
    assert get_target(client.get(prefix)) == f"{prefix}email/"


@pytest.mark.parametrize("script_name", ["/site", "/a/b"])
def test_works_below_a_script_name(client: Client, script_name: str) -> None:
    with override_script_prefix(script_name):
        response = client.get("/accounts/", SCRIPT_NAME=script_name)

    assert get_target(response) == f"{script_name}/accounts/login/"


@pytest.mark.django_db
def test_goes_by_the_urlconf_of_the_request(client: Client, settings: Any, user: Any) -> None:
    settings.TENANT_URLCONF = build_urlconf(
        account_login="tenant/login/", account_email="tenant/email/"
    )
    settings.MIDDLEWARE = [TENANT_URLCONF, *settings.MIDDLEWARE]

    assert get_target(client.get("/tenant/")) == "/tenant/login/"
    assert get_target(client.get("/accounts/")) is None
    client.force_login(user)
    assert get_target(client.get("/tenant/")) == "/tenant/email/"


def test_goes_by_a_urlconf_set_further_inside_the_stack(client: Client, settings: Any) -> None:
    settings.TENANT_URLCONF = build_urlconf()
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, TENANT_URLCONF]

    assert get_target(client.get("/accounts/")) is None


@pytest.mark.parametrize("headers", [{}, {"HTTP_X_USER": "yes"}], ids=["anonymous", "user"])
def test_works_with_authentication_that_gives_no_auser(
    client: Client, settings: Any, headers: dict[str, str]
) -> None:
    settings.MIDDLEWARE = [OWN_USER, "django.middleware.common.CommonMiddleware", ACCOUNT]

    name = "email" if headers else "login"
    assert get_target(client.get("/accounts/", **headers)) == f"/accounts/{name}/"


@pytest.mark.parametrize(
    "middleware",
    [[ACCOUNT], [SESSION, ACCOUNT], [ACCOUNT, SESSION, AUTHENTICATION], [ACCOUNT, ACCOUNT]],
    ids=["nothing else", "sessions only", "outermost", "twice"],
)
@pytest.mark.django_db
def test_works_in_other_stacks(client: Client, settings: Any, middleware: list[str]) -> None:
    settings.MIDDLEWARE = middleware

    assert get_target(client.get("/accounts/")) == "/accounts/login/"


@pytest.mark.django_db
def test_works_twice_in_the_stack_for_a_user(client: Client, settings: Any, user: Any) -> None:
    settings.MIDDLEWARE = replace_middleware(ACCOUNT, ACCOUNT, ACCOUNT)
    client.force_login(user)

    assert get_target(client.get("/accounts/")) == "/accounts/email/"


def test_user_of_none_counts_as_anonymous(color: str, rf: RequestFactory) -> None:
    request = rf.get("/accounts/")
    request.user = None  # type: ignore[assignment]

    response = respond(color, lambda request: HttpResponse(status=404), request)

    assert get_target(response) == "/accounts/login/"


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 405, 410, 500])
def test_only_a_404_is_replaced(color: str, rf: RequestFactory, status: int) -> None:
    request = rf.get("/accounts/")
    request.user = AnonymousUser()
    response = HttpResponse(status=status)

    assert respond(color, lambda request: response, request) is response


@pytest.mark.parametrize("view", ["sync_missing", "async_missing"])
def test_404_of_a_view_stays_one(client: Client, view: str) -> None:
    assert get_target(client.get(f"/probe/{view}/")) is None


@pytest.mark.requirement("ATK-C29")
@pytest.mark.parametrize(
    "requested",
    [
        "//accounts//",
        "//accounts//login",
        "//accounts/",
        "/accounts//",
        "/accounts/../",
        "/accounts/./",
        "/accounts/.",
        "/accounts/..",
        "/accounts/login/../",
        "/./accounts/",
        "/accounts/;jsessionid=1",
        "/accounts;jsessionid=1/",
        "/accounts/\\",
        "/\\accounts/",
        "/ACCOUNTS/",
        "/accounts/\x00",
        "/accounts/\n",
        "/accounts /",
        "/accounts/\N{ZERO WIDTH SPACE}",
        "//evil.example/accounts/",
        "https://evil.example/accounts/",
        "/https:/evil.example/accounts/",
    ],
)
def test_odd_paths_are_not_found(client: Client, requested: str) -> None:
    wsgi_path = requested.encode().decode("latin-1")

    assert get_target(client.get("/", PATH_INFO=wsgi_path)) is None


@pytest.mark.requirement("ATK-C29")
@pytest.mark.parametrize(
    "script_name", ["//evil.example", "https://evil.example", "/\\evil.example"]
)
@pytest.mark.parametrize("requested", ["/accounts/", "/"])
def test_script_name_yields_no_foreign_url(
    client: Client, script_name: str, requested: str
) -> None:
    with override_script_prefix(script_name):
        response = client.get("/", SCRIPT_NAME=script_name, PATH_INFO=requested)

    target = urlsplit(get_target(response) or "")
    assert (target.scheme, target.netloc) == ("", "")


@pytest.mark.requirement("ATK-C29")
@pytest.mark.parametrize("host", ["testserver", "testserver:8000"])
def test_location_is_a_path(client_factory: Callable[..., Client], host: str) -> None:
    client = client_factory(HTTP_HOST=host, HTTP_X_FORWARDED_HOST="evil.example")

    assert get_target(client.get("/accounts/")) == "/accounts/login/"
