"""Configuration of an app that extends the apps of the package, as the apps above them do."""

from __future__ import annotations

from django.apps import AppConfig


class ExtraConfig(AppConfig):
    """Registers what the app brings."""

    name = "tests.projects.extra"

    def ready(self) -> None:
        from tests.projects.extra.extension import register

        register(app=self.name)
