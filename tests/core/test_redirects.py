"""Which redirect targets are followed: one rule, for every parameter that can become one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from allauth.account.adapter import get_adapter
from allauth.account.utils import (
    get_login_redirect_url,
    get_next_redirect_url,
    passthrough_next_redirect_url,
)
from allauth.core.context import request_context
from allauth.core.internal.redirects import is_safe_redirect

FOLLOWED = [
    "/ok",
    "/x?y=1#z",
    " /x",
    "/",
    "x",
    "evil.example",
    "?next=/x",
    "/x?next=https://evil.example/",
    "/%2e%2e/",
    "https://testserver/x",
    "HTTPS://TESTSERVER/x",
    "https://TestServer/",
    "https://sub.example.com/x",
    "https://SUB.Example.com/x",
    "https://example.com/",
    "https://spa.org:8443/",
    "https://a.trusted.org/",
    "https://a.b.trusted.org/x",
]

REFUSED = [
    "",
    " ",
    "https://evil.example/",
    "https://spa.org/",
    "https://spa.org:8444/",
    "https://testserver:8000/",
    "https://x.example.com:99999/",
    "https://x.example.com:99/",
    "https://trusted.org/",
    "https://trusted.org.evil/",
    "https://eviltrusted.org/",
    "http://testserver/x",
    "http://sub.example.com/",
    "https://user:p@x.example.com/",
    "https://user@testserver/",
    "https://@testserver/",
    "https://:@testserver/",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "http:///evil.example",
    "https:///evil.example",
    "https:evil.example",
    "https:/evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\t//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\x00//evil.example",
    "http://testserver@evil.example/",
    "http://evil.example\\@testserver/",
    "https://evil.example\\@testserver/",
    "http://evil.example\\.example.com/",
    "https://evil.example\\.example.com/",
    "http://evil.example#.example.com",
    "https://evil.example#.example.com",
    "https://evil.example?.example.com",
    "https://evil.example;.example.com",
    "https://evil.example%00.example.com/",
    "https://example.com./",
    "https://testserver./",
    "https://notexample.com/",
    "https://example.com.evil.example/",
    "https://sub。example。com/",
    "https://evil．example.com/",  # noqa: RUF001
    "https://sub%2Eexample%2Ecom/",
    "https://testserver%2Eevil.example/",
    "https://a.trusted.org\uff0fevil/",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "ftp://testserver/",
    "myapp://x",
    "myapp://testserver/",
    "file:///etc/passwd",
    "\x00/x",
    "\x01javascript:alert(1)",
    "http://[::1",
    "https://[::1",
    "//[",
    "//]",
    "https://[v1.x]/",
    "https://[::1]@testserver/",
    "https://testserver:x/",
    "/x\ud800",
    "/" + "x" * 1_000_000,
    "https://testserver/" + "x" * 1_000_000,
    "/x\r\nSet-Cookie:a=b",
]


@pytest.fixture(autouse=True)
def _trusted_hosts(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver", ".example.com"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://*.trusted.org", "https://spa.org:8443"]
    settings.ACCOUNT_RATE_LIMITS = False


def is_safe(rf: Any, url: Any, *, secure: bool = True, **meta: Any) -> bool:
    request = rf.get("/", secure=secure, **meta)
    with request_context(request):
        return get_adapter().is_safe_url(url)


@pytest.mark.requirement("SEC-009", "ATK-C17")
@pytest.mark.parametrize("url", FOLLOWED)
def test_trusted_target_is_followed(rf: Any, url: str) -> None:
    assert is_safe(rf, url)


@pytest.mark.requirement("SEC-009", "ATK-C17", "ATK-C18")
@pytest.mark.parametrize("url", REFUSED, ids=lambda url: ascii(url)[:40])
def test_other_target_is_refused(rf: Any, url: str) -> None:
    assert not is_safe(rf, url)


@pytest.mark.requirement("ATK-C17")
@pytest.mark.parametrize("url", [None, 3, b"/x", [], {}, object()])
def test_target_that_is_no_text_is_refused(rf: Any, url: Any) -> None:
    assert not is_safe(rf, url)


@pytest.mark.requirement("SEC-009")
@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("http://testserver/x", True),
        ("https://testserver/x", True),
        ("http://a.example.com/", True),
        ("https://bar.com:8000/", True),
        ("http://testserver:8000/", False),
        ("http://user@testserver/", False),
        ("http://testserver.evil.com", False),
        ("http://a.example.com:99/", False),
        ("https://bar.com/", False),
        ("//evil.com", False),
    ],
)
def test_plain_http_request_has_its_own_safe_targets(
    settings: Any, rf: Any, url: str, safe: bool
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://*.foo.com", "https://bar.com:8000"]

    assert is_safe(rf, url, secure=False) is safe


@pytest.mark.requirement("ATK-C20")
@pytest.mark.parametrize(
    "url", ["http://testserver/x", "http://sub.example.com/", "http://a.trusted.org"]
)
def test_secure_request_is_not_downgraded(rf: Any, url: str) -> None:
    assert not is_safe(rf, url, secure=True)


@pytest.mark.requirement("SEC-009")
@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", "https://x.y/"])
def test_wildcard_of_the_allowed_hosts_trusts_nobody(settings: Any, rf: Any, url: str) -> None:
    settings.ALLOWED_HOSTS = ["*"]

    assert not is_safe(rf, url)
    assert is_safe(rf, "https://testserver/x"), "the host of the request is this site"


@pytest.mark.requirement("ATK-C19")
@pytest.mark.parametrize("origins", [["https://*"], ["http://*", "https://*."], ["*"]])
def test_wildcard_of_the_trusted_origins_trusts_nobody(
    settings: Any, rf: Any, origins: list[str]
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = origins

    for url in ("https://evil.example/", "https://*/", "https://x/", "https://x.*/"):
        assert not is_safe(rf, url)


@pytest.mark.requirement("ATK-C19")
def test_trusted_subdomains_are_safe_and_look_alikes_are_not(rf: Any) -> None:
    assert is_safe(rf, "https://deep.sub.trusted.org/")
    for host in ("trusted.org.evil", "eviltrusted.org", "a.trusted.org.evil", "trusted.org"):
        assert not is_safe(rf, f"https://{host}/")


@pytest.mark.requirement("ATK-C21")
def test_target_is_checked_again_when_it_is_used(settings: Any, rf: Any) -> None:
    url = "https://sub.example.com/x"
    assert is_safe(rf, url)

    settings.ALLOWED_HOSTS = ["testserver"]
    assert not is_safe(rf, url)


def test_own_port_is_trusted(rf: Any) -> None:
    assert is_safe(rf, "https://testserver:8000/x", HTTP_HOST="testserver:8000")
    assert not is_safe(rf, "https://testserver:8001/x", HTTP_HOST="testserver:8000")


def test_own_address_is_trusted(settings: Any, rf: Any) -> None:
    settings.ALLOWED_HOSTS = ["[::1]"]

    assert is_safe(rf, "https://[::1]:8000/x", HTTP_HOST="[::1]:8000")
    assert not is_safe(rf, "https://[::2]/x", HTTP_HOST="[::1]:8000")


@pytest.mark.requirement("ATK-C34", "INV-36")
def test_long_targets_take_no_time(rf: Any) -> None:
    request = rf.get("/", secure=True)
    started = time.process_time()
    for url in (
        "//" + "a." * 500_000,
        "https://" + "@" * 1_000_000,
        "/" * 1_000_000,
        "." * 1_000_000,
    ):
        assert not is_safe_redirect(request, url)
    assert time.process_time() - started < 1


# The parameter


def test_posted_parameter_wins_and_blanks_are_stripped(rf: Any) -> None:
    request = rf.post("/?next=/query", {"next": " /posted "})
    with request_context(request):
        assert get_next_redirect_url(request) == "/posted"

    request = rf.post("/?next=/query", {"next": ""})
    with request_context(request):
        assert get_next_redirect_url(request) == "/query"


def test_name_of_the_parameter_can_be_chosen(rf: Any) -> None:
    request = rf.get("/?next=/a&to=/b")
    with request_context(request):
        assert get_next_redirect_url(request, "to") == "/b"
        assert get_next_redirect_url(request, "none") is None


def test_only_safe_targets_are_passed_on(rf: Any) -> None:
    request = rf.get("/?next=/a%20b%3Fc")
    with request_context(request):
        assert passthrough_next_redirect_url(request, "/in/?x=1", "next") == (
            "/in/?x=1&next=%2Fa+b%3Fc"
        )
    request = rf.get("/?next=//evil.example")
    with request_context(request):
        assert passthrough_next_redirect_url(request, "/in/?x=1", "next") == "/in/?x=1"


def test_login_redirect_prefers_what_it_is_given(rf: Any, user: Any) -> None:
    request = rf.get("/?next=/next")
    request.user = user
    with request_context(request):
        assert get_login_redirect_url(request, "/given") == "/given"
        assert get_login_redirect_url(request, lambda: "/called") == "/called"
        assert get_login_redirect_url(request, lambda: None) == "/next"
        assert get_login_redirect_url(request) == "/next"

    request = rf.get("/?next=//evil.example")
    request.user = user
    with request_context(request):
        assert get_login_redirect_url(request) == "/accounts/profile/"
        assert get_login_redirect_url(request, signup=True) == "/accounts/profile/"


# The flows


def log_in(client: Client, target: str, user: Any, password: str) -> Any:
    data = {"login": user.username, "password": password, "next": target}
    return client.post(reverse("account_login"), data, secure=True)


def visit_login(client: Client, target: str, user: Any, password: str) -> Any:
    client.force_login(user)
    return client.get(reverse("account_login"), {"next": target}, secure=True)


def log_out(client: Client, target: str, user: Any, password: str) -> Any:
    client.force_login(user)
    return client.post(reverse("account_logout"), {"next": target}, secure=True)


def sign_up(client: Client, target: str, user: Any, password: str) -> Any:
    data = {
        "username": "anna",
        "email": "anna@example.org",
        "password1": password,
        "password2": password,
        "next": target,
    }
    return client.post(reverse("account_signup"), data, secure=True)


def change_password(client: Client, target: str, user: Any, password: str) -> Any:
    client.force_login(user)
    new = "another horse 9 battery"
    data = {"oldpassword": password, "password1": new, "password2": new, "next": target}
    return client.post(reverse("account_change_password"), data, secure=True)


def reauthenticate(client: Client, target: str, user: Any, password: str) -> Any:
    client.force_login(user)
    data = {"password": password, "next": target}
    return client.post(reverse("account_reauthenticate"), data, secure=True)


def request_reset(client: Client, target: str, user: Any, password: str) -> Any:
    data = {"email": user.email, "next": target}
    return client.post(reverse("account_reset_password"), data, secure=True)


FLOWS = [log_in, visit_login, log_out, sign_up, change_password, reauthenticate, request_reset]


@pytest.mark.requirement("SEC-009", "INV-32")
@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("target", ["/ok?y=1#z", " /x", "https://sub.example.com/x"])
def test_every_flow_follows_what_is_safe(
    client: Client, user: Any, password: str, flow: Callable[..., Any], target: str
) -> None:
    response = flow(client, target, user, password)

    assert response.status_code == 302
    if flow is request_reset:  # goes on to a page of its own
        assert "evil" not in response["Location"]
    else:
        assert response["Location"] == target.strip()


@pytest.mark.requirement("SEC-009", "ATK-C18", "INV-32")
@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "http://testserver/x",
        "http://[::1",
        "//[",
        "/\\evil.example",
        "javascript:alert(1)",
        "/x\r\nSet-Cookie:a=b",
        "https://user:p@x.example.com/",
    ],
)
def test_every_flow_refuses_what_is_not(
    client: Client, user: Any, password: str, flow: Callable[..., Any], target: str
) -> None:
    response = flow(client, target, user, password)

    assert response.status_code == 302
    location = urlsplit(response["Location"])
    assert location.scheme == ""
    assert location.netloc == ""
    assert not {"evil", "[", "javascript", "Set-Cookie"} & set(response["Location"])
    assert "evil" not in response["Location"]
    assert "Cookie" not in response["Location"]


@pytest.mark.requirement("ATK-C17", "ATK-C22")
@pytest.mark.parametrize(
    "target",
    [url for url in REFUSED if url.isprintable() or url.isascii()],
    ids=lambda url: ascii(url)[:40],
)
def test_logout_follows_no_refused_target(client: Client, user: Any, target: str) -> None:
    client.force_login(user)

    response = client.post(reverse("account_logout"), {"next": target}, secure=True)
    assert response.status_code == 302
    assert response["Location"] == "/"


@pytest.mark.requirement("ATK-C22")
@pytest.mark.parametrize(
    "name", ["account_login", "account_signup", "account_reset_password", "account_logout"]
)
def test_parameter_is_escaped_in_the_page(client: Client, user: Any, name: str) -> None:
    if name == "account_logout":
        client.force_login(user)
    response = client.get(reverse(name), {"next": '"><script>alert(1)</script>'})

    assert response.status_code == 200
    html = response.content.decode()
    assert "<script>alert(1)" not in html
    assert "&quot;&gt;&lt;script&gt;alert(1)" in html


@pytest.mark.requirement("ATK-C22")
@pytest.mark.django_db
def test_only_safe_targets_are_in_the_links_of_a_page(client: Client) -> None:
    for target, is_passed_on in (("/ok", True), ("//evil.example/", False)):
        html = client.get(reverse("account_login"), {"next": target}).content.decode()
        links = [part.split('"')[0] for part in html.split('href="')[1:]]
        own = [link for link in links if link.startswith(reverse("account_signup"))]
        assert any("next=" in link for link in own) is is_passed_on


@pytest.mark.requirement("ATK-C21")
def test_target_of_a_form_is_checked_again_when_it_is_posted(
    settings: Any, client: Client, user: Any, password: str
) -> None:
    client.force_login(user)
    target = "https://sub.example.com/x"
    page = client.get(reverse("account_reauthenticate"), {"next": target}, secure=True)
    assert target in page.content.decode()

    settings.ALLOWED_HOSTS = ["testserver"]
    response = reauthenticate(client, target, user, password)
    assert urlsplit(response["Location"]).netloc == ""


@pytest.mark.requirement("ATK-C21")
def test_target_of_a_pending_login_is_checked_again(
    settings: Any, client: Client, user: Any, password: str, mailoutbox: Any
) -> None:
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
    assert log_in(client, "https://sub.example.com/x", user, password).status_code == 302
    settings.ALLOWED_HOSTS = ["testserver"]

    (code,) = re.findall(r"\b[B-Z]{4}-[B-Z]{4}\b", mailoutbox[0].body)
    response = client.post(reverse("account_confirm_login_code"), {"code": code}, secure=True)
    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)
    assert urlsplit(response["Location"]).netloc == ""
