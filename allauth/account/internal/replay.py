"""The replay of a request that was suspended for reauthentication."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote, urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404

from allauth.core.async_support import call_hook
from allauth.core.internal.frozen_request import deserialize_request
from allauth.core.internal.ratelimit import REPLAYED_ATTRIBUTE
from allauth.core.internal.urls import script_aware_resolve

if TYPE_CHECKING:
    from allauth.core.internal.types import JSONObject


def replay(request: HttpRequest, frozen_request: str, url: str) -> HttpResponse | None:
    """Call the view of the suspended request, if ``url`` is the URL of that request."""
    try:
        data = json.loads(frozen_request)
        if not _is_suspended(data, request, url):
            return None
        match = script_aware_resolve(data["path"])
        resumed = deserialize_request(frozen_request, request)
    except (ValueError, KeyError, TypeError, AttributeError, Resolver404):
        return None
    resumed.resolver_match = match
    setattr(resumed, REPLAYED_ATTRIBUTE, True)
    return cast(HttpResponse, call_hook(match.func, resumed, *match.args, **match.kwargs))


def _is_suspended(data: JSONObject, request: HttpRequest, url: str) -> bool:
    """Return whether ``data`` is the POST to ``url``, a path and query of the current host."""
    parts = urlsplit(url)
    return (
        data["method"] == "POST"
        and data["META"].get("HTTP_HOST") == request.META.get("HTTP_HOST")
        and not parts.netloc
        and unquote(parts.path) == data["path"]
        and QueryDict(parts.query).urlencode() == QueryDict(data["GET"]).urlencode()
    )
