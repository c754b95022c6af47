"""One node in a world, as tests see it: its verbs that need no waiting, and what can befall it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from zyre.config import Limits
from zyre.core.host import Life
from zyre.core.outcome import Outcome
from zyre.events import Event
from zyre.fates import Fate
from zyre.identity import PeerId, check_group, encode_frames
from zyre.roster import Roster
from zyre.sim.box import Box, Power
from zyre.sim.host import SimHost
from zyre.sim.reading import Reader

if TYPE_CHECKING:
    from zyre.sim.world import World

__all__ = ["Kept", "Receipt", "SimNode"]


class Receipt:
    """What became of a reliable message in a world; None until it is known."""

    fate: Fate | None = None
    stored = False

    def store(self) -> None:
        """It is on disk."""
        self.stored = True

    def settle(self, fate: Fate) -> None:
        """That."""
        self.fate = fate

    def __bool__(self) -> bool:
        return self.fate is not Fate.REFUSED


class Kept(NamedTuple):
    """A durable message that a node was given: for whom, when in the world's time, for how
    long, and until when by its own clock."""

    peer: PeerId
    content: tuple[bytes, ...]
    at: float
    ttl: float
    until: float
    receipt: Receipt


class SimNode:
    """One node in a world, for tests that look inside: its verbs that need no waiting, its events as a list, and what
    can befall it. (``zyre.testing`` offers the same node as a zyre.Node.)"""

    def __init__(self, world: World, host: SimHost) -> None:
        self.world = world
        self.host = host
        self.events: list[Event] = []
        """Everything that its application was told, whether it read it or not."""
        self.kept: list[Kept] = []
        """The durable messages that its application gave."""
        self.reader: Reader | None = None
        """The program that reads its events, if there is one."""

    # -- verbs, as of zyre.Node ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Appear on the network."""
        self.host.start()

    def stop(self) -> None:
        """Leave politely."""
        self.host.stop()

    def join(self, group: str) -> None:
        """Join a group."""
        self.host.change("join", check_group(group))

    def leave(self, group: str) -> None:
        """Leave a group."""
        self.host.change("leave", check_group(group))

    def contest(self, group: str) -> None:
        """Stand as a candidate for the leader of a group."""
        self.host.change("contest", check_group(group))

    def whisper(self, peer: object, *frames: bytes | str) -> bool:
        """Send to one peer; whether it was taken at once."""
        return self.host.whisper_nowait(PeerId.parse(peer), encode_frames(frames)).name == "SENT"

    def bundle(self, peer: object, contents: Sequence[bytes], group: str = "") -> int:
        """Send messages of one frame each to one peer, together if it understands that; how many were taken at once."""
        return self.host.bundle_nowait(PeerId.parse(peer), group, [(content,) for content in contents])[1]

    def shout_many(self, group: str, contents: Sequence[bytes]) -> int:
        """The same to a group."""
        return self.host.shout_many_nowait(group, [(content,) for content in contents])[0]

    def post(self, peer: object, *frames: bytes | str) -> Receipt:
        """Send a reliable message to one peer; the receipt is false if it was not taken."""
        receipt = Receipt()
        outcome = self.host.post_nowait(PeerId.parse(peer), "", encode_frames(frames), receipt)
        if outcome is not Outcome.SENT:
            receipt.settle(Fate.REFUSED)
        return receipt

    def keep(self, peer: object, *frames: bytes | str, group: str = "", ttl: float = 86_400.0) -> Receipt:
        """Send a durable message to one peer; the receipt is false if it was not taken."""
        receipt, content = Receipt(), encode_frames(frames)
        self.kept.append(Kept(PeerId.parse(peer), content, self.world.now(), ttl, self.box.clock.now() + ttl, receipt))
        outcome = self.host.keep(PeerId.parse(peer), group, content, ttl, receipt)
        if outcome is not Outcome.SENT:
            receipt.settle(Fate.REFUSED)
        return receipt

    def shout(self, group: str, *frames: bytes | str) -> int:
        """Send to a group; to how many at once."""
        return self.host.shout_nowait(check_group(group), encode_frames(frames))[0]

    def read_on(self, seconds: float) -> None:
        """From now on its program takes an event every so many seconds, also after a restart."""
        if self.reader is None:
            self.reader = Reader(self.world.after, self.host, seconds)
        self.reader.seconds = seconds

    @property
    def uuid(self) -> PeerId:
        """Its identity."""
        return self.host.machine.identity

    @property
    def name(self) -> str:
        """Its name."""
        return self.host.machine.name

    @property
    def peers(self) -> Roster:
        """Who is here, as it sees it."""
        return self.host.roster

    @property
    def alive(self) -> bool:
        """Whether it was started and has neither stopped nor died."""
        return self.host.life is Life.RUNNING

    @property
    def address(self) -> str:
        """The first address of its computer."""
        return next(iter(self.box.ports.values())).address

    @property
    def box(self) -> Box:
        """The computer that it runs on."""
        return self.host.box

    @property
    def limits(self) -> Limits:
        """What bounds it."""
        return self.host.profile.config.limits

    @property
    def machine(self) -> Any:
        """Its protocol machine."""
        return self.host.machine

    @property
    def driver(self) -> Any:
        """Its driver."""
        return self.host.driver

    @property
    def transport(self) -> Any:
        """Its simulated sockets."""
        return self.host.transport

    # -- what can befall it --------------------------------------------------------------------------------------

    def kill(self) -> None:
        """Its process dies without a word; its computer lives on and refuses connections."""
        self.host.kill()

    def stall(self, seconds: float | None = None) -> None:
        """Its process does not run, for some time or until ``resume``; messages wait, its clock goes on."""
        self.host.stall()
        if seconds is not None:
            self.world.after(seconds, self.resume)

    def resume(self) -> None:
        """Its process runs again; on a computer that sleeps, when that wakes up."""
        if self.box.power is not Power.SUSPENDED:
            self.host.resume()

    def __repr__(self) -> str:
        return f"<SimNode {self.name} {self.uuid.short}>"
