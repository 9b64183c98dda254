"""The decorators for views of a project, around views of either color."""

from __future__ import annotations

from tests.projects.custom_hooks import views
from tests.transcripts.player import PASSWORD, Player
from tests.transcripts.registry import scenarios_of

scenario = scenarios_of("decorators")

COLORS = ("sync", "async")


def get_each(play: Player, guard: str) -> None:
    """Open both views behind a guard."""
    for color in COLORS:
        play.get(f"/{guard}/{color}/function/5/")


@scenario
def verified_email_required(play: Player) -> None:
    """A visitor, somebody with a verified address, and somebody without."""
    play.route(*views.urlpatterns)
    get_each(play, "verified")
    get_each(play, "verified_elsewhere")
    play.be(play.make_user())
    get_each(play, "verified")
    play.be(play.make_user(verified=False))
    get_each(play, "verified")


@scenario
def verified_email_required_by_code(play: Player) -> None:
    """The code leads to the view."""
    play.settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    play.settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    play.route(*views.urlpatterns)
    play.be(play.make_user(verified=False))
    play.get("/verified/async/function/5/")
    play.post(play.location, {"code": play.code})
    play.follow()


@scenario
def reauthentication_required(play: Player) -> None:
    """A visitor, and somebody before and after the proof."""
    play.route(*views.urlpatterns)
    get_each(play, "reauthenticated")
    play.be(play.make_user())
    get_each(play, "reauthenticated")
    play.post("account_reauthenticate", {"password": PASSWORD})
    get_each(play, "reauthenticated")


@scenario
def reauthentication_required_for_some(play: Player) -> None:
    """The guard lets GET requests pass, or nobody is asked, or those with a wish are."""
    play.route(*views.urlpatterns)
    play.be(play.make_user())
    get_each(play, "reauthenticated_for_post")
    get_each(play, "reauthenticated_never")
    get_each(play, "reauthenticated_on_wish")
    get_each(play, "reauthenticated_by_setting")
    for color in COLORS:
        play.post(f"/reauthenticated_for_post/{color}/function/5/")
        play.get(f"/reauthenticated_on_wish/{color}/function/5/", wish="1")


@scenario
def secure_admin_login(play: Player) -> None:
    """A visitor, a user, and one of the staff."""
    play.route(*views.urlpatterns)
    get_each(play, "staff")
    play.get("/staff/sync/function/5/", next="/admin/somewhere/")
    play.be(play.make_user())
    get_each(play, "staff")
    play.be(play.make_user(is_staff=True))
    get_each(play, "staff")


@scenario
def rate_limit(play: Player) -> None:
    """The limit of the project is exceeded, by the address and by a key."""
    play.route(*views.urlpatterns)
    for guard, rate in (("limited", "1/m/ip"), ("limited_by_key", "1/m/key")):
        play.settings.ACCOUNT_RATE_LIMITS = {"limited": rate}
        play.wait(61)
        for color in COLORS:
            play.post(f"/{guard}/{color}/function/5/")
