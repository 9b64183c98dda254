"""The base class of the pages that redirect to a provider."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import MultipleObjectsReturned
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.generic.base import View

from allauth import app_settings as allauth_settings
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.provider import Provider
from allauth.socialaccount.providers.base.utils import respond_to_login_on_get

logger = logging.getLogger(__name__)


class BaseLoginView(View):
    """The page that redirects to a provider, after confirmation where that is needed."""

    provider_id: str

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if allauth_settings.HEADLESS_ONLY:
            raise Http404
        try:
            provider = self.get_provider()
        except SocialApp.DoesNotExist as error:
            raise Http404 from error
        except MultipleObjectsReturned as error:
            logger.exception("Several apps of a provider are visible where one is needed")
            return render_authentication_error(
                request, getattr(self, "provider_id", None), exception=error
            )
        return respond_to_login_on_get(request, provider) or provider.redirect_from_request(request)

    def get_provider(self) -> Provider:
        """Return the provider of this page."""
        return get_adapter().get_provider(self.request, provider=self.provider_id)
