"""Requests that are stored in a session, to be resumed later."""

from __future__ import annotations

import json
import re

from django.http import HttpRequest, QueryDict
from django.views.decorators.debug import sensitive_variables

_RESUMABLE_META = ("CONTENT_TYPE", "HTTP_HOST", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT")


_NEVER_STORED = re.compile(r"passw|secret|^csrfmiddlewaretoken\Z", re.IGNORECASE)


def serialize_request(request: HttpRequest) -> str:
    """Return the data to resume a request later, as JSON.

    Cookies, authorization headers, uploaded files and everything that looks like a secret are left
    out.
    """
    return json.dumps(
        {
            "path": request.path,
            "path_info": request.path_info,
            "META": {
                key: value
                for key in _RESUMABLE_META
                if isinstance(value := request.META.get(key), str)
            },
            "GET": request.GET.urlencode(),
            "POST": _without_secrets(request.POST).urlencode(),
            "method": request.method,
            "scheme": request.scheme,
        }
    )


@sensitive_variables()
def _without_secrets(data: QueryDict) -> QueryDict:
    kept = data.copy()
    for name in data:
        if _NEVER_STORED.search(name):
            del kept[name]
    return kept


def deserialize_request(s: str, request: HttpRequest) -> HttpRequest:
    """Turn the current ``request`` into the one that :func:`serialize_request` stored."""
    data = json.loads(s)
    request.path = data["path"]
    request.path_info = data["path_info"]
    request.META.update(data["META"])
    request.GET = QueryDict(data["GET"])
    request.POST = QueryDict(data["POST"])
    request.method = data["method"]
    request._get_scheme = lambda: data["scheme"]  # type: ignore[attr-defined]
    return request
