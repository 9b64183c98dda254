"""The entries of the account app in the registry of extensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from allauth.account.internal import constants, faces
from allauth.account.internal.constants import LoginStageKey
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.internal.flows.pretended_signup import SavedSignup, announce_user
from allauth.account.internal.flows.reauthentication import list_password_method
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.html_face import HTMLFace
from allauth.account.models import EmailAddress, Login
from allauth.core.internal import extensions
from allauth.core.internal.extensions import FaceEntry, SignupSource, StageEntry, always
from allauth.core.internal.ratelimit import rate_limited_as_response

if TYPE_CHECKING:
    from allauth.core.internal.types import User

_STAGES = {
    LoginStageKey.LOGIN_BY_CODE: StageEntry("allauth.account.stages.LoginByCodeStage", 10),
    LoginStageKey.VERIFY_PHONE: StageEntry("allauth.account.stages.PhoneVerificationStage", 20),
    LoginStageKey.VERIFY_EMAIL: StageEntry("allauth.account.stages.EmailVerificationStage", 30),
}
_CLEARED_AT_LOGIN = (
    constants.EMAIL_VERIFICATION_CODE_SESSION_KEY,
    constants.PASSWORD_RESET_VERIFICATION_SESSION_KEY,
    constants.PHONE_VERIFICATION_SESSION_KEY,
    constants.REAUTHENTICATION_STATE_SESSION_KEY,
    constants.RESET_KEY_SESSION_KEY,
    constants.SIGNUP_IS_FINAL_SESSION_KEY,
)


def register(app: str) -> None:
    """Register the parts of the account app; ``ready()`` calls this, any number of times."""
    for key, stage in _STAGES.items():
        extensions.login_stages.add(key.value, stage, app=app)
    for session_key in _CLEARED_AT_LOGIN:
        extensions.session_keys_cleared_at_login.add(session_key, session_key, app=app)
    extensions.faces.add("account.html", FaceEntry(faces.PART, HTMLFace(), always), app=app)
    extensions.reauthentication_methods.add("password", list_password_method, app=app)
    extensions.signup_sources.add("account", SignupSource(_make_account, announce_user), app=app)
    extensions.client_address_resolver.set(_get_client_ip, app=app)
    extensions.verification_sender.set(_send_verification, app=app)
    extensions.ratelimit_app.set(app, app=app)


def _send_verification(request: HttpRequest, address: EmailAddress) -> None:
    with rate_limited_as_response(request):
        send_verification_email_to_address(request, address)


def _get_client_ip(request: HttpRequest) -> str:
    return get_adapter().get_client_ip(request)


@sensitive_variables("saved")
def _make_account(request: HttpRequest, login: Login, saved: SavedSignup) -> User | None:
    # The forms of a project cannot be imported before all its apps are loaded.
    from allauth.account.forms.signup import make_corrected_account

    return make_corrected_account(request, login, saved)
