"""A running node under fire: ``python -m tests.fuzz.live --count 1000000``.

Invariant: whatever strangers send to its beacon port and its inbox, a node neither ends nor leaks nor floods its log,
and two friends who whisper with it all the while notice nothing: no Exit, no loss, no disorder.

It runs in a private network; outside of one it does not run.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq

import zyre
from tests.fuzz.ammunition import STRANGERS, Ammunition
from tests.fuzz.victim import FRIEND
from tests.support.network import enter_private_network
from zyre.engine.overtaken import SETTLING

ROOT = Path(__file__).resolve().parents[2]
ADDRESS, BROADCAST = "10.77.0.1", "10.77.0.255"
PATIENCE = 60.0
#: After so many shots a stranger whose connection was broken by a bad identity, or never was one, connects anew.
_RECONNECT = 5000
#: Octets that are not even ZMTP, on the inbox's TCP port.
_NOISE_EVERY = 2000


@dataclass
class Report:
    """How it went."""

    shots: int = 0
    seconds: float = 0.0
    echoes: int = 0
    complaints: list[str] = field(default_factory=list)
    log_lines: int = 0
    before: dict[str, Any] = field(default_factory=dict)
    warm: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        grown = (self.after["rss"] - self.warm["rss"]) / 2**20
        return (
            f"{self.shots:,} shots in {self.seconds:.1f} s; the victim took {self.after['received']:,} messages and "
            f"{self.after['beacons']:,} beacons, counted {sum(self.after['violations'].values()):,} violations\n"
            f"friends: {self.echoes:,} whispers echoed, in order; complaints: {self.complaints or 'none'}\n"
            f"memory {self.before['rss'] / 2**20:.1f} MiB before, {self.warm['rss'] / 2**20:.1f} after a tenth, "
            f"{self.after['rss'] / 2**20:.1f} at the end ({grown:+.1f}); "
            f"descriptors {self.before['descriptors']} before, {self.after['descriptors']} after; "
            f"log {self.log_lines} lines; events {self.after['events']}"
        )


class Victim:
    """The node in its process."""

    def __init__(self, port: int) -> None:
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  # for as long as the victim lives
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.victim", str(port)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    def state(self) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the victim ended with status {self.process.wait()}"
        return json.loads(line)  # type: ignore[no-any-return]

    def close(self) -> int:
        """Stop it; how many lines it logged."""
        with self.process:
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process.wait(PATIENCE)
        self.log.seek(0)
        lines = self.log.read().count(b"\n")
        self.log.close()
        return lines


class Friend:
    """Whispers numbers to the victim, one after the other is echoed, and complains about whatever else it hears."""

    def __init__(self, name: str, port: int) -> None:
        self.node = zyre.Node(f"{FRIEND}-{name}", port=port, interface="va")
        self.echoes = 0
        self.complaints: list[str] = []
        self.met = threading.Event()
        self._victim: zyre.PeerId | None = None
        self._ending = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self.node.start()
        self._thread.start()

    def stop(self) -> None:
        """After the echo that is still on its way."""
        self._ending = True
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            self.complaints.append("an echo never came")
        self.node.stop()

    def _run(self) -> None:
        for event in self.node:
            if isinstance(event, zyre.Enter) and event.name == "victim":
                self._victim = event.peer
                self.met.set()
                self._next()
            elif event.peer == self._victim and self._hear(event):
                return

    def _hear(self, event: zyre.Event) -> bool:
        if isinstance(event, zyre.Whisper):
            if event.content[0] != b"%d" % self.echoes:
                self.complaints.append(f"{event.content[0]!r} came instead of {self.echoes}")
            self.echoes += 1
            if self._ending:
                return True
            self._next()
        elif isinstance(event, (zyre.Exit, zyre.Gap, zyre.Evasive)):
            self.complaints.append(str(event))
        return False

    def _next(self) -> None:
        if not self.node.whisper(self._victim, b"%d" % self.echoes):
            self.complaints.append(f"whisper {self.echoes} was not taken")


class Gun:
    """The strangers' sockets."""

    def __init__(self, endpoint: str, port: int, ammunition: Ammunition) -> None:
        self._endpoint = endpoint
        self._context = zmq.Context()
        self._ammunition = ammunition
        self._target = (BROADCAST, port)
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._udp.bind((ADDRESS, 0))
        self._dealers = [self._connect(number) for number in range(STRANGERS)]

    def _connect(self, number: int) -> zmq.Socket[bytes]:
        dealer = self._context.socket(zmq.DEALER)
        dealer.set(zmq.IDENTITY, self._ammunition.identities[number])
        dealer.set(zmq.LINGER, 0)
        dealer.set(zmq.SNDTIMEO, int(PATIENCE * 1000))
        dealer.connect(self._endpoint)
        return dealer

    def fire(self, count: int) -> None:
        for number, (stranger, frames) in enumerate(self._ammunition.shots(count)):
            if stranger is None:
                self._udp.sendto(frames[0], self._target)
            else:
                self._dealers[stranger].send_multipart(frames)
            if number % _NOISE_EVERY == 0:
                self._noise()
            if number % _RECONNECT == _RECONNECT - 1:
                again = number // _RECONNECT % STRANGERS
                self._dealers[again].close(1000)
                self._dealers[again] = self._connect(again)

    def _noise(self) -> None:
        host, _, port = self._endpoint.removeprefix("tcp://").rpartition(":")
        with socket.create_connection((host, int(port)), PATIENCE) as tcp:
            tcp.sendall(self._ammunition.chance.randbytes(200))

    def close(self) -> None:
        """Returns when the last shot is out."""
        for dealer in self._dealers:
            dealer.close(int(PATIENCE * 1000))
        self._udp.close()
        self._context.term()


@contextmanager
def friends(port: int) -> Iterator[list[Friend]]:
    both = [Friend(name, port) for name in ("one", "two")]
    for friend in both:
        friend.start()
    try:
        for friend in both:
            assert friend.met.wait(PATIENCE), "a friend never met the victim"
        yield both
    finally:
        for friend in both:
            friend.stop()


#: Descriptors that may come and go: libzmq opens some when it first needs them.
SPARE = 2


def wait_until_quiet(victim: Victim, descriptors: int) -> dict[str, Any]:
    """Until the strangers have expired: then everything that they sent has been taken in. Connections that others took
    over end a little later; those that stay beyond that have leaked."""
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while (state := victim.state())["peers"] > 2 or state["pending"]:
        assert time.monotonic() < deadline, f"the strangers do not expire: {state}"
        pause.wait(0.1)
    settled = time.monotonic() + 2 * SETTLING
    while state["descriptors"] > descriptors and time.monotonic() < settled:
        pause.wait(0.1)
        state = victim.state()
    return state


def besiege(count: int, seed: int = 1) -> Report:
    """Fire, and see who notices."""
    from tests.peers.harness import unused_port

    port, report = unused_port(), Report(shots=count)
    victim = Victim(port)
    try:
        with friends(port) as both:
            report.before = victim.state()
            ammunition = Ammunition(seed)
            begin = time.monotonic()
            gun = Gun(report.before["endpoint"], port, ammunition)
            gun.fire(count // 10)
            report.warm = victim.state()
            gun.fire(count - count // 10)
            gun.close()
            report.seconds = time.monotonic() - begin
            report.after = wait_until_quiet(victim, report.before["descriptors"] + SPARE)
        report.echoes = sum(friend.echoes for friend in both)
        report.complaints = [complaint for friend in both for complaint in friend.complaints]
        report.complaints += report.after["friends_lost"]
    finally:
        report.log_lines = victim.close()
    return report


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.live", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000, help="shots")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    network = enter_private_network()
    if not network:
        print(f"this needs a private network: {network.reason}", file=sys.stderr)
        return 3
    report = besiege(options.count, options.seed)
    print(report)
    return 1 if report.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
