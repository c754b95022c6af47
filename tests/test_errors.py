from __future__ import annotations

import inspect
import pickle

import pytest

from zyre import errors
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

#: One of each, with words that its sentence must contain because they teach.
EXAMPLES = [
    (InvalidName("group", "g" * 300, "takes 300 octets in UTF-8; the limit is 255"), "limit is 255"),
    (InvalidPeer("bob"), "node.peers.named"),
    (InvalidEndpoint("http://x", "has the transport 'http'"), "tcp://192.168.1.7:5670"),
    (InvalidFrame(2, {"a": 1}), "codec='json'"),
    (InvalidPayload("json", 1, "a set is not JSON serializable"), "object 1"),
    (InvalidConfig("evasive must be below silent"), "evasive"),
    (InvalidKey("public key", "has 3 characters"), "zyre keys init"),
    (NodeNotStarted("whisper"), "node.start()"),
    (ForkedNodeError("whisper"), "make a Node here"),
    (GossipClosed("get"), "make a new Gossip"),
    (NodeStopped("recv"), "make a new Node"),
    (WouldBlock(), "recv(timeout=...)"),
    (PlainPeer("AB12CD", "reliable"), "best_effort"),
    (RecvTimeout(1.5), "1.5 s"),
    (RequestTimeout("add", "AB" * 16, 2.0), "within 2 s"),
    (PeerGone("add", "AB" * 16), "not here"),
    (NoSuchService("add", "AB" * 16), "@node.service('add')"),
    (ServiceBusy("add", "AB" * 16, "serves as many requests as it can"), "try again"),
    (ServiceError("add", "AB" * 16, "ValueError", "no numbers"), "ValueError"),
    (NoQuorum("add", "G", 3, 1), "1 of the 3"),
    (CallError("add"), "add"),
    (NoInterface(None, ("lo",)), "interface='lo'"),
    (NoInterface("eth9", ("lo", "eth0")), "lo, eth0"),
    (AddressInUse("tcp://10.0.0.1:5"), "another port"),
    (GroupTimeout("G", 3, 2), "2 of 3 members"),
    (LockTimeout("G", "printer", 5.0), "a majority"),
    (IdentityInUse("node.id"), "stop that one first"),
    (StoreError("the store x is full"), "is full"),
    (NetworkError("no route"), "no route"),
    (PayloadError("json", 0, "AB" * 16, "Expecting value"), "Expecting value"),
    (DecodeError("name is truncated"), "name"),
    (InternalError("a defect"), "defect"),
]
FAMILY = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, ZyreError)]


@pytest.mark.parametrize(("error", "words"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_the_sentence_teaches(error: ZyreError, words: str) -> None:
    assert words in str(error)


@pytest.mark.parametrize("error", [error for error, _ in EXAMPLES], ids=lambda value: type(value).__name__)
def test_it_survives_pickling_with_its_fields(error: ZyreError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert (str(copy), copy.args, vars(copy)) == (str(error), error.args, vars(error))


def test_every_error_has_an_example_here() -> None:
    assert set(FAMILY) - {ZyreError, UsageError} == {type(error) for error, _ in EXAMPLES}


def test_all_names_every_error() -> None:
    assert set(errors.__all__) == {error.__name__ for error in FAMILY}


@pytest.mark.parametrize("error", FAMILY)
def test_the_tree_in_the_docstring_shows_it(error: type[ZyreError]) -> None:
    assert errors.__doc__ is not None
    line = next(line for line in errors.__doc__.splitlines() if error.__name__ in line.split())
    builtin = [base.__name__ for base in error.__bases__ if base.__module__ == "builtins" and base is not Exception]
    assert all(f"({name})" in line for name in builtin), line


@pytest.mark.parametrize(
    ("error", "builtin"),
    [(InvalidName, ValueError), (InvalidFrame, TypeError), (RecvTimeout, TimeoutError), (NetworkError, OSError)],
)
def test_those_who_catch_the_builtin_catch_ours(error: type[ZyreError], builtin: type[Exception]) -> None:
    assert issubclass(error, builtin)


def test_faults_of_the_caller_the_world_and_the_peer_are_told_apart() -> None:
    assert not issubclass(NodeStopped, UsageError), "you stopped it: that is no wrong call"
    assert not issubclass(NetworkError, UsageError)
    assert not issubclass(DecodeError, UsageError)


def test_a_long_value_is_shortened_in_the_sentence() -> None:
    assert len(str(InvalidName("name", "x" * 100_000, "is too long"))) < 100
