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
def server_name(request: pytest.FixtureRequest) -> str:
    """Which of the servers the test runs against."""
    return str(request.param)


@pytest.fixture(scope="module")
def server(server_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that serves ``tests.servers.application``."""
    with run_server(server_name, tmp_path_factory.mktemp(server_name)) as running:
        yield running
