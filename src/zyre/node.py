"""Node: a program's place on the network, for programs that use threads (or none).

A face only: it checks arguments, makes the machine's profile, and waits. What a node does is in zyre.core.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from zyre.bulk import Bulk
from zyre.calls.faces import Caller, Offering
from zyre.config import DISCOVERY_PORT, NodeConfig
from zyre.core.host import Closed, Empty, Host, Life, stop_times, why_ended
from zyre.core.profile import NodeProfile
from zyre.engine.auth_need import protect_if_asked, target_of
from zyre.engine.entropy import begin_life
from zyre.errors import NodeNotStarted, NodeStopped, RecvTimeout, WouldBlock
from zyre.events import Event
from zyre.examining import Examinable
from zyre.gossiping import GossipVerbs
from zyre.grouping import GroupVerbs
from zyre.handlers import Handlers, Registering
from zyre.identity import PeerId, check_group, encode_frames
from zyre.payload import Codec, encode_objects
from zyre.receipts import REFUSED, TAKEN, Receipt, Receipts
from zyre.sends import Sends
from zyre.snapshots import Snapshots

if TYPE_CHECKING:
    from zyre.engine.auth import Protection
    from zyre.engine.interfaces import Selection
    from zyre.pipeline import NodeSource
    from zyre.roster import Peer
    from zyre.security.access import Access
    from zyre.security.certificate import Certificate
    from zyre.streams import Stream

__all__ = ["BaseNode", "Node"]

#: A name of this module: on the way of every event, looking a member up in its enumeration shows.
_NEW: Final = Life.NEW

Self = TypeVar("Self", bound="BaseNode")


class BaseNode(Examinable, GossipVerbs, Offering, Registering, Sends, Snapshots):
    """What the faces for threads and for async loops have in common: everything that does not wait."""

    def __init__(
        self,
        name: str | None = None,
        *,
        uuid: object = None,
        identity: str | os.PathLike[str] | None = None,
        store: str | os.PathLike[str] | None = None,
        port: int = DISCOVERY_PORT,
        cluster: str | None = None,
        scope: str | None = None,
        interface: Selection = None,
        headers: Mapping[str, str] | None = None,
        groups: Iterable[str] = (),
        join: str | Iterable[str] | None = None,
        remember: str | os.PathLike[str] | None = None,
        gossip_bind: str | Iterable[str] = (),
        gossip_connect: str | Iterable[str] = (),
        extensions: Iterable[str] | None = None,
        config: NodeConfig | None = None,
        secret: str | Iterable[str] | None = None,
        certificate: Certificate | str | os.PathLike[str] | None = None,
        access: Access | str | os.PathLike[str] | None = None,
        membership: str | os.PathLike[str] | None = None,
        journal: str | os.PathLike[str] | None = None,
        journal_contents: bool = True,
        journal_limit: int | None = None,
    ) -> None:
        life = begin_life(uuid, identity, store)
        profile = NodeProfile.make(
            life.identity,
            name,
            port=port,
            cluster=cluster,
            scope=scope,
            headers=headers,
            groups=groups,
            extensions=extensions,
            config=config,
            incarnation=life.incarnation,
            durable=store is not None,
        )
        protection = protect_if_asked(profile, certificate, access, secret, membership)
        if protection is not None:
            profile = protection.introduce(profile)
        from zyre.engine.opening import Journal, open_host  # with the machine and the engine

        journal_wanted = Journal(journal, journal_contents, journal_limit)
        host = open_host(profile, interface, join, journal_wanted, protection, store, remember)
        host.release_identity = life.release
        self._attach(host, profile.config, protection)
        self._begin_gossip(gossip_bind, gossip_connect)

    def _attach(self, host: Host, config: NodeConfig, protection: Protection | None = None) -> None:
        self._host = host
        self._protection = protection
        self._limits = config.limits
        self._lanes = host.lanes if config.mode == "best_effort" else {}
        self._attach_calls(host, config)
        self._choose_modes(config)
        self._handlers = Handlers()
        self._finalizer = weakref.finalize(self, host.stop_soon)
        self._finalizer.atexit = False  # the engine says goodbye for all of them

    @classmethod
    def on_host(cls: type[Self], host: Host, config: NodeConfig) -> Self:
        """A node on another host than this process's engine: so the simulator's nodes are of this very class."""
        node = cls.__new__(cls)
        node._attach(host, config)
        return node

    # -- verbs ---------------------------------------------------------------------------------------------------

    def join(self, group: str) -> None:
        """Be in a group. Nothing happens if the node is in it already; works before the start, too.

        Raises:
            InvalidName: if the group's name is empty, has a NUL, or takes more than 255 octets in UTF-8.
        """
        self._host.change("join", check_group(group))

    def leave(self, group: str) -> None:
        """Be in a group no longer. Nothing happens if the node is not in it. Raises InvalidName."""
        self._host.change("leave", check_group(group))

    def contest(self, group: str) -> None:
        """Join a group and stand as a candidate for its leader; the outcome is a Leader event, here and there.

        Of the candidates the one with the lowest uuid wins, as with libzyre (set_contest_in_group), whose nodes take
        part. Leaving the group ends the candidature. Raises InvalidName.
        """
        self._host.change("contest", check_group(group))

    def connect(self, endpoint: str, peer: object = None, public_key: str | None = None) -> None:
        """Keep up a connection to the node at ``endpoint``, where beacons do not reach; works before the start, too.

        It is tried until somebody answers, and again if they go. ``peer`` says who that must be, if it is known
        (libzyre: require_peer, which needs it and tries once). ``public_key`` is the CURVE key of the node there, in
        Z85, which a node with a certificate must know; it may also follow the endpoint behind a ``|``.

        Raises InvalidEndpoint, InvalidPeer, InvalidKey.
        """
        target = target_of(endpoint, public_key, self._protection)
        self._host.change("connect", target, None if peer is None else PeerId.parse(peer))

    def set_access(self, access: Access | str | os.PathLike[str]) -> None:
        """Judge by another policy; who may not be here any more has to go. Raises InvalidConfig without certificate."""
        from zyre.engine.auth_choice import replace_access

        replace_access(self._protection, access)

    def set_secret(self, secret: str | Iterable[str]) -> None:
        """Speak by another secret, while messages go on; of several the first, and the others are believed, too.

        To change that of a whole cluster: all nodes get ``[old, new]``, then all ``[new, old]``, and then all ``new``,
        each when its ``peers_by_other_secret`` are none. Who has only a secret that is not given any more has to go.
        Raises InvalidConfig for a node without one.
        """
        from zyre.engine.auth_choice import replace_secret

        replace_secret(self._protection, secret)

    @property
    def peers_by_other_secret(self) -> tuple[Peer, ...]:
        """The peers that last greeted by another secret than the one that this node speaks by: see ``set_secret``."""
        return () if self._protection is None else self._protection.lagging()

    def set_header(self, name: str, value: str) -> None:
        """Change a header, as ``headers[name] = value`` does. Raises InvalidName."""
        self.headers[name] = value

    def fileno(self) -> int:
        """A descriptor that is readable while there are events: for select, GUI loops and green threads.

        When it is readable, call recv_nowait until it raises WouldBlock.
        """
        return self._host.mailbox.fileno()

    # -- events ----------------------------------------------------------------------------------------------------

    def recv_nowait(self) -> Event:
        """The next event. Raises WouldBlock if there is none, NodeStopped after the last one of a stopped node."""
        event = self._next("recv_nowait")
        if event is None:
            raise WouldBlock
        if self._handlers.registered:
            self._handlers.dispatch(event)
        return event

    def _next(self, verb: str) -> Event | None:
        """The next event, or None if there is none yet."""
        try:
            return self._host.mailbox.get_nowait()
        except Empty:
            if self._host.life is Life.NEW:
                raise NodeNotStarted(verb) from None
            return None
        except Closed as closed:
            raise why_ended(closed, verb) from closed.defect

    def source(self) -> NodeSource:
        """The events as a source that never waits; for those who build a waiting face of their own."""
        from zyre.pipeline import NodeSource

        return NodeSource(self.recv_nowait, self._host)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} {self.uuid.short} {self._host.life.name.lower()}>"


class Node(BaseNode, Bulk, Caller, GroupVerbs):
    """A node of the network: it has a name, meets every other node by itself, joins groups, whispers and shouts.

        with zyre.Node("alice", groups=["CHAT"]) as node:
            node.shout("CHAT", "hello")
            for event in node:
                print(event)

    Args:
        name: public name, up to 255 octets; by default the first six digits of the uuid.
        uuid: the identity of the node, for one that is to be the same after a restart; by default a new one.
        identity: a file that keeps the identity; it is made if it is not there. While the node runs nobody else can
            use it (IdentityInUse).
        store: a file that keeps durable messages, those of this node and what it has taken of others; it is made if it
            is not there. Unless ``identity`` or ``uuid`` is given, the identity is kept beside it (``.identity``).
        port: UDP port of the beacons, which all nodes of one network share; 0 for none.
        cluster: the name of a cluster that keeps to itself on that port: its nodes meet each other and nobody else. By
            default what ZYRE_CLUSTER says, and without it the one in which all nodes of 36/ZRE are.
        scope: how far away peers may be: ``"any"``, ``"link"`` (in a network that this computer is in), or ``"host"``
            (on this computer only). By default what ZYRE_SCOPE says, and without it any.
        interface: the network interfaces to use: names, addresses, networks or patterns, each turned round by ``!``,
            as ``"eth*"``, ``"192.168.1.0/24"``, ``["!docker*", "!veth*"]``; by default all that can broadcast.
        headers: what the node says about itself, as text; peers see it in Enter and in node.peers.
        groups: groups to be in from the start.
        join: where to find others that beacons do not reach: hosts (``"10.0.0.7"``), nodes (``"10.0.0.7:5680"``),
            names with many addresses (``"dns://nodes.lan"``) or SRV records (``"dns+srv://_zyre._tcp.lan"``). One that
            answers introduces this node to all others. By default what ZYRE_JOIN says, with commas between.
        remember: a file that keeps where peers were, to look for them there at the next start, where beacons do not
            reach. By default what ZYRE_REMEMBER says; nothing is kept without either.
        gossip_bind: endpoints at which to be a gossip hub, through which others meet.
        gossip_connect: endpoints of gossip hubs through which to meet others, where beacons do not reach.
        extensions: what to use beyond plain 36/ZRE between nodes of this package; ``()`` for nothing. By default all,
            or what ZYRE_EXTENSIONS says.
        config: timing, limits and endpoints; see NodeConfig.
        secret: a text that all nodes of the network share: they meet nobody who does not know it, and all that they say
            is encrypted. By default what ZYRE_SECRET says, or the file that ZYRE_SECRET_FILE names; ``""`` for none.
            Of several texts the first is the one to speak by, and the others are believed, too: see ``set_secret``.
        certificate: a certificate, or the path of its files, by which this node proves who it is; all its connections
            are then encrypted and authenticated (CURVE). See docs/security.md.
        access: whom a node with a certificate lets in: a directory of public certificates, ``"*"`` for everybody who
            encrypts, or an Access.
        membership: the directory that makes this machine a member of a cluster with an authority (``zyre enroll``): its
            nodes meet whom that has let in, and nobody else. By default what ZYRE_MEMBERSHIP says, if it says anything.
        journal: a file in which everything that this node takes in is recorded, so that ``zyre replay`` shows the same
            events again. It takes at most ``journal_limit`` octets (64 MiB), in this file and one of the same name
            with ``.1`` behind it. Each node needs a file of its own.
        journal_contents: False records of messages only how long they were.

    Every method may be called from any thread. A node runs once: start it (or enter its ``with``), stop it.
    """

    # -- life ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Appear on the network. A second call does nothing.

        Raises:
            StoreError: if the store cannot be opened.
            NoInterface: if no network interface fits.
            AddressInUse: if a fixed endpoint, or the UDP port, is taken.
            NodeStopped: if the node was stopped.
        """
        self._host.start()

    def stop(self, timeout: float | None = None) -> None:
        """Leave the network politely. Events that came before can still be read; waiting readers get the end.

        Returns within ``timeout`` seconds (2) whatever happens; a second call does nothing. What waits for peers that
        read slowly may leave until then, or for half a second if no ``timeout`` is given. What libzmq has of it goes on
        leaving behind the program's back, and the end of the program waits for that, for as long again at most.
        """
        self._finalizer.detach()
        self._finish_reading()
        self._host.stop(*stop_times(timeout))

    def __enter__(self: Self) -> Self:
        self._host.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    # -- messages --------------------------------------------------------------------------------------------------

    def whisper(
        self,
        peer: object,
        *frames: Any,
        codec: str | Codec | None = None,
        mode: str | None = None,
        ttl: float | None = None,
    ) -> Receipt:
        """Send a message of any number of frames to one peer, in order with all others from this thread to it.

        Frames are bytes or str; with a ``codec`` ("json", "msgpack", or one of your own) any objects that it takes.

        Returns a receipt that is true if the message is on its way, and false if the peer is not here, or has been
        reading too slowly for longer than ``Timing.send_patience`` (``statistics().dropped`` says which). No error:
        peers come and go.

        ``mode="reliable"`` keeps the message until the peer's node has it, in order with all other reliable ones, and
        waits for room as long as the peer is here; ``receipt.wait()`` tells what became of it. ``mode="durable"`` keeps
        it on disk until the peer's program has taken it, for ``ttl`` seconds (Timing.ttl), whether that peer is here or
        not; it needs a ``store``. By default the mode is that of NodeConfig: ``best_effort``.

        Raises:
            PlainPeer: if the peer does not understand that mode.
            WouldBlock, StoreError: if the store is full, or the disk; for durable messages only.
            InvalidPeer: if ``peer`` is not an identity, an event, a Peer.
            InvalidFrame: if a frame is neither bytes nor str.
            InvalidPayload: if the codec does not take an object.
            NodeNotStarted, NodeStopped: if the node is not running.
        """
        target = peer if type(peer) is PeerId else PeerId.parse(peer)
        if codec is not None:
            content = encode_objects(codec, frames)
        elif len(frames) == 1 and type(frames[0]) is bytes:  # as most messages are
            content = frames
        else:
            content = encode_frames(frames)
        if ttl is None:
            if mode is None and (lane := self._lanes.get(target)) is not None and lane.take(content):
                return TAKEN
            if (mode is None and self._best_effort) or self._mode(mode) == "best_effort":
                return TAKEN if self._host.whisper(target, content) else REFUSED
        return self._assured(self._host.post, target, "", content, self._mode(mode), ttl)

    def shout(
        self,
        group: str,
        *frames: Any,
        codec: str | Codec | None = None,
        mode: str | None = None,
        ttl: float | None = None,
    ) -> Receipts:
        """Send a message to everybody in a group, this node excepted; it need not be in the group itself.

        Returns to how many peers it is on its way, with the ``receipts`` of a reliable or durable one. Raises like
        whisper, and InvalidName. A ``mode`` that some members do not understand is an error only if none of them does;
        the others count as refused.
        """
        if codec is not None:
            content = encode_objects(codec, frames)
        elif len(frames) == 1 and type(frames[0]) is bytes:
            content = frames
        else:
            content = encode_frames(frames)
        lane = self._host.group_lanes.get(group) if type(group) is str else None  # its name has been checked
        if lane is None:
            group = check_group(group)
        if ttl is None and self._mode(mode, group) == "best_effort":
            if lane is not None and lane.take(content):
                return Receipts(lane.members)
            return Receipts(self._host.shout(group, content))
        return self._assured_to_all(self._host.post, group, content, self._mode(mode, group), ttl)

    # -- events ----------------------------------------------------------------------------------------------------

    def recv(self, timeout: float | None = None) -> Event:
        """The next event, waiting for it up to ``timeout`` seconds, or for ever.

        Raises:
            RecvTimeout: if nothing came in time.
            NodeStopped: after the last event of a stopped node.
            NodeNotStarted: before the start, when nothing could ever come.
        """
        try:
            if self._host.life is _NEW:
                raise NodeNotStarted("recv")
            event = self._host.next_event(timeout)
        except Empty:
            raise RecvTimeout(timeout or 0.0) from None
        except Closed as closed:
            raise why_ended(closed, "recv") from closed.defect
        if self._handlers.registered:
            self._handlers.dispatch(event)
        return event

    def __iter__(self) -> Iterator[Event]:
        """Events for ever: the loop ends when the node is stopped."""
        try:
            while True:
                yield self.recv()
                for event in self._host.mailbox.at_hand():
                    if self._handlers.registered:
                        self._handlers.dispatch(event)
                    yield event
        except NodeStopped:
            return

    def stream(self) -> Stream[Event]:
        """The events as a lazy pipeline; see zyre.streams."""
        from zyre.streams import Stream

        return Stream.over(self)

    def run(self, timeout: float | None = None) -> None:
        """Read events for the functions registered with ``on``, until the node is stopped or the time is over."""
        for _ in self.stream() if timeout is None else self.stream().until(timeout):
            pass
