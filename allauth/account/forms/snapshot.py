"""The input of a sign-up form, saved in the session.

A pretended sign-up may become real when the user corrects the email address. Only the input that
the widgets of the form read is saved, and no secrets.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.views.decorators.debug import sensitive_variables

from allauth.account.internal.flows.pretended_signup import AddressTakenError, SavedSignup

if TYPE_CHECKING:
    from django.forms.utils import ErrorDict

    from allauth.core.internal.types import User

logger = logging.getLogger(__name__)

PASSWORD_FIELDS = ("password", "password1", "password2")
"""The fields of the password, which is saved as a hash."""

_SECRET_NAME = re.compile(
    r"passw|secret|token|credential|api_?key|(^|_)(pin|otp|cvc|cvv)(_|$)", re.IGNORECASE
)
_DECISIVE_FIELDS = {"username", "email", "email2", "phone", "__all__"}
"""Fields that are validated again; others, such as a captcha, may be valid only once."""


class _SignupForm(Protocol):
    fields: dict[str, forms.Field]
    account_already_exists: bool

    @property
    def errors(self) -> ErrorDict: ...

    def save(self, request: HttpRequest) -> User: ...


class _Recorder(Mapping[str, object]):
    """The data of a form, which records the keys that are read."""

    def __init__(self, data: Mapping[str, object]) -> None:
        self.data = data
        self.keys_read: set[str] = set()

    def __getitem__(self, key: str) -> object:
        self.keys_read.add(key)
        return self.data[key]

    def __iter__(self) -> Iterator[str]:
        # Iteration records no keys: a widget that iterates reads the keys it needs afterwards.
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def getlist(self, key: str) -> list[object]:
        self.keys_read.add(key)
        return _get_list(self.data, key)


def _get_list(data: Mapping[str, object], key: str) -> list[object]:
    if key not in data:
        return []
    return list(data.getlist(key)) if hasattr(data, "getlist") else [data[key]]


@sensitive_variables()
def dump_form(form: forms.Form) -> dict[str, list[object]] | None:
    """Return the input that the widgets of a form read, by key, without secrets.

    Returns ``None`` if the form cannot be filled in again, since it holds a file or a password
    other than that of the account.
    """
    kept: set[str] = set()
    for name, field in form.fields.items():
        if name in PASSWORD_FIELDS:
            continue
        values, files = _Recorder(form.data), _Recorder(form.files)
        field.widget.value_from_datadict(values, files, form.add_prefix(name))
        if any(form.files.get(key) for key in files.keys_read):
            return None
        if _is_password_widget(field.widget):
            if any(any(_get_list(form.data, key)) for key in values.keys_read):
                return None
        elif not _SECRET_NAME.search(name):
            kept |= values.keys_read
    return {key: _get_list(form.data, key) for key in form.data if key in kept}


def _is_password_widget(widget: forms.Widget) -> bool:
    if isinstance(widget, forms.MultiWidget):
        return any(_is_password_widget(part) for part in widget.widgets)
    return getattr(widget, "input_type", None) == "password"


@sensitive_variables()
def load_form(saved: SavedSignup) -> MultiValueDict[str, object]:
    """Return the result of :func:`dump_form` as the data of another form."""
    return MultiValueDict(saved["data"])


@sensitive_variables()
def save_corrected_form(request: HttpRequest, form: _SignupForm) -> User | None:
    """Make the account of a form that was valid; return ``None`` if an identifier is taken."""
    for name in PASSWORD_FIELDS:
        form.fields.pop(name, None)
    if _DECISIVE_FIELDS & form.errors.keys() or form.account_already_exists:
        return None
    try:
        return form.save(request)
    except (AddressTakenError, ValidationError):
        return None
    except KeyError:
        # The project wants a field that looks secret, and was therefore not kept.
        logger.exception("A sign-up could not be corrected")
        return None
