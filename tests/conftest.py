"""Fixtures of the whole suite.

``client`` and ``client_factory`` come in two colors, so every test that goes through a URL runs
once over Django's synchronous handler and once over its asynchronous one.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from blockbuster import BlockBuster
from coverage import Coverage
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.signals import setting_changed
from django.test import Client
from django.test.signals import root_urlconf_changed
from django.urls import set_urlconf
from django.utils import translation

from tests.support.clients import CLIENTS
from tests.support.hops import Hops, count_hops


@pytest.fixture(autouse=True, scope="session")
def _event_loops_are_not_blocked() -> Iterator[None]:
    guard = BlockBuster()
    if Coverage.current() is not None:
        # It takes a lock of its own the first time that a thread runs a line.
        del guard.functions["threading.Lock.acquire"]
    guard.activate()
    yield
    guard.deactivate()


@pytest.fixture(autouse=True, scope="session")
def _urls_are_read_once() -> Iterator[None]:
    """Let Django keep what it has read of a URLconf when ``ROOT_URLCONF`` changes.

    It forgets all URLs then. To read them again takes as long as some requests, and leaves a
    variable behind in the context of the thread, which asgiref copies at each hop from then on:
    asynchronous tests became slower and slower.
    """

    def forget_urlconf(*, setting: str, **kwargs: Any) -> None:
        if setting == "ROOT_URLCONF":
            set_urlconf(None)

    setting_changed.disconnect(root_urlconf_changed)
    setting_changed.connect(forget_urlconf)
    yield
    setting_changed.disconnect(forget_urlconf)
    setting_changed.connect(root_urlconf_changed)


@pytest.fixture(autouse=True)
def _nothing_is_left_of_other_tests() -> None:
    cache.clear()
    # LocaleMiddleware leaves the language of its last request active in the thread.
    translation.deactivate()


@pytest.fixture(params=os.environ.get("TEST_COLORS", "sync async").split())
def color(request: pytest.FixtureRequest) -> str:
    """The color of the test: ``"sync"`` or ``"async"``."""
    return str(request.param)


@pytest.fixture
def client_factory(color: str) -> Callable[..., Client]:
    """Makes further clients of the color of the test; parameters are those of ``Client``."""
    return CLIENTS[color]


@pytest.fixture
def client(client_factory: Callable[..., Client]) -> Client:
    """A client that is nobody yet."""
    return client_factory()


@pytest.fixture
def password() -> str:
    """The password of the users that ``user_factory`` makes."""
    return "correct horse 7 battery"


@pytest.fixture
def user_factory(db: None, password: str) -> Callable[..., Any]:
    """Makes users, each with an e-mail address of the account app unless it is told otherwise.

    Parameters of the factory:
        email: The address; one is made up if it is not given, and ``""`` stands for none.
        username: The name; one is made up if it is not given.
        password: ``None`` makes the password unusable.
        verified: Whether the address (and the phone number) is verified.
        phone: A number to hand to the adapter, which must be one that stores numbers.
        Further parameters are fields of the user.
    """
    numbers = itertools.count(1)
    default_password = password

    def make_user(
        *,
        email: str | None = None,
        username: str | None = None,
        password: str | None = default_password,
        verified: bool = True,
        phone: str | None = None,
        **fields: Any,
    ) -> Any:
        from allauth.account.adapter import get_adapter
        from allauth.account.models import EmailAddress

        name = username or f"user{next(numbers)}"
        address = f"{name}@example.org" if email is None else email
        user = get_user_model().objects.create_user(name, address, password, **fields)
        if address:
            EmailAddress.objects.create(
                user=user, email=address.lower(), verified=verified, primary=True
            )
        if phone:
            get_adapter().set_phone(user, phone, verified)
        return user

    return make_user


@pytest.fixture
def user(user_factory: Callable[..., Any]) -> Any:
    """An active user with a verified address and the password of the ``password`` fixture."""
    return user_factory()


@pytest.fixture
def hops() -> Iterator[Hops]:
    """Counts the ``sync_to_async`` calls of the test; ``len(hops)`` is how many there were."""
    with count_hops() as counter:
        yield counter


@pytest.fixture
def sms_outbox(settings: Any) -> Any:
    """The text messages sent so far, by an adapter that stores phone numbers."""
    settings.ACCOUNT_ADAPTER = "tests.projects.phones.adapter.PhoneAdapter"
    from tests.projects.phones.adapter import outbox

    outbox.clear()
    return outbox
