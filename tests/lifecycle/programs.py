"""Small programs in processes of their own, for what ends a process: exits, signals, forks."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from types import TracebackType
from typing import Self

import zyre
from tests.peers.harness import unused_port
from tests.support.nodes import PATIENCE, expect
from zyre import Enter

PRELUDE = """
import sys, zyre
PORT = int(sys.argv[1])
def node(name="there", kind=zyre.Node, **options):
    return kind(name, port=PORT, interface="lo", **options)
def say(text):
    print(text, flush=True)
"""


class Program:
    """A program, and a node of ours beside it that hears it come and go.

    Warnings are errors in it, so that whatever it complains of stands in ``errors``.
    """

    def __init__(self, code: str) -> None:
        self.port = unused_port()
        self.node = zyre.Node("here", port=self.port, interface="lo")
        self.errors = ""
        self.output = ""
        loops = [f"import {loop}" for loop in ("asyncio", "trio") if f"import {loop}" in code]  # first, as docs say
        self._code = "\n".join(loops) + PRELUDE + textwrap.dedent(code)

    def __enter__(self) -> Self:
        self.node.start()
        self._process = subprocess.Popen(
            [sys.executable, "-X", "dev", "-W", "error", "-c", self._code, str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self.node.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    def met(self, name: str = "there") -> zyre.Enter:
        """Wait until its node has come."""
        try:
            event: zyre.Enter = expect(self.node, Enter, name=name)
        except AssertionError as error:
            self._process.kill()
            raise AssertionError(f"{error}; it ended with {self.end()} and said {self.errors}") from None
        return event

    def line(self) -> str:
        """The next line that it prints."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"it ended with {self.end()} and said {self.errors}"
        return line.rstrip("\n")

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """Wait until it has ended; its exit status. ``output`` and ``errors`` are what it said last."""
        began = time.monotonic()
        self.output, self.errors = self._process.communicate(timeout=PATIENCE)
        self.took = time.monotonic() - began
        return self._process.returncode
