"""Durable messages while the processes of the sender and of the receiver are killed at random.

    python -m bench.durable [--seconds 60] [--every 1.0] [--seed 1]

The sender writes down which messages are on its disk and which are confirmed, each line in one write, which a SIGKILL
cannot tear. The receiver does its work in a database, by ``zyre.once``; so what is handed to it again is known. At the
end every message that was ever on disk, confirmed or not, must have been done exactly once.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter, deque
from pathlib import Path
from typing import NamedTuple

from .network import enter

_PATIENCE = 60.0
_BURST = 20


class Result(NamedTuple):
    """What became of it all."""

    kills: int
    stored: int
    """Messages that were on the sender's disk."""
    confirmed: int
    """Messages of which the sender was told that they were taken."""
    taken: int
    missing: int
    """Messages that were on disk, and were never taken."""
    twice: int
    """Messages that the receiver's program did twice."""
    again: int
    """Messages that were handed over again, and known by their number."""

    @property
    def right(self) -> bool:
        """Whether it is as promised."""
        return not self.missing and not self.twice and self.confirmed <= self.taken


def _appender(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def receive(folder: Path, port: int, interface: str | None) -> None:
    """Take messages until somebody kills this."""
    import zyre
    from zyre.events import DurableWhisper

    log, again = _appender(folder / "taken"), _appender(folder / "again")
    database = sqlite3.connect(folder / "work.db")
    database.execute("PRAGMA synchronous = OFF")  # only processes die here
    database.execute("CREATE TABLE IF NOT EXISTS work (name BLOB NOT NULL)")
    with zyre.Node("receiver", store=folder / "receiver.db", port=port, interface=interface) as node:
        (folder / "receiver").write_text(node.uuid)
        for event in node:
            if isinstance(event, DurableWhisper):
                with zyre.once(database, event) as fresh:
                    if fresh:
                        database.execute("INSERT INTO work VALUES (?)", (event.content[0],))
                os.write(log if fresh else again, event.content[0] + b"\n")


def send(folder: Path, port: int, interface: str | None, finish: bool) -> None:
    """Send messages until somebody kills this; or, to ``finish``, only what earlier lives have left."""
    import zyre

    stored, confirmed = _appender(folder / "stored"), _appender(folder / "confirmed")
    target = (folder / "receiver").read_text()
    unstored: deque[tuple[bytes, zyre.Receipt]] = deque()
    unconfirmed: deque[tuple[bytes, zyre.Receipt]] = deque()
    with zyre.Node("sender", store=folder / "sender.db", port=port, interface=interface) as node:
        count = 0
        while not finish:
            for _ in range(_BURST):
                count += 1
                name = b"%d-%d" % (os.getpid(), count)
                pair = name, node.whisper(target, name, mode="durable")
                unstored.append(pair)
                unconfirmed.append(pair)
            while unstored and unstored[0][1].stored:
                os.write(stored, unstored.popleft()[0] + b"\n")
            while unconfirmed and unconfirmed[0][1].fate is zyre.Fate.DELIVERED:
                os.write(confirmed, unconfirmed.popleft()[0] + b"\n")
            time.sleep(0.005)
        end = time.monotonic() + _PATIENCE
        while node.statistics().fates.in_flight and time.monotonic() < end:
            time.sleep(0.05)


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines() if path.exists() else []


def _judge(folder: Path, kills: int) -> Result:
    database = sqlite3.connect(folder / "work.db")
    taken = Counter(name for (name,) in database.execute("SELECT name FROM work"))
    database.close()
    stored, confirmed = set(_lines(folder / "stored")), set(_lines(folder / "confirmed"))
    return Result(
        kills=kills,
        stored=len(stored | confirmed),
        confirmed=len(confirmed),
        taken=len(taken),
        missing=len((stored | confirmed) - set(taken)),
        twice=sum(count > 1 for count in taken.values()),
        again=len(_lines(folder / "again")),
    )


def _wait_for_more(path: Path, octets: int) -> int:
    """Until a file has more than so many octets, or patience is over; how many it has."""
    end = time.monotonic() + _PATIENCE
    while True:
        size = path.stat().st_size if path.exists() else 0
        if size > octets or time.monotonic() > end:
            return size
        time.sleep(0.02)


def run(folder: Path, seconds: float, every: float, *, seed: int, port: int, interface: str | None = "lo") -> Result:
    """Kill one of the two about once in ``every`` seconds; what came of that."""
    chance, kills = random.Random(seed), 0
    begin = time.monotonic()

    def spawn(role: str, *more: str) -> subprocess.Popen[bytes]:
        arguments = [
            sys.executable,
            "-m",
            "bench.durable",
            "--role",
            role,
            "--folder",
            str(folder),
            "--port",
            str(port),
        ]
        return subprocess.Popen([*arguments, *more, *(["--interface", interface] if interface else [])])

    processes = {"receiver": spawn("receiver")}
    try:
        while not (folder / "receiver").exists() and time.monotonic() < begin + _PATIENCE:
            time.sleep(0.01)
        processes["sender"] = spawn("sender")
        done = 0
        while time.monotonic() < begin + seconds or not kills:
            done = _wait_for_more(folder / "taken", done)  # on a busy machine they would never meet
            time.sleep(chance.uniform(0.2, 1.8) * every)
            for role in chance.choice((["sender"], ["receiver"], ["sender", "receiver"])):
                processes[role].send_signal(signal.SIGKILL)
                processes[role].wait()
                kills += 1
                processes[role] = spawn(role)
        processes["sender"].send_signal(signal.SIGKILL)
        processes["sender"].wait()
        processes["sender"] = spawn("sender", "--finish")
        processes["sender"].wait(_PATIENCE + 10)
    finally:
        for process in processes.values():
            process.kill()
            process.wait()
    return _judge(folder, kills)


def main() -> None:
    """Enter a private network and run; or be one of the two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--every", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--role", choices=("sender", "receiver"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=5695, help=argparse.SUPPRESS)
    parser.add_argument("--interface", help=argparse.SUPPRESS)
    parser.add_argument("--finish", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role == "receiver":
        receive(options.folder, options.port, options.interface)
    elif options.role == "sender":
        send(options.folder, options.port, options.interface, options.finish)
    else:
        import tempfile

        obstacle = enter()
        if obstacle:
            raise SystemExit(f"this needs a network namespace of its own: {obstacle}")
        with tempfile.TemporaryDirectory() as folder:
            result = run(Path(folder), options.seconds, options.every, seed=options.seed, port=options.port)
        print(*(f"{name}: {value}" for name, value in result._asdict().items()), sep="\n")
        raise SystemExit(not result.right)


if __name__ == "__main__":
    main()
