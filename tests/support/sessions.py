"""The sessions of clients, read and changed on the server, and requests that have one."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.test import Client, RequestFactory


def read_session(client: Client) -> dict[str, Any]:
    """Return what the session of the client holds; empty if it has none."""
    cookie = client.cookies.get(django_settings.SESSION_COOKIE_NAME)
    if cookie is None or not cookie.value:
        return {}
    return dict(_get_store(cookie.value).items())


def write_session(client: Client, **values: Any) -> None:
    """Put ``values`` into the session of the client."""
    session = client.session
    session.update(values)
    session.save()


def get_key(client: Client) -> str:
    """Return the key of the session of the client."""
    return str(client.cookies[django_settings.SESSION_COOKIE_NAME].value)


def copy_session(client: Client, copy: Client) -> str:
    """Give ``copy`` the session key that ``client`` has now, and return the key."""
    key = get_key(client)
    copy.cookies[django_settings.SESSION_COOKIE_NAME] = key
    return key


def is_logged_in(client: Client, user: Any = None) -> bool:
    """Return whether the client is logged in, as ``user`` if given."""
    user_id = read_session(client).get("_auth_user_id")
    return user_id is not None if user is None else user_id == str(user.pk)


def make_request(user: Any = None, method: str = "post", path: str = "/", **data: Any) -> Any:
    """Return a request with a session, messages and a user, as a view gets it."""
    request: Any = getattr(RequestFactory(), method)(path, data)
    request.session = _get_store("")
    request.user = user or AnonymousUser()
    request.allauth = SimpleNamespace()
    request._messages = FallbackStorage(request)
    return request


def _get_store(session_key: str) -> Any:
    return import_module(django_settings.SESSION_ENGINE).SessionStore(session_key)
