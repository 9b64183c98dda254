"""Signals of the account app. Receivers may be ``def`` or ``async def``."""

from __future__ import annotations

from django.contrib.auth.signals import user_logged_out as user_logged_out
from django.dispatch import Signal

user_logged_in = Signal()
"""A login is complete. Arguments: ``request``, ``response``, ``user``; ``sociallogin`` if any."""

user_signed_up = Signal()
"""An account was made, before any login step. Arguments: ``request``, ``user``."""

password_set = Signal()
"""A first password was set. Arguments: ``request``, ``user``."""

password_changed = Signal()
"""The password was replaced. Arguments: ``request``, ``user``."""

password_reset = Signal()
"""A lost password was replaced. Arguments: ``request``, ``user``."""

email_confirmed = Signal()
"""An email address was verified. Arguments: ``request``, ``email_address``."""

email_confirmation_sent = Signal()
"""A verification email was sent. Arguments: ``request``, ``confirmation``, ``signup``."""

email_changed = Signal()
"""The primary email address was changed.

Arguments: ``request``, ``user``, ``from_email_address`` (``None`` if there was none),
``to_email_address``.
"""

email_added = Signal()
"""An email address was added. Arguments: ``request``, ``user``, ``email_address``."""

email_removed = Signal()
"""An email address was removed. Arguments: ``request``, ``user``, ``email_address``."""

authentication_step_completed = Signal()
"""A step of authentication was passed, of a login or a reauthentication.

Arguments: ``request``, ``user``, ``method``, and further data of the method.
"""

login_code_rejected = Signal()
"""A wrong login code was entered. Arguments: ``request``, ``user``, ``last_attempt``."""

password_reset_code_rejected = Signal()
"""A wrong reset code was entered. Arguments: ``request``, ``user``, ``last_attempt``."""

email_verification_code_rejected = Signal()
"""A wrong verification code was entered. Arguments: ``request``, ``user``, ``last_attempt``."""

# Lets other apps reject an email address before it is added, by ``ValidationError``.
# Arguments: ``email``, ``user``.
_add_email = Signal()
