"""Logging out, and the account that is switched off."""

from __future__ import annotations

from tests.transcripts.player import PASSWORD, Player
from tests.transcripts.registry import scenarios_of

scenario = scenarios_of("logout")

LOGOUT = "account_logout"


@scenario
def asked_and_done(play: Player) -> None:
    """The page asks, and the visitor says yes."""
    play.be(play.make_user())
    play.get(LOGOUT)
    play.post(LOGOUT)


@scenario
def place_to_go_on(play: Player) -> None:
    """The visitor goes on elsewhere."""
    play.be(play.make_user())
    play.get(LOGOUT, next="/somewhere/")
    play.post(LOGOUT, {"next": "/somewhere/"})


@scenario
def visitor_who_is_not_logged_in(play: Player) -> None:
    """There is nobody to log out."""
    play.get(LOGOUT)
    play.post(LOGOUT)


@scenario
def without_asking(play: Player) -> None:
    """The site does not ask."""
    play.configure(LOGOUT_ON_GET=True)
    play.be(play.make_user())
    play.get(LOGOUT)


@scenario
def login_that_is_half_done(play: Player) -> None:
    """The visitor gives up a login that waits for a verification."""
    play.configure(EMAIL_VERIFICATION="mandatory")
    play.make_user(username="anna", verified=False)
    play.post("account_login", {"login": "anna", "password": PASSWORD})
    play.post(LOGOUT)


@scenario
def by_a_script(play: Player) -> None:
    """A script asks for the page, and logs out."""
    play.be(play.make_user())
    play.get(LOGOUT, script=True)
    play.post(LOGOUT, script=True)
    play.get(LOGOUT, script=True)


@scenario
def page_for_inactive_users(play: Player) -> None:
    """The page that says that an account is switched off."""
    play.get("account_inactive")
