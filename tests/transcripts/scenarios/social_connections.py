"""Connecting accounts at providers, disconnecting them, and the other pages."""

from __future__ import annotations

from typing import Any

from tests.socialaccount import adapters
from tests.socialaccount.club import add_account
from tests.transcripts.player import PASSWORD, Player
from tests.transcripts.providers import arrive_at_dummy, arrive_from_dummy
from tests.transcripts.registry import scenarios_of

connecting = scenarios_of("social_connect")
disconnecting = scenarios_of("social_disconnect")
scenario = scenarios_of("social_pages")

CONNECTIONS = "socialaccount_connections"


def be_anna(play: Player, **fields: Any) -> Any:
    """Be somebody without accounts at providers."""
    user = play.make_user(username="anna", **fields)
    play.be(user)
    return user


def be_connected_anna(play: Player, **fields: Any) -> Any:
    """Be somebody with one account at a provider, which is returned."""
    return add_account(be_anna(play, **fields))


@connecting
def new_account(play: Player) -> None:
    """The account is connected."""
    be_anna(play)
    arrive_from_dummy(play, process="connect", email="other@example.org", email_verified="on")
    play.follow()


@connecting
def new_account_with_notices(play: Player) -> None:
    """The site tells people by mail what happened."""
    play.configure(EMAIL_NOTIFICATIONS=True)
    be_anna(play)
    arrive_at_dummy(play, process="connect", next="/somewhere/")
    play.post(play.location, {"id": "1"})


@connecting
def own_account(play: Player) -> None:
    """The account is the user's already, and refreshed."""
    be_connected_anna(play)
    arrive_from_dummy(play, process="connect")


@connecting
def account_of_somebody_else(play: Player) -> None:
    """The account stays where it is."""
    add_account(play.make_user(username="owner"))
    be_anna(play)
    arrive_from_dummy(play, process="connect")


@connecting
def visitor(play: Player) -> None:
    """Nobody is logged in."""
    arrive_from_dummy(play, process="connect")


@connecting
def logged_out_meanwhile(play: Player) -> None:
    """The user logs out before coming back from the provider."""
    be_anna(play)
    arrive_at_dummy(play, process="connect")
    where = play.location
    play.post("account_logout")
    play.post(where, {"id": "1"})


@connecting
def somebody_else_logged_in_meanwhile(play: Player) -> None:
    """Another user logs in before coming back from the provider."""
    be_anna(play)
    arrive_at_dummy(play, process="connect")
    where = play.location
    play.be(play.make_user(username="bert"))
    play.post(where, {"id": "1"})


@connecting
def after_reauthentication(play: Player) -> None:
    """The user has to prove to be present."""
    play.configure_social(REAUTHENTICATION_REQUIRED=True)
    be_anna(play)
    arrive_from_dummy(play, process="connect")
    play.follow()
    play.post("account_reauthenticate", {"password": PASSWORD})


@connecting
def cancelled(play: Player) -> None:
    """The user gives up at the provider."""
    be_anna(play)
    arrive_at_dummy(play, process="connect")
    play.post(play.location, {"action": "cancel"})


@connecting
def place_of_the_adapter(play: Player) -> None:
    """The adapter says where to go on."""
    play.configure_social(ADAPTER=f"{adapters.PATH}.MovingAdapter")
    be_anna(play)
    arrive_from_dummy(play, process="connect")


@disconnecting
def done(play: Player) -> None:
    """The account is disconnected."""
    account = be_connected_anna(play)
    play.get(CONNECTIONS)
    play.post(CONNECTIONS, {"account": account.pk})
    play.follow()


@disconnecting
def with_notices(play: Player) -> None:
    """The site tells people by mail what happened."""
    play.configure(EMAIL_NOTIFICATIONS=True)
    account = be_connected_anna(play)
    play.post(CONNECTIONS, {"account": account.pk})


@disconnecting
def last_way_in(play: Player) -> None:
    """The user has no password, and would be locked out."""
    account = be_connected_anna(play, password=None)
    play.post(CONNECTIONS, {"account": account.pk})


@disconnecting
def last_way_in_without_a_verified_address(play: Player) -> None:
    """The user has no password and could not even get one."""
    play.configure(EMAIL_VERIFICATION="mandatory")
    account = be_connected_anna(play, password=None, verified=False)
    play.post(CONNECTIONS, {"account": account.pk})


@disconnecting
def one_of_two(play: Player) -> None:
    """The other account stays a way in."""
    account = be_connected_anna(play, password=None)
    add_account(account.user, 2)
    play.post(CONNECTIONS, {"account": account.pk})


@disconnecting
def refused_by_the_adapter(play: Player) -> None:
    """The adapter does not let the account go."""
    play.configure_social(ADAPTER=f"{adapters.PATH}.StrictDisconnectAdapter")
    account = be_connected_anna(play)
    play.post(CONNECTIONS, {"account": account.pk})


@disconnecting
def account_that_is_not_theirs(play: Player) -> None:
    """The account is not the user's, or none is given."""
    account = add_account(play.make_user(username="owner"))
    be_anna(play)
    play.post(CONNECTIONS, {"account": account.pk})
    play.post(CONNECTIONS)


@disconnecting
def once_reauthenticated(play: Player) -> None:
    """The user has to prove to be present."""
    play.configure_social(REAUTHENTICATION_REQUIRED=True)
    account = be_connected_anna(play)
    play.post(CONNECTIONS, {"account": account.pk})
    play.post(play.location, {"password": PASSWORD})


@disconnecting
def by_a_script(play: Player) -> None:
    """A script lists the accounts, and disconnects one."""
    account = be_connected_anna(play)
    play.get(CONNECTIONS, script=True)
    play.post(CONNECTIONS, script=True)
    play.post(CONNECTIONS, {"account": account.pk}, script=True)


@scenario
def connections(play: Player) -> None:
    """The page is opened with and without accounts, and by a visitor."""
    play.get(CONNECTIONS)
    play.post(CONNECTIONS)
    user = be_anna(play)
    play.get(CONNECTIONS)
    add_account(user)
    play.get(CONNECTIONS)


@scenario
def cancelled_login(play: Player) -> None:
    """The page that says that the visitor gave up at the provider."""
    play.get("socialaccount_login_cancelled")


@scenario
def failed_login(play: Player) -> None:
    """The page that says that nothing came of a login."""
    play.get("socialaccount_login_error")


@scenario
def former_paths(play: Player) -> None:
    """The paths of old lead to the new ones."""
    for name in ("login/cancelled", "login/error", "signup", "connections"):
        play.get(f"/accounts/social/{name}/")
