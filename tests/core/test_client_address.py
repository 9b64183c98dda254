"""Which address a request comes from."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.test import Client

from allauth.account.adapter import get_adapter
from allauth.core.internal.client_address import get_network, normalize_address
from tests.support.pages import LOGIN

SPOOFING_HEADERS = [
    "X-Forwarded-For",
    "X-Real-IP",
    "Forwarded",
    "CF-Connecting-IP",
    "True-Client-IP",
    "X-Client-IP",
]


def get_ip(rf: Any, **meta: str) -> str:
    return get_adapter().get_client_ip(rf.get("/", **meta))


# What an address looks like


@pytest.mark.requirement("SEC-027", "ATK-C04")
@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" 1.2.3.4 ", "1.2.3.4"),
        ("1.2.3.4:80", "1.2.3.4"),
        ("[::1]:80", "::1"),
        ("[2001:db8::1]:55", "2001:db8::1"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:DB8::1%eth0", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ("::FFFF:102:304", "::ffff:1.2.3.4"),
    ],
)
def test_address_is_brought_into_canonical_form(text: str, address: str) -> None:
    assert normalize_address(text) == address


@pytest.mark.requirement("SEC-005", "ATK-C04")
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "unknown",
        "_hidden",
        "1.2.3.4,5.6.7.8",
        "1.2.3",
        "1.2.3.4.5",
        "01.2.3.4",
        "1.2.3.4:",
        "1.2.3.4:x",
        "1.2.3.4:123456",
        "[::1",
        "::1]",
        "[1.2.3.4]",
        "[::1]80",
        "[::1]:x",
        "１.2.3.4",  # noqa: RUF001
        "1.2.3.4\x00",
        "1" * 10_000,
    ],
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert normalize_address(text) is None


# Where it is looked for


def test_without_proxies_the_peer_counts(rf: Any) -> None:
    assert get_ip(rf, REMOTE_ADDR="5.6.7.8", HTTP_X_FORWARDED_FOR="1.1.1.1") == "5.6.7.8"


@pytest.mark.requirement("SEC-005", "ATK-C02")
@pytest.mark.parametrize(("count", "address"), [(1, "2.2.2.2"), (2, "1.1.1.1")])
def test_forwarded_addresses_are_counted_from_the_right(
    settings: Any, rf: Any, count: int, address: str
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = count

    assert get_ip(rf, HTTP_X_FORWARDED_FOR="1.1.1.1, 2.2.2.2") == address
    assert get_ip(rf, HTTP_X_FORWARDED_FOR="9.9.9.9,1.1.1.1:80 , 2.2.2.2") == address


@pytest.mark.requirement("ATK-C02")
def test_several_header_lines_are_one_list(settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    headers = [(b"x-forwarded-for", b"1.1.1.1"), (b"x-forwarded-for", b"2.2.2.2")]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}

    assert get_adapter().get_client_ip(ASGIRequest(scope, None)) == "2.2.2.2"


def test_missing_header_falls_back_to_the_peer_behind_proxies(settings: Any, rf: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2

    assert get_ip(rf, REMOTE_ADDR="5.6.7.8") == "5.6.7.8"
    assert get_ip(rf, REMOTE_ADDR="5.6.7.8", HTTP_X_FORWARDED_FOR="") == "5.6.7.8"


@pytest.mark.requirement("SEC-005", "ATK-C03")
@pytest.mark.parametrize("kind", [PermissionDenied, ImproperlyConfigured])
def test_too_few_forwarded_addresses_are_refused_and_logged(
    settings: Any, rf: Any, caplog: Any, kind: type[Exception]
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 3

    with caplog.at_level(logging.WARNING), pytest.raises(kind, match="TRUSTED_PROXY_COUNT"):
        get_ip(rf, HTTP_X_FORWARDED_FOR="1.1.1.1, 2.2.2.2")
    assert "3 proxies" in caplog.text


@pytest.mark.requirement("ATK-C03")
@pytest.mark.django_db
def test_request_around_the_proxies_is_answered_by_403(settings: Any, client: Client) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2

    response = client.post(LOGIN, {"login": "u", "password": "p"}, HTTP_X_FORWARDED_FOR="1.1.1.1")
    assert response.status_code == 403


@pytest.mark.requirement("SEC-005")
def test_only_the_trusted_header_counts(settings: Any, rf: Any) -> None:
    settings.ALLAUTH_TRUSTED_CLIENT_IP_HEADER = "CF-Connecting-IP"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    others = {"REMOTE_ADDR": "5.6.7.8", "HTTP_X_FORWARDED_FOR": "1.1.1.1"}

    assert get_ip(rf, HTTP_CF_CONNECTING_IP="[2001:DB8::1]:80", **others) == "2001:db8::1"
    for value in ({}, {"HTTP_CF_CONNECTING_IP": "unknown"}, {"HTTP_CF_CONNECTING_IP": ""}):
        with pytest.raises(PermissionDenied):
            get_ip(rf, **value, **others)


@pytest.mark.requirement("SEC-005", "ATK-C04")
@pytest.mark.parametrize("value", ["unknown", "1.1.1.1, 2.2.2.2", "9" * 10_000])
@pytest.mark.django_db
def test_no_valid_address_is_403_before_any_work(settings: Any, client: Client, value: str) -> None:
    settings.ALLAUTH_TRUSTED_CLIENT_IP_HEADER = "X-Client-IP"

    response = client.post(LOGIN, {"login": "u", "password": "p"}, HTTP_X_CLIENT_IP=value)
    assert response.status_code == 403


@pytest.mark.requirement("SEC-027")
@pytest.mark.django_db
def test_pages_that_need_no_address_do_without(settings: Any, client: Client) -> None:
    settings.ALLAUTH_TRUSTED_CLIENT_IP_HEADER = "X-Client-IP"

    assert client.get(LOGIN).status_code == 200
    assert client.post(LOGIN, {}).status_code == 403


@pytest.mark.requirement("SEC-027")
def test_missing_peer_is_refused(rf: Any) -> None:
    request = rf.get("/")
    del request.META["REMOTE_ADDR"]

    with pytest.raises(PermissionDenied):
        get_adapter().get_client_ip(request)


@pytest.mark.requirement("SEC-005", "ATK-C01")
@pytest.mark.django_db
def test_headers_do_not_evade_the_limit(settings: Any, client: Client) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "3/m/ip"}

    statuses = [
        client.post(
            LOGIN, {}, **{f"HTTP_{name.replace('-', '_').upper()}": f"1.1.1.{number}"}
        ).status_code
        for number, name in enumerate(SPOOFING_HEADERS)
    ]
    assert statuses == [200, 200, 200, 429, 429, 429]


@pytest.mark.requirement("ATK-C01")
@pytest.mark.django_db
def test_thirty_first_login_is_refused_by_default(client: Client) -> None:
    statuses = [
        client.post(LOGIN, {}, HTTP_X_FORWARDED_FOR=f"1.1.1.{number}").status_code
        for number in range(31)
    ]
    assert statuses == [200] * 30 + [429]


# What rate limits count by


@pytest.mark.parametrize(
    ("address", "prefix", "network"),
    [
        ("2001:db8:85a3:1234:5678:abcd:ef01:2345", 64, "2001:db8:85a3:1234::"),
        ("2001:db8:85a3:1234:5678:abcd:ef01:2345", 48, "2001:db8:85a3::"),
        (
            "2001:db8:85a3:1234:5678:abcd:ef01:2345",
            128,
            "2001:db8:85a3:1234:5678:abcd:ef01:2345",
        ),
        ("::1", 64, "::"),
        ("1.2.3.4", 64, "1.2.3.4"),
        ("no address", 64, "no address"),
    ],
)
def test_address_is_cut_to_its_network(
    settings: Any, address: str, prefix: int, network: str
) -> None:
    settings.ALLAUTH_RATE_LIMIT_IPV6_PREFIX = prefix

    assert get_network(address) == network


@pytest.mark.requirement("ATK-C05")
def test_ipv4_clients_of_a_dual_stack_socket_are_told_apart() -> None:
    assert get_network("::ffff:1.2.3.4") == "1.2.3.4"
    assert get_network("::ffff:5.6.7.8") == "5.6.7.8"


# The browser


def test_browser_that_says_nothing_is_unspecified(rf: Any) -> None:
    assert get_adapter().get_http_user_agent(rf.get("/")) == "Unspecified"
    assert get_adapter().get_http_user_agent(rf.get("/", HTTP_USER_AGENT="A")) == "A"
