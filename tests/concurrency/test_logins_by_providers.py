"""Logins, sign-ups and tokens by providers: each counts once, whoever else comes from there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.test import Client

from allauth.account.models import EmailAddress
from tests.concurrency import racers
from tests.concurrency.racers import PARTICIPANTS, Answer
from tests.support.idp import browser
from tests.support.idp.oauth2 import OAuth2Server
from tests.support.sessions import get_key

pytestmark = pytest.mark.skipif(
    not apps.is_installed("allauth.socialaccount"), reason="there are no third-party accounts"
)

DUMMY = "/accounts/dummy/login/"
GITLAB = "/accounts/gitlab/login/"
CONNECTIONS = "/accounts/3rdparty/"
SIGNUP = "/accounts/3rdparty/signup/"
EMAIL = "shared@example.org"

Place = tuple[str, str]
"""The key of a session, and the page to which the provider sends its visitor back."""


@pytest.fixture
def in_database() -> bool:
    """Whether the app is in the database."""
    return False


@pytest.fixture
def gitlab(store: Any, settings: Any, in_database: bool) -> Iterator[OAuth2Server]:
    """A provider with tokens, which are stored."""
    with OAuth2Server() as server:
        server.route("/oauth/authorize", server.authorize)
        server.route("/oauth/token", server.token)
        server.route("/api/v4/user", server.userinfo)
        app = {"client_id": server.client_id, "secret": server.client_secret}
        options: dict[str, Any] = {"GITLAB_URL": server.url}
        if in_database:
            make_app(**app)
        else:
            options["APPS"] = [app]
        settings.SOCIALACCOUNT_PROVIDERS = {"gitlab": options}
        settings.SOCIALACCOUNT_STORE_TOKENS = True
        yield server
    get_rows("SocialApp").all().delete()


def make_app(**fields: str) -> None:
    """Store an app that is in use on the site."""
    app = get_rows("SocialApp").create(provider="gitlab", **fields)
    app.sites.add(django_settings.SITE_ID)


def get_rows(model: str) -> Any:
    return apps.get_model("socialaccount", model)._default_manager


def add_account(user: Any, provider: str, uid: object = 1) -> Any:
    """Connect an account to ``user``, behind the scenes."""
    return get_rows("SocialAccount").create(user=user, provider=provider, uid=str(uid))


def begin(client: Client, path: str = DUMMY, **params: str) -> Place:
    """Go to the provider, and as far as back to this site."""
    where = str(client.post(path, params).headers["Location"])
    if path == GITLAB:
        where = browser.get_path(browser.visit(where))
    return get_key(client), where


def log_in(client: Client, user: Any) -> str:
    """Log in; the key of the session."""
    client.force_login(user)
    return get_key(client)


def assert_no_crash(answers: list[Answer]) -> None:
    """Whoever loses is told so, or finds that the session was ended."""
    crashes = [answer for answer in answers if answer.status not in (200, 302, 400, 401, 403)]
    assert not crashes, "".join(crashes[0].errors)


def assert_one_account(answers: list[Answer]) -> Any:
    """One user has the account, and nobody else is there or logged in; gives the user."""
    assert_no_crash(answers)
    user = get_user_model().objects.get()
    assert get_rows("SocialAccount").get().user_id == user.pk
    assert {answer.user for answer in answers} - {None} == {str(user.pk)}
    return user


# States and tokens


@pytest.mark.requirement("ATK-S02", "INV-10")
def test_code_of_parallel_callbacks_is_exchanged_once(
    client: Client, gitlab: OAuth2Server, race: Any, color: str
) -> None:
    answers = race(racers.get, *[(color, *begin(client, GITLAB))] * PARTICIPANTS)

    assert len(gitlab.get_requests("/oauth/token")) == 1
    assert [answer.status for answer in answers].count(302) == 1
    assert_one_account(answers)


@pytest.mark.requirement("SEC-100")
@pytest.mark.parametrize("in_database", [True, False], ids=["database", "setting"])
def test_parallel_first_logins_store_one_token(
    client_factory: Callable[..., Client], gitlab: OAuth2Server, race: Any, color: str
) -> None:
    places = [begin(client_factory(), GITLAB) for _ in range(PARTICIPANTS)]

    answers = race(racers.get, *[(color, *place) for place in places])
    assert_one_account(answers)
    assert get_rows("SocialToken").get().token_secret == "rt-1"


@pytest.mark.requirement("SEC-100")
@pytest.mark.parametrize("in_database", [True, False], ids=["database", "setting"])
def test_parallel_logins_store_one_token(
    client_factory: Callable[..., Client], user: Any, gitlab: OAuth2Server, race: Any, color: str
) -> None:
    add_account(user, "gitlab", 4711)
    places = [begin(client_factory(), GITLAB) for _ in range(PARTICIPANTS)]

    answers = race(racers.get, *[(color, *place) for place in places])
    assert [answer.status for answer in answers] == [302] * PARTICIPANTS
    assert_one_account(answers)
    token = get_rows("SocialToken").get()
    assert token.token.startswith("at-")
    assert token.token_secret == "rt-1"


@pytest.mark.requirement("SEC-103", "ATK-S13")
def test_parallel_uses_of_a_token_are_one(store: Any, race: Any) -> None:
    for token_id in ("token-1", "x" * 1000):
        results = race(racers.use_token, *[(token_id,)] * PARTICIPANTS)
        assert results.count(True) == 1


# Sign-up


@pytest.fixture
def form_shown(settings: Any) -> None:
    """Whoever comes for the first time is asked for more."""
    settings.SOCIALACCOUNT_AUTO_SIGNUP = False
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
    settings.ACCOUNT_RATE_LIMITS = False


def come_to_form(client: Client, uid: object = 1) -> str:
    """Come from the provider and be asked for more; the key of the session."""
    _, where = begin(client)
    response = client.post(where, {"id": str(uid)})
    assert response.headers["Location"] == SIGNUP
    return get_key(client)


@pytest.mark.requirement("ATK-S28", "INV-41")
@pytest.mark.usefixtures("form_shown")
def test_form_that_is_sent_several_times_makes_one_user(
    client: Client, store: Any, race: Any, color: str
) -> None:
    key = come_to_form(client)

    data = {"username": "nadia", "email": EMAIL}
    answers = race(racers.post, *[(color, key, SIGNUP, data)] * PARTICIPANTS)
    assert_one_account(answers)
    assert EmailAddress.objects.filter(email=EMAIL).count() == 1


@pytest.mark.requirement("ATK-S28", "INV-41")
@pytest.mark.usefixtures("form_shown")
def test_forms_for_one_account_make_one_user(
    client_factory: Callable[..., Client], store: Any, race: Any, color: str
) -> None:
    keys = [come_to_form(client_factory()) for _ in range(PARTICIPANTS)]

    answers = race(
        racers.post,
        *[
            (color, key, SIGNUP, {"username": f"u{number}", "email": f"a{number}@example.org"})
            for number, key in enumerate(keys)
        ],
    )
    user = assert_one_account(answers)
    assert EmailAddress.objects.get().user == user


@pytest.mark.requirement("ATK-A33")
@pytest.mark.usefixtures("form_shown")
@pytest.mark.parametrize("prevention", [True, False])
def test_one_of_several_forms_gets_the_address(
    client_factory: Callable[..., Client],
    store: Any,
    race: Any,
    color: str,
    settings: Any,
    prevention: bool,
) -> None:
    settings.ACCOUNT_PREVENT_ENUMERATION = prevention
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    keys = [come_to_form(client_factory(), uid) for uid in range(PARTICIPANTS)]

    answers = race(
        racers.post,
        *[
            (color, key, SIGNUP, {"username": f"u{number}", "email": EMAIL})
            for number, key in enumerate(keys)
        ],
    )
    assert_no_crash(answers)
    assert EmailAddress.objects.filter(email=EMAIL).count() == 1
    assert get_user_model().objects.count() == get_rows("SocialAccount").count() == 1


@pytest.mark.requirement("ATK-A33")
@pytest.mark.usefixtures("form_shown")
def test_address_is_typed_in_by_some_and_brought_by_others(
    client_factory: Callable[..., Client], store: Any, race: Any, color: str, settings: Any
) -> None:
    arguments: list[tuple[Any, ...]] = []
    for number in range(PARTICIPANTS):
        client = client_factory()
        profile = {"id": str(number), "username": f"u{number}", "email": EMAIL}
        if number % 2:
            key = come_to_form(client, number)
            arguments.append((color, key, SIGNUP, {"username": f"u{number}", "email": EMAIL}))
        else:
            arguments.append((color, *begin(client), profile))
    settings.SOCIALACCOUNT_AUTO_SIGNUP = True

    answers = race(racers.post, *arguments)
    assert_no_crash(answers)
    assert EmailAddress.objects.filter(email=EMAIL).count() == 1
    assert get_user_model().objects.count() == get_rows("SocialAccount").count() == 1


@pytest.mark.requirement("ATK-S20", "INV-39")
@pytest.mark.parametrize("verified", [True, False])
def test_one_of_several_accounts_brings_the_address(
    client_factory: Callable[..., Client], store: Any, race: Any, color: str, verified: bool
) -> None:
    places = [begin(client_factory()) for _ in range(PARTICIPANTS)]
    profile = {"email": EMAIL, "username": "nadia"}
    profile |= {"email_verified": "on"} if verified else {}

    answers = race(
        racers.post,
        *[(color, *place, {**profile, "id": str(uid)}) for uid, place in enumerate(places)],
    )
    assert_no_crash(answers)
    assert get_user_model().objects.count() == get_rows("SocialAccount").count() == 1
    assert EmailAddress.objects.get().verified is verified
    assert [answer.location for answer in answers].count(SIGNUP) == PARTICIPANTS - 1


# Connected accounts


@pytest.mark.requirement("ATK-S20", "INV-41")
def test_tabs_of_one_user_connect_an_account_once(
    client: Client, user: Any, race: Any, color: str
) -> None:
    log_in(client, user)
    places = [begin(client, process="connect") for _ in range(PARTICIPANTS)]

    answers = race(racers.post, *[(color, *place, {"id": "1"}) for place in places])
    assert [answer.status for answer in answers] == [302] * PARTICIPANTS
    assert_one_account(answers)


@pytest.mark.requirement("ATK-S20", "INV-41")
def test_account_is_connected_by_some_and_signed_up_with_by_others(
    client_factory: Callable[..., Client], user_factory: Callable[..., Any], race: Any, color: str
) -> None:
    places = []
    for process in ["login", "connect"] * (PARTICIPANTS // 2):
        client = client_factory()
        if process == "connect":
            client.force_login(user_factory())
        places.append(begin(client, process=process))

    answers = race(racers.post, *[(color, *place, {"id": "1"}) for place in places])
    assert_no_crash(answers)
    owner = get_rows("SocialAccount").get().user_id
    logged_in = {answer.user for answer in answers[::2]}
    assert logged_in == {str(owner)}
    # Nobody was made who has no account.
    assert get_user_model().objects.exclude(pk=owner).filter(emailaddress=None).count() == 0


@pytest.mark.requirement("ATK-S20", "INV-35")
@pytest.mark.usefixtures("gitlab")
def test_account_is_disconnected_while_its_user_logs_in(
    client_factory: Callable[..., Client], user: Any, race: Any, color: str
) -> None:
    account = add_account(user, "gitlab", 4711)
    arguments: list[tuple[Any, ...]] = []
    for number in range(PARTICIPANTS):
        client = client_factory()
        if number % 2:
            key = log_in(client, user)
            arguments.append((racers.post, color, key, CONNECTIONS, {"account": str(account.pk)}))
        else:
            arguments.append((racers.get, color, *begin(client, GITLAB)))

    answers = race(racers.call, *arguments)
    assert_no_crash(answers)
    # Whoever comes too late for the account makes one of their own.
    known = {str(pk) for pk in get_user_model().objects.values_list("pk", flat=True)}
    assert {answer.user for answer in answers} - {None} <= known
    assert get_rows("SocialToken").count() == get_rows("SocialAccount").count() <= 1


@pytest.mark.requirement("ATK-S19", "INV-41")
def test_address_connects_the_account_once(
    client_factory: Callable[..., Client],
    user_factory: Callable[..., Any],
    race: Any,
    color: str,
    settings: Any,
) -> None:
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
    user = user_factory(email=EMAIL, verified=False)
    places = [begin(client_factory()) for _ in range(PARTICIPANTS)]
    profile = {"id": "1", "email": EMAIL, "email_verified": "on"}

    answers = race(racers.post, *[(color, *place, profile) for place in places])
    assert assert_one_account(answers) == user
    assert [answer.user for answer in answers] == [str(user.pk)] * PARTICIPANTS
    assert EmailAddress.objects.get().verified
    user.refresh_from_db()
    assert not user.has_usable_password()


@pytest.mark.requirement("ATK-S19", "INV-40")
def test_planted_account_is_removed_while_its_owner_logs_in(
    client_factory: Callable[..., Client],
    user_factory: Callable[..., Any],
    gitlab: OAuth2Server,
    race: Any,
    color: str,
    settings: Any,
) -> None:
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
    user = user_factory(email=EMAIL, verified=False)
    add_account(user, "gitlab", 4711)
    arguments: list[tuple[Any, ...]] = []
    for number in range(PARTICIPANTS):
        client = client_factory()
        if number % 2:
            profile = {"id": "1", "email": EMAIL, "email_verified": "on"}
            arguments.append((racers.post, color, *begin(client), profile))
        else:
            arguments.append((racers.get, color, *begin(client, GITLAB)))

    answers = race(racers.call, *arguments)
    assert_no_crash(answers)
    assert [answer.user for answer in answers[1::2]] == [str(user.pk)] * (PARTICIPANTS // 2)
    assert not get_rows("SocialAccount").filter(user=user).exists()
    user.refresh_from_db()
    assert not user.has_usable_password()


@pytest.mark.requirement("ATK-S19", "INV-40")
def test_whoever_is_put_out_connects_nothing(
    client_factory: Callable[..., Client],
    user_factory: Callable[..., Any],
    race: Any,
    color: str,
    settings: Any,
) -> None:
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
    user = user_factory(email=EMAIL, verified=False)
    arguments = []
    for number in range(PARTICIPANTS):
        client = client_factory()
        if number % 2:
            profile = {"id": "1", "email": EMAIL, "email_verified": "on"}
            arguments.append((color, *begin(client), profile))
        else:
            client.force_login(user)
            place = begin(client, process="connect")
            arguments.append((color, *place, {"id": str(100 + number)}))

    answers = race(racers.post, *arguments)
    assert_no_crash(answers)
    user.refresh_from_db()
    assert not user.has_usable_password()
    assert not get_rows("SocialAccount").filter(user=user).exists()


@pytest.mark.requirement("ATK-S19", "INV-40")
def test_planted_account_is_disconnected_while_it_is_removed(
    client_factory: Callable[..., Client],
    user_factory: Callable[..., Any],
    race: Any,
    color: str,
    settings: Any,
) -> None:
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
    user = user_factory(email=EMAIL, verified=False)
    arguments: list[tuple[Any, ...]] = []
    for number in range(PARTICIPANTS):
        client = client_factory()
        if number % 2:
            profile = {"id": "1", "email": EMAIL, "email_verified": "on"}
            arguments.append((color, *begin(client), profile))
        else:
            account = add_account(user, "dummy", 100 + number)
            data = {"account": str(account.pk)}
            arguments.append((color, log_in(client, user), CONNECTIONS, data))

    answers = race(racers.post, *arguments)
    assert_no_crash(answers)
    assert [answer.user for answer in answers[1::2]] == [str(user.pk)] * (PARTICIPANTS // 2)
    assert not get_rows("SocialAccount").filter(user=user).exists()
    user.refresh_from_db()
    assert not user.has_usable_password()


@pytest.mark.requirement("ATK-S20", "INV-43")
def test_one_of_the_last_accounts_stays_in_one_session(
    client: Client, user_factory: Callable[..., Any], race: Any, color: str
) -> None:
    user = user_factory(password=None)
    key = log_in(client, user)
    accounts = [add_account(user, "dummy", uid) for uid in range(PARTICIPANTS)]

    answers = race(
        racers.post,
        *[(color, key, CONNECTIONS, {"account": str(account.pk)}) for account in accounts],
    )
    assert_no_crash(answers)
    assert get_rows("SocialAccount").count() == 1


@pytest.mark.requirement("INV-10")
def test_same_account_is_disconnected_once(
    client: Client, user: Any, race: Any, color: str
) -> None:
    key = log_in(client, user)
    account = add_account(user, "dummy")

    data = {"account": str(account.pk)}
    answers = race(racers.post, *[(color, key, CONNECTIONS, data)] * PARTICIPANTS)
    assert_no_crash(answers)
    assert not get_rows("SocialAccount").exists()
