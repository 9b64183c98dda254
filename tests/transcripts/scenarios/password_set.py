"""Setting a first password."""

from __future__ import annotations

from tests.support.pages import STRONG_PASSWORD
from tests.transcripts.player import Player
from tests.transcripts.registry import scenarios_of

scenario = scenarios_of("password_set")

SET = "account_set_password"
NEW = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}


@scenario
def done(play: Player) -> None:
    """A first password is set."""
    play.be(play.make_user(password=None))
    play.get(SET)
    play.post(SET, NEW)


@scenario
def with_notices(play: Player) -> None:
    """The site tells people by mail what happened."""
    play.configure(EMAIL_NOTIFICATIONS=True)
    play.be(play.make_user(password=None))
    play.post(SET, {**NEW, "next": "/somewhere/"})


@scenario
def invalid_form(play: Player) -> None:
    """The passwords are not the same."""
    play.be(play.make_user(password=None))
    play.post(SET, {**NEW, "password2": "other"})


@scenario
def somebody_with_a_password(play: Player) -> None:
    """There is one already, which can be changed."""
    play.be(play.make_user())
    play.get(SET)
    play.post(SET, NEW)


@scenario
def by_a_script(play: Player) -> None:
    """A script opens the page, and sets the password."""
    play.be(play.make_user(password=None))
    play.get(SET, script=True)
    play.post(SET, NEW, script=True)
