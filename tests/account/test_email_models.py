"""The rows of addresses and their confirmations, and the managers that find them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core import mail, signing
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from allauth.account.models import (
    EmailAddress,
    EmailConfirmation,
    EmailConfirmationHMAC,
    get_emailconfirmation_model,
)
from allauth.core import context
from tests.support.addresses import add_row
from tests.support.clocks import NOW
from tests.support.queries import assert_queries
from tests.support.sessions import make_request

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_of_visitor() -> Iterator[HttpRequest]:
    with context.request_context(make_request()):
        yield context.request


# Fields and constraints


def test_address_has_the_columns_of_the_published_release() -> None:
    fields: dict[str, Any] = {field.name: field for field in EmailAddress._meta.fields}

    assert list(fields) == ["id", "user", "email", "verified", "primary"]
    assert fields["email"].max_length == 254
    assert fields["email"].db_index
    assert EmailAddress._meta.db_table == "account_emailaddress"
    assert EmailAddress._meta.unique_together == (("user", "email"),)
    assert {constraint.name for constraint in EmailAddress._meta.constraints} == {
        "unique_primary_email",
        "unique_verified_email",
    }
    assert EmailAddress._meta.ordering == []


def test_address_is_called_by_its_text(user: Any) -> None:
    assert str(EmailAddress(user=user, email="a@example.org")) == "a@example.org"


def test_clean_lowers_case(user: Any) -> None:
    address = EmailAddress(user=user, email="MiXed@Example.ORG")
    address.clean()

    assert address.email == "mixed@example.org"


@pytest.mark.requirement("SEC-062")
@pytest.mark.parametrize("fields", [{"verified": True}, {"primary": True}])
def test_database_refuses_a_second_primary_or_verified_row(
    user: Any, user_factory: Callable[..., Any], fields: dict[str, bool]
) -> None:
    other = user_factory(email="")
    owner = user if "primary" in fields else other
    email = "second@example.org" if "primary" in fields else user.email

    with pytest.raises(IntegrityError), transaction.atomic():
        add_row(owner, email, **fields)


def test_one_user_has_an_address_once(user: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        add_row(user, user.email)


# Verified


@pytest.mark.parametrize("is_unique", [True, False])
def test_address_verified_elsewhere_cannot_be_verified(
    user: Any, user_factory: Callable[..., Any], settings: Any, is_unique: bool
) -> None:
    settings.ACCOUNT_UNIQUE_EMAIL = is_unique
    address = EmailAddress(user=user_factory(email=""), email=user.email)

    assert address.can_set_verified() is not is_unique
    assert address.set_verified(commit=False) is not is_unique
    assert address.verified is not is_unique


def test_set_verified_stores_that_field_only(user_factory: Callable[..., Any]) -> None:
    address = EmailAddress.objects.get(user=user_factory(verified=False))
    EmailAddress.objects.filter(pk=address.pk).update(primary=False)

    assert address.set_verified()
    address.refresh_from_db()
    assert address.verified
    assert not address.primary


def test_set_verified_is_idle_for_a_verified_address(user: Any) -> None:
    address = EmailAddress.objects.get(user=user)

    with assert_queries(0):
        assert address.can_set_verified()
        assert address.set_verified()


@pytest.mark.requirement("INV-39")
def test_set_verified_yields_to_the_constraint(
    user: Any, user_factory: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = add_row(user_factory(email=""), user.email)
    # The other row was verified after this one was looked at.
    monkeypatch.setattr(EmailAddress, "can_set_verified", lambda self: True)

    assert not address.set_verified()
    assert not address.verified
    address.refresh_from_db()
    assert not address.verified


# Primary


def test_set_as_primary_replaces_the_primary_and_the_field_of_the_user(user: Any) -> None:
    former = EmailAddress.objects.get(user=user)
    address = add_row(user, "new@example.org", verified=True)

    assert address.set_as_primary()
    former.refresh_from_db()
    user.refresh_from_db()
    assert not former.primary
    assert EmailAddress.objects.get_primary(user) == address
    assert user.email == "new@example.org"


def test_set_as_primary_on_condition_leaves_a_primary_alone(user: Any) -> None:
    address = add_row(user, "new@example.org", verified=True)

    assert not address.set_as_primary(conditional=True)
    address.refresh_from_db()
    user.refresh_from_db()
    assert not address.primary
    assert user.email != "new@example.org"


def test_set_as_primary_on_condition_fills_a_gap(user_factory: Callable[..., Any]) -> None:
    user = user_factory(email="")
    address = add_row(user, "new@example.org")

    assert address.set_as_primary(conditional=True)
    user.refresh_from_db()
    assert user.email == "new@example.org"


def test_set_as_primary_leaves_other_columns_of_the_user_alone(user: Any) -> None:
    address = add_row(user, "new@example.org")
    get_user_model().objects.filter(pk=user.pk).update(first_name="Set meanwhile")

    address.set_as_primary()
    user.refresh_from_db()
    assert user.first_name == "Set meanwhile"


def test_set_as_primary_works_for_users_without_a_field_for_it(user: Any, settings: Any) -> None:
    settings.ACCOUNT_USER_MODEL_EMAIL_FIELD = None
    address = add_row(user, "new@example.org")

    assert address.set_as_primary()
    user.refresh_from_db()
    assert user.email != "new@example.org"
    assert EmailAddress.objects.get_primary(user) == address


@pytest.mark.requirement("SEC-062")
def test_loser_of_a_race_is_told_that_it_is_not_primary(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = add_row(user, "new@example.org")
    # The other request has committed after this one looked for a primary.
    monkeypatch.setattr(type(EmailAddress.objects), "get_primary", lambda self, user: None)

    assert not address.set_as_primary()
    assert not address.primary
    assert EmailAddress.objects.filter(user=user, primary=True).count() == 1


# Removal


def test_remove_gives_the_user_a_verified_address_in_its_place(user: Any) -> None:
    add_row(user, "a-unverified@example.org")
    add_row(user, "z-verified@example.org", verified=True)

    EmailAddress.objects.get(user=user, primary=True).remove()
    user.refresh_from_db()
    assert user.email == "z-verified@example.org"


def test_remove_falls_back_to_an_unverified_address_and_then_to_none(user: Any) -> None:
    other = add_row(user, "a-unverified@example.org")

    EmailAddress.objects.get(user=user, primary=True).remove()
    user.refresh_from_db()
    assert user.email == "a-unverified@example.org"
    other.user = user
    other.remove()
    user.refresh_from_db()
    assert user.email == ""


def test_remove_leaves_the_field_alone_that_holds_another_address(user: Any) -> None:
    before = user.email
    add_row(user, "other@example.org").remove()

    user.refresh_from_db()
    assert user.email == before


# The manager


@pytest.mark.parametrize(
    ("maximum", "is_change", "expected"),
    [(None, False, True), (0, False, True), (2, False, True), (1, False, False), (1, True, True)],
)
def test_can_add_email(
    user: Any, settings: Any, maximum: int | None, is_change: bool, expected: bool
) -> None:
    settings.ACCOUNT_MAX_EMAIL_ADDRESSES = maximum
    settings.ACCOUNT_CHANGE_EMAIL = is_change

    assert EmailAddress.objects.can_add_email(user) is expected


def test_get_new_is_the_newest_unverified_row(user: Any) -> None:
    assert EmailAddress.objects.get_new(user) is None
    add_row(user, "older@example.org")
    newest = add_row(user, "a-newer@example.org")

    assert EmailAddress.objects.get_new(user) == newest


def test_add_new_email_replaces_the_pending_row(user: Any, request_of_visitor: HttpRequest) -> None:
    pending = add_row(user, "pending@example.org")
    key = EmailConfirmationHMAC(pending).key
    assert EmailConfirmationHMAC.from_key(key) is not None

    address = EmailAddress.objects.add_new_email(
        request_of_visitor, user, "NEWER@example.org", send_verification=False
    )

    assert not mail.outbox
    assert (address.email, address.verified, address.primary) == ("newer@example.org", False, False)
    assert EmailConfirmationHMAC.from_key(key) is None
    assert EmailAddress.objects.filter(user=user).count() == 2


def test_add_email_makes_a_row_once(user: Any, request_of_visitor: HttpRequest) -> None:
    add = EmailAddress.objects.add_email
    address = add(request_of_visitor, user, "Some@Example.org")

    assert address.email == "some@example.org"
    assert add(request_of_visitor, user, "some@example.ORG") == address
    assert not mail.outbox


def test_get_verified_prefers_the_primary(user: Any, user_factory: Callable[..., Any]) -> None:
    other = add_row(user, "other@example.org", verified=True)

    assert EmailAddress.objects.get_verified(user).email == user.email  # type: ignore[union-attr]
    EmailAddress.objects.get(user=user, primary=True).delete()
    assert EmailAddress.objects.get_verified(user) == other
    assert EmailAddress.objects.get_verified(user_factory(verified=False)) is None


def test_get_primary_email_falls_back_to_the_user(
    user: Any, user_factory: Callable[..., Any]
) -> None:
    assert EmailAddress.objects.get_primary_email(user) == user.email
    EmailAddress.objects.filter(user=user).update(email="row@example.org")
    assert EmailAddress.objects.get_primary_email(user) == "row@example.org"
    EmailAddress.objects.filter(user=user).delete()
    user.email = "Field@example.org"
    assert EmailAddress.objects.get_primary_email(user) == "field@example.org"
    assert EmailAddress.objects.get_primary_email(user_factory(email="")) is None


@pytest.mark.requirement("SEC-063")
def test_lookups_ignore_case(user_factory: Callable[..., Any]) -> None:
    user = user_factory(email="Somebody@Example.org")
    rows = EmailAddress.objects

    assert rows.get_users_for("SOMEBODY@example.org") == [user]
    assert rows.is_verified("SOMEBODY@example.org")
    assert rows.get_for_user(user, "SOMEBODY@example.org").email == "somebody@example.org"
    assert rows.lookup(["SOMEBODY@EXAMPLE.ORG", "other@example.org"]).count() == 1


def test_unverified_rows_verify_nobody(user_factory: Callable[..., Any]) -> None:
    user = user_factory(verified=False)

    assert EmailAddress.objects.get_users_for(user.email) == []
    assert not EmailAddress.objects.is_verified(user.email)


def test_get_for_user_reads_what_was_filled_in(user: Any) -> None:
    unsaved = EmailAddress(user=user, email="fresh@example.org")
    EmailAddress.objects.fill_cache_for_user(user, [unsaved])

    with assert_queries(0):
        assert EmailAddress.objects.get_for_user(user, "FRESH@example.org") is unsaved
        with pytest.raises(EmailAddress.DoesNotExist):
            EmailAddress.objects.get_for_user(user, "other@example.org")


def test_get_for_user_hands_out_the_very_user(user: Any) -> None:
    with assert_queries(1):
        assert EmailAddress.objects.get_for_user(user, user.email).user is user


@pytest.mark.requirement("INV-34")
def test_get_for_user_finds_rows_of_that_user_only(
    user: Any, user_factory: Callable[..., Any]
) -> None:
    with pytest.raises(EmailAddress.DoesNotExist):
        EmailAddress.objects.get_for_user(user_factory(), user.email)


async def test_twins_answer_alike(transactional_db: None) -> None:
    user = await get_user_model().objects.acreate(username="twin", email="twin@example.org")
    address = await EmailAddress.objects.acreate(user=user, email="twin@example.org")

    assert await address.acan_set_verified()
    assert await address.aset_verified()
    assert await address.aset_as_primary()
    assert await EmailAddress.objects.aget_verified(user) == address
    assert await EmailAddress.objects.aget_primary(user) == address
    assert await EmailAddress.objects.aget_primary_email(user) == "twin@example.org"
    assert await EmailAddress.objects.aget_users_for("twin@example.org") == [user]
    assert await EmailAddress.objects.ais_verified("twin@example.org")
    assert await EmailAddress.objects.acan_add_email(user)
    assert await EmailAddress.objects.aget_for_user(user, "twin@example.org") == address
    assert await EmailAddress.objects.aget_new(user) is None
    added = await EmailAddress.objects.aadd_email(None, user, "more@example.org")  # type: ignore[arg-type]
    await added.aremove()
    assert await EmailAddress.objects.acount() == 1


# Confirmations


@pytest.fixture
def unverified(user_factory: Callable[..., Any]) -> EmailAddress:
    return EmailAddress.objects.get(user=user_factory(verified=False))


def test_confirmation_model_follows_the_settings(settings: Any) -> None:
    assert get_emailconfirmation_model() is EmailConfirmationHMAC
    settings.ACCOUNT_EMAIL_CONFIRMATION_HMAC = False
    assert get_emailconfirmation_model() is EmailConfirmation
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    with pytest.raises(NotImplementedError):
        get_emailconfirmation_model()


def test_address_sends_no_link_where_codes_are_used(
    unverified: EmailAddress, settings: Any, request_of_visitor: HttpRequest
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True

    with pytest.raises(NotImplementedError):
        unverified.send_confirmation(request_of_visitor)
    assert not mail.outbox


@pytest.mark.parametrize("is_signed", [True, False])
def test_sent_confirmation_is_found_by_its_key(
    unverified: EmailAddress, settings: Any, request_of_visitor: HttpRequest, is_signed: bool
) -> None:
    settings.ACCOUNT_EMAIL_CONFIRMATION_HMAC = is_signed

    confirmation = unverified.send_confirmation(request_of_visitor)

    assert mail.outbox[0].to == [unverified.email]
    found = type(confirmation).from_key(confirmation.key)
    assert found is not None
    assert found.email_address == unverified


def test_key_is_the_signed_id_of_the_row(unverified: EmailAddress) -> None:
    key = EmailConfirmationHMAC.create(unverified).key

    assert signing.loads(key, salt="account") == unverified.pk
    assert EmailConfirmationHMAC(unverified).key_expired() is False


@pytest.mark.requirement("SEC-051")
@pytest.mark.parametrize(
    "value", [None, "text", [1], {"pk": 1}, -1, "1; DROP TABLE account_emailaddress"]
)
@pytest.mark.usefixtures("unverified")
def test_signed_nonsense_is_no_key(value: object) -> None:
    assert EmailConfirmationHMAC.from_key(signing.dumps(value, salt="account")) is None


@pytest.mark.requirement("INV-14")
@pytest.mark.parametrize("salt", ["other", "django.core.signing", "account "])
def test_key_signed_for_another_purpose_is_no_key(unverified: EmailAddress, salt: str) -> None:
    assert EmailConfirmationHMAC.from_key(signing.dumps(unverified.pk, salt=salt)) is None


def test_salt_is_a_setting(unverified: EmailAddress, settings: Any) -> None:
    key = EmailConfirmationHMAC(unverified).key
    settings.ACCOUNT_SALT = "other"

    assert EmailConfirmationHMAC.from_key(key) is None
    assert EmailConfirmationHMAC.from_key(EmailConfirmationHMAC(unverified).key) is not None


@pytest.mark.requirement("INV-13")
@pytest.mark.parametrize("is_signed", [True, False])
@pytest.mark.parametrize(("seconds", "is_valid"), [(-2, True), (2, False)])
def test_key_lives_for_the_days_configured(
    unverified: EmailAddress,
    settings: Any,
    request_of_visitor: HttpRequest,
    is_signed: bool,
    seconds: int,
    is_valid: bool,
) -> None:
    settings.ACCOUNT_EMAIL_CONFIRMATION_HMAC = is_signed
    with time_machine.travel(NOW, tick=False) as clock:
        confirmation = unverified.send_confirmation(request_of_visitor)
        clock.shift(timedelta(days=3, seconds=seconds))
        found = type(confirmation).from_key(confirmation.key)
        assert (found is not None) is is_valid


def test_zero_days_expire_at_once(unverified: EmailAddress, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 0
    with time_machine.travel(NOW, tick=False) as clock:
        key = EmailConfirmationHMAC(unverified).key
        clock.shift(1)

        assert EmailConfirmationHMAC.from_key(key) is None


@pytest.mark.parametrize("is_signed", [True, False])
def test_confirm_verifies_once(
    unverified: EmailAddress, settings: Any, request_of_visitor: HttpRequest, is_signed: bool
) -> None:
    settings.ACCOUNT_EMAIL_CONFIRMATION_HMAC = is_signed
    confirmation = unverified.send_confirmation(request_of_visitor)

    assert confirmation.confirm(request_of_visitor) == unverified
    assert unverified.verified
    assert confirmation.confirm(request_of_visitor) is None
    assert type(confirmation).from_key(confirmation.key) is None


def test_stored_key_is_read_in_any_case(unverified: EmailAddress) -> None:
    confirmation = EmailConfirmation.create(unverified)
    confirmation.sent = timezone.now()
    confirmation.save()

    assert len(confirmation.key) == 64
    assert confirmation.key == confirmation.key.lower()
    assert EmailConfirmation.from_key(confirmation.key.upper()) == confirmation
    assert str(confirmation) == f"confirmation for {unverified.email}"


def test_stored_key_that_was_never_sent_confirms_nothing(
    unverified: EmailAddress, request_of_visitor: HttpRequest
) -> None:
    confirmation = EmailConfirmation.create(unverified)

    assert EmailConfirmation.from_key(confirmation.key) is None
    assert confirmation.key_expired()
    assert confirmation.confirm(request_of_visitor) is None


def test_confirmations_are_sorted_by_age(
    unverified: EmailAddress, user_factory: Callable[..., Any]
) -> None:
    def create(days: float | None) -> EmailConfirmation:
        confirmation = EmailConfirmation.create(unverified)
        if days is not None:
            confirmation.sent = timezone.now() - timedelta(days=days)
            confirmation.save()
        return confirmation

    unsent, fresh, old = create(None), create(2.9), create(3.1)
    verified = EmailConfirmation.create(EmailAddress.objects.get(user=user_factory()))

    assert set(EmailConfirmation.objects.all_expired()) == {old}
    assert set(EmailConfirmation.objects.all_valid()) == {unsent, fresh}
    EmailConfirmation.objects.delete_expired_confirmations()
    assert set(EmailConfirmation.objects.all()) == {unsent, fresh, verified}


def test_confirmation_has_the_columns_of_the_published_release() -> None:
    names = [field.name for field in EmailConfirmation._meta.fields]

    assert names == ["id", "email_address", "created", "sent", "key"]
    assert EmailConfirmation._meta.db_table == "account_emailconfirmation"
