"""Replacing a lost password by a link."""

from __future__ import annotations

from django.urls import reverse

from tests.support.pages import STRONG_PASSWORD
from tests.transcripts.player import Player
from tests.transcripts.registry import scenarios_of

scenario = scenarios_of("password_reset_by_link")

RESET = "account_reset_password"
NEW = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}
ADDRESS = "anna@example.org"


def open_link(play: Player, verified: bool = True) -> None:
    """Ask for the link and open it, up to the page that takes the new password."""
    play.make_user(username="anna", verified=verified)
    play.post(RESET, {"email": ADDRESS})
    play.get(play.link)


@scenario
def link_is_asked_for(play: Player) -> None:
    """The link is sent, and a page says where to look."""
    play.make_user(username="anna")
    play.get(RESET)
    play.post(RESET, {"email": ADDRESS})
    play.follow()


@scenario
def link_is_asked_for_with_a_place_to_go_on(play: Player) -> None:
    """The visitor wants to go on elsewhere."""
    play.make_user(username="anna")
    play.get(RESET, next="/somewhere/")
    play.post(RESET, {"email": ADDRESS, "next": "/somewhere/"})


@scenario
def unknown_address(play: Player) -> None:
    """Nobody has the address, which its owner is told by mail."""
    play.post(RESET, {"email": "nobody@example.org"})


@scenario
def unknown_address_without_a_mail(play: Player) -> None:
    """The site mails nothing to those who have no account."""
    play.configure(EMAIL_UNKNOWN_ACCOUNTS=False)
    play.post(RESET, {"email": "nobody@example.org"})


@scenario
def unknown_address_and_no_secrecy(play: Player) -> None:
    """The site says that there is no such account."""
    play.configure(PREVENT_ENUMERATION=False)
    play.post(RESET, {"email": "nobody@example.org"})


@scenario
def invalid_address(play: Player) -> None:
    """What is typed in is no address."""
    play.post(RESET, {"email": "no address"})
    play.post(RESET)


@scenario
def inactive_user(play: Player) -> None:
    """The account is switched off."""
    play.make_user(username="anna", is_active=False)
    play.post(RESET, {"email": ADDRESS})


@scenario
def done(play: Player) -> None:
    """The password is replaced, and the link does not work any more."""
    open_link(play)
    link = play.link
    page = play.location
    play.get(page)
    play.post(page, NEW)
    play.follow()
    play.get(link)
    play.post(page, NEW)


@scenario
def done_with_an_unverified_address(play: Player) -> None:
    """Whoever has the link has the address as well."""
    open_link(play, verified=False)
    play.post(play.location, NEW)


@scenario
def done_with_notices(play: Player) -> None:
    """The site tells people by mail what happened."""
    play.configure(EMAIL_NOTIFICATIONS=True)
    open_link(play)
    play.post(play.location, NEW)


@scenario
def done_and_logged_in(play: Player) -> None:
    """The site logs people in who replace their password."""
    play.configure(LOGIN_ON_PASSWORD_RESET=True)
    open_link(play)
    play.post(play.location, {**NEW, "next": "/somewhere/"})


@scenario
def done_and_logged_in_up_to_a_stage(play: Player) -> None:
    """The site logs people in, but the address has to be verified first."""
    play.configure(
        LOGIN_ON_PASSWORD_RESET=True, EMAIL_VERIFICATION="mandatory", LOGIN_METHODS={"username"}
    )
    open_link(play, verified=False)
    play.post(play.location, NEW)


@scenario
def done_while_logged_in_as_somebody_else(play: Player) -> None:
    """The session of the other user ends."""
    open_link(play)
    page = play.location
    play.be(play.make_user(username="bert"))
    play.get(play.link)
    play.post(page, NEW)


@scenario
def invalid_password(play: Player) -> None:
    """The passwords are not the same."""
    open_link(play)
    play.post(play.location, {**NEW, "password2": "other"})


@scenario
def invalid_key(play: Player) -> None:
    """The key is made up, or of nobody, or there is none in the session."""
    play.make_user(username="anna")
    for uid, key in (("1", "made-up"), ("zzz", "made-up"), ("1", "set-password")):
        page = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": key})
        play.get(page)
        play.post(page, NEW)


@scenario
def expired_key(play: Player) -> None:
    """The link is opened too late."""
    play.make_user(username="anna")
    play.post(RESET, {"email": ADDRESS})
    play.wait(4 * 24 * 3600)
    play.get(play.link)


@scenario
def pages_without_a_process(play: Player) -> None:
    """The pages that say what was done are open to all."""
    play.get("account_reset_password_done")
    play.get("account_reset_password_from_key_done")


@scenario
def too_many_mails(play: Player) -> None:
    """The limit for such mails is exceeded."""
    play.configure(RATE_LIMITS={"reset_password": "1/m/key"})
    play.make_user(username="anna")
    play.post(RESET, {"email": ADDRESS})
    play.post(RESET, {"email": ADDRESS})


@scenario
def too_many_requests(play: Player) -> None:
    """The limit for the page that takes the new password is exceeded."""
    play.configure(RATE_LIMITS={"reset_password_from_key": "1/m/ip"})
    open_link(play)
    page = play.location
    play.post(page, {**NEW, "password2": "other"})
    play.post(page, NEW)


@scenario
def by_a_script(play: Player) -> None:
    """A script asks for the link, and comes by it."""
    play.make_user(username="anna")
    play.get(RESET, script=True)
    play.post(RESET, {"email": "no address"}, script=True)
    play.post(RESET, {"email": ADDRESS}, script=True)
    play.get("/accounts/password/reset/key/1-made-up/", script=True)
    play.get(play.link, script=True)
    play.post(play.link, {**NEW, "password2": "other"}, script=True)
    play.post(play.link, NEW, script=True)
