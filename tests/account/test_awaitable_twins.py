"""The awaitable twins: all there, the same results, one hop each."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction
from django.contrib.auth import get_user_model
from django.core import mail

from allauth.account import authentication, utils
from allauth.account.models import (
    EmailAddress,
    EmailConfirmation,
    EmailConfirmationHMAC,
)
from allauth.core import context, ratelimit
from allauth.core.exceptions import RateLimited
from tests.support.hops import Hops
from tests.support.sessions import make_request

pytestmark = pytest.mark.django_db

# Where the public functions and methods are that projects call. Adapters, forms, views, stages and
# decorators are not among them: those are hooks, which take either color instead.
MODULES = [
    "allauth.account.utils",
    "allauth.account.authentication",
    "allauth.account.models",
    "allauth.account.managers",
    "allauth.account.auth_backends",
    "allauth.core.ratelimit",
]

# What only computes: neither database nor session, cache, mail or network.
PURE = {
    "allauth.account.utils": {
        "default_user_display",
        "get_adapter",
        "get_next_redirect_url",
        "get_request_param",
        "passthrough_next_redirect_url",
        "url_str_to_user_pk",
        "user_pk_to_url_str",
        # Getters and setters of one user, which write only where they are told to commit; the
        # model's own ``asave`` does that.
        "user_email",
        "user_field",
        "user_username",
        # Asks the hook for addresses, which is of either color, and nothing else.
        "valid_email_or_none",
    },
    "allauth.account.models": {
        "EmailAddress.clean",
        "EmailConfirmation.key_expired",
        "EmailConfirmationHMAC.create",
        "EmailConfirmationHMAC.key_expired",
        "Login.serialize",
        "get_emailconfirmation_model",
        # Called by the methods above it, within their transaction.
        "EmailAddress.replace_primary",
        "lock_addresses",
        # Part of the storage of a pending login, not of the interface for projects.
        "Login.deserialize",
    },
    "allauth.account.managers": {
        "EmailAddressManager.fill_cache_for_user",
        # Makes a queryset, which is awaited or iterated by whoever asked for it.
        "EmailAddressManager.lookup",
        "EmailConfirmationManager.all_expired",
        "EmailConfirmationManager.all_valid",
        "EmailConfirmationManager.expired_q",
    },
    "allauth.account.auth_backends": {
        # Reads a context variable, which a thread could not see.
        "AuthenticationBackend.unstash_authenticated_user",
    },
    "allauth.core.ratelimit": {
        "Rate",
        # Answers a view; the decorator ``rate_limit`` is what asynchronous views use.
        "consume_or_429",
        "respond_429",
    },
}


def _iterate_public(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """The public functions and methods that a module defines, or names in ``__all__``."""
    names = getattr(module, "__all__", None) or [
        name for name, value in vars(module).items() if _is_defined_in(module, value)
    ]
    for name in names:
        value = getattr(module, name)
        if inspect.isclass(value):
            if value.__module__ == module.__name__:
                yield from _iterate_methods(value)
        elif inspect.isfunction(value):
            yield name, value


def _is_defined_in(module: ModuleType, value: Any) -> bool:
    return getattr(value, "__module__", None) == module.__name__ and (
        inspect.isclass(value) or inspect.isfunction(value)
    )


def _iterate_methods(owner: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(owner).items():
        function = getattr(value, "__func__", value)
        if inspect.isfunction(function):
            yield f"{owner.__name__}.{name}", function


def _list_public(module_name: str) -> dict[str, Any]:
    module = importlib.import_module(module_name)
    return {
        name: function
        for name, function in _iterate_public(module)
        if not name.rpartition(".")[2].startswith("_")
    }


def _get_twin_name(name: str) -> str:
    owner, dot, function = name.rpartition(".")
    twin = "async_user_email_addresses" if function.startswith("sync_user") else f"a{function}"
    return f"{owner}{dot}{twin}"


@pytest.mark.parametrize("module_name", MODULES)
def test_every_public_function_has_a_twin_unless_it_only_computes(module_name: str) -> None:
    public = _list_public(module_name)
    twins = {name for name, function in public.items() if iscoroutinefunction(function)}

    missing = {
        name
        for name in public.keys() - twins - PURE.get(module_name, set())
        if _get_twin_name(name) not in twins and not _has_inherited_twin(module_name, name)
    }

    assert missing == set()


def _has_inherited_twin(module_name: str, name: str) -> bool:
    """Tell whether the class of a method has the twin from a base class."""
    owner, _, function = name.rpartition(".")
    if not owner:
        return False
    twin = getattr(getattr(importlib.import_module(module_name), owner), f"a{function}", None)
    return iscoroutinefunction(twin)


@pytest.mark.parametrize("module_name", PURE)
def test_list_of_what_only_computes_is_up_to_date(module_name: str) -> None:
    public = _list_public(module_name)

    for name in PURE[module_name] - {"Rate"}:
        assert name in public, name
        assert _get_twin_name(name) not in public, name


@pytest.mark.parametrize("module_name", MODULES)
def test_twins_take_the_same_parameters_and_say_what_they_are(module_name: str) -> None:
    public = _list_public(module_name)
    pairs = [
        (name, function, public[_get_twin_name(name)])
        for name, function in public.items()
        if not iscoroutinefunction(function) and _get_twin_name(name) in public
    ]
    assert pairs
    for name, function, twin in pairs:
        assert twin.__name__ == _get_twin_name(name).rpartition(".")[2], name
        assert name.rpartition(".")[2] in (twin.__doc__ or ""), name
        if module_name != "allauth.account.auth_backends":
            assert inspect.signature(twin).parameters.keys() == (
                inspect.signature(function).parameters.keys()
            ), name


def test_twins_that_are_documented_are_there() -> None:
    documented = {
        "allauth.account.utils": [
            "aperform_login",
            "acomplete_signup",
            "asetup_user_email",
            "asend_email_confirmation",
            "async_user_email_addresses",
            "ahas_verified_email",
            "afilter_users_by_email",
            "afilter_users_by_username",
            "aassess_unique_email",
            "auser_display",
        ],
        "allauth.account.authentication": ["aget_authentication_records"],
        "allauth.account.models": [
            "EmailAddress.aset_as_primary",
            "EmailAddress.asend_confirmation",
            "EmailAddress.aset_verified",
            "EmailAddress.aremove",
            "EmailConfirmation.afrom_key",
            "EmailConfirmation.aconfirm",
            "EmailConfirmation.asend",
            "EmailConfirmationHMAC.afrom_key",
            "EmailConfirmationHMAC.aconfirm",
            "EmailConfirmationHMAC.asend",
        ],
        "allauth.account.managers": [
            "EmailAddressManager.aget_primary",
            "EmailAddressManager.aget_verified",
            "EmailAddressManager.aget_users_for",
            "EmailAddressManager.aadd_email",
        ],
        "allauth.core.ratelimit": ["aconsume", "aclear"],
    }
    for module_name, names in documented.items():
        module = importlib.import_module(module_name)
        for name in names:
            found: Any = module
            for part in name.split("."):
                found = getattr(found, part)
            assert iscoroutinefunction(found), name


@pytest.fixture
def await_in_one_hop(hops: Hops) -> Callable[..., Any]:
    """Calls a twin on an event loop, and fails if it takes more than one hop."""

    def call(twin: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        hops.clear()
        try:
            return async_to_sync(twin)(*args, **kwargs)
        finally:
            assert len(hops) == 1

    return call


Call = Callable[..., Any]


class TestUtils:
    def test_perform_login(self, await_in_one_hop: Call, user: Any) -> None:
        request = make_request()

        with context.request_context(request):
            response = await_in_one_hop(utils.aperform_login, request, user, redirect_url="/foo")

        assert response["Location"] == "/foo"
        assert request.session["_auth_user_id"] == str(user.pk)

    def test_complete_signup(self, await_in_one_hop: Call, user: Any) -> None:
        request = make_request()

        with context.request_context(request):
            response = await_in_one_hop(utils.acomplete_signup, request, user, "none", "/foo")

        assert response["Location"] == "/foo"

    def test_setup_user_email(self, await_in_one_hop: Call, user_factory: Any) -> None:
        user = user_factory(email="")
        user.email = "me@example.org"

        primary = await_in_one_hop(utils.asetup_user_email, make_request(), user, [])

        assert primary == EmailAddress.objects.get(user=user)

    def test_send_email_confirmation(self, await_in_one_hop: Call, user_factory: Any) -> None:
        user = user_factory(verified=False)
        request = make_request()

        with context.request_context(request):
            assert await_in_one_hop(utils.asend_email_confirmation, request, user)

        assert mail.outbox[0].to == [user.email]

    def test_sync_user_email_addresses(self, await_in_one_hop: Call, user: Any) -> None:
        EmailAddress.objects.all().delete()

        await_in_one_hop(utils.async_user_email_addresses, user)

        assert EmailAddress.objects.get().email == user.email

    def test_has_verified_email(self, await_in_one_hop: Call, user: Any) -> None:
        assert await_in_one_hop(utils.ahas_verified_email, user) is True
        assert await_in_one_hop(utils.ahas_verified_email, user, "other@example.org") is False

    def test_filter_users(self, await_in_one_hop: Call, user: Any) -> None:
        assert await_in_one_hop(utils.afilter_users_by_email, user.email) == [user]

        async def find() -> list[Any]:
            # What comes back can be iterated on the event loop, without another query.
            return list(await utils.afilter_users_by_username(user.username.upper()))

        assert async_to_sync(find)() == [user]

    def test_assess_unique_email(self, await_in_one_hop: Call, user: Any) -> None:
        assert await_in_one_hop(utils.aassess_unique_email, user.email) is False
        assert await_in_one_hop(utils.aassess_unique_email, "free@example.org") is True

    def test_user_display(self, await_in_one_hop: Call, user: Any) -> None:
        assert await_in_one_hop(utils.auser_display, user) == user.username

    def test_exceptions_are_the_same(self, await_in_one_hop: Call, user: Any) -> None:
        with pytest.raises(ValueError, match="already"):
            await_in_one_hop(utils.asetup_user_email, make_request(), user, [])

    def test_get_authentication_records(self, await_in_one_hop: Call, user: Any) -> None:
        request = make_request(user)

        assert await_in_one_hop(authentication.aget_authentication_records, request, user) == []


class TestModels:
    def test_set_as_primary(self, await_in_one_hop: Call, user: Any) -> None:
        second = EmailAddress.objects.create(user=user, email="second@example.org")

        assert await_in_one_hop(second.aset_as_primary, conditional=True) is False
        assert await_in_one_hop(second.aset_as_primary) is True

        assert EmailAddress.objects.get(primary=True) == second

    def test_set_verified(self, await_in_one_hop: Call, user_factory: Any) -> None:
        address = EmailAddress.objects.get(user=user_factory(verified=False))

        assert await_in_one_hop(address.acan_set_verified) is True
        assert await_in_one_hop(address.aset_verified) is True

        address.refresh_from_db()
        assert address.verified

    def test_remove(self, await_in_one_hop: Call, user: Any) -> None:
        await_in_one_hop(EmailAddress.objects.get().aremove)

        assert not EmailAddress.objects.exists()
        assert get_user_model().objects.get().email == ""

    @pytest.mark.parametrize("is_signed", [True, False])
    def test_confirmation(
        self, await_in_one_hop: Call, user_factory: Any, settings: Any, is_signed: bool
    ) -> None:
        settings.ACCOUNT_EMAIL_CONFIRMATION_HMAC = is_signed
        address = EmailAddress.objects.get(user=user_factory(verified=False))
        request = make_request()

        with context.request_context(request):
            sent = await_in_one_hop(address.asend_confirmation, request, signup=True)
            assert len(mail.outbox) == 1
            kind: Any = EmailConfirmationHMAC if is_signed else EmailConfirmation
            assert isinstance(sent, kind)
            assert await_in_one_hop(kind.afrom_key, "unknown") is None
            found = await_in_one_hop(kind.afrom_key, sent.key)
            assert await_in_one_hop(found.aconfirm, request) == address
            await_in_one_hop(sent.asend, request)

        assert len(mail.outbox) == 2
        address.refresh_from_db()
        assert address.verified

    def test_manager(self, await_in_one_hop: Call, user: Any) -> None:
        manager = EmailAddress.objects
        address = manager.get()

        assert await_in_one_hop(manager.aget_primary, user) == address
        assert await_in_one_hop(manager.aget_verified, user) == address
        assert await_in_one_hop(manager.aget_primary_email, user) == user.email
        assert await_in_one_hop(manager.aget_users_for, user.email) == [user]
        assert await_in_one_hop(manager.aget_for_user, user, user.email) == address
        assert await_in_one_hop(manager.aget_new, user) is None
        assert await_in_one_hop(manager.ais_verified, user.email) is True
        assert await_in_one_hop(manager.acan_add_email, user) is True
        added = await_in_one_hop(manager.aadd_email, make_request(), user, "Two@example.org")
        assert added.email == "two@example.org"
        with pytest.raises(EmailAddress.DoesNotExist):
            await_in_one_hop(manager.aget_for_user, user, "no@example.org")

    def test_twin_follows_an_override(self, await_in_one_hop: Call, user: Any) -> None:
        class Proxy(EmailAddress):
            class Meta:
                proxy = True
                app_label = "tests_account_twins"

            def set_verified(self, commit: bool = True) -> bool:
                return False

        proxy = Proxy(user=user, email="proxy@example.org")

        assert await_in_one_hop(proxy.aset_verified) is False


class TestRateLimits:
    def test_consume_and_clear(self, await_in_one_hop: Call, settings: Any) -> None:
        settings.ACCOUNT_RATE_LIMITS = {"knock": "1/m/key"}
        request = make_request()
        consume = ratelimit.aconsume

        assert await_in_one_hop(consume, request, action="knock", key="k") is True
        assert await_in_one_hop(consume, request, action="knock", key="k") is False
        with pytest.raises(RateLimited):
            await_in_one_hop(consume, request, action="knock", key="k", raise_exception=True)
        await_in_one_hop(ratelimit.aclear, request, action="knock", key="k")
        assert await_in_one_hop(consume, request, action="knock", key="k") is True


def test_twins_do_not_block_the_event_loop(user: Any) -> None:
    """Django refuses the database on an event loop; none of the twins touches it there."""

    async def main() -> list[Any]:
        address = await EmailAddress.objects.aget_primary(user)
        assert address is not None
        return [
            await utils.ahas_verified_email(user),
            await utils.aget_login_redirect_url(make_request(user)),
            await utils.acleanup_email_addresses(make_request(), []),
            await EmailConfirmation.objects.adelete_expired_confirmations(),
        ]

    assert async_to_sync(main)() == [True, "/accounts/profile/", ([], None), None]


def test_modules_that_are_looked_through_are_all_there_are() -> None:
    """Every module of the app is either looked through above, or holds hooks and pages."""
    package = importlib.import_module("allauth.account")
    names = {
        f"allauth.account.{info.name}"
        for info in pkgutil.iter_modules(package.__path__)
        if not info.ispkg
    }

    hooks_and_pages = {
        f"allauth.account.{name}"
        for name in (
            "adapter",
            "admin",
            "app_settings",
            "apps",
            "checks",
            "decorators",
            "fields",
            "middleware",
            "mixins",
            "signals",
            "stages",
            "urls",
        )
    }
    assert names - set(MODULES) == hooks_and_pages
