"""Requests, URLs and redirects."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus, urlencode, urlsplit, urlunsplit

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect as redirect_to
from django.urls import NoReverseMatch, reverse

from allauth import app_settings
from allauth.core import context
from allauth.core.settings import get_setting

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_RESUMABLE_META = ("CONTENT_TYPE", "HTTP_HOST", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT")
_NEVER_STORED = re.compile(r"passw|secret|^csrfmiddlewaretoken\Z", re.IGNORECASE)


def redirect(to: Any) -> HttpResponseRedirect:
    """Redirect to a URL or URL name; what is neither is taken for a path below the root."""
    try:
        return redirect_to(to)
    except NoReverseMatch:
        return redirect_to(f"/{to}")


def headed_redirect_response(viewname: str, query: Mapping[str, Any] | None = None) -> HttpResponse:
    """Redirect to the page ``viewname``.

    Headless sites have no pages; their answer is replaced before anybody sees it, so that an empty
    one stands in for it. Elsewhere a missing page is a ``NoReverseMatch``.
    """
    try:
        url = reverse(viewname)
    except NoReverseMatch:
        if app_settings.HEADLESS_ONLY:
            return HttpResponse(status=500)
        raise
    return HttpResponseRedirect(add_query_params(url, query) if query else url)


def add_query_params(url: str, params: Mapping[str, Any]) -> str:
    """Merge ``params`` into the query of ``url``; a list value repeats its key."""
    parts = urlsplit(url)
    query: dict[str, Any] = dict(parse_qs(parts.query))
    query.update(params)
    return urlunsplit(parts._replace(query=urlencode(query, doseq=True)))


def del_query_params(url: str, *params: str) -> str:
    """Take ``params`` out of the query of ``url``."""
    parts = urlsplit(url)
    query = parse_qs(parts.query, keep_blank_values=True)
    for param in params:
        query.pop(param, None)
    return urlunsplit(parts._replace(query=urlencode(query, doseq=True)))


def build_absolute_uri(
    request: HttpRequest | None, location: str, protocol: str | None = None
) -> str:
    """Make ``location`` an absolute URL.

    Parameters:
        request: The request whose host counts; without one the current request, and outside of
            requests the current site.
        location: A path or URL.
        protocol: ``"http"`` or ``"https"``, in place of the scheme found. Where
            ``ACCOUNT_DEFAULT_HTTP_PROTOCOL`` is ``"https"``, that is enforced.

    Raises ``ImproperlyConfigured`` if there is neither a request nor ``django.contrib.sites``.
    """
    default_protocol = get_setting("ACCOUNT_DEFAULT_HTTP_PROTOCOL", "http").lower()
    if request is None:
        request = context.request
    if request is None:
        uri = _build_site_uri(location, default_protocol)
    else:
        uri = request.build_absolute_uri(location)
    if not protocol and default_protocol == "https":
        protocol = default_protocol
    return f"{protocol}:{uri.partition(':')[2]}" if protocol else uri


def _build_site_uri(location: str, protocol: str) -> str:
    if not app_settings.SITES_ENABLED:
        raise ImproperlyConfigured(
            "Absolute URLs outside of requests need django.contrib.sites in INSTALLED_APPS."
        )
    from django.contrib.sites.models import Site

    parts = urlsplit(location)
    if parts.scheme and parts.netloc:
        return location
    return f"{protocol}://{Site.objects.get_current().domain}{location}"


def render_url(request: HttpRequest | None, url_template: str, **kwargs: Any) -> str:
    """Fill the placeholders ``{name}`` of ``url_template``, each quoted as its place needs.

    A template without a host becomes absolute. Raises ``ImproperlyConfigured`` for a placeholder
    that no value is given for.
    """
    path, question_mark, query = url_template.partition("?")
    url = _fill(path, quote, kwargs) + question_mark + _fill(query, quote_plus, kwargs)
    return url if urlsplit(url).netloc else build_absolute_uri(request, url)


def _fill(text: str, quoter: Any, values: Mapping[str, Any]) -> str:
    def replacement(match: re.Match[str]) -> str:
        try:
            return str(quoter(str(values[match[1]])))
        except KeyError as error:
            raise ImproperlyConfigured(
                f"The URL template {text!r} asks for {match[1]!r}, which is not available."
            ) from error

    return _PLACEHOLDER.sub(replacement, text)


def get_frontend_url(request: HttpRequest | None, urlname: str, **kwargs: Any) -> str | None:
    """The page of the project's own front end that stands for ``urlname``, if it has one."""
    if not app_settings.HEADLESS_ENABLED:
        return None
    from allauth.headless.adapter import get_adapter

    url: str | None = get_adapter().get_frontend_url(urlname, **kwargs)
    return url


def default_get_frontend_url(
    request: HttpRequest | None, urlname: str, **kwargs: Any
) -> str | None:
    """Render ``HEADLESS_FRONTEND_URLS[urlname]``.

    Without an entry there is no such page, which is an ``ImproperlyConfigured`` for sites that
    have no pages of their own.
    """
    from allauth.headless import app_settings as headless_settings

    template = headless_settings.FRONTEND_URLS.get(urlname)
    if template:
        return render_url(request, template, **kwargs)
    if app_settings.HEADLESS_ONLY:
        raise ImproperlyConfigured(f"HEADLESS_FRONTEND_URLS has no entry {urlname!r}.")
    return None


def is_headless_request(request: HttpRequest) -> str | None:
    """``"app"`` or ``"browser"`` for a request to the JSON API, else ``None``."""
    headless = getattr(getattr(request, "allauth", None), "headless", None)
    client: str | None = getattr(headless, "client", None)
    return client


def get_authorization_credential(request: HttpRequest, auth_scheme: str) -> str | None:
    """The credential of the header ``Authorization: <scheme> <credential>``."""
    words = request.headers.get("Authorization", "").split()
    if len(words) == 2 and words[0].lower() == auth_scheme.lower():
        return words[1]
    return None


def extract_basic_auth(headers: Mapping[str, str]) -> tuple[str, str] | tuple[None, None]:
    """User id and password of HTTP Basic authentication (RFC 7617), or twice ``None``."""
    scheme, _, credential = headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        decoded = base64.b64decode(credential.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None, None
    user_id, _, password = decoded.partition(":")
    return (user_id, password) if user_id and password else (None, None)


def authenticated_user(request: HttpRequest) -> AbstractBaseUser:
    """The logged-in user; raises ``PermissionDenied`` if nobody is."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user


def serialize_request(request: HttpRequest) -> str:
    """What is needed to carry on with a request later, as JSON for the session.

    Cookies, authorization headers and everything that looks like a secret stay out of it, and so
    do uploaded files.
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
