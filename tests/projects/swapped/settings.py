"""The regular site with another session and user in their places during every view."""

from __future__ import annotations

from tests.projects.regular.settings import *  # noqa: F403
from tests.projects.regular.settings import MIDDLEWARE

ASGI_APPLICATION = "tests.projects.swapped.asgi.application"
MIDDLEWARE = [*MIDDLEWARE, "tests.support.swapping.SwappingMiddleware"]
