"""Signing up with a password, and signing up by way of a passkey."""

from __future__ import annotations

from typing import Any

from tests.projects.custom_hooks.adapters import ClosedAdapter, ElsewhereAdapter, SleepyAdapter
from tests.projects.custom_hooks.forms import TermsSignupForm
from tests.support.pages import STRONG_PASSWORD
from tests.transcripts.player import Player
from tests.transcripts.registry import scenarios_of

scenario = scenarios_of("signup")

SIGNUP = "account_signup"
ADDRESS = "anna@example.org"
PASSWORDS = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}
ANNA: dict[str, Any] = {"username": "anna", "email": ADDRESS, **PASSWORDS}


@scenario
def page(play: Player) -> None:
    """The page is opened, and by a link that says which address to fill in."""
    play.get(SIGNUP)
    play.get(SIGNUP, email=ADDRESS, next="/somewhere/")


@scenario
def page_with_every_field(play: Player) -> None:
    """The site asks for everything there is to ask for."""
    fields = ["username", "email*", "email2*", "phone*", "password1*", "password2*"]
    play.use_phones(SIGNUP_FIELDS=fields)
    play.get(SIGNUP)


@scenario
def page_while_logged_in(play: Player) -> None:
    """Visitors who are logged in are sent on."""
    play.be(play.make_user())
    play.get(SIGNUP)
    play.get(SIGNUP, next="/somewhere/")


@scenario
def with_address(play: Player) -> None:
    """An account is made, and a mail asks to verify the address."""
    play.post(SIGNUP, ANNA)


@scenario
def without_address(play: Player) -> None:
    """The address is left out, which is allowed."""
    play.post(SIGNUP, {"username": "anna", "next": "/somewhere/", **PASSWORDS})


@scenario
def no_verification(play: Player) -> None:
    """The site verifies no addresses."""
    play.configure(EMAIL_VERIFICATION="none")
    play.post(SIGNUP, ANNA)


@scenario
def verification_by_link_is_mandatory(play: Player) -> None:
    """Nobody is let in before the link in the mail is opened."""
    play.configure(EMAIL_VERIFICATION="mandatory")
    play.post(SIGNUP, ANNA)
    play.follow()
    play.get(SIGNUP)


@scenario
def only_an_address(play: Player) -> None:
    """The site asks for an address, and makes up the name."""
    play.configure(SIGNUP_FIELDS=["email*", "password1*"], LOGIN_METHODS={"email"})
    play.get(SIGNUP)
    play.post(SIGNUP, {"email": ADDRESS, "password1": STRONG_PASSWORD})


@scenario
def no_password(play: Player) -> None:
    """The site asks for no password, as people log in by code."""
    play.configure(SIGNUP_FIELDS=["email*", "username*"], LOGIN_BY_CODE_ENABLED=True)
    play.get(SIGNUP)
    play.post(SIGNUP, {"email": ADDRESS, "username": "anna"})


@scenario
def invalid_form(play: Player) -> None:
    """Everything is wrong that can be."""
    play.configure(SIGNUP_FIELDS=["email*", "email2*", "username*", "password1*", "password2*"])
    play.post(SIGNUP)
    play.post(
        SIGNUP,
        {
            "username": "a b",
            "email": "no address",
            "email2": ADDRESS,
            "password1": "short",
            "password2": "other",
        },
    )
    play.post(SIGNUP, {**ANNA, "email2": "other@example.org", "password2": "other"})


@scenario
def name_is_taken(play: Player) -> None:
    """Somebody has that name, in another case."""
    play.make_user(username="Anna")
    play.post(SIGNUP, ANNA)


@scenario
def address_is_taken_and_that_is_no_secret(play: Player) -> None:
    """The site does not mind to say that an address has an account."""
    play.configure(PREVENT_ENUMERATION=False)
    play.make_user(username="owner", email=ADDRESS)
    play.post(SIGNUP, ANNA)


@scenario
def address_is_claimed(play: Player) -> None:
    """Somebody claims the address without having verified it, which is enough to refuse it."""
    play.make_user(username="owner", email=ADDRESS, verified=False)
    play.post(SIGNUP, ANNA)


@scenario
def honeypot(play: Player) -> None:
    """A robot fills in the field that people do not see; then a visitor leaves it empty."""
    play.configure(SIGNUP_FORM_HONEYPOT_FIELD="homepage", EMAIL_VERIFICATION="none")
    play.get(SIGNUP)
    play.post(SIGNUP, {**ANNA, "homepage": "https://spam.example/"})
    play.post(SIGNUP, {**ANNA, "homepage": ""})


@scenario
def honeypot_where_addresses_are_verified(play: Player) -> None:
    """The robot is told to look for a link, as anybody else is."""
    play.configure(SIGNUP_FORM_HONEYPOT_FIELD="homepage", EMAIL_VERIFICATION="mandatory")
    play.post(SIGNUP, {**ANNA, "homepage": "https://spam.example/"})


@scenario
def honeypot_where_codes_are_typed_in(play: Player) -> None:
    """The robot is shown the page that takes the code."""
    play.configure(
        SIGNUP_FORM_HONEYPOT_FIELD="homepage",
        EMAIL_VERIFICATION="mandatory",
        EMAIL_VERIFICATION_BY_CODE_ENABLED=True,
    )
    play.post(SIGNUP, {**ANNA, "homepage": "https://spam.example/"})
    play.follow()


@scenario
def closed(play: Player) -> None:
    """No new accounts are accepted."""
    play.use_adapter(ClosedAdapter)
    play.get(SIGNUP)
    play.post(SIGNUP, ANNA)
    play.get(SIGNUP, script=True)


@scenario
def closed_by_an_answer(play: Player) -> None:
    """The adapter sends those who want an account elsewhere."""
    play.use_adapter(ElsewhereAdapter)
    play.get(SIGNUP)


@scenario
def account_that_is_to_be_switched_on(play: Player) -> None:
    """New accounts are inactive."""
    play.use_adapter(SleepyAdapter)
    play.post(SIGNUP, ANNA)
    play.follow()


@scenario
def form_of_the_project(play: Player) -> None:
    """The project asks for something else as well."""
    path = f"{TermsSignupForm.__module__}.{TermsSignupForm.__qualname__}"
    play.configure(FORMS={"signup": path})
    play.get(SIGNUP)
    play.post(SIGNUP, ANNA)
    play.post(SIGNUP, {**ANNA, "terms": "on"})


@scenario
def address_verified_beforehand(play: Player) -> None:
    """The project has let the visitor verify the address, by an invitation."""
    play.write_session(account_verified_email=ADDRESS)
    play.get(SIGNUP)
    play.post(SIGNUP, ANNA)


@scenario
def login_that_is_half_done(play: Player) -> None:
    """Whoever had begun a login gives it up by signing up."""
    play.configure(EMAIL_VERIFICATION="mandatory")
    user = play.make_user(username="bert", verified=False)
    play.post("account_login", {"login": user.username, "password": "correct horse 7 battery"})
    play.get(SIGNUP)


@scenario
def too_many_requests(play: Player) -> None:
    """The limit for the page is exceeded."""
    play.configure(RATE_LIMITS={"signup": "1/m/ip"})
    play.post(SIGNUP)
    play.post(SIGNUP)
    play.get(SIGNUP)


@scenario
def by_a_script(play: Player) -> None:
    """A script opens the page, fills the form in wrongly, and rightly."""
    play.get(SIGNUP, script=True)
    play.post(SIGNUP, {"username": ""}, script=True)
    play.post(SIGNUP, ANNA, script=True)


@scenario
def by_passkey(play: Player) -> None:
    """The page that asks for no password, as a passkey is made afterwards."""
    play.settings.MFA_PASSKEY_SIGNUP_ENABLED = True
    play.configure(EMAIL_VERIFICATION="mandatory", EMAIL_VERIFICATION_BY_CODE_ENABLED=True)
    play.get("account_signup_by_passkey")
    play.post("account_signup_by_passkey", {"username": ""})
