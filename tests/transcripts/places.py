"""Addresses of pages without what is random in them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

RANDOM_PARAMETERS = {
    "code",
    "code_challenge",
    "nonce",
    "oauth_token",
    "oauth_verifier",
    "state",
}

_PATHS = [
    (re.compile(r"/password/reset/key/[0-9A-Za-z]+-(?!set-password)[^/]+/"), "<uid>-<key>"),
    (re.compile(r"/password/reset/key/[0-9A-Za-z]+-set-password/"), "<uid>-set-password"),
    (re.compile(r"/confirm-email/[^/]+/"), "<key>"),
]


def mask_place(url: str) -> str:
    """Return ``url`` with names in angle brackets for what is random."""
    parts = urlsplit(url)
    path = parts.path
    for pattern, name in _PATHS:
        path = pattern.sub(lambda found, name=name: _replace_last(found[0], name), path)
    netloc = re.sub(r"127\.0\.0\.1:\d+", "<provider>", parts.netloc)
    return urlunsplit((parts.scheme, netloc, path, _mask_query(parts.query), parts.fragment))


def _replace_last(path: str, name: str) -> str:
    return f"{path.rstrip('/').rpartition('/')[0]}/{name}/"


def _mask_query(query: str) -> str:
    return "&".join(_mask_parameter(pair) for pair in query.split("&"))


def _mask_parameter(pair: str) -> str:
    name, _, value = pair.partition("=")
    return f"{name}=<{name}>" if value and name in RANDOM_PARAMETERS else pair
