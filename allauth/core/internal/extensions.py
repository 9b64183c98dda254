"""What the apps of this package add to the apps below them.

Lower apps name nothing above them. From its ``AppConfig.ready()``, an app registers here what it
brings: a login stage, a way to reauthenticate, credentials that a take-over revokes, and so on. An
entry counts only while its app is installed. Registering a key again replaces the entry, so that
``ready()`` may run any number of times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from django.apps import AppConfig, apps
from django.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

T = TypeVar("T")


class _InstalledApps:
    """The dotted paths of the apps that are installed.

    Django's ``apps.is_installed()`` looks at all apps each time it is called. The list is made
    again when Django makes a new dictionary of them, as ``override_settings(INSTALLED_APPS=…)``
    does.
    """

    def __init__(self) -> None:
        self._listed: tuple[dict[str, AppConfig], frozenset[str]] = ({}, frozenset())

    def __contains__(self, path: object) -> bool:
        configs, paths = self._listed
        if configs is not apps.app_configs:
            configs = apps.app_configs
            apps.check_apps_ready()
            paths = frozenset(app.name for app in configs.values())
            self._listed = (configs, paths)
        return path in paths


_installed = _InstalledApps()


class Entries(Generic[T]):
    """Values by key, in the order in which the keys were first registered."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[str, T]] = {}

    def add(self, key: str, value: T, *, app: str) -> None:
        """Register ``value`` under ``key``, in place of what is registered there.

        Parameters:
            app: Dotted path of the app that brings the value.
        """
        self._entries[key] = (app, value)

    def get(self, key: str) -> T | None:
        """Return the value registered under ``key``, if its app is installed."""
        app, value = self._entries.get(key, (None, None))
        return value if app in _installed else None

    def items(self) -> Iterator[tuple[str, T]]:
        """Yield keys and values of the apps that are installed."""
        for key, (app, value) in list(self._entries.items()):
            if app in _installed:
                yield key, value

    def __iter__(self) -> Iterator[T]:
        return (value for _key, value in self.items())


class Slot(Generic[T]):
    """A single value, of the app that registered it last."""

    def __init__(self) -> None:
        self._entries: Entries[T] = Entries()

    def set(self, value: T, *, app: str) -> None:
        """Register ``value``; see :meth:`Entries.add`."""
        self._entries.add("", value, app=app)

    def get(self) -> T | None:
        """Return the value, if its app is installed."""
        return self._entries.get("")


def always(*args: Any) -> bool:
    """Return ``True``: the condition of what has none."""
    return True


@dataclass(frozen=True)
class StageEntry:
    """A stage that every login passes.

    Attributes:
        path: Dotted path of the :class:`~allauth.account.stages.LoginStage` subclass.
        position: Stages come in ascending order of it.
        when: Return whether the site uses the stage.
    """

    path: str
    position: int
    when: Callable[[], bool] = always


login_stages: Entries[StageEntry] = Entries()


def get_login_stages() -> list[str]:
    """Return the dotted paths of the stages that the site uses, in order."""
    used = [stage for stage in login_stages if stage.when()]
    return [stage.path for stage in sorted(used, key=lambda stage: stage.position)]


@dataclass(frozen=True)
class ReauthenticationMethod:
    """A way in which a user can prove to be present.

    Attributes:
        id: Name of the method among those that have a page.
        description: What the page offers, as a translatable text.
        urlname: Name of the page.
        flow: What the JSON API calls it; several methods may share a flow.
        details: What the JSON API tells about it, such as ``{"types": ["totp"]}``; the lists of
            methods that share a flow are joined.
    """

    id: str
    description: Any
    urlname: str
    flow: str
    details: Mapping[str, list[Any]] = field(default_factory=dict)


ListMethods = Callable[["AbstractBaseUser"], list[ReauthenticationMethod]]

reauthentication_methods: Entries[ListMethods] = Entries()
"""Functions of the user that return the methods the user has, the preferred one first."""


def list_reauthentication_methods(user: AbstractBaseUser) -> list[ReauthenticationMethod]:
    """Return all methods that ``user`` has, in order of registration."""
    return [method for methods in reauthentication_methods for method in methods(user)]


Revoke = Callable[["AbstractBaseUser"], None]

credential_revokers: Entries[Revoke] = Entries()
"""Functions that remove what a user can log in by: called, in a transaction, in a take-over."""

session_revokers: Entries[Revoke] = Entries()
"""Functions that end the sessions and tokens of a user: called after a take-over is committed."""


@dataclass(frozen=True)
class SignupSource:
    """A way to sign up whose pretended sign-ups can become real.

    Attributes:
        make: Make the account of a login out of what was saved; returns the user, or ``None`` if it
            cannot be made.
        announce: Called with the request and the login once the account is stored.
    """

    make: Callable[[HttpRequest, Any, dict[str, Any]], Any]
    announce: Callable[[HttpRequest, Any], None]


signup_sources: Entries[SignupSource] = Entries()

session_keys_cleared_at_login: Entries[str] = Entries()
"""Session keys that a completed login does not inherit.

An attacker may have planted the session with something that waits to act on the user who logs in.
"""

signal_argument_readers: Entries[Callable[[Any], Any]] = Entries()
"""How a stored login restores the arguments of ``user_logged_in``, by name of the argument.

A session keeps such an argument as what its own ``serialize()`` returns.
"""

entrance_context: Entries[Callable[[HttpRequest], dict[str, Any]]] = Entries()
"""Functions that add to the template context of the pages for users who are not logged in."""

client_address_resolver: Slot[Callable[[HttpRequest], str]] = Slot()
"""Return the address of the client; the account app asks its adapter."""

trusted_browser_test: Slot[Callable[[HttpRequest, AbstractBaseUser], bool]] = Slot()
"""Return whether the user trusts the browser to skip a step of the login."""

verification_sender: Slot[Callable[[HttpRequest, Any], Any]] = Slot()
"""Send a verification mail for an email address, on behalf of the models, which know no flow."""

ratelimit_app: Slot[str] = Slot()
"""Dotted path of the app whose limits :mod:`allauth.core.ratelimit` applies."""

frontend_urls: Slot[Callable[..., str | None]] = Slot()
"""Return the page of the project's own front end for a URL name and its parameters."""


class ProviderAPI(Protocol):
    """How a visit to a provider is answered that was begun through an API."""

    def complete_login(self, request: HttpRequest, sociallogin: Any) -> HttpResponse:
        """Answer a login by a provider that is marked as one of the API."""

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Raise ``ImmediateHttpResponse`` if the failed visit was begun through the API."""


provider_api: Slot[ProviderAPI] = Slot()
"""Answers at the callback of a provider, where the request itself is not one to the API."""


@dataclass(frozen=True)
class FaceEntry:
    """Something that turns the outcomes of flows into responses.

    Attributes:
        part: Which flows' outcomes: ``"core"``, ``"account"``, …
        face: The object that does so; what it offers is declared by the app of the flows.
        answers: Return whether the face is the one for a request.
    """

    part: str
    face: Any
    answers: Callable[[HttpRequest], bool]


faces: Entries[FaceEntry] = Entries()


def find_face(part: str, request: HttpRequest) -> Any:
    """Return the face that answers ``request``; of several the one registered last.

    Returns ``None`` if there is none.
    """
    found = [entry.face for entry in faces if entry.part == part and entry.answers(request)]
    return found[-1] if found else None
