"""Declarations of the settings of all apps.

Each setting is declared once, on the ``AppSettings`` class of its app. The value at run time, the
reference in the documentation and the tests all come from that declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, lru_cache, wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.module_loading import import_string

P = ParamSpec("P")
R = TypeVar("R")

_ABSENT = object()
_GETTER = "ALLAUTH_SETTING_GETTER"
_MEMO_SIZE = 32
"""Results kept of each parser: a project that looks settings up per tenant has several values."""


def memoized(parse: Callable[P, R]) -> Callable[P, R]:
    """Wrap a parser so that it parses each raw value once.

    The parser must depend on nothing but its arguments, and return something immutable. Arguments
    that cannot be hashed are parsed each time: they are malformed, and the parser says so.
    """
    remembered = lru_cache(maxsize=_MEMO_SIZE, typed=True)(parse)

    @wraps(parse)
    def parse_once(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return remembered(*args, **kwargs)  # type: ignore[arg-type]
        except TypeError:  # unhashable, or malformed
            return parse(*args, **kwargs)

    return parse_once


def get_setting(name: str, dflt: object) -> Any:
    """Return the Django setting ``name``, or ``dflt`` if it is absent.

    A project can replace the look-up, for example per tenant, with ``ALLAUTH_SETTING_GETTER``: a
    callable, or the dotted path of one, that is called as ``getter(name, dflt)``.
    """
    # Unlike getattr() this is cheap for a setting that is absent, as this one nearly always is.
    if not _is_present(_GETTER):
        return getattr(settings, name, dflt)
    getter = getattr(settings, _GETTER)
    if getter is None:
        return getattr(settings, name, dflt)
    if isinstance(getter, str):
        getter = import_string(getter)
    return getter(name, dflt)


def get_deprecated_setting(name: str, dflt: Any) -> Any:
    """Return a setting that hardly any project still has; see :func:`get_setting`.

    Absent ones cost next to nothing, which matters since newer settings are derived from them at
    every read. An assignment to ``django.conf.settings`` at run time, which Django advises against,
    is not noticed.
    """
    return get_setting(name, dflt) if _is_present(name) or _is_present(_GETTER) else dflt


@cache
def _is_present(name: str) -> bool:
    return bool(settings.is_overridden(name))  # type: ignore[misc]  # the stubs lack it


@receiver(setting_changed)
def _forget_presence(**_kwargs: Any) -> None:
    _is_present.cache_clear()


class Setting:
    """One setting, read anew at each access.

    Parameters:
        type: The type of the value, for the reference: ``"bool"``, ``"int, seconds"``.
        default: The value while the setting is absent. A callable is called with the settings
            object and returns the default.
        help: A one-line description of the setting.
        convert: Converts the raw value; raises ``ValueError`` or ``ImproperlyConfigured`` for a
            malformed one.
        name: The full name of the Django setting, where it is not prefix plus attribute name.
        default_text: The text by which the reference shows a computed default.
    """

    def __init__(
        self,
        type: str,
        default: object,
        help: str,
        *,
        convert: Callable[[Any], object] | None = None,
        name: str | None = None,
        default_text: str | None = None,
    ) -> None:
        self.type = type
        self.default = default
        self.help = help
        self.convert = convert
        self.name = name
        self.default_text = default_text
        self.attribute = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.attribute = name

    def __get__(self, instance: BaseAppSettings | None, owner: type | None = None) -> Any:
        if instance is None:
            return self
        value = get_setting(self.full_name(instance.prefix), _ABSENT)
        if value is _ABSENT:
            value = self.default(instance) if callable(self.default) else self.default
        return self.convert(value) if self.convert else value

    def full_name(self, prefix: str) -> str:
        """Return the name of the Django setting, given the prefix of the app."""
        return self.name or f"{prefix}{self.attribute}"


class Declaration(NamedTuple):
    """The description of one setting in the reference."""

    name: str
    type: str
    default: str
    help: str


class BaseAppSettings:
    """Base of the settings object of an app."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    @classmethod
    def declarations(cls, prefix: str) -> Iterator[Declaration]:
        """Yield the declarations of all settings of the app, in alphabetical order."""
        found = {
            setting.full_name(prefix): setting
            for klass in reversed(cls.__mro__)
            for setting in vars(klass).values()
            if isinstance(setting, Setting)
        }
        for name, setting in sorted(found.items()):
            default = setting.default_text or repr(setting.default)
            yield Declaration(name, setting.type, default, setting.help)
