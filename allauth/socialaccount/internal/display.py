"""Names of accounts for display."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.internal.user_fields import user_display
from allauth.core.async_support import call_hook
from allauth.socialaccount import app_settings

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialAccount


def socialaccount_user_display(socialaccount: SocialAccount) -> str:
    """Return the name of an account, by default that of its user.

    The setting ``SOCIALACCOUNT_SOCIALACCOUNT_STR`` names the function that returns it.
    """
    function = app_settings.SOCIALACCOUNT_STR
    if function is not None:
        return call_hook(function, socialaccount)  # type: ignore[no-any-return]
    return user_display(socialaccount.user)
