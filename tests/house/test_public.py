"""What is visible is what is meant: written down here, so that a change is a decision."""

from __future__ import annotations

import ast
import importlib
import inspect
from types import ModuleType

import pytest

import zyre
import zyre.lowlevel
from tests.house.checks import FLOORS

FRONT_DOOR = {
    # nodes
    "Node", "AsyncNode", "Group", "AsyncGroup",
    "Gossip", "AsyncGossip", "Delivery",
    # who and what
    "PeerId", "Peer", "Roster", "Statistics", "Fates", "Fate", "Receipt", "Receipts",
    # events
    "Event", "Enter", "Exit", "Evasive", "Silent", "Returned", "Join", "Leave", "Updated", "Whisper", "Shout",
    "Leader", "Leaderless", "Leadership", "Gap", "NetworkChanged", "Refused", "Collision",
    "ReliableWhisper", "ReliableShout", "DurableWhisper", "DurableShout", "once",
    "Diagnosis", "Finding",
    # calls
    "Request", "Reply",
    # settings
    "ClusterConfig", "GossipConfig", "NodeConfig", "Timing", "Limits",
    # security
    "Access", "Certificate", "load_certificate", "new_certificate", "save_certificate",
    # errors
    "ZyreError", "UsageError", "InvalidName", "InvalidPeer", "InvalidEndpoint", "InvalidFrame", "InvalidConfig",
    "InvalidKey", "InvalidPayload", "PayloadError",
    "NodeNotStarted", "NodeStopped", "WouldBlock", "RecvTimeout", "NetworkError", "NoInterface", "AddressInUse",
    "IdentityInUse", "GroupTimeout", "LockTimeout", "DecodeError", "GossipClosed", "InternalError",
    "ForkedNodeError", "PlainPeer", "StoreError",
    "CallError", "RequestTimeout", "PeerGone", "NoSuchService", "ServiceBusy", "ServiceError", "NoQuorum",
}  # fmt: skip

SIDE_DOOR = {
    # the machine and what drives it
    "Machine", "NodeMachine", "NodeProfile", "Driver", "Tap", "Transport", "Clock", "Alarm", "Store", "Outcome",
    # effects and reports
    "Effect", "OpenLink", "Send", "AskRoom", "CloseLink", "Broadcast", "Probe", "Hasten", "Keep", "Discard", "Mark",
    "Report", "LinkBlocked", "LinkWritable", "LinkFailed", "LinkLost", "LinkRefused", "LinkAnswered", "LocalityChanged",
    "Persisted", "NotPersisted", "Restored", "Taken",
    # where a node is
    "Endpoint", "Interface", "Locality",
    # the protocol as tables
    "TRANSITIONS", "PeerState", "Input", "Action", "Phase", "Violation",
    # codecs, by module
    "beacon", "extension", "primitives", "zre",
}  # fmt: skip


def visible(door: ModuleType) -> set[str]:
    """What a door shows. A package also has its loaded modules as attributes; those are rooms, not what it shows."""
    rooms = FLOORS if door is zyre else ()
    return (
        {name for name in dir(door) if not name.startswith(("_", "@"))}
        - {name for name in rooms if isinstance(getattr(door, name, None), ModuleType)}
        - {"annotations"}
    )


@pytest.mark.parametrize(("door", "meant"), [(zyre, FRONT_DOOR), (zyre.lowlevel, SIDE_DOOR)])
def test_a_door_shows_exactly_what_is_meant(door: ModuleType, meant: set[str]) -> None:
    assert sorted(visible(door)) == sorted(meant)


def test_something_accidental_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zyre, "sys", inspect, raising=False)
    assert visible(zyre) - FRONT_DOOR == {"sys"}


SHOWN = [
    pytest.param(getattr(door, name), id=f"{door.__name__}.{name}")
    for door, names in ((zyre, FRONT_DOOR), (zyre.lowlevel, SIDE_DOOR))
    for name in sorted(names)
    if inspect.isclass(getattr(door, name)) or inspect.isfunction(getattr(door, name))
]


@pytest.mark.parametrize("shown", SHOWN)
def test_it_says_what_it_is(shown: object) -> None:
    said = vars(shown).get("__doc__") if inspect.isclass(shown) else shown.__doc__
    assert said, "its own docstring, not an inherited one"


@pytest.mark.parametrize("shown", SHOWN)
def test_its_public_methods_say_what_they_do(shown: type) -> None:
    ours = (
        [kind for kind in inspect.getmro(shown) if kind.__module__.startswith("zyre")] if inspect.isclass(shown) else []
    )
    silent = [
        name
        for kind in ours
        for name, value in vars(kind).items()
        if not name.startswith("_")
        and (inspect.isfunction(value) or isinstance(value, (property, classmethod, staticmethod)))
        and not inspect.getdoc(getattr(shown, name, value))
    ]
    assert silent == []


def test_a_name_that_is_loaded_later_is_the_one_of_its_module() -> None:
    """As the imports that type checkers see say it."""
    said = {
        alias.name: node.module
        for node in ast.walk(ast.parse(inspect.getsource(zyre)))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for node in node.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert said == {name: f"zyre.{module}" for name, module in zyre._LATER.items()}
    for name, module in said.items():
        assert getattr(zyre, name) is getattr(importlib.import_module(str(module)), name)


def test_the_door_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="module 'zyre' has no attribute 'Nod'"):
        zyre.Nod  # type: ignore[attr-defined]  # noqa: B018


def test_the_version_is_that_of_the_distribution() -> None:
    import tomllib

    from tests.house.checks import ROOT

    assert zyre.__version__ == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
