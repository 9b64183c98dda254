"""Compares this package with the published release, or with an earlier commit of its own.

The same flows run side by side: under this package, in the interpreter that runs this file, and
under the other one, in an interpreter that has that one installed. ``nox`` sets both up::

    nox -s benchmark                            # the published release
    nox -s benchmark -- --baseline main~20      # a commit
    nox -s benchmark -- --rounds 40 sign_in sign_up

which stand for ``PUBLISHED=path/to/python python benchmarks/run.py [FLOW ...]`` and ``python
benchmarks/run.py --baseline path/to/python [FLOW ...]``.

It prints the CPU time of a flow under both, and how many times as fast this package is: by CPU
time, and by flows per second. The two take turns of a fraction of a second, so that whatever else
the machine does hits both. A ratio is the median of those of all turns; beside it is the standard
error of the one that counts. The busier the machine, the more turns are taken.

Under ASGI much of the time is Django's own: it passes each request from thread to thread once for
each of its middlewares, before and after the view, and so does the test client.

With the published release, logins by a provider come with how many queries and requests they take,
and with providers that take their time.

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
PUBLISHED_FLOWS = [*FLOWS, "password_reset", "third_party"]
BASELINE_FLOWS = [*FLOWS, "password_reset", *CODE_FLOWS, *PROVIDER_FLOWS]
KINDS = ("wsgi", "asgi")
LATENCIES = {0: 40, 50: 8, 200: 4}
"""Milliseconds that a provider takes to answer, and how many turns a process takes then."""
PROMISED = {
    ("wsgi", "login_page"): 2.0,
    ("wsgi", "sign_in"): 1.45,
    ("wsgi", "sign_up"): 1.45,
    ("asgi", "sign_in"): 1.25,
    ("asgi", "sign_up"): 1.25,
}
"""How many times as fast, by CPU time, this package has to be; everywhere else, not slower."""
THRESHOLD = 0.95
"""Two runs of the same code differ by this much, even in turns: machines have moods."""
TURN_SECONDS = 0.03
"""How much CPU time a turn takes."""
TURNS = 80
"""How many turns a process takes."""
LEAST_PROCESSES, MOST_PROCESSES = 2, 4
"""How many there are on either side in turn: some are slower than others, by chance."""
PRECISION = 0.01
"""Standard error of a ratio that makes further turns unnecessary."""

Times = dict[str, float]
"""CPU and wall time of a flow, in microseconds."""


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


def take_turns(
    other_python: str, kind: str, flow: str, turns: int, **environ: str
) -> Iterator[tuple[Times, Times]]:
    """Times under this package and under the other one, turn by turn."""
    with (
        Worker(sys.executable, kind, flow, **environ) as this,
        Worker(other_python, kind, flow, **environ) as other,
    ):
        for worker in (this, other):
            worker.ask(min(turns, 10))
        repetitions = max(2, round(TURN_SECONDS * 1e6 / this.ask(min(turns, 10))["cpu"]))
        for number in range(turns):
            order = (this, other) if number % 2 else (other, this)
            spent = {worker: worker.ask(repetitions) for worker in order}
            yield spent[this], spent[other]


def get_median(ratios: list[float]) -> tuple[float, float]:
    """The median, and its standard error if the ratios are distributed normally."""
    low, middle, high = quantiles(ratios, n=4)
    return middle, 1.253 * (high - low) / 1.349 / len(ratios) ** 0.5


def compare(
    other_python: str,
    kind: str,
    flow: str,
    turns: int,
    *,
    label: str = "",
    counts: str = "cpu",
    **environ: str,
) -> float:
    """Print how many times as fast this package is; returns the ratio that counts."""
    spent: list[tuple[Times, Times]] = []
    ratios = {"cpu": 1.0, "wall": 1.0}
    error = 1.0
    for number in range(MOST_PROCESSES):
        if number >= LEAST_PROCESSES and error <= PRECISION:
            break
        seed = {"PYTHONHASHSEED": str(number)}
        spent += take_turns(other_python, kind, flow, turns, **environ, **seed)
        for name in ratios:
            ratio, spread = get_median([other[name] / this[name] for this, other in spent])
            ratios[name] = ratio
            error = spread if name == counts else error
    print(
        f"{kind:5} {label or flow:20} {median(this['cpu'] for this, _ in spent):9.0f}"
        f" {median(other['cpu'] for _, other in spent):9.0f}"
        f" {ratios['cpu']:7.3f} {ratios['wall']:7.3f} {error:7.3f} {len(spent):6}",
        flush=True,
    )
    return ratios[counts]


def print_counts(other_python: str, url: str) -> None:
    """Print how many queries and requests a login by a provider takes under both packages."""
    found = []
    for python in (sys.executable, other_python):
        with Worker(python, "wsgi", "third_party", PROVIDER=url) as worker:
            worker.ask(2)  # from now on the account and the documents of the provider are known
            found.append(worker.ask("count"))
    for name in sorted(found[0]):
        print(f"      {name:20} {found[0][name]:9.0f} {found[1][name]:9.0f}")


def compare_third_party(published: str, threshold: float) -> list[str]:
    """Compare logins by a provider; returns where this package is slower."""
    failed = []
    for latency, turns in LATENCIES.items():
        for kind in KINDS:
            label = f"third_party {latency} ms"
            with provider(latency) as url:
                rate = compare(
                    published, kind, "third_party", turns, label=label, counts="wall", PROVIDER=url
                )
                if not latency and kind == "wsgi":
                    print_counts(published, url)
            if rate < threshold:
                failed.append(f"{kind} {label}: {rate:.3f} is below {threshold}")
    return failed


def compare_with_published(
    published: str, flows: list[str], turns: int, threshold: float
) -> list[str]:
    """Compare with the published release; returns where this package is slower than promised."""
    failed = []
    for kind in KINDS:
        for flow in flows:
            if flow == "third_party":
                continue
            ratio = compare(published, kind, flow, turns)
            promised = PROMISED.get((kind, flow), 1.0)
            if ratio < promised * threshold:
                failed.append(f"{kind} {flow}: {ratio:.3f} instead of {promised}")
    if "third_party" in flows:
        failed += compare_third_party(published, threshold)
    return failed


def compare_with_baseline(
    baseline: str, flows: list[str], turns: int, threshold: float
) -> list[str]:
    """Compare with an earlier commit; returns what has become slower."""
    failed = []
    for kind in KINDS:
        for flow in flows:
            with provider(0) if flow in PROVIDER_FLOWS else contextlib.nullcontext() as url:
                environ = {"PROVIDER": url} if url else {}
                ratio = compare(baseline, kind, flow, turns, **environ)
            if ratio < threshold:
                failed.append(f"{kind} {flow}: {ratio:.3f} is below {threshold}")
    return failed


def parse_arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    known = sorted({*PUBLISHED_FLOWS, *BASELINE_FLOWS})
    parser.add_argument("flows", nargs="*", metavar="FLOW", help=f"of {', '.join(known)}")
    parser.add_argument("--baseline", metavar="PYTHON", help="has an earlier commit installed")
    parser.add_argument("--rounds", type=int, default=TURNS, help="turns of a process")
    parser.add_argument("--threshold", type=float, default=THRESHOLD, help="least ratio allowed")
    arguments = parser.parse_args()
    unknown = set(arguments.flows) - set(known)
    if unknown:
        parser.error(f"no such flow: {', '.join(unknown)}")
    if not arguments.baseline and "PUBLISHED" not in os.environ:
        parser.error("neither --baseline nor PUBLISHED names an interpreter to compare with")
    return arguments


def main() -> int:
    arguments = parse_arguments()
    options = (arguments.rounds, arguments.threshold)
    print("            flow             this us other us     cpu    rate   error  turns")
    if arguments.baseline:
        failed = compare_with_baseline(
            arguments.baseline, arguments.flows or BASELINE_FLOWS, *options
        )
    else:
        failed = compare_with_published(
            os.environ["PUBLISHED"], arguments.flows or PUBLISHED_FLOWS, *options
        )
    print(*failed, sep="\n", end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
