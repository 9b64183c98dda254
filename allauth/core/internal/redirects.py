"""The check of redirect targets that arrive with a request."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.request import validate_host
from django.utils.http import url_has_allowed_host_and_scheme

MAX_URL_LENGTH = 8192
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_PLAIN_NETLOC = re.compile(r"[a-z0-9._-]*[a-z0-9_-](:[0-9]{1,5})?|\[[0-9a-f:.]+\](:[0-9]{1,5})?")


def is_safe_redirect(request: HttpRequest, url: object) -> bool:
    """Return whether ``url`` leads to this site or to a host that the project trusts.

    Trusted hosts are the host of the request, the entries of ``ALLOWED_HOSTS`` except a bare ``*``,
    and the hosts of ``CSRF_TRUSTED_ORIGINS``, wildcard sub-domains included. Credentials in the
    URL, schemes other than http(s), and http targets of an https request are refused. Never raises.
    """
    if not isinstance(url, str) or not url or len(url) > MAX_URL_LENGTH:
        return False
    url = url.strip()
    if _UNPRINTABLE.search(url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if not parts.netloc:
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    if not _is_trusted_location(request, parts):
        return False
    return url_has_allowed_host_and_scheme(
        url, allowed_hosts={parts.netloc}, require_https=request.is_secure()
    )


def _is_trusted_location(request: HttpRequest, parts: SplitResult) -> bool:
    location = parts.netloc.lower()
    if not _PLAIN_NETLOC.fullmatch(location):
        return False
    if location == request.get_host().lower() or location in _trusted_locations():
        return True
    hosts = [host for host in settings.ALLOWED_HOSTS if host != "*"]
    if ":" not in location and validate_host(location, hosts):
        return True
    return any(location.endswith(suffix) for suffix in _trusted_suffixes())


def _trusted_locations() -> set[str]:
    return {urlsplit(origin).netloc.lower() for origin in settings.CSRF_TRUSTED_ORIGINS} - {"", "*"}


def _trusted_suffixes() -> Iterable[str]:
    """Return ``.example.org`` for each trusted origin ``https://*.example.org``."""
    return (location[1:] for location in _trusted_locations() if location.startswith("*."))
