"""Writes docs/conformance.md: what every implementation of ZRE that we know does right and wrong.

    python -m tests.peers.conformance_matrix

Each one runs in its own process, in the private network of the tests, and is started anew whenever a probe killed it.
"""

from __future__ import annotations

import ctypes
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.peers import libzyre, zyrejs_setup
from tests.support.network import enter_private_network
from zyre.conformance import PROBES, Kit, Outcome, Probe, Result

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "conformance.md"
COMMAND = "python -m tests.peers.conformance_matrix"

KINDS = {"zyre": "zyre (this)", "libzyre": "libzyre", "pyre": "zeromq-pyre", "zyrejs": "zyre.js"}
SIGNS = {Outcome.RIGHT: "yes", Outcome.WRONG: "**no**", Outcome.NOTED: "", Outcome.DIED: "**dies**"}
PATIENCE = 1.0

HEAD = """# What peers do right and wrong

`zyre conform ENDPOINT` tries a running node, of whatever implementation, against 36/ZRE:

    zyre conform tcp://192.168.1.7:49152                        # harmless to all that we know
    zyre conform tcp://192.168.1.7:49152 --all --beacon-port 5670   # also what kills some of them, and all that hear it

It meets the node as one new peer after the other, and looks after each probe whether the node still answers. What a
node tells its application cannot be seen from outside; that it goes on answering with the right numbers, greets anew,
or is silent, can. `--json` prints one object for each probe. Exit code 0: all is right; 1: it is not; 3: nobody is
there.

"""

LEGEND = """
*yes*: as 36/ZRE says, or as all others do where it says nothing. *no* and *dies*: see below. Words in between are
choices that peers can live with. *Dies*: it answered nobody any more, and was started anew for the next probe.

36/ZRE wants the first number to be 1, and whoever leaves a gap in them disconnected. Ours accepts and keeps such peers
on purpose, and tells the application what was lost: an Exit would lose more, and heals nothing.
"""


def versions() -> dict[str, str]:
    ours = {"zyre": version("zyre"), "pyre": version("zeromq-pyre")}
    path = libzyre.find_library()
    if path is not None:
        number = ctypes.CDLL(str(path)).zyre_version()
        ours["libzyre"] = f"{number // 10000}.{number // 100 % 100}.{number % 100}"
    manifest = json.loads((Path(__file__).parent / "zyrejs" / "package.json").read_text())
    ours["zyrejs"] = manifest["dependencies"]["zyre.js"]
    return ours


def everything(kind: str) -> Iterator[Result]:
    """Every probe's result, from as many lives of the peer as that takes."""
    from tests.peers.harness import ReferencePeer, unused_port
    from tests.peers.raw import RawPeer

    left: tuple[Probe, ...] = PROBES
    while left:
        port = unused_port()
        with ReferencePeer(kind, name="target", port=port, groups=["G"]) as peer:
            with RawPeer(port) as raw:
                endpoint = raw.wait_beacon(lambda data, own=peer.uuid: data[4:20].hex().upper() == own).endpoint
            kit = Kit(endpoint, beacon_port=port, deadly=True, patience=PATIENCE, probes=left)
            tried = 0
            for result in kit.run():
                tried += 1
                print(f"{kind:8} {result.probe.name:16} {result.outcome:6} {result.detail}", file=sys.stderr)
                yield result
        left = left[tried:]


def page(results: dict[str, dict[str, Result]], known: dict[str, str]) -> str:
    day = datetime.now(UTC).date().isoformat()
    names = [f"{KINDS[kind]} {known[kind]}" for kind in results]
    lines = [HEAD, f"As of {day}, by `{COMMAND}`:\n\n"]
    lines += [f"| probe | {' | '.join(names)} |\n", f"|---|{'---|' * len(names)}\n"]
    for probe in PROBES:
        cells = (cell(results[kind][probe.name]) for kind in results)
        lines.append(f"| `{probe.name}` | {' | '.join(cells)} |\n")
    lines += [LEGEND, "\n## What is not right\n"]
    for kind, name in zip(results, names, strict=True):
        wrong = [r for r in results[kind].values() if r.outcome in (Outcome.WRONG, Outcome.DIED)]
        lines.append(f"\n### {name}\n\n" if wrong else f"\n### {name}\n\nNothing.\n")
        lines += [f"- `{r.probe.name}`: {r.detail}\n" for r in wrong]
    lines += ["\n## The probes\n\n", "| probe | 36/ZRE | | sent | expected |\n", "|---|---|---|---|---|\n"]
    for probe in PROBES:
        asked = " `--all`" * probe.deadly + " `--beacon-port`" * probe.needs_beacons
        lines.append(
            f"| `{probe.name}` | {probe.section} | {probe.severity.value}{asked} | {probe.sent} | {probe.expected} |\n"
        )
    return "".join(lines)


def cell(result: Result) -> str:
    return SIGNS[result.outcome] or result.detail


def main() -> None:
    zyrejs_setup.install()
    network = enter_private_network()
    if not network:
        sys.exit(f"this needs a private network: {network.reason}")
    from tests.peers.harness import missing

    known = versions()
    results = {}
    for kind in KINDS:
        if reason := missing(kind):
            sys.exit(reason)
        results[kind] = {result.probe.name: result for result in everything(kind)}
    PAGE.write_text(page(results, known))
    print(f"{PAGE.relative_to(ROOT)} is written")


if __name__ == "__main__":
    main()
