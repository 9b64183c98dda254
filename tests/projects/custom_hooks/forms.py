"""Forms as a project writes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest

from allauth.account.forms import LoginForm, SignupForm
from allauth.core import context


class TermsLoginForm(LoginForm):
    """Asks for one thing more."""

    terms = forms.BooleanField()


calls: list[dict[str, Any]] = []


class TermsSignupForm(SignupForm):
    """Asks for one thing more, and does something with the new user."""

    terms = forms.BooleanField()

    def signup(self, request: HttpRequest, user: Any) -> None:
        calls.append(
            {"pk": user.pk, "addresses": user.emailaddress_set.count(), "path": request.path}
        )
        user.first_name = "Signed"
        user.save()


class OrderedSignupForm(TermsSignupForm):
    """Has an order of its own."""

    field_order = ["password1", "terms", "email"]


class ColorForm(forms.Form):
    """What ``ACCOUNT_SIGNUP_FORM_CLASS`` may name."""

    color = forms.CharField()

    def clean_color(self) -> str:
        color: str = self.cleaned_data["color"]
        if color == "black":
            raise forms.ValidationError("That is too dark.", code="too_dark")
        return color

    def signup(self, request: HttpRequest, user: Any) -> None:
        calls.append({"color": self.cleaned_data["color"], "username": user.username})


def refuse_underscores(username: str) -> None:
    """A validator."""
    if "_" in username:
        raise forms.ValidationError("No underscores.", code="underscore")


username_validators = [refuse_underscores]
no_validators: list[Any] = []


class BrokenSignupForm(SignupForm):
    """Has a bug that shows once the user is saved."""

    def signup(self, request: HttpRequest, user: Any) -> None:
        raise ZeroDivisionError


class RefusingSignupForm(SignupForm):
    """Changes its mind once the user is saved."""

    def signup(self, request: HttpRequest, user: Any) -> None:
        raise forms.ValidationError("Not today.", code="refused")


class MeanwhileSignupForm(SignupForm):
    """Has something happen between the check of the form and the writing."""

    action: ClassVar[Callable[[], object] | None] = None

    def try_save(self, request: HttpRequest) -> tuple[Any, Any]:
        if MeanwhileSignupForm.action is not None:
            MeanwhileSignupForm.action()
        return super().try_save(request)


class AsyncSignupForm(SignupForm):
    """Does something with the new user that has to be awaited."""

    async def signup(self, request: HttpRequest, user: Any) -> None:
        await asyncio.sleep(0)
        user.last_name = "Awaited"
        await user.asave()
        calls.append({"request": context.request, "loop": asyncio.get_running_loop()})


async def display_user(user: Any) -> str:
    """A value for ``ACCOUNT_USER_DISPLAY``."""
    await asyncio.sleep(0)
    return f"Awaited <{user.username}>"


def shout(user: Any) -> str:
    """Another value for ``ACCOUNT_USER_DISPLAY``."""
    return str(user.username).upper()


class OnceSignupForm(SignupForm):
    """Takes a token that is good for one check, like that of a captcha."""

    used: ClassVar[set[str]] = set()
    token = forms.CharField()

    def clean_token(self) -> str:
        token: str = self.cleaned_data["token"]
        if token in OnceSignupForm.used:
            raise forms.ValidationError("That token was used already.", code="used")
        OnceSignupForm.used.add(token)
        return token
