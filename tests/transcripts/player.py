"""Plays the part of the visitor, and writes the transcript."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.test import Client
from django.urls import reverse

from tests.projects.phones import adapter as phones
from tests.support.idp.browser import get_path as get_path_of
from tests.support.idp.browser import visit
from tests.support.idp.server import IdentityProvider
from tests.support.mails import make_wrong, read_code, read_path
from tests.support.pages import configure, route_account_pages
from tests.support.sessions import read_session, write_session
from tests.transcripts.layout import iterate_answer, iterate_effects, iterate_page
from tests.transcripts.places import mask_place
from tests.transcripts.recorder import Recorder
from tests.transcripts.registry import Play

PASSWORD = "correct horse 7 battery"
SCRIPT = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}


class Player:
    """The visitor of a scenario.

    Whatever a visitor does by :meth:`get` and :meth:`post` is a step of the transcript; all else
    prepares the scene.

    Attributes:
        client: The browser.
        settings: The settings of the site.
        clock: The clock, which stands still unless somebody waits.
        make_user: Makes users, as the fixture ``user_factory`` does.
        response: What the last step was answered.
        provider: The identity provider that the site talks to, if any.
    """

    def __init__(
        self,
        make_client: Callable[..., Client],
        settings: Any,
        clock: Any,
        make_user: Callable[..., Any],
    ) -> None:
        self.make_client = make_client
        self.client = make_client()
        self.settings = settings
        self.clock = clock
        self.make_user = make_user
        self.response: Any = None
        self.provider: IdentityProvider | None = None
        self._lines: list[str] = []
        self._steps = 0

    def play(self, scenario: Play) -> str:
        """Return the transcript of ``scenario``."""
        self._lines = [inspect.getdoc(scenario) or scenario.__name__]
        scenario(self)
        return "\n".join(self._lines) + "\n"

    # The scene

    def configure(self, **values: Any) -> None:
        """Set settings of the account app by their names without prefix, and adapt the URLs."""
        configure(self.settings, **values)

    def configure_social(self, **values: Any) -> None:
        """Set settings of the socialaccount app by their names without prefix."""
        for name, value in values.items():
            setattr(self.settings, f"SOCIALACCOUNT_{name}", value)

    def use_phones(self, **values: Any) -> None:
        """Have the site store phone numbers, and ask for them at sign-up."""
        self.settings.ACCOUNT_ADAPTER = "tests.projects.phones.adapter.PhoneAdapter"
        fields = ["username*", "phone*", "password1*", "password2*"]
        self.configure(**{"SIGNUP_FIELDS": fields, "EMAIL_VERIFICATION": "none", **values})

    def route(self, *patterns: Any) -> None:
        """Serve ``patterns`` as well, and in place of pages with the same paths."""
        route_account_pages(self.settings, *patterns)

    def use_adapter(self, adapter: type[Any]) -> None:
        """Have the site use an adapter of the account app."""
        self.settings.ACCOUNT_ADAPTER = f"{adapter.__module__}.{adapter.__qualname__}"

    def be(self, user: Any) -> None:
        """Be logged in as ``user``, without a record of how that came about."""
        self.client.force_login(user)

    def use_other_browser(self) -> None:
        """Go on in a browser that knows nothing."""
        self.client = self.make_client()
        self.say("in another browser")

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.clock.shift(seconds)
        self.say(f"{seconds} seconds later")

    def say(self, text: str) -> None:
        """Write a remark between two steps."""
        self._lines += ["", f"-- {text} --"]

    # What the visitor was sent

    @property
    def code(self) -> str:
        """The code in the last mail."""
        return read_code()

    @property
    def wrong_code(self) -> str:
        """Another code than the one in the last mail."""
        return make_wrong(read_code())

    @property
    def link(self) -> str:
        """The path of the link in the last mail."""
        return read_path()

    @property
    def sms_code(self) -> str:
        """The code in the last text message."""
        return phones.outbox[-1].code

    @property
    def location(self) -> str:
        """Where the last step leads, on this site."""
        parts = urlsplit(self.response["Location"])
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    @property
    def session(self) -> dict[str, Any]:
        """What is in the session."""
        return read_session(self.client)

    def write_session(self, **values: Any) -> None:
        """Put ``values`` into the session."""
        write_session(self.client, **values)

    # Steps

    def get(self, place: str, script: bool = False, **query: str) -> Any:
        """Open a page: a path, or the name of a URL."""
        return self._take("GET", place, None, script, query)

    def post(
        self, place: str, data: dict[str, Any] | None = None, script: bool = False, **query: str
    ) -> Any:
        """Post a form to a page: a path, or the name of a URL."""
        return self._take("POST", place, data or {}, script, query)

    def follow(self) -> Any:
        """Go where the last step leads."""
        return self.get(self.location)

    def consent(self) -> str:
        """Consent at the provider to which the last step leads; return the path of the callback."""
        return get_path_of(visit(self.response["Location"]))

    def _take(self, method: str, place: str, data: Any, script: bool, query: dict[str, str]) -> Any:
        path = place if place.startswith("/") else reverse(place)
        url = f"{path}?{urlencode(query)}" if query else path
        headers = SCRIPT if script else {}
        recorder = Recorder()
        texts = len(phones.outbox)
        if self.provider:
            self.provider.forget()
        with recorder.recording():
            if method == "GET":
                self.response = self.client.get(url, **headers)
            else:
                self.response = self.client.post(url, data, **headers)
        self._steps += 1
        title = f"{self._steps}. {method} {mask_place(url)}{' by a script' if script else ''}"
        self._lines += ["", title, "=" * len(title)]
        if data:
            self._lines.append(f"fields: {', '.join(sorted(data))}")
        self._lines += iterate_answer(self.response)
        self._lines += iterate_page(recorder)
        self._lines += iterate_effects(recorder, self.session)
        self._lines += [
            f"text message: {text.kind} to {text.phone}" for text in phones.outbox[texts:]
        ]
        self._lines += self._iterate_requests()
        return self.response

    def _iterate_requests(self) -> Iterator[str]:
        """Iterate over lines about what the provider was asked for in the last step."""
        for request in self.provider.requests if self.provider else ():
            names = ", ".join(sorted({*request.query, *request.form}))
            authorization = request.headers.get("authorization", "").partition(" ")[0]
            details = [f"by {authorization}"] if authorization else []
            details += [f"with {names}"] if names else []
            shown = " ".join([request.method, request.path, *details])
            yield f"request to the provider: {shown}"
