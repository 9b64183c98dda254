"""Requests, URLs and redirects."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.urls import NoReverseMatch

from allauth.core.context import request_context
from allauth.core.internal import httpkit


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


# Redirects


@pytest.mark.parametrize(
    ("to", "location"),
    [
        ("/x", "/x"),
        ("https://testserver/x", "https://testserver/x"),
        ("account_login", "/accounts/login/"),
        ("foo", "/foo"),
    ],
)
def test_redirect(to: str, location: str) -> None:
    response = httpkit.redirect(to)

    assert response.status_code == 302
    assert response["Location"] == location


def test_redirect_to_a_page() -> None:
    response = httpkit.headed_redirect_response("account_login", {"next": "/x y"})

    assert response["Location"] == "/accounts/login/?next=%2Fx+y"
    assert httpkit.headed_redirect_response("account_login")["Location"] == "/accounts/login/"


def test_redirect_to_a_missing_page(settings: Any) -> None:
    with pytest.raises(NoReverseMatch):
        httpkit.headed_redirect_response("no_such_page")

    settings.HEADLESS_ONLY = True
    response = httpkit.headed_redirect_response("no_such_page")
    assert response.status_code == 500
    assert response.content == b""


# Queries


@pytest.mark.parametrize(
    ("url", "params", "expected"),
    [
        ("/", {"foo": "bar", "v": 1}, "/?foo=bar&v=1"),
        ("/?a=1&a=2&b=3", {"a": "x"}, "/?a=x&b=3"),
        ("/?a=", {"b": "1"}, "/?b=1"),
        ("/x?a=1#frag", {"b": ["1", "2"]}, "/x?a=1&b=1&b=2#frag"),
        ("https://h.example/p", {"q": "a b&c"}, "https://h.example/p?q=a+b%26c"),
        ("/x", {}, "/x"),
        ("", {"a": "é"}, "?a=%C3%A9"),
    ],
)
def test_params_are_merged_into_the_query(url: str, params: dict[str, Any], expected: str) -> None:
    assert httpkit.add_query_params(url, params) == expected


@pytest.mark.parametrize(
    ("url", "names", "expected"),
    [
        ("/?a=1&b=2", ["a"], "/?b=2"),
        ("/?a=1&a=2&b=", ["a", "missing"], "/?b="),
        ("/x?a=1#frag", ["a"], "/x#frag"),
        ("/x", ["a"], "/x"),
    ],
)
def test_params_are_taken_out_of_the_query(url: str, names: list[str], expected: str) -> None:
    assert httpkit.del_query_params(url, *names) == expected


# Templates of URLs


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("/verify/{key}", "http://testserver/verify/a%20b/c%26"),
        ("/verify?key={key}", "http://testserver/verify?key=a+b%2Fc%26"),
        ("https://spa.example/{key}?k={key}", "https://spa.example/a%20b/c%26?k=a+b%2Fc%26"),
        ("https://spa.example/#/{key}", "https://spa.example/#/a%20b/c%26"),
        ("//spa.example/{key}", "//spa.example/a%20b/c%26"),
        ("/plain", "http://testserver/plain"),
    ],
)
def test_placeholders_are_quoted_as_their_place_needs(
    rf: Any, template: str, expected: str
) -> None:
    assert httpkit.render_url(rf.get("/"), template, key="a b/c&", unused="x") == expected


def test_placeholder_without_a_value_names_itself(rf: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="'key'"):
        httpkit.render_url(rf.get("/"), "/verify/{key}", other="x")


def test_value_is_never_filled_again(rf: Any) -> None:
    url = httpkit.render_url(rf.get("/"), "/{a}/{b}", a="{b}", b="secret")

    assert url == "http://testserver/%7Bb%7D/secret"


def test_without_headless_there_is_no_frontend(rf: Any, monkeypatch: Any) -> None:
    from django.apps import apps

    monkeypatch.setattr(apps, "is_installed", lambda name: False)
    assert httpkit.get_frontend_url(rf.get("/"), "account_signup") is None


# Clients


@pytest.mark.parametrize("client", ["app", "browser"])
def test_request_of_the_api_names_its_client(rf: Any, client: str) -> None:
    request = rf.get("/")
    assert httpkit.is_headless_request(request) is None
    request.allauth = SimpleNamespace()
    assert httpkit.is_headless_request(request) is None
    request.allauth.headless = SimpleNamespace(client=client)
    assert httpkit.is_headless_request(request) == client


@pytest.mark.parametrize(
    ("header", "credential"),
    [
        ("Bearer abc", "abc"),
        ("bEARER abc", "abc"),
        ("  Bearer   abc ", "abc"),
        ("Bearer", None),
        ("Bearer a b", None),
        ("Basic abc", None),
        ("", None),
    ],
)
def test_credential_of_the_authorization_header(
    rf: Any, header: str, credential: str | None
) -> None:
    request = rf.get("/", HTTP_AUTHORIZATION=header)

    assert httpkit.get_authorization_credential(request, "Bearer") == credential


def test_request_without_authorization_has_no_credential(rf: Any) -> None:
    assert httpkit.get_authorization_credential(rf.get("/"), "Bearer") is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (basic("id:secret"), ("id", "secret")),
        (basic("id:se:cret"), ("id", "se:cret")),
        (basic("ïd:sécret"), ("ïd", "sécret")),
        (basic(":secret"), (None, None)),
        (basic("id:"), (None, None)),
        (basic("id"), (None, None)),
        ({"Authorization": "Basic !!!"}, (None, None)),
        ({"Authorization": "Basic /w=="}, (None, None)),
        ({"Authorization": "Basic é"}, (None, None)),
        ({"Authorization": "Basic"}, (None, None)),
        ({"Authorization": "Bearer abc"}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_basic_authentication(headers: dict[str, str], expected: tuple[Any, Any]) -> None:
    assert httpkit.extract_basic_auth(headers) == expected


def test_scheme_of_basic_authentication_is_case_insensitive() -> None:
    headers = {"Authorization": basic("id:secret")["Authorization"].replace("Basic", "bASIC")}

    assert httpkit.extract_basic_auth(headers) == ("id", "secret")


def test_user_or_refusal(rf: Any, user: Any) -> None:
    request = rf.get("/")
    request.user = user
    assert httpkit.authenticated_user(request) is user

    request.user = AnonymousUser()
    with pytest.raises(PermissionDenied):
        httpkit.authenticated_user(request)


# Serialized requests


def test_request_is_serialized_in_the_format_of_the_published_release(rf: Any) -> None:
    request = rf.post("/a/b?x=1&x=2&y=%C3%A9", {"name": "é & b", "many": ["1", "2"]}, secure=True)

    data = json.loads(httpkit.serialize_request(request))
    assert set(data) == {"path", "path_info", "META", "GET", "POST", "method", "scheme"}
    assert data["path"] == data["path_info"] == "/a/b"
    assert data["GET"] == "x=1&x=2&y=%C3%A9"
    assert data["POST"] == "name=%C3%A9+%26+b&many=1&many=2"
    assert (data["method"], data["scheme"]) == ("POST", "https")
    assert all(isinstance(value, str) for value in data["META"].values())


def test_only_what_resuming_needs_is_serialized(rf: Any) -> None:
    request = rf.post(
        "/",
        {
            "password": "s3cret",
            "new_PASSWORD2": "s3cret",
            "client_secret": "s3cret",
            "name": "kept",
        },
        HTTP_AUTHORIZATION="Bearer s3cret",
        HTTP_COOKIE="sessionid=s3cret",
        HTTP_X_SESSION_TOKEN="s3cret",
        HTTP_HOST="testserver",
    )

    stored = httpkit.serialize_request(request)
    assert "s3cret" not in stored
    assert json.loads(stored)["POST"] == "name=kept"
    assert json.loads(stored)["META"]["HTTP_HOST"] == "testserver"


def test_request_is_restored(rf: Any) -> None:
    stored = httpkit.serialize_request(
        rf.post("/a/b?x=1", {"name": "v"}, secure=True, HTTP_HOST="other.example")
    )

    request = rf.get("/elsewhere", HTTP_COOKIE="a=b")
    restored = httpkit.deserialize_request(stored, request)

    assert restored is request
    assert (request.path, request.path_info, request.method) == ("/a/b", "/a/b", "POST")
    assert request.GET["x"] == "1"
    assert request.POST["name"] == "v"
    assert request.is_secure()
    assert request.META["HTTP_HOST"] == "other.example"
    assert request.META["HTTP_COOKIE"] == "a=b", "what was not stored is that of now"


def test_request_of_the_published_release_is_restored(rf: Any) -> None:
    stored = json.dumps(
        {
            "path": "/a",
            "path_info": "/a",
            "META": {"HTTP_HOST": "testserver", "HTTP_USER_AGENT": "A", "REMOTE_ADDR": "1.2.3.4"},
            "GET": "",
            "POST": "a=1",
            "method": "POST",
            "scheme": "http",
        }
    )

    request = httpkit.deserialize_request(stored, rf.get("/", secure=True))
    assert not request.is_secure()
    assert request.POST.dict() == {"a": "1"}


def test_scheme_of_a_restored_request_counts_for_its_urls(rf: Any) -> None:
    stored = httpkit.serialize_request(rf.post("/a", secure=True))

    request = httpkit.deserialize_request(stored, rf.get("/"))
    with request_context(request):
        assert request.build_absolute_uri("/x") == "https://testserver/x"
