"""The registry of extensions that apps of this package add to the apps below them.

Lower apps name nothing above them. Each app registers its parts here from its
``AppConfig.ready()``: a login stage, a way to reauthenticate, credentials that a take-over revokes,
and so on. An entry counts only while its app is installed. Registering a key again replaces the
entry, so that ``ready()`` may run any number of times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from django.apps import AppConfig, apps
from django.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from allauth.core.internal.types import JSONObject, StrOrPromise, TemplateContext, User

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
        self._listed: tuple[dict[str, AppConfig] | None, tuple[tuple[str, T], ...]] = (None, ())

    def add(self, key: str, value: T, *, app: str) -> None:
        """Register ``value`` under ``key``, in place of an earlier value.

        Parameters:
            key: The name of the entry.
            value: The value.
            app: The dotted path of the app that registers the value.
        """
        self._entries[key] = (app, value)
        self._listed = (None, ())

    def get(self, key: str) -> T | None:
        """Return the value registered under ``key``, if its app is installed."""
        app, value = self._entries.get(key, (None, None))
        return value if app in _installed else None

    def items(self) -> tuple[tuple[str, T], ...]:
        """Return keys and values of the apps that are installed."""
        configs, listed = self._listed
        if configs is not apps.app_configs:
            configs = apps.app_configs
            entries = list(self._entries.items())
            listed = tuple((key, value) for key, (app, value) in entries if app in _installed)
            self._listed = (configs, listed)
        return listed

    def __iter__(self) -> Iterator[T]:
        return iter([value for _key, value in self.items()])


class Slot(Generic[T]):
    """A single value: of the apps that are installed, the one that registered last counts."""

    def __init__(self) -> None:
        self._values: dict[str, T] = {}

    def set(self, value: T, *, app: str) -> None:
        """Register ``value``; see :meth:`Entries.add`."""
        self._values.pop(app, None)
        self._values[app] = value

    def get(self) -> T | None:
        """Return the value that counts, or ``None`` if no app that has one is installed."""
        values = reversed(list(self._values.items()))
        return next((value for app, value in values if app in _installed), None)


def always(*args: object) -> bool:
    """Return ``True``, as the default condition."""
    return True


@dataclass(frozen=True)
class StageEntry:
    """A stage that every login passes.

    Attributes:
        path: Dotted path of the :class:`~allauth.account.stages.LoginStage` subclass.
        position: Sort key: stages come in ascending order.
        when: Function that returns whether the site uses the stage.
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
    """A way to reauthenticate.

    Attributes:
        id: Name of the method among those that have a page.
        description: Text of the link to the page, translatable.
        urlname: Name of the page.
        flow: Name of the method in the JSON API; several methods may share a flow.
        details: Further data for the JSON API, such as ``{"types": ["totp"]}``; the lists of
            methods that share a flow are joined.
    """

    id: str
    description: StrOrPromise
    urlname: str
    flow: str
    details: Mapping[str, Sequence[object]] = field(default_factory=dict)


ListMethods = Callable[["User"], list[ReauthenticationMethod]]

reauthentication_methods: Entries[ListMethods] = Entries()
"""Functions that return the methods a user has, the preferred one first."""


def list_reauthentication_methods(user: User) -> list[ReauthenticationMethod]:
    """Return all reauthentication methods of ``user``, in order of registration."""
    return [method for methods in reauthentication_methods for method in methods(user)]


Revoke = Callable[["User"], None]

credential_revokers: Entries[Revoke] = Entries()
"""Functions that remove the credentials of a user: called in the transaction of a take-over."""

session_revokers: Entries[Revoke] = Entries()
"""Functions that end the sessions and tokens of a user: called after a take-over is committed."""


@dataclass(frozen=True)
class SignupSource:
    """A way to sign up whose pretended sign-ups can become real.

    Attributes:
        make: Makes the account of a login from the saved sign-up; returns the user, or ``None`` if
            the account cannot be made.
        announce: Announces the account once it is stored; takes the request and the login.
    """

    make: Callable[[HttpRequest, Any, JSONObject], User | None]
    announce: Callable[[HttpRequest, Any], None]


signup_sources: Entries[SignupSource] = Entries()

session_keys_cleared_at_login: Entries[str] = Entries()
"""Session keys that a completed login does not inherit.

An attacker may have planted a session with data that would act on the user who logs in.
"""

signal_argument_readers: Entries[Callable[[Any], object]] = Entries()
"""Functions by which a stored login restores the arguments of ``user_logged_in``, by name.

The argument to such a function is the result of ``serialize()`` of the stored object.
"""

entrance_context: Entries[Callable[[HttpRequest], TemplateContext]] = Entries()
"""Functions that add to the template context of the pages for users who are not logged in."""

client_address_resolver: Slot[Callable[[HttpRequest], str]] = Slot()
"""Function that returns the address of the client; that of the account app asks its adapter."""

trusted_browser_test: Slot[Callable[[HttpRequest, User], bool]] = Slot()
"""Function that returns whether the user trusts the browser to skip a step of the login."""

verification_sender: Slot[Callable[[HttpRequest, Any], None]] = Slot()
"""Function that sends a verification mail on behalf of the models, which know no flow."""

ratelimit_app: Slot[str] = Slot()
"""Dotted path of the app whose limits :mod:`allauth.core.ratelimit` applies."""

frontend_urls: Slot[Callable[..., str | None]] = Slot()
"""Function that returns the page of the project's own front end for a URL name."""


class ProviderAPI(Protocol):
    """The answers to a login at a provider that was begun through an API."""

    def complete_login(self, request: HttpRequest, sociallogin: Any) -> HttpResponse:
        """Answer a login by a provider that is marked as one of the API."""

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: TemplateContext | None = None,
    ) -> None:
        """Raise ``ImmediateHttpResponse`` if the failed visit was begun through the API."""


provider_api: Slot[ProviderAPI] = Slot()
"""Answers at the callback of a provider, whose request is not itself one to the API."""


@dataclass(frozen=True)
class FaceEntry:
    """An object that turns the outcomes of flows into responses.

    Attributes:
        part: The flows whose outcomes it takes: ``"core"``, ``"account"``, …
        face: The object; the app of the flows declares its methods.
        answers: Function of the request that returns whether the face answers it.
    """

    part: str
    face: object
    answers: Callable[[HttpRequest], bool]


faces: Entries[FaceEntry] = Entries()


def find_face(part: str, request: HttpRequest) -> object:
    """Return the face that answers ``request``, the one registered last if there are several.

    Returns ``None`` if there is none.
    """
    found = [entry.face for entry in faces if entry.part == part and entry.answers(request)]
    return found[-1] if found else None
