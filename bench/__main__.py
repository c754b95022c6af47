"""``python -m bench``: measure, and print ratios. See --help."""

from __future__ import annotations

import argparse
import dataclasses
import time
from pathlib import Path

from .network import enter


def main() -> None:
    """Enter the private network before anything else: it must not have a second thread by then."""
    options = _options()
    obstacle = enter()

    from rich.console import Console

    from .measures import MEASURES, Run
    from .peers import CONTESTANTS, missing
    from .plan import DEFAULT, QUICK
    from .report import show, write
    from .stats import Results

    plan = QUICK if options.quick else DEFAULT
    if options.rounds is not None:
        plan = dataclasses.replace(plan, rounds=options.rounds)
    console, results = Console(), Results()
    absent = {one.name: missing(one.name) for one in CONTESTANTS}
    if obstacle:
        results.note(f"on loopback, without libzyre and pyre: {obstacle}")
        absent |= dict.fromkeys(("libzyre", "pyre"), "it needs a network that can broadcast.")
    for name, reason in absent.items():
        if reason:
            results.note(f"without {name}: {reason}")
    began = time.monotonic()
    run = Run(plan, [one for one in CONTESTANTS if not absent[one.name]], results, lambda text: console.print(text))
    for name in options.only or MEASURES:
        MEASURES[name](run)
    show(results, console)
    console.print(f"{time.monotonic() - began:.0f} s; {write(results, options.json)}", highlight=False)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="How fast zyre is, beside libzyre.")
    parser.add_argument("--rounds", type=int, help="rounds of each measure; more of them narrow the spread")
    parser.add_argument("--quick", action="store_true", help="half a minute instead of some")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the numbers go; default: bench/results/")
    parser.add_argument(
        "--only",
        action="append",
        choices=("whisper", "roundtrip", "shout", "discovery", "memory", "churn"),
        help="measure this; may be given several times",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
