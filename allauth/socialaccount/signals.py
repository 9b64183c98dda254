"""Signals about third-party accounts."""

from __future__ import annotations

from django.dispatch import Signal

pre_social_login = Signal()
"""Sent when a provider confirmed a login, before any other step.

Also sent for the processes ``connect`` and ``redirect``. A receiver may raise
``ImmediateHttpResponse``. Arguments: ``request``, ``sociallogin``.
"""

social_account_added = Signal()
"""Sent when a user connected an account, but not for the account of a sign-up.

Arguments: ``request``, ``sociallogin``.
"""

social_account_updated = Signal()
"""Sent when the data of a known account were refreshed.

Arguments: ``request``, ``sociallogin``.
"""

social_account_removed = Signal()
"""Sent when a user disconnected an account.

Arguments: ``request``, ``socialaccount``.
"""
