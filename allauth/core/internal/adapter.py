"""What the adapters of all apps have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest

from allauth.core import context
from allauth.core.async_support import AsyncOverridable


class BaseAdapter(AsyncOverridable):
    """A bundle of hooks; a project overrides what it wants to be different.

    Any public method may be overridden as ``def`` or ``async def``. ``self.request`` is the
    request being served, or ``None`` outside of one.
    """

    error_messages: ClassVar[dict[str, Any]] = {}

    def __init__(self, request: HttpRequest | None = None) -> None:
        # The parameter only remains for callers of old; the context always knows better.
        self.request: HttpRequest | None = context.request

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Make (not raise) the error with the message for ``code``.

        ``args`` fill the placeholders of the message. An unknown code is a ``KeyError``.
        """
        message = self.error_messages[code]
        if args:
            message = message % args
        return ValidationError(message, code=code)
