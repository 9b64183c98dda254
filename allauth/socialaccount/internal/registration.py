"""Registration of the parts that the socialaccount app adds to other apps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from allauth.core.internal import extensions
from allauth.core.internal.extensions import FaceEntry, SignupSource, always
from allauth.socialaccount.internal import faces
from allauth.socialaccount.internal.flows import signup
from allauth.socialaccount.internal.html_face import HTMLFace
from allauth.socialaccount.models import disconnect_all, read_sociallogin

if TYPE_CHECKING:
    from allauth.account.internal.flows.pretended_signup import SavedSignup
    from allauth.account.models import Login
    from allauth.core.internal.types import User


def register(app: str) -> None:
    """Register the parts of the app; ``ready()`` may call this function several times."""
    source = SignupSource(_make_account, signup.announce_corrected_account)
    key = signup.PENDING_SIGNUP_SESSION_KEY
    extensions.faces.add("socialaccount.html", FaceEntry(faces.PART, HTMLFace(), always), app=app)
    extensions.signup_sources.add("socialaccount", source, app=app)
    extensions.session_keys_cleared_at_login.add(key, key, app=app)
    extensions.signal_argument_readers.add("sociallogin", read_sociallogin, app=app)
    extensions.credential_revokers.add("socialaccount", disconnect_all, app=app)


@sensitive_variables("saved")
def _make_account(request: HttpRequest, login: Login, saved: SavedSignup) -> User | None:
    # The forms of a project must not be imported before all apps are loaded.
    from allauth.socialaccount.forms import make_corrected_account

    return make_corrected_account(request, login, saved)
