"""URLs and redirects."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, quote, quote_plus, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect as redirect_to
from django.urls import NoReverseMatch, ResolverMatch, resolve, reverse

from allauth import app_settings
from allauth.core import context
from allauth.core.internal import extensions
from allauth.core.settings import get_setting

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def redirect(to: str) -> HttpResponseRedirect:
    """Return a redirect to a URL or URL name; anything else is taken for a path below the root."""
    try:
        return redirect_to(to)
    except NoReverseMatch:
        return redirect_to(f"/{to}")


def redirect_to_page(viewname: str, query: Mapping[str, object] | None = None) -> HttpResponse:
    """Return a redirect to the page ``viewname``.

    Headless sites have no pages: an empty response takes the place of the redirect, and is replaced
    before it is sent.

    Raises ``NoReverseMatch`` if another site lacks the page.
    """
    try:
        url = reverse(viewname)
    except NoReverseMatch:
        if app_settings.HEADLESS_ONLY:
            return HttpResponse(status=500)
        raise
    return HttpResponseRedirect(add_query_params(url, query) if query else url)


def add_query_params(url: str, params: Mapping[str, object]) -> str:
    """Return ``url`` with ``params`` merged into its query; a list value repeats its key."""
    parts = urlsplit(url)
    query: dict[str, object] = dict(parse_qs(parts.query))
    query.update(params)
    return urlunsplit(parts._replace(query=urlencode(query, doseq=True)))


def del_query_params(url: str, *params: str) -> str:
    """Return ``url`` without ``params`` in its query."""
    parts = urlsplit(url)
    query = parse_qs(parts.query, keep_blank_values=True)
    for param in params:
        query.pop(param, None)
    return urlunsplit(parts._replace(query=urlencode(query, doseq=True)))


def build_absolute_uri(
    request: HttpRequest | None, location: str, protocol: str | None = None
) -> str:
    """Return ``location`` as an absolute URL.

    Parameters:
        request: The request whose host counts; without one the current request, and outside of
            requests the current site.
        location: A path or URL.
        protocol: ``"http"`` or ``"https"``, in place of the scheme of the request. If
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


def render_url(request: HttpRequest | None, url_template: str, **kwargs: object) -> str:
    """Fill the placeholders ``{name}`` of ``url_template``, each quoted as its place needs.

    A template without a host becomes absolute.

    Raises ``ImproperlyConfigured`` for a placeholder without a value.
    """
    path, question_mark, query = url_template.partition("?")
    url = _fill(path, quote, kwargs) + question_mark + _fill(query, quote_plus, kwargs)
    return url if urlsplit(url).netloc else build_absolute_uri(request, url)


def _fill(text: str, quoter: Callable[[str], str], values: Mapping[str, object]) -> str:
    def replacement(match: re.Match[str]) -> str:
        try:
            return str(quoter(str(values[match[1]])))
        except KeyError as error:
            raise ImproperlyConfigured(
                f"The URL template {text!r} asks for {match[1]!r}, which is not available."
            ) from error

    return _PLACEHOLDER.sub(replacement, text)


def get_frontend_url(request: HttpRequest | None, urlname: str, **kwargs: object) -> str | None:
    """Return the page of the project's own front end that stands for ``urlname``, if any."""
    find = extensions.frontend_urls.get()
    return None if find is None else find(urlname, **kwargs)


def default_get_frontend_url(
    request: HttpRequest | None, urlname: str, **kwargs: object
) -> str | None:
    """Render ``HEADLESS_FRONTEND_URLS[urlname]``, or return ``None`` if there is no entry.

    Raises ``ImproperlyConfigured`` if there is none on a site without pages of its own.
    """
    template = get_setting("HEADLESS_FRONTEND_URLS", {}).get(urlname)
    if template:
        return render_url(request, template, **kwargs)
    if app_settings.HEADLESS_ONLY:
        raise ImproperlyConfigured(f"HEADLESS_FRONTEND_URLS has no entry {urlname!r}.")
    return None


def script_aware_resolve(path: str) -> ResolverMatch:
    """Resolve ``path``, which may begin with ``FORCE_SCRIPT_NAME``.

    Raises ``Resolver404`` if nothing is routed there.
    """
    script_name = (settings.FORCE_SCRIPT_NAME or "").rstrip("/")
    if script_name and path.startswith(f"{script_name}/"):
        path = path[len(script_name) :]
    return resolve(path)
