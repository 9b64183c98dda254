"""An OpenID Connect provider that takes its time, in a process of its own.

Usage: ``python provider.py MILLISECONDS``. Prints its address, and runs until its input ends. What
a site asks for is answered after that many milliseconds; ``/counts`` tells, at once, how many
requests and connections there were since it was last asked.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support.idp.oidc import OIDCServer
from tests.support.idp.server import Reply, Request


class SlowServer(OIDCServer):
    """A provider that answers sites late, and browsers at once."""

    def __init__(self, latency: float) -> None:
        super().__init__()
        self.latency = latency
        self.route("/counts", self.tell_counts)

    def tell_counts(self, request: Request) -> Reply:
        """What sites asked for since the last time."""
        asked = [one for one in self.requests if one.path not in ("/authorize", "/counts")]
        counts = {
            "requests": len(asked),
            "connections": len({one.connection for one in asked}),
        }
        self.requests.clear()
        return Reply.json(counts)

    def respond(self, request: Request) -> Reply:
        """The answer, once the time is up."""
        if request.path not in ("/authorize", "/counts"):
            time.sleep(self.latency)
        return super().respond(request)


def main() -> None:
    with SlowServer(float(sys.argv[1]) / 1000) as server:
        print(server.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
