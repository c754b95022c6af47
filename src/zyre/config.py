"""Settings, split by who must agree on them.

ClusterConfig holds what all nodes of a network must have in common to meet at all; NodeConfig what each decides for
itself. Both are immutable values, checked when they are made; ``dataclasses.replace`` derives one from another.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from zyre.endpoint import Endpoint
from zyre.errors import InvalidConfig, InvalidEndpoint
from zyre.fates import MODES
from zyre.identity import check_cluster

__all__ = [
    "DISCOVERY_PORT",
    "PEER_PORTS",
    "SUPPORTED_EXTENSIONS",
    "ClusterConfig",
    "GossipConfig",
    "Limits",
    "NodeConfig",
    "Timing",
    "chosen_cluster",
    "chosen_extensions",
    "chosen_scope",
    "require_mode",
    "require_ttl",
    "peer_ports",
]

#: The UDP port of ZRE discovery (36/ZRE; registered as ZRE-DISC).
DISCOVERY_PORT: Final = 5670

#: What a full mailbox may do.
FULL_POLICIES: Final = ("block", "drop_newest", "drop_oldest")

#: How far away a node's peers may be.
SCOPES: Final = ("any", "link", "host")

#: How many TCP ports, from the number of the UDP port on, a node tries before it takes any free one: as many nodes
#: on one host are reached through a firewall that is open for them.
PEER_PORTS: Final = 64

#: What this version understands beyond plain 36/ZRE; told to peers in the HELLO header X-ZYRE-EXT.
#: ``bulletin``  members of a cluster with an authority have its latest list of revoked keys
#: ``bundle``   messages that are sent one right after the other travel in one frame
#: ``renewal``   links are replaced when keys change, and nothing is lost on the way
#: ``empty``    a message of no frames arrives as no frames (plain peers get one empty frame: libzyre needs one)
#: ``introduce``  whoever was reached without beacons is asked whom it knows
#: ``goodbye``  leaving is also said on the link, where it cannot be lost like the UDP beacon can
#: ``incarnation``  a new start of a peer is told from a peer that was out of sight, and from two of one identity
#: ``leases``   locks, and leaders with a term: a majority votes
#: ``news``     changes of headers are told, and whether a peer knows of our groups and headers is found out
#: ``probe``    others are asked about a peer that has become quiet
#: ``chunk``    large messages come in pieces, and what else there is to say between them
#: ``durable``  messages that are kept on disk until the peer's program has taken them; only nodes with a store have it
#: ``tally``    how many messages arrived is asked and answered, so that the sender's ledger knows
#: ``reliable`` messages that are kept and sent again until the peer's node has them
#: ``terms``    leaders that a wave elected say in which term they lead
SUPPORTED_EXTENSIONS: Final = frozenset(
    {
        *("bulletin", "bundle", "chunk", "durable", "empty", "goodbye", "incarnation", "introduce", "leases", "news"),
        *("probe", "reliable", "renewal", "tally", "terms"),
    }
)


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """What all nodes of one network agree on.

    ``port`` is the UDP port of the beacons; 0 means no beacons, so that peers are only met by explicit connections.
    """

    port: int = DISCOVERY_PORT
    name: str = ""
    """Of a cluster that keeps to itself on a port that others use, too. Plain 36/ZRE is the one without a name."""

    def __post_init__(self) -> None:
        _require_port("port", self.port)
        if self.name:
            check_cluster(self.name)


#: A time shorter than this is meant otherwise, and would keep a node busy with nothing else.
_SHORTEST: Final = 0.001


@dataclass(frozen=True, slots=True)
class Timing:
    """When silence means what; all in seconds.

    ``expired`` is the bound: so long after its last sign of life a peer is gone, whatever became of it. A process that
    dies is known far sooner, because its host says so. libzyre takes 30 s instead of 10; peers of other kinds see
    nothing of these times but an ordinary PING now and then.
    """

    ask: float = 2.5
    """Nothing heard for this long: the peer is asked for a sign of life, and nobody is told. At the latest when it
    becomes evasive."""

    evasive: float = 5.0
    """Nothing heard for this long, although asked: Evasive. The peer's host is asked, and other peers are."""
    silent: float = 7.5
    """Nothing heard for this long: Silent. (libzyre's is its evasive time plus one second.)"""
    expired: float = 10.0
    """Nothing heard for this long, and by nobody else either: Exit(reason="expired")."""
    unreachable: float = 30.0
    """Nothing heard for this long, though others hear it or its host answers: Exit(reason="unreachable"). Never before
    the expiry."""
    verify: float = 0.2
    """A peer whose connection broke, and whose host refuses ours, is asked again after this long before it counts as
    crashed: what is still on its way has that long to arrive, and a process that starts anew takes its place."""
    prove: float = 10.0
    """No message for this long, only beacons: the peer is asked whether our link still reaches it."""
    prove_next: float = 0.4
    """So much longer for each peer that is here beyond ``prove / prove_next`` of them: all the links together are to
    cost a node no more than a message in this time."""
    beacon: float = 1.0
    """One beacon in this time, or a little less, so that nodes do not keep step; in a large cluster (Limits.beacons) up
    to twice as long. The first few follow each other in a quarter of it."""
    ping: float = 1.0
    """A quiet peer is asked once in this time."""
    handshake: float = 5.0
    """A peer that beacons but has not answered our HELLO for this long is greeted anew."""
    redial: float = 1.0
    """An explicit connection that leads to nobody is tried again after this long."""
    alone: float = 2.0
    """A candidate for leader leads after this long although nobody else is in the group, or not everybody voted."""
    farewell: float = 0.1
    """After a goodbye by beacon, a peer's messages that are still on their way have this long to arrive: datagrams
    overtake links."""
    news: float = 0.2
    """Changed headers are told at most once in this time: what changes often is told as it is then."""
    confirm: float = 2.0
    """A peer of our own kind that has not confirmed our groups and headers this long after a change is asked."""
    send_patience: float = 1.0
    """How long a send waits for a peer whose queue is full before its messages are dropped, and counted."""

    tally: float = 1.0
    """Peers of our own kind are asked once in this time how much of what was sent to them has arrived."""
    request: float = 5.0
    """How long a request waits for its answer, unless it says otherwise."""
    resend: float = 0.25
    """A peer that confirms no reliable message for this long is asked where it is; then after twice as long, ..."""
    keep: float = 60.0
    """Reliable messages for a peer that is gone are kept for this long, in case it comes back."""
    ttl: float = 86_400.0
    """Durable messages are kept for this long unless the call says otherwise: a computer that is off over night gets
    them in the morning."""
    disk_retry: float = 1.0
    """So long after the disk took nothing it is tried again; until then durable sends raise StoreError."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not _is_positive(getattr(self, name)) or getattr(self, name) < _SHORTEST:
                raise InvalidConfig(f"Timing.{name} is {getattr(self, name)!r}; it is a number of seconds above 0.001")
        if not self.evasive < self.silent < self.expired:
            raise InvalidConfig(
                f"Timing needs evasive < silent < expired, and has {self.evasive:g}, {self.silent:g}, "
                f"{self.expired:g}; give all three, for instance Timing(evasive=1, silent=2, expired=6)"
            )

    @classmethod
    def within(cls, expired: float) -> Timing:
        """Timing in the default proportions that reports a silent peer gone after ``expired`` seconds."""
        return cls(
            ask=expired / 4,
            evasive=expired / 2,
            silent=expired * 3 / 4,
            expired=expired,
            unreachable=expired * 3,
            prove=expired,
            prove_next=expired / 25,
            beacon=min(1.0, expired / 10),
            ping=min(1.0, expired / 10),
            handshake=min(5.0, expired / 2),
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds memory and work, whatever peers do. Each is a number of the unit that its text names."""

    peers: int = 4096
    """Peers known at a time; each costs a socket. Beyond it newcomers are refused and counted."""
    groups: int = 1024
    """Groups of one peer; a HELLO or JOIN beyond it is refused and counted."""
    headers: int = 256
    """Headers of one peer."""
    header_value: int = 65536
    """Octets of one header value."""
    hello: int = 1 << 20
    """Octets of one HELLO; a longer one is refused and counted."""
    link_messages: int = 10_000
    """Messages waiting to be sent to one peer, a tenth of them in libzmq's hands; then sending waits."""
    link_bytes: int = 16 << 20
    """Octets of memory that they take, likewise, an eighth of them in libzmq's hands, or a quarter where the link is
    swift; one message of any size is always taken."""
    inbox_messages: int = 1000
    """Messages of one peer waiting to be read from libzmq (the ROUTER's high-water mark): enough to never run dry, and
    little memory beside the mailbox's."""
    mailbox_messages: int = 100_000
    """Whispers and shouts waiting for the application; see NodeConfig.when_full for what happens beyond it."""
    mailbox_bytes: int = 64 << 20
    """Octets of memory that they take, likewise."""
    mailbox_patience: float = 1.0
    """Seconds for which a full mailbox makes the peers wait before anything is dropped."""
    mailbox_reserve: float = 0.125
    """The part of the mailbox that is left for what has to be read meanwhile, a message of each peer at a time, so that
    nobody's membership waits for others' data. It is used up no sooner than patience."""
    backlog: int = 1024
    """Votes kept for a peer whose queue is full; joins and leaves are kept without a limit."""
    beacons: int = 100
    """Peers among whom a node beacons as often as Timing.beacon says. Among more it does so the more seldom, at most
    half as often, and twice in Timing.ask: whoever is not heard for that long is asked, and that costs more."""
    beacon_datagrams: int = 64
    """Datagrams a second by which a node says its beacons, on all interfaces, by multicast, and to the hosts of join=
    together; with more ways than that each has its turn. 64 are less than 100 kbit/s."""
    refusals: int = 1024
    """Refused events of one node; further refusals are only counted."""
    handshakes: int = 32
    """Refused handshakes of one address, in ten seconds, that are looked into and told one by one: several nodes there
    may try once in a handshake time. Further ones are refused from memory, and counted together."""
    beacon_age: float = 300.0
    """Seconds by which the clock of a node with the same secret may differ from ours."""
    strangers: int = 64
    """Connections by which nobody has shown a certificate yet, in a cluster with an authority, when one more with a
    key that is not known is refused; and how many such are let in in Timing.handshake, a quarter of them from one
    address. Each costs a descriptor, and libzmq cannot be told to end one."""
    kept_messages: int = 10_000
    """Reliable messages kept for one peer until it confirms them; then sending waits."""
    kept_bytes: int = 16 << 20
    """Octets of their contents, likewise; one message of any size is always taken."""
    window_messages: int = 4096
    """How far one peer may send reliable messages ahead of what was taken from it."""
    window_bytes: int = 4 << 20
    """Octets of their contents, likewise. All windows together are at most a tenth of the mailbox."""
    chunk_bytes: int = 256 << 10
    """Octets of one piece of a large message: what else there is to say waits for no more than a few of them."""
    chunk_window: int = 1 << 20
    """Octets of such pieces that are on their way to one peer; what is larger than this goes in pieces."""
    unfinished_bytes: int = 3 << 30
    """Octets of large messages of all peers that have not come whole; one that would exceed it is refused. They take
    memory as they come."""
    durable_messages: int = 100_000
    """Durable messages kept for all peers together; they are in memory as well. Beyond it sends raise WouldBlock."""
    durable_bytes: int = 64 << 20
    """Octets of their contents, likewise; one message of any size is always taken."""
    batch: int = 256
    """Messages taken from the network before the application gets a turn."""
    batch_octets: int = 1 << 20
    """Octets of large messages that end such a batch early: they are in no cache when their turn comes."""
    service_threads: int = 8
    """Threads that run plain services; each is a call that may block."""
    service_requests: int = 256
    """Requests of peers that are served, or wait for it, at a time; who asks beyond it is told so at once."""
    service_requests_of_peer: int = 64
    """Of those, the requests of one peer, so that one cannot keep out the others."""
    service_bytes: int = 64 << 20
    """Octets of content of those requests."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not _is_positive(getattr(self, name)):
                raise InvalidConfig(f"Limits.{name} is {getattr(self, name)!r}; it must be a number above 0")
        if self.mailbox_reserve > 0.5:
            raise InvalidConfig(f"Limits.mailbox_reserve is {self.mailbox_reserve!r}; it is a part, half at most")


def peer_ports(port: int) -> range:
    """The TCP ports among which the nodes of a cluster choose, which a firewall must let in. ``port`` is the cluster's
    UDP port; without one (0) any port does."""
    return range(port, min(port + PEER_PORTS, 1 << 16)) if port else range(0)


@dataclass(frozen=True, slots=True)
class GossipConfig:
    """Times and bounds of one gossip service. Times are in seconds."""

    lease: float = 60.0
    """A tuple outlives the last sign of life of its publisher by this long, unless it was published as lasting."""
    beat: float = 20.0
    """A publisher gives a sign of life once in this time; a third of the lease, so that two may be lost."""
    remember: float = 120.0
    """A tuple that is gone is remembered for so long, lest a neighbour that still has it bring it back. Above the
    lease: whoever was cut off for longer has given up the tuple by himself."""
    remember_lasting: float = 3600.0
    """The same for tuples published as lasting, which nobody gives up by himself."""
    ping: float = 0.5
    """A hub hears of us once in this time: CZMQ's forgets, after a second, who does not speak."""
    silence: float = 1.8
    """A hub that did not answer for this long is taken for gone, and connected anew."""
    patience: float = 3.0
    """So long a new connection may take until the hub answers for the first time."""
    retry: float = 0.5
    """A connection that was refused is tried again after this long."""
    probe: float = 5.0
    """A client that was silent for this long is sent a PONG, which shows whether it is still connected."""
    damping: float = 0.1
    """One key changes at most once in this time by the word of CZMQ nodes, between which two values can bounce."""
    tuples: int = 16384
    """Tuples in the table; beyond it further keys are refused and counted."""
    remembered: int = 16384
    """Tuples remembered after they are gone; beyond it the oldest are forgotten."""
    value: int = 65536
    """Octets of one value; a longer one is refused and counted."""
    neighbours: int = 4096
    """Clients of a hub; beyond it newcomers are not answered, and counted."""
    unread: int = 65536
    """Deliveries waiting for the application; beyond it the newest are dropped and counted: the table has them."""
    plain: bool = False
    """Speak only ZGOSSIP, also with services of this package."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if name != "plain" and (not _is_positive(value) or value < _SHORTEST):
                raise InvalidConfig(f"GossipConfig.{name} is {value!r}; it is a number above 0")
        if not self.beat < self.lease < self.remember:
            raise InvalidConfig(
                f"GossipConfig needs beat < lease < remember, and has {self.beat:g}, {self.lease:g}, "
                f"{self.remember:g}; give all three, for instance GossipConfig(beat=2, lease=6, remember=12)"
            )
        if not self.ping < self.silence:
            raise InvalidConfig(f"GossipConfig needs ping < silence, and has {self.ping:g}, {self.silence:g}")


def chosen_cluster(wanted: object = None) -> str:
    """The name of a node's cluster: what it is told, else what ZYRE_CLUSTER says; ``""`` for the one without a name.
    Raises InvalidName."""
    name = os.environ.get("ZYRE_CLUSTER", "") if wanted is None else wanted
    return check_cluster(name) if name != "" else ""


def chosen_scope(wanted: str | None, config: NodeConfig) -> NodeConfig:
    """The settings with the scope that a node is told, else their own, else what ZYRE_SCOPE says. Raises
    InvalidConfig."""
    scope = wanted
    if scope is None and config.scope == "any":
        scope = os.environ.get("ZYRE_SCOPE") or None
    return config if scope is None else replace(config, scope=scope)


def chosen_extensions(wanted: object = None) -> frozenset[str]:
    """The extensions a node uses: those it is told, else what ZYRE_EXTENSIONS says, else all that there are.

    ``()`` and ``ZYRE_EXTENSIONS=none`` make a plain 36/ZRE node. Raises InvalidConfig for an unknown one.
    """
    if wanted is None:
        text = os.environ.get("ZYRE_EXTENSIONS", "all").strip()
        if text == "all":
            return SUPPORTED_EXTENSIONS
        wanted = () if text in ("none", "") else text.replace(",", " ").split()
    if isinstance(wanted, str) or not hasattr(wanted, "__iter__"):
        raise InvalidConfig(f"extensions is a collection of names such as ('empty',), not {wanted!r}")
    names = frozenset(wanted)
    unknown = names - SUPPORTED_EXTENSIONS
    if unknown:
        raise InvalidConfig(
            f"unknown extension {sorted(map(str, unknown))[0]!r}; there are: {', '.join(sorted(SUPPORTED_EXTENSIONS))}"
        )
    return names


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """What one node decides for itself, beyond its name, headers and groups."""

    timing: Timing = field(default_factory=Timing)
    limits: Limits = field(default_factory=Limits)
    endpoint: str | None = None
    """Where peers connect to this node: any tcp, ipc or inproc endpoint (libzyre: set_endpoint).
    By default a TCP port on every interface in use."""
    peer_port: int | None = None
    """A fixed TCP port (libzyre: set_beacon_peer_port). By default the first of ``peer_ports`` at which nobody listened
    in the last minute, and any free one if those are taken. A node that is killed and comes back at once on the same
    port is not reached well by peers that keep their connection to its former life (zyre.js, zeromq-pyre: until that
    expires)."""
    advertise: str | None = None
    """The endpoint told to peers where it differs from the bound one, as behind a NAT (set_advertised_endpoint)."""

    mode: str = "best_effort"
    """How messages are sent unless the call says otherwise: ``best_effort``, ``reliable`` or ``durable``. Plain 36/ZRE
    peers understand the first only."""
    group_modes: Mapping[str, str] = field(default_factory=dict)
    """The same for shouts to certain groups."""

    scope: str = "any"
    """How far away peers may be: ``any``, ``link`` (in a network that this computer is in), or ``host`` (on this
    computer; nothing is said or heard but on loopback)."""

    when_full: str = "block"
    """What a full mailbox does with best-effort messages: ``block`` lets the peers wait for ``mailbox_patience``, then
    drops the newest; ``drop_newest`` and ``drop_oldest`` do so at once. Membership and reliable messages are never
    dropped."""

    def __post_init__(self) -> None:
        if self.when_full == "error":
            raise InvalidConfig(
                "when_full='error' cannot be: whose messages do not fit is another program, in which nothing here can "
                "raise; on the sending side, whisper_nowait and shout_nowait raise WouldBlock. There are: "
                + ", ".join(FULL_POLICIES)
            )
        if self.when_full not in FULL_POLICIES:
            raise InvalidConfig(f"when_full is {self.when_full!r}; there are: {', '.join(FULL_POLICIES)}")
        if self.scope not in SCOPES:
            raise InvalidConfig(f"scope is {self.scope!r}; there are: {', '.join(SCOPES)}")
        for mode in (self.mode, *self.group_modes.values()):
            require_mode(mode)
        if self.peer_port is not None:
            _require_port("peer_port", self.peer_port)
            if self.endpoint is not None:
                raise InvalidConfig("give either endpoint or peer_port: an endpoint contains its port")
        for given in (self.endpoint, self.advertise):
            if given is not None and Endpoint.parse(given).key:
                raise InvalidEndpoint(given, "has a public key, which a node has by its certificate")
        if self.advertise is not None and not Endpoint.parse(self.advertise).is_reachable:
            raise InvalidEndpoint(self.advertise, "is a wildcard, and peers need a host and a port to connect to")


def require_mode(mode: object) -> str:
    """A mode of sending. Raises InvalidConfig."""
    if mode not in MODES:
        raise InvalidConfig(f"mode is {mode!r}; there are: {', '.join(MODES)}")
    return str(mode)


def require_ttl(mode: str, ttl: object) -> None:
    """A time to live, if there is one, in a mode that knows of it. Raises InvalidConfig."""
    if ttl is None:
        return
    if mode != "durable":
        raise InvalidConfig(f"ttl= is for mode='durable', and this message goes by mode={mode!r}")
    if not _is_positive(ttl):
        raise InvalidConfig(f"ttl is {ttl!r}; it is a number of seconds above 0")


def _require_port(name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 65535:
        raise InvalidConfig(f"{name} is {value!r}; a port is a number from 0 to 65535")


def _is_positive(value: object) -> bool:
    return isinstance(value, (int, float)) and value > 0
