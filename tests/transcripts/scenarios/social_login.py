"""Going to a provider and logging in by an account there."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from tests.socialaccount import adapters
from tests.socialaccount.club import add_account
from tests.transcripts.player import Player
from tests.transcripts.providers import arrive_at_dummy, arrive_from_dummy
from tests.transcripts.registry import scenarios_of

scenario = scenarios_of("social_login")

LOGIN, AUTHENTICATE = "dummy_login", "dummy_authenticate"


def add_anna(play: Player, **fields: Any) -> Any:
    """Have a user whose account at the provider is connected."""
    user = play.make_user(username="anna", **fields)
    add_account(user)
    return user


@scenario
def page_that_asks(play: Player) -> None:
    """The login page of the provider asks, and its form leads there."""
    play.get(LOGIN)
    play.get(LOGIN, process="connect", next="/somewhere/")
    play.post(LOGIN, process="login", next="/somewhere/")
    play.follow()


@scenario
def page_that_does_not_ask(play: Player) -> None:
    """The site leads to the provider at once."""
    play.configure_social(LOGIN_ON_GET=True)
    play.get(LOGIN)


@scenario
def page_without_an_app(play: Player) -> None:
    """The provider is not set up."""
    play.get("github_login")
    play.post("github_login")


@scenario
def two_tabs(play: Player) -> None:
    """The visitor goes to the provider twice, and comes back from the first tab."""
    add_anna(play)
    arrive_at_dummy(play)
    first = play.location
    arrive_at_dummy(play, next="/somewhere/")
    play.post(first, {"id": "1"})


@scenario
def returning_user(play: Player) -> None:
    """The account is known."""
    add_anna(play)
    arrive_from_dummy(play, username="fresh")


@scenario
def returning_user_with_a_place_to_go_on(play: Player) -> None:
    """The visitor wants to go on elsewhere, safely and not."""
    add_anna(play)
    for target in ("/somewhere/", "https://evil.example/"):
        arrive_at_dummy(play, next=target)
        play.post(play.location, {"id": "1"})


@scenario
def returning_user_whose_address_is_not_verified(play: Player) -> None:
    """The address has to be verified first."""
    play.configure(EMAIL_VERIFICATION="mandatory")
    add_anna(play, verified=False)
    arrive_from_dummy(play)
    play.follow()


@scenario
def returning_user_whose_address_need_not_be_verified(play: Player) -> None:
    """Logins by providers need no verified address."""
    play.configure(EMAIL_VERIFICATION="mandatory")
    play.configure_social(EMAIL_VERIFICATION="none")
    add_anna(play, verified=False)
    arrive_from_dummy(play)


@scenario
def returning_user_who_needs_a_code(play: Player) -> None:
    """The site requires a code as well."""
    play.configure(LOGIN_BY_CODE_REQUIRED={"socialaccount"})
    add_anna(play)
    arrive_from_dummy(play)
    play.follow()
    play.post("account_confirm_login_code", {"code": play.code})


@scenario
def inactive_user(play: Player) -> None:
    """The account is switched off."""
    add_anna(play, is_active=False)
    arrive_from_dummy(play)


@scenario
def while_logged_in_as_somebody_else(play: Player) -> None:
    """The session of the other user ends."""
    add_anna(play)
    play.be(play.make_user(username="bert"))
    arrive_from_dummy(play)


@scenario
def while_logged_in(play: Player) -> None:
    """The same user logs in once more."""
    play.be(add_anna(play))
    arrive_from_dummy(play)


@scenario
def only_redirected(play: Player) -> None:
    """The visitor is sent to the provider and on, without a login."""
    arrive_at_dummy(play, process="redirect", next="/somewhere/")
    play.post(play.location, {"id": "1"})


@scenario
def unknown_state(play: Player) -> None:
    """The visitor comes back without having gone, or once more."""
    play.get(AUTHENTICATE)
    play.post("/accounts/dummy/authenticate/?state=made-up", {"id": "1"})
    add_anna(play)
    arrive_at_dummy(play)
    play.post(play.location, {"id": "1"})


@scenario
def expired_state(play: Player) -> None:
    """The visitor took too long at the provider."""
    add_anna(play)
    arrive_at_dummy(play)
    play.wait(601)
    play.post(play.location, {"id": "1"})


@scenario
def invalid_profile(play: Player) -> None:
    """What the visitor types in at the provider is no profile."""
    arrive_at_dummy(play)
    play.post(play.location, {"id": "none", "email": "no address"})


@scenario
def cancelled(play: Player) -> None:
    """The visitor gives up at the provider."""
    arrive_at_dummy(play, next="/somewhere/")
    play.post(play.location, {"action": "cancel"})
    play.follow()


@scenario
def answer_of_the_adapter(play: Player) -> None:
    """The adapter answers in place of the login."""
    play.configure_social(ADAPTER=f"{adapters.PATH}.InterruptingAdapter")
    adapters.InterruptingAdapter.hooks = {"pre_social_login"}
    try:
        arrive_from_dummy(play)
    finally:
        adapters.InterruptingAdapter.hooks = set()


@scenario
def by_address(play: Player) -> None:
    """The provider verified the address of a user, which is enough where the site says so."""
    play.configure_social(EMAIL_AUTHENTICATION=True)
    play.make_user(username="anna")
    arrive_from_dummy(play, email="anna@example.org", email_verified="on")


@scenario
def by_address_that_the_provider_did_not_verify(play: Player) -> None:
    """The provider only says that it is the address of a user, which is not enough."""
    play.configure_social(EMAIL_AUTHENTICATION=True)
    play.make_user(username="anna")
    arrive_from_dummy(play, email="anna@example.org")


@scenario
def by_address_and_connected(play: Player) -> None:
    """The account is connected as well."""
    play.configure(EMAIL_NOTIFICATIONS=True)
    play.configure_social(EMAIL_AUTHENTICATION=True, EMAIL_AUTHENTICATION_AUTO_CONNECT=True)
    play.make_user(username="anna")
    arrive_from_dummy(play, email="anna@example.org", email_verified="on")
    arrive_from_dummy(play, email="anna@example.org", email_verified="on")


@scenario
def by_address_that_the_user_did_not_verify(play: Player) -> None:
    """The account is taken over for the owner of the address; other ways in are closed."""
    play.configure_social(EMAIL_AUTHENTICATION=True)
    user = play.make_user(username="anna", verified=False)
    EmailAddress.objects.create(user=user, email="second@example.org", verified=True)
    add_account(user, 2)
    arrive_from_dummy(play, email="anna@example.org", email_verified="on")


@scenario
def by_address_and_inactive(play: Player) -> None:
    """The account of the address is switched off."""
    play.configure_social(EMAIL_AUTHENTICATION=True)
    play.make_user(username="anna", is_active=False)
    arrive_from_dummy(play, email="anna@example.org", email_verified="on")
