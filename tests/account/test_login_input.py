"""No input makes an entrance page fail (INV-35)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.support.mails import read_code
from tests.support.pages import (
    LOGIN,
    LOGOUT,
    SIGNUP,
    STRONG_PASSWORD,
    request_login_code,
    route_account_pages,
    submit_login,
)
from tests.support.sessions import read_session, write_session

pytestmark = pytest.mark.django_db

MEGABYTE = 1_000_000
TEXTS: dict[str, Any] = {
    "empty": "",
    "blank": " \t\n ",
    "nul": "a\x00b",
    "control": "\x01\x02\x1b[31m\x7f",
    "long": "x" * MEGABYTE,
    "long address": "x" * MEGABYTE + "@example.org",
    "surrogates": "%ED%A0%80",
    "emoji": "\U0001f984" * 200,
    "right to left": "\u202egro.elpmaxe@em",
    "combining": "a" + "\u0301" * 500,
    "line breaks": "a@example.org\r\nBcc: b@example.org",
    "format": "%s %d %(x)s {0} {x} {{ x }} {% x %}",
    "markup": "\"'><script>alert(1)</script>",
    "sql": "' OR 1=1 --",
    "number": "9" * 400,
    "nan": "NaN",
    "json": '{"a": [null]}',
    "list": ["a", "b", ""],
    "file": SimpleUploadedFile("a.txt", b"\xff\xfe"),
}
PAGES: dict[str, list[str]] = {
    LOGIN: ["login", "password", "remember", "next"],
    SIGNUP: [
        "username",
        "email",
        "email2",
        "phone",
        "password1",
        "password2",
        "honey",
        "next",
    ],
    LOGOUT: ["next"],
    "/accounts/login/code/": ["email", "phone", "next"],
    "/accounts/password/reset/": ["email", "next"],
    "/accounts/reauthenticate/": ["password", "next"],
}
VALID = {
    "login": "someone",
    "username": "new",
    "email": "new@example.org",
    "email2": "new@example.org",
    "password": "wrong",
    "password1": STRONG_PASSWORD,
    "password2": STRONG_PASSWORD,
}


@pytest.fixture(autouse=True)
def _everything_is_on(settings: Any, sms_outbox: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = None
    settings.ACCOUNT_LOGIN_METHODS = {"username", "email", "phone"}
    settings.ACCOUNT_SIGNUP_FIELDS = ["username", "email*", "email2*", "phone", "password1*"]
    settings.ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD = "honey"
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    settings.ACCOUNT_RATE_LIMITS = False
    route_account_pages(settings)


@pytest.mark.requirement("INV-35")
@pytest.mark.parametrize(
    ("page", "field"), [(page, field) for page, fields in PAGES.items() for field in fields]
)
def test_any_text_in_any_field_is_answered(
    client_factory: Callable[..., Client], user: Any, page: str, field: str
) -> None:
    for name, text in TEXTS.items():
        client = client_factory()
        if "reauthenticate" in page:
            client.force_login(user)

        response = client.post(page, {**VALID, field: text})

        assert response.status_code in (200, 302), name
        assert b"<script>alert(1)" not in response.content, name


@pytest.mark.requirement("INV-35")
@pytest.mark.parametrize("page", [*PAGES, "/accounts/inactive/", "/accounts/confirm-email/"])
def test_any_text_in_the_query_is_answered(
    client_factory: Callable[..., Client], user: Any, page: str
) -> None:
    for name, text in TEXTS.items():
        if not isinstance(text, str) or len(text) == MEGABYTE:
            continue
        query = dict.fromkeys(("next", "email", "\x00"), text[:1000])

        response = client_factory().get(page, query)

        assert response.status_code in (200, 302), name
        assert b"<script>alert(1)" not in response.content, name


@pytest.mark.requirement("INV-35")
@pytest.mark.parametrize(
    "path",
    [
        "password/reset/key/{}-abc/",
        "password/reset/key/1-{}/",
        "password/reset/key/1-set-password{}/",
        "confirm-email/{}/",
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_forged_keys_are_answered(
    client_factory: Callable[..., Client], user: Any, path: str, method: str
) -> None:
    from urllib.parse import quote

    for name, text in TEXTS.items():
        if not isinstance(text, str):
            continue
        client = client_factory()
        url = f"/accounts/{path.format(quote(text[:5000]))}"

        response = getattr(client, method)(url)

        assert response.status_code in (200, 404), name
        assert b"<script>alert(1)" not in response.content, name


@pytest.mark.requirement("INV-35")
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"login=%ff%fe&password=%00&next=%ed%a0%80"),
        ("application/x-www-form-urlencoded", b"=&&&;=%&login"),
        ("application/x-www-form-urlencoded; charset=nonsense", b"login=a"),
        ("application/json", b"{"),
        ("application/json", b"[1, null]"),
        ("application/json", json.dumps({"login": ["a"], "password": {"b": 1}}).encode()),
        ("text/plain", b"login=a&password=b"),
        ("", b"\x00"),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense"),
        ("application/x-www-form-urlencoded", b"a=1&" * 1001),
    ],
)
@pytest.mark.parametrize("page", [LOGIN, SIGNUP, "/accounts/login/code/"])
def test_any_body_is_answered(client: Client, page: str, content_type: str, body: bytes) -> None:
    response = client.generic("POST", page, body, content_type)

    # 400 is Django's answer to a body that cannot be read at all.
    assert response.status_code in (200, 400)


@pytest.mark.requirement("INV-35")
@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_COOKIE": "sessionid=\x7f; csrftoken='"},
        {"HTTP_COOKIE": f"sessionid={'x' * 5000}"},
        {"HTTP_COOKIE": "sessionid=../../etc/passwd"},
        {"HTTP_ACCEPT": "application/json"},
        {"HTTP_ACCEPT": "\x7f" * 100},
        {"HTTP_ACCEPT_LANGUAGE": "x" * 600},
        {"HTTP_X_REQUESTED_WITH": "xmlhttprequest"},
        {"HTTP_USER_AGENT": "x" * 100_000},
        {"HTTP_REFERER": "javascript:alert(1)"},
        {"HTTP_X_FORWARDED_FOR": "nonsense, ::::"},
        {"HTTP_AUTHORIZATION": "Basic %%%"},
    ],
    ids=lambda headers: next(iter(headers)) + next(iter(headers.values()))[:12],
)
@pytest.mark.parametrize("page", [LOGIN, SIGNUP])
def test_any_header_is_answered(client: Client, page: str, headers: dict[str, str]) -> None:
    for response in (client.get(page, **headers), client.post(page, VALID, **headers)):
        assert response.status_code in (200, 302, 400)


GARBAGE: list[Any] = [None, "x", "", 0, 7, [], {}, [[]], {"at": "x"}, {"at": None}, True, 1.5]
KEYS = [
    "account_login",
    "account_authentication_methods",
    "account_authentication_methods_user",
    "account_email_verification_code",
    "account_password_reset_verification",
    "account_phone_verification",
    "account_reauthentication_state",
    "account_verified_email",
    "_password_reset_key",
]


@pytest.mark.requirement("INV-35", "ATK-A69")
@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
def test_any_value_in_the_session_is_answered(
    client_factory: Callable[..., Client], user: Any, password: str, garbage: Any
) -> None:
    planted = dict.fromkeys(KEYS, garbage)
    for is_known in (False, True):
        client = client_factory()
        if is_known:
            client.force_login(user)
        for page in [
            LOGIN,
            SIGNUP,
            "/accounts/inactive/",
            "/accounts/email/",
            "/accounts/confirm-email/",
            "/accounts/login/code/",
            "/accounts/login/code/confirm/",
            "/accounts/password/reset/",
            "/accounts/password/reset/key/1-set-password/",
            "/accounts/phone/verify/",
            "/accounts/phone/change/",
            "/accounts/reauthenticate/",
        ]:
            write_session(client, **planted)
            assert client.get(page).status_code in (200, 302), page

        write_session(client, **planted)
        if is_known:
            client.post("/accounts/reauthenticate/", {"password": password})
        else:
            submit_login(client, user.username, password)
        assert "_auth_user_id" in read_session(client)
        write_session(client, **planted)
        assert client.post(LOGOUT).status_code == 302


@pytest.mark.requirement("ATK-A69")
@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
@pytest.mark.parametrize("key", KEYS)
def test_any_value_in_the_session_lets_somebody_log_in(
    client: Client, user: Any, password: str, key: str, garbage: Any
) -> None:
    write_session(client, **{key: garbage})

    client.get(LOGIN)
    submit_login(client, user.username, password)

    assert "_auth_user_id" in read_session(client)


@pytest.mark.requirement("ATK-A69")
@pytest.mark.parametrize("garbage", [None, "x", 5, [], {"a": 1}], ids=repr)
@pytest.mark.parametrize(
    "part",
    ["at", "failed_attempts", "resend_count", "email", "phone", "user_id", "code", "unknown"],
)
def test_any_value_in_the_state_of_a_code_is_answered(
    client: Client, user: Any, part: str, garbage: Any
) -> None:
    request_login_code(client, user.email)
    code = read_code()
    login = read_session(client)["account_login"]
    login["state"]["stages"]["login_by_code"]["data"][part] = garbage
    write_session(client, account_login=login)

    for data in ({"code": "x"}, {"action": "resend"}, {"code": code}):
        assert client.get("/accounts/login/code/confirm/").status_code in (200, 302)
        response = client.post("/accounts/login/code/confirm/", data)
        assert response.status_code in (200, 302)
