"""Fixtures of the tests that call flows as views and API endpoints do, without a URL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from allauth.core import context
from tests.support.sessions import make_request


@pytest.fixture
def visit(db: None) -> Iterator[Any]:
    """The request of a visitor, which is the current one; its session is stored."""
    request = make_request()
    request.session.create()
    with context.request_context(request):
        yield request
