"""Compares this package with the published release, or with an earlier commit of its own.

The same flows run side by side: under this package, in the interpreter that runs this file, and
under the other one, in an interpreter that has that one installed. ``nox`` sets both up::

    nox -s benchmark                            # the published release
    nox -s benchmark -- --baseline main~20      # a commit
    nox -s benchmark -- --baseline main~20 --rounds 40 sign_in right_code

which stand for ``PUBLISHED=path/to/python python benchmarks/run.py [REPETITIONS] [FLOW ...]`` and
``python benchmarks/run.py --baseline path/to/python [FLOW ...]``.

With the published release it prints the time per flow and the ratios of CPU time and of flows per
second; a ratio above one means that this package is faster. Logins by a provider come with how many
queries and requests they take, and with providers that take their time.

With a baseline it prints the ratio of CPU time per flow, which is 1.00 if nothing has changed. Both
take turns of a fraction of a second, so that whatever else the machine does hits both. The ratio is
the median of those of all turns; its standard error is beside it. The busier the machine, the more
turns are taken.

Ends with status 1 if a ratio is below what is promised.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Self

HERE = Path(__file__).parent
FLOWS = ["login_page", "sign_in", "wrong_password", "sign_up", "email_page", "sign_out"]
CODE_FLOWS = ["code_page", "wrong_code", "right_code"]
PROVIDER_FLOWS = ["callback"]
BASELINE_FLOWS = [*FLOWS, "password_reset", *CODE_FLOWS, *PROVIDER_FLOWS]
KINDS = ("wsgi", "asgi")
LATENCIES = {0: 20, 50: 4, 200: 2}
"""Milliseconds that a provider takes to answer, and how many logins there are in a series then."""
PROMISED = {
    ("wsgi", "login_page"): 2.0,
    ("wsgi", "sign_in"): 1.45,
    ("wsgi", "sign_up"): 1.45,
    ("asgi", "sign_in"): 1.3,
    ("asgi", "sign_up"): 1.3,
}
"""How many times faster, by CPU time, this package has to be; everywhere else, not slower."""
THRESHOLD = 0.95
"""Two runs of the same code differ by this much."""
ROUNDS = 2
"""How often the published release is measured."""
TURN_SECONDS = 0.03
"""How much CPU time a turn takes against a baseline."""
TURNS = 80
"""How many turns a process takes."""
LEAST_PROCESSES, MOST_PROCESSES = 2, 4
"""How many there are on either side in turn: some are slower than others, by chance."""
PRECISION = 0.01
"""Standard error of a ratio that makes further turns unnecessary."""


class Worker:
    """A process that runs one flow under one interpreter whenever it is asked to."""

    def __init__(self, python: str, kind: str, flow: str, **environ: str) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment.update(environ)
        if flow in CODE_FLOWS:
            environment["BY_CODE"] = "1"
        self.name = f"{python}: {kind} {flow}"
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the worker
        self.process = subprocess.Popen(
            [Path(python).absolute(), "worker.py", kind, flow],
            cwd=HERE,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.process.communicate()
        self.errors.close()

    def ask(self, word: str | int) -> dict[str, float]:
        """Hand over a number of repetitions, or ``count``; returns the answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(f"{word}\n")
            self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("{"):
                answer: dict[str, float] = json.loads(line)
                return answer
        self.errors.seek(0)
        raise SystemExit(f"{self.name} failed\n{self.errors.read()}")


def measure(
    python: str, kind: str, flow: str, repetitions: int, **environ: str
) -> dict[str, float]:
    """Measure one flow under one interpreter: the best of five series."""
    with Worker(python, kind, flow, **environ) as worker:
        worker.ask(5)
        series = [worker.ask(repetitions) for _ in range(5)]
        counts = worker.ask("count") if "PROVIDER" in environ and kind == "wsgi" else {}
    return {name: min(one[name] for one in series) for name in ("cpu", "wall")} | counts


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


def compare_third_party(threshold: float) -> list[str]:
    """Compare logins by a provider; returns where this package does not do what it should."""
    failed = []
    for latency, repetitions in LATENCIES.items():
        for kind in ("wsgi", "asgi"):
            label = f"third_party {latency} ms"
            with provider(latency) as url:
                best = compare(kind, "third_party", repetitions, label, PROVIDER=url)
            this, published = best["this"], best["published"]
            if this["wall"] * threshold > published["wall"]:
                failed.append(f"{kind} {label}: slower")
            counted = [] if latency else sorted(this.keys() - {"cpu", "wall"})
            for name in counted:
                print(f"      {name:20} {this[name]:9.0f} {published[name]:9.0f}")
    return failed


def compare_with_published(flows: list[str], repetitions: int, threshold: float) -> list[str]:
    """Compare with the published release; returns where this package does not do what it should."""
    print("            flow             this us  publ. us     cpu    rate")
    failed = []
    for kind in KINDS:
        for flow in flows or FLOWS:
            if flow == "third_party":
                continue
            best = compare(kind, flow, repetitions)
            ratio = best["published"]["cpu"] / best["this"]["cpu"]
            promised = PROMISED.get((kind, flow), 1.0)
            if ratio < promised * threshold:
                failed.append(f"{kind} {flow}: {ratio:.2f} instead of {promised}")
    if not flows or "third_party" in flows:
        failed += compare_third_party(threshold)
    return failed


def take_turns(
    baseline: str, kind: str, flow: str, turns: int, **environ: str
) -> Iterator[tuple[float, float]]:
    """CPU time under this package and under the baseline, turn by turn."""
    with (
        Worker(sys.executable, kind, flow, **environ) as this,
        Worker(baseline, kind, flow, **environ) as other,
    ):
        for worker in (this, other):
            worker.ask(10)
        repetitions = max(2, round(TURN_SECONDS * 1e6 / this.ask(10)["cpu"]))
        for number in range(turns):
            order = (this, other) if number % 2 else (other, this)
            spent = {worker: worker.ask(repetitions)["cpu"] for worker in order}
            yield spent[this], spent[other]


def get_median(ratios: list[float]) -> tuple[float, float]:
    """The median, and its standard error if the ratios are distributed normally."""
    low, middle, high = quantiles(ratios, n=4)
    return middle, 1.253 * (high - low) / 1.349 / len(ratios) ** 0.5


def compare_with_commit(baseline: str, kind: str, flow: str, turns: int) -> float:
    """Print, and return, how many times faster than an earlier commit this package is."""
    spent: list[tuple[float, float]] = []
    ratio, error = 1.0, 1.0
    with provider(0) if flow in PROVIDER_FLOWS else contextlib.nullcontext() as url:
        environ = {"PROVIDER": url} if url else {}
        for number in range(MOST_PROCESSES):
            if number >= LEAST_PROCESSES and error <= PRECISION:
                break
            seed = {"PYTHONHASHSEED": str(number)}
            spent += take_turns(baseline, kind, flow, turns, **environ, **seed)
            ratio, error = get_median([other / this for this, other in spent])
    print(
        f"{kind:5} {flow:20} {median(this for this, _ in spent):9.0f}"
        f" {median(other for _, other in spent):9.0f} {ratio:7.3f} {error:7.3f} {len(spent):6}",
        flush=True,
    )
    return ratio


def compare_with_baseline(
    baseline: str, flows: list[str], turns: int, threshold: float
) -> list[str]:
    """Compare with an earlier commit; returns what has become slower."""
    print("            flow             this us   base us   ratio   error  turns")
    failed = []
    for kind in KINDS:
        for flow in flows or BASELINE_FLOWS:
            ratio = compare_with_commit(baseline, kind, flow, turns)
            if ratio < threshold:
                failed.append(f"{kind} {flow}: {ratio:.3f} is below {threshold}")
    return failed


def parse_arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("flows", nargs="*", metavar="[REPETITIONS] [FLOW ...]")
    parser.add_argument("--baseline", metavar="PYTHON", help="has an earlier commit installed")
    parser.add_argument("--rounds", type=int, default=TURNS, help="turns of a process")
    parser.add_argument("--threshold", type=float, default=THRESHOLD, help="least ratio allowed")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    flows = arguments.flows
    repetitions = int(flows.pop(0)) if flows and flows[0].isdigit() else 100
    if arguments.baseline:
        failed = compare_with_baseline(
            arguments.baseline, flows, arguments.rounds, arguments.threshold
        )
    else:
        failed = compare_with_published(flows, repetitions, arguments.threshold)
    print(*failed, sep="\n", end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
