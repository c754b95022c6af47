"""What can go wrong, sorted by whose fault it is.

    ZyreError
    ├── UsageError                  your call was wrong: the message shows the right one
    │   ├── InvalidName             (ValueError)   a name, group or header that the wire cannot carry
    │   ├── InvalidPeer             (ValueError)   not something that identifies a peer
    │   ├── InvalidEndpoint         (ValueError)   not an endpoint, or not one usable here
    │   ├── InvalidFrame            (TypeError)    content that is neither bytes nor str
    │   ├── InvalidPayload          (ValueError)   an object that the codec cannot encode
    │   ├── InvalidConfig           (ValueError)   settings that contradict each other
    │   ├── InvalidKey              (ValueError)   not a key, or not the one that is needed
    │   ├── NodeNotStarted                         a verb that needs a running node
    │   └── ForkedNodeError                        the node of the process that this one was forked from
    ├── NodeStopped                 you stopped the node; there is nothing more to come
    ├── GossipClosed                you closed the gossip service; likewise
    ├── WouldBlock                  nothing there yet, and you asked not to wait
    ├── PlainPeer                   that peer does not understand what you asked for
    ├── RecvTimeout                 (TimeoutError) nothing came within the time you gave
    ├── GroupTimeout                (TimeoutError) a group did not fill within the time you gave
    ├── LockTimeout                 (TimeoutError) a lock, or a leader, was not there within the time you gave
    ├── CallError                                  a request got no answer
    │   ├── RequestTimeout          (TimeoutError) none within the time you gave
    │   ├── PeerGone                               the peer is not here, or went before it answered
    │   ├── NoSuchService                          it offers nothing of that name
    │   ├── ServiceBusy                            it does too much already
    │   ├── ServiceError                           its function raised an exception, of which you get the text
    │   └── NoQuorum                               a group gave fewer answers than you asked for
    ├── NetworkError                (OSError)      the world is not as the call needs it
    │   ├── NoInterface                            no usable network interface
    │   ├── AddressInUse                           someone else has that port or path
    │   └── IdentityInUse                          another node has the identity in that file
    ├── StoreError                  (OSError)      the disk does not keep durable messages: full, read-only, in use
    ├── PayloadError                (ValueError)   what you decode is not of that codec; raised at who decodes it
    ├── DecodeError                 (ValueError)   a peer sent bytes that are no message; counted, never raised at you
    └── InternalError               a defect of ours: please report it

A peer can never raise an exception in the application: what peers do wrong is counted in ``node.statistics()``.
Every exception carries what it knows as attributes, builds its own sentence, and survives pickling.
"""

from __future__ import annotations

__all__ = [
    "ZyreError",
    "UsageError",
    "InvalidName",
    "InvalidPeer",
    "InvalidEndpoint",
    "InvalidFrame",
    "InvalidPayload",
    "InvalidConfig",
    "InvalidKey",
    "NodeNotStarted",
    "ForkedNodeError",
    "NodeStopped",
    "GossipClosed",
    "WouldBlock",
    "PlainPeer",
    "RecvTimeout",
    "GroupTimeout",
    "LockTimeout",
    "CallError",
    "RequestTimeout",
    "PeerGone",
    "NoSuchService",
    "ServiceBusy",
    "ServiceError",
    "NoQuorum",
    "NetworkError",
    "NoInterface",
    "AddressInUse",
    "IdentityInUse",
    "StoreError",
    "PayloadError",
    "DecodeError",
    "InternalError",
]


class ZyreError(Exception):
    """The root of everything that this package raises."""


class UsageError(ZyreError):
    """The call was wrong; nothing was changed by it."""


class InvalidName(UsageError, ValueError):
    """A name, group or header does not fit on the wire.

    ``kind`` says which of them, ``value`` is what was given, ``why`` the rule that it breaks.
    """

    def __init__(self, kind: str, value: object, why: str) -> None:
        super().__init__(kind, value, why)
        self.kind = kind
        self.value = value
        self.why = why

    def __str__(self) -> str:
        shown = repr(self.value)
        if len(shown) > 60:
            shown = shown[:57] + "..."
        return f"{self.kind} {shown} {self.why}"


class InvalidPeer(UsageError, ValueError):
    """``value`` does not identify a peer."""

    def __init__(self, value: object) -> None:
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        return (
            f"{self.value!r} does not identify a peer: give an event's .peer, a Peer from node.peers, "
            "a uuid.UUID, or its 32 hexadecimal digits (a name is looked up by node.peers.named(...))"
        )


class InvalidEndpoint(UsageError, ValueError):
    """``value`` is not a usable endpoint; ``why`` says what is missing."""

    def __init__(self, value: object, why: str) -> None:
        super().__init__(value, why)
        self.value = value
        self.why = why

    def __str__(self) -> str:
        return (
            f"endpoint {self.value!r} {self.why}; "
            "endpoints look like 'tcp://192.168.1.7:5670', 'ipc:///tmp/node' or 'inproc://node'"
        )


class InvalidFrame(UsageError, TypeError):
    """Frame number ``index`` of a message is neither bytes nor str."""

    def __init__(self, index: int, value: object) -> None:
        super().__init__(index, value)
        self.index = index
        self.value = value

    def __str__(self) -> str:
        return (
            f"frame {self.index} is {type(self.value).__name__}, and frames are bytes or str: "
            "encode it first, for instance by codec='json'"
        )


class InvalidPayload(UsageError, ValueError):
    """Object number ``index`` of a message cannot be encoded by ``codec``; ``why`` is what that says."""

    def __init__(self, codec: str, index: int, why: str) -> None:
        super().__init__(codec, index, why)
        self.codec = codec
        self.index = index
        self.why = why

    def __str__(self) -> str:
        return f"object {self.index} cannot be encoded as {self.codec}: {self.why}"


class InvalidConfig(UsageError, ValueError):
    """Settings that cannot hold together."""


class InvalidKey(UsageError, ValueError):
    """``what`` cannot be used as a key; ``why`` says so without showing it, for it may be a secret."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(what, why)
        self.what = what
        self.why = why

    def __str__(self) -> str:
        return f"the {self.what} {self.why}; a key is 40 characters of Z85, as 'zyre keys init' makes them"


class NodeNotStarted(UsageError):
    """``verb`` needs a running node."""

    def __init__(self, verb: str) -> None:
        super().__init__(verb)
        self.verb = verb

    def __str__(self) -> str:
        return f"node.{self.verb}() needs a running node: call node.start() first, or write 'with Node(...) as node:'"


class ForkedNodeError(UsageError):
    """``verb`` was called in a child after a fork, and the node is the parent's, where it goes on undisturbed."""

    def __init__(self, verb: str) -> None:
        super().__init__(verb)
        self.verb = verb

    def __str__(self) -> str:
        return (
            f"node.{self.verb}() in a child process: the node belongs to the parent; make a Node here, or start it "
            "only after the fork (multiprocessing: use the 'spawn' method)"
        )


class NodeStopped(ZyreError):
    """The node was stopped by this program, so ``verb`` has nothing left to work on."""

    def __init__(self, verb: str) -> None:
        super().__init__(verb)
        self.verb = verb

    def __str__(self) -> str:
        return f"node.{self.verb}() came after node.stop(); a node runs once, so make a new Node"


class GossipClosed(ZyreError):
    """The gossip service was closed by this program, so ``verb`` has nothing left to work on."""

    def __init__(self, verb: str) -> None:
        super().__init__(verb)
        self.verb = verb

    def __str__(self) -> str:
        return f"gossip.{self.verb}() came after gossip.close(); a service runs once, so make a new Gossip"


class WouldBlock(ZyreError):
    """The call was one that does not wait: nothing is there yet, or the queues to ``peers`` are full."""

    def __init__(
        self, message: str = "nothing is there yet; recv(timeout=...) waits", peers: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, peers)
        self.peers = peers

    def __str__(self) -> str:
        return str(self.args[0])


class PlainPeer(ZyreError):
    """``peer`` does not understand what a ``mode`` of sending needs; nothing was sent."""

    def __init__(self, peer: object, mode: str) -> None:
        super().__init__(peer, mode)
        self.peer = peer
        self.mode = mode

    def __str__(self) -> str:
        return (
            f"{self.peer} cannot be sent {self.mode} messages: it is a plain 36/ZRE node, which confirms nothing, or "
            "has that switched off, or (durable) has no store. Send to it by mode='best_effort', or look first: "
            f"{self.mode!r} in peer.extensions"
        )


class RecvTimeout(ZyreError, TimeoutError):
    """Nothing came within ``timeout`` seconds."""

    def __init__(self, timeout: float) -> None:
        super().__init__(timeout)
        self.timeout = timeout

    def __str__(self) -> str:
        return f"no event within {self.timeout:g} s"


class CallError(ZyreError):
    """A request of ``service`` got no answer; the classes below say why. ``peer`` was asked; None: a whole group."""

    def __init__(self, service: str, peer: object = None, *fields: object) -> None:
        super().__init__(service, peer, *fields)
        self.service = service
        self.peer = peer

    def __str__(self) -> str:
        return f"no answer to {self.service!r}"


class RequestTimeout(CallError, TimeoutError):
    """``peer`` did not answer within ``timeout`` seconds."""

    def __init__(self, service: str, peer: object, timeout: float) -> None:
        super().__init__(service, peer, timeout)
        self.timeout = timeout

    def __str__(self) -> str:
        return (
            f"no answer from {self.peer} to {self.service!r} within {self.timeout:g} s: it needs longer, "
            f"or its program offers no services (@node.service({self.service!r}))"
        )


class PeerGone(CallError):
    """``peer`` is not here, or went before it answered. Whether it has done what it was asked is not known."""

    def __init__(self, service: str, peer: object) -> None:
        super().__init__(service, peer)

    def __str__(self) -> str:
        return f"{self.peer}, asked for {self.service!r}, is not here, or has gone without an answer"


class NoSuchService(CallError):
    """``peer`` offers no service of that name."""

    def __init__(self, service: str, peer: object) -> None:
        super().__init__(service, peer)

    def __str__(self) -> str:
        return f"{self.peer} offers no service {self.service!r}: it would with @node.service({self.service!r})"


class ServiceBusy(CallError):
    """``peer`` could not take the request; ``why`` says which limit that is. Nothing was done: try again later."""

    def __init__(self, service: str, peer: object, why: str) -> None:
        super().__init__(service, peer, why)
        self.why = why

    def __str__(self) -> str:
        return f"{self.peer}, asked for {self.service!r}, {self.why}; nothing was done, so try again later"


class ServiceError(CallError):
    """The service of ``peer`` raised an exception: ``kind`` is the name of its class, ``text`` what it says.

    Only this text travels, never the exception itself.
    """

    def __init__(self, service: str, peer: object, kind: str, text: str) -> None:
        super().__init__(service, peer, kind, text)
        self.kind = kind
        self.text = text

    def __str__(self) -> str:
        return f"{self.service!r} raised {self.kind} at {self.peer}: {self.text}"


class NoQuorum(CallError):
    """``replies`` of the ``quorum`` wanted came from ``group``."""

    def __init__(self, service: str, group: str, quorum: int, replies: int) -> None:
        super().__init__(service)
        self.args = (service, group, quorum, replies)
        self.group = group
        self.quorum = quorum
        self.replies = replies

    def __str__(self) -> str:
        return f"{self.replies} of the {self.quorum} answers wanted from {self.group!r} to {self.service!r} came"


class GroupTimeout(ZyreError, TimeoutError):
    """The group ``group`` did not have ``wanted`` but ``members`` members when the time was over."""

    def __init__(self, group: str, wanted: int, members: int) -> None:
        super().__init__(group, wanted, members)
        self.group = group
        self.wanted = wanted
        self.members = members

    def __str__(self) -> str:
        return f"the group {self.group!r} has {self.members} of {self.wanted} members, and the time is over"


class LockTimeout(ZyreError, TimeoutError):
    """The lock ``lock`` of ``group`` ("": its leadership) was not had within ``timeout`` seconds."""

    def __init__(self, group: str, lock: str, timeout: float) -> None:
        super().__init__(group, lock, timeout)
        self.group = group
        self.lock = lock
        self.timeout = timeout

    def __str__(self) -> str:
        what = f"the lock {self.lock!r} was not free" if self.lock else "there was no leader"
        return f"in the group {self.group!r} {what} within {self.timeout:g} s; it takes a majority of its members"


class NetworkError(ZyreError, OSError):
    """The network or the operating system is not as the call needs it."""


class NoInterface(NetworkError):
    """No usable interface; ``wanted`` is what was asked for, ``found`` the names that exist."""

    def __init__(self, wanted: str | None, found: tuple[str, ...]) -> None:
        super().__init__(wanted, found)
        self.wanted = wanted
        self.found = found

    def __str__(self) -> str:
        have = ", ".join(self.found) or "none"
        if self.wanted is None:
            return (
                f"no usable network interface (this machine has: {have}); Node(interface='lo') works without a network"
            )
        return f"no usable interface matches {self.wanted!r}; this machine has: {have}"


class AddressInUse(NetworkError):
    """``endpoint`` is taken by another socket."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.endpoint = endpoint

    def __str__(self) -> str:
        return f"{self.endpoint} is in use by another program (or another node of this one); choose another port"


class PayloadError(ZyreError, ValueError):
    """Frame number ``frame`` of a message of ``peer`` is not what ``codec`` makes; ``why`` is what that says."""

    def __init__(self, codec: str, frame: int, peer: object, why: str) -> None:
        super().__init__(codec, frame, peer, why)
        self.codec = codec
        self.frame = frame
        self.peer = peer
        self.why = why

    def __str__(self) -> str:
        return f"frame {self.frame} of a message of {self.peer} is not {self.codec}: {self.why}"


class IdentityInUse(NetworkError):
    """The identity in the file ``path`` is another running node's."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path} holds the identity of a node that runs: stop that one first, or give this one another file"


class StoreError(ZyreError, OSError):
    """The file that keeps durable messages cannot be used; the text says why. What is in it stays there."""


class DecodeError(ZyreError, ValueError):
    """Bytes that are not a message of the protocol; ``why`` names the field."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class InternalError(ZyreError):
    """A defect of this package. Please report it, with the traceback."""
