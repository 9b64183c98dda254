"""Types that annotations of all apps have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # What the type checker takes for the user model of the project.
    from django.contrib.auth.models import User as User

JSONObject = dict[str, Any]
"""What JSON can hold, by name."""
TemplateContext = dict[str, Any]
"""The variables of a template, by name."""
