"""Forms for phone numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from allauth.account.internal.flows.phone_verification import phone_already_exists
from allauth.account.internal.hooks import get_adapter

if TYPE_CHECKING:
    from allauth.core.internal.types import User


class ChangePhoneForm(forms.Form):
    """The form for another phone number."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user: User | None = kwargs.pop("user", None)
        self.phone: str | None = kwargs.pop("phone", None)
        super().__init__(*args, **kwargs)
        self.fields["phone"] = get_adapter().phone_form_field(required=True)
        self.account_already_exists = False

    def clean_phone(self) -> str:
        """Reject the current phone number; record whether another account has the new one."""
        phone: str = self.cleaned_data["phone"]
        if phone == self.phone:
            raise get_adapter().validation_error("same_as_current")
        self.account_already_exists = phone_already_exists(self.user, phone)
        return phone
