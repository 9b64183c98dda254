"""Compares this package with the published release: the same flows, side by side, in one run.

Usage: ``PUBLISHED=path/to/python python benchmarks/run.py [REPETITIONS] [FLOW ...]``, where the
interpreter has the published release. ``nox -s benchmark`` sets that up.

Prints the time per flow and the ratios of CPU time and of flows per second; a ratio above one means
that this package is faster. Ends with status 1 if a ratio of CPU time is below what is promised.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
FLOWS = ["login_page", "sign_in", "wrong_password", "sign_up", "email_page", "sign_out"]
PROMISED = {"login_page": 2.0, "sign_in": 1.3, "sign_up": 1.3}
TOLERANCE = 0.95
"""Two runs of the same code differ by this much."""
ROUNDS = 2


def measure(python: str, kind: str, flow: str, repetitions: int) -> dict[str, float]:
    """Measure one flow under one interpreter, in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, "worker.py", kind, flow, str(repetitions)]
    done = subprocess.run(
        command, cwd=HERE, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{python}: {flow} failed\n{done.stdout}{done.stderr}")
    times: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return times


def compare(kind: str, flow: str, repetitions: int, published: str) -> tuple[float, float]:
    """Measure both packages in turn, and print what came out; returns the two ratios."""
    pythons = {"this": sys.executable, "published": published}
    best: dict[str, dict[str, float]] = {}
    for _ in range(ROUNDS):
        for name, python in pythons.items():
            times = measure(python, kind, flow, repetitions)
            former = best.get(name, times)
            best[name] = {key: min(former[key], times[key]) for key in times}
    cpu = best["published"]["cpu"] / best["this"]["cpu"]
    rate = best["published"]["wall"] / best["this"]["wall"]
    print(
        f"{kind:5} {flow:15} {best['this']['cpu']:9.0f} {best['published']['cpu']:9.0f}"
        f" {cpu:7.2f} {rate:7.2f}",
        flush=True,
    )
    return cpu, rate


def main() -> int:
    published = os.environ["PUBLISHED"]
    arguments = sys.argv[1:]
    repetitions = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 100
    print("            flow        this us  publ. us     cpu    rate")
    failed = []
    for kind in ("wsgi", "asgi"):
        for flow in arguments or FLOWS:
            cpu, _ = compare(kind, flow, repetitions, published)
            # Under ASGI Django's own hops weigh on both sides alike.
            promised = PROMISED.get(flow, 1.0) if kind == "wsgi" else 1.0
            if cpu < promised * TOLERANCE:
                failed.append(f"{kind} {flow}: {cpu:.2f} instead of {promised}")
    for line in failed:
        print(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
