"""Forms whose input appears in no error report."""

from __future__ import annotations

from typing import Any

from django import forms
from django.views.decorators.debug import sensitive_variables

mask_input = sensitive_variables(
    # Names that Django uses in the frames between a form and its fields,
    "args",
    "cleaned_data",
    "data",
    "initial",
    "kwargs",
    "value",
    # and names that the forms of projects use.
    "cleaned",
    "code",
    "key",
    "oldpassword",
    "password",
    "password1",
    "password2",
    "token",
)
"""Decorator that masks input in a frame, and in the frames below it without such a decorator.

``sensitive_variables()`` without names would mask all variables, which debugging needs.
"""


class SecretForm(forms.Form):
    """Base of forms that take passwords, codes or tokens."""

    @mask_input
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    @mask_input
    def full_clean(self) -> None:
        """Clean the input, which an error report from a field or method does not show."""
        super().full_clean()
