"""The page on which people manage their addresses."""

from __future__ import annotations

from typing import Any

from django.urls import path

from allauth.account.models import EmailAddress
from allauth.account.views import EmailView
from tests.transcripts.player import Player
from tests.transcripts.registry import scenarios_of

scenario = scenarios_of("email_management")

EMAIL = "account_email"
NEW, SECOND = "new@example.org", "second@example.org"


def be_anna(play: Player, verified: bool = True) -> Any:
    """Be somebody with one address."""
    user = play.make_user(username="anna", verified=verified)
    play.be(user)
    return user


def be_anna_with_second_address(play: Player, verified: bool = True) -> None:
    """Be somebody with two addresses, the first of which is primary and verified."""
    EmailAddress.objects.create(user=be_anna(play), email=SECOND, verified=verified)


@scenario
def page(play: Player) -> None:
    """The addresses are listed."""
    be_anna_with_second_address(play, verified=False)
    play.get(EMAIL)


@scenario
def page_without_addresses(play: Player) -> None:
    """There is no address."""
    play.be(play.make_user(email=""))
    play.get(EMAIL)


@scenario
def page_for_visitors(play: Player) -> None:
    """Visitors are sent to the login."""
    play.get(EMAIL)
    play.post(EMAIL, {"action_add": "", "email": NEW})


@scenario
def bare_prefix(play: Player) -> None:
    """The prefix of all pages leads to the login, and those who are logged in to this page."""
    play.get("/accounts/")
    be_anna(play)
    play.get("/accounts/")
    play.post("/accounts/")


@scenario
def added(play: Player) -> None:
    """An address is added."""
    be_anna(play)
    play.post(EMAIL, {"action_add": "", "email": NEW})
    play.follow()


@scenario
def added_where_nothing_is_verified(play: Player) -> None:
    """An address is added on a site that verifies none."""
    play.configure(EMAIL_VERIFICATION="none")
    be_anna(play)
    play.post(EMAIL, {"action_add": "", "email": NEW})


@scenario
def added_with_notices(play: Player) -> None:
    """An address is added on a site that tells people by mail what happened."""
    play.configure(EMAIL_NOTIFICATIONS=True)
    be_anna(play)
    play.post(EMAIL, {"action_add": "", "email": NEW})


@scenario
def added_in_vain(play: Player) -> None:
    """The address is none, or there already."""
    be_anna(play)
    play.post(EMAIL, {"action_add": "", "email": "no address"})
    play.post(EMAIL, {"action_add": "", "email": "anna@example.org"})
    play.post(EMAIL, {"action_add": ""})


@scenario
def added_address_of_somebody_else(play: Player) -> None:
    """The address has an account, which the site does not give away, and does."""
    play.configure(RATE_LIMITS=False)
    play.make_user(username="owner", email=NEW)
    be_anna(play)
    play.post(EMAIL, {"action_add": "", "email": NEW})
    play.configure(PREVENT_ENUMERATION=False)
    play.post(EMAIL, {"action_add": "", "email": NEW})


@scenario
def added_beyond_the_maximum(play: Player) -> None:
    """There are as many addresses as there may be."""
    play.configure(MAX_EMAIL_ADDRESSES=1)
    be_anna(play)
    play.get(EMAIL)
    play.post(EMAIL, {"action_add": "", "email": NEW})


@scenario
def added_by_code(play: Player) -> None:
    """The address counts once the code is typed in."""
    play.configure(EMAIL_VERIFICATION="mandatory", EMAIL_VERIFICATION_BY_CODE_ENABLED=True)
    be_anna(play)
    play.post(EMAIL, {"action_add": "", "email": NEW})
    play.follow()
    play.post("account_email_verification_sent", {"code": play.wrong_code})
    play.post("account_email_verification_sent", {"code": play.code})


@scenario
def verification_sent_again(play: Player) -> None:
    """Another link is asked for, twice within the limit for such mails."""
    user = be_anna(play, verified=False)
    play.post(EMAIL, {"action_send": "", "email": user.email})
    play.post(EMAIL, {"action_send": "", "email": user.email})


@scenario
def verification_by_code_sent_again(play: Player) -> None:
    """A code is asked for."""
    play.configure(EMAIL_VERIFICATION="mandatory", EMAIL_VERIFICATION_BY_CODE_ENABLED=True)
    user = be_anna(play, verified=False)
    play.post(EMAIL, {"action_send": "", "email": user.email})
    play.follow()


@scenario
def verification_of_a_verified_address(play: Player) -> None:
    """There is nothing to verify any more."""
    user = be_anna(play)
    play.post(EMAIL, {"action_send": "", "email": user.email})


@scenario
def removed(play: Player) -> None:
    """An address is removed."""
    be_anna_with_second_address(play)
    play.post(EMAIL, {"action_remove": "", "email": SECOND})


@scenario
def removed_with_notices(play: Player) -> None:
    """The address that is removed is told so."""
    play.configure(EMAIL_NOTIFICATIONS=True)
    be_anna_with_second_address(play)
    play.post(EMAIL, {"action_remove": "", "email": SECOND})


@scenario
def primary_one_is_not_removed(play: Player) -> None:
    """The primary address stays."""
    be_anna_with_second_address(play)
    play.post(EMAIL, {"action_remove": "", "email": "anna@example.org"})


@scenario
def made_primary(play: Player) -> None:
    """Another address becomes the primary one."""
    be_anna_with_second_address(play)
    play.post(EMAIL, {"action_primary": "", "email": SECOND})


@scenario
def made_primary_with_notices(play: Player) -> None:
    """The former primary address is told so."""
    play.configure(EMAIL_NOTIFICATIONS=True)
    be_anna_with_second_address(play)
    play.post(EMAIL, {"action_primary": "", "email": SECOND})


@scenario
def unverified_one_is_not_made_primary(play: Player) -> None:
    """An address that is not verified does not take the place of one that is."""
    be_anna_with_second_address(play, verified=False)
    play.post(EMAIL, {"action_primary": "", "email": SECOND})


@scenario
def unknown_action(play: Player) -> None:
    """No button is pressed, or one for an address of somebody else."""
    be_anna(play)
    play.post(EMAIL)
    play.post(EMAIL, {"action_remove": "", "email": "owner@example.org"})


@scenario
def one_address_only(play: Player) -> None:
    """The site has people change their address, in place of adding others."""
    play.configure(CHANGE_EMAIL=True)
    # Which template it is was decided as the view was imported.
    view = EmailView.as_view(template_name="account/email_change.html")
    play.route(path("accounts/email/", view, name="account_email"))
    be_anna(play)
    play.get(EMAIL)
    play.post(EMAIL, {"action_add": "", "email": NEW})
    play.get(EMAIL)
    play.get(play.link)
    play.post(play.link)


@scenario
def reauthentication_is_required(play: Player) -> None:
    """Whoever logged in long ago has to prove to be present."""
    play.configure(REAUTHENTICATION_REQUIRED=True)
    be_anna_with_second_address(play)
    play.get(EMAIL)
    for action in ("add", "primary", "remove"):
        play.post(EMAIL, {f"action_{action}": "", "email": SECOND})


@scenario
def too_many_requests(play: Player) -> None:
    """The limit for the page is exceeded."""
    play.configure(RATE_LIMITS={"manage_email": "1/m/user"})
    be_anna(play)
    play.post(EMAIL)
    play.post(EMAIL)
    play.post(EMAIL, script=True)


@scenario
def by_a_script(play: Player) -> None:
    """A script lists the addresses, and does everything with them."""
    be_anna_with_second_address(play)
    play.get(EMAIL, script=True)
    play.post(EMAIL, {"action_add": "", "email": "no address"}, script=True)
    play.post(EMAIL, {"action_add": "", "email": NEW}, script=True)
    play.post(EMAIL, {"action_send": "", "email": NEW}, script=True)
    play.post(EMAIL, {"action_primary": "", "email": SECOND}, script=True)
    play.post(EMAIL, {"action_remove": "", "email": NEW}, script=True)
