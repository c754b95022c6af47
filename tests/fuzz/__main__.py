"""``python -m tests.fuzz [--seconds N] [TARGET...]``: every target, or some, one after the other.

What breaks one is left in a file of .cache/fuzz; give that to the target to see it again:
``python -m tests.fuzz.fuzz_zre .cache/fuzz/crash-...``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tests.fuzz.guided import MISSING, _atheris

FOUND = Path(__file__).parents[2] / ".cache" / "fuzz"
TARGETS = ("zre", "beacon", "extensions", "calls", "machine", "journal")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all by default")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    options = parser.parse_args()
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"unknown target {sorted(unknown)[0]}; there are: {', '.join(TARGETS)}")
    if _atheris() is None:
        print(MISSING, file=sys.stderr)
        return 3
    FOUND.mkdir(parents=True, exist_ok=True)
    broken = []
    for target in options.targets or TARGETS:
        module = f"tests.fuzz.fuzz_{target}"
        limits = [
            f"-max_total_time={options.seconds}",
            "-timeout=10",
            "-rss_limit_mb=2048",
            f"-artifact_prefix={FOUND}/",
        ]
        if subprocess.run([sys.executable, "-m", module, *limits]).returncode:
            broken.append(target)
    print(f"broken: {', '.join(broken)}" if broken else "nothing broke")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
