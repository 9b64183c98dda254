"""Replacing a lost password by the link that is mailed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from allauth.account import signals
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import (
    EmailAwarePasswordResetTokenGenerator,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    UserTokenForm,
    default_token_generator,
)
from allauth.account.models import EmailAddress
from allauth.account.utils import url_str_to_user_pk, user_pk_to_url_str
from tests.support.hashing import has_password
from tests.support.mails import read_body, read_path
from tests.support.pages import (
    EMAIL_VERIFICATION_SENT,
    LOGIN,
    LOGOUT,
    RESET,
    RESET_DONE,
    STRONG_PASSWORD,
    configure,
    list_error_codes,
    list_messages,
    read_page,
    submit_login,
)
from tests.support.sessions import is_logged_in, make_request, read_session
from tests.support.signals import collect_signals

pytestmark = pytest.mark.django_db
AJAX = {"x-requested-with": "XMLHttpRequest"}
ROOT = Path(__file__).parents[2]
DONE = "/accounts/password/reset/key/done/"
INACTIVE = "/accounts/inactive/"


@pytest.fixture(autouse=True)
def _limits_do_not_get_in_the_way(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False


def request_link(client: Client, email: str) -> str:
    """Ask for a link; its path."""
    assert client.post(RESET, {"email": email}).status_code == 302
    return read_path()


def open_link(client: Client, link: str) -> str:
    """Follow the link to the page that it leads to; its path."""
    response = client.get(link)
    assert response.status_code == 302, read_page(response)
    return str(response["Location"])


def choose(client: Client, page: str, password: str = STRONG_PASSWORD, **kwargs: Any) -> Any:
    data = {"password1": password, "password2": password, **kwargs.pop("data", {})}
    return client.post(page, data, **kwargs)


def assert_refused(client: Client, page: str) -> None:
    """The page says that the link is no good, whatever is done."""
    for response in (client.get(page), choose(client, page)):
        assert response.status_code == 200
        assert response.context["token_fail"] is True


# Asking for a link


def test_request_page(client: Client) -> None:
    response = client.get(RESET)

    assert response.status_code == 200
    assert response.context["password_reset_form"] is response.context["form"]
    assert isinstance(response.context["form"], ResetPasswordForm)
    assert response.context["login_url"] == LOGIN
    assert client.get(RESET_DONE).status_code == 200
    assert client.get(DONE).status_code == 200


def test_link_resets_the_password(client: Client, user: Any, password: str) -> None:
    response = client.post(RESET, {"email": user.email.upper()})
    assert response["Location"] == RESET_DONE
    assert [message.to for message in mail.outbox] == [[user.email]]
    assert user.username in read_body()

    page = open_link(client, read_path())
    shown = client.get(page)
    assert shown.status_code == 200
    assert shown.context["action_url"] == page
    assert "token_fail" not in shown.context
    with collect_signals(reset=signals.password_reset, changed=signals.password_changed) as sent:
        response = choose(client, page)
    assert response["Location"] == DONE
    assert [(name, arguments["user"]) for name, arguments in sent] == [("reset", user)]
    assert list_messages(response) == [("success", "Your new password is in place.")]
    assert has_password(user, STRONG_PASSWORD)
    assert not is_logged_in(client)
    assert "_password_reset_key" not in read_session(client)


def test_username_is_mailed_only_if_it_logs_in(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_LOGIN_METHODS = {"email"}
    user.username = "unmistakable"
    user.save()

    request_link(client, user.email)
    assert "unmistakable" not in read_body()


@pytest.mark.parametrize(
    ("target", "expected"), [("/on/", "/on/"), ("https://evil.example/", RESET_DONE)]
)
def test_visitor_is_sent_on_after_the_request(
    client: Client, user: Any, target: str, expected: str
) -> None:
    response = client.post(RESET, {"email": user.email, "next": target})

    assert response["Location"] == expected


def test_users_may_ask_too(client: Client, user: Any) -> None:
    client.force_login(user)

    assert client.get(RESET).status_code == 200
    request_link(client, user.email)


def test_request_as_a_script(client: Client, user: Any) -> None:
    response = client.post(RESET, {"email": user.email}, headers=AJAX)
    assert (response.status_code, response.json()["location"]) == (200, RESET_DONE)

    response = client.post(RESET, {"email": "no address"}, headers=AJAX)
    assert response.status_code == 400
    assert response.json()["form"]["fields"]["email"]["errors"]


def test_request_refused_by_its_limit_keeps_its_status_for_scripts(
    client: Client, user: Any, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"reset_password": "1/m/key"}
    request_link(client, user.email)

    assert client.post(RESET, {"email": user.email}, headers=AJAX).status_code == 429


@pytest.mark.requirement("SEC-007")
def test_limit_ignores_case(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"reset_password": "1/m/key"}
    client.post(RESET, {"email": user.email})

    for email in (user.email.upper(), f" {user.email.title()} "):
        assert client.post(RESET, {"email": email}).status_code == 429
    assert len(mail.outbox) == 1


@pytest.mark.requirement("ATK-A25", "INV-23")
def test_spellings_of_one_mailbox_share_a_limit(
    client: Client, user_factory: Callable[..., Any], settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {}
    user_factory(email="mike@example.org")
    spellings = [f"{'mike'[:n]}{'mike'[n:].upper()}@{'Example'}.org" for n in range(5)]
    spellings += [f"{' ' * n}mike@example.org" for n in range(1, 5)]
    spellings += ['"mike"@example.org', '"m\\ike"@example.org', "mike@example.org."]
    spellings += ["mike@\uff45xample.org", "mike@example\u200b.org", "mike@EXAMPLE.ORG\u00ad"]

    statuses = [client.post(RESET, {"email": email}).status_code for email in spellings]
    assert statuses == [302] * 5 + [429] * 4 + [200] * 6
    assert len(mail.outbox) == 5


@pytest.mark.requirement("ATK-A31")
@pytest.mark.parametrize(
    "email",
    [
        "a@x.org\nBcc: evil@example.org",
        "a@x.org,evil@example.org",
        "<a@x.org>",
        "a@x.org evil@example.org",
    ],
)
def test_nothing_is_mailed_to_several_addresses(client: Client, email: str) -> None:
    response = client.post(RESET, {"email": email})

    assert list_error_codes(response, "email") == ["invalid"]
    assert not mail.outbox


@pytest.mark.requirement("INV-24")
def test_refused_client_does_not_use_up_the_limit_of_a_target(
    client_factory: Callable[..., Client], user: Any, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"reset_password": "2/m/ip,3/m/key"}
    attacker = client_factory(REMOTE_ADDR="192.0.2.66")
    statuses = [attacker.post(RESET, {"email": user.email}).status_code for _ in range(10)]
    assert statuses == [302, 302] + [429] * 8

    # The owner, who comes from elsewhere, still has the third.
    assert client_factory().post(RESET, {"email": user.email}).status_code == 302


@pytest.mark.requirement("INV-26")
def test_full_limits_leave_another_way_in(
    client_factory: Callable[..., Client], user: Any, password: str, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "5/300s/key", "reset_password": "5/m/key"}
    attacker, owner = client_factory(REMOTE_ADDR="192.0.2.66"), client_factory()
    for _ in range(6):
        submit_login(attacker, user.username, "wrong")
    assert list_error_codes(submit_login(owner, user.username, password)) == [
        "too_many_login_attempts"
    ]
    assert owner.post(RESET, {"email": user.email}).status_code == 302

    # And the other way round.
    other = client_factory(REMOTE_ADDR="192.0.2.77")
    for _ in range(6):
        other.post(RESET, {"email": user.email})
    assert owner.post(RESET, {"email": user.email}).status_code == 429
    from django.core.cache import cache

    cache.clear()
    for _ in range(6):
        other.post(RESET, {"email": user.email})
    submit_login(owner, user.username, password)
    assert is_logged_in(owner, user)


# Who gets a link


@pytest.mark.requirement("SEC-054")
@pytest.mark.parametrize("alike", ["m\u0131ke@example.org", "mike@ex\u0430mple.org"])
def test_look_alike_gets_nothing_about_the_account(
    client: Client, user_factory: Callable[..., Any], alike: str
) -> None:
    user_factory(email="mike@example.org")

    client.post(RESET, {"email": alike})
    assert [message.to for message in mail.outbox] == [[alike]]
    assert mail.outbox[0].subject.endswith("There is no account with your address")


@pytest.mark.requirement("SEC-054")
def test_inactive_user_gets_none(client: Client, user_factory: Callable[..., Any]) -> None:
    client.post(RESET, {"email": user_factory(is_active=False).email})

    assert mail.outbox[0].subject.endswith("There is no account with your address")


@pytest.mark.requirement("SEC-055")
@pytest.mark.parametrize("is_told", [True, False])
def test_unknown_address_gets_a_mail_where_the_site_wants(
    client: Client, settings: Any, is_told: bool
) -> None:
    settings.ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = is_told

    assert client.post(RESET, {"email": "nobody@example.org"})["Location"] == RESET_DONE
    assert len(mail.outbox) == is_told


@pytest.mark.requirement("SEC-055")
def test_unknown_address_is_told_where_that_may_be_told(client: Client, settings: Any) -> None:
    settings.ACCOUNT_PREVENT_ENUMERATION = False

    response = client.post(RESET, {"email": "nobody@example.org"})
    assert list_error_codes(response, "email") == ["unknown_email"]


def test_each_user_of_a_shared_address_gets_a_link(
    client: Client, user_factory: Callable[..., Any]
) -> None:
    users = [user_factory(email="shared@example.org", verified=False) for _ in range(2)]

    client.post(RESET, {"email": "shared@example.org"})
    assert len(mail.outbox) == 2
    assert all(user.username in read_body(index) for index, user in enumerate(users))


def test_who_verified_the_address_gets_it_alone(
    client: Client, user_factory: Callable[..., Any]
) -> None:
    user_factory(email="shared@example.org", verified=False)
    owner = user_factory(email="shared@example.org", verified=True)

    client.post(RESET, {"email": "shared@example.org"})
    assert len(mail.outbox) == 1
    assert owner.username in read_body()


class SelectiveAdapter(DefaultAccountAdapter):
    """Sends no reset links."""

    async def send_password_reset_mail(  # type: ignore[override]
        self, user: Any, email: str, context: dict[str, Any]
    ) -> None:
        assert set(context) == {"user", "password_reset_url", "uid", "key", "request", "username"}
        assert context["key"] in context["password_reset_url"]


def test_adapter_may_refuse_to_send(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_ADAPTER = f"{__name__}.SelectiveAdapter"

    assert client.post(RESET, {"email": user.email})["Location"] == RESET_DONE
    assert not mail.outbox


# The link


@pytest.mark.requirement("SEC-052")
def test_token_leaves_the_url_before_anything_is_shown(
    client: Client, client_factory: Callable[..., Client], user: Any
) -> None:
    link = request_link(client, user.email)
    uid, token = link.rstrip("/").split("/")[-1].split("-", 1)

    response = client.get(f"{link}?next=/on/")
    expected = reverse("account_reset_password_from_key", args=[uid, "set-password"])
    assert (response.status_code, response["Location"]) == (302, f"{expected}?next=%2Fon%2F")
    assert "no-store" in response["Cache-Control"]
    assert read_session(client)["_password_reset_key"] == token
    page = client.get(expected)
    assert token not in read_page(page)
    assert token not in str(page.headers)
    assert "no-store" in page["Cache-Control"]
    assert page["X-Frame-Options"] == "DENY"
    # That page is of no use elsewhere.
    assert_refused(client_factory(), expected)


@pytest.mark.requirement("SEC-053")
def test_link_dies_with_what_it_was_made_for(
    client: Client, client_factory: Callable[..., Client], user: Any, password: str
) -> None:
    def change_password() -> None:
        user.set_password(f"changed {password}")
        user.save()

    def log_in() -> None:
        client_factory().force_login(user)

    def add_address() -> None:
        EmailAddress.objects.create(user=user, email="more@example.org")

    def remove_address() -> None:
        EmailAddress.objects.get(email="more@example.org").delete()

    def replace_field() -> None:
        user.email = "field@example.org"
        user.save()

    for happen in (change_password, log_in, add_address, remove_address, replace_field):
        link = request_link(client, EmailAddress.objects.filter(user=user).first().email)  # type: ignore[union-attr]
        page = open_link(client, link)
        before = user.password
        happen()
        before = user.password
        assert_refused(client, page)
        assert_refused(client, link)
        user.refresh_from_db()
        assert user.password == before


@pytest.mark.requirement("INV-13")
def test_link_works_for_its_time_only(client: Client, user: Any, settings: Any) -> None:
    settings.PASSWORD_RESET_TIMEOUT = 3600
    link = request_link(client, user.email)
    page = open_link(client, link)

    with time_machine.travel(timezone.now() + timedelta(seconds=3602)):
        assert_refused(client, page)
        assert_refused(client, link)
    assert client.get(page).status_code == 200


@pytest.mark.requirement("ATK-A22")
def test_link_works_once(client: Client, user: Any) -> None:
    link = request_link(client, user.email)
    page = open_link(client, link)
    choose(client, page)

    assert_refused(client, page)
    assert_refused(client, link)


@pytest.mark.requirement("ATK-A22")
def test_user_of_one_link_with_token_of_another(
    client: Client, user: Any, user_factory: Callable[..., Any]
) -> None:
    other = user_factory()
    link = request_link(client, user.email)
    uid, other_uid = user_pk_to_url_str(user), user_pk_to_url_str(other)

    assert_refused(client, link.replace(f"/{uid}-", f"/{other_uid}-"))
    page = open_link(client, link)
    assert_refused(client, page.replace(f"/{uid}-", f"/{other_uid}-"))
    user.refresh_from_db()


@pytest.mark.requirement("ATK-A23")
@pytest.mark.parametrize(
    "uid",
    ["0", "z" * 13, "z" * 14, "9" * 5000, "zzzz", "-1", "\u0661", "a\u0308", "nil", "%00", "1e9"],
)
@pytest.mark.parametrize("key", ["set-password", "cw3b1c-" + "0" * 32, "x", "0-0", "-"])
def test_malformed_links_fail_kindly(client: Client, uid: str, key: str) -> None:
    response = client.get(f"/accounts/password/reset/key/{uid}-{key}/")

    assert response.status_code in (200, 404)
    if response.status_code == 200:
        assert response.context["token_fail"] is True


@pytest.mark.requirement("ATK-A23")
@pytest.mark.parametrize("pk_str", ["!", "", "\u0661", "z" * 14, "1.5", "-"])
def test_malformed_ids_are_value_errors(pk_str: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        url_str_to_user_pk(pk_str)


def test_integer_ids_are_in_base_36(user: Any) -> None:
    user.pk = 35
    assert user_pk_to_url_str(user) == "z"
    assert url_str_to_user_pk("z") == 35


def test_ids_that_are_no_numbers_are_written_without_dashes() -> None:
    command = [sys.executable, "-m", "tests.projects.codes.ids"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout

    assert json.loads(printed) == {
        "text": "00000000000000000000000000000001",
        "text of text": "00000000-0000-0000-0000-000000000001",
        "is read": True,
        "malformed": ["no uuid", "zz", "", "0" * 33],
    }


def test_link_of_another_account_ends_the_session_when_it_is_used(
    client: Client, user: Any, user_factory: Callable[..., Any]
) -> None:
    other = user_factory()
    link = request_link(client, user.email)
    client.force_login(other)
    page = open_link(client, link)
    client.get(page)
    # Opening it does nothing that a picture on a foreign page could not do too.
    assert is_logged_in(client, other)

    response = choose(client, page)
    assert response["Location"] == DONE
    assert not is_logged_in(client)
    assert ("success", "You are signed out now.") in list_messages(response)
    assert has_password(user, STRONG_PASSWORD)


def test_own_session_ends_with_the_old_password(client: Client, user: Any) -> None:
    client.force_login(user)
    page = open_link(client, request_link(client, user.email))
    choose(client, page)

    assert client.get("/accounts/email/")["Location"] == f"{LOGIN}?next=/accounts/email/"


def test_logout_drops_the_token(client: Client, user: Any) -> None:
    page = open_link(client, request_link(client, user.email))
    client.post(LOGOUT)

    assert "_password_reset_key" not in read_session(client)
    assert_refused(client, page)


def test_new_password_is_checked(client: Client, user: Any, password: str) -> None:
    page = open_link(client, request_link(client, user.email))

    response = choose(client, page, data={"password2": "different 9 words"})
    assert response.context["form"].errors["password2"]
    assert list_error_codes(choose(client, page, "abc"), "password1") == ["password_too_short"]
    assert has_password(user, password)
    # The link is still good.
    assert choose(client, page)["Location"] == DONE


def test_link_as_a_script(client: Client, user: Any) -> None:
    link = request_link(client, user.email)

    response = client.get(link, headers=AJAX)
    assert response.status_code == 200
    assert response.json()["form"]["field_order"] == ["password1", "password2"]
    assert "_password_reset_key" not in read_session(client)
    response = choose(client, link, headers=AJAX)
    assert (response.status_code, response.json()["location"]) == (200, DONE)
    assert has_password(user, STRONG_PASSWORD)
    response = choose(client, link, headers=AJAX)
    assert response.status_code == 400
    assert response.json()["form"]["field_order"] == ["uidb36", "key"]
    assert response.json()["form"]["errors"]
    assert client.get(link, headers=AJAX).status_code == 200


def test_link_is_limited(client: Client, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"reset_password_from_key": "1/m/ip"}
    link = "/accounts/password/reset/key/1-set-password/"

    assert choose(client, link).status_code == 200
    assert choose(client, link).status_code == 429
    assert client.get(link).status_code == 200


# What follows


@pytest.mark.requirement("SEC-007")
def test_reset_lets_the_owner_log_in_again(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/m/key"}
    settings.ACCOUNT_LOGIN_METHODS = {"email"}
    EmailAddress.objects.create(user=user, email="more@example.org", verified=True)
    for email in (user.email, "more@example.org"):
        for _ in range(3):
            submit_login(client, email, "wrong")
        response = submit_login(client, email, "wrong")
        assert list_error_codes(response) == ["too_many_login_attempts"]

    choose(client, open_link(client, request_link(client, user.email)))
    for email in (user.email, "more@example.org"):
        assert list_error_codes(submit_login(client, email, "wrong")) == ["email_password_mismatch"]


@pytest.mark.requirement("INV-25")
def test_reset_does_not_clear_what_the_address_of_the_client_did(
    client: Client, user: Any, user_factory: Callable[..., Any], settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/m/ip,9/m/key"}
    settings.ACCOUNT_LOGIN_METHODS = {"email"}
    for _ in range(3):
        submit_login(client, user_factory().email, "wrong")

    choose(client, open_link(client, request_link(client, user.email)))
    response = submit_login(client, user.email, STRONG_PASSWORD)
    assert list_error_codes(response) == ["too_many_login_attempts"]


@pytest.mark.requirement("SEC-008")
def test_login_gives_back_its_own_attempt_only(
    client: Client, user: Any, user_factory: Callable[..., Any], password: str, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip"}
    for _ in range(9):
        submit_login(client, user_factory().username, "wrong")
    submit_login(client, user.username, password)
    assert is_logged_in(client, user)
    client.logout()

    response = submit_login(client, user.username, "wrong")
    assert list_error_codes(response) == ["username_password_mismatch"]
    response = submit_login(client, user.username, password)
    assert list_error_codes(response) == ["too_many_login_attempts"]


@pytest.mark.parametrize(
    ("target", "expected"), [("/on/", "/on/"), ("https://evil.example/", DONE)]
)
def test_visitor_is_sent_on_after_the_reset(
    client: Client, user: Any, target: str, expected: str
) -> None:
    page = open_link(client, request_link(client, user.email))

    assert choose(client, page, data={"next": target})["Location"] == expected


@pytest.mark.requirement("SEC-072", "ATK-A24")
def test_reset_logs_in_where_the_site_wants(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
    page = open_link(client, request_link(client, user.email))
    shown = client.get(page)
    # Not before a password is typed in.
    assert not is_logged_in(client)
    assert user.username in read_page(shown)

    assert choose(client, page, data={"next": "/on/"})["Location"] == "/on/"
    assert is_logged_in(client, user)
    (record,) = read_session(client)["account_authentication_methods"]
    assert record["method"] == "password_reset"


@pytest.mark.requirement("SEC-072")
def test_login_after_a_reset_passes_all_stages(
    client: Client, user_factory: Callable[..., Any], settings: Any
) -> None:
    settings.ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    user = user_factory(verified=False)

    page = open_link(client, request_link(client, user.email))
    assert choose(client, page)["Location"] == EMAIL_VERIFICATION_SENT
    assert not is_logged_in(client)


def test_user_switched_off_meanwhile_gets_no_session(
    client: Client, user: Any, settings: Any
) -> None:
    settings.ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
    page = open_link(client, request_link(client, user.email))
    user.is_active = False
    user.save()

    assert choose(client, page)["Location"] == INACTIVE
    assert not is_logged_in(client)


@pytest.mark.requirement("INV-40")
def test_reset_ends_all_sessions_and_logins_begun_before(
    client: Client,
    client_factory: Callable[..., Client],
    user_factory: Callable[..., Any],
    password: str,
    settings: Any,
) -> None:
    # Somebody made an account with an address that is not theirs; its owner resets the password.
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    user = user_factory(verified=False)
    inside, half_way = client_factory(), client_factory()
    submit_login(inside, user.username, password)
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    submit_login(half_way, user.username, password)
    planted = request_link(client_factory(), user.email)
    assert "account_login" in read_session(half_way)

    choose(client, open_link(client, request_link(client, user.email)))
    assert inside.get("/accounts/email/").status_code == 302
    assert half_way.get("/accounts/signup/").status_code == 200
    assert "account_login" not in read_session(half_way)
    assert_refused(client_factory(), planted)
    assert list_error_codes(submit_login(client_factory(), user.username, password)) == [
        "username_password_mismatch"
    ]


@pytest.mark.requirement("SEC-165")
def test_owner_is_told(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    choose(client, open_link(client, request_link(client, user.email)))

    assert mail.outbox[-1].to == [user.email]
    assert "was replaced" in mail.outbox[-1].subject


# Tokens and forms


def test_token_depends_on_all_addresses(user: Any) -> None:
    token = default_token_generator.make_token(user)

    assert isinstance(default_token_generator, EmailAwarePasswordResetTokenGenerator)
    assert default_token_generator.check_token(user, token)
    EmailAddress.objects.create(user=user, email="more@example.org")
    assert not default_token_generator.check_token(user, token)


def test_token_is_made_of_rows_that_are_there(user: Any) -> None:
    EmailAddress.objects.filter(user=user).delete()
    token = default_token_generator.make_token(user)

    row = EmailAddress.objects.get(user=user)
    assert (row.email, row.verified, row.primary) == (user.email, False, False)
    assert default_token_generator.check_token(user, token)


def test_form_takes_another_token_generator(client: Client, user: Any) -> None:
    from django.contrib.auth.tokens import default_token_generator as django_generator

    from allauth.core import context

    form = ResetPasswordForm({"email": user.email})
    assert form.is_valid()
    request = make_request()
    with context.request_context(request):
        assert form.save(request, token_generator=django_generator) == user.email
    token = read_path().rstrip("/").split("-", 1)[1]
    assert django_generator.check_token(user, token)


@pytest.mark.parametrize("data", [{}, {"uidb36": "1"}, {"key": "x"}, {"uidb36": "!", "key": "x"}])
def test_token_form_refuses_what_is_missing(data: dict[str, str]) -> None:
    form = UserTokenForm(data)

    assert not form.is_valid()
    assert [error.code for error in form.errors.as_data()["__all__"]] == ["invalid_password_reset"]


def test_forms_can_be_replaced(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_FORMS = {
        "reset_password": MyResetForm,
        "reset_password_from_key": MyKeyForm,
        "user_token": MyTokenForm,
    }
    assert isinstance(client.get(RESET).context["form"], MyResetForm)
    link = request_link(client, user.email)
    assert isinstance(client.get(open_link(client, link)).context["form"], MyKeyForm)
    response = client.get(f"/accounts/password/reset/key/{user_pk_to_url_str(user)}-x/")
    assert isinstance(response.context["form"], MyTokenForm)


class MyResetForm(ResetPasswordForm):
    """A form of the project's own."""


class MyKeyForm(ResetPasswordKeyForm):
    """Another one."""


class MyTokenForm(UserTokenForm):
    """And another one."""


def test_pages_for_codes_do_not_exist(client: Client, settings: Any) -> None:
    configure(settings)

    assert client.get("/accounts/password/reset/confirm/").status_code == 404
    assert client.get("/accounts/password/reset/complete/").status_code == 404
