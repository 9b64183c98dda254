"""Where messages are queued while transcripts are played."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.messages.storage.fallback import FallbackStorage

PATH = f"{__name__}.RecordingStorage"

listeners: list[Callable[[int, str], None]] = []


class RecordingStorage(FallbackStorage):
    """Django's default storage, which tells who listens about each message."""

    def add(self, level: int, message: Any, extra_tags: str | None = "") -> None:
        for listener in listeners:
            listener(level, extra_tags or "")
        super().add(level, message, extra_tags)
