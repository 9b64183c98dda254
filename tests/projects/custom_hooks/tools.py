"""What the tests of logging in, signing up and logging out do again and again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth import hashers
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages import get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core import mail
from django.db import connection
from django.dispatch import Signal
from django.test import Client, RequestFactory
from django.urls import include, path

from allauth import urls as allauth_urls
from allauth.account import urls as account_urls
from tests.support.middleware import build_urlconf

LOGIN = "/accounts/login/"
SIGNUP = "/accounts/signup/"
LOGOUT = "/accounts/logout/"
STRONG_PASSWORD = "quiet otters 9 lanterns"


def route_account_pages(settings: Any, *patterns: Any) -> None:
    """Serve the pages that the settings of the test call for, and ``patterns``.

    Which pages there are is decided as the URLs are imported.
    """
    pages = [*account_urls._build_urlpatterns(), *_leave_out(account_urls, allauth_urls)]
    regular = import_module("tests.projects.regular.urls")
    settings.ROOT_URLCONF = build_urlconf(
        *patterns, path("accounts/", include(pages)), *_leave_out(allauth_urls, regular)
    )


def _leave_out(included: ModuleType, urlconf: ModuleType) -> list[Any]:
    return [
        pattern
        for pattern in urlconf.urlpatterns
        if getattr(pattern, "urlconf_module", None) is not included
    ]


def submit_login(client: Client, login: str, password: str, **data: Any) -> Any:
    """Post the login form; further arguments are further fields."""
    return client.post(LOGIN, {"login": login, "password": password, **data})


def submit_signup(client: Client, **data: Any) -> Any:
    """Post the sign-up form with a strong password, unless ``data`` says otherwise."""
    passwords = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}
    return client.post(SIGNUP, {**passwords, **data})


def read_session(client: Client) -> dict[str, Any]:
    """What the session of the client holds; empty if it has none."""
    cookie = client.cookies.get(django_settings.SESSION_COOKIE_NAME)
    if cookie is None or not cookie.value:
        return {}
    return dict(_get_store(cookie.value).items())


def write_session(client: Client, **values: Any) -> None:
    """Put ``values`` into the session of the client."""
    session = client.session
    session.update(values)
    session.save()


def copy_session(client: Client, copy: Client) -> str:
    """Give ``copy`` the session key that ``client`` has now, and return the key."""
    key = str(client.cookies[django_settings.SESSION_COOKIE_NAME].value)
    copy.cookies[django_settings.SESSION_COOKIE_NAME] = key
    return key


def _get_store(session_key: str) -> Any:
    return import_module(django_settings.SESSION_ENGINE).SessionStore(session_key)


def is_logged_in(client: Client, user: Any = None) -> bool:
    """Tell whether the client is logged in, as ``user`` if given."""
    user_id = read_session(client).get("_auth_user_id")
    return user_id is not None if user is None else user_id == str(user.pk)


def list_messages(response: Any) -> list[tuple[str, str]]:
    """Level and text of the messages queued while ``response`` was made."""
    return [(message.level_tag, str(message)) for message in get_messages(response.wsgi_request)]


def list_error_codes(response: Any, field: str | None = None) -> list[str]:
    """The codes of the errors of ``field`` of the form shown, or of the form itself."""
    errors = response.context["form"].errors.as_data()
    return [error.code for error in errors.get(field or "__all__", [])]


@contextmanager
def collect_signals(**signals: Signal) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Collect name and arguments of each of ``signals`` that is sent within the block."""
    sent: list[tuple[str, dict[str, Any]]] = []
    receivers: list[tuple[Signal, Callable[..., None]]] = []
    for name, signal in signals.items():

        def receive(name: str = name, **kwargs: Any) -> None:
            sent.append((name, kwargs))

        signal.connect(receive)
        receivers.append((signal, receive))
    try:
        yield sent
    finally:
        for signal, receiver in receivers:
            signal.disconnect(receiver)


class CountingHasher(hashers.MD5PasswordHasher):
    """Counts how often a password is hashed."""

    algorithm = "counting_md5"
    count = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).count += 1
        return super().encode(password, salt)


@contextmanager
def count_hashes() -> Iterator[Callable[[], int]]:
    """Gives a function that says how many passwords were hashed since the block began."""
    start = CountingHasher.count
    yield lambda: CountingHasher.count - start


def use_counting_hasher(settings: Any) -> None:
    """Have passwords hashed by :class:`CountingHasher` from here on."""
    settings.PASSWORD_HASHERS = [f"{CountingHasher.__module__}.{CountingHasher.__qualname__}"]


def make_request(user: Any = None, method: str = "post", path: str = "/", **data: Any) -> Any:
    """A request with a session, messages and a user, as a view gets it."""
    request: Any = getattr(RequestFactory(), method)(path, data)
    request.session = _get_store("")
    request.user = user or AnonymousUser()
    request.allauth = SimpleNamespace()
    request._messages = FallbackStorage(request)
    return request


_CODE = re.compile(r"\b[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}\b")
_LINK = re.compile(r"https?://testserver(/\S+)")


def read_code() -> str:
    """The code in the mail that was sent last."""
    return _search(_CODE)[0]


def read_link() -> str:
    """The path of the link in the mail that was sent last."""
    return _search(_LINK)[1]


def _search(pattern: re.Pattern[str]) -> re.Match[str]:
    found = pattern.search(str(mail.outbox[-1].body))
    assert found is not None, mail.outbox[-1].body
    return found


def request_login_code(client: Client, email: str, **data: Any) -> Any:
    """Ask for a code that logs in; the login by code has to be on, and its pages routed."""
    return client.post("/accounts/login/code/", {"email": email, **data})


def submit_code(client: Client, code: str, page: str = "login/code/confirm", **data: Any) -> Any:
    """Post a code to one of the pages that take one."""
    return client.post(f"/accounts/{page}/", {"code": code, **data})


def reset_password_by_link(client: Client, email: str, new_password: str = STRONG_PASSWORD) -> Any:
    """Ask for the link, open it, and choose a new password."""
    client.post("/accounts/password/reset/", {"email": email})
    page = client.get(read_link())
    return client.post(page["Location"], {"password1": new_password, "password2": new_password})


def reset_password_by_code(client: Client, email: str, new_password: str = STRONG_PASSWORD) -> Any:
    """Ask for the code, enter it, and choose a new password."""
    client.post("/accounts/password/reset/", {"email": email})
    submit_code(client, read_code(), "password/reset/confirm")
    data = {"password1": new_password, "password2": new_password}
    return client.post("/accounts/password/reset/complete/", data)


@contextmanager
def lenient_database() -> Iterator[None]:
    """Make SQLite compare names and addresses without accents and compatibility forms.

    Collations of other databases are like this by default.
    """
    connection.ensure_connection()
    connection.connection.create_collation("lenient", _compare_leniently)

    def rewrite(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        for column in ("username", "email"):
            for comparison in ("LIKE %s ESCAPE '\\'", "= %s"):
                sql = sql.replace(f'"{column}" {comparison}', f'"{column}" = %s COLLATE lenient')
        return execute(sql, params, many, context)

    with connection.execute_wrapper(rewrite):
        yield


def _compare_leniently(one: str, other: str) -> int:
    folded, other_folded = _fold(one), _fold(other)
    return (folded > other_folded) - (folded < other_folded)


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in decomposed if not unicodedata.combining(character))


class Transcript:
    """What a visitor gets to see, step by step, without what is random or the visitor's own.

    Parameters:
        client: The visitor.
        own: What the visitor typed in, which differs between transcripts that are compared.
    """

    def __init__(self, client: Client, *own: str) -> None:
        self.client = client
        self.own = own
        self.steps: list[dict[str, Any]] = []
        self._mails = len(mail.outbox)

    def note(self, response: Any) -> Any:
        """Add a step, and return the response."""
        self.steps.append(
            {
                "status": response.status_code,
                "headers": sorted(
                    (name, self._mask(value))
                    for name, value in response.items()
                    if name not in ("Content-Length", "Expires")
                ),
                "cookies": sorted(response.cookies),
                "body": self._mask(response.content.decode()),
                "messages": [(tag, self._mask(text)) for tag, text in list_messages(response)],
                "session": sorted(read_session(self.client)),
                "mails": len(mail.outbox) - self._mails,
            }
        )
        return response

    def get(self, path: str) -> Any:
        """Open a page."""
        return self.note(self.client.get(path))

    def post(self, path: str, data: dict[str, str]) -> Any:
        """Post a form."""
        return self.note(self.client.post(path, data))

    def _mask(self, text: str) -> str:
        for number, word in enumerate(self.own):
            text = text.replace(word, f"<{number}>")
        return re.sub(r'(csrfmiddlewaretoken" value=")\w+', r"\1", text)
