"""Many seeds of the swarm, in one process or several, and what became of them.

    python -m zyre.sim.swarm --seeds 0:10000 --jobs 2 --keep tests/scenarios

prints one line for each seed that fails, with the rule that it broke; makes the first of each rule small; and writes
that as a scenario file, or prints it. Exit code 1 if any seed failed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TextIO

from zyre.sim.scenario import Scenario, write
from zyre.sim.swarm import Outcome, run, shrink_seed

__all__ = ["main", "outcomes"]

_LEGEND = "   seeds   wall s   virtual h   messages    events   failed"


def outcomes(seeds: Iterable[int], jobs: int = 1) -> Iterator[Outcome]:
    """What becomes of each seed, in order."""
    if jobs == 1:
        yield from map(run, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(run, seeds, chunksize=20)


def main(arguments: list[str] | None = None, out: TextIO = sys.stdout) -> int:
    """The command; returns its exit code."""
    options = _options().parse_args(arguments)
    failures: list[Outcome] = []
    totals: Counter[str] = Counter()
    begin = time.perf_counter()
    print(_LEGEND, file=out)
    for outcome in outcomes(options.seeds, options.jobs):
        totals.update(seeds=1, seconds=outcome.seconds, messages=outcome.messages, events=outcome.events)  # type: ignore[call-overload]
        if outcome.failed:
            failures.append(outcome)
            print(f"seed {outcome.seed}: {outcome.rule}: {outcome.what}", file=out)
        if totals["seeds"] % 500 == 0:
            print(_line(totals, len(failures), begin), file=out, flush=True)
    print(_line(totals, len(failures), begin), file=out, flush=True)
    _explain(failures, options.keep, out)
    return 1 if failures else 0


def _line(totals: Counter[str], failed: int, begin: float) -> str:
    wall, hours = time.perf_counter() - begin, totals["seconds"] / 3600
    return f"{totals['seeds']:8} {wall:8.1f} {hours:11.1f} {totals['messages']:10} {totals['events']:9} {failed:8}"


def _explain(failures: list[Outcome], keep: Path | None, out: TextIO) -> None:
    """Make the first failure of each rule small."""
    for rule, seed in {outcome.rule: outcome.seed for outcome in reversed(failures)}.items():
        history, outcome = shrink_seed(seed)
        text = write(Scenario(history, about=f"What was wrong: {outcome.rule}: {outcome.what} (from seed {seed})"))
        print(f"\n# {rule}, from seed {seed}\n{text}", file=out, flush=True)
        if keep is not None:
            (keep / f"seed-{seed}.toml").write_text(text, "utf-8")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m zyre.sim.swarm", description="Run random histories.")
    parser.add_argument("--seeds", type=_range, default=range(200), metavar="FIRST:END", help="default 0:200")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes, default 1")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="write small failing scenarios there")
    return parser


def _range(text: str) -> range:
    first, colon, end = text.partition(":")
    return range(int(first), int(end)) if colon else range(int(first), int(first) + 1)


if __name__ == "__main__":
    sys.exit(main())
