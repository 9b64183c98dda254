"""Times and clocks that do not depend on how busy the machine is."""

from __future__ import annotations

import time

NOW = 1_700_000_000
"""Where tests that stop the clock stop it, in seconds since the epoch."""


class SleepersClock:
    """Stands in for the module ``time``; time passes only while somebody sleeps."""

    time = staticmethod(time.time)

    def __init__(self) -> None:
        self.slept = 0.0

    def monotonic(self) -> float:
        """How long everybody has slept so far."""
        return self.slept

    def sleep(self, seconds: float) -> None:
        """Have that time pass, at once."""
        self.slept += seconds
