"""Changing a password."""

from __future__ import annotations

from tests.support.pages import STRONG_PASSWORD
from tests.transcripts.player import PASSWORD, Player
from tests.transcripts.registry import scenarios_of

scenario = scenarios_of("password_change")

CHANGE = "account_change_password"
NEW = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}
CHANGED = {"oldpassword": PASSWORD, **NEW}


@scenario
def done(play: Player) -> None:
    """The password is replaced."""
    play.be(play.make_user())
    play.get(CHANGE)
    play.post(CHANGE, CHANGED)


@scenario
def with_notices(play: Player) -> None:
    """The site tells people by mail what happened."""
    play.configure(EMAIL_NOTIFICATIONS=True)
    play.be(play.make_user())
    play.post(CHANGE, {**CHANGED, "next": "/somewhere/"})


@scenario
def invalid_form(play: Player) -> None:
    """The old password is wrong, and the new ones are not the same."""
    play.be(play.make_user())
    play.post(CHANGE)
    play.post(CHANGE, {**CHANGED, "oldpassword": "wrong"})
    play.post(CHANGE, {**CHANGED, "password2": "other"})
    play.post(CHANGE, {"oldpassword": PASSWORD, "password1": "short", "password2": "short"})


@scenario
def logged_out_by_it(play: Player) -> None:
    """The site logs people out who change their password."""
    play.configure(LOGOUT_ON_PASSWORD_CHANGE=True)
    play.be(play.make_user())
    play.post(CHANGE, CHANGED)


@scenario
def somebody_without_a_password(play: Player) -> None:
    """There is nothing to change, but one to set."""
    play.be(play.make_user(password=None))
    play.get(CHANGE)
    play.post(CHANGE, CHANGED)


@scenario
def page_for_visitors(play: Player) -> None:
    """Visitors are sent to the login."""
    play.get(CHANGE)


@scenario
def too_many_requests(play: Player) -> None:
    """The limit for the page is exceeded."""
    play.configure(RATE_LIMITS={"change_password": "1/m/user"})
    play.be(play.make_user())
    play.post(CHANGE)
    play.post(CHANGE)


@scenario
def by_a_script(play: Player) -> None:
    """A script opens the page, and changes the password wrongly and rightly."""
    play.be(play.make_user())
    play.get(CHANGE, script=True)
    play.post(CHANGE, {**CHANGED, "oldpassword": "wrong"}, script=True)
    play.post(CHANGE, CHANGED, script=True)
