"""ASGI entry point of the project."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.projects.swapped.settings")

application = get_asgi_application()
