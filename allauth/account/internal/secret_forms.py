"""Forms whose input is nobody else's business, not even that of reports of errors."""

from __future__ import annotations

from typing import Any

from django import forms
from django.views.decorators.debug import sensitive_variables

mask_input = sensitive_variables(
    # As Django calls them, in the frames between a form and its fields,
    "args",
    "cleaned_data",
    "data",
    "initial",
    "kwargs",
    "value",
    # and as the methods of forms do that projects write.
    "cleaned",
    "code",
    "key",
    "oldpassword",
    "password",
    "password1",
    "password2",
    "token",
)
"""Masks what was typed in, in a frame and in those below it that have no decorator of their own.

``sensitive_variables()`` without names would hide everything from whoever looks for the error.
"""


class SecretForm(forms.Form):
    """Base of forms that take passwords, codes or tokens."""

    @mask_input
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    @mask_input
    def full_clean(self) -> None:
        """Clean the input, which a report of an error in a field or method does not show."""
        super().full_clean()
