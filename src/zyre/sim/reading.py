"""A program that only reads: what takes durable messages in a world where no other program runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from zyre.core.host import Closed, Empty

if TYPE_CHECKING:
    from zyre.sim.host import SimHost

__all__ = ["Reader"]

#: Whoever reads at once still lets others do something between two events.
_AT_ONCE: Final = 0.001
#: A process that does not run is looked at again after so many seconds.
_STALLED: Final = 0.1


class Reader:
    """Takes an event every ``seconds``; ends with its node. (A Task could do the same, and costs a thread.)"""

    def __init__(self, after: Callable[[float, Callable[[], object]], object], host: SimHost, seconds: float) -> None:
        self.seconds = seconds
        self._after = after
        self._host = host
        self._wait()

    def _wait(self) -> None:
        if not self._host.mailbox.park(self._soon):
            self._soon()

    def _soon(self) -> None:
        self._after(max(self.seconds, _AT_ONCE if self._host.ready else _STALLED), self._read)

    def _read(self) -> None:
        if not self._host.ready:
            if self._host.stalled:
                self._soon()
            return
        try:
            self._host.mailbox.get_nowait()
        except Empty:
            self._wait()
        except Closed:
            pass
        else:
            self._soon()
