"""Programs that share a network find each other and talk: ZyRE, without a broker and without configuration.

import zyre

with zyre.Node("alice", groups=["CHAT"]) as node:
    for event in node:
        match event:
            case zyre.Enter(name=name):
                print(name, "is here")
                node.whisper(event, "hello")
            case zyre.Whisper(name=name, content=(text,)):
                print(name, "says", text.decode())
"""

import sys as _sys
import typing as _typing

from zyre.config import ClusterConfig, GossipConfig, Limits, NodeConfig, Timing
from zyre.errors import (
    AddressInUse,
    CallError,
    DecodeError,
    ForkedNodeError,
    GossipClosed,
    GroupTimeout,
    IdentityInUse,
    InternalError,
    InvalidConfig,
    InvalidEndpoint,
    InvalidFrame,
    InvalidKey,
    InvalidName,
    InvalidPayload,
    InvalidPeer,
    LockTimeout,
    NetworkError,
    NodeNotStarted,
    NodeStopped,
    NoInterface,
    NoQuorum,
    NoSuchService,
    PayloadError,
    PeerGone,
    PlainPeer,
    RecvTimeout,
    RequestTimeout,
    ServiceBusy,
    ServiceError,
    StoreError,
    UsageError,
    WouldBlock,
    ZyreError,
)
from zyre.events import (
    Collision,
    DurableShout,
    DurableWhisper,
    Enter,
    Evasive,
    Event,
    Exit,
    Gap,
    Join,
    Leader,
    Leaderless,
    Leave,
    NetworkChanged,
    Refused,
    ReliableShout,
    ReliableWhisper,
    Returned,
    Shout,
    Silent,
    Updated,
    Whisper,
)
from zyre.fates import Fate, Fates
from zyre.identity import PeerId
from zyre.node import Node
from zyre.receipts import Receipt, Receipts
from zyre.roster import Leadership, Peer, Roster
from zyre.statistics import Statistics

if _typing.TYPE_CHECKING:  # what many programs never use is loaded when it is first asked for: see __getattr__
    from zyre.aio import AsyncNode
    from zyre.calls.values import Reply, Request
    from zyre.diagnosis import Diagnosis, Finding
    from zyre.engine.keyring import load_certificate, new_certificate, save_certificate
    from zyre.gossip import AsyncGossip, Delivery, Gossip
    from zyre.groups import AsyncGroup, Group
    from zyre.security.access import Access
    from zyre.security.certificate import Certificate
    from zyre.transactions import once

__all__ = [
    "Node",
    "AsyncNode",
    "Gossip",
    "AsyncGossip",
    "Delivery",
    "Group",
    "AsyncGroup",
    "Event",
    "Enter",
    "Exit",
    "Evasive",
    "Silent",
    "Returned",
    "Join",
    "Leave",
    "Updated",
    "Collision",
    "Whisper",
    "Shout",
    "ReliableWhisper",
    "ReliableShout",
    "DurableWhisper",
    "DurableShout",
    "Leader",
    "Leaderless",
    "Leadership",
    "Gap",
    "NetworkChanged",
    "Refused",
    "Diagnosis",
    "Finding",
    "Request",
    "Reply",
    "Peer",
    "PeerId",
    "Roster",
    "Receipt",
    "Receipts",
    "Fate",
    "Fates",
    "Statistics",
    "NodeConfig",
    "ClusterConfig",
    "GossipConfig",
    "Timing",
    "Limits",
    "Access",
    "Certificate",
    "load_certificate",
    "new_certificate",
    "save_certificate",
    "once",
    "AddressInUse",
    "CallError",
    "DecodeError",
    "GossipClosed",
    "GroupTimeout",
    "LockTimeout",
    "IdentityInUse",
    "ForkedNodeError",
    "InternalError",
    "InvalidConfig",
    "InvalidKey",
    "InvalidEndpoint",
    "InvalidFrame",
    "InvalidName",
    "InvalidPayload",
    "InvalidPeer",
    "NetworkError",
    "NodeNotStarted",
    "NodeStopped",
    "NoInterface",
    "NoQuorum",
    "NoSuchService",
    "PayloadError",
    "PeerGone",
    "PlainPeer",
    "RecvTimeout",
    "RequestTimeout",
    "ServiceBusy",
    "ServiceError",
    "StoreError",
    "UsageError",
    "WouldBlock",
    "ZyreError",
]

__version__ = "0.1.0"

#: The module of each name that is loaded when it is first asked for.
_LATER: _typing.Final = {
    "AsyncNode": "aio",
    "Reply": "calls.values",
    "Request": "calls.values",
    "Diagnosis": "diagnosis",
    "Finding": "diagnosis",
    "load_certificate": "engine.keyring",
    "new_certificate": "engine.keyring",
    "save_certificate": "engine.keyring",
    "AsyncGossip": "gossip",
    "Delivery": "gossip",
    "Gossip": "gossip",
    "AsyncGroup": "groups",
    "Group": "groups",
    "Access": "security.access",
    "Certificate": "security.certificate",
    "once": "transactions",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = value  # the next time it is found without us
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})


def _load_before_a_loop_runs() -> None:
    """What the first node would load, in a program that has a loop: the loop would wait for a tenth of a second."""
    if "asyncio" in _sys.modules or "trio" in _sys.modules:
        from importlib import import_module

        import_module("zyre.aio")


_load_before_a_loop_runs()
