"""What the browser of a visitor does on the way to a provider and back."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from tests.support.sessions import is_logged_in


def visit(url: str) -> str:
    """Open a page of a provider; returns where it sends the visitor."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=60)
    connection.request("GET", f"{parts.path}?{parts.query}", headers={"Connection": "close"})
    response = connection.getresponse()
    response.read()
    connection.close()
    location = response.headers.get("Location")
    assert location, f"{response.status} instead of a redirect"
    return location


def get_path(url: str) -> str:
    """Path and query of a URL of this site."""
    parts = urlsplit(url)
    assert parts.netloc == "testserver"
    return f"{parts.path}?{parts.query}"


def start_login(client: Client, url: str) -> str:
    """Begin a login; returns the URL of the provider to which the visitor is sent."""
    response = client.post(url)
    assert response.status_code == 302, response.content
    return str(response["Location"])


def log_in(client: Client, url: str, **params: Any) -> Any:
    """Begin a login at ``url``, consent, and come back; returns the answer of the callback."""
    callback = visit(start_login(client, url))
    return client.get(get_path(callback), **params)


def assert_refused(client: Client, response: Any) -> None:
    """Fail unless the answer is the page that says that the provider was of no help."""
    assert response.status_code == 401
    assert "socialaccount/authentication_error.html" in [t.name for t in response.templates]
    assert not is_logged_in(client)
