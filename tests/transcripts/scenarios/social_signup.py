"""Making accounts for those who come from a provider."""

from __future__ import annotations

from tests.socialaccount import adapters
from tests.transcripts.player import Player
from tests.transcripts.providers import arrive_at_dummy, arrive_from_dummy
from tests.transcripts.registry import scenarios_of

scenario = scenarios_of("social_signup")

SIGNUP = "socialaccount_signup"
CODE_PAGE = "account_email_verification_sent"
ADDRESS, FREE = "anna@example.org", "free@example.org"
ANNA = {"username": "anna", "email": ADDRESS}


def show_form(play: Player) -> None:
    """Have the form shown in any case."""
    play.configure_social(AUTO_SIGNUP=False)


def verify_by_code(play: Player) -> None:
    """Have addresses verified by codes, and one that is taken."""
    play.configure(
        EMAIL_VERIFICATION="mandatory",
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
        EMAIL_VERIFICATION_SUPPORTS_CHANGE=True,
        SIGNUP_FIELDS=["email*", "username*", "password1*"],
        RATE_LIMITS=False,
    )
    play.make_user(username="owner", email=ADDRESS)


@scenario
def without_form(play: Player) -> None:
    """Nothing is missing, so that the account is made at once."""
    arrive_from_dummy(play, **ANNA, email_verified="on", first_name="Anna")


@scenario
def without_form_and_address(play: Player) -> None:
    """The provider knows no address, and the site needs none."""
    arrive_from_dummy(play, username="anna")


@scenario
def address_that_the_provider_did_not_verify(play: Player) -> None:
    """A mail asks to verify the address."""
    arrive_from_dummy(play, **ANNA)


@scenario
def address_has_to_be_verified_first(play: Player) -> None:
    """The visitor has to open the link in the mail."""
    play.configure(EMAIL_VERIFICATION="mandatory")
    arrive_from_dummy(play, **ANNA)
    play.follow()
    play.get(play.link)
    play.post(play.link)


@scenario
def address_has_to_be_verified_first_by_code(play: Player) -> None:
    """The code completes the sign-up."""
    play.configure(EMAIL_VERIFICATION="mandatory", EMAIL_VERIFICATION_BY_CODE_ENABLED=True)
    arrive_at_dummy(play, next="/somewhere/")
    play.post(play.location, {"id": "1", **ANNA})
    play.follow()
    play.post(CODE_PAGE, {"code": play.code})


@scenario
def form(play: Player) -> None:
    """The visitor fills in the form."""
    show_form(play)
    arrive_from_dummy(play, **ANNA, email_verified="on")
    play.follow()
    play.post(SIGNUP, ANNA)


@scenario
def form_with_a_place_to_go_on(play: Player) -> None:
    """The visitor wanted to go on elsewhere."""
    show_form(play)
    arrive_at_dummy(play, next="/somewhere/")
    play.post(play.location, {"id": "1", **ANNA})
    play.post(SIGNUP, {**ANNA, "email": "other@example.org"})


@scenario
def form_because_the_address_is_missing(play: Player) -> None:
    """The site needs an address, which the provider does not know."""
    play.configure(SIGNUP_FIELDS=["email*", "username*", "password1*"])
    arrive_from_dummy(play, username="anna")
    play.follow()
    play.post(SIGNUP, {"username": "anna"})
    play.post(SIGNUP, ANNA)


@scenario
def form_with_every_field(play: Player) -> None:
    """The site asks for everything there is to ask for."""
    show_form(play)
    fields = ["username*", "email*", "email2*", "phone*", "password1*", "password2*"]
    play.use_phones(SIGNUP_FIELDS=fields)
    arrive_from_dummy(play, **ANNA, phone="+31612345678")
    play.follow()
    play.post(SIGNUP, {**ANNA, "email2": ADDRESS, "phone": "+31612345678"})
    play.follow()


@scenario
def phone_that_the_provider_verified(play: Player) -> None:
    """The provider knows the number, and has verified it."""
    play.use_phones(SIGNUP_FIELDS=["username*", "phone*"])
    arrive_from_dummy(play, username="anna", phone="+31612345678", phone_verified="on")


@scenario
def invalid_form(play: Player) -> None:
    """The name is taken, and the address is none."""
    show_form(play)
    play.make_user(username="anna")
    arrive_from_dummy(play, username="anna")
    play.post(SIGNUP, {"username": "anna", "email": "no address"})


@scenario
def name_is_taken(play: Player) -> None:
    """Another name is made up."""
    play.make_user(username="anna")
    arrive_from_dummy(play, username="anna")


@scenario
def address_is_taken(play: Player) -> None:
    """Somebody has the address, which leads to the form or to a pretended sign-up."""
    play.make_user(username="owner", email=ADDRESS)
    arrive_from_dummy(play, **ANNA, email_verified="on")
    play.follow()
    play.post(SIGNUP, ANNA)


@scenario
def address_is_taken_and_that_is_no_secret(play: Player) -> None:
    """The form says that the address has an account."""
    play.configure(PREVENT_ENUMERATION=False)
    play.make_user(username="owner", email=ADDRESS)
    arrive_from_dummy(play, **ANNA)
    play.follow()
    play.post(SIGNUP, ANNA)


@scenario
def pretended_by_link(play: Player) -> None:
    """The owner of the address is told by mail; the visitor sees what everybody sees."""
    play.configure(EMAIL_VERIFICATION="mandatory", SIGNUP_FIELDS=["email*", "username*"])
    play.make_user(username="owner", email=ADDRESS)
    arrive_from_dummy(play, **ANNA)
    play.follow()


@scenario
def pretended_by_code_and_corrected(play: Player) -> None:
    """The account is made once the address is one that is free."""
    verify_by_code(play)
    arrive_from_dummy(play, **ANNA)
    play.follow()
    play.post(CODE_PAGE, {"action": "change", "email": FREE})
    play.get(CODE_PAGE)
    play.post(CODE_PAGE, {"code": play.code})


@scenario
def pretended_by_form(play: Player) -> None:
    """The visitor types in the address that is taken."""
    verify_by_code(play)
    show_form(play)
    arrive_from_dummy(play, username="anna")
    play.post(SIGNUP, ANNA)
    for _ in range(3):
        play.post(CODE_PAGE, {"code": "BCDF-GHJK"})


@scenario
def closed(play: Player) -> None:
    """No new accounts are accepted."""
    play.configure_social(ADAPTER=f"{adapters.PATH}.ClosedAdapter")
    arrive_from_dummy(play, **ANNA)


@scenario
def closed_at_the_form(play: Player) -> None:
    """No new accounts are accepted any more when the visitor gets to the form."""
    show_form(play)
    arrive_from_dummy(play, **ANNA)
    play.configure_social(ADAPTER=f"{adapters.PATH}.ClosedAdapter")
    play.get(SIGNUP)
    play.post(SIGNUP, ANNA)


@scenario
def form_without_a_provider(play: Player) -> None:
    """Nobody gets to the form but from a provider; users are sent to their accounts."""
    play.get(SIGNUP)
    play.post(SIGNUP, ANNA)
    play.be(play.make_user())
    play.get(SIGNUP)


@scenario
def form_while_logged_in(play: Player) -> None:
    """The visitor logged in in the meantime."""
    show_form(play)
    user = play.make_user(username="bert")
    arrive_from_dummy(play, **ANNA)
    login = {"login": user.username, "password": "correct horse 7 battery"}
    play.post("account_login", login)
    play.get(SIGNUP)


@scenario
def by_a_script(play: Player) -> None:
    """A script opens the form, fills it in wrongly, and rightly."""
    show_form(play)
    arrive_from_dummy(play, **ANNA)
    play.get(SIGNUP, script=True)
    play.post(SIGNUP, {"username": ""}, script=True)
    play.post(SIGNUP, ANNA, script=True)
