"""What a face needs from a host: the verbs of a node, and a way to wait for its events.

The engine and the simulator both offer it, so zyre.Node, handlers and streams are the same on real sockets and in
virtual time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Protocol

from zyre.errors import ForkedNodeError, InternalError, NodeNotStarted, NodeStopped, ZyreError

if TYPE_CHECKING:  # a face is loaded before there is a machine to host
    from zyre.core.driver import Sink
    from zyre.core.node import NodeMachine
    from zyre.core.outcome import Outcome
    from zyre.core.watching import Watcher
    from zyre.events import Event
    from zyre.identity import PeerId
    from zyre.roster import Roster
    from zyre.statistics import Statistics
    from zyre.wire.bundle import Content

__all__ = [
    "Closed",
    "Empty",
    "Host",
    "Inbox",
    "Interceptor",
    "GroupLane",
    "Lane",
    "Life",
    "Parker",
    "Waker",
    "stop_times",
    "why_ended",
    "why_not",
]

Waker = Callable[[], object]


class Life(Enum):
    """A node runs once."""

    NEW = auto()
    RUNNING = auto()
    STOPPED = auto()
    FORKED = auto()
    """It runs in the process that this one was forked from."""

    @property
    def over(self) -> bool:
        """Whether nothing can be done with it any more."""
        return self in (Life.STOPPED, Life.FORKED)


class Empty(Exception):
    """Nothing there in time."""


class Closed(Exception):
    """Nothing there, and nothing will come. ``defect`` is what broke the node, if it was not stopped."""

    def __init__(self, defect: BaseException | None = None) -> None:
        super().__init__(defect)
        self.defect = defect


def why_not(life: Life, verb: str) -> ZyreError:
    """What to raise where a node would have to run."""
    if life is Life.NEW:
        return NodeNotStarted(verb)
    return ForkedNodeError(verb) if life is Life.FORKED else NodeStopped(verb)


def why_ended(closed: Closed, verb: str) -> ZyreError | SystemExit:
    """What to raise where nothing will come any more: the application stopped the node, the program is at its end, or
    a defect of ours. At the end of a program only daemon threads still wait, and they end as those do: silently."""
    if closed.defect is None:
        return NodeStopped(verb)
    if isinstance(closed.defect, ForkedNodeError):
        return ForkedNodeError(verb)
    if isinstance(closed.defect, SystemExit):
        return closed.defect
    return InternalError(f"a defect of zyre broke this node, please report it: {closed.defect!r}")


def stop_times(timeout: float | None) -> tuple[float, float]:
    """How long a stop may take, and how long what is queued may leave. Only who names a time lets a peer that does not
    read hold up the end of the program for it: one may be dead, and not expired yet."""
    return (2.0, 0.0) if timeout is None else (timeout, timeout)


class Interceptor(Protocol):
    """Takes what is its own out of a node's events, before the application sees them."""

    def take(self, events: list[Event]) -> list[Event]:
        """What is left of these events. Called under the node's lock, by whoever reads: it neither waits nor sends."""

    def ended(self, defect: BaseException | None) -> None:
        """There will be no more events; ``defect`` is what broke the node, if it was not stopped."""

    def abandon(self) -> None:
        """In a child after a fork: the node is the parent's."""


class Parker(Protocol):
    """One wait of one reader that blocks."""

    @property
    def wake(self) -> Waker:
        """To be called once, by whoever has something."""

    def park(self, timeout: float | None) -> bool:
        """Wait for the call; False if ``timeout`` seconds passed first."""


class Inbox(Protocol):
    """Where a node's events wait for the application."""

    def get_nowait(self) -> Event:
        """The next event. Raises Empty, or Closed."""

    def at_hand(self) -> Iterator[Event]:
        """What came together with the event that was read last; others may read it, too."""

    def get(self, timeout: float | None = None) -> Event:
        """The next event, waiting up to ``timeout`` seconds (None: for ever). Raises Empty, or Closed."""

    def park(self, waker: Waker) -> bool:
        """Have ``waker`` called once, when there is something; False, and no call, if there is already."""

    def unpark(self, waker: Waker) -> None:
        """Wait no longer."""

    def finish(self) -> None:
        """The program has taken the durable message that it was given last, though it does not come for more."""

    def fileno(self) -> int:
        """A descriptor that is readable while there are events."""


class Lane(Protocol):
    """A short way for messages to one peer, or one group, that come one right after the other."""

    def take(self, content: Content) -> bool:
        """Send a message soon, behind those before it; False if it must go the ordinary way. In any thread."""


class GroupLane(Lane, Protocol):
    """That of a group."""

    members: int
    """To how many peers it leads."""


class Host(Protocol):
    """One node on some host."""

    endpoint: str
    lanes: Mapping[PeerId, Lane]
    """The lanes that are open."""
    group_lanes: Mapping[str, GroupLane]

    @property
    def life(self) -> Life:
        """Whether it was started, and stopped."""

    @property
    def send_patience(self) -> float:
        """How long a send waits for room, in seconds."""

    @property
    def machine(self) -> NodeMachine:
        """The node's machine: for its identity, name and headers, which never change under a reader."""

    @property
    def mailbox(self) -> Inbox:
        """Its events."""

    @property
    def roster(self) -> Roster:
        """Who is here."""

    def next_event(self, timeout: float | None) -> Event:
        """The next event, waiting up to ``timeout`` seconds (None: for ever). Raises Empty, or Closed."""

    def now(self) -> float:
        """The time by which timeouts are measured."""

    def new_parker(self) -> Parker:
        """A way to wait in the calling thread."""

    def start(self) -> None:
        """Begin. Raises NetworkError."""

    def stop(self, timeout: float, drain: float = 0.0) -> None:
        """End within ``timeout`` seconds; what is queued may leave for ``drain`` seconds more, with nobody waiting."""

    def stop_soon(self) -> None:
        """End without waiting."""

    def intercept(self, interceptor: Interceptor) -> None:
        """Have one's own events taken out; for one interceptor. The host reads from now on though nobody waits."""

    def attend(self) -> None:
        """Somebody waits here for what the interceptor takes, or a watcher hears."""

    def watch(self, watcher: Watcher, question: str, *arguments: object) -> None:
        """Let ``watcher`` begin with what the machine answers, and hear everything from then on; after the end it has
        ended at once. The host reads from now on though nobody waits."""

    def unwatch(self, watcher: Watcher) -> None:
        """Let it hear nothing more."""

    def spawn(self, job: Callable[[], object]) -> bool:
        """Run something that may wait, beside everything else; False if the program is too near its end for that.
        Never waits for the node's lock."""

    def change(self, verb: str, *arguments: object) -> None:
        """Join, leave, contest, connect, set_header, and the verbs of the machine's parts."""

    def whisper_nowait(self, peer: PeerId, content: tuple[bytes, ...]) -> Outcome:
        """Send to one peer, or say why not."""

    def whisper(self, peer: PeerId, content: tuple[bytes, ...]) -> bool:
        """Send to one peer, waiting for room; whether it was taken."""

    def shout_nowait(self, group: str, content: tuple[bytes, ...]) -> tuple[int, tuple[PeerId, ...]]:
        """Send to a group: how many were sent to, and whose queues were full."""

    def shout_to_nowait(self, peer: PeerId, group: str, content: tuple[bytes, ...]) -> Outcome:
        """Send a shout to one member whose queue was full."""

    def shout(self, group: str, content: tuple[bytes, ...]) -> int:
        """Send to a group, waiting for room; to how many it was sent."""

    def bundle_nowait(self, peer: PeerId, group: str, contents: Sequence[Content]) -> tuple[int, int]:
        """Send messages of equally many frames to one peer, whispers or (with a ``group``) shouts: how many of them are
        settled, from the first on, and how many of those were sent; for the others there is no room."""

    def shout_many_nowait(self, group: str, contents: Sequence[Content]) -> tuple[int, list[tuple[PeerId, int]]]:
        """The same to a group: how many messages were sent, and to whom only so many, because there is no room."""

    def post_nowait(self, peer: PeerId, group: str, content: tuple[bytes, ...], sink: Sink) -> Outcome:
        """Send to one peer for sure, a whisper or (with a ``group``) a shout, or say why not."""

    def post(self, peer: PeerId, group: str, content: tuple[bytes, ...], sink: Sink) -> Outcome:
        """The same, waiting for room for as long as the peer is here."""

    def keep(self, peer: PeerId, group: str, content: tuple[bytes, ...], ttl: float, sink: Sink) -> Outcome:
        """Send to one peer, and keep that on disk until its program has taken it, for ``ttl`` seconds at most."""

    def shed(self, peer: PeerId) -> None:
        """Patience with a peer's full queue is over."""

    def on_room(self, waker: Waker) -> None:
        """Have ``waker`` called once, when some full queue has room again or the node stops."""

    def ask(self, question: str, *arguments: object) -> Any:
        """What the machine answers: the value of its attribute, or of its method with ``arguments``."""

    def statistics(self) -> Statistics:
        """What was counted."""
