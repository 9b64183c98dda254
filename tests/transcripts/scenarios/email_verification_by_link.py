"""Verifying an address by a link."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from tests.support.pages import STRONG_PASSWORD
from tests.transcripts.player import Player
from tests.transcripts.registry import scenarios_of

scenario = scenarios_of("email_verification_by_link")

LOGIN, SIGNUP, EMAIL = "account_login", "account_signup", "account_email"
PAGE = "account_email_verification_sent"
ANNA: dict[str, Any] = {
    "username": "anna",
    "email": "anna@example.org",
    "password1": STRONG_PASSWORD,
    "password2": STRONG_PASSWORD,
}


def get_link_after_signup(play: Player, **values: Any) -> str:
    """Sign up, and return the link that was mailed."""
    play.configure(EMAIL_VERIFICATION="mandatory", **values)
    play.post(SIGNUP, ANNA)
    return play.link


@scenario
def page_after_the_mail_was_sent(play: Player) -> None:
    """The page says where to look."""
    play.get(PAGE)


@scenario
def after_signup(play: Player) -> None:
    """The link is opened and confirmed, and the visitor logs in."""
    link = get_link_after_signup(play)
    play.get(link)
    play.post(link)
    play.post(LOGIN, {"login": "anna", "password": STRONG_PASSWORD})


@scenario
def used_twice(play: Player) -> None:
    """The link is opened and confirmed once more."""
    link = get_link_after_signup(play)
    play.post(link)
    play.get(link)
    play.post(link)


@scenario
def login_on_verification(play: Player) -> None:
    """Whoever signed up in this browser is let in by the link."""
    link = get_link_after_signup(play, LOGIN_ON_EMAIL_CONFIRMATION=True)
    play.post(link)


@scenario
def login_on_verification_in_another_browser(play: Player) -> None:
    """Whoever opens the link elsewhere has to log in."""
    link = get_link_after_signup(play, LOGIN_ON_EMAIL_CONFIRMATION=True)
    play.use_other_browser()
    play.post(link)


@scenario
def as_the_link_is_opened(play: Player) -> None:
    """The site does not ask whether to verify the address."""
    link = get_link_after_signup(play, CONFIRM_EMAIL_ON_GET=True)
    play.get(link)


@scenario
def while_logged_in(play: Player) -> None:
    """The user adds an address and opens the link, with a place to go on to."""
    play.be(play.make_user(username="anna"))
    play.post(EMAIL, {"action_add": "", "email": "new@example.org"})
    play.get(play.link, next="/somewhere/")
    play.post(play.link, {"next": "/somewhere/"})


@scenario
def while_logged_in_where_the_site_says_where_to_go(play: Player) -> None:
    """The site has a place where those go who are logged in."""
    play.configure(EMAIL_CONFIRMATION_AUTHENTICATED_REDIRECT_URL="/verified/")
    play.be(play.make_user(username="anna"))
    play.post(EMAIL, {"action_add": "", "email": "new@example.org"})
    play.post(play.link)


@scenario
def while_logged_in_as_somebody_else(play: Player) -> None:
    """The session of the other user ends."""
    link = get_link_after_signup(play)
    play.be(play.make_user(username="bert"))
    play.post(link)


@scenario
def key_that_is_wrong(play: Player) -> None:
    """The key is made up."""
    play.get("account_email_verification_sent")
    play.get("/accounts/confirm-email/made-up/")
    play.post("/accounts/confirm-email/made-up/")
    play.get("/accounts/confirm-email/made-up/", script=True)


@scenario
def key_that_is_expired(play: Player) -> None:
    """The link is opened too late."""
    link = get_link_after_signup(play)
    play.wait(4 * 24 * 3600)
    play.get(link)
    play.post(link)


@scenario
def key_that_is_stored(play: Player) -> None:
    """The keys are stored in the database, in place of being signed."""
    link = get_link_after_signup(play, EMAIL_CONFIRMATION_HMAC=False)
    play.get(link)
    play.post(link)


@scenario
def address_that_somebody_else_verified_meanwhile(play: Player) -> None:
    """The address belongs to another account by now."""
    link = get_link_after_signup(play)
    play.make_user(username="owner", email="anna@example.org")
    play.get(link)
    play.post(link)


@scenario
def replaces_the_unverified_of_others(play: Player) -> None:
    """Others had claimed the address without having verified it."""
    link = get_link_after_signup(play)
    play.make_user(username="claimant", email="anna@example.org", verified=False)
    play.post(link)


@scenario
def with_notices(play: Player) -> None:
    """The site tells people by mail what happened."""
    play.configure(EMAIL_NOTIFICATIONS=True)
    user = play.make_user(username="anna")
    EmailAddress.objects.create(user=user, email="new@example.org")
    play.be(user)
    play.post(EMAIL, {"action_send": "", "email": "new@example.org"})
    play.post(play.link)


@scenario
def by_a_script(play: Player) -> None:
    """A script looks at the link, and confirms it."""
    link = get_link_after_signup(play)
    play.get(link, script=True)
    play.post(link, script=True)
