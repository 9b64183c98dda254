# ruff: noqa: RUF001  (spellings that look alike are what some tests are about)
"""The authentication backend, in both colors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import django
import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction
from django.contrib import auth
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.contrib.auth.signals import user_logged_in as django_user_logged_in
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.test import Client

from allauth.account.adapter import get_adapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.models import EmailAddress
from allauth.core import context
from tests.support.collations import lenient_database
from tests.support.hashing import count_hashes, use_counting_hasher
from tests.support.hops import Hops
from tests.support.ids import name_parameter
from tests.support.pages import submit_login
from tests.support.sessions import is_logged_in, make_request
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db

Authenticate = Callable[..., Any]
PHONE = "+31612345678"


@pytest.fixture
def authenticate(color: str) -> Authenticate:
    """Django's ``authenticate()`` in the color of the test."""
    if color == "sync":
        return auth.authenticate
    if django.VERSION < (5, 0):
        pytest.skip("Django has aauthenticate() since 5.0")
    return async_to_sync(auth.aauthenticate)


@pytest.fixture
def people(user_factory: Any, sms_outbox: Any) -> dict[str, Any]:
    """Those whom the credentials below may belong to."""
    people = {
        "plain": user_factory(username="plain", email="plain@example.org", phone=PHONE),
        "mixed": user_factory(username="MixedCase", email="Mixed@Example.org"),
        "asleep": user_factory(username="asleep", email="asleep@example.org", is_active=False),
        "social": user_factory(username="social", email="social@example.org", password=None),
        "john": user_factory(username="john", email="john@example.org"),
        "JOHN": user_factory(username="JOHN", email="john2@example.org"),
        "address": user_factory(username="named@example.org", email="other@example.org"),
        "unverified": user_factory(
            username="unverified", email="unverified@example.org", verified=False
        ),
        "field": user_factory(username="field", email="field@example.org"),
        "ffoo": user_factory(username="ffoo", email="ffoo@example.org"),
    }
    EmailAddress.objects.filter(user=people["field"]).delete()
    EmailAddress.objects.create(user=people["plain"], email="second@example.org", verified=True)
    EmailAddress.objects.create(user=people["john"], email="plain@example.org")
    return people


ALL = {"username", "email", "phone"}
CASES: list[tuple[set[str], dict[str, Any], str | None]] = [
    # by username
    ({"username"}, {"username": "plain"}, "plain"),
    ({"username"}, {"username": "PLAIN"}, "plain"),
    ({"username"}, {"username": "mixedcase"}, "mixed"),
    ({"username"}, {"username": "plain", "password": "wrong"}, None),
    ({"username"}, {"username": "nobody"}, None),
    ({"username"}, {"username": "john"}, None),
    ({"username"}, {"username": "JOHN"}, None),
    ({"username"}, {"username": "plain@example.org"}, None),
    ({"username"}, {"username": "named@example.org"}, "address"),
    ({"username"}, {"email": "plain@example.org"}, None),
    ({"username"}, {"phone": PHONE}, None),
    ({"username"}, {"username": "asleep"}, None),
    ({"username"}, {"username": "social"}, None),
    ({"username"}, {"username": "ﬀoo"}, None),
    ({"username"}, {"username": "ｐｌａｉｎ"}, None),
    # by address
    ({"email"}, {"email": "plain@example.org"}, "plain"),
    ({"email"}, {"email": "PLAIN@example.ORG"}, "plain"),
    ({"email"}, {"email": "second@example.org"}, "plain"),
    ({"email"}, {"email": "mixed@example.org"}, "mixed"),
    ({"email"}, {"email": "unverified@example.org"}, "unverified"),
    ({"email"}, {"email": "field@example.org"}, "field"),
    ({"email"}, {"username": "plain@example.org"}, "plain"),
    ({"email"}, {"username": "plain"}, None),
    ({"email"}, {"email": "plain@example.org", "password": "wrong"}, None),
    ({"email"}, {"email": "nobody@example.org"}, None),
    ({"email"}, {"email": "asleep@example.org"}, None),
    ({"email"}, {"email": "ﬀoo@example.org"}, None),
    ({"email"}, {"email": "named@example.org"}, None),
    # by number
    ({"phone"}, {"phone": PHONE}, "plain"),
    ({"phone"}, {"phone": "+31687654321"}, None),
    ({"phone"}, {"username": "plain", "email": "plain@example.org"}, None),
    # by several
    ({"username", "email"}, {"username": "plain", "email": "plain"}, "plain"),
    (
        {"username", "email"},
        {"username": "plain@example.org", "email": "plain@example.org"},
        "plain",
    ),
    (
        {"username", "email"},
        {"username": "named@example.org", "email": "named@example.org"},
        "address",
    ),
    ({"username", "email"}, {"email": "plain@example.org", "username": "nobody"}, "plain"),
    ({"username", "email"}, {"email": "nobody@example.org", "username": "plain"}, "plain"),
    (ALL, {"phone": PHONE, "username": PHONE}, "plain"),
    (ALL, {"phone": "+31687654321", "username": "plain"}, "plain"),
    # of the wrong kind
    (ALL, {}, None),
    (ALL, {"username": ""}, None),
    (ALL, {"username": None, "email": None, "phone": None}, None),
    (ALL, {"username": 5}, None),
    (ALL, {"username": ["plain"], "email": {"a": 1}, "phone": b"+31612345678"}, None),
    (ALL, {"username": "plain\x00"}, None),
    (ALL, {"username": "plain\udcff", "email": "\x00@example.org"}, None),
    (ALL, {"username": "x" * 1_000_000, "email": "y" * 1_000_000, "phone": "+" + "1" * 9999}, None),
    (ALL, {"username": "plain", "password": ""}, None),
    (ALL, {"username": "plain", "password": None}, None),
    (ALL, {"username": "plain", "password": 5}, None),
    (ALL, {"username": "plain", "password": ["x"]}, None),
    (ALL, {"username": "plain", "password": "x" * 5000}, None),
    (ALL, {"username": "plain", "password": "\x00\udcff"}, None),
]


@pytest.mark.requirement("ATK-C28", "ATK-A51")
@pytest.mark.parametrize(("methods", "credentials", "expected"), CASES, ids=name_parameter)
def test_both_colors_know_the_same_users(
    authenticate: Authenticate,
    people: dict[str, Any],
    password: str,
    settings: Any,
    methods: set[str],
    credentials: dict[str, Any],
    expected: str | None,
) -> None:
    use_counting_hasher(settings)
    for person in people.values():
        if person.has_usable_password():
            person.set_password(password)
            person.save()
    settings.ACCOUNT_LOGIN_METHODS = methods
    credentials = {"password": password, **credentials}

    with count_hashes() as count:
        found = authenticate(None, **credentials)
        hashes = count()

    assert found == (people[expected] if expected else None)
    if not credentials["password"]:
        assert hashes == 0
    elif expected is None:
        assert hashes == 1
    if found is not None:
        assert found.backend == "allauth.account.auth_backends.AuthenticationBackend"


@pytest.mark.requirement("INV-21")
@pytest.mark.parametrize(
    "credentials",
    [
        {"username": "nobody"},
        {"email": "nobody@example.org"},
        {"username": "nobody@example.org", "email": "nobody@example.org"},
        {"username": "plain"},
        {"email": "plain@example.org"},
        {"username": "nobody", "email": "plain@example.org"},
        {"username": "plain", "email": "plain@example.org"},
        {"username": "plain@example.org", "email": "plain@example.org"},
        {"username": "asleep", "email": "asleep@example.org"},
        {"username": "social"},
    ],
    ids=repr,
)
@pytest.mark.parametrize(
    "methods", [{"username"}, {"email"}, {"username", "email"}], ids=name_parameter
)
def test_wrong_password_costs_one_hash(
    authenticate: Authenticate,
    user_factory: Any,
    settings: Any,
    methods: set[str],
    credentials: dict[str, str],
) -> None:
    use_counting_hasher(settings)
    settings.ACCOUNT_LOGIN_METHODS = methods
    user_factory(username="plain", email="plain@example.org")
    user_factory(username="asleep", email="asleep@example.org", is_active=False)
    user_factory(username="social", email="social@example.org", password=None)

    with count_hashes() as count:
        assert authenticate(None, password="wrong", **credentials) is None
        assert count() == 1


@pytest.mark.requirement("SEC-030")
def test_backend_alone_tells_nothing_by_its_work(
    authenticate: Authenticate, user_factory: Any, password: str, settings: Any
) -> None:
    use_counting_hasher(settings)
    user_factory(username="asleep", is_active=False)
    costs = []
    for name in ("asleep", "nobody"):
        with count_hashes() as count:
            authenticate(None, username=name, password=password)
            costs.append(count())

    assert costs == [1, 1]


def test_every_owner_of_an_unverified_address_is_tried(
    authenticate: Authenticate, user_factory: Any, settings: Any
) -> None:
    settings.ACCOUNT_LOGIN_METHODS = {"email"}
    first = user_factory(password="first 1 password", verified=False)
    second = user_factory(password="second 2 password", verified=False)
    for user in (first, second):
        EmailAddress.objects.create(user=user, email="shared@example.org")

    for user, password in ((first, "first 1 password"), (second, "second 2 password")):
        assert authenticate(None, email="shared@example.org", password=password) == user


def test_owner_who_verified_the_address_is_the_only_one(
    authenticate: Authenticate, user_factory: Any, settings: Any
) -> None:
    settings.ACCOUNT_LOGIN_METHODS = {"email"}
    owner = user_factory(email="mine@example.org", password="first 1 password")
    squatter = user_factory(password="second 2 password")
    EmailAddress.objects.create(user=squatter, email="mine@example.org")

    assert authenticate(None, email="mine@example.org", password="second 2 password") is None
    assert authenticate(None, email="mine@example.org", password="first 1 password") == owner


def test_names_in_lower_case_are_found_in_any(
    authenticate: Authenticate, user_factory: Any, password: str, settings: Any
) -> None:
    settings.ACCOUNT_PRESERVE_USERNAME_CASING = False
    user = user_factory(username="quiet")

    assert authenticate(None, username="QUIET", password=password) == user


@pytest.mark.requirement("ATK-C28", "SEC-031")
@pytest.mark.parametrize("variant", ["ádmin", "ＡＤＭＩＮ"])
def test_collation_is_not_trusted_in_either_color(
    authenticate: Authenticate, user_factory: Any, password: str, settings: Any, variant: str
) -> None:
    from django.db import connection

    if connection.vendor != "sqlite":
        pytest.skip("the lenient collation is made for SQLite only")
    user = user_factory(username="admin")

    with lenient_database():
        assert authenticate(None, username=variant, password=password) is None
        assert authenticate(None, username="Admin", password=password) == user


def test_old_hash_is_replaced_by_one_of_the_preferred_hasher(
    authenticate: Authenticate, user: Any, password: str, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]

    assert authenticate(None, username=user.username, password=password) == user

    user.refresh_from_db()
    assert user.password.startswith("pbkdf2_sha1$")


def test_failure_is_announced_by_django(authenticate: Authenticate, user: Any) -> None:
    with collect_signals(failed=user_login_failed) as sent:
        authenticate(None, username=user.username, password="hush")

    ((_, event),) = sent
    assert event["credentials"]["username"] == user.username
    assert "hush" not in repr(event["credentials"])


class TestGetUser:
    @pytest.fixture
    def get_user(self, color: str) -> Callable[[Any], Any]:
        backend = AuthenticationBackend()
        return backend.get_user if color == "sync" else async_to_sync(backend.aget_user)

    def test_is_that_of_django(self, get_user: Callable[[Any], Any], user_factory: Any) -> None:
        user, asleep = user_factory(), user_factory(is_active=False)

        assert get_user(user.pk) == user
        assert get_user(asleep.pk) is None
        assert get_user(99999) is None

    def test_permissions_are_those_of_django(self, user: Any) -> None:
        assert issubclass(AuthenticationBackend, ModelBackend)
        permission = Permission.objects.get(codename="add_user")
        user.user_permissions.add(permission)

        assert user.has_perm("auth.add_user")
        assert not user.has_perm("auth.delete_user")


def test_awaitable_methods_take_one_hop(user: Any, password: str, hops: Hops) -> None:
    backend = AuthenticationBackend()

    async def main() -> tuple[Any, Any]:
        found = await backend.aauthenticate(None, username=user.username, password=password)
        first = len(hops)
        again = await backend.aget_user(user.pk)
        assert (first, len(hops)) == (1, 2)
        return found, again

    assert async_to_sync(main)() == (user, user)
    assert iscoroutinefunction(backend.aauthenticate)
    assert iscoroutinefunction(backend.aget_user)


class TestInactiveStash:
    def test_user_whose_password_was_right_is_kept(self, user_factory: Any, password: str) -> None:
        user = user_factory(is_active=False)

        assert auth.authenticate(None, username=user.username, password=password) is None

        assert AuthenticationBackend.unstash_authenticated_user() == user
        assert AuthenticationBackend.unstash_authenticated_user() is None

    def test_user_whose_password_was_wrong_is_not(self, user_factory: Any) -> None:
        user = user_factory(is_active=False)

        auth.authenticate(None, username=user.username, password="wrong")

        assert AuthenticationBackend.unstash_authenticated_user() is None

    @pytest.mark.requirement("ATK-C27")
    def test_is_forgotten_with_the_request(self, user_factory: Any, password: str) -> None:
        user = user_factory(is_active=False)
        with context.request_context(make_request()):
            auth.authenticate(None, username=user.username, password=password)

        with context.request_context(make_request()):
            assert AuthenticationBackend.unstash_authenticated_user() is None

    @pytest.mark.requirement("ATK-C27")
    def test_is_not_seen_by_another_thread_or_task(self, user_factory: Any, password: str) -> None:
        user = user_factory(is_active=False)
        auth.authenticate(None, username=user.username, password=password)
        found: list[Any] = []

        def look() -> None:
            with context.request_context(make_request()):
                found.append(AuthenticationBackend.unstash_authenticated_user())

        for run in (lambda f: f(), copy_context().run):
            thread = threading.Thread(target=run, args=(look,))
            thread.start()
            thread.join()

        assert found == [None, None]

    @pytest.mark.requirement("ATK-C27")
    def test_next_login_on_the_same_thread_sees_nobody(
        self, client: Client, user_factory: Any, password: str
    ) -> None:
        asleep = user_factory(is_active=False)
        auth.authenticate(None, username=asleep.username, password=password)

        response = submit_login(client, "nobody", "wrong")

        assert response.status_code == 200
        assert not is_logged_in(client)


class TestAdapter:
    """The adapter asks the backends, counts failures, and names a backend for the login."""

    def _authenticate(self, **credentials: Any) -> Any:
        request = make_request()
        with context.request_context(request):
            return get_adapter().authenticate(request, **credentials)

    def test_finds_inactive_users_too(self, user_factory: Any, password: str) -> None:
        user, asleep = user_factory(), user_factory(is_active=False)

        assert self._authenticate(username=user.username, password=password) == user
        assert self._authenticate(username=asleep.username, password=password) == asleep
        assert self._authenticate(username=asleep.username, password="wrong") is None

    def test_hook_hears_of_failures(self, user: Any, password: str, settings: Any) -> None:
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.ListeningAdapter"
        from tests.projects.custom_hooks.adapters import ListeningAdapter

        ListeningAdapter.failures.clear()
        self._authenticate(username=user.username, password=password)
        assert ListeningAdapter.failures == []
        self._authenticate(username=user.username, password="wrong")

        assert ListeningAdapter.failures == [user.username]

    def test_success_gives_back_its_own_attempt(self, user: Any, password: str) -> None:
        for _ in range(4):
            self._authenticate(username=user.username, password="wrong")
        for _ in range(5):
            assert self._authenticate(username=user.username, password=password) == user
        self._authenticate(username=user.username, password="wrong")

        with pytest.raises(ValidationError) as caught:
            self._authenticate(username=user.username, password=password)
        assert caught.value.code == "too_many_login_attempts"

    def test_inactive_user_gives_back_the_attempt_as_well(
        self, user_factory: Any, password: str
    ) -> None:
        user = user_factory(is_active=False)

        for _ in range(7):
            assert self._authenticate(username=user.username, password=password) == user

    def test_other_backends_are_asked_as_well(
        self, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = {"email"}
        settings.AUTHENTICATION_BACKENDS = [
            "allauth.account.auth_backends.AuthenticationBackend",
            "django.contrib.auth.backends.ModelBackend",
        ]

        assert self._authenticate(username=user.username, password=password) == user

    @pytest.mark.parametrize(
        ("backends", "expected"),
        [
            (["own"], "own"),
            (["model", "own"], "own"),
            (["model"], "model"),
            (["remote", "model"], "remote"),
        ],
    )
    def test_login_uses_a_backend_that_is_configured(
        self, user: Any, settings: Any, backends: list[str], expected: str
    ) -> None:
        paths = {
            "own": "allauth.account.auth_backends.AuthenticationBackend",
            "model": "django.contrib.auth.backends.ModelBackend",
            "remote": "django.contrib.auth.backends.RemoteUserBackend",
        }
        settings.AUTHENTICATION_BACKENDS = [paths[name] for name in backends]
        request = make_request()

        with collect_signals(logged_in=django_user_logged_in) as sent:
            get_adapter().login(request, user)

        assert request.session["_auth_user_backend"] == paths[expected]
        assert len(sent) == 1
