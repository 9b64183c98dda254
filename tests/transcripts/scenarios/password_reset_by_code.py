"""Replacing a lost password by a code."""

from __future__ import annotations

from typing import Any

from tests.support.pages import STRONG_PASSWORD
from tests.transcripts.player import Player
from tests.transcripts.registry import scenarios_of

scenario = scenarios_of("password_reset_by_code")

RESET = "account_reset_password"
CONFIRM = "account_confirm_password_reset_code"
COMPLETE = "account_complete_password_reset"
NEW = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}
ADDRESS = "anna@example.org"


def ask(play: Player, verified: bool = True, **values: Any) -> None:
    """Ask for the code."""
    play.configure(PASSWORD_RESET_BY_CODE_ENABLED=True, **values)
    play.make_user(username="anna", verified=verified)
    play.post(RESET, {"email": ADDRESS})


@scenario
def done(play: Player) -> None:
    """The code is typed in, and the password replaced, once."""
    ask(play)
    play.follow()
    play.post(CONFIRM, {"code": play.code})
    play.get(CONFIRM)
    play.get(COMPLETE)
    play.post(COMPLETE, NEW)
    play.follow()
    play.post(COMPLETE, NEW)


@scenario
def place_to_go_on(play: Player) -> None:
    """The visitor wants to go on elsewhere."""
    play.configure(PASSWORD_RESET_BY_CODE_ENABLED=True)
    play.make_user(username="anna")
    play.post(RESET, {"email": ADDRESS, "next": "/somewhere/"})
    play.post(play.location, {"code": play.code})
    play.post(play.location, NEW)


@scenario
def done_and_logged_in(play: Player) -> None:
    """The site logs people in who replace their password."""
    ask(play, LOGIN_ON_PASSWORD_RESET=True)
    play.post(CONFIRM, {"code": play.code})
    play.post(COMPLETE, NEW)


@scenario
def done_with_an_unverified_address_and_notices(play: Player) -> None:
    """Whoever has the code has the address as well."""
    ask(play, verified=False, EMAIL_NOTIFICATIONS=True)
    play.post(CONFIRM, {"code": play.code})
    play.post(COMPLETE, NEW)


@scenario
def unknown_address(play: Player) -> None:
    """Nobody has the address, and no code is right."""
    play.configure(PASSWORD_RESET_BY_CODE_ENABLED=True)
    play.post(RESET, {"email": "nobody@example.org"})
    play.follow()
    for _ in range(3):
        play.post(CONFIRM, {"code": "BCDF-GHJK"})


@scenario
def wrong_codes(play: Player) -> None:
    """The last wrong code ends the process, and the right one comes too late."""
    ask(play)
    for _ in range(3):
        play.post(CONFIRM, {"code": play.wrong_code})
    play.post(CONFIRM, {"code": play.code})


@scenario
def expired_code(play: Player) -> None:
    """The code is typed in too late."""
    ask(play)
    play.wait(181)
    play.post(CONFIRM, {"code": play.code})


@scenario
def new_password_takes_too_long(play: Player) -> None:
    """The page for the new password is left open."""
    ask(play)
    play.post(CONFIRM, {"code": play.code})
    play.wait(181)
    play.post(COMPLETE, NEW)


@scenario
def invalid_password(play: Player) -> None:
    """The passwords are not the same."""
    ask(play)
    play.post(CONFIRM, {"code": play.code})
    play.post(COMPLETE, {**NEW, "password2": "other"})


@scenario
def none_is_pending(play: Player) -> None:
    """No code is on its way, or it was not typed in yet."""
    play.configure(PASSWORD_RESET_BY_CODE_ENABLED=True)
    play.get(CONFIRM)
    play.post(CONFIRM, {"code": "BCDF-GHJK"})
    play.get(COMPLETE)
    play.get("account_password_reset_completed")
    ask(play)
    play.get(COMPLETE)


@scenario
def by_a_script(play: Player) -> None:
    """The pages answer scripts like anybody else, but for the first."""
    play.configure(PASSWORD_RESET_BY_CODE_ENABLED=True)
    play.make_user(username="anna")
    play.post(RESET, {"email": ADDRESS}, script=True)
    play.post(CONFIRM, {"code": play.code}, script=True)
    play.post(COMPLETE, NEW, script=True)
