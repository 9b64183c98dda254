"""The scene on which transcripts are played."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.test import Client

from tests.support.clocks import NOW
from tests.transcripts import storage

if TYPE_CHECKING:
    from tests.transcripts.player import Player


@pytest.fixture
def player(
    settings: Any, client_factory: Callable[..., Client], user_factory: Callable[..., Any]
) -> Iterator[Player]:
    """A visitor for whom time stands still."""
    from django.contrib.sites.models import Site

    from tests.projects.phones.adapter import outbox
    from tests.transcripts.player import Player

    # Whoever asks for the site first pays for it, in whichever test.
    Site.objects.clear_cache()
    outbox.clear()
    settings.MESSAGE_STORAGE = storage.PATH
    with time_machine.travel(NOW, tick=False) as clock:
        yield Player(client_factory, settings, clock, user_factory)
