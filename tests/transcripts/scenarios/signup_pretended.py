"""Sign-ups with what somebody else has, which look like those that make an account."""

from __future__ import annotations

from typing import Any

from tests.support.pages import STRONG_PASSWORD
from tests.transcripts.player import Player
from tests.transcripts.registry import scenarios_of

scenario = scenarios_of("signup_pretended")

SIGNUP = "account_signup"
CODE_PAGE = "account_email_verification_sent"
PHONE_PAGE = "account_verify_phone"
TAKEN, FREE = "taken@example.org", "free@example.org"
TAKEN_PHONE, FREE_PHONE = "+31612345678", "+31687654321"
PASSWORDS = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}
ANNA: dict[str, Any] = {"username": "anna", "email": TAKEN, **PASSWORDS}
PHONE_ANNA: dict[str, Any] = {"username": "anna", "phone": TAKEN_PHONE, **PASSWORDS}


def verify_by_code(play: Player) -> None:
    """Have addresses verified by codes, and corrected during the sign-up."""
    play.configure(
        EMAIL_VERIFICATION="mandatory",
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
        EMAIL_VERIFICATION_SUPPORTS_CHANGE=True,
        EMAIL_VERIFICATION_SUPPORTS_RESEND=True,
        SIGNUP_FIELDS=["username*", "email*", "password1*", "password2*"],
        RATE_LIMITS=False,
    )
    play.make_user(username="owner", email=TAKEN)


def verify_phones(play: Player) -> None:
    """Have phone numbers verified, and corrected during the sign-up."""
    play.use_phones(
        PHONE_VERIFICATION_SUPPORTS_CHANGE=True,
        PHONE_VERIFICATION_SUPPORTS_RESEND=True,
        RATE_LIMITS=False,
    )
    play.make_user(username="owner", phone=TAKEN_PHONE)


@scenario
def by_link(play: Player) -> None:
    """The owner of the address is told by mail; the visitor sees what everybody sees."""
    play.configure(EMAIL_VERIFICATION="mandatory")
    play.make_user(username="owner", email=TAKEN)
    play.post(SIGNUP, ANNA)
    play.follow()


@scenario
def where_verification_is_optional(play: Player) -> None:
    """Without mandatory verification there is nothing to hide behind."""
    play.make_user(username="owner", email=TAKEN)
    play.post(SIGNUP, ANNA)


@scenario
def where_verification_is_optional_and_secrecy_strict(play: Player) -> None:
    """The site rather has an address claimed twice than say that it is taken."""
    play.configure(PREVENT_ENUMERATION="strict")
    play.make_user(username="owner", email=TAKEN)
    play.post(SIGNUP, ANNA)


@scenario
def by_code(play: Player) -> None:
    """The page takes codes, none of which is right."""
    verify_by_code(play)
    play.post(SIGNUP, ANNA)
    play.follow()
    play.post(CODE_PAGE, {"action": "resend"})
    for _ in range(3):
        play.post(CODE_PAGE, {"code": "BCDF-GHJK"})


@scenario
def address_is_corrected(play: Player) -> None:
    """The account is made once the address is one that is free."""
    verify_by_code(play)
    play.post(SIGNUP, {**ANNA, "next": "/somewhere/"})
    play.post(CODE_PAGE, {"action": "change", "email": FREE})
    play.get(CODE_PAGE)
    play.post(CODE_PAGE, {"code": play.code})


@scenario
def address_is_corrected_to_one_that_is_taken(play: Player) -> None:
    """The sign-up goes on being pretended."""
    verify_by_code(play)
    play.make_user(username="other", email="other@example.org")
    play.post(SIGNUP, ANNA)
    play.post(CODE_PAGE, {"action": "change", "email": "other@example.org"})
    play.get(CODE_PAGE)


@scenario
def real_one_is_corrected_to_an_address_that_is_taken(play: Player) -> None:
    """The account that was made stays, and the owner of the address is told."""
    verify_by_code(play)
    play.post(SIGNUP, {**ANNA, "email": FREE})
    play.post(CODE_PAGE, {"action": "change", "email": TAKEN})
    play.get(CODE_PAGE)


@scenario
def by_phone(play: Player) -> None:
    """The owner of the number is told by a text message."""
    verify_phones(play)
    play.post(SIGNUP, PHONE_ANNA)
    play.follow()
    play.post(PHONE_PAGE, {"action": "resend"})
    play.post(PHONE_PAGE, {"code": "BCDF-GHJK"})


@scenario
def number_is_corrected(play: Player) -> None:
    """The account is made once the number is one that is free."""
    verify_phones(play)
    play.post(SIGNUP, PHONE_ANNA)
    play.post(PHONE_PAGE, {"action": "change", "phone": FREE_PHONE})
    play.get(PHONE_PAGE)
    play.post(PHONE_PAGE, {"code": play.sms_code})


@scenario
def by_a_script(play: Player) -> None:
    """A script is told what it is told about an account that was made."""
    play.configure(EMAIL_VERIFICATION="mandatory")
    play.make_user(username="owner", email=TAKEN)
    play.post(SIGNUP, ANNA, script=True)
