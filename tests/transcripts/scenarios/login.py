"""Logging in with a password."""

from __future__ import annotations

from tests.projects.custom_hooks.adapters import GateAdapter, ImmediateAdapter
from tests.transcripts.player import PASSWORD, Player
from tests.transcripts.registry import scenarios_of

scenario = scenarios_of("login")

LOGIN = "account_login"
ANNA = {"login": "anna", "password": PASSWORD}


@scenario
def page(play: Player) -> None:
    """The login page is opened, with and without a place to go on to."""
    play.get(LOGIN)
    play.get(LOGIN, next="/somewhere/")


@scenario
def page_with_every_other_way_in(play: Player) -> None:
    """The login page of a site where people log in by code, address or name."""
    play.configure(LOGIN_BY_CODE_ENABLED=True, LOGIN_METHODS={"email", "username"})
    play.get(LOGIN)


@scenario
def page_with_phones(play: Player) -> None:
    """The login page of a site where people log in by phone number."""
    play.use_phones(LOGIN_METHODS={"phone"})
    play.get(LOGIN)


@scenario
def right_password(play: Player) -> None:
    """The name and the password are right."""
    play.make_user(username="anna")
    play.post(LOGIN, ANNA)
    play.get(LOGIN)


@scenario
def right_password_and_place_to_go_on(play: Player) -> None:
    """The form says where to go on, safely and not."""
    play.make_user(username="anna")
    play.post(LOGIN, {**ANNA, "next": "/somewhere/"})
    play.use_other_browser()
    play.post(LOGIN, {**ANNA, "next": "https://evil.example/"})


@scenario
def remembered(play: Player) -> None:
    """The visitor wants to be remembered."""
    play.make_user(username="anna")
    play.post(LOGIN, {**ANNA, "remember": "on"})


@scenario
def always_remembered(play: Player) -> None:
    """The site remembers everybody."""
    play.configure(SESSION_REMEMBER=True)
    play.make_user(username="anna")
    play.get(LOGIN)
    play.post(LOGIN, ANNA)


@scenario
def wrong_password(play: Player) -> None:
    """The password is wrong, then right."""
    play.make_user(username="anna")
    play.post(LOGIN, {**ANNA, "password": "wrong"})
    play.post(LOGIN, ANNA)


@scenario
def unknown_user(play: Player) -> None:
    """Nobody has that name."""
    play.post(LOGIN, ANNA)


@scenario
def empty_form(play: Player) -> None:
    """Nothing was filled in."""
    play.post(LOGIN)


@scenario
def by_address(play: Player) -> None:
    """People log in by their address, and one of them types it in capitals."""
    play.configure(LOGIN_METHODS={"email"})
    user = play.make_user(username="anna")
    play.get(LOGIN)
    play.post(LOGIN, {"login": user.email.upper(), "password": PASSWORD})


@scenario
def by_address_or_name(play: Player) -> None:
    """People log in by their address or their name."""
    play.configure(LOGIN_METHODS={"email", "username"})
    play.make_user(username="anna")
    play.post(LOGIN, ANNA)
    play.use_other_browser()
    play.post(LOGIN, {**ANNA, "login": "anna@example.org"})
    play.use_other_browser()
    play.post(LOGIN, {**ANNA, "login": "nobody@example.org"})


@scenario
def by_phone(play: Player) -> None:
    """People log in by their phone number."""
    play.use_phones(LOGIN_METHODS={"phone"})
    play.make_user(username="anna", phone="+31612345678")
    play.post(LOGIN, {**ANNA, "login": "+31612345678"})
    play.use_other_browser()
    play.post(LOGIN, {**ANNA, "login": "+31687654321"})


@scenario
def address_not_verified(play: Player) -> None:
    """The address has to be verified first, by a link."""
    play.configure(EMAIL_VERIFICATION="mandatory")
    play.make_user(username="anna", verified=False)
    play.post(LOGIN, ANNA)
    play.get(LOGIN)


@scenario
def address_not_verified_where_that_is_optional(play: Player) -> None:
    """A mail is sent, and the visitor is let in."""
    play.make_user(username="anna", verified=False)
    play.post(LOGIN, ANNA)


@scenario
def too_many_failures(play: Player) -> None:
    """The last attempt of those that are allowed is over, and the right password too late."""
    play.configure(RATE_LIMITS={"login_failed": "1/m/key"})
    play.make_user(username="anna")
    play.post(LOGIN, {**ANNA, "password": "wrong"})
    play.post(LOGIN, ANNA)
    play.wait(61)
    play.post(LOGIN, ANNA)


@scenario
def too_many_requests(play: Player) -> None:
    """The limit for the page is exceeded."""
    play.configure(RATE_LIMITS={"login": "1/m/ip"})
    play.post(LOGIN, ANNA)
    play.post(LOGIN, ANNA)


@scenario
def inactive_user(play: Player) -> None:
    """The account is switched off."""
    play.make_user(username="anna", is_active=False)
    play.post(LOGIN, ANNA)
    play.follow()


@scenario
def already_logged_in_where_that_is_no_matter(play: Player) -> None:
    """Visitors who are logged in see the login page too, and log in as somebody else."""
    play.configure(AUTHENTICATED_LOGIN_REDIRECTS=False)
    play.make_user(username="anna")
    play.be(play.make_user(username="bert"))
    play.get(LOGIN)
    play.post(LOGIN, ANNA)


@scenario
def stage_of_the_project(play: Player) -> None:
    """The project has a stage of its own behind the password."""
    play.use_adapter(GateAdapter)
    play.make_user(username="anna")
    play.post(LOGIN, ANNA)


@scenario
def answer_of_the_adapter(play: Player) -> None:
    """The adapter lets nobody in."""
    play.use_adapter(ImmediateAdapter)
    play.make_user(username="anna")
    play.post(LOGIN, ANNA)


@scenario
def by_a_script(play: Player) -> None:
    """A script opens the page, and logs in with the wrong and the right password."""
    play.make_user(username="anna")
    play.get(LOGIN, script=True)
    play.post(LOGIN, {**ANNA, "password": "wrong"}, script=True)
    play.post(LOGIN, {**ANNA, "next": "/somewhere/"}, script=True)
    play.get(LOGIN, script=True)


@scenario
def only_by_providers(play: Player) -> None:
    """The site takes logins by providers only."""
    play.settings.SOCIALACCOUNT_ONLY = True
    play.settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    play.configure()
    play.get(LOGIN)
    play.post(LOGIN, ANNA)
