"""Third-party accounts that one package began the other goes on with."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.compat.providers import (
    APPLE,
    EMAIL,
    FACEBOOK,
    GITHUB,
    GITLAB,
    GOOGLE,
    GUILD,
    OIDC,
    Example,
    Server,
    arrive,
    begin,
    come_back,
    withhold_address,
)
from tests.compat.sites import Site
from tests.compat.steps import MARKS, PASSWORD, find_code, find_path, post
from tests.support.idp import browser

pytestmark = MARKS

ACCOUNT = "socialaccount.SocialAccount"
APP = "socialaccount.SocialApp"
TOKEN = "socialaccount.SocialToken"
ADDRESS = "account.EmailAddress"
USER = "auth.User"

CONNECTIONS = "/accounts/3rdparty/"
SIGNUP = "/accounts/3rdparty/signup/"
CONFIRM_EMAIL = "/accounts/confirm-email/"
REAUTHENTICATE = "/accounts/reauthenticate/"

LOGIN = post("/accounts/login/", login="anna", password=PASSWORD)
ANNA_ID, CORA_ID = 1, 2

STORED = {"SOCIALACCOUNT_STORE_TOKENS": True}
ADDRESS_REQUIRED = {
    "ACCOUNT_SIGNUP_FIELDS": ["email*", "username*", "password1*", "password2*"],
}
MANDATORY = {"ACCOUNT_EMAIL_VERIFICATION": "mandatory"}
BY_CODE = {"ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED": True}
REAUTHENTICATED = {
    "ACCOUNT_REAUTHENTICATION_REQUIRED": True,
    "ACCOUNT_REAUTHENTICATION_TIMEOUT": 300,
}

VOLATILE = {
    "at",
    "date_joined",
    "exp",
    "expires_at",
    "iat",
    "last_login",
    "password",
    "pkce_code_verifier",
    "token",
    "token_secret",
}
"""What differs between any two logins."""

Maker = Callable[..., Site]

only_at_github = pytest.mark.parametrize("example", [GITHUB], ids=str, indirect=True)
only_oauth2 = pytest.mark.parametrize("example", [OIDC, GITHUB, GITLAB], ids=str, indirect=True)
in_either_place = pytest.mark.parametrize("in_database", [True, False], ids=["database", "setting"])


def mask(value: Any) -> Any:
    """``value`` without what differs between any two logins."""
    if isinstance(value, dict):
        return {
            name: type(member).__name__ if name in VOLATILE else mask(member)
            for name, member in value.items()
        }
    return [mask(member) for member in value] if isinstance(value, list) else value


def without(data: dict[str, Any], *names: str) -> dict[str, Any]:
    """``data`` without some of its members."""
    return {name: member for name, member in data.items() if name not in names}


def tell(event: str, example: Example, username: str = "nadia") -> dict[str, Any]:
    """What those who wait for sign-ups and logins should be told of the account."""
    provider = example.stored_as
    return {"event": event, "username": username, "provider": provider, "uid": example.uid}


def read_one(site: Site, package: str, label: str) -> dict[str, Any]:
    """The only row of a model."""
    (row,) = site.read_rows(package, label)
    return row


def read_accounts(site: Site, package: str) -> list[tuple[int, str, str]]:
    """The accounts at providers, each with its user."""
    rows = site.read_rows(package, ACCOUNT)
    return [(row["user_id"], row["provider"], row["uid"]) for row in rows]


# Rows


@in_either_place
def test_account_logs_its_user_in(
    make_social_site: Maker,
    packages: tuple[str, str],
    example: Example,
    server: Server,
    in_database: bool,
) -> None:
    first, second = packages
    site = make_social_site(app_by=first if in_database else "")
    signup = arrive(site, first, example)
    before = read_one(site, first, ACCOUNT)
    assert signup["told"] == [tell("signup", example), tell("login", example)]
    assert read_one(site, second, ACCOUNT) == before

    site.forget_cookies()
    server.profile["motto"] = "never the same twice"
    login = arrive(site, second, example)
    assert login["told"] == [tell("login", example)]
    assert site.whoami(first) == "nadia"
    after = read_one(site, first, ACCOUNT)
    assert without(after, "last_login", "extra_data") == without(before, "last_login", "extra_data")
    assert after["last_login"] > before["last_login"]
    assert "never the same twice" in json.dumps(after["extra_data"])
    assert len(site.read_rows(second, USER)) == 3


def test_app_of_the_database_is_read_alike(
    make_social_site: Maker, packages: tuple[str, str], example: Example, server: Server
) -> None:
    first, second = packages
    site = make_social_site(app_by=first)

    row = read_one(site, second, APP)
    assert row == read_one(site, first, APP)
    expected = {"provider_id": "", "settings": {}, **example.make_app(server.url)}
    assert without(row, "id") == {"provider": example.name, **expected}
    (page,) = site.visit(second, {"path": "/accounts/login/"})
    assert example.login_path in page["body"]


def test_app_that_is_not_of_the_site_is_not_in_use(
    make_social_site: Maker, packages: tuple[str, str], example: Example
) -> None:
    first, second = packages
    site = make_social_site(app_by=first)
    site.run(first, "create_site", {"id": 2, "domain": "two.example.org", "name": "Two"})
    site.settings["SITE_ID"] = 2

    (page,) = site.visit(second, {"path": "/accounts/login/"})
    assert page["status"] == 200
    assert example.login_path not in page["body"]


def test_first_login_leaves_the_same_rows(make_social_site: Maker, example: Example) -> None:
    rows = {}
    for package in ("published", "ours"):
        site = make_social_site(app_by=package, **STORED)
        site.forget_cookies()
        arrive(site, package, example)
        rows[package] = {
            label: mask(site.read_rows(package, label))
            for label in (ACCOUNT, TOKEN, ADDRESS, USER, APP)
        }

    # This package has the ID token bound to the login.
    (account,) = rows["ours"][ACCOUNT]
    account["extra_data"].get("id_token", {}).pop("nonce", None)
    assert rows["ours"] == rows["published"]


@only_oauth2
@in_either_place
def test_stored_token_is_refreshed(
    make_social_site: Maker,
    packages: tuple[str, str],
    example: Example,
    server: Any,
    in_database: bool,
) -> None:
    first, second = packages
    site = make_social_site(app_by=first if in_database else "", **STORED)
    arrive(site, first, example)
    before = read_one(site, second, TOKEN)
    assert before == read_one(site, first, TOKEN)
    assert before["token_secret"] == "rt-1"
    assert (before["app_id"] is not None) is in_database

    # Providers send the refresh token once.
    server.token_extra = {"expires_in": 7200}
    site.forget_cookies()
    arrive(site, second, example)
    after = read_one(site, first, TOKEN)
    same = ("id", "app_id", "account_id", "token_secret")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert after["token"] != before["token"]
    assert after["expires_at"] > before["expires_at"]


@pytest.mark.parametrize("example", [GUILD], ids=str, indirect=True)
@in_either_place
def test_stored_secret_is_replaced(
    make_social_site: Maker, packages: tuple[str, str], example: Example, in_database: bool
) -> None:
    first, second = packages
    site = make_social_site(app_by=first if in_database else "", **STORED)
    arrive(site, first, example)
    before = read_one(site, second, TOKEN)

    site.forget_cookies()
    arrive(site, second, example)
    after = read_one(site, first, TOKEN)
    assert without(after, "token", "token_secret") == without(before, "token", "token_secret")
    assert after["token"] != before["token"]
    assert after["token_secret"] == f"{after['token']}-secret"


def test_connected_account_is_listed_and_disconnected(
    make_social_site: Maker, packages: tuple[str, str], example: Example
) -> None:
    first, second = packages
    site = make_social_site()
    site.visit(first, LOGIN)
    arrive(site, first, example, process="connect")
    account = read_one(site, second, ACCOUNT)
    assert account["user_id"] == ANNA_ID

    page, disconnected = site.visit(
        second, {"path": CONNECTIONS}, post(CONNECTIONS, account=account["id"])
    )
    assert f'value="{account["id"]}"' in page["body"]
    assert disconnected["status"] == 302
    assert read_accounts(site, first) == []
    assert site.whoami(first) == "anna"


@only_at_github
def test_only_way_in_stays(
    make_social_site: Maker, packages: tuple[str, str], example: Example
) -> None:
    first, second = packages
    site = make_social_site()
    arrive(site, first, example)
    account = read_one(site, first, ACCOUNT)

    (refused,) = site.visit(second, post(CONNECTIONS, account=account["id"]))
    assert refused["status"] == 200
    assert read_one(site, first, ACCOUNT) == account


# Visitors who are at the provider


def test_visitor_who_was_sent_to_the_provider_comes_back(
    make_social_site: Maker, packages: tuple[str, str], example: Example
) -> None:
    first, second = packages
    site = make_social_site()

    where = begin(site, first, example, next="/whoami/")
    answer = come_back(site, second, where)
    assert answer["location"] == "/whoami/"
    assert answer["told"] == [tell("signup", example), tell("login", example)]
    assert site.whoami(first) == "nadia"
    assert not site.read_session(second).get("socialaccount_states")


def test_user_who_was_sent_to_the_provider_comes_back(
    make_social_site: Maker, packages: tuple[str, str], example: Example
) -> None:
    first, second = packages
    site = make_social_site(**STORED)
    arrive(site, second, example)
    site.forget_cookies()

    answer = come_back(site, second, begin(site, first, example))
    assert answer["told"] == [tell("login", example)]
    assert site.whoami(first) == "nadia"
    assert len(site.read_rows(first, TOKEN)) == 1


def test_state_is_used_once(
    make_social_site: Maker, packages: tuple[str, str], example: Example
) -> None:
    first, second = packages
    site = make_social_site()
    path = browser.get_path(browser.visit(begin(site, first, example)))

    (used,) = site.visit(second, {"path": path})
    assert used["status"] == 302
    (refused,) = site.visit(first, {"path": path})
    assert refused["status"] == 401
    assert refused["told"] == []


@only_oauth2
def test_state_is_good_for_one_provider(
    make_social_site: Maker, packages: tuple[str, str], example: Example
) -> None:
    first, second = packages
    site = make_social_site()
    path = browser.get_path(browser.visit(begin(site, first, example)))
    ((state_id, entry),) = site.read_session(first)["socialaccount_states"].items()
    assert state_id in path
    assert entry[2] == example.stored_as

    elsewhere, here = site.visit(
        second,
        post(f"/accounts/dummy/authenticate/?state={state_id}", id=1, username="mallory"),
        {"path": path},
    )
    assert (elsewhere["status"], here["status"]) == (403, 302)


@only_oauth2
def test_tabs_of_both_packages_do_not_disturb_each_other(
    make_social_site: Maker, packages: tuple[str, str], example: Example
) -> None:
    first, second = packages
    site = make_social_site()
    one, two, three = (
        begin(site, package, example, next=f"/{number}/")
        for number, package in enumerate((first, second, first))
    )

    # Each login is one of the same user, whose other tabs are not forgotten.
    assert come_back(site, second, three)["location"] == "/2/"
    assert come_back(site, first, two)["location"] == "/1/"
    assert come_back(site, second, one)["location"] == "/0/"


@only_at_github
def test_refusal_at_the_provider_is_told(
    make_social_site: Maker, packages: tuple[str, str], example: Example
) -> None:
    first, second = packages
    site = make_social_site()
    begin(site, first, example)
    ((state_id, _),) = site.read_session(second)["socialaccount_states"].items()

    callback = f"{example.login_path}callback/?error=access_denied&state={state_id}"
    (answer,) = site.visit(second, {"path": callback})
    assert answer["location"] == "/accounts/3rdparty/login/cancelled/"


@pytest.mark.parametrize("engine", ["cache", "cached_db", "signed_cookies"])
@only_at_github
def test_visitor_comes_back_whatever_keeps_sessions(
    make_social_site: Maker, packages: tuple[str, str], example: Example, engine: str
) -> None:
    first, second = packages
    site = make_social_site(SESSION_ENGINE=f"django.contrib.sessions.backends.{engine}")

    answer = come_back(site, second, begin(site, first, example, next="/whoami/"))
    assert answer["location"] == "/whoami/"
    assert site.whoami(first) == "nadia"


@only_at_github
def test_visitor_who_was_sent_for_a_token_comes_back_without_a_login(
    make_social_site: Maker, example: Example
) -> None:
    # This package demands that the site itself asks for that process; the other does not.
    site = make_social_site()

    where = begin(site, "published", example, process="redirect", next="/whoami/")
    answer = come_back(site, "ours", where)
    assert answer["location"] == "/whoami/"
    assert site.whoami("ours") == ""
    assert read_accounts(site, "ours") == []


def test_states_look_the_same(make_social_site: Maker, example: Example) -> None:
    entries = {}
    for package in ("published", "ours"):
        site = make_social_site()
        site.forget_cookies()
        begin(site, package, example, next="/whoami/")
        states = site.read_session(package)["socialaccount_states"]
        ((_, entries[package]),) = states.items()

    state, since, provider = entries["ours"]
    # The nonce and the request token bind the login to what the provider answers.
    state = without(state, "nonce", "request_token")
    expected, _, expected_provider = entries["published"]
    assert mask([state, provider]) == mask([expected, expected_provider])
    assert time.time() - 3600 < since <= time.time()


# Connecting


def test_account_that_is_being_connected_here_is_connected_there(
    make_social_site: Maker, example: Example
) -> None:
    site = make_social_site(**STORED)
    site.visit("ours", LOGIN)

    where = begin(site, "ours", example, process="connect", next="/whoami/")
    assert come_back(site, "published", where)["location"] == "/whoami/"
    assert read_accounts(site, "ours") == [(ANNA_ID, example.stored_as, example.uid)]
    assert len(site.read_rows("ours", TOKEN)) == 1
    assert site.whoami("ours") == "anna"


def test_account_that_is_being_connected_there_has_to_be_connected_anew(
    make_social_site: Maker, example: Example
) -> None:
    # The published release does not remember who wants to connect the account.
    site = make_social_site()
    site.visit("published", LOGIN)

    refused = come_back(site, "ours", begin(site, "published", example, process="connect"))
    assert refused["status"] == 401
    assert read_accounts(site, "ours") == []
    assert site.whoami("ours") == "anna"
    arrive(site, "ours", example, process="connect")
    assert read_accounts(site, "ours") == [(ANNA_ID, example.stored_as, example.uid)]


def test_account_that_waits_for_reauthentication_is_connected(
    make_social_site: Maker, packages: tuple[str, str], example: Example
) -> None:
    first, second = packages
    site = make_social_site(**REAUTHENTICATED, **STORED)
    site.visit(first, LOGIN)
    before = site.read_rows(first, USER)
    waiting = arrive(site, first, example, process="connect", next="/whoami/")
    assert waiting["location"].startswith(REAUTHENTICATE)
    assert read_accounts(site, second) == []

    wrong, right = site.visit(
        second, post(REAUTHENTICATE, password="wrong"), post(REAUTHENTICATE, password=PASSWORD)
    )
    assert wrong["status"] == 200
    assert right["location"] == "/whoami/"
    assert read_accounts(site, first) == [(ANNA_ID, example.stored_as, example.uid)]
    assert site.read_rows(first, USER) == before
    # What this package puts into a session nobody else can read.
    assert len(site.read_rows(first, TOKEN)) == (first == "published")


@only_at_github
def test_account_that_waits_for_reauthentication_and_is_connected_already_stays(
    make_social_site: Maker, packages: tuple[str, str], example: Example
) -> None:
    first, second = packages
    site = make_social_site(**REAUTHENTICATED)
    account = {"provider": example.stored_as, "uid": example.uid}
    site.run(first, "connect", {"username": "anna", **account})
    site.visit(first, LOGIN)
    before = site.read_rows(first, USER)
    waiting = arrive(site, first, example, process="connect", next="/whoami/")
    assert waiting["location"].startswith(REAUTHENTICATE)

    (answer,) = site.visit(second, post(REAUTHENTICATE, password=PASSWORD))
    assert answer["location"] == "/whoami/"
    assert read_accounts(site, first) == [(ANNA_ID, example.stored_as, example.uid)]
    assert site.read_rows(first, USER) == before


@only_at_github
def test_disconnecting_that_waits_for_reauthentication_is_resumed(
    make_social_site: Maker, packages: tuple[str, str], example: Example
) -> None:
    first, second = packages
    site = make_social_site(**REAUTHENTICATED)
    account = {"provider": example.stored_as, "uid": example.uid}
    site.run(first, "connect", {"username": "anna", **account})
    row = read_one(site, first, ACCOUNT)
    _, suspended = site.visit(first, LOGIN, post(CONNECTIONS, account=row["id"]))
    assert suspended["location"].startswith(REAUTHENTICATE)

    (resumed,) = site.visit(second, post(suspended["location"], password=PASSWORD))
    assert resumed["status"] == 302
    assert read_accounts(site, first) == []


# Visitors who are asked for more


@pytest.fixture
def nameless(server: Server) -> None:
    """The provider does not tell the address."""
    withhold_address(server)


@pytest.mark.usefixtures("nameless")
def test_signup_that_waits_for_an_address_is_finished(
    make_social_site: Maker, packages: tuple[str, str], example: Example
) -> None:
    first, second = packages
    site = make_social_site(app_by=first, **ADDRESS_REQUIRED, **STORED)
    waiting = arrive(site, first, example, next="/whoami/")
    assert waiting["location"] == SIGNUP

    page, wrong, finished, again = site.visit(
        second,
        {"path": SIGNUP},
        post(SIGNUP, email="nonsense", username="nadia"),
        post(SIGNUP, email=EMAIL, username="nadia"),
        {"path": SIGNUP},
    )
    assert page["status"] == wrong["status"] == 200
    assert 'value="nadia"' in page["body"]
    assert finished["location"] == "/whoami/"
    assert finished["told"] == [tell("signup", example), tell("login", example)]
    assert again["status"] == 302
    assert site.whoami(first) == "nadia"
    account = read_one(site, first, ACCOUNT)
    assert (account["provider"], account["uid"]) == (example.stored_as, example.uid)
    assert account["extra_data"]
    address = site.read_rows(first, ADDRESS)[-1]
    assert (address["email"], address["verified"], address["primary"]) == (EMAIL, False, True)


@in_either_place
@pytest.mark.usefixtures("nameless")
def test_token_that_waits_with_a_signup_is_stored_here(
    make_social_site: Maker, packages: tuple[str, str], example: Example, in_database: bool
) -> None:
    first, second = packages
    app_by = first if in_database else ""
    site = make_social_site(app_by=app_by, **ADDRESS_REQUIRED, **STORED)
    arrive(site, first, example)

    site.visit(second, post(SIGNUP, email=EMAIL, username="nadia"))
    tokens = site.read_rows(first, TOKEN)
    if second == "published":
        # It does not find the token, which nobody but this package can read.
        assert tokens == []
        return
    (token,) = tokens
    assert token["token_secret"] == example.secret
    assert (token["app_id"] is not None) is in_database
    assert (token["expires_at"] is not None) is (example is not GUILD)


@pytest.mark.parametrize("by_code", [True, False], ids=["code", "link"])
@pytest.mark.usefixtures("nameless")
def test_signup_is_finished_however_often_packages_are_swapped(
    make_social_site: Maker, packages: tuple[str, str], example: Example, by_code: bool
) -> None:
    first, second = packages
    settings = BY_CODE if by_code else {"ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION": True}
    site = make_social_site(**ADDRESS_REQUIRED, **MANDATORY, **settings)

    asked = come_back(site, second, begin(site, first, example))
    assert asked["location"] == SIGNUP
    (waiting,) = site.visit(first, post(SIGNUP, email=EMAIL, username="nadia"))
    assert waiting["location"] == CONFIRM_EMAIL
    assert site.whoami(second) == ""
    by_link = {} if by_code else {"path": find_path(waiting), "data": {}}
    (confirmed,) = site.visit(second, by_link or post(CONFIRM_EMAIL, code=find_code(waiting)))
    assert confirmed["told"] == [tell("login", example)]
    assert site.whoami(first) == "nadia"
    assert site.read_rows(second, ADDRESS)[-1]["verified"]


@pytest.mark.parametrize("example", [OIDC, GITHUB], ids=str, indirect=True)
def test_address_that_the_provider_verified_waits_too(
    make_social_site: Maker, packages: tuple[str, str], example: Example
) -> None:
    first, second = packages
    site = make_social_site(SOCIALACCOUNT_AUTO_SIGNUP=False, **ADDRESS_REQUIRED, **MANDATORY)
    arrive(site, first, example)

    (finished,) = site.visit(second, post(SIGNUP, email="typed@example.org", username="nadia"))
    assert finished["told"] == [tell("signup", example), tell("login", example)]
    addresses = {
        row["email"]: (row["verified"], row["primary"])
        for row in site.read_rows(first, ADDRESS)
        if row["user_id"] not in (ANNA_ID, CORA_ID)
    }
    assert addresses == {EMAIL: (True, True), "typed@example.org": (False, False)}


@pytest.mark.usefixtures("nameless")
def test_signups_that_wait_look_the_same(make_social_site: Maker, example: Example) -> None:
    waiting = {}
    for package in ("published", "ours"):
        site = make_social_site(app_by=package, **ADDRESS_REQUIRED)
        site.forget_cookies()
        arrive(site, package, example, next="/whoami/")
        waiting[package] = site.read_session(package)["socialaccount_sociallogin"]

    ours, published = waiting["ours"], waiting["published"]
    assert published.pop("token")["token"].startswith("at-")
    ours = without(ours, "sealed_token", "initiated_at")
    ours["provider"] = without(ours["provider"], "app.provider_id")
    ours["account"]["extra_data"].get("id_token", {}).pop("nonce", None)
    published["state"].pop("pkce_code_verifier", None)
    assert mask(ours) == mask(published)


# Logins that wait


def test_login_that_waits_for_verification_is_finished(
    make_social_site: Maker, packages: tuple[str, str], example: Example
) -> None:
    first, second = packages
    site = make_social_site(**MANDATORY, **BY_CODE, **STORED)
    account = {"provider": example.stored_as, "uid": example.uid}
    site.run(first, "connect", {"username": "cora", **account})
    waiting = arrive(site, first, example, next="/whoami/")
    assert waiting["location"] == CONFIRM_EMAIL
    before = site.read_rows(first, USER)

    (finished,) = site.visit(second, post(CONFIRM_EMAIL, code=find_code(waiting)))
    assert finished["location"] == "/whoami/"
    assert finished["told"] == [tell("login", example, username="cora")]
    assert site.whoami(first) == "cora"
    after = site.read_rows(second, USER)
    assert [without(row, "last_login") for row in after] == [
        without(row, "last_login") for row in before
    ]


def test_records_of_the_login_look_the_same(make_social_site: Maker, example: Example) -> None:
    records = {}
    for package in ("published", "ours"):
        site = make_social_site()
        site.forget_cookies()
        arrive(site, package, example)
        records[package] = mask(site.read_session(package)["account_authentication_methods"])

    expected = {"method": "socialaccount", "at": "float"}
    expected |= {"provider": example.stored_as, "uid": example.uid}
    assert records == {"published": [expected], "ours": [expected]}


# What only some providers keep


@pytest.mark.parametrize("example", [APPLE], ids=str, indirect=True)
def test_answer_that_apple_had_posted_is_taken_up(
    make_social_site: Maker, packages: tuple[str, str], example: Example, server: Any
) -> None:
    first, second = packages
    site = make_social_site(
        SOCIALACCOUNT_ADAPTER="detour.DetourAdapter", DETOUR=f"127.0.0.1:{server.port}"
    )
    query = dict(parse_qsl(urlsplit(begin(site, first, example, next="/whoami/")).query))
    server.claims["nonce"] = query.get("nonce")
    posted = {"code": "code-1", "state": query["state"]}
    posted["user"] = json.dumps({"name": {"firstName": "Nadia", "lastName": "Brandt"}})
    (redirect,) = site.visit(first, post(f"{example.login_path}callback/", **posted))

    (answer,) = site.visit(second, {"path": browser.get_path(redirect["location"])})
    assert answer["location"] == "/whoami/"
    assert [entry["event"] for entry in answer["told"]] == ["signup", "login"]
    user = site.read_rows(first, USER)[-1]
    assert (user["email"], site.whoami(first)) == (EMAIL, user["username"])
    # The published release does not note for which login the name was posted.
    assert user["first_name"] == ("" if first == "published" else "Nadia")


@pytest.mark.parametrize("example", [FACEBOOK], ids=str, indirect=True)
def test_password_that_facebook_is_to_ask_for_is_proven(
    make_social_site: Maker, packages: tuple[str, str], example: Example, server: Any
) -> None:
    first, second = packages
    site = make_social_site()
    options = site.settings["SOCIALACCOUNT_PROVIDERS"]["facebook"]
    options["AUTH_PARAMS"] = {"auth_type": "reauthenticate"}
    login = post("/accounts/facebook/login/token/", access_token="at-1")

    for nonce, status in (("another", 401), ("", 302)):
        site.visit(first, {"path": "/accounts/login/"})
        server.nonce = nonce or site.read_session(second)["allauth_facebook_nonce"]
        (answer,) = site.visit(second, login)
        assert answer["status"] == status
    assert site.whoami(first) == "nadia"


# The cache


@pytest.mark.parametrize("example", [GOOGLE], ids=str, indirect=True)
def test_id_token_is_used_once(
    make_social_site: Maker, packages: tuple[str, str], example: Example, server: Any
) -> None:
    first, second = packages
    site = make_social_site()
    credential = server.make_id_token(jti="token-1", email=EMAIL)
    login = {
        **post("/accounts/google/login/token/", credential=credential, g_csrf_token="same"),
        "cookies": {"g_csrf_token": "same"},
    }

    (used,) = site.visit(first, login)
    assert used["told"] == [tell("signup", example), tell("login", example)]
    site.forget_cookies()
    (refused,) = site.visit(second, login)
    assert refused["status"] == 401
    assert site.whoami(second) == ""


@pytest.mark.parametrize("example", [FACEBOOK], ids=str, indirect=True)
def test_token_of_the_app_is_fetched_once(
    make_social_site: Maker, packages: tuple[str, str], example: Example, server: Any
) -> None:
    first, second = packages
    site = make_social_site()
    login = post("/accounts/facebook/login/token/", access_token="at-1")

    (signup,) = site.visit(first, login)
    assert signup["told"] == [tell("signup", example), tell("login", example)]
    site.forget_cookies()
    (again,) = site.visit(second, login)
    assert again["told"] == [tell("login", example)]
    assert len(server.get_requests("/graph/oauth/access_token")) == 1
