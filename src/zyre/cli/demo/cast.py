"""The demo's processes: started, spoken to, heard, killed, and never left behind."""

from __future__ import annotations

import json
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from types import TracebackType
from typing import IO, Any, Self

from zyre.cli.demo.chronicle import Happening

__all__ = ["NAMES", "Actor", "Cast"]

NAMES = ("ada", "ben", "cleo", "dan")

#: How long a process may take to say goodbye before it is killed.
_PATIENCE = 2.0


class Actor:
    """A node in a process of its own. In a session of its own, too: Ctrl-C is for the demo, which then ends it."""

    def __init__(self, name: str, port: int, heard: queue.SimpleQueue[Happening]) -> None:
        self.name = name
        self.uuid = ""
        self._heard = heard
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # it is closed by end()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "zyre.cli.demo", name, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            record = json.loads(line)
            if record["type"] == "ready":
                self.uuid = record["uuid"]
            self._heard.put(Happening.read(self.name, record))
        self._heard.put(Happening(time.monotonic(), self.name, "ended"))

    def do(self, verb: str, **fields: Any) -> None:
        """Tell it what to do."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": verb, **fields}).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it is gone, and what it does not do will not be seen

    def kill(self) -> float:
        """Kill it without warning; the moment."""
        at = time.monotonic()
        self._process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        return at

    def last_words(self) -> str:
        """The last line of its standard error."""
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""

    def release(self) -> None:
        """End its input, which ends it."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass

    def end(self, deadline: float) -> None:
        """See to it that it is gone."""
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()


class Cast:
    """The four of them, while its ``with`` lasts."""

    def __init__(self) -> None:
        self.heard: queue.SimpleQueue[Happening] = queue.SimpleQueue()
        self.port = _free_port()
        self.actors: list[Actor] = []

    def __enter__(self) -> Self:
        try:
            for name in NAMES:
                self.actors.append(Actor(name, self.port, self.heard))
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        for actor in self.actors:
            actor.release()
        deadline = time.monotonic() + _PATIENCE
        for actor in self.actors:
            actor.end(deadline)


def _free_port() -> int:
    """A UDP port that nobody uses, so that the four meet each other and nobody else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port
