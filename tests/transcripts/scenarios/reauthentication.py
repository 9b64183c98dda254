"""Proving to be present, and what goes on afterwards."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from allauth.account.decorators import reauthentication_required
from allauth.account.models import EmailAddress
from tests.projects.custom_hooks.adapters import KeyRingAdapter
from tests.transcripts.player import PASSWORD, Player
from tests.transcripts.registry import scenarios_of

scenario = scenarios_of("reauthentication")

PAGE, EMAIL = "account_reauthenticate", "account_email"


@reauthentication_required
def guarded(request: HttpRequest) -> HttpResponse:
    """Says what it is asked to do."""
    return HttpResponse(f"{request.method} {sorted(request.POST)}")


def be_anna(play: Player) -> None:
    """Be somebody with two addresses, on a site that asks for the password again."""
    play.configure(REAUTHENTICATION_REQUIRED=True)
    user = play.make_user(username="anna")
    EmailAddress.objects.create(user=user, email="second@example.org", verified=True)
    play.be(user)


@scenario
def page(play: Player) -> None:
    """The page is opened, and the password is right."""
    play.be(play.make_user())
    play.get(PAGE)
    play.post(PAGE, {"password": PASSWORD})


@scenario
def place_to_go_on(play: Player) -> None:
    """The user wants to go on elsewhere, safely and not."""
    play.be(play.make_user())
    play.get(PAGE, next="/somewhere/")
    play.post(PAGE, {"password": PASSWORD, "next": "/somewhere/"})
    play.post(PAGE, {"password": PASSWORD, "next": "https://evil.example/"})


@scenario
def wrong_password(play: Player) -> None:
    """The password is wrong."""
    play.be(play.make_user())
    play.post(PAGE, {"password": "wrong"})
    play.post(PAGE)


@scenario
def page_for_visitors(play: Player) -> None:
    """Visitors are sent to the login."""
    play.get(PAGE)


@scenario
def suspended_post(play: Player) -> None:
    """The address is removed once the password is typed in."""
    be_anna(play)
    play.post(EMAIL, {"action_remove": "", "email": "second@example.org"})
    play.follow()
    play.post(PAGE, {"password": "wrong"})
    play.post(PAGE, {"password": PASSWORD})


@scenario
def suspended_post_of_a_form_that_adds(play: Player) -> None:
    """The address is added once the password is typed in, with its mail and its messages."""
    be_anna(play)
    play.post(EMAIL, {"action_add": "", "email": "new@example.org"})
    play.post(play.location, {"password": PASSWORD})


@scenario
def suspended_post_of_a_script(play: Player) -> None:
    """A script makes the address primary."""
    be_anna(play)
    play.post(EMAIL, {"action_primary": "", "email": "second@example.org"}, script=True)
    play.post(PAGE, {"password": PASSWORD}, script=True)


@scenario
def suspended_requests_of_the_project(play: Player) -> None:
    """A view of the project is guarded; a GET leads back to it, a POST is done."""
    play.route(path("guarded/", guarded, name="guarded"))
    play.be(play.make_user())
    play.get("guarded", page="2")
    play.post(play.location, {"password": PASSWORD})
    play.get("guarded")
    play.wait(301)
    play.post("guarded", {"number": "5"})
    play.post(play.location, {"password": PASSWORD})


@scenario
def guarded_view_for_visitors(play: Player) -> None:
    """A view of the project is guarded, and nobody is logged in."""
    play.route(path("guarded/", guarded, name="guarded"))
    play.get("guarded")


@scenario
def proof_lasts_for_its_time(play: Player) -> None:
    """A login is no proof, a reauthentication is until it gets old."""
    be_anna(play)
    play.post("account_logout")
    play.post("account_login", {"login": "anna", "password": PASSWORD})
    play.post(EMAIL, {"action_primary": "", "email": "second@example.org"})
    play.post(PAGE, {"password": PASSWORD})
    play.post(EMAIL, {"action_primary": "", "email": "anna@example.org"})
    play.wait(301)
    play.post(EMAIL, {"action_primary": "", "email": "second@example.org"})


@scenario
def user_without_a_method(play: Player) -> None:
    """The user has no password, hence no way to prove anything."""
    play.configure(REAUTHENTICATION_REQUIRED=True)
    play.be(play.make_user(password=None))
    play.get(PAGE)
    play.post(EMAIL, {"action_add": "", "email": "new@example.org"})


@scenario
def other_methods(play: Player) -> None:
    """The project knows other ways, which are offered, or come first."""
    play.use_adapter(KeyRingAdapter)
    play.be(play.make_user())
    play.get(PAGE, next="/somewhere/")
    play.be(play.make_user(password=None))
    play.get(PAGE, next="/somewhere/")


@scenario
def too_many_requests(play: Player) -> None:
    """The limit for the page is exceeded."""
    play.configure(RATE_LIMITS={"reauthenticate": "1/m/user"})
    play.be(play.make_user())
    play.post(PAGE, {"password": "wrong"})
    play.post(PAGE, {"password": PASSWORD})


@scenario
def too_many_failures(play: Player) -> None:
    """Wrong passwords count as failed logins."""
    play.configure(RATE_LIMITS={"login_failed": "1/m/key"})
    play.be(play.make_user())
    play.post(PAGE, {"password": "wrong"})
    play.post(PAGE, {"password": PASSWORD})


@scenario
def by_a_script(play: Player) -> None:
    """The page answers scripts like anybody else."""
    play.be(play.make_user())
    play.get(PAGE, script=True)
    play.post(PAGE, {"password": "wrong"}, script=True)
    play.post(PAGE, {"password": PASSWORD}, script=True)
