"""One end of a contestant, seen from the measurement: a process that is asked to do something, and its answer."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .peers import Contestant

__all__ = ["Failed", "PeerProcess"]

ROOT = Path(__file__).resolve().parents[1]


class Failed(Exception):
    """A contestant did not do what it was asked, or not in time."""


class PeerProcess:
    """A process of one contestant. Only the process that was started here is ever ended, by its own id."""

    PATIENCE = 30.0
    """Seconds for any one command; none takes more than a few on a slow machine."""

    def __init__(self, one: Contestant) -> None:
        self.name = one.name
        self.me: dict[str, Any] = {}
        paths = [str(ROOT / "src"), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"bench.peers.{one.module}", json.dumps(dict(one.options)), one.face],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._commands, self._answers = self._process.stdin, self._process.stdout
        self._unread = b""
        self.note = str(self.answer())

    def ask(self, do: str, **arguments: Any) -> None:
        """Give a command; its answer is to be read, too."""
        try:
            self._commands.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
            self._commands.flush()
        except OSError as error:
            raise Failed(f"{self.name} is gone") from error

    def answer(self, patience: float = PATIENCE) -> Any:
        """The answer to the last command. Raises Failed."""
        deadline = time.monotonic() + patience
        while b"\n" not in self._unread:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                raise Failed(f"{self.name} did not answer within {patience:g} s")
            data = os.read(self._answers.fileno(), 1 << 16)
            if not data:
                raise Failed(f"{self.name} is gone")
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        message = json.loads(line)
        if "error" in message:
            raise Failed(f"{self.name}: {message['error']}")
        return message["answer"]

    def call(self, do: str, **arguments: Any) -> Any:
        """Give a command and wait for its answer."""
        self.ask(do, **arguments)
        return self.answer()

    def close(self) -> None:
        """End the process, at once: nobody needs its farewell."""
        self._process.kill()
        self._process.wait()
        self._commands.close()
        self._answers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
