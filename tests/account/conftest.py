"""Users that the tests of the account app have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def newcomer(user_factory: Callable[..., Any]) -> Any:
    """Somebody whose address is not verified."""
    return user_factory(verified=False)
