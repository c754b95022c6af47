"""What a scenario is played on: actors on hosts, what can befall them, and what they have seen.

A scenario knows this page only. `real` plays it with processes in a laboratory of network namespaces, `model` with
simulated nodes in a simulated world; what a scenario expects must hold on both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import zyre

EVASIVE, EXPIRED, BEACON = 0.5, 2.0, 0.2
"""Seconds: a tenth of the usual times, so that a scenario takes seconds. Half a second is what a busy machine may need
to let a process run."""

TIMING = zyre.Timing(
    ask=EVASIVE,
    evasive=EVASIVE,
    silent=EVASIVE + (EXPIRED - EVASIVE) / 5,
    expired=EXPIRED,
    unreachable=3 * EXPIRED,
    prove=EXPIRED,
    beacon=BEACON,
    ping=1.0,
    handshake=5.0,
)
"""The timing of our nodes; the same that the harness's peer processes make of these times."""

SOON = 8.0
"""Seconds within which something happens that waits for nothing but the network; far more than it takes."""


class Sighting(NamedTuple):
    """One event of a node, as far as a scenario is concerned."""

    kind: str
    """Enter, Exit, Evasive, Silent, Returned, Gap, Whisper; as our events are called."""
    who: str
    """The name of the peer; scenarios give every node another."""
    reason: str = ""
    """Of an Exit; libzyre gives none."""
    missed: int = 0
    """Of a Gap."""


class Actor(ABC):
    """A node under a scenario's control. ``kind`` is "ours" or "libzyre"; in the model all are ours."""

    def __init__(self, name: str, kind: str, host: Any) -> None:
        self.name = name
        self.kind = kind
        self.host = host
        """Where it runs: for the stage that made it."""

    # -- what it saw ---------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def events(self) -> list[Sighting]:
        """Everything that its application was told."""

    @property
    def sees(self) -> set[str]:
        """The names of those who entered and have not left: what its application believes."""
        there: set[str] = set()
        for sighting in self.events:
            if sighting.kind == "Enter":
                there.add(sighting.who)
            elif sighting.kind == "Exit":
                there.discard(sighting.who)
        return there

    def saw(self, kind: str, who: Actor | None = None, reason: str | None = None) -> list[Sighting]:
        """Its events of a kind, of one peer or of all."""
        return [
            sighting
            for sighting in self.events
            if sighting.kind == kind
            and (who is None or sighting.who == who.name)
            and (reason is None or sighting.reason == reason)
        ]

    def lost(self, who: Actor) -> int:
        """How many messages of a peer were reported as missed."""
        return sum(gap.missed for gap in self.saw("Gap", who))

    @property
    @abstractmethod
    def fates(self) -> zyre.Fates:
        """What became of the messages that it was given to send; of ours only."""

    # -- what it does --------------------------------------------------------------------------------------------

    @abstractmethod
    def whisper(self, to: Actor, count: int = 1) -> None:
        """Send some messages to a peer."""

    @abstractmethod
    def connect(self, to: Actor) -> None:
        """Connect by hand to a peer, which must have been given a ``tcp_port``."""

    @abstractmethod
    def stop(self) -> None:
        """Leave politely."""

    # -- what befalls it -----------------------------------------------------------------------------------------

    @abstractmethod
    def kill(self) -> None:
        """Its process dies without a word, as by SIGKILL."""

    @abstractmethod
    def freeze(self) -> None:
        """Its process stands still, as by SIGSTOP; its sockets stay open."""

    @abstractmethod
    def thaw(self) -> None:
        """Its process goes on."""

    def __repr__(self) -> str:
        return self.name


class Stage(ABC):
    """Hosts, LANs and actors; ends everything at the end of a ``with`` block."""

    def __init__(self) -> None:
        self.actors: list[Actor] = []

    # -- building ------------------------------------------------------------------------------------------------

    @abstractmethod
    def host(self, *lans: str) -> Any:
        """A computer with an interface in each of the LANs."""

    @abstractmethod
    def cast(
        self, *names: str, hosts: Iterable[Any] = (), tcp_port: int | None = None, one_interface: bool = False
    ) -> list[Actor]:
        """Start nodes, each on a host of its own in the LAN "lan" unless told where.

        A name that begins with "z" is a libzyre node, any other one of ours. ``tcp_port`` fixes their inboxes';
        ``one_interface`` has ours use nothing but the host's first interface, as libzyre does anyway.
        """

    # -- time ----------------------------------------------------------------------------------------------------

    @abstractmethod
    def happens(self, condition: Callable[[], bool], within: float) -> bool:
        """Let time pass until ``condition()`` holds, at most so many seconds; whether it did."""

    @abstractmethod
    def pass_time(self, seconds: float) -> None:
        """Let time pass: for scenarios whose matter is a length of time, or that something does not happen."""

    def wait(self, condition: Callable[[], bool], within: float = SOON, *, why: str) -> None:
        """Let time pass until ``condition()`` holds; if it does not, fail with everything that was seen."""
        if not self.happens(condition, within):
            raise AssertionError(f"not within {within:g} s: {why}\n{self.report()}")

    def meet(self, *actors: Actor, within: float = SOON) -> None:
        """Wait until all of these see exactly each other."""
        names = {actor.name for actor in actors}
        self.wait(
            lambda: all(actor.sees == names - {actor.name} for actor in actors),
            within,
            why=f"{sorted(names)} see each other and nobody else",
        )

    def apart(self, one: Iterable[Actor], other: Iterable[Actor], within: float = EXPIRED + SOON) -> None:
        """Wait until none on one side sees anybody on the other."""
        one, other = tuple(one), tuple(other)
        self.wait(
            lambda: not any(b.name in a.sees or a.name in b.sees for a in one for b in other),
            within,
            why=f"{one} and {other} see each other no more",
        )

    def report(self) -> str:
        """What everybody saw, for a failing test."""
        lines = []
        for actor in self.actors:
            lines.append(f"{actor.name} ({actor.kind}) sees {sorted(actor.sees)}; it saw:")
            told = [sighting for sighting in actor.events if sighting.kind != "Whisper"][-25:]
            lines += [
                f"    {sighting.kind} {sighting.who} {sighting.reason or sighting.missed or ''}" for sighting in told
            ]
            whispers = len(actor.saw("Whisper"))
            lines += [f"    and {whispers} whispers"] if whispers else []
        return "\n".join(lines)

    # -- faults of the network -----------------------------------------------------------------------------------

    @abstractmethod
    def partition(self, one: Iterable[Actor], other: Iterable[Actor]) -> None:
        """Nothing passes between the hosts of two sides."""

    @abstractmethod
    def one_way(self, source: Any, target: Any) -> None:
        """Nothing passes from one host to another; the way back stays open."""

    @abstractmethod
    def heal(self) -> None:
        """Every path is open again."""

    @abstractmethod
    def pull_cable(self, actor: Actor, number: int = 0) -> None:
        """Pull the cable of one of a host's interfaces."""

    @abstractmethod
    def plug_cable(self, actor: Actor, number: int = 0) -> None:
        """Put it back."""

    @abstractmethod
    def change_address(self, actor: Actor) -> None:
        """Give a host's first interface another address, instead of the one that it had."""

    @abstractmethod
    def add_address(self, host: Any) -> None:
        """Give a host's first interface one more address in the same network."""

    @abstractmethod
    def lose_datagrams(self, share: float) -> None:
        """From now on lose that share of all datagrams."""

    @abstractmethod
    def drop_broadcasts(self) -> None:
        """From now on no broadcast reaches another host."""

    @abstractmethod
    def reset(self, source: Actor, target: Actor) -> None:
        """Break the connection by which one sends to the other, at the latest when something is sent on it."""
