"""Alias of the modules for the fields, usernames and email addresses of users."""

from __future__ import annotations

from allauth.account.internal.finders import (
    filter_users_by_email,
    find_email_owners,
    is_alike_email,
)
from allauth.account.internal.identifiers import is_searchable
from allauth.account.internal.user_fields import (
    default_user_display,
    did_user_login,
    get_user_by_id,
    str_to_user_id,
    user_display,
    user_email,
    user_field,
    user_id_to_str,
    user_username,
)
from allauth.account.internal.usernames import (
    filter_users_by_username,
    find_taken_usernames,
    get_user_by_username,
)

__all__ = [
    "default_user_display",
    "did_user_login",
    "filter_users_by_email",
    "filter_users_by_username",
    "find_email_owners",
    "find_taken_usernames",
    "get_user_by_id",
    "get_user_by_username",
    "is_alike_email",
    "is_searchable",
    "str_to_user_id",
    "user_display",
    "user_email",
    "user_field",
    "user_id_to_str",
    "user_username",
]
