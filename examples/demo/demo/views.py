"""The pages of the demo itself, asynchronous wherever they ask for the user."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from typing import Any, NamedTuple

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache

from allauth.account.authentication import aget_authentication_records
from allauth.account.decorators import reauthentication_required, verified_email_required
from allauth.account.models import EmailAddress
from allauth.account.utils import ahas_verified_email
from demo.models import Message, Phone
from demo.variants import VARIANTS

# A template may ask for the user or the session, which is work for the thread of the request.
arender = sync_to_async(render)


class Link(NamedTuple):
    """What the home page says about another page."""

    urlname: str
    title: str
    text: str


ENTRANCE = [
    Link("account_signup", "Sign up", "Make an account, and verify what you sign up with."),
    Link("account_login", "Sign in", "By password, or by your account at the library."),
    Link("account_request_login_code", "Sign in by code", "Without a password, once."),
    Link("account_reset_password", "Lost password", "Get a mail, and choose a new one."),
]
ACCOUNT = [
    Link("account_email", "Email addresses", "Add, verify, remove, or choose the primary one."),
    Link("account_change_phone", "Phone number", "Change it, and verify the new one."),
    Link("account_change_password", "Password", "Change it, or set a first one."),
    Link("socialaccount_connections", "Connections", "Which accounts elsewhere open this one."),
    Link("account_reauthenticate", "Confirm access", "Show once more that it is you."),
    Link("account_logout", "Sign out", "End this session."),
]
OWN_VIEWS = [
    Link("on_the_event_loop", "On the event loop", "Awaits the user and the awaitable helpers."),
    Link("members", "Members", "An async def view for those who verified an address."),
    Link("vault", "Vault", "An async def view that asks to confirm access first."),
    Link("mail", "Mail and text messages", "Everything the demo has sent."),
]


def add_variant(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the variant that is running."""
    return {"variant": settings.VARIANT}


def list_links(links: list[Link]) -> list[dict[str, str]]:
    """The pages that the variant has."""
    found = []
    for link in links:
        try:
            url = reverse(link.urlname)
        except NoReverseMatch:
            continue
        found.append({"url": url, "title": link.title, "text": link.text})
    return found


async def home(request: HttpRequest) -> HttpResponse:
    """Say who is signed in, and where everything is."""
    user = await request.auser()
    context: dict[str, Any] = {
        "entrance": list_links(ENTRANCE),
        "account": list_links(ACCOUNT),
        "own_views": list_links(OWN_VIEWS),
        "variants": VARIANTS,
        "settings": VARIANTS[settings.VARIANT].settings,
    }
    if user.is_authenticated:
        context["addresses"] = [
            address async for address in EmailAddress.objects.filter(user=user).order_by("email")
        ]
        context["phone"] = await Phone.objects.filter(user=user).afirst()
    return await arender(request, "demo/home.html", context)


async def on_the_event_loop(request: HttpRequest) -> HttpResponse:
    """Await what a synchronous view would just use."""
    user = await request.auser()
    context: dict[str, Any] = {
        "loop": type(asyncio.get_running_loop()).__name__,
        "thread": threading.current_thread().name,
    }
    if user.is_authenticated:
        context["is_verified"], records = await asyncio.gather(
            ahas_verified_email(user), aget_authentication_records(request, user)
        )
        context["records"] = [
            {**record, "at": datetime.fromtimestamp(record["at"], UTC)} for record in records
        ]
    return await arender(request, "demo/on_the_event_loop.html", context)


@verified_email_required
async def members(request: HttpRequest) -> HttpResponse:
    """Open to those who have verified an address."""
    return await arender(request, "demo/members.html")


@reauthentication_required
async def vault(request: HttpRequest) -> HttpResponse:
    """Open to those who have just shown that they are present."""
    return await arender(request, "demo/vault.html")


@never_cache
def mail(request: HttpRequest) -> HttpResponse:
    """Show the messages that were sent, or forget them."""
    if request.method == "POST":
        Message.objects.all().delete()
        return HttpResponseRedirect(reverse("mail"))
    return render(request, "demo/mail.html", {"sent": Message.objects.all()[:50]})
