"""The page on which people manage their addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from allauth.account import signals
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import AddEmailForm
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.views import EmailView
from tests.support.addresses import add_row
from tests.support.mails import read_code, read_path
from tests.support.pages import (
    EMAIL,
    EMAIL_VERIFICATION_SENT,
    configure,
    list_error_codes,
    list_messages,
    read_page,
    submit_code,
    submit_login,
)
from tests.support.sessions import read_session

pytestmark = pytest.mark.django_db
AJAX = {"x-requested-with": "XMLHttpRequest"}


@pytest.fixture
def member(client: Client, user: Any, settings: Any) -> Any:
    """The user of the client, with a verified address; limits do not get in the way."""
    settings.ACCOUNT_RATE_LIMITS = False
    client.force_login(user)
    return user


def add(client: Client, email: str, **kwargs: Any) -> Any:
    return client.post(EMAIL, {"action_add": "", "email": email}, **kwargs)


def act(client: Client, action: str, email: str, **kwargs: Any) -> Any:
    return client.post(EMAIL, {f"action_{action}": "", "email": email}, **kwargs)


def list_rows(user: Any) -> list[tuple[str, bool, bool]]:
    """Address, whether verified and whether primary, of all rows of the user."""
    rows = EmailAddress.objects.filter(user=user).order_by("email")
    return list(rows.values_list("email", "verified", "primary"))


# The page


def test_page_wants_a_login(client: Client) -> None:
    assert client.get(EMAIL)["Location"] == "/accounts/login/?next=/accounts/email/"


def test_page_lists_the_addresses(client: Client, member: Any) -> None:
    add_row(member, "a@example.org")

    context = client.get(EMAIL).context
    assert [address.email for address in context["emailaddresses"]] == [
        "a@example.org",
        member.email,
    ]
    assert [(radio["id"], radio["checked"]) for radio in context["emailaddress_radios"]] == [
        ("email_radio_0", False),
        ("email_radio_1", True),
    ]
    assert context["add_email_form"] is context["form"]
    assert context["can_add_email"] is True
    assert "current_emailaddress" not in context


def test_only_address_is_checked(client: Client, member: Any) -> None:
    EmailAddress.objects.filter(user=member).update(primary=False)

    assert [r["checked"] for r in client.get(EMAIL).context["emailaddress_radios"]] == [True]


def test_page_makes_a_row_for_the_address_of_the_user(client: Client, member: Any) -> None:
    EmailAddress.objects.filter(user=member).delete()

    client.get(EMAIL)
    assert list_rows(member) == [(member.email, False, False)]


def test_script_is_given_the_addresses(client: Client, member: Any) -> None:
    response = client.get(EMAIL, headers=AJAX)

    assert response.status_code == 200
    address = EmailAddress.objects.get(user=member)
    assert response.json()["data"] == [
        {"id": address.pk, "email": member.email, "verified": True, "primary": True}
    ]
    assert response.json()["form"]["field_order"] == ["email"]


@pytest.mark.requirement("INV-17")
def test_page_is_neither_cached_nor_framed(client: Client, member: Any) -> None:
    response = client.get(EMAIL)

    assert "no-store" in response["Cache-Control"]
    assert response["X-Frame-Options"] == "DENY"


# Adding


def test_added_address_gets_a_row_and_a_mail(client: Client, member: Any) -> None:
    response = add(client, "New@Example.org")

    assert response["Location"] == EMAIL
    assert ("new@example.org", False, False) in list_rows(member)
    assert mail.outbox[0].to == ["new@example.org"]
    assert [level for level, _ in list_messages(response)] == ["info"]


@pytest.mark.requirement("SEC-063")
@pytest.mark.parametrize("is_in_row", [True, False])
def test_own_address_is_a_duplicate_in_any_case(
    client: Client, member: Any, is_in_row: bool
) -> None:
    if not is_in_row:
        member.email = "field@example.org"
        member.save()

    response = add(client, member.email.upper())
    assert list_error_codes(response, "email") == ["duplicate_email"]
    assert not mail.outbox


def test_empty_addresses_are_no_duplicates_of_each_other(
    client: Client, user_factory: Callable[..., Any]
) -> None:
    user_factory(email="")
    client.force_login(user_factory(email=""))

    assert add(client, "new@example.org").status_code == 302
    assert list_error_codes(add(client, ""), "email") == ["required"]


@pytest.mark.parametrize("is_verified", [True, False])
def test_foreign_address_is_refused_where_that_may_be_told(
    client: Client,
    member: Any,
    user_factory: Callable[..., Any],
    settings: Any,
    is_verified: bool,
) -> None:
    settings.ACCOUNT_PREVENT_ENUMERATION = False
    other = user_factory(verified=is_verified)

    assert list_error_codes(add(client, other.email), "email") == ["email_taken"]
    settings.ACCOUNT_UNIQUE_EMAIL = False
    assert add(client, other.email).status_code == 302


@pytest.mark.requirement("SEC-057")
def test_adding_a_foreign_address_looks_like_adding_a_free_one(
    client: Client, member: Any, user_factory: Callable[..., Any]
) -> None:
    other = user_factory()
    transcripts = []
    for email in (other.email, "free@example.org"):
        response = add(client, email)
        page = client.get(EMAIL)
        transcripts.append(
            (
                response.status_code,
                response["Location"],
                [(level, text.replace(email, "?")) for level, text in list_messages(response)],
                [mail.outbox[-1].to == [email], mail.outbox[-1].subject],
                email in read_page(page),
                set(read_session(client)),
            )
        )

    assert transcripts[0] == transcripts[1]
    response = client.post(read_path(0))
    assert [level for level, _ in list_messages(response)] == ["error"]
    assert EmailAddress.objects.filter(email=other.email, verified=True).get().user == other


@pytest.mark.requirement("SEC-064")
@pytest.mark.parametrize("by_code", [True, False])
def test_number_of_addresses_is_limited(
    client: Client, member: Any, settings: Any, by_code: bool
) -> None:
    configure(settings, MAX_EMAIL_ADDRESSES=2, EMAIL_VERIFICATION_BY_CODE_ENABLED=by_code)
    add_row(member, "second@example.org")

    assert client.get(EMAIL).context["can_add_email"] is False
    response = add(client, "third@example.org")
    assert list_error_codes(response, "email") == ["max_email_addresses"]
    assert "2" in str(response.context["form"].errors["email"])
    assert not mail.outbox
    assert len(list_rows(member)) == 2


@pytest.mark.requirement("SEC-064")
def test_limit_is_checked_again_as_the_row_is_made(
    client: Client, member: Any, settings: Any
) -> None:
    settings.ACCOUNT_MAX_EMAIL_ADDRESSES = 2

    def add_meanwhile(user: Any, **kwargs: Any) -> None:
        add_row(user, "meanwhile@example.org")

    signals._add_email.connect(add_meanwhile)
    try:
        response = add(client, "third@example.org")
    finally:
        signals._add_email.disconnect(add_meanwhile)
    assert list_error_codes(response, "email") == ["max_email_addresses"]
    assert len(list_rows(member)) == 2
    assert not mail.outbox


def test_receiver_may_refuse_an_address(client: Client, member: Any) -> None:
    def refuse(email: str, user: Any, **kwargs: Any) -> None:
        assert (email, user) == ("new@example.org", member)
        raise ValidationError("no", code="not_here")

    signals._add_email.connect(refuse)
    try:
        response = add(client, "New@example.org")
    finally:
        signals._add_email.disconnect(refuse)
    assert list_error_codes(response, "email") == ["not_here"]
    assert len(list_rows(member)) == 1


class PickyAdapter(DefaultAccountAdapter):
    """Accepts addresses of one host only."""

    def clean_email(self, email: str) -> str:
        if not email.endswith("@example.org"):
            raise ValidationError("no", code="not_ours")
        return email


def test_adapter_may_refuse_an_address(client: Client, member: Any, settings: Any) -> None:
    settings.ACCOUNT_ADAPTER = f"{__name__}.PickyAdapter"

    assert list_error_codes(add(client, "a@example.com"), "email") == ["not_ours"]
    assert add(client, "a@example.org").status_code == 302


class TermsForm(AddEmailForm):
    """A form of the project's own."""


def test_project_may_replace_the_form(client: Client, member: Any, settings: Any) -> None:
    settings.ACCOUNT_FORMS = {"add_email": TermsForm}

    assert isinstance(client.get(EMAIL).context["form"], TermsForm)


@pytest.mark.requirement("ATK-A31", "ATK-A30")
@pytest.mark.parametrize(
    "email",
    [
        "a@x.org\nBcc: evil@example.org",
        "a@x.org\r\nBcc: evil@example.org",
        "a@x.org,evil@example.org",
        "a@x.org;evil@example.org",
        "<a@x.org>",
        "Name <a@x.org>",
        "a@x.org evil@example.org",
        "a@b@x.org",
        "a@x.org.",
        "a@x.org\u200b",
        "a@x\u200b.org",
        "a@\uff58.org",  # full width, which mail servers take for x.org
        "a@stra\u00dfe.example",  # which they take for strasse.example
        '"a"@x.org',
        '"\\a b"@x.org',
        "a@x.org\x00",
        "(comment)a@x.org",
        "a@(comment)x.org",
        "a@x",
        "@x.org",
        "a@",
        "x" * 250 + "@x.org",
    ],
)
def test_malformed_address_is_refused(client: Client, member: Any, email: str) -> None:
    response = add(client, email)

    assert response.status_code == 200
    assert response.context["form"].errors["email"]
    assert not mail.outbox
    assert len(list_rows(member)) == 1


@pytest.mark.requirement("ATK-A30")
@pytest.mark.parametrize(
    "alike",
    [
        "m\u0131ke@example.org",  # dotless i
        "\ufb00oo@example.org",  # ligature
        "\u212aim@example.org",  # Kelvin sign
        "\uff4dike@example.org",  # full width
        "mike@ex\u0430mple.org",  # Cyrillic a
        '"mi ke"@example.org',
        "mike@b\u00fccher.example",
    ],
)
def test_look_alike_is_another_mailbox_or_refused(
    client: Client, member: Any, user_factory: Callable[..., Any], alike: str
) -> None:
    for name in ("mike", "ffoo", "kim"):
        user_factory(email=f"{name}@example.org")
    user_factory(email="mike@bucher.example")

    response = add(client, alike)
    if response.status_code == 200:
        assert response.context["form"].errors["email"]
        assert not mail.outbox
    else:
        # Then what is stored is what gets the mail.
        stored = EmailAddress.objects.get(user=member, primary=False).email
        assert mail.outbox[0].to == [stored]
        assert stored == alike.lower()
        assert len(mail.outbox) == 1


# By code


@pytest.fixture
def by_code(member: Any, settings: Any) -> Any:
    configure(settings, EMAIL_VERIFICATION_BY_CODE_ENABLED=True)
    return member


@pytest.mark.requirement("SEC-058")
def test_address_is_stored_once_its_code_is_entered(client: Client, by_code: Any) -> None:
    before = list_rows(by_code)

    assert add(client, "New@example.org")["Location"] == EMAIL_VERIFICATION_SENT
    assert list_rows(by_code) == before
    page = client.get(EMAIL_VERIFICATION_SENT)
    assert page.context["email"] == "new@example.org"
    assert page.context["cancel_url"] == EMAIL
    assert page.context["can_change"] is False
    response = submit_code(client, EMAIL_VERIFICATION_SENT, read_code())
    assert response["Location"] == "/accounts/profile/"
    assert ("new@example.org", True, False) in list_rows(by_code)


@pytest.mark.requirement("SEC-058")
def test_second_address_replaces_the_one_that_waits(client: Client, by_code: Any) -> None:
    add(client, "first@example.org")
    code = read_code()
    add(client, "second@example.org")

    submit_code(client, EMAIL_VERIFICATION_SENT, code)
    assert len(list_rows(by_code)) == 1
    submit_code(client, EMAIL_VERIFICATION_SENT, read_code())
    assert ("second@example.org", True, False) in list_rows(by_code)
    assert not EmailAddress.objects.filter(email="first@example.org").exists()


def test_code_sends_on_to_where_the_visitor_asked(client: Client, by_code: Any) -> None:
    add(client, "new@example.org")

    response = submit_code(client, EMAIL_VERIFICATION_SENT, read_code(), next="/onwards/")
    assert response["Location"] == "/onwards/"


def test_resending_to_an_own_address_by_code(client: Client, by_code: Any) -> None:
    add_row(by_code, "waiting@example.org")

    assert act(client, "send", "waiting@example.org")["Location"] == EMAIL_VERIFICATION_SENT
    submit_code(client, EMAIL_VERIFICATION_SENT, read_code())
    assert ("waiting@example.org", True, False) in list_rows(by_code)


def test_other_actions_stay_on_the_page(client: Client, by_code: Any) -> None:
    add(client, "new@example.org")
    add_row(by_code, "waiting@example.org")

    assert act(client, "remove", "waiting@example.org")["Location"] == EMAIL
    assert client.get(EMAIL).status_code == 200


@pytest.mark.requirement("SEC-065")
def test_second_code_is_refused_within_the_cooldown(
    client: Client, by_code: Any, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"confirm_email": "1/300s/key"}
    add(client, "new@example.org")
    code = read_code()

    for response in (add(client, "new@example.org"), add(client, "NEW@example.org")):
        assert response.status_code == 429
    assert len(mail.outbox) == 1
    # The code that was sent is still the right one.
    submit_code(client, EMAIL_VERIFICATION_SENT, code)
    assert ("new@example.org", True, False) in list_rows(by_code)


# Actions on addresses there are


def test_send_mails_a_link(client: Client, member: Any) -> None:
    add_row(member, "waiting@example.org")

    response = act(client, "send", "WAITING@example.org")
    assert response["Location"] == EMAIL
    assert mail.outbox[0].to == ["waiting@example.org"]
    client.post(read_path())
    assert ("waiting@example.org", True, False) in list_rows(member)


def test_link_for_a_verified_address_is_useless(client: Client, member: Any) -> None:
    act(client, "send", member.email)

    assert client.post(read_path()).status_code == 404


def test_remove(client: Client, member: Any) -> None:
    add_row(member, "other@example.org", verified=True)

    response = act(client, "remove", "other@example.org")
    assert response["Location"] == EMAIL
    assert list_rows(member) == [(member.email, True, True)]
    assert list_messages(response) == [
        ("success", "other@example.org is no longer part of your account.")
    ]


@pytest.mark.requirement("SEC-168")
@pytest.mark.parametrize(
    ("methods", "is_primary", "has_other", "is_allowed"),
    [
        ({"email"}, True, True, False),
        ({"username"}, True, True, False),
        ({"email"}, True, False, False),
        ({"username"}, True, False, True),
        ({"username", "email"}, True, False, True),
        ({"email"}, False, True, True),
        ({"username"}, False, True, True),
        ({"email"}, False, False, False),
        ({"username"}, False, False, True),
    ],
)
def test_last_way_in_cannot_be_removed(
    client: Client,
    member: Any,
    settings: Any,
    methods: set[str],
    is_primary: bool,
    has_other: bool,
    is_allowed: bool,
) -> None:
    settings.ACCOUNT_LOGIN_METHODS = methods
    EmailAddress.objects.filter(user=member).update(primary=is_primary)
    if has_other:
        add_row(member, "other@example.org", verified=True)

    response = act(client, "remove", member.email)
    assert response["Location"] == EMAIL
    assert EmailAddress.objects.filter(email=member.email).exists() is not is_allowed
    (message,) = list_messages(response)
    assert message[0] == ("success" if is_allowed else "error")
    assert member.email in message[1]


class KeepingAdapter(DefaultAccountAdapter):
    """Lets nobody remove an address."""

    async def can_delete_email(  # type: ignore[override]
        self, email_address: EmailAddress
    ) -> bool:
        return False


def test_adapter_may_refuse_the_removal(client: Client, member: Any, settings: Any) -> None:
    settings.ACCOUNT_ADAPTER = f"{__name__}.KeepingAdapter"
    add_row(member, "other@example.org")

    response = act(client, "remove", "other@example.org")
    assert len(list_rows(member)) == 2
    assert [level for level, _ in list_messages(response)] == ["error"]


def test_primary(client: Client, member: Any) -> None:
    add_row(member, "other@example.org", verified=True)

    response = act(client, "primary", "other@example.org")
    assert response["Location"] == EMAIL
    assert [level for level, _ in list_messages(response)] == ["success"]
    member.refresh_from_db()
    assert member.email == "other@example.org"
    assert [row[0] for row in list_rows(member) if row[2]] == ["other@example.org"]


def test_unverified_address_cannot_replace_a_verified_one(client: Client, member: Any) -> None:
    add_row(member, "other@example.org")

    response = act(client, "primary", "other@example.org")
    assert [level for level, _ in list_messages(response)] == ["error"]
    assert [row[0] for row in list_rows(member) if row[2]] == [member.email]


def test_unverified_address_may_be_primary_as_long_as_none_is_verified(
    client: Client, member: Any
) -> None:
    EmailAddress.objects.filter(user=member).update(verified=False)
    add_row(member, "other@example.org")

    act(client, "primary", "other@example.org")
    assert [row[0] for row in list_rows(member) if row[2]] == ["other@example.org"]


def test_marking_the_primary_address_again_announces_no_change(
    client: Client, member: Any, settings: Any
) -> None:
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True

    response = act(client, "primary", member.email)
    assert [level for level, _ in list_messages(response)] == ["success"]
    assert not mail.outbox


@pytest.mark.requirement("SEC-059", "ATK-A50", "INV-34")
@pytest.mark.parametrize("action", ["send", "remove", "primary"])
@pytest.mark.parametrize(
    "email",
    [
        "unknown@example.org",
        "foreign@example.org",
        "%@example.org",
        "_ser1@example.org",
        "*@example.org",
        "' OR 1=1 --",
        "",
        "no address",
        "a" * 10_000,
    ],
)
def test_actions_reach_own_addresses_only(
    client: Client, member: Any, user_factory: Callable[..., Any], action: str, email: str
) -> None:
    user_factory(email="foreign@example.org", verified=False)
    before = list(EmailAddress.objects.order_by("pk").values())

    response = act(client, action, email)
    assert (response.status_code, response["Location"]) == (302, EMAIL)
    assert list_messages(response) == []
    assert not mail.outbox
    assert list(EmailAddress.objects.order_by("pk").values()) == before


@pytest.mark.requirement("SEC-059")
@pytest.mark.parametrize("data", [{}, {"action_dance": ""}, {"action_remove": ""}])
def test_post_without_action_or_address_does_nothing(
    client: Client, member: Any, data: dict[str, str]
) -> None:
    response = client.post(EMAIL, data)

    assert (response.status_code, response["Location"]) == (302, EMAIL)
    assert len(list_rows(member)) == 1


def test_script_is_told_what_became_of_an_action(client: Client, member: Any) -> None:
    add_row(member, "other@example.org", verified=True)

    response = act(client, "primary", "other@example.org", headers=AJAX)
    assert response.status_code == 200
    body = response.json()
    assert sorted(body) == ["data", "location"]
    assert [(row["email"], row["primary"]) for row in body["data"]] == [
        (member.email, False),
        ("other@example.org", True),
    ]


def test_script_is_told_what_became_of_a_new_address(client: Client, member: Any) -> None:
    response = add(client, "new@example.org", headers=AJAX)
    assert response.status_code == 200
    assert response.json()["location"] == EMAIL
    assert response.json()["html"] == ""
    assert len(response.json()["data"]) == 2

    response = add(client, "new@example.org", headers=AJAX)
    assert response.status_code == 400
    assert response.json()["form"]["fields"]["email"]["errors"]


def test_page_is_limited_per_user(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"manage_email": "1/m/user"}
    client.force_login(user)

    assert client.post(EMAIL).status_code == 302
    assert client.post(EMAIL).status_code == 429
    assert client.get(EMAIL).status_code == 200


# Reauthentication


@pytest.mark.parametrize("action", ["add", "remove", "primary"])
def test_changes_wait_for_reauthentication(
    client: Client, user: Any, password: str, settings: Any, action: str
) -> None:
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    submit_login(client, user.username, password)
    if action != "add":
        add_row(user, "other@example.org", verified=True)
    before = list_rows(user)

    response = act(client, action, "other@example.org")
    assert response["Location"] == f"/accounts/reauthenticate/?next={EMAIL.replace('/', '%2F')}"
    assert list_rows(user) == before
    assert not mail.outbox
    response = client.post(response["Location"], {"password": password})
    assert response["Location"] == EMAIL
    assert list_rows(user) != before


def test_resending_needs_no_reauthentication(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    client.force_login(user)

    assert act(client, "send", user.email)["Location"] == EMAIL
    assert len(mail.outbox) == 1


# Limits on mails to others


@pytest.mark.requirement("ATK-A34")
def test_cooldown_holds_across_accounts_rows_and_clients(
    client_factory: Callable[..., Client], user_factory: Callable[..., Any]
) -> None:
    for number in range(3):
        client = client_factory(REMOTE_ADDR=f"192.0.2.{number}")
        client.force_login(user_factory())
        for _ in range(2):
            add(client, "victim@example.org")
            act(client, "remove", "victim@example.org")

    assert len(mail.outbox) == 1


# One address at a time


@pytest.fixture
def change_email(member: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    settings.ACCOUNT_CHANGE_EMAIL = True
    # Which of the two it is, is decided as the view is imported.
    monkeypatch.setattr(EmailView, "template_name", "account/email_change.html")
    return member


def test_change_waits_for_the_new_address_to_be_verified(client: Client, change_email: Any) -> None:
    former = change_email.email
    add(client, "new@example.org")

    context = client.get(EMAIL).context
    assert context["current_emailaddress"].email == former
    assert context["new_emailaddress"].email == "new@example.org"
    change_email.refresh_from_db()
    assert change_email.email == former

    client.post(read_path())
    change_email.refresh_from_db()
    assert change_email.email == "new@example.org"
    assert list_rows(change_email) == [("new@example.org", True, True)]
    assert client.get(EMAIL).context["new_emailaddress"] is None


@pytest.mark.requirement("SEC-060")
def test_later_change_voids_the_former_link(
    client: Client, change_email: Any, user_factory: Callable[..., Any]
) -> None:
    add(client, "mine@example.org")
    link = read_path()
    add(client, "victim@example.org")

    assert not EmailAddress.objects.filter(email="mine@example.org").exists()
    assert client.get(link).context["confirmation"] is None
    assert client.post(link).status_code == 404
    assert not EmailAddress.objects.filter(email="victim@example.org", verified=True).exists()
    client.post(read_path())
    assert list_rows(change_email) == [("victim@example.org", True, True)]


@pytest.mark.requirement("SEC-061")
def test_user_without_verified_address_has_none_until_the_new_one_is(
    client: Client, change_email: Any
) -> None:
    EmailAddress.objects.filter(user=change_email).update(verified=False)

    add(client, "new@example.org")
    change_email.refresh_from_db()
    assert change_email.email == ""
    client.post(read_path())
    change_email.refresh_from_db()
    assert change_email.email == "new@example.org"


def test_conflicting_change_stays_unverified(
    client: Client, change_email: Any, user_factory: Callable[..., Any], settings: Any
) -> None:
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    former = change_email.email
    add(client, "taken@example.org")
    user_factory(email="taken@example.org")

    response = client.post(read_path())
    assert "error" in [level for level, _ in list_messages(response)]
    change_email.refresh_from_db()
    assert change_email.email == former
    assert len(mail.outbox) == 1


def test_change_ignores_the_maximum(client: Client, change_email: Any, settings: Any) -> None:
    settings.ACCOUNT_MAX_EMAIL_ADDRESSES = 1

    assert client.get(EMAIL).context["can_add_email"] is True
    assert add(client, "new@example.org").status_code == 302


def test_change_by_code_waits_in_the_session(
    client: Client, change_email: Any, settings: Any
) -> None:
    configure(settings, EMAIL_VERIFICATION_BY_CODE_ENABLED=True)
    before = list_rows(change_email)

    add(client, "new@example.org")
    assert list_rows(change_email) == before
    submit_code(client, EMAIL_VERIFICATION_SENT, read_code())
    assert list_rows(change_email) == [("new@example.org", True, True)]


@pytest.mark.requirement("INV-42")
def test_change_is_all_or_nothing(
    client: Client, change_email: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(client, "new@example.org")
    before = list_rows(change_email)

    def fail(self: EmailAddress) -> None:
        raise RuntimeError("a hook of the project failed")

    monkeypatch.setattr(EmailAddress, "remove", fail)
    with pytest.raises(RuntimeError):
        client.post(read_path())
    assert list_rows(change_email) == before
    change_email.refresh_from_db()
    assert change_email.email != "new@example.org"


@pytest.mark.requirement("ATK-A20")
def test_link_to_an_address_verified_elsewhere_meanwhile_is_refused(
    client: Client, member: Any, user_factory: Callable[..., Any]
) -> None:
    add(client, "new@example.org")
    key = EmailConfirmationHMAC(EmailAddress.objects.get(email="new@example.org")).key
    user_factory(email="new@example.org")

    client.post(reverse("account_confirm_email", args=[key]))
    assert ("new@example.org", False, False) in list_rows(member)
