"""The class of the project from which the sign-up forms derive."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from allauth.account import app_settings

if TYPE_CHECKING:
    from allauth.core.internal.types import User


class DummyCustomSignupForm(forms.Form):
    """The form class of a project that configures none."""

    def signup(self, request: HttpRequest, user: User) -> None:
        """Do nothing with the new user, once it is saved."""


def base_signup_form_class() -> type[forms.Form]:
    """Return the class that ``ACCOUNT_SIGNUP_FORM_CLASS`` names.

    Raises ``ImproperlyConfigured`` if there is no such class, or if it has no ``signup()``.
    """
    path = app_settings.SIGNUP_FORM_CLASS
    if not path:
        return DummyCustomSignupForm
    module_name, dot, class_name = path.rpartition(".")
    if not dot:
        raise ImproperlyConfigured(f"ACCOUNT_SIGNUP_FORM_CLASS: {path!r} is no dotted path.")
    try:
        module = import_module(module_name)
    except ImportError as error:
        raise ImproperlyConfigured(
            f"ACCOUNT_SIGNUP_FORM_CLASS: importing {module_name!r} failed: {error}"
        ) from error
    form_class: type[forms.Form] | None = getattr(module, class_name, None)
    if form_class is None:
        raise ImproperlyConfigured(
            f"ACCOUNT_SIGNUP_FORM_CLASS: {module_name!r} has no {class_name!r}."
        )
    if not hasattr(form_class, "signup"):
        raise ImproperlyConfigured(
            f"ACCOUNT_SIGNUP_FORM_CLASS: {path!r} must define signup(self, request, user)."
        )
    return form_class
