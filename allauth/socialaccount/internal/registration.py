"""What the socialaccount app brings to the account app."""

from __future__ import annotations

from allauth.core.internal import extensions
from allauth.core.internal.extensions import SignupSource
from allauth.socialaccount.internal.flows import signup
from allauth.socialaccount.models import disconnect_all, read_sociallogin


def register(app: str) -> None:
    """Register the parts of the app; called from ``ready()``, any number of times."""
    source = SignupSource(signup.make_corrected_account, signup.announce_corrected_account)
    key = signup.PENDING_SIGNUP_SESSION_KEY
    extensions.signup_sources.add("socialaccount", source, app=app)
    extensions.session_keys_cleared_at_login.add(key, key, app=app)
    extensions.signal_argument_readers.add("sociallogin", read_sociallogin, app=app)
    extensions.credential_revokers.add("socialaccount", disconnect_all, app=app)
