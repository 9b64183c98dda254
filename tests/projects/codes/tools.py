"""What the tests of codes, links, addresses, passwords and phone numbers do again and again."""

from __future__ import annotations

import re
from html import unescape
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.test import Client

from allauth.account import urls as account_urls
from tests.projects.custom_hooks.tools import route_account_pages

NOW = 1_700_000_000
"""Where tests that stop the clock stop it, in seconds since the epoch."""

EMAIL = "/accounts/email/"
EMAIL_VERIFICATION_SENT = "/accounts/confirm-email/"
LOGIN_CODE_REQUEST = "/accounts/login/code/"
LOGIN_CODE_CONFIRM = "/accounts/login/code/confirm/"
PASSWORD_CHANGE = "/accounts/password/change/"
PASSWORD_SET = "/accounts/password/set/"
RESET = "/accounts/password/reset/"
RESET_DONE = "/accounts/password/reset/done/"
RESET_CODE_CONFIRM = "/accounts/password/reset/confirm/"
RESET_CODE_COMPLETE = "/accounts/password/reset/complete/"
PHONE_VERIFY = "/accounts/phone/verify/"
PHONE_CHANGE = "/accounts/phone/change/"

needs_phones = pytest.mark.skipif(
    "tests.projects.phones" not in django_settings.INSTALLED_APPS,
    reason="the project stores no phone numbers",
)

# By the names of their pages: it takes Django a while to read one for the first time.
_urlconfs: dict[tuple[str | None, ...], ModuleType] = {}

_CODE = re.compile(r"^[A-Z0-9]{3,}(?:-[A-Z0-9]{3,})+$", re.MULTILINE)
_LINK = re.compile(r"https?://\S+")
_NEXT_LETTER = str.maketrans("BCDFGHJKLMNPQRSTVWXZ", "CDFGHJKLMNPQRSTVWXZB")


def configure(settings: Any, **values: Any) -> None:
    """Set settings of the account app, by their names without prefix, and adapt the URLs."""
    for name, value in values.items():
        setattr(settings, f"ACCOUNT_{name}", value)
    pages = tuple(pattern.name for pattern in account_urls._build_urlpatterns())
    if pages not in _urlconfs:
        route_account_pages(settings)
        _urlconfs[pages] = settings.ROOT_URLCONF
    settings.ROOT_URLCONF = _urlconfs[pages]


def read_body(index: int = -1) -> str:
    """The text of a mail of the outbox."""
    return str(mail.outbox[index].body)


def get_code(index: int = -1) -> str:
    """The code in a mail of the outbox."""
    return _find(_CODE, index)


def get_link(index: int = -1) -> str:
    """The first link in a mail of the outbox."""
    return _find(_LINK, index)


def get_path(index: int = -1) -> str:
    """The path of the first link in a mail of the outbox."""
    return urlsplit(get_link(index)).path


def _find(pattern: re.Pattern[str], index: int) -> str:
    found = pattern.search(read_body(index))
    assert found, read_body(index)
    return found[0]


def make_wrong(code: str) -> str:
    """Another code of the same form."""
    return code.translate(_NEXT_LETTER)


def submit(client: Client, page: str, code: str, **data: Any) -> Any:
    """Post a code to the page that takes it."""
    return client.post(page, {"code": code, **data})


def read_page(response: Any) -> str:
    """The text of a page, without entities."""
    return unescape(response.content.decode())
