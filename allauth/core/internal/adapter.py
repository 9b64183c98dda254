"""The base of the adapters of all apps."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest

from allauth.core import context
from allauth.core.async_support import AsyncOverridable

if TYPE_CHECKING:
    from allauth.core.internal.types import StrOrPromise


class BaseAdapter(AsyncOverridable):
    """A bundle of hooks, which a project overrides to change the behavior of an app.

    Any public method may be overridden as ``def`` or ``async def``. ``self.request`` is the request
    being served, or ``None`` outside of one.
    """

    error_messages: ClassVar[dict[str, StrOrPromise]] = {}

    def __init__(self, request: HttpRequest | None = None) -> None:
        # The parameter remains for old callers. The context is always right.
        self.request: HttpRequest | None = context.request

    def validation_error(self, code: str, *args: object) -> ValidationError:
        """Return (not raise) the error with the message for ``code``.

        Parameters:
            code: A key of ``error_messages``.
            args: The values of the placeholders of the message.

        Raises ``KeyError`` for an unknown code.
        """
        message = self.error_messages[code]
        if args:
            message = message % args
        return ValidationError(message, code=code)
