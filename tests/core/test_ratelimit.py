"""Rate limits: their syntax, what they admit, and what they leave in the cache."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View

from allauth.core import ratelimit as public
from allauth.core.exceptions import RateLimited
from allauth.core.internal import ratelimit
from allauth.core.internal.ratelimit import Rate, parse_rates
from allauth.decorators import rate_limit
from tests.support.clocks import SleepersClock

APP = "allauth.account"
PREFIX = "allauth:rl:allauth.account"


@pytest.fixture
def clock() -> Iterator[Any]:
    """A clock that stands still until it is moved."""
    with time_machine.travel(1_800_000_000, tick=False) as traveller:
        yield traveller


def consume(request: HttpRequest, limit: Any, **kwargs: Any) -> Any:
    return ratelimit.consume(request, app=APP, action="act", config={"act": limit}, **kwargs)


def count_admitted(request: HttpRequest, limit: Any, attempts: int, **kwargs: Any) -> int:
    return sum(consume(request, limit, **kwargs) is not None for _ in range(attempts))


def entries() -> dict[str, list[float]]:
    """What is in the cache of the process, by key."""
    keys = [key.split(":", 2)[2] for key in list(cache._cache)]
    return {key: cache.get(key) for key in keys if cache.get(key) is not None}


# Syntax


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("5/m", Rate(5, 60, "ip")),
        ("5/s/ip", Rate(5, 1, "ip")),
        ("10/h/user", Rate(10, 3600, "user")),
        ("1/d/key", Rate(1, 86400, "key")),
        ("1/30s/key", Rate(1, 30.0, "key")),
        ("5/3.5m", Rate(5, 210.0, "ip")),
        ("5/2h", Rate(5, 7200.0, "ip")),
        ("5/0.25d", Rate(5, 21600.0, "ip")),
        ("0/m", Rate(0, 60, "ip")),
        ("-1/m", Rate(-1, 60, "ip")),
    ],
)
def test_rate_is_parsed(text: str, rate: Rate) -> None:
    (parsed,) = parse_rates(text)

    assert parsed == Rate.parse(text) == rate
    assert str(parsed.duration) == str(rate.duration), "its printed form is part of the key"


def test_limit_is_a_list_of_rates() -> None:
    assert parse_rates(" 5/m/ip , 10/h/key") == [Rate(5, 60, "ip"), Rate(10, 3600, "key")]
    assert Rate.parse_list("5/m/ip,10/h/key") == parse_rates("5/m/ip,10/h/key")


@pytest.mark.requirement("SEC-001")
@pytest.mark.parametrize("text", ["1/h,1/h", "1/h,1/60m", "1/60m/ip, 1/h"])
def test_equal_rates_count_once(text: str) -> None:
    assert len(parse_rates(text)) == 1


@pytest.mark.parametrize("limit", [None, "", False])
def test_empty_limit_has_no_rates(rf: Any, limit: Any) -> None:
    assert parse_rates(limit) == []
    assert count_admitted(rf.post("/"), limit, 100) == 100
    assert entries() == {}


def test_unknown_action_is_not_limited(rf: Any) -> None:
    assert public.consume(rf.post("/"), action="unheard_of") is True


@pytest.mark.parametrize(
    "text",
    [
        "5",
        "5/",
        "x/m",
        "5/1w",
        "5/M",
        "5/m,",
        "5/m/ip/x",
        "5/m/host",
        "5/m/",
        "5/xm",
        "5/1 m x",
        "/m",
        "1.5/m",
    ],
)
def test_malformed_limit_is_a_value_error_when_it_is_used(rf: Any, text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        consume(rf.post("/"), text)


# Windows


def test_window_slides(rf: Any, clock: Any) -> None:
    request = rf.post("/")
    assert count_admitted(request, "3/m", 4) == 3
    clock.shift(59.9)
    assert count_admitted(request, "3/m", 1) == 0
    clock.shift(0.1)
    assert count_admitted(request, "3/m", 4) == 3


def test_refused_events_do_not_extend_the_window(rf: Any, clock: Any) -> None:
    request = rf.post("/")
    assert consume(request, "1/m")
    for _ in range(6):
        clock.shift(9)
        assert consume(request, "1/m") is None
    clock.shift(6)
    assert consume(request, "1/m")


@pytest.mark.requirement("SEC-001")
def test_fourth_event_of_a_minute_is_refused(rf: Any, clock: Any) -> None:
    assert count_admitted(rf.post("/"), "3/m/ip,10/h/ip", 4) == 3


@pytest.mark.requirement("SEC-001")
def test_exactly_ten_events_of_an_hour_are_admitted(rf: Any, clock: Any) -> None:
    request = rf.post("/")
    admitted = []
    for _ in range(20):
        admitted.append(count_admitted(request, "3/m/ip,10/h/ip", 3))
        clock.shift(61)

    assert admitted == [3, 3, 3, 1] + [0] * 16
    clock.shift(3600)
    assert count_admitted(request, "3/m/ip,10/h/ip", 3) == 3


@pytest.mark.requirement("SEC-001")
def test_each_rate_has_its_history(rf: Any, clock: Any) -> None:
    consume(rf.post("/"), "3/m/ip,10/h/ip,3/60s/ip,3/m/key,3/m/ip", key="k")

    digest = hashlib.sha256(b"k").hexdigest()
    assert set(entries()) == {
        f"{PREFIX}:act:3/60/ip:ip:127.0.0.1",
        f"{PREFIX}:act:10/3600/ip:ip:127.0.0.1",
        f"{PREFIX}:act:3/60/key:{digest}",
    }


@pytest.mark.requirement("ATK-C06", "INV-24")
def test_refusal_by_one_rate_is_recorded_by_none(rf: Any) -> None:
    request = rf.post("/")
    assert count_admitted(request, "5/m/ip,1/m/key", 4, key="k") == 1

    assert [len(history) for history in entries().values()] == [1, 1]
    assert count_admitted(request, "5/m/ip,1/m/key", 1, key="other") == 1


@pytest.mark.requirement("INV-24")
def test_refused_address_leaves_the_key_alone(rf: Any) -> None:
    request = rf.post("/")
    assert count_admitted(request, "1/m/key,2/m/ip", 5, key="victim") == 1
    assert count_admitted(request, "1/m/key,2/m/ip", 5, key="mine") == 1
    before = entries()

    assert count_admitted(request, "1/m/key,2/m/ip", 5, key="another") == 0
    assert entries() == before


@pytest.mark.parametrize("limit", ["0/m", "-3/m", "5/m,0/h"])
def test_no_event_is_admitted_where_none_is_allowed(rf: Any, limit: str) -> None:
    assert consume(rf.post("/"), limit) is None
    assert entries() == {}


@pytest.mark.requirement("INV-28", "ATK-C08")
@pytest.mark.parametrize(
    ("method", "counts"),
    [
        ("GET", False),
        ("HEAD", False),
        ("OPTIONS", False),
        ("POST", True),
        ("PUT", True),
        ("PATCH", True),
        ("DELETE", True),
        ("post", True),
    ],
)
def test_only_methods_that_change_something_count(rf: Any, method: str, counts: bool) -> None:
    request = rf.generic(method, "/")
    assert count_admitted(request, "1/m", 3) == (1 if counts else 3)
    assert len(entries()) == counts

    limited = count_admitted(request, "1/m", 3, limit_get=True)
    assert limited == (0 if counts else 1)


def test_dry_run_only_asks(rf: Any) -> None:
    request = rf.post("/")
    assert count_admitted(request, "1/m", 3, dry_run=True) == 3
    assert entries() == {}
    assert consume(request, "1/m")
    assert consume(request, "1/m", dry_run=True) is None


def test_dry_run_waits_for_no_other_request(rf: Any, monkeypatch: Any) -> None:
    request = rf.post("/")
    assert consume(request, "2/m")
    (cache_key,) = entries()
    monkeypatch.setattr(ratelimit, "LOCK_PATIENCE", 0)

    with ratelimit.locked(cache_key):
        assert consume(request, "2/m", dry_run=True)
        assert consume(request, "2/m") is None


def test_refusal_can_raise(rf: Any) -> None:
    request = rf.post("/")
    assert consume(request, "1/m", raise_exception=True)
    with pytest.raises(RateLimited):
        consume(request, "1/m", raise_exception=True)


@pytest.mark.requirement("ATK-C10")
def test_clock_that_is_set_back_opens_nothing(rf: Any, clock: Any) -> None:
    request = rf.post("/")
    assert count_admitted(request, "2/m", 3) == 2
    clock.shift(-3600)
    assert count_admitted(request, "2/m", 3) == 0

    # Django's cache keeps the entry by the clock of then; an entry that is older is not needed.
    clock.shift(3600 + 60)
    assert count_admitted(request, "2/m", 3) == 2


# Usage


def test_usage_has_one_entry_per_rate(rf: Any, clock: Any) -> None:
    usage = consume(rf.post("/"), "2/m/ip,5/h/key", key="k")

    assert [single.cache_duration for single in usage.usage] == [60, 3600]
    assert [single.timestamp for single in usage.usage] == [1_800_000_000] * 2
    assert consume(rf.get("/"), "2/m/ip").usage == []
    assert consume(rf.post("/"), None).usage == []


def test_rollback_gives_back_one_event(rf: Any, clock: Any) -> None:
    request = rf.post("/")
    usages = []
    for _ in range(2):
        usages.append(consume(request, "2/m"))
        clock.shift(1)
    assert consume(request, "2/m") is None

    usages[0].rollback()
    assert count_admitted(request, "2/m", 3) == 1
    usages[0].rollback()
    assert consume(request, "2/m") is None, "it is taken back once only"


def test_clear_forgets_every_rate_of_the_subject(rf: Any, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"act": "2/m/ip,1/h/key"}
    request = rf.post("/")
    for key in ("mine", "other"):
        assert public.consume(request, action="act", key=key)
    before = set(entries())

    public.clear(request, action="act", key="mine")
    other = hashlib.sha256(b"other").hexdigest()
    assert {key for key in before if other in key} == set(entries())
    assert public.consume(request, action="act", key="mine")


def test_clear_can_leave_the_address_counted(rf: Any) -> None:
    request = rf.post("/")
    consume(request, "2/m/ip,1/h/key", key="k")

    ratelimit.clear(
        request, app=APP, action="act", config={"act": "2/m/ip,1/h/key"}, key="k", scopes=("key",)
    )
    assert list(entries()) == [f"{PREFIX}:act:2/60/ip:ip:127.0.0.1"]


# Subjects and keys


def test_exact_cache_keys(rf: Any, settings: Any, user: Any, clock: Any) -> None:
    request = rf.post("/")
    request.user = user

    assert public.consume(request, action="login")
    assert public.consume(request, action="manage_email")
    assert public.consume(request, action="login_failed", key="testserver:anna")
    assert public.consume(request, action="confirm_email", key="a@example.org")

    anna = hashlib.sha256(b"testserver:anna").hexdigest()
    address = hashlib.sha256(b"a@example.org").hexdigest()
    now = 1_800_000_000.0
    assert entries() == {
        "allauth:rl:allauth.account:login:30/60/ip:ip:127.0.0.1": [now],
        f"allauth:rl:allauth.account:manage_email:10/60/user:user:{user.pk}": [now],
        "allauth:rl:allauth.account:login_failed:10/60/ip:ip:127.0.0.1": [now],
        f"allauth:rl:allauth.account:login_failed:5/300.0/key:{anna}": [now],
        f"allauth:rl:allauth.account:confirm_email:1/180.0/key:{address}": [now],
    }


def test_history_is_kept_newest_first_for_its_duration(rf: Any, clock: Any) -> None:
    request = rf.post("/")
    consume(request, "3/m")
    clock.shift(10)
    consume(request, "3/m")

    key = f"{PREFIX}:act:3/60/ip:ip:127.0.0.1"
    assert cache.get(key) == [1_800_000_010.0, 1_800_000_000.0]
    clock.shift(59)
    assert cache.get(key)
    clock.shift(2)
    assert cache.get(key) is None


def test_history_that_the_published_release_wrote_counts(rf: Any, clock: Any) -> None:
    cache.set(f"{PREFIX}:act:2/60/ip:ip:127.0.0.1", [1_799_999_999.5, 1_799_999_990.0], timeout=60)

    assert consume(rf.post("/"), "2/m") is None
    clock.shift(51)
    assert count_admitted(rf.post("/"), "2/m", 3) == 1


def test_app_is_part_of_the_key(rf: Any) -> None:
    config = {"act": "1/m"}
    for app in ("allauth.mfa", "allauth.idp.oidc"):
        assert ratelimit.consume(rf.post("/"), app=app, action="act", config=config)

    assert set(entries()) == {
        "allauth:rl:allauth.mfa:act:1/60/ip:ip:127.0.0.1",
        "allauth:rl:allauth.idp.oidc:act:1/60/ip:ip:127.0.0.1",
    }


@pytest.mark.requirement("SEC-004")
def test_ipv6_clients_are_limited_by_network(rf: Any) -> None:
    admitted = [
        count_admitted(rf.post("/", REMOTE_ADDR=address), "1/m", 2)
        for address in ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", "2001:db8:0:2::1")
    ]
    assert admitted == [1, 0, 1]


@pytest.mark.requirement("SEC-004")
def test_size_of_the_network_can_be_chosen(rf: Any, settings: Any) -> None:
    settings.ALLAUTH_RATE_LIMIT_IPV6_PREFIX = 48

    assert consume(rf.post("/", REMOTE_ADDR="2001:db8:0:1::1"), "1/m")
    assert consume(rf.post("/", REMOTE_ADDR="2001:db8:0:2::1"), "1/m") is None


@pytest.mark.requirement("SEC-004")
def test_ipv4_clients_are_limited_whole(rf: Any) -> None:
    assert consume(rf.post("/", REMOTE_ADDR="1.2.3.4"), "1/m")
    assert consume(rf.post("/", REMOTE_ADDR="1.2.3.5"), "1/m")


@pytest.mark.requirement("ATK-C05")
def test_mapped_ipv4_clients_share_no_bucket(rf: Any) -> None:
    for address in ("::ffff:1.2.3.4", "::ffff:5.6.7.8"):
        assert count_admitted(rf.post("/", REMOTE_ADDR=address), "1/m", 2) == 1
    assert consume(rf.post("/", REMOTE_ADDR="1.2.3.4"), "1/m") is None


def test_user_is_the_one_given_or_that_of_the_request(rf: Any, user_factory: Any) -> None:
    request = rf.post("/")
    request.user = user_factory()

    assert count_admitted(request, "1/m/user", 2) == 1
    assert count_admitted(request, "1/m/user", 2, user=user_factory()) == 1
    assert count_admitted(request, "1/m/user", 1, user=request.user) == 0


def test_rate_per_user_needs_a_user(rf: Any) -> None:
    request = rf.post("/")
    request.user = AnonymousUser()
    with pytest.raises(ImproperlyConfigured, match="anonymous"):
        consume(request, "1/m/user")


def test_rate_per_key_needs_a_key(rf: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="key"):
        consume(rf.post("/"), "1/m/key")
    assert consume(rf.post("/"), "1/m/key", key="")


@pytest.mark.requirement("SEC-026", "ATK-C12")
@pytest.mark.parametrize(
    "key", ["a\nb", "a\x00b", " ", "x" * 5000, "x" * 1_000_000, "\ud800", "é", "k:1/60/ip"]
)
def test_cache_keys_hold_only_the_hash(rf: Any, key: str) -> None:
    assert consume(rf.post("/"), "1/m/key", key=key)

    (cache_key,) = entries()
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    assert cache_key == f"{PREFIX}:act:1/60/key:{digest}"


@pytest.mark.requirement("SEC-026", "ATK-C12")
@pytest.mark.django_db
@pytest.mark.parametrize("login", ["a\x00b", "a\nb", "\t", "x" * 5000, "x" * 1_000_000, "\u202ex"])
def test_odd_logins_fail_plainly(client: Client, login: str) -> None:
    response = client.post(reverse("account_login"), {"login": login, "password": "p"})

    assert response.status_code == 200
    assert response.context["form"].errors


# Failures


@pytest.fixture
def _impatient(monkeypatch: Any) -> None:
    monkeypatch.setattr(ratelimit, "LOCK_PATIENCE", 0.02)


@pytest.mark.requirement("SEC-003", "INV-27")
@pytest.mark.usefixtures("_impatient")
def test_locked_entry_refuses_and_stays_as_it_is(rf: Any) -> None:
    request = rf.post("/")
    usage = consume(request, "5/m")
    (key,) = entries()
    cache.add(f"{key}:lock", "somebody else", timeout=None)
    before = entries()

    assert consume(request, "5/m") is None
    with pytest.raises(RateLimited):
        consume(request, "5/m", raise_exception=True)
    usage.rollback()
    ratelimit.clear(request, app=APP, action="act", config={"act": "5/m"})
    assert entries() == before


@pytest.mark.requirement("SEC-003")
def test_refusal_by_a_lock_takes_about_a_second(rf: Any, monkeypatch: Any) -> None:
    cache.add(f"{PREFIX}:act:5/60/ip:ip:127.0.0.1:lock", "somebody else", timeout=None)
    clock = SleepersClock()
    monkeypatch.setattr(ratelimit, "time", clock)

    assert consume(rf.post("/"), "5/m") is None
    assert 1 <= clock.slept < 1.2


def test_lock_of_a_dead_holder_expires_by_itself(rf: Any, clock: Any) -> None:
    with (
        mock.patch.object(cache, "delete"),
        mock.patch.object(ratelimit.cache, "set", side_effect=SystemExit),
        pytest.raises(SystemExit),
    ):
        consume(rf.post("/"), "5/m")
    clock.shift(ratelimit.LOCK_TIMEOUT + 1)
    assert consume(rf.post("/"), "5/m")


def test_lock_is_released(rf: Any) -> None:
    consume(rf.post("/"), "5/m,9/h")
    consume(rf.post("/"), "0/m,9/h")

    assert not [key for key in entries() if key.endswith(":lock")]


@pytest.mark.requirement("ATK-C11", "INV-27")
@pytest.mark.parametrize("broken", ["add", "get", "set"])
def test_broken_cache_admits_nothing(rf: Any, monkeypatch: Any, caplog: Any, broken: str) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError("The cache is gone.")

    monkeypatch.setattr(cache._connections[cache._alias], broken, fail)
    with caplog.at_level(logging.ERROR):
        assert consume(rf.post("/"), "5/m") is None
    assert "rate limit" in caplog.text


@pytest.mark.requirement("ATK-C11")
@pytest.mark.django_db
def test_nobody_is_logged_in_while_the_cache_is_broken(
    client: Client, monkeypatch: Any, user: Any, password: str
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError("The cache is gone.")

    monkeypatch.setattr(cache._connections[cache._alias], "set", fail)
    data = {"login": user.username, "password": password}
    response = client.post(reverse("account_login"), data)
    assert response.status_code == 429
    assert "_auth_user_id" not in client.session


# Refusals


def own_handler(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"slow down, {request.path}", status=429)


def urlconf_with(**attributes: Any) -> Any:
    from types import ModuleType

    module = ModuleType("urlconf")
    vars(module).update({"urlpatterns": []} | attributes)
    return module


@pytest.mark.requirement("SEC-006")
def test_built_in_page_says_that_there_were_too_many_requests(rf: Any) -> None:
    response = public.respond_429(rf.post("/"))

    assert response.status_code == 429
    assert response["Content-Type"].startswith("text/html")
    assert "Too Many Requests" in response.content.decode()


@pytest.mark.parametrize("handler", [own_handler, f"{__name__}.own_handler"])
def test_handler_of_the_project(rf: Any, settings: Any, monkeypatch: Any, handler: Any) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "tests_urlconf_429", urlconf_with(handler429=handler))
    settings.ROOT_URLCONF = "tests_urlconf_429"

    response = public.respond_429(rf.post("/x"))
    assert response.status_code == 429
    assert response.content == b"slow down, /x"


@pytest.mark.parametrize("handler", ["no.such.module.view", f"{__name__}.no_such_view"])
def test_handler_that_is_not_there_is_passed_over(rf: Any, handler: str) -> None:
    request = rf.post("/")
    request.urlconf = urlconf_with(handler429=handler)

    assert b"Too Many Requests" in public.respond_429(request).content


def test_urlconf_of_the_request_counts(rf: Any) -> None:
    request = rf.post("/x")
    request.urlconf = urlconf_with(handler429=own_handler)

    assert public.respond_429(request).content == b"slow down, /x"


def test_missing_urlconf_is_passed_over(rf: Any, settings: Any) -> None:
    settings.ROOT_URLCONF = "no.such.urlconf"

    assert public.respond_429(rf.post("/")).status_code == 429


@pytest.mark.parametrize("extension", ["html", "htm"])
def test_template_of_the_project(rf: Any, settings: Any, tmp_path: Any, extension: str) -> None:
    (tmp_path / f"429.{extension}").write_text("Slow down on {{ request.path }}, please.")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    settings.ACCOUNT_TEMPLATE_EXTENSION = extension

    response = public.respond_429(rf.post("/x"))
    assert response.status_code == 429
    assert response.content == b"Slow down on /x, please."


# The public face


def test_public_functions_use_the_limits_of_the_account_app(rf: Any, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"act": "1/m"}
    request = rf.post("/")

    assert public.consume(request, action="act", dry_run=True) is True
    assert public.consume_or_429(request, "ignored", action="act") is None
    assert public.consume(request, action="act") is False
    with pytest.raises(RateLimited):
        public.consume(request, action="act", raise_exception=True)
    response = public.consume_or_429(request, action="act")
    assert response is not None
    assert response.status_code == 429
    assert public.consume_or_429(request, action="act", config={"act": "9/m"}) is None
    assert public.consume_or_429(rf.get("/"), action="act") is None
    assert public.consume_or_429(rf.get("/"), action="act", limit_get=True) is not None


async def test_awaitable_twins_of_the_public_functions(rf: Any, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"act": "1/m"}
    request = rf.post("/")

    assert await public.aconsume(request, action="act") is True
    assert await public.aconsume(request, action="act") is False
    await public.aclear(request, action="act")
    assert await public.aconsume(request, action="act") is True


@rate_limit(action="act", config={"act": "1/m"})
def limited_view(request: HttpRequest, number: int) -> HttpResponse:
    """Answers with its argument."""
    return HttpResponse(str(number))


class LimitedView(View):
    """Answers the first request of a minute."""

    @method_decorator(rate_limit(action="cbv", config={"cbv": "1/m"}, limit_get=True))
    def dispatch(self, *args: Any, **kwargs: Any) -> Any:
        return super().dispatch(*args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("ok")


def test_decorated_view_is_refused_when_the_limit_is_exhausted(rf: Any) -> None:
    assert limited_view.__name__ == "limited_view"
    assert [limited_view(rf.post("/"), number=7).status_code for _ in range(3)] == [200, 429, 429]
    assert limited_view(rf.get("/"), number=7).content == b"7"
    assert [LimitedView.as_view()(rf.get("/")).status_code for _ in range(2)] == [200, 429]


# The actions of the account app

LOCAL = {"oldpassword": "x", "password1": "y", "password2": "y", "email": "u@example.org"}


@pytest.mark.requirement("SEC-006")
@pytest.mark.parametrize(
    ("action", "name", "data", "logged_in"),
    [
        ("login", "account_login", {"login": "user1", "password": "x"}, False),
        ("signup", "account_signup", {"username": "n", **LOCAL}, False),
        ("reset_password", "account_reset_password", {"email": "user1@example.org"}, False),
        ("reset_password_from_key", "account_reset_password_from_key", LOCAL, False),
        ("change_password", "account_change_password", LOCAL, True),
        ("manage_email", "account_email", {"action_add": "", **LOCAL}, True),
        ("reauthenticate", "account_reauthenticate", {"password": "x"}, True),
    ],
)
def test_refusal_comes_before_the_work(
    settings: Any,
    client: Client,
    user: Any,
    mailoutbox: Any,
    action: str,
    name: str,
    data: dict[str, str],
    logged_in: bool,
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {action: "0/m/ip"}
    if logged_in:
        client.force_login(user)
    kwargs = {"uidb36": "1", "key": "set-password"} if name.endswith("from_key") else {}

    with (
        mock.patch("django.contrib.auth.hashers.MD5PasswordHasher.encode") as encode,
        mock.patch("django.contrib.auth.hashers.MD5PasswordHasher.verify") as verify,
    ):
        response = client.post(reverse(name, kwargs=kwargs), data)
    assert response.status_code == 429
    assert not encode.called
    assert not verify.called
    assert mailoutbox == []


@pytest.mark.requirement("SEC-006")
def test_setting_a_first_password_shares_the_limit_of_changing_it(
    settings: Any, client: Client, user_factory: Callable[..., Any]
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"change_password": "0/m/user"}
    client.force_login(user_factory(password=None))

    response = client.post(reverse("account_set_password"), LOCAL)
    assert response.status_code == 429


@pytest.mark.requirement("ATK-C08", "INV-28")
@pytest.mark.parametrize("method", ["head", "options"])
@pytest.mark.parametrize("name", ["account_login", "account_signup", "account_email"])
def test_head_and_options_change_nothing(
    client: Client, user: Any, mailoutbox: Any, name: str, method: str
) -> None:
    if name == "account_email":
        client.force_login(user)
    before = dict(client.session)

    for _ in range(3):
        response = getattr(client, method)(
            reverse(name), {"action_remove": "", "email": user.email}
        )
        assert response.status_code == 200
    assert response.content == b""
    assert entries() == {}
    assert dict(client.session) == before
    assert user.emailaddress_set.count() == 1
    assert mailoutbox == []


@pytest.mark.requirement("ATK-C13")
@pytest.mark.parametrize(
    "extra", [{"HTTP_X_HTTP_METHOD_OVERRIDE": "POST"}, {"HTTP_X_METHOD_OVERRIDE": "POST"}]
)
def test_method_cannot_be_overridden_by_a_header(
    client: Client, user: Any, extra: dict[str, str]
) -> None:
    client.force_login(user)

    assert client.get(reverse("account_logout"), **extra).status_code == 200
    assert "_auth_user_id" in client.session


@pytest.mark.requirement("ATK-C13")
def test_method_cannot_be_overridden_by_a_parameter(client: Client, user: Any) -> None:
    client.force_login(user)

    assert client.get(reverse("account_logout"), {"_method": "POST"}).status_code == 200
    assert "_auth_user_id" in client.session


@pytest.mark.requirement("ATK-C13")
def test_lower_case_method_does_nothing(client: Client, user: Any) -> None:
    client.force_login(user)
    request = client.generic("delete", reverse("account_logout"))

    assert request.status_code == 405
    assert "_auth_user_id" in client.session
