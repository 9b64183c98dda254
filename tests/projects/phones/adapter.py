"""An account adapter that stores phone numbers and collects text messages in a list.

Tests switch it on with ``settings.ACCOUNT_ADAPTER = "tests.projects.phones.adapter.PhoneAdapter"``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from allauth.account.adapter import DefaultAccountAdapter
from tests.projects.phones.models import Phone


class TextMessage(NamedTuple):
    """A text message that was sent."""

    kind: str
    phone: str
    code: str = ""


outbox: list[TextMessage] = []


class PhoneAdapter(DefaultAccountAdapter):
    """Implements every phone hook."""

    def get_phone(self, user: Any) -> tuple[str, bool] | None:
        phone = Phone.objects.filter(user=user).first()
        return (phone.number, phone.verified) if phone else None

    def set_phone(self, user: Any, phone: str, verified: bool) -> None:
        # SQLite may refuse to write in a transaction that began with reading.
        if not Phone.objects.filter(user=user).update(number=phone, verified=verified):
            Phone.objects.create(user=user, number=phone, verified=verified)

    def set_phone_verified(self, user: Any, phone: str) -> None:
        self.set_phone(user, phone, True)

    def get_user_by_phone(self, phone: str) -> Any:
        found = Phone.objects.select_related("user").filter(number=phone).first()
        return found.user if found else None

    def send_verification_code_sms(self, user: Any, phone: str, code: str, **kwargs: Any) -> None:
        outbox.append(TextMessage("verification", phone, code))

    def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:
        outbox.append(TextMessage("unknown_account", phone))

    def send_account_already_exists_sms(self, phone: str) -> None:
        outbox.append(TextMessage("account_already_exists", phone))
