"""What happens to third-party accounts, for receivers of a project."""

from __future__ import annotations

from django.dispatch import Signal

pre_social_login = Signal()
"""The provider has answered and nothing came of it yet; kwargs ``request``, ``sociallogin``.

Sent for logins, connects and redirects. A receiver may raise ``ImmediateHttpResponse``.
"""

social_account_added = Signal()
"""A user connected a third-party account; kwargs ``request``, ``sociallogin``.

Not sent for the account by which somebody signed up.
"""

social_account_updated = Signal()
"""The data of a known account were refreshed; kwargs ``request``, ``sociallogin``."""

social_account_removed = Signal()
"""A user disconnected a third-party account; kwargs ``request``, ``socialaccount``."""
