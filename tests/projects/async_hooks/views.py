"""Views for those who test the project from outside."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.core import mail
from django.http import HttpRequest, HttpResponse, JsonResponse

from allauth.account.adapter import get_adapter
from tests.projects.custom_hooks import middleware
from tests.projects.custom_hooks.adapters import AsyncAdapter
from tests.projects.phones.adapter import outbox


def journal(request: HttpRequest) -> JsonResponse:
    """The calls of hooks so far, the loops of the server, and what was sent to people."""
    return JsonResponse(
        {
            "calls": [(name, id(loop)) for name, loop, _ in AsyncAdapter.calls],
            "server_loops": list({id(loop) for loop in middleware.loops}),
            "mails": [str(message.body) for message in getattr(mail, "outbox", [])],
            "texts": [message._asdict() for message in outbox],
        }
    )


def call_what_no_page_calls(request: HttpRequest) -> JsonResponse:
    """Call the hooks that are for other packages, the admin and stored keys."""
    adapter = get_adapter()
    adapter.stash_verified_email(request, "stashed@example.org")
    key = adapter.generate_emailconfirmation_key("stashed@example.org")
    return JsonResponse({"key": key, "fields": adapter.get_user_search_fields()})


def deactivate(request: HttpRequest, username: str) -> HttpResponse:
    """Switch an account off."""
    get_user_model().objects.filter(username=username).update(is_active=False)
    return HttpResponse(status=204)
