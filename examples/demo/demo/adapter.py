"""The hooks of the demo: where phone numbers are, and how text messages are sent."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from demo.models import Message, Phone


class AccountAdapter(DefaultAccountAdapter):
    """Implements the phone hooks, some as ``def`` and some as ``async def``: both work."""

    def get_phone(self, user: Any) -> tuple[str, bool] | None:
        phone = Phone.objects.filter(user=user).first()
        return (phone.number, phone.verified) if phone else None

    def set_phone(self, user: Any, phone: str, verified: bool) -> None:
        Phone.objects.update_or_create(user=user, defaults={"number": phone, "verified": verified})

    def set_phone_verified(self, user: Any, phone: str) -> None:
        self.set_phone(user, phone, True)

    def get_user_by_phone(self, phone: str) -> Any:
        found = Phone.objects.select_related("user").filter(number=phone).first()
        return found.user if found else None

    async def send_verification_code_sms(
        self, user: Any, phone: str, code: str, **kwargs: Any
    ) -> None:
        await send_text_message(phone, f"Your code for the demo: {code}")

    async def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:
        await send_text_message(phone, "Somebody asked for a code, but this number has no account.")

    async def send_account_already_exists_sms(self, phone: str) -> None:
        await send_text_message(
            phone, "Somebody tried to sign up with this number, which is yours."
        )


async def send_text_message(phone: str, body: str) -> None:
    """Stands in for the asynchronous client of a provider of text messages."""
    print(f"Text message to {phone}: {body}", flush=True)
    await Message.objects.acreate(recipient=phone, body=body, is_text_message=True)
