"""Changing a phone number, and verifying it while logged in."""

from __future__ import annotations

from typing import Any

from tests.support.mails import make_wrong
from tests.transcripts.player import Player
from tests.transcripts.registry import scenarios_of

scenario = scenarios_of("phone_change")

VERIFY, CHANGE = "account_verify_phone", "account_change_phone"
PHONE, OTHER, TAKEN = "+31612345678", "+31687654321", "+31600000000"


def be_anna(play: Player, verified: bool = True, **values: Any) -> None:
    """Be somebody with a number."""
    play.use_phones(**values)
    play.be(play.make_user(username="anna", phone=PHONE, verified=verified))


def wrong_code(play: Player) -> dict[str, str]:
    """Return the fields for another code than the one in the last text message."""
    return {"code": make_wrong(play.sms_code)}


@scenario
def done(play: Player) -> None:
    """Another number takes the place of the first, once its code is typed in."""
    be_anna(play)
    play.get(CHANGE)
    play.post(CHANGE, {"phone": OTHER})
    play.follow()
    play.post(VERIFY, {"code": play.sms_code})
    play.follow()


@scenario
def first_number(play: Player) -> None:
    """There was no number before."""
    play.use_phones()
    play.be(play.make_user())
    play.get(CHANGE)
    play.post(CHANGE, {"phone": OTHER})
    play.post(VERIFY, {"code": play.sms_code})


@scenario
def number_that_is_there_is_verified(play: Player) -> None:
    """A code is sent to the number that there is."""
    be_anna(play, verified=False)
    play.get(CHANGE)
    play.post(CHANGE, {"action": "verify"})
    play.post(VERIFY, {"code": play.sms_code})


@scenario
def invalid_number(play: Player) -> None:
    """The number is none, or the one that is there, or taken."""
    be_anna(play, RATE_LIMITS=False)
    play.make_user(username="owner", phone=TAKEN)
    for number in ("12345", PHONE, TAKEN, ""):
        play.post(CHANGE, {"phone": number})


@scenario
def number_of_somebody_else_and_no_secrecy(play: Player) -> None:
    """The site says that the number is taken."""
    be_anna(play, PREVENT_ENUMERATION=False)
    play.make_user(username="owner", phone=TAKEN)
    play.post(CHANGE, {"phone": TAKEN})


@scenario
def wrong_codes(play: Player) -> None:
    """The last wrong code leads back to the form."""
    be_anna(play)
    play.post(CHANGE, {"phone": OTHER})
    for _ in range(3):
        play.post(VERIFY, wrong_code(play))
    play.post(VERIFY, {"code": play.sms_code})


@scenario
def expired_code(play: Player) -> None:
    """The code is typed in too late."""
    be_anna(play)
    play.post(CHANGE, {"phone": OTHER})
    play.wait(901)
    play.post(VERIFY, {"code": play.sms_code})


@scenario
def sent_again(play: Player) -> None:
    """Another code is sent."""
    be_anna(play, PHONE_VERIFICATION_SUPPORTS_RESEND=True)
    play.post(CHANGE, {"phone": OTHER})
    play.get(VERIFY)
    play.wait(31)
    play.post(VERIFY, {"action": "resend"})
    play.post(VERIFY, {"code": play.sms_code})


@scenario
def none_is_pending(play: Player) -> None:
    """No code is on its way."""
    be_anna(play)
    play.get(VERIFY)
    play.post(VERIFY, {"code": "BCDF-GHJK"})


@scenario
def page_for_visitors(play: Player) -> None:
    """Visitors are sent to the login."""
    play.use_phones()
    play.get(CHANGE)
    play.post(CHANGE, {"phone": OTHER})


@scenario
def reauthentication_is_required(play: Player) -> None:
    """Whoever logged in long ago has to prove to be present."""
    be_anna(play, REAUTHENTICATION_REQUIRED=True)
    play.post(CHANGE, {"phone": OTHER})


@scenario
def too_many_requests(play: Player) -> None:
    """The limits for the page, and for text messages, are exceeded."""
    be_anna(play, RATE_LIMITS={"verify_phone": "1/30s/key", "change_phone": "2/m/user"})
    for _ in range(3):
        play.post(CHANGE, {"phone": OTHER})
