"""Types that annotations of all apps share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # The type checker takes it for the user model of the project.
    from django.contrib.auth.models import AnonymousUser
    from django.contrib.auth.models import User as User
    from django.db.models import Field
    from django.http import HttpRequest
    from django_stubs_ext import StrOrPromise as StrOrPromise

    AnyField = Field[Any, Any]
    AnyUser = User | AnonymousUser

    class AuthenticatedRequest(HttpRequest):
        """A request of a user who is logged in."""

        user: User


JSONObject = dict[str, Any]
"""A JSON object: values that JSON can hold, by name."""
TemplateContext = dict[str, Any]
"""The variables of a template, by name."""
SessionState = dict[str, Any]
"""The state of a process, by name, in a form that a session can hold."""
SignalArguments = dict[str, Any]
"""Further arguments of a signal, by name."""
CleanedData = dict[str, Any]
"""The values of a form that was validated, by field name."""
FormArguments = dict[str, Any]
"""The keyword arguments of the constructor of a form."""
