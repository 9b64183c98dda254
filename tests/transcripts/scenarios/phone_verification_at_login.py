"""Verifying a phone number at sign-up and login."""

from __future__ import annotations

from typing import Any

from tests.support.mails import make_wrong
from tests.support.pages import STRONG_PASSWORD
from tests.transcripts.player import PASSWORD, Player
from tests.transcripts.registry import scenarios_of

scenario = scenarios_of("phone_verification_at_login")

LOGIN, SIGNUP = "account_login", "account_signup"
VERIFY = "account_verify_phone"
PHONE, OTHER, TAKEN = "+31612345678", "+31687654321", "+31600000000"
ANNA: dict[str, Any] = {
    "username": "anna",
    "phone": PHONE,
    "password1": STRONG_PASSWORD,
    "password2": STRONG_PASSWORD,
}


def sign_up(play: Player, **values: Any) -> None:
    """Sign up with a phone number."""
    play.use_phones(**values)
    play.post(SIGNUP, ANNA)


def log_in(play: Player, **values: Any) -> Any:
    """Log in as somebody whose number is to be verified."""
    play.use_phones(**values)
    user = play.make_user(username="anna", phone=PHONE, verified=False)
    play.post(LOGIN, {"login": "anna", "password": PASSWORD, "next": "/somewhere/"})
    return user


def wrong_code(play: Player) -> dict[str, str]:
    """Return the fields for another code than the one in the last text message."""
    return {"code": make_wrong(play.sms_code)}


@scenario
def right_code_after_signup(play: Player) -> None:
    """The code completes the sign-up, once."""
    sign_up(play)
    play.follow()
    play.get(SIGNUP)
    play.post(VERIFY, {"code": play.sms_code})
    play.post(VERIFY, {"code": play.sms_code})


@scenario
def right_code_at_login(play: Player) -> None:
    """The code completes the login."""
    log_in(play)
    play.follow()
    play.post(VERIFY, {"code": play.sms_code})


@scenario
def number_is_optional(play: Player) -> None:
    """The number is left out, which is allowed."""
    play.use_phones(SIGNUP_FIELDS=["username*", "phone", "password1*", "password2*"])
    play.post(SIGNUP, {**ANNA, "phone": ""})


@scenario
def number_is_not_verified(play: Player) -> None:
    """The site verifies no numbers."""
    sign_up(play, PHONE_VERIFICATION_ENABLED=False)


@scenario
def invalid_number(play: Player) -> None:
    """What is typed in is no number."""
    play.use_phones()
    play.post(SIGNUP, {**ANNA, "phone": "12345"})


@scenario
def address_is_verified_as_well(play: Player) -> None:
    """First the code for the number, then the one for the address."""
    play.use_phones(
        SIGNUP_FIELDS=["username*", "email*", "phone*", "password1*", "password2*"],
        EMAIL_VERIFICATION="mandatory",
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
    )
    play.post(SIGNUP, {**ANNA, "email": "anna@example.org"})
    play.follow()
    first = play.location if "Location" in play.response else play.response.wsgi_request.path
    code = play.sms_code if first.startswith("/accounts/phone/") else play.code
    play.post(first, {"code": code})
    play.follow()


@scenario
def wrong_codes(play: Player) -> None:
    """The last wrong code ends the sign-up, and the right one comes too late."""
    sign_up(play)
    play.post(VERIFY)
    for _ in range(2):
        play.post(VERIFY, wrong_code(play))
    play.post(VERIFY, {"code": play.sms_code})


@scenario
def expired_code(play: Player) -> None:
    """The code is typed in too late."""
    log_in(play, PHONE_VERIFICATION_TIMEOUT=60)
    play.wait(61)
    play.post(VERIFY, {"code": play.sms_code})


@scenario
def none_is_pending(play: Player) -> None:
    """No code is on its way."""
    play.use_phones()
    play.get(VERIFY)
    play.post(VERIFY, {"code": "BCDF-GHJK"})


@scenario
def sent_again(play: Player) -> None:
    """Another code is sent, as often as the site allows."""
    sign_up(play, PHONE_VERIFICATION_SUPPORTS_RESEND=1)
    play.get(VERIFY)
    play.wait(31)
    play.post(VERIFY, {"action": "resend"})
    play.get(VERIFY)
    play.post(VERIFY, {"action": "resend"})
    play.post(VERIFY, {"code": play.sms_code})


@scenario
def sent_again_too_soon(play: Player) -> None:
    """The limit for such messages says no."""
    sign_up(play, PHONE_VERIFICATION_SUPPORTS_RESEND=True)
    play.post(VERIFY, {"action": "resend"})
    play.follow()


@scenario
def corrected_at_signup(play: Player) -> None:
    """The visitor made a mistake in the number."""
    sign_up(play, PHONE_VERIFICATION_SUPPORTS_CHANGE=True, RATE_LIMITS=False)
    play.get(VERIFY)
    play.post(VERIFY, {"action": "change", "phone": "12345"})
    play.post(VERIFY, {"action": "change", "phone": PHONE})
    play.post(VERIFY, {"action": "change", "phone": OTHER})
    play.get(VERIFY)
    play.post(VERIFY, {"code": play.sms_code})


@scenario
def corrected_to_a_number_that_is_taken(play: Player) -> None:
    """The owner of the number is told by a text message."""
    sign_up(play, PHONE_VERIFICATION_SUPPORTS_CHANGE=True, RATE_LIMITS=False)
    play.make_user(username="owner", phone=TAKEN)
    play.post(VERIFY, {"action": "change", "phone": TAKEN})
    play.get(VERIFY)


@scenario
def corrected_at_login(play: Player) -> None:
    """A number that was there before this login is not corrected like that."""
    log_in(play, PHONE_VERIFICATION_SUPPORTS_CHANGE=True, RATE_LIMITS=False)
    play.get(VERIFY)
    play.post(VERIFY, {"action": "change", "phone": OTHER})


@scenario
def number_that_somebody_else_verified_meanwhile(play: Player) -> None:
    """The code is right, but the number belongs to another account by now."""
    user = log_in(play)
    user.phone.delete()
    play.make_user(username="owner", phone=PHONE)
    play.post(VERIFY, {"code": play.sms_code})


@scenario
def by_a_script(play: Player) -> None:
    """A script signs up; the page of the code answers it like anybody else."""
    play.use_phones()
    play.post(SIGNUP, ANNA, script=True)
    play.post(VERIFY, {"code": play.sms_code}, script=True)
