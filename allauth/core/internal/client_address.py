"""The address of the client of a request, and the network of that address."""

from __future__ import annotations

import logging
from ipaddress import IPv6Address, ip_address, ip_network

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from allauth import app_settings
from allauth.core.exceptions import ClientAddressUnknown
from allauth.core.internal import extensions

logger = logging.getLogger(__name__)

_MAX_TEXT_LENGTH = 100


def resolve(request: HttpRequest) -> str:
    """Return the address by which clients are limited.

    Raises ``PermissionDenied`` if it cannot be determined.
    """
    resolver = extensions.client_address_resolver.get() or get_client_address
    return resolver(request)


def get_client_address(request: HttpRequest) -> str:
    """Return the address of the client, in canonical form.

    Raises ``PermissionDenied`` if it cannot be determined: everything that is limited per address
    would otherwise share one bucket or have none.
    """
    header = app_settings.TRUSTED_CLIENT_IP_HEADER
    if header:
        address = normalize_address(request.headers.get(header) or "")
    else:
        address = normalize_address(
            _forwarded_address(request) or request.META.get("REMOTE_ADDR") or ""
        )
    if address is None:
        raise PermissionDenied("The address of the client could not be determined.")
    return address


def _forwarded_address(request: HttpRequest) -> str | None:
    count = app_settings.TRUSTED_PROXY_COUNT
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR")
    if count <= 0 or not forwarded:
        return None
    addresses = forwarded.split(",")
    if len(addresses) < count:
        logger.warning(
            "X-Forwarded-For has %d entries although %d proxies are configured",
            len(addresses),
            count,
        )
        raise ClientAddressUnknown(
            "X-Forwarded-For has fewer entries than ALLAUTH_TRUSTED_PROXY_COUNT: was the request"
            " sent around the proxies?"
        )
    return str(addresses[-count]).strip()


def normalize_address(text: str) -> str | None:
    """Return an address, given with or without brackets, port or zone, in canonical form.

    Returns ``None`` if ``text`` is not an IP address.
    """
    text = text.strip()
    if not text or len(text) > _MAX_TEXT_LENGTH:
        return None
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        if not bracket or ":" not in host or not _is_port_or_nothing(port):
            return None
        text = host
    elif text.count(":") == 1:
        text, _, port = text.partition(":")
        if not _is_port_or_nothing(f":{port}"):
            return None
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return f"::ffff:{mapped}" if mapped else str(address)


def _is_port_or_nothing(text: str) -> bool:
    return not text or (text.startswith(":") and text[1:].isdecimal() and len(text) <= 6)


def get_network(address: str) -> str:
    """Return the subject of rate limits: an IPv4 address, or the network of an IPv6 address.

    An IPv4 client that a dual-stack socket reports as ``::ffff:a.b.c.d`` counts as IPv4.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    prefix = app_settings.RATE_LIMIT_IPV6_PREFIX
    return str(ip_network((parsed, prefix), strict=False).network_address)
