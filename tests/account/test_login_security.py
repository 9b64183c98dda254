# ruff: noqa: RUF001  (spellings that look alike are what some tests are about)
"""Attacks on logging in, and on the session that comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.contrib.auth import authenticate, get_user_model
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import override_settings
from django.views.debug import get_exception_reporter_filter
from pytest_django.asserts import assertRedirects

from allauth.account.models import EmailAddress
from allauth.account.signals import (
    authentication_step_completed,
    email_verification_code_rejected,
    login_code_rejected,
    password_reset_code_rejected,
    user_logged_out,
)
from tests.projects.custom_hooks import stages
from tests.support.collations import lenient_database
from tests.support.hashing import count_hashes, use_counting_hasher
from tests.support.ids import name_parameter
from tests.support.mails import read_code, read_path
from tests.support.pages import (
    EMAIL_VERIFICATION_SENT,
    LOGIN,
    LOGIN_CODE_CONFIRM,
    LOGOUT,
    RESET_CODE_CONFIRM,
    SIGNUP,
    STRONG_PASSWORD,
    list_error_codes,
    request_login_code,
    reset_password_by_code,
    reset_password_by_link,
    route_account_pages,
    submit_code,
    submit_login,
    submit_signup,
)
from tests.support.queries import Queries, is_search_by_address
from tests.support.sessions import copy_session, is_logged_in, read_session, write_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
SESSION = "sessionid"


class TestInactive:
    @pytest.mark.requirement("SEC-029")
    def test_backend_knows_no_inactive_user(self, user_factory: Any, password: str) -> None:
        user = user_factory(is_active=False)

        assert authenticate(None, username=user.username, password=password) is None

    @pytest.mark.requirement("SEC-029")
    def test_leaves_nothing_of_a_login(
        self, client: Client, user_factory: Any, password: str
    ) -> None:
        user = user_factory(is_active=False)

        response = submit_login(client, user.username, password)

        assertRedirects(response, "/accounts/inactive/")
        assert [name for name in read_session(client) if name.startswith(("account", "_auth"))] == (
            []
        )

    @pytest.mark.requirement("SEC-029")
    def test_wrong_password_is_answered_as_for_nobody(
        self, client_factory: Callable[..., Client], user_factory: Any
    ) -> None:
        user_factory(username="sleeping", is_active=False)

        answers = []
        for name in ("sleeping", "nobody66"):
            client = client_factory()
            response = submit_login(client, name, "wrong")
            answers.append(
                (
                    response.status_code,
                    response.content.decode().replace(name, ""),
                    sorted(read_session(client)),
                )
            )

        assert _without_tokens(answers[0]) == _without_tokens(answers[1])

    @pytest.mark.requirement("ATK-A07")
    def test_right_password_leads_to_the_inactive_page_everywhere(
        self, client: Client, user_factory: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
        settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
        route_account_pages(settings)
        user = user_factory()
        request_login_code(client, user.email)
        code = read_code()
        client.post(LOGOUT)
        client.post("/accounts/password/reset/", {"email": user.email})
        page = client.get(read_path())
        _update(user, is_active=False)

        data = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}
        assertRedirects(client.post(page["Location"], data), "/accounts/inactive/")
        assert not is_logged_in(client)

        mail.outbox.clear()
        request_login_code(client, user.email)
        assert code not in str(mail.outbox[0].body)
        assert "no account" in str(mail.outbox[0].body).lower()

    @pytest.mark.requirement("ATK-A07")
    def test_inactive_user_does_not_reauthenticate(
        self, client: Client, user: Any, password: str
    ) -> None:
        client.force_login(user)
        _update(user, is_active=False)

        response = client.post("/accounts/reauthenticate/", {"password": password})

        assert response["Location"].startswith(LOGIN)


def _without_tokens(answer: Any) -> str:
    import re

    return re.sub(r'(csrfmiddlewaretoken" value=")\w+', r"\1", repr(answer))


def _update(user: Any, **values: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).update(**values)


METHODS = [{"username"}, {"email"}, {"username", "email"}]


class TestTiming:
    @pytest.mark.requirement("SEC-030", "ATK-A05", "INV-21")
    @pytest.mark.parametrize("backends", [[BACKEND], [MODEL_BACKEND, BACKEND]], ids=["own", "both"])
    @pytest.mark.parametrize("methods", METHODS, ids=name_parameter)
    def test_known_and_unknown_cost_the_same(
        self,
        client: Client,
        user_factory: Any,
        settings: Any,
        methods: set[str],
        backends: list[str],
    ) -> None:
        use_counting_hasher(settings)
        settings.ACCOUNT_LOGIN_METHODS = methods
        settings.AUTHENTICATION_BACKENDS = backends
        user_factory(username="known", email="known@example.org")
        user_factory(username="asleep", email="asleep@example.org", is_active=False)
        user_factory(username="social", email="social@example.org", password=None)

        costs = {}
        names = ["known", "asleep", "social", "nobody"] if "username" in methods else []
        addresses = [f"{name}@example.org" for name in ("known", "asleep", "social", "nobody")]
        for login in names + (addresses if "email" in methods else []):
            with count_hashes() as count:
                assert submit_login(client, login, "wrong").status_code == 200
                costs[login] = count()

        if backends == [BACKEND]:
            assert set(costs.values()) == {1}
        else:
            assert len({costs[name] for name in names}) <= 1
            assert len({costs.get(address) for address in addresses}) == 1

    @pytest.mark.requirement("INV-21")
    def test_queries_of_known_and_unknown_are_the_same_but_for_one(
        self, client: Client, user: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = {"username", "email"}
        client.get(LOGIN)  # what is cached in the process

        forms = {}
        for login in (user.username, "nobody", user.email, "nobody@example.org"):
            with Queries(connection) as queries:
                submit_login(client, login, "wrong")
            forms[login] = queries.forms

        assert forms["nobody"] == forms[user.username]
        (further,) = (forms["nobody@example.org"] - forms[user.email]).elements()
        assert is_search_by_address(further)
        assert not forms[user.email] - forms["nobody@example.org"]


@pytest.mark.usefixtures("sqlite")
class TestLenientCollation:
    """A database that compares leniently makes nobody somebody else."""

    @pytest.fixture
    def sqlite(self) -> None:
        from django.db import connection

        if connection.vendor != "sqlite":
            pytest.skip("the lenient collation is made for SQLite only")

    @pytest.mark.requirement("SEC-031")
    @pytest.mark.parametrize("casing", [True, False])
    @pytest.mark.parametrize(
        ("name", "variant"), [("admin", "ádmin"), ("ffoo", "ﬀoo"), ("admin", "ＡＤＭＩＮ")]
    )
    def test_variant_of_a_name_authenticates_nobody(
        self,
        client: Client,
        user_factory: Any,
        password: str,
        settings: Any,
        name: str,
        variant: str,
        casing: bool,
    ) -> None:
        use_counting_hasher(settings)
        settings.ACCOUNT_PRESERVE_USERNAME_CASING = casing
        user = user_factory(username=name)

        with lenient_database(), collect_signals(step=authentication_step_completed) as sent:
            with count_hashes() as count:
                response = submit_login(client, variant, password)
                # One for show: that of the account is not compared.
                assert count() == 1
            assert list_error_codes(response) == ["username_password_mismatch"]
            assert sent == []
            submit_login(client, name.upper(), password)

        assert is_logged_in(client, user)

    @pytest.mark.requirement("SEC-031")
    @pytest.mark.parametrize(
        ("address", "variant"),
        [
            ("ffoo@example.org", "ﬀoo@example.org"),
            ("strasse@example.org", "straße@example.org"),
            ("jose@example.org", "josé@example.org"),
        ],
    )
    def test_variant_of_an_address_authenticates_nobody(
        self, user_factory: Any, password: str, settings: Any, address: str, variant: str
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = {"email"}
        user = user_factory(email=address)

        with lenient_database():
            assert authenticate(None, email=variant, password=password) is None
            assert authenticate(None, email=address.upper(), password=password) == user

    @pytest.mark.requirement("SEC-031")
    def test_signup_refuses_the_name_that_collides(self, client: Client, user_factory: Any) -> None:
        user_factory(username="admin")

        with lenient_database():
            response = submit_signup(client, username="ádmin")

        assert list_error_codes(response, "username") == ["username_taken"]

    @pytest.mark.requirement("SEC-031")
    def test_two_names_that_differ_in_case_authenticate_nobody(
        self, client: Client, user_factory: Any, password: str
    ) -> None:
        user_factory(username="john", email="john@example.org")
        user_factory(username="JOHN", email="other@example.org")

        for name in ("john", "JOHN", "John"):
            assert submit_login(client, name, password).status_code == 200
        assert not is_logged_in(client)


class TestFailedLogins:
    @pytest.mark.requirement("SEC-007")
    @pytest.mark.parametrize("methods", METHODS, ids=name_parameter)
    def test_case_gives_no_further_attempts(
        self, client: Client, user_factory: Any, password: str, settings: Any, methods: set[str]
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = methods
        user_factory(username="someone", email="someone@example.org")
        login = "someone@example.org" if "email" in methods else "someone"

        for variant in (login, login.upper(), login.title(), f" {login}", login.swapcase()):
            assert submit_login(client, variant, "wrong").status_code == 200
        response = submit_login(client, login.capitalize(), password)

        assert list_error_codes(response) == ["too_many_login_attempts"]
        assert not is_logged_in(client)

    @pytest.mark.requirement("SEC-008")
    def test_login_gives_back_its_own_attempt_only(
        self, client: Client, user_factory: Any, password: str
    ) -> None:
        user = user_factory()
        for number in range(9):
            submit_login(client, f"victim{number}", "wrong")

        submit_login(client, user.username, password)
        assert is_logged_in(client, user)
        client.post(LOGOUT)

        assert list_error_codes(submit_login(client, "victim", "wrong")) == [
            "username_password_mismatch"
        ]
        assert list_error_codes(submit_login(client, "victim", "wrong")) == [
            "too_many_login_attempts"
        ]

    @pytest.mark.requirement("SEC-033")
    @pytest.mark.parametrize("by_code", [False, True])
    def test_reset_opens_the_account_again(
        self, client: Client, user_factory: Any, settings: Any, by_code: bool
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = {"email"}
        settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = by_code
        route_account_pages(settings)
        user = user_factory()
        for _ in range(5):
            submit_login(client, user.email, "wrong")
        assert list_error_codes(submit_login(client, user.email, "x")) == [
            "too_many_login_attempts"
        ]

        reset = reset_password_by_code if by_code else reset_password_by_link
        assert reset(client, user.email).status_code == 302

        for number in range(5):
            response = submit_login(client, f"other{number}@example.org", "wrong")
            assert list_error_codes(response) == ["email_password_mismatch"]
        # Ten failures came from this address, which the reset did not change.
        assert list_error_codes(submit_login(client, "last@example.org", "wrong")) == [
            "too_many_login_attempts"
        ]
        submit_login(client_at(client, "192.0.2.7"), user.email, STRONG_PASSWORD)
        assert is_logged_in(client, user)

    def test_phones_are_counted_one_by_one(
        self, client: Client, user_factory: Any, password: str, settings: Any, sms_outbox: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = {"phone"}
        user = user_factory(phone="+31612345678")
        for _ in range(5):
            submit_login(client, "+31687654321", "wrong")

        submit_login(client, "+31612345678", password)

        assert is_logged_in(client, user)

    @pytest.mark.requirement("ATK-A36")
    def test_owner_still_gets_in_by_other_ways(
        self, client_factory: Callable[..., Client], user: Any, settings: Any, password: str
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = {"email"}
        settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
        route_account_pages(settings)
        working = client_factory()
        submit_login(working, user.email, password)
        for _ in range(6):
            submit_login(client_factory(REMOTE_ADDR="192.0.2.66"), user.email, "wrong")

        owner = client_factory()
        assert list_error_codes(submit_login(owner, user.email, password)) == [
            "too_many_login_attempts"
        ]
        assert working.get("/probe/whoami/").json() == {"username": user.username}
        request_login_code(owner, user.email)
        submit_code(owner, LOGIN_CODE_CONFIRM, read_code())
        assert is_logged_in(owner, user)
        other = client_factory()
        reset_password_by_link(other, user.email)
        submit_login(other, user.email, STRONG_PASSWORD)
        assert is_logged_in(other, user)

    @pytest.mark.requirement("ATK-A37")
    def test_spellings_do_not_add_up(
        self, client: Client, user_factory: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_METHODS = {"username", "email"}
        settings.ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": "5/300s/key"}
        user_factory(username="someone", email="someone@example.org")
        spellings = [
            "someone",
            " someone",
            "ｓｏｍｅｏｎｅ",
            "SOMEONE",
            "someone\u3000",
            "someone@example.org",
            "someone@EXAMPLE.org",
            "ｓomeone@example.org",
        ]

        attempts = sum(
            "too_many_login_attempts" not in list_error_codes(submit_login(client, login, "wrong"))
            for login in spellings * 5
        )

        # The limit, once for the name and once for the address.
        assert attempts <= 10


def client_at(client: Client, address: str) -> Client:
    """The same client, from another address."""
    client.defaults["REMOTE_ADDR"] = address
    return client


class TestSessionKey:
    """Whoever knew the key before an advance has nothing afterwards (INV-04)."""

    def _plant(self, client: Client, attacker: Client) -> str:
        write_session(client, planted=True)
        return copy_session(client, attacker)

    def _assert_useless(self, attacker: Client, client: Client, key: str) -> None:
        assert client.cookies[SESSION].value != key
        assert attacker.get("/probe/whoami/").json() == {"username": ""}
        assert not [name for name in read_session(attacker) if name.startswith("account_")]

    @pytest.mark.requirement("INV-04", "ATK-A01")
    def test_login_changes_the_key(
        self, client: Client, client_factory: Callable[..., Client], user: Any, password: str
    ) -> None:
        key = self._plant(client, attacker := client_factory())

        submit_login(client, user.username, password)

        assert is_logged_in(client, user)
        self._assert_useless(attacker, client, key)

    @pytest.mark.requirement("INV-04", "ATK-A01")
    def test_each_step_of_a_login_changes_the_key(
        self,
        client: Client,
        client_factory: Callable[..., Client],
        user: Any,
        password: str,
        settings: Any,
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
        key = self._plant(client, attacker := client_factory())

        submit_login(client, user.username, password)
        self._assert_useless(attacker, client, key)

        key = copy_session(client, attacker)
        submit_code(client, LOGIN_CODE_CONFIRM, read_code())
        assert is_logged_in(client, user)
        self._assert_useless(attacker, client, key)

    @pytest.mark.requirement("INV-04", "ATK-A01")
    def test_signup_changes_the_key(
        self, client: Client, client_factory: Callable[..., Client], settings: Any
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        settings.ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
        key = self._plant(client, attacker := client_factory())

        submit_signup(client, username="new", email="new@example.org")
        self._assert_useless(attacker, client, key)

        key = copy_session(client, attacker)
        client.post(read_path())
        assert is_logged_in(client)
        self._assert_useless(attacker, client, key)

    @pytest.mark.requirement("INV-04", "ATK-A01")
    def test_reset_that_logs_in_changes_the_key(
        self, client: Client, client_factory: Callable[..., Client], user: Any, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
        key = self._plant(client, attacker := client_factory())

        reset_password_by_link(client, user.email)

        assert is_logged_in(client, user)
        self._assert_useless(attacker, client, key)

    @pytest.mark.requirement("INV-04", "ATK-A01")
    def test_reauthentication_changes_the_key(
        self, client: Client, client_factory: Callable[..., Client], user: Any, password: str
    ) -> None:
        client.force_login(user)
        key = copy_session(client, attacker := client_factory())

        client.post("/accounts/reauthenticate/", {"password": password})

        assert is_logged_in(client, user)
        self._assert_useless(attacker, client, key)

    @pytest.mark.requirement("INV-04", "ATK-A01", "SEC-042")
    @pytest.mark.parametrize("has_password", [True, False])
    def test_change_of_the_password_changes_the_key(
        self,
        client: Client,
        client_factory: Callable[..., Client],
        user_factory: Any,
        password: str,
        has_password: bool,
    ) -> None:
        user = user_factory(password=password if has_password else None)
        client.force_login(user)
        key = copy_session(client, attacker := client_factory())

        _change_password(client, password if has_password else None)

        assert is_logged_in(client, user)
        assert client.get("/probe/whoami/").json() == {"username": user.username}
        self._assert_useless(attacker, client, key)


def _change_password(client: Client, password: str | None) -> Any:
    data = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}
    if password is None:
        return client.post("/accounts/password/set/", data)
    return client.post("/accounts/password/change/", {"oldpassword": password, **data})


class TestPasswordChange:
    @pytest.mark.requirement("SEC-042", "INV-09")
    @pytest.mark.parametrize("ends_session", [False, True])
    def test_other_sessions_end(
        self,
        client: Client,
        client_factory: Callable[..., Client],
        user: Any,
        password: str,
        settings: Any,
        ends_session: bool,
    ) -> None:
        settings.ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = ends_session
        submit_login(client, user.username, password)
        other = client_factory()
        submit_login(other, user.username, password)

        _change_password(client, password)

        assert other.get("/probe/whoami/").json() == {"username": ""}
        assert is_logged_in(client) is not ends_session

    @pytest.mark.requirement("INV-09")
    def test_pending_logins_and_reset_links_die(
        self, client_factory: Callable[..., Client], user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = {"password"}
        route_account_pages(settings)
        thief, asking, owner = client_factory(), client_factory(), client_factory()
        submit_login(thief, user.username, password)
        code_of_thief = read_code()
        asking.post("/accounts/password/reset/", {"email": user.email})
        link = read_path()
        page = asking.get(link)["Location"]
        owner.force_login(user)

        _change_password(owner, password)

        assertRedirects(submit_code(thief, LOGIN_CODE_CONFIRM, code_of_thief), LOGIN)
        data = {"password1": "another 5 lanterns", "password2": "another 5 lanterns"}
        assert asking.post(page, data).context["token_fail"]
        assert client_factory().get(link).context["token_fail"]
        user.refresh_from_db()
        assert user.check_password(STRONG_PASSWORD)

    @pytest.mark.requirement("ATK-A46", "INV-09")
    def test_reset_by_the_owner_ends_what_a_thief_holds(
        self, client_factory: Callable[..., Client], user: Any, password: str, settings: Any
    ) -> None:
        working, waiting, owner = client_factory(), client_factory(), client_factory()
        submit_login(working, user.username, password)
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = {"password"}
        submit_login(waiting, user.username, password)
        code = read_code()

        reset_password_by_link(owner, user.email)

        assert working.get("/probe/whoami/").json() == {"username": ""}
        assertRedirects(submit_code(waiting, LOGIN_CODE_CONFIRM, code), LOGIN)
        assert not is_logged_in(waiting)

    @pytest.mark.requirement("INV-09")
    def test_login_codes_and_reset_codes_of_a_removed_address_die(
        self, client_factory: Callable[..., Client], user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
        settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
        route_account_pages(settings)
        EmailAddress.objects.create(user=user, email="old@example.org", verified=True)
        logging_in, resetting = client_factory(), client_factory()
        request_login_code(logging_in, "old@example.org")
        login_code = read_code()
        resetting.post("/accounts/password/reset/", {"email": "old@example.org"})
        reset_code = read_code()
        owner = client_factory()
        owner.force_login(user)

        owner.post("/accounts/email/", {"action_remove": "", "email": "old@example.org"})
        assert not EmailAddress.objects.filter(email="old@example.org").exists()

        submit_code(logging_in, LOGIN_CODE_CONFIRM, login_code)
        assert not is_logged_in(logging_in)
        response = submit_code(resetting, RESET_CODE_CONFIRM, reset_code)
        assertRedirects(response, LOGIN)

    @pytest.mark.requirement("SEC-046")
    def test_first_password_is_for_those_who_have_none(
        self, client: Client, user: Any, password: str
    ) -> None:
        client.force_login(user)

        assertRedirects(client.get("/accounts/password/set/"), "/accounts/password/change/")
        assertRedirects(_change_password(client, None), "/accounts/password/change/")

        user.refresh_from_db()
        assert user.check_password(password)

    @pytest.mark.requirement("ATK-A71")
    def test_user_without_any_method_may_set_one(
        self, client: Client, user_factory: Any, settings: Any
    ) -> None:
        """Who has no way to reauthenticate is not locked out by the demand for it."""
        settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
        user = user_factory(password=None)
        client.force_login(user)

        _change_password(client, None)

        user.refresh_from_db()
        assert user.check_password(STRONG_PASSWORD)


class TestCarryOver:
    PLANTED = {
        "_password_reset_key": "key",
        "account_email_verification_code": {"at": time.time(), "email": "evil@example.org"},
        "account_password_reset_verification": {"at": time.time(), "email": "evil@example.org"},
        "account_phone_verification": {"at": time.time(), "phone": "+31600000000"},
        "account_reauthentication_state": {"request": "{}"},
        "account_authentication_methods": [
            {"method": "password", "at": time.time(), "reauthenticated": True}
        ],
        "account_authentication_methods_user": "99999",
    }

    @pytest.mark.requirement("INV-05", "ATK-A02")
    def test_planted_state_does_not_reach_the_user(
        self, client: Client, user: Any, password: str
    ) -> None:
        write_session(client, cart=[1], **self.PLANTED)

        submit_login(client, user.username, password)

        session = read_session(client)
        assert is_logged_in(client, user)
        assert session["cart"] == [1]
        (record,) = session.pop("account_authentication_methods")
        assert record["username"] == user.username
        assert session.pop("account_authentication_methods_user") == str(user.pk)
        assert not [name for name in session if name in self.PLANTED]

    @pytest.mark.requirement("INV-05")
    def test_logout_leaves_nothing(self, client: Client, user: Any) -> None:
        client.force_login(user)
        write_session(client, cart=[1], **self.PLANTED)

        client.post(LOGOUT)

        # Django's flush ends the session; the message that says so is all there is.
        assert set(read_session(client)) <= {"_messages"}

    @pytest.mark.requirement("INV-05")
    def test_login_over_another_user_takes_nothing_along(
        self, client: Client, user_factory: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False
        first, second = user_factory(), user_factory()
        submit_login(client, first.username, password)
        key = client.cookies[SESSION].value
        write_session(client, cart=[1])

        submit_login(client, second.username, password)

        session = read_session(client)
        assert is_logged_in(client, second)
        assert client.cookies[SESSION].value != key
        assert "cart" not in session

    @pytest.mark.requirement("INV-08")
    def test_logout_ends_the_session_in_every_state(
        self, client_factory: Callable[..., Client], user_factory: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = {"password"}
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        user = user_factory()

        def pend(client: Client) -> None:
            submit_login(client, user.username, password)

        def log_in(client: Client) -> None:
            client.force_login(user)

        def sign_up(client: Client) -> None:
            submit_signup(client, username="half", email="half@example.org")

        for begin in (pend, log_in, sign_up):
            client, copy = client_factory(), client_factory()
            begin(client)
            copy_session(client, copy)

            client.post(LOGOUT)

            for visitor in (client, copy):
                assert visitor.get("/probe/whoami/").json() == {"username": ""}
                left = {name: value for name, value in read_session(visitor).items() if value}
                assert not [name for name in left if name.startswith("account_")]
            assert read_session(copy) == {}


class TestCredentialsOfASession:
    @pytest.mark.requirement("INV-03")
    @pytest.mark.parametrize("change", ["deleted", "deactivated", "password", "ended", "backend"])
    def test_session_is_checked_at_each_request(
        self, client: Client, user: Any, password: str, settings: Any, change: str
    ) -> None:
        submit_login(client, user.username, password)
        assert client.get("/probe/whoami/").json() == {"username": user.username}
        if change == "deleted":
            user.delete()
        elif change == "deactivated":
            _update(user, is_active=False)
        elif change == "password":
            _update(user, password="!x")
        elif change == "ended":
            client.session.flush()
        else:
            settings.AUTHENTICATION_BACKENDS = [MODEL_BACKEND]

        assert client.get("/probe/whoami/").json() == {"username": ""}
        response = client.get("/accounts/email/")
        assert response["Location"].startswith(LOGIN)

    def test_path_of_the_backend_is_that_of_the_published_release(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.AUTHENTICATION_BACKENDS = [MODEL_BACKEND, BACKEND]
        settings.ACCOUNT_LOGIN_METHODS = {"email"}

        submit_login(client, user.email, password)

        assert read_session(client)["_auth_user_backend"] == BACKEND


class TestRejectedCodes:
    @pytest.mark.requirement("SEC-048")
    def test_wrong_login_code_is_announced(self, client: Client, user: Any, settings: Any) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
        route_account_pages(settings)
        request_login_code(client, user.email)

        with collect_signals(rejected=login_code_rejected) as sent:
            for _ in range(3):
                submit_code(client, LOGIN_CODE_CONFIRM, "WRONG")

        _assert_rejections(sent, user)

    @pytest.mark.requirement("SEC-048")
    def test_wrong_verification_code_is_announced(
        self, client: Client, user_factory: Any, settings: Any, password: str
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
        route_account_pages(settings)
        user = user_factory(verified=False)
        submit_login(client, user.username, password)

        with collect_signals(rejected=email_verification_code_rejected) as sent:
            for _ in range(3):
                submit_code(client, EMAIL_VERIFICATION_SENT, "WRONG")

        _assert_rejections(sent, user)

    @pytest.mark.requirement("SEC-048")
    def test_wrong_reset_code_is_announced(self, client: Client, user: Any, settings: Any) -> None:
        settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
        route_account_pages(settings)
        client.post("/accounts/password/reset/", {"email": user.email})

        with collect_signals(rejected=password_reset_code_rejected) as sent:
            for _ in range(3):
                submit_code(client, RESET_CODE_CONFIRM, "WRONG")

        _assert_rejections(sent, user)


def _assert_rejections(sent: list[tuple[str, dict[str, Any]]], user: Any) -> None:
    assert [event["last_attempt"] for _, event in sent] == [False, False, True]
    for _, event in sent:
        assert event["user"] == user
        assert set(event) == {"signal", "sender", "request", "user", "last_attempt"}


@pytest.mark.requirement("SEC-047")
def test_time_for_the_new_password_begins_with_the_code(
    client_factory: Callable[..., Client], user: Any, settings: Any
) -> None:
    settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
    settings.ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 10
    route_account_pages(settings)
    data = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}
    outcomes = []
    for waited in (10, 11):
        client = client_factory()
        start = time.time()
        with time_machine.travel(start, tick=False) as clock:
            client.post("/accounts/password/reset/", {"email": user.email})
            clock.move_to(start + 5)
            submit_code(client, RESET_CODE_CONFIRM, "WRONG")
            client.get("/accounts/password/reset/confirm/")
            clock.move_to(start + 9)
            submit_code(client, RESET_CODE_CONFIRM, read_code())
            clock.move_to(start + 9 + waited - 1)
            client.get("/accounts/password/reset/complete/")
            clock.move_to(start + 9 + waited)
            response = client.post("/accounts/password/reset/complete/", data)
            outcomes.append(response["Location"])

    assert outcomes == ["/accounts/password/reset/done/", "/accounts/password/reset/"]


class TestThirdPartyOnly:
    @pytest.fixture(autouse=True)
    def _third_party_only(self, settings: Any) -> None:
        settings.SOCIALACCOUNT_ONLY = True
        settings.ACCOUNT_EMAIL_VERIFICATION = "none"
        route_account_pages(settings)

    @pytest.mark.requirement("SEC-043")
    def test_local_logins_are_refused(self, client: Client, user: Any, password: str) -> None:
        assert submit_login(client, user.username, password).status_code == 403
        assert client.put(LOGIN).status_code == 403
        assert client.get(LOGIN).status_code == 200
        assert client.get(LOGIN).context["signup_url"] is None
        assert not is_logged_in(client)

    @pytest.mark.requirement("SEC-043")
    @pytest.mark.parametrize(
        "page",
        [
            "signup",
            "password/change",
            "password/set",
            "password/reset",
            "email",
            "confirm-email",
            "phone/change",
            "phone/verify",
            "reauthenticate",
            "login/code",
            "login/code/confirm",
        ],
    )
    def test_local_pages_do_not_exist(self, client: Client, user: Any, page: str) -> None:
        client.force_login(user)

        assert client.get(f"/accounts/{page}/").status_code == 404
        assert client.post(f"/accounts/{page}/").status_code == 404

    @pytest.mark.requirement("SEC-043")
    def test_settings_that_contradict_it_fail_the_check(self, settings: Any) -> None:
        from allauth.account.checks import settings_check

        settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
        levels = [
            message.level
            for message in settings_check(None)
            if "SOCIALACCOUNT_ONLY" in str(message.msg) and "CODE" in str(message.msg)
        ]

        assert levels == [50]


class TestTargets:
    UNSAFE = ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example"]

    @pytest.fixture
    def submitters(self, user: Any, password: str) -> dict[str, Callable[[Client, str], Any]]:
        change = {
            "oldpassword": password,
            "password1": STRONG_PASSWORD,
            "password2": STRONG_PASSWORD,
        }

        def as_user(client: Client, page: str, data: dict[str, str], target: str) -> Any:
            client.force_login(user)
            return client.post(f"/accounts/{page}/", {**data, "next": target})

        return {
            "login": lambda client, target: submit_login(
                client, user.username, password, next=target
            ),
            "signup": lambda client, target: submit_signup(client, username="new", next=target),
            "logout": lambda client, target: as_user(client, "logout", {}, target),
            "reset": lambda client, target: client.post(
                "/accounts/password/reset/", {"email": user.email, "next": target}
            ),
            "change": lambda client, target: as_user(client, "password/change", change, target),
            "reauthenticate": lambda client, target: as_user(
                client, "reauthenticate", {"password": password}, target
            ),
        }

    @pytest.mark.requirement("SEC-044", "SEC-009")
    @pytest.mark.parametrize(
        "page", ["login", "signup", "logout", "reset", "change", "reauthenticate"]
    )
    @pytest.mark.parametrize("target", ["/foo?a=b", *UNSAFE])
    def test_safe_targets_are_followed_only(
        self,
        client: Client,
        submitters: dict[str, Callable[[Client, str], Any]],
        page: str,
        target: str,
    ) -> None:
        defaults = {
            "login": "/accounts/profile/",
            "signup": "/accounts/profile/",
            "logout": "/",
            "reset": "/accounts/password/reset/done/",
            "change": "/accounts/password/change/",
            "reauthenticate": "/accounts/profile/",
        }

        response = submitters[page](client, target)

        assert response["Location"] == (target if target.startswith("/foo") else defaults[page])

    @pytest.mark.parametrize("page", ["login", "signup", "password/reset"])
    @pytest.mark.parametrize("target", UNSAFE)
    def test_unsafe_target_is_not_handed_on(self, client: Client, page: str, target: str) -> None:
        response = client.get(f"/accounts/{page}/", {"next": f'{target}"><script>'})

        assert "next=" not in response.context["login_url"]
        assert "next=" not in response.context["signup_url"]
        assert "<script>" not in response.context["redirect_field"]
        assert b'"><script>' not in response.content

    def test_unsafe_target_is_not_stored(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True

        submit_login(client, user.username, password, next="https://evil.example/")

        assert read_session(client)["account_login"]["redirect_url"] is None

    def test_unsafe_posted_target_is_not_replaced_by_that_of_the_query(
        self, client: Client, user: Any, password: str
    ) -> None:
        response = client.post(
            f"{LOGIN}?next=/query",
            {"login": user.username, "password": password, "next": "https://evil.example/"},
        )

        assert response["Location"] == "/accounts/profile/"

    @pytest.mark.requirement("SEC-009")
    @override_settings(ALLOWED_HOSTS=["*"])
    def test_wildcard_host_is_no_target(self, client: Client, user: Any, password: str) -> None:
        response = submit_login(client, user.username, password, next="https://evil.example/")

        assert response["Location"] == "/accounts/profile/"

    @pytest.mark.requirement("ATK-A53")
    @pytest.mark.parametrize(
        "target", ["/accounts/logout/", "/o/authorize?client_id=x", "/export.zip"]
    )
    def test_target_that_acts_is_opened_by_get_only(
        self, client: Client, user: Any, password: str, target: str
    ) -> None:
        response = submit_login(client, user.username, password, next=target)

        assert response.status_code == 302
        assert response["Location"] == target
        client.get("/accounts/logout/")
        assert is_logged_in(client, user)


class TestHeaders:
    @pytest.mark.requirement("SEC-016")
    @pytest.mark.parametrize(
        "page", ["login", "signup", "logout", "login/code", "password/reset", "reauthenticate"]
    )
    def test_page_is_never_cached(
        self, client: Client, settings: Any, user: Any, page: str
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
        route_account_pages(settings)
        if page in ("logout", "reauthenticate"):
            client.force_login(user)

        for response in (client.get(f"/accounts/{page}/"), client.post(f"/accounts/{page}/")):
            directives = {item.strip() for item in response["Cache-Control"].split(",")}
            assert directives >= {"no-store", "private", "no-cache"}

    @pytest.mark.requirement("SEC-016")
    def test_stage_pages_are_never_cached(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
        submit_login(client, user.username, password)

        response = client.get("/accounts/login/code/confirm/")

        assert response.status_code == 200
        assert "no-store" in response["Cache-Control"]

    @pytest.mark.requirement("SEC-014")
    @pytest.mark.parametrize(
        ("page", "fields"),
        [
            ("login", {"password"}),
            ("signup", {"password1", "password2"}),
            ("reauthenticate", {"password"}),
            ("password/change", {"oldpassword", "password1", "password2"}),
            ("password/set", {"password1", "password2"}),
        ],
    )
    def test_passwords_stay_out_of_error_reports(
        self, client: Client, user_factory: Any, settings: Any, page: str, fields: set[str]
    ) -> None:
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.FailingAdapter"
        if page not in ("login", "signup"):
            client.force_login(
                user_factory(password=None if page.endswith("set") else "old 8 owls")
            )
        data = dict.fromkeys(fields, "very secret 8 words")
        client.raise_request_exception = False
        with _capture_requests() as requests:
            client.post(f"/accounts/{page}/", {**data, "login": "x", "username": "x"})

        (request,) = requests
        shown = get_exception_reporter_filter(request).get_post_parameters(request)
        assert {name: shown[name] for name in fields} == dict.fromkeys(fields, "*" * 20)


def _capture_requests() -> Any:
    from contextlib import contextmanager

    from django.core.signals import got_request_exception

    @contextmanager
    def capture() -> Any:
        requests: list[Any] = []

        def receive(request: Any = None, **kwargs: Any) -> None:
            if request is not None:
                requests.append(request)

        got_request_exception.connect(receive)
        try:
            yield requests
        finally:
            got_request_exception.disconnect(receive)

    return capture()


class TestForgery:
    @pytest.mark.requirement("INV-29", "ATK-A03", "SEC-028")
    @pytest.mark.parametrize(
        "page",
        [
            "login",
            "signup",
            "logout",
            "email",
            "password/change",
            "password/set",
            "password/reset",
            "reauthenticate",
            "login/code",
            "login/code/confirm",
            "confirm-email",
        ],
    )
    def test_post_without_token_is_refused(
        self,
        client_factory: Callable[..., Client],
        user: Any,
        password: str,
        settings: Any,
        page: str,
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
        route_account_pages(settings)
        client = client_factory(enforce_csrf_checks=True)
        client.force_login(user)

        for method in ("post", "put", "patch", "delete"):
            response = getattr(client, method)(f"/accounts/{page}/")
            assert response.status_code == 403
        assert is_logged_in(client, user)

    @pytest.mark.requirement("ATK-A03")
    def test_token_of_before_the_login_is_void_afterwards(
        self, client_factory: Callable[..., Client], user: Any, password: str
    ) -> None:
        client = client_factory(enforce_csrf_checks=True)
        client.get(LOGIN)
        token = client.cookies["csrftoken"].value
        client.post(
            LOGIN, {"login": user.username, "password": password, "csrfmiddlewaretoken": token}
        )
        assert is_logged_in(client, user)

        assert client.post(LOGOUT, {"csrfmiddlewaretoken": token}).status_code == 403
        new_token = client.cookies["csrftoken"].value
        assert client.post(LOGOUT, {"csrfmiddlewaretoken": new_token}).status_code == 302

    @pytest.mark.requirement("ATK-C14")
    @pytest.mark.parametrize(
        "headers",
        [{"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}, {"HTTP_ACCEPT": "application/json"}],
    )
    def test_scripts_need_the_token_as_well(
        self,
        client_factory: Callable[..., Client],
        user: Any,
        password: str,
        headers: dict[str, str],
    ) -> None:
        client = client_factory(enforce_csrf_checks=True)
        data = {"login": user.username, "password": password}

        assert client.post(LOGIN, data, **headers).status_code == 403
        client.get(LOGIN)
        data["csrfmiddlewaretoken"] = client.cookies["csrftoken"].value
        assert client.post(LOGIN, data, **headers).status_code == 200
        assert is_logged_in(client, user)


class TestSafeMethods:
    @pytest.mark.requirement("INV-30", "ATK-A04")
    def test_opening_a_page_changes_nothing_for_anybody(
        self, client: Client, user_factory: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
        route_account_pages(settings, *stages.urlpatterns)
        mine, other = user_factory(), user_factory(verified=False)
        client.post("/accounts/password/reset/", {"email": other.email})
        reset_link = read_path()
        client.force_login(other)
        client.post("/accounts/email/", {"action_send": "", "email": other.email})
        confirmation_link = read_path()
        client.post(LOGOUT)
        submit_login(client, mine.username, password)
        mail.outbox.clear()
        before = _snapshot(client)

        for page in [
            LOGIN,
            SIGNUP,
            LOGOUT,
            "/accounts/inactive/",
            "/accounts/email/",
            "/accounts/email/?action_remove=&email=" + mine.email,
            "/accounts/confirm-email/",
            "/accounts/password/change/",
            "/accounts/password/set/",
            "/accounts/password/reset/",
            "/accounts/password/reset/done/",
            "/accounts/reauthenticate/",
            "/accounts/login/code/",
            "/accounts/login/code/confirm/",
            confirmation_link,
            reset_link,
            reset_link.rpartition("-")[0] + "-set-password/",
            "/gate/",
        ]:
            for method in (client.get, client.head, client.options):
                assert method(page).status_code < 400

        after = _snapshot(client)
        after["session"].pop("_password_reset_key", None)
        assert after == before
        assert mail.outbox == []


def _snapshot(client: Client) -> dict[str, Any]:
    return {
        "users": list(get_user_model().objects.values()),
        "addresses": list(EmailAddress.objects.values()),
        "session": read_session(client),
    }


@pytest.mark.requirement("SEC-071")
def test_forced_logout_is_announced_once(
    client: Client, user_factory: Any, password: str, settings: Any
) -> None:
    settings.ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
    user = user_factory()
    submit_login(client, user.username, password)

    with collect_signals(out=user_logged_out) as sent:
        _change_password(client, password)

    assert [event["user"] for _, event in sent] == [user]


@pytest.mark.requirement("SEC-166")
def test_validators_guard_every_door(client: Client, user_factory: Any, settings: Any) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = [
        {
            "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        },
        {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    ]
    user = user_factory(username="longname", password="old 8 owls")
    weak = {"password1": "longname8", "password2": "longname8"}

    response = submit_signup(client, username="longname8", **weak)
    assert list_error_codes(response, "password1") == ["password_too_similar"]
    client.post("/accounts/password/reset/", {"email": user.email})
    page = client.get(read_path())["Location"]
    assert list_error_codes(client.post(page, weak), "password1") == ["password_too_similar"]
    client.force_login(user)
    response = client.post("/accounts/password/change/", {"oldpassword": "old 8 owls", **weak})
    assert list_error_codes(response, "password1") == ["password_too_similar"]
    user.set_unusable_password()
    user.save()
    client.force_login(user)
    response = client.post("/accounts/password/set/", weak)
    assert list_error_codes(response, "password1") == ["password_too_similar"]
    settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
    route_account_pages(settings)
    client.post(LOGOUT)
    client.post("/accounts/password/reset/", {"email": user.email})
    submit_code(client, RESET_CODE_CONFIRM, read_code())
    response = client.post("/accounts/password/reset/complete/", weak)
    assert list_error_codes(response, "password1") == ["password_too_similar"]


@pytest.mark.requirement("ATK-A72")
@pytest.mark.parametrize("length", [4097, 1_000_000])
def test_overlong_password_is_refused_at_once(
    client: Client, user: Any, settings: Any, length: int
) -> None:
    use_counting_hasher(settings)
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = None
    settings.AUTH_PASSWORD_VALIDATORS = [
        {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"}
    ]
    overlong = (user.username * length)[:length]
    start = time.process_time()
    with count_hashes() as count:
        response = submit_signup(client, username="new", password1=overlong, password2=overlong)
        assert list_error_codes(response, "password1") == ["password_too_long"]
        assert count() == 0
    response = submit_login(client, user.username, overlong)
    assert response.status_code == 200

    assert time.process_time() - start < 1
