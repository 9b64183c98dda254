"""Verifying an address by a code."""

from __future__ import annotations

from typing import Any

from tests.support.pages import STRONG_PASSWORD
from tests.transcripts.player import PASSWORD, Player
from tests.transcripts.registry import scenarios_of

scenario = scenarios_of("email_verification_by_code")

LOGIN, SIGNUP, EMAIL = "account_login", "account_signup", "account_email"
PAGE = "account_email_verification_sent"
ANNA: dict[str, Any] = {
    "username": "anna",
    "email": "anna@example.org",
    "password1": STRONG_PASSWORD,
    "password2": STRONG_PASSWORD,
}


def log_in_until_code_is_due(play: Player, **values: Any) -> Any:
    """Log in as somebody whose address is to be verified by a code."""
    play.configure(
        EMAIL_VERIFICATION="mandatory", EMAIL_VERIFICATION_BY_CODE_ENABLED=True, **values
    )
    user = play.make_user(username="anna", verified=False)
    play.post(LOGIN, {"login": "anna", "password": PASSWORD, "next": "/somewhere/"})
    return user


@scenario
def none_is_pending(play: Player) -> None:
    """No code is on its way, to a visitor or a user."""
    play.configure(EMAIL_VERIFICATION="mandatory", EMAIL_VERIFICATION_BY_CODE_ENABLED=True)
    play.get(PAGE)
    play.post(PAGE, {"code": "BCDF-GHJK"})
    play.be(play.make_user())
    play.get(PAGE)


@scenario
def right_code_at_login(play: Player) -> None:
    """The code completes the login, once."""
    log_in_until_code_is_due(play)
    play.follow()
    play.post(PAGE, {"code": play.code})
    play.post(PAGE, {"code": play.code})


@scenario
def right_code_after_signup(play: Player) -> None:
    """The code completes the sign-up."""
    play.configure(EMAIL_VERIFICATION="mandatory", EMAIL_VERIFICATION_BY_CODE_ENABLED=True)
    play.post(SIGNUP, ANNA)
    play.get(PAGE)
    play.get(SIGNUP)
    play.post(PAGE, {"code": play.code})


@scenario
def wrong_codes(play: Player) -> None:
    """The last wrong code ends the login, and the right one comes too late."""
    log_in_until_code_is_due(play)
    code = play.code
    play.post(PAGE)
    for _ in range(2):
        play.post(PAGE, {"code": play.wrong_code})
    play.post(PAGE, {"code": code})


@scenario
def last_wrong_code_while_logged_in(play: Player) -> None:
    """The user is sent back to the addresses."""
    play.configure(
        EMAIL_VERIFICATION="mandatory",
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
        EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS=1,
    )
    play.be(play.make_user(username="anna"))
    play.post(EMAIL, {"action_add": "", "email": "new@example.org"})
    play.post(PAGE, {"code": play.wrong_code})


@scenario
def expired_code(play: Player) -> None:
    """The code is typed in too late."""
    log_in_until_code_is_due(play, EMAIL_VERIFICATION_BY_CODE_TIMEOUT=60)
    play.wait(61)
    play.post(PAGE, {"code": play.code})


@scenario
def expired_login(play: Player) -> None:
    """The login took too long as a whole."""
    log_in_until_code_is_due(play, LOGIN_TIMEOUT=60)
    play.wait(61)
    play.get(PAGE)


@scenario
def sent_again(play: Player) -> None:
    """Another code is sent, as often as the site allows."""
    log_in_until_code_is_due(
        play, EMAIL_VERIFICATION_SUPPORTS_RESEND=1, EMAIL_VERIFICATION_SUPPORTS_CHANGE=True
    )
    play.get(PAGE)
    play.wait(11)
    play.post(PAGE, {"action": "resend"})
    play.get(PAGE)
    play.post(PAGE, {"action": "resend"})
    play.post(PAGE, {"code": play.code})


@scenario
def sent_again_too_soon(play: Player) -> None:
    """The limit for such mails says no."""
    log_in_until_code_is_due(play, EMAIL_VERIFICATION_SUPPORTS_RESEND=True)
    play.post(PAGE, {"action": "resend"})


@scenario
def sent_again_where_that_is_off(play: Player) -> None:
    """The site sends one code only."""
    log_in_until_code_is_due(play)
    play.post(PAGE, {"action": "resend"})


@scenario
def corrected_at_signup(play: Player) -> None:
    """The visitor made a mistake in the address."""
    play.configure(
        EMAIL_VERIFICATION="mandatory",
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
        EMAIL_VERIFICATION_SUPPORTS_CHANGE=True,
        RATE_LIMITS=False,
    )
    play.post(SIGNUP, ANNA)
    play.get(PAGE)
    play.post(PAGE, {"action": "change", "email": "no address"})
    play.post(PAGE, {"action": "change", "email": "other@example.org"})
    play.get(PAGE)
    play.post(PAGE, {"code": play.code})


@scenario
def corrected_at_login(play: Player) -> None:
    """An address that was there before this login is not corrected like that."""
    log_in_until_code_is_due(play, EMAIL_VERIFICATION_SUPPORTS_CHANGE=True)
    play.get(PAGE)
    play.post(PAGE, {"action": "change", "email": "other@example.org"})


@scenario
def while_logged_in(play: Player) -> None:
    """A user verifies an address that was added, and goes on elsewhere."""
    play.configure(EMAIL_VERIFICATION="mandatory", EMAIL_VERIFICATION_BY_CODE_ENABLED=True)
    play.be(play.make_user(username="anna"))
    play.post(EMAIL, {"action_add": "", "email": "new@example.org"})
    play.get(PAGE, next="/somewhere/")
    play.post(PAGE, {"code": play.code, "next": "/somewhere/"})


@scenario
def address_that_somebody_else_verified_meanwhile(play: Player) -> None:
    """The code is right, but the address belongs to another account by now."""
    log_in_until_code_is_due(play)
    play.make_user(username="owner", email="anna@example.org")
    play.post(PAGE, {"code": play.code})


@scenario
def link_where_codes_are_used(play: Player) -> None:
    """There is no page for links."""
    play.configure(EMAIL_VERIFICATION="mandatory", EMAIL_VERIFICATION_BY_CODE_ENABLED=True)
    play.get("/accounts/confirm-email/made-up/")


@scenario
def by_a_script(play: Player) -> None:
    """The page answers scripts like anybody else."""
    log_in_until_code_is_due(play)
    play.get(PAGE, script=True)
    play.post(PAGE, {"code": play.wrong_code}, script=True)
    play.post(PAGE, {"code": play.code}, script=True)
