"""The servers that the tests of this folder run against.

The environment variable ``TEST_SERVERS`` names them, separated by blanks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support.servers import Server, run_server

SERVERS = os.environ.get("TEST_SERVERS", "daphne uvicorn").split()


@pytest.fixture(params=SERVERS, scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that serves ``tests.servers.application``."""
    with run_server(request.param, tmp_path_factory.mktemp(request.param)) as running:
        yield running
