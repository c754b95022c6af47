"""What being there costs the network and the machine: ``python -m bench.kindness``.

Fifty nodes of one kind have nothing to do; then somebody floods their UDP port with what is no beacon. Measured are the
octets that each node puts on the network, headers included, and the processor time of one of them, which has a process
of its own. libzyre goes through the same in the same run, so what the machine does besides concerns both.
"""

from __future__ import annotations

import argparse
import random
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .network import enter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .peers import Contestant

BROADCAST = "10.77.0.255"
#: Nodes in one process.
_CROWD = 7


def crowd(module: str, count: int, port: int) -> None:
    """So many nodes in this process, until standard input ends."""
    if module == "libzyre":
        from .peers.libzyre import Libzyre as End
    else:
        from .peers.zyre_threads import ZyreThreads as End  # type: ignore[assignment]
    ends = [End() for _ in range(count)]
    for end in ends:
        end.new(port, [])
        end.start()
    print("ready", flush=True)
    sys.stdin.read()


def flood(port: int, seconds: float, rate: int) -> None:
    """Datagrams of every length, half of them as long as a beacon, a quarter beginning like one."""
    chance = random.Random(1)
    garbage = [chance.randbytes(chance.randrange(1, 200) if number % 2 else 22) for number in range(100)]
    garbage[::4] = [b"ZRE" + data[3:] for data in garbage[::4]]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        began = time.monotonic()
        sent = 0
        while (now := time.monotonic() - began) < seconds:
            while sent < now * rate:
                sender.sendto(garbage[sent % len(garbage)], (BROADCAST, port))
                sent += 1
            time.sleep(0.002)
    print(sent, flush=True)


def octets_sent() -> int:
    """By all interfaces of this network so far, headers included."""
    lines = Path("/proc/net/dev").read_text().splitlines()[2:]
    return sum(int(line.split(":")[1].split()[8]) for line in lines)


def _child(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.kindness", *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@contextmanager
def _crowd(one: Contestant, count: int, port: int) -> Iterator[None]:
    """Several processes, because CZMQ has a thousand sockets for each at most."""
    with ExitStack() as stack:
        sizes = [min(_CROWD, count - begin) for begin in range(0, count, _CROWD)]
        crowds = [_child("--crowd", one.module, "--peers", size, "--port", port) for size in sizes]
        for process in crowds:
            stack.enter_context(process)
            stack.callback(process.kill)
        for process in crowds:
            assert process.stdout is not None
            if process.stdout.readline().strip() != "ready":
                raise RuntimeError(f"no crowd of {one.name}")
        yield


def measure(one: Contestant, peers: int, seconds: float, rate: int) -> dict[str, float]:
    """What one kind of node costs."""
    from .network import unused_port
    from .process import PeerProcess

    port = unused_port()
    with ExitStack() as stack:
        stack.enter_context(_crowd(one, peers - 1, port))
        node = stack.enter_context(PeerProcess(one))
        node.call("new", port=port, groups=[])
        node.call("start")
        time.sleep(5.0)  # until all have met
        before, cpu, began = octets_sent(), float(node.call("usage")["cpu"]), time.monotonic()
        time.sleep(seconds)
        idle = float(node.call("usage")["cpu"]) - cpu
        passed = time.monotonic() - began
        sent = octets_sent() - before
        with _child("--flood", rate, "--port", port, "--seconds", seconds) as flooder:
            assert flooder.stdout is not None
            cpu, began = float(node.call("usage")["cpu"]), time.monotonic()
            garbage = int(flooder.stdout.readline())
            flooded = float(node.call("usage")["cpu"]) - cpu
            under = time.monotonic() - began
    return {
        "kbit/s that an idle node sends": sent * 8 / 1000 / peers / passed,
        f"% of a core, idle among {peers}": 100 * idle / passed,
        f"% of a core more, at {garbage / under:,.0f} datagrams of garbage a second": 100
        * (flooded / under - idle / passed),
    }


def main() -> None:
    """Measure both kinds, and print them side by side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--crowd", default="", help=argparse.SUPPRESS)
    parser.add_argument("--flood", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if obstacle := enter():
        sys.exit(f"this needs the private network: {obstacle}")
    if options.crowd:
        return crowd(options.crowd, options.peers, options.port)
    if options.flood:
        return flood(options.port, options.seconds, options.flood)
    from .peers import Contestant, contestant, missing

    for one in (Contestant("zyre", "zyre_threads"), contestant("libzyre")):
        if reason := missing(one):
            print(reason)
            continue
        print(one.name)
        for what, value in measure(one, options.peers, options.seconds, options.rate).items():
            print(f"    {value:8.2f} {what}")
    return None


if __name__ == "__main__":
    main()
