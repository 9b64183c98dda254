"""The regular site behind ``LoginRequiredMiddleware``, which Django has since 5.1."""

from __future__ import annotations

from tests.projects.regular.settings import *  # noqa: F403
from tests.projects.regular.settings import MIDDLEWARE

ASGI_APPLICATION = "tests.projects.login_required_mw.asgi.application"

_authentication = MIDDLEWARE.index("django.contrib.auth.middleware.AuthenticationMiddleware")
MIDDLEWARE = [
    *MIDDLEWARE[: _authentication + 1],
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    *MIDDLEWARE[_authentication + 1 :],
]
