"""The tag ``user_display``: ``{% load account %}``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template

from allauth.account.internal.user_fields import user_display

if TYPE_CHECKING:
    from allauth.core.internal.types import User

register = template.Library()


@register.simple_tag(name="user_display")
def user_display_tag(user: User) -> str:
    """Return the name of a user as configured by ``ACCOUNT_USER_DISPLAY``, escaped for HTML.

    ``{% user_display user %}``, or ``{% user_display user as name %}`` and then ``{{ name }}``.
    """
    return user_display(user)
