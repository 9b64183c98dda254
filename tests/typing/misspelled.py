"""Code that a type checker has to refuse; ``nox -s types`` fails if an ``ignore`` is not needed."""

from __future__ import annotations

from django.http import HttpRequest

from allauth.account.adapter import get_adapter
from allauth.socialaccount.adapter import get_adapter as get_social_adapter


def misspell_hooks(request: HttpRequest) -> None:
    """Call hooks that do not exist, on objects whose hooks may be ``async def``."""
    get_adapter().sned_mail("a", "b", {})  # type: ignore[attr-defined]
    get_adapter().get_login_redirect_url(request).nothing()  # type: ignore[attr-defined]
    get_social_adapter().pre_socal_login(request)  # type: ignore[attr-defined]
    get_social_adapter().get_provider(request, "x").redirct()  # type: ignore[attr-defined]
