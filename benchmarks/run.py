"""Compares this package with the published release: the same flows, side by side, in one run.

Usage: ``PUBLISHED=path/to/python python benchmarks/run.py [REPETITIONS] [FLOW ...]``, where the
interpreter has the published release. ``nox -s benchmark`` sets that up.

Prints the time per flow and the ratios of CPU time and of flows per second; a ratio above one means
that this package is faster. Logins by a provider come with how many queries and requests they take,
and with providers that take their time. Ends with status 1 if a ratio is below what is promised.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
FLOWS = ["login_page", "sign_in", "wrong_password", "sign_up", "email_page", "sign_out"]
LATENCIES = {0: 20, 50: 4, 200: 2}
"""Milliseconds that a provider takes to answer, and how many logins there are in a series then."""
PROMISED = {
    ("wsgi", "login_page"): 2.0,
    ("wsgi", "sign_in"): 1.3,
    ("wsgi", "sign_up"): 1.3,
    ("asgi", "sign_in"): 1.3,
    ("asgi", "sign_up"): 1.3,
}
"""How many times faster, by CPU time, this package has to be; everywhere else, not slower."""
TOLERANCE = 0.95
"""Two runs of the same code differ by this much."""
ROUNDS = 2


def measure(
    python: str, kind: str, flow: str, repetitions: int, **environ: str
) -> dict[str, float]:
    """Measure one flow under one interpreter, in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment.update(environ)
    command = [python, "worker.py", kind, flow, str(repetitions)]
    done = subprocess.run(
        command, cwd=HERE, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{python}: {flow} failed\n{done.stdout}{done.stderr}")
    times: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return times


def compare(
    kind: str, flow: str, repetitions: int, label: str = "", **environ: str
) -> dict[str, dict[str, float]]:
    """Measure both packages in turn, and print what came out."""
    pythons = {"this": sys.executable, "published": os.environ["PUBLISHED"]}
    best: dict[str, dict[str, float]] = {}
    for _ in range(ROUNDS):
        for name, python in pythons.items():
            times = measure(python, kind, flow, repetitions, **environ)
            former = best.get(name, times)
            best[name] = {key: min(former[key], times[key]) for key in times}
    this, published = best["this"], best["published"]
    print(
        f"{kind:5} {label or flow:20} {this['cpu']:9.0f} {published['cpu']:9.0f}"
        f" {published['cpu'] / this['cpu']:7.2f}"
        f" {published['wall'] / this['wall']:7.2f}",
        flush=True,
    )
    return best


@contextmanager
def provider(latency: int) -> Iterator[str]:
    """An OpenID Connect provider that takes so many milliseconds; gives its address."""
    command = [sys.executable, str(HERE / "provider.py"), str(latency)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate()


def compare_third_party() -> list[str]:
    """Compare logins by a provider; returns where this package does not do what it should."""
    failed = []
    for latency, repetitions in LATENCIES.items():
        for kind in ("wsgi", "asgi"):
            label = f"third_party {latency} ms"
            with provider(latency) as url:
                best = compare(kind, "third_party", repetitions, label, PROVIDER=url)
            this, published = best["this"], best["published"]
            if this["wall"] * TOLERANCE > published["wall"]:
                failed.append(f"{kind} {label}: slower")
            counted = [] if latency else sorted(this.keys() - {"cpu", "wall"})
            for name in counted:
                print(f"      {name:20} {this[name]:9.0f} {published[name]:9.0f}")
    return failed


def main() -> int:
    arguments = sys.argv[1:]
    repetitions = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 100
    print("            flow             this us  publ. us     cpu    rate")
    failed = []
    for kind in ("wsgi", "asgi"):
        for flow in arguments or FLOWS:
            if flow == "third_party":
                continue
            best = compare(kind, flow, repetitions)
            ratio = best["published"]["cpu"] / best["this"]["cpu"]
            promised = PROMISED.get((kind, flow), 1.0)
            if ratio < promised * TOLERANCE:
                failed.append(f"{kind} {flow}: {ratio:.2f} instead of {promised}")
    if not arguments or "third_party" in arguments:
        failed += compare_third_party()
    print(*failed, sep="\n", end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
