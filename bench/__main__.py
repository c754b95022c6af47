"""``python -m bench``: measure, and print ratios. See --help."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from pathlib import Path

from .network import enter

#: By name, and not taken from where they are: that needs what must not be imported before the network is entered.
MEASURES = ("whisper", "two-way", "roundtrip", "shout", "discovery", "present", "memory", "churn")


def main() -> None:
    """Enter the private network before anything else: it must not have a second thread by then."""
    options = _options()
    obstacle = enter()

    from rich.console import Console

    from .baseline import BASELINE, keep, regressions
    from .measures import MEASURES as measures
    from .peers import CONTESTANTS, missing
    from .pictures import draw
    from .plan import DEFAULT, QUICK
    from .progress import Bar
    from .report import show, show_regressions, write
    from .run import Run
    from .stats import Results

    plan = QUICK if options.quick else DEFAULT
    if options.rounds is not None:
        plan = dataclasses.replace(plan, rounds=options.rounds)
    console, results = Console(), Results()
    wanted = [one for one in CONTESTANTS if not options.contestant or one.name in options.contestant]
    absent = {one.name: missing(one) for one in wanted}
    if obstacle:
        results.note(f"on loopback, without libzyre and pyre: {obstacle}")
        absent |= dict.fromkeys(("libzyre", "pyre"), "it needs a network that can broadcast.")
    for name, reason in absent.items():
        if reason:
            results.note(f"without {name}: {reason}")
    began = time.monotonic()
    chosen = options.only or MEASURES
    with Bar(console, len(chosen)) as bar:
        run = Run(plan, [one for one in wanted if not absent[one.name]], results, bar)
        for name in chosen:
            measures[name](run)
            bar.measured()
    show(results, console, options.against)
    if BASELINE.exists():
        show_regressions(regressions(results), console)
    if options.baseline:
        keep(results)
    file = write(results, options.json)
    files = [file, *draw(results, file)]
    console.print(f"{time.monotonic() - began:.0f} s; {' '.join(map(str, files))}", highlight=False, soft_wrap=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="How fast zyre is, beside others.")
    parser.add_argument("--rounds", type=int, help="rounds of each measure; more of them narrow the spread")
    parser.add_argument("--quick", action="store_true", help="in less than two minutes, with wider spreads")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the numbers go; default: bench/results/")
    parser.add_argument("--against", metavar="CONTESTANT", help="show ratios to this one; default: libzyre")
    parser.add_argument("--baseline", action="store_true", help="keep the ratios of this run in bench/baseline.json")
    parser.add_argument("--contestant", action="append", metavar="NAME", help="let this one take part; may be repeated")
    parser.add_argument("--only", action="append", choices=MEASURES, help="measure this; may be repeated")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("interrupted: nothing of this run is kept", file=sys.stderr)
        sys.exit(130)
