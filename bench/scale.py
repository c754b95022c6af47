"""What many nodes cost: ``python -m bench.scale [--nodes 10 25 50 100] [--seconds 10] [--json FILE] [--picture FILE]``.

So many nodes meet in one mesh, once in one process, once there without TCP (``inproc://``, by gossip), and once each
in a process of its own: how long that takes, what a node costs then while nothing is said, and what each of the two
ends of a relation between two nodes takes. How much of that are Python objects is traced in a run of its own, because
tracing is slow.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

import zyre

from .network import enter

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_PATIENCE: Final = 180.0
#: Seconds until nodes that have just met have nothing to do; no longer than they are watched.
_SETTLE: Final = 8.0
#: What ends of relations and nodes take of descriptors, roundly, and what there is beside them.
_OF_END, _OF_NODE, _BESIDE = 3, 24, 200
_OF_INPROC_END: Final = 1
#: Where they are measured, as it is shown in the table and in the picture.
_PLACES: Final = {
    "together": ("one process", "in one process"),
    "inproc": ("one process, inproc", "in one process, inproc"),
    "apart": ("processes", "each in a process"),
}
_LONE: Final = 4

_COLUMNS: Final = {
    "met": ("all have met after", "s"),
    "meeting": ("CPU of a node until then", "ms"),
    "idle": ("idle CPU of a node", "% of a core"),
    "resident": ("memory of an end of a relation", "KiB"),
    "objects": ("of it Python objects", "KiB"),
    "descriptors": ("descriptors of an end", ""),
}


@dataclass(frozen=True)
class Point:
    """What so many nodes cost; ``None`` is not measured there. The node's own memory and descriptors are shared out
    among its ends, but for the objects."""

    place: str
    nodes: int
    met: float
    meeting: float
    idle: float
    resident: float
    descriptors: float
    objects: float | None = None


def main() -> None:
    """Print a table; the numbers as JSON, and a picture, if that is wanted."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description="What many nodes cost.")
    parser.add_argument("--nodes", type=int, nargs="+", default=[10, 25, 50, 100])
    parser.add_argument("--seconds", type=float, default=10.0, help="for which idle nodes are watched")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--part", choices=sorted(_PARTS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        _PARTS[options.part](options.nodes[0], options.seconds)
        return
    _may_open(_needed(max(options.nodes)))  # in the private network nobody may any more
    enter()
    points = [point for count in options.nodes for point in measure(count, options.seconds)]
    show(points)
    if options.json:
        options.json.write_text(json.dumps([asdict(point) for point in points], indent=1))
    if options.picture:
        draw(points, options.picture)


def measure(count: int, seconds: float) -> list[Point]:
    """So many nodes in one process, and apart."""
    points = []
    if _may_open(_needed(count)):
        together = _ask("together", count, seconds)
        objects = _ask("objects", count, seconds)["objects"]
        points.append(Point("together", count, **together, objects=objects))
    else:
        print(f"{count} nodes in one process need some {_needed(count)} descriptors: see 'ulimit -n'", file=sys.stderr)
    if _may_open(_needed(count, _OF_INPROC_END)):
        points.append(Point("inproc", count, **_ask("inproc", count, seconds)))
    return [*points, _apart(count, seconds)]


def _needed(count: int, of_end: int = _OF_END) -> int:
    return count * (count - 1) * of_end + count * _OF_NODE + _BESIDE


def _may_open(needed: int) -> bool:
    """Raise the limit of descriptors, if there is one and that is allowed."""
    if resource is None:
        return True
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or needed <= soft:
        return True
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, max(hard, needed)))
    except (OSError, ValueError):
        return False
    return True


def _start(part: str, count: int, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.scale", "--part", part, "--nodes", str(count), "--seconds", str(seconds)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)


def _ask(part: str, count: int, seconds: float) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(_start(part, count, seconds).communicate()[0])
    return answer


def _apart(count: int, seconds: float) -> Point:
    nodes = [_start("apart", count, seconds) for _ in range(count)]

    def step() -> list[Any]:
        """What each of them says next; then all may go on."""
        answers = [json.loads(node.stdout.readline()) for node in nodes if node.stdout is not None]
        for node in nodes:
            if node.stdin is not None:
                node.stdin.write("\n")
        return answers

    step()
    began = time.time()
    met = step()
    costs = step()
    for node in nodes:
        node.communicate()
    middle = {name: statistics.median(cost[name] for cost in costs) for name in costs[0]}
    return Point("apart", count, met=max(met) - began, **middle)


# -- the processes that are measured -----------------------------------------------------------------------------------


def _meet(nodes: Sequence[zyre.Node], others: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    for node in nodes:
        left = others
        while left and time.monotonic() < deadline:
            try:
                left -= isinstance(node.recv(1.0), zyre.Enter)
            except zyre.RecvTimeout:
                continue
        if left:
            raise SystemExit(f"after {_PATIENCE:g} s a node has not met {left} of {others}")


def _used() -> dict[str, float]:
    """Resident memory in KiB, and descriptors."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {"resident": pages * os.sysconf("SC_PAGE_SIZE") / 1024, "descriptors": len(os.listdir("/proc/self/fd"))}


def _grown(before: Mapping[str, float], ends: int) -> dict[str, float]:
    return {name: (now - before[name]) / ends for name, now in _used().items()}


def _load() -> None:
    """Have a node and end it, so that what all nodes share is there."""
    with zyre.Node(port=5672, interface="lo"):
        pass


def _idle(nodes: int, seconds: float) -> float:
    time.sleep(min(_SETTLE, seconds))
    cpu, began = time.process_time(), time.monotonic()
    time.sleep(seconds)
    return (time.process_time() - cpu) / (time.monotonic() - began) / nodes * 100


def apart(count: int, seconds: float) -> None:
    """One of many: says when it is ready, when it has met all, and what it has cost."""
    _load()
    before, cpu = _used(), time.process_time()
    print("0", flush=True)
    sys.stdin.readline()
    with zyre.Node(port=5671, interface="lo") as node:
        _meet([node], count - 1)
        meeting = (time.process_time() - cpu) * 1000
        print(time.time(), flush=True)
        sys.stdin.readline()
        threading.Thread(target=node.run, daemon=True).start()
        costs = {"meeting": meeting, "idle": _idle(1, seconds), **_grown(before, count - 1)}
        print(json.dumps(costs), flush=True)
        sys.stdin.readline()


def together(count: int, seconds: float) -> None:
    """All in this process."""
    _cost_together(lambda: [zyre.Node(port=5671, interface="lo") for _ in range(count)], seconds)


def inproc(count: int, seconds: float) -> None:
    """The same without TCP: the first node tells the others of each other."""
    places = [zyre.NodeConfig(endpoint=f"inproc://node-{number}") for number in range(count)]
    hub = "inproc://hub"

    def make() -> list[zyre.Node]:
        first = zyre.Node(port=0, config=places[0])
        first.gossip_bind(hub)
        return [first, *(zyre.Node(port=0, config=place, gossip_connect=(hub,)) for place in places[1:])]

    _cost_together(make, seconds)


def _cost_together(make: Callable[[], Sequence[zyre.Node]], seconds: float) -> None:
    _load()
    before, cpu, began = _used(), time.process_time(), time.monotonic()
    nodes = make()
    for node in nodes:
        node.start()
    count = len(nodes)
    _meet(nodes, count - 1)
    met, meeting = time.monotonic() - began, (time.process_time() - cpu) / count * 1000
    costs = {"met": met, "meeting": meeting, "idle": _idle(count, seconds), **_grown(before, count * (count - 1))}
    print(json.dumps(costs), flush=True)
    os._exit(0)  # to say goodbye ten thousand times takes longer than all of it


def objects(count: int, seconds: float) -> None:
    """Python's objects in such a process, but for those of nodes that know nobody."""
    _load()
    tracemalloc.start()
    ports = iter(range(5673, 5673 + _LONE))
    first = _traced()
    alone = [zyre.Node(port=port, interface="lo") for port in ports]
    for node in alone:
        node.start()
    time.sleep(1.0)
    lone = (_traced() - first) / _LONE
    before = _traced()
    nodes = [zyre.Node(port=5671, interface="lo") for _ in range(count)]
    for node in nodes:
        node.start()
    _meet(nodes, count - 1)
    time.sleep(min(_SETTLE, seconds))
    print(json.dumps({"objects": (_traced() - before - lone * count) / (count * (count - 1)) / 1024}), flush=True)
    if os.environ.get("ZYRE_BENCH_TRACE"):
        for line in tracemalloc.take_snapshot().statistics("lineno")[:40]:
            print(line, file=sys.stderr)
    os._exit(0)


def _traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


_PARTS: Final = {"apart": apart, "together": together, "inproc": inproc, "objects": objects}


# -- what is shown -----------------------------------------------------------------------------------------------------


def show(points: Sequence[Point]) -> None:
    """A table of all."""
    table = Table("nodes", "in", *(f"{title}, {unit}" if unit else title for title, unit in _COLUMNS.values()))
    for point in points:
        values = (getattr(point, name) for name in _COLUMNS)
        cells = ("" if value is None else f"{value:.2f}" if value < 10 else f"{value:.0f}" for value in values)
        table.add_row(str(point.nodes), _PLACES[point.place][0], *cells)
    Console(width=140).print(table)


def draw(points: Sequence[Point], file: Path) -> None:
    """Each cost against the number of nodes."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(2, 3, figsize=(13, 7))
    for axes, (name, (title, unit)) in zip(panels.flat, _COLUMNS.items(), strict=True):
        for place, (_, label) in _PLACES.items():
            curve = [(p.nodes, getattr(p, name)) for p in points if p.place == place and getattr(p, name) is not None]
            if curve:
                axes.plot(*zip(*curve, strict=True), "o-", label=label)
        axes.set_title(f"{title}, {unit}" if unit else title, fontsize=9)
        axes.set_xlabel("nodes")
        axes.set_ylim(bottom=0)
        axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(file, dpi=110)
    pyplot.close(figure)


if __name__ == "__main__":
    main()
