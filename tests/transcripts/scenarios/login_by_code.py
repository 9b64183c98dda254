"""Logging in by a code, because the visitor wants to or the site requires it."""

from __future__ import annotations

from typing import Any

from tests.transcripts.player import PASSWORD, Player
from tests.transcripts.registry import scenarios_of

asked_for = scenarios_of("login_by_code_asked_for")
required = scenarios_of("login_by_code_required")

LOGIN, REQUEST, CONFIRM = (
    "account_login",
    "account_request_login_code",
    "account_confirm_login_code",
)
ADDRESS = "anna@example.org"


def ask(play: Player, **values: Any) -> None:
    """Ask for a code."""
    play.configure(LOGIN_BY_CODE_ENABLED=True, **values)
    play.make_user(username="anna")
    play.post(REQUEST, {"email": ADDRESS})


def log_in(play: Player, **values: Any) -> None:
    """Log in with a password on a site that requires a code as well."""
    play.configure(LOGIN_BY_CODE_REQUIRED=True, **values)
    play.make_user(username="anna")
    play.post(LOGIN, {"login": "anna", "password": PASSWORD})


@asked_for
def page(play: Player) -> None:
    """The page is opened, by a visitor and by a user."""
    play.configure(LOGIN_BY_CODE_ENABLED=True)
    play.get(REQUEST, next="/somewhere/")
    play.be(play.make_user())
    play.get(REQUEST)


@asked_for
def right_code(play: Player) -> None:
    """The code logs in, once."""
    ask(play)
    play.follow()
    play.get(LOGIN)
    play.post(CONFIRM, {"code": play.code})
    play.post(CONFIRM, {"code": play.code})


@asked_for
def place_to_go_on(play: Player) -> None:
    """The visitor wants to go on elsewhere."""
    play.configure(LOGIN_BY_CODE_ENABLED=True)
    play.make_user(username="anna")
    play.post(REQUEST, {"email": ADDRESS, "next": "/somewhere/"})
    play.post(play.location, {"code": play.code})


@asked_for
def unverified_address(play: Player) -> None:
    """The code verifies the address too."""
    play.configure(LOGIN_BY_CODE_ENABLED=True, EMAIL_VERIFICATION="mandatory")
    play.make_user(username="anna", verified=False)
    play.post(REQUEST, {"email": ADDRESS})
    play.post(CONFIRM, {"code": play.code})


@asked_for
def wrong_codes(play: Player) -> None:
    """The last wrong code ends the login, and the right one comes too late."""
    ask(play)
    play.post(CONFIRM)
    for _ in range(2):
        play.post(CONFIRM, {"code": play.wrong_code})
    play.post(CONFIRM, {"code": play.code})


@asked_for
def expired_code(play: Player) -> None:
    """The code is typed in too late."""
    ask(play)
    play.wait(181)
    play.post(CONFIRM, {"code": play.code})


@asked_for
def none_is_pending(play: Player) -> None:
    """No code is on its way, or the visitor is logged in."""
    play.configure(LOGIN_BY_CODE_ENABLED=True)
    play.get(CONFIRM)
    play.post(CONFIRM, {"code": "BCDF-GHJK"})
    play.be(play.make_user())
    play.get(CONFIRM)


@asked_for
def unknown_address(play: Player) -> None:
    """Nobody has the address, which its owner is told; no code is right."""
    play.configure(LOGIN_BY_CODE_ENABLED=True)
    play.post(REQUEST, {"email": "nobody@example.org"})
    play.follow()
    for _ in range(3):
        play.post(CONFIRM, {"code": "BCDF-GHJK"})


@asked_for
def unknown_address_and_no_secrecy(play: Player) -> None:
    """The site says that there is no such account."""
    play.configure(LOGIN_BY_CODE_ENABLED=True, PREVENT_ENUMERATION=False)
    play.post(REQUEST, {"email": "nobody@example.org"})


@asked_for
def invalid_address(play: Player) -> None:
    """What is typed in is no address."""
    play.configure(LOGIN_BY_CODE_ENABLED=True)
    play.post(REQUEST, {"email": "no address"})
    play.post(REQUEST)


@asked_for
def inactive_user(play: Player) -> None:
    """The account is switched off."""
    play.configure(LOGIN_BY_CODE_ENABLED=True)
    play.make_user(username="anna", is_active=False)
    play.post(REQUEST, {"email": ADDRESS})
    play.post(CONFIRM, {"code": "BCDF-GHJK"})


@asked_for
def sent_again(play: Player) -> None:
    """Another code is sent, as often as the site allows."""
    ask(play, LOGIN_BY_CODE_SUPPORTS_RESEND=1)
    play.get(CONFIRM)
    play.post(CONFIRM, {"action": "resend"})
    play.get(CONFIRM)
    play.post(CONFIRM, {"action": "resend"})
    play.post(CONFIRM, {"code": play.code})


@asked_for
def given_up(play: Player) -> None:
    """The visitor logs out in the middle of it."""
    ask(play)
    play.post("account_logout", {"next": "/somewhere/"})
    play.post(CONFIRM, {"code": play.code})


@asked_for
def too_many_mails(play: Player) -> None:
    """The limit for such mails is exceeded."""
    play.configure(LOGIN_BY_CODE_ENABLED=True, RATE_LIMITS={"request_login_code": "1/m/key"})
    play.make_user(username="anna")
    play.post(REQUEST, {"email": ADDRESS})
    play.use_other_browser()
    play.post(REQUEST, {"email": ADDRESS})


@asked_for
def by_phone(play: Player) -> None:
    """The code is sent by a text message."""
    play.use_phones(
        LOGIN_BY_CODE_ENABLED=True,
        LOGIN_METHODS={"phone"},
        SIGNUP_FIELDS=["phone*"],
    )
    play.make_user(username="anna", phone="+31612345678")
    play.get(REQUEST)
    play.post(REQUEST, {"phone": "+31612345678"})
    play.get(CONFIRM)
    play.post(CONFIRM, {"code": play.sms_code})
    play.use_other_browser()
    play.post(REQUEST, {"phone": "+31687654321"})


@asked_for
def by_phone_or_address(play: Player) -> None:
    """The visitor chooses where the code goes."""
    play.use_phones(LOGIN_BY_CODE_ENABLED=True, LOGIN_METHODS={"phone", "email"})
    play.make_user(username="anna", phone="+31612345678")
    play.get(REQUEST)
    play.post(REQUEST, {"email": ADDRESS})
    play.use_other_browser()
    play.post(REQUEST, {"email": ADDRESS, "phone": "+31612345678"})


@asked_for
def by_a_script(play: Player) -> None:
    """The pages answer scripts like anybody else."""
    play.configure(LOGIN_BY_CODE_ENABLED=True)
    play.make_user(username="anna")
    play.get(REQUEST, script=True)
    play.post(REQUEST, {"email": ADDRESS}, script=True)
    play.post(CONFIRM, {"code": play.code}, script=True)


@required
def right_code_after_the_password(play: Player) -> None:
    """The password is right, and then the code."""
    log_in(play)
    play.follow()
    play.post(CONFIRM, {"code": play.code})


@required
def wrong_codes_after_the_password(play: Player) -> None:
    """The last wrong code ends the login."""
    log_in(play)
    for _ in range(3):
        play.post(CONFIRM, {"code": play.wrong_code})


@required
def expired_code_after_the_password(play: Player) -> None:
    """The code is typed in too late."""
    log_in(play)
    play.wait(181)
    play.get(CONFIRM)


@required
def sent_again_after_the_password(play: Player) -> None:
    """Another code is sent, as often as the site allows."""
    log_in(play, LOGIN_BY_CODE_SUPPORTS_RESEND=True)
    play.get(CONFIRM)
    play.post(CONFIRM, {"action": "resend"})
    play.post(CONFIRM, {"code": play.code})


@required
def after_the_password_by_a_script(play: Player) -> None:
    """A script logs in."""
    play.configure(LOGIN_BY_CODE_REQUIRED=True)
    play.make_user(username="anna")
    play.post(LOGIN, {"login": "anna", "password": PASSWORD}, script=True)


@required
def not_after_this_method(play: Player) -> None:
    """The site requires codes after logins by providers only."""
    play.configure(LOGIN_BY_CODE_REQUIRED={"socialaccount"})
    play.make_user(username="anna")
    play.post(LOGIN, {"login": "anna", "password": PASSWORD})


@required
def unverified_address_after_the_password(play: Player) -> None:
    """The address is not verified yet, and one code does for both."""
    play.configure(
        LOGIN_BY_CODE_REQUIRED=True,
        EMAIL_VERIFICATION="mandatory",
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
        RATE_LIMITS=False,
    )
    play.make_user(username="anna", verified=False)
    play.post(LOGIN, {"login": "anna", "password": PASSWORD})
    play.follow()
    play.post(CONFIRM, {"code": play.code})
