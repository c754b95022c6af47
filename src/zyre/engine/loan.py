"""A loop of asyncio or trio that watches a node's inbox for a while, instead of the engine thread.

A message that the engine thread reads wakes the engine, and then the loop, through a socket of its own. A loop whose
task waits for events anyway is woken once if it watches the inbox itself. It does so on a copy of the descriptor: a
loop may go on watching for a moment when the node has closed its own, whose number may then be somebody else's.
"""

from __future__ import annotations

import os
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final

__all__ = ["READING", "Loan", "lend_to_loop_here"]

#: The threads whose loops are just reading an inbox. There a task is woken without a call across threads: its loop is
#: not asleep. (It may be wherever else that thread is met, as in the handler of a signal.)
READING: Final[set[int]] = set()


class Loan(ABC):
    """``read`` is called in the loop, soon and whenever the inbox may have something; True if it has more. The copy of
    the descriptor is closed with the last reference, which is the loop's."""

    def __init__(self, descriptor: int, read: Callable[[], bool]) -> None:
        self._read = read
        self._thread = threading.get_ident()
        self._descriptor = os.dup(descriptor)

    def _take(self) -> bool:
        READING.add(self._thread)
        try:
            return self._read()
        finally:
            READING.discard(self._thread)

    @property
    def is_here(self) -> bool:
        """Whether it is the loop of this thread that watches."""
        return self._thread == threading.get_ident()

    @abstractmethod
    def end(self) -> None:
        """Have the loop watch no more; in any thread."""

    def __del__(self) -> None:
        os.close(self._descriptor)


class _AsyncioLoan(Loan):
    def __init__(self, loop: Any, descriptor: int, read: Callable[[], bool]) -> None:
        super().__init__(descriptor, read)
        self._loop = loop
        loop.add_reader(self._descriptor, self._on_readable)
        loop.call_soon(self._on_readable)  # an edge may have passed already

    def _on_readable(self) -> None:
        if self._take():
            self._loop.call_soon(self._on_readable)

    def end(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._loop.remove_reader, self._descriptor)
        except RuntimeError:  # the loop has been closed, and watches nothing
            pass


class _TrioLoan(Loan):
    def __init__(self, trio: Any, descriptor: int, read: Callable[[], bool]) -> None:
        super().__init__(descriptor, read)
        self._trio = trio
        self._token = trio.lowlevel.current_trio_token()
        self._scope = trio.CancelScope()
        trio.lowlevel.spawn_system_task(self._watch, name="zyre-inbox")

    async def _watch(self) -> None:
        with self._scope:
            while True:
                while self._take():
                    await self._trio.lowlevel.checkpoint()
                await self._trio.lowlevel.wait_readable(self._descriptor)

    def end(self) -> None:
        try:
            self._token.run_sync_soon(self._scope.cancel)
        except self._trio.RunFinishedError:  # it watches nothing
            pass


def lend_to_loop_here(descriptor: int, read: Callable[[], bool]) -> Loan | None:
    """A loan to the loop that runs in this thread; None if there is none, or none that can watch a descriptor."""
    trio = sys.modules.get("trio")  # neither is imported for the question
    if trio is not None and trio.lowlevel.in_trio_run():
        return _TrioLoan(trio, descriptor, read)
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        return _AsyncioLoan(asyncio.get_running_loop(), descriptor, read)
    except (RuntimeError, NotImplementedError):  # no loop here; Windows' default loop
        return None
