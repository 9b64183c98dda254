"""The tag ``user_display``: ``{% load account %}``."""

from django import template
from django.contrib.auth.base_user import AbstractBaseUser

from allauth.account.internal.user_fields import user_display

register = template.Library()


@register.simple_tag(name="user_display")
def user_display_tag(user: AbstractBaseUser) -> str:
    """Name a user as configured by ``ACCOUNT_USER_DISPLAY``, escaped for HTML.

    ``{% user_display user %}``, or ``{% user_display user as name %}`` and then ``{{ name }}``.

    :param user: the user to name.
    """
    return user_display(user)
