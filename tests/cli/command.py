"""The command ``zyre`` in a process of its own, whose output a test waits for line by line."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from types import TracebackType
from typing import Self

PATIENCE = 20.0
"""Seconds for anything: a busy machine is slow, and only a defect takes that long."""


class Command:
    """Runs ``zyre ARGUMENTS`` while its ``with`` lasts; what is left of it then is killed."""

    def __init__(self, *arguments: object, stdin: bytes | None = None) -> None:
        self.lines: list[str] = []
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "zyre.cli", *map(str, arguments)],
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={key: value for key, value in os.environ.items() if key != "COLUMNS"},
        )
        self._threads = [threading.Thread(target=self._read)]
        if stdin is not None:
            self._threads.append(threading.Thread(target=self._feed, args=(stdin,)))
        for thread in self._threads:
            thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line.decode().rstrip("\n"))
        self._queue.put(None)

    def _feed(self, data: bytes) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(data)
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def wait_for(self, pattern: str) -> str:
        """The first line from here on that matches."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                line = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line matched {pattern!r} in time; there were: {self.lines}") from None
            if line is None:
                _, error = self.end()
                raise AssertionError(f"ended without a line {pattern!r}: {self.lines} {error}")
            self.lines.append(line)
            if re.search(pattern, line):
                return line

    def interrupt(self) -> None:
        """What Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)

    def end(self) -> tuple[int, str]:
        """Wait for its end: exit code and standard error; standard output is in ``lines``."""
        assert self.process.stderr is not None
        code = self.process.wait(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
        error = "" if self.process.stderr.closed else self.process.stderr.read().decode()
        while not self._queue.empty():
            if (line := self._queue.get()) is not None:
                self.lines.append(line)
        return code, error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.end()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def run(*arguments: object, stdin: bytes | None = None) -> tuple[int, list[str], str]:
    """Run ``zyre ARGUMENTS`` to its end: exit code, lines of output, standard error."""
    with Command(*arguments, stdin=stdin) as command:
        code, error = command.end()
        return code, command.lines, error
