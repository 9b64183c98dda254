"""The steps by which a user has authenticated in a session."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.http import HttpRequest

from allauth.account import signals
from allauth.account.internal.user_fields import user_id_to_str

if TYPE_CHECKING:
    from allauth.core.internal.types import AnyUser, JSONObject

AUTHENTICATION_METHODS_SESSION_KEY = "account_authentication_methods"


AUTHENTICATION_METHODS_USER_SESSION_KEY = "account_authentication_methods_user"


MAX_RECORDS = 50


def get_authentication_records(
    request: HttpRequest, user: AnyUser | None = None
) -> list[JSONObject]:
    """Return the steps by which ``user`` authenticated in this session, oldest first.

    Each has ``method``, ``at`` (seconds since the epoch) and further data of the method.
    """
    if user is None or user.pk is None:
        return []
    if request.session.get(AUTHENTICATION_METHODS_USER_SESSION_KEY) != user_id_to_str(user):
        return []
    records = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY)
    if not isinstance(records, list):
        return []
    return [record for record in records if isinstance(record, dict)]


def record_authentication(
    request: HttpRequest, user: AnyUser | None, method: str, **extra: object
) -> None:
    """Record that ``user`` passed a step of authentication; drop the steps of another user."""
    if user is None or user.is_anonymous or user.pk is None:
        return
    known = {name: value for name, value in extra.items() if value is not None}
    record = {"method": method, "at": time.time(), **known}
    records = [*get_authentication_records(request, user), record]
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = records[-MAX_RECORDS:]
    request.session[AUTHENTICATION_METHODS_USER_SESSION_KEY] = user_id_to_str(user)
    signals.authentication_step_completed.send(
        sender=user.__class__, request=request, user=user, method=method, **extra
    )


def clear_authentication_records(request: HttpRequest) -> None:
    """Forget all steps of authentication."""
    request.session.pop(AUTHENTICATION_METHODS_SESSION_KEY, None)
    request.session.pop(AUTHENTICATION_METHODS_USER_SESSION_KEY, None)
