"""Records of authentication by an account at a provider."""

from __future__ import annotations

from django.http import HttpRequest

from allauth.account.internal.flows import login as account_login_flow
from allauth.socialaccount.internal.types import Kwargs
from allauth.socialaccount.models import SocialLogin


def record_authentication(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Record that the user of ``sociallogin`` authenticated by its account."""
    extra: Kwargs = {
        "provider": sociallogin.account.provider,
        "uid": sociallogin.account.uid,
    }
    account_login_flow.record_authentication(request, sociallogin.user, "socialaccount", **extra)
