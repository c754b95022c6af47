from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rig import peer_id
from tests.wire.strategies import HELLOS, mutated
from zyre.config import Limits
from zyre.core.admission import Greeting, is_group, judge_hello, read_identity
from zyre.core.tables import Violation
from zyre.endpoint import Endpoint
from zyre.wire import zre

PEER = peer_id(7)
IDENTITY = zre.identity_frame(PEER.octets)
LIMITS = Limits(groups=2, headers=2, header_value=10, hello=200)


def judge(hello: zre.Hello, limits: Limits = LIMITS) -> Greeting | Violation:
    return judge_hello([IDENTITY, zre.pack_header(zre.HELLO, 1) + zre.encode_hello(hello)], limits)


def hello(**said: object) -> zre.Hello:
    return zre.Hello(**{"endpoint": "tcp://10.0.0.2:5", "name": "n", **said})  # type: ignore[arg-type]


def test_a_hello_that_makes_sense_is_understood() -> None:
    said = hello(groups=("A", "B"), status=7, headers={"k": "v" * 10})
    greeting = judge(said)
    assert isinstance(greeting, Greeting)
    assert greeting.peer == PEER
    speech = greeting.speech
    assert (speech.sequence, speech.endpoint) == (1, Endpoint("tcp", "10.0.0.2", 5))
    assert (speech.name, speech.status, speech.groups) == (said.name, 7, ("A", "B"))
    assert speech.headers == {"k": "v" * 10}
    assert speech.extensions is None


@pytest.mark.parametrize(
    "said",
    [
        hello(groups=("A", "B", "C")),
        hello(headers={"a": "", "b": "", "c": ""}),
        hello(headers={"a": "v" * 11}),
        hello(headers={"a": "é" * 6}),
        hello(name="n" * 220),
        hello(endpoint="nonsense"),
        hello(endpoint=""),
        hello(endpoint="tcp://*:5"),
        hello(endpoint="tcp://10.0.0.2:0"),
        hello(endpoint="tcp://0.0.0.0:5"),
    ],
)
def test_a_hello_over_a_limit_or_from_nowhere_is_refused(said: zre.Hello) -> None:
    assert judge(said) is Violation.HELLO_REFUSED


def test_a_hello_that_is_too_long_is_not_even_read() -> None:
    frame = zre.pack_header(zre.HELLO, 1) + b"\xff" * 300
    assert judge_hello([IDENTITY, frame], LIMITS) is Violation.HELLO_REFUSED


def test_a_truncated_hello_is_malformed() -> None:
    frame = zre.pack_header(zre.HELLO, 1) + zre.encode_hello(hello())[:-1]
    assert judge_hello([IDENTITY, frame], LIMITS) is Violation.FRAME_MALFORMED


@pytest.mark.parametrize("identity", [b"", b"\x01", PEER.octets, b"\x02" + PEER.octets, IDENTITY + b"x"])
def test_an_identity_is_01_and_a_uuid(identity: bytes) -> None:
    """A regression: under another first octet a peer was admitted whose messages were then a stranger's."""
    assert read_identity(identity) is None
    frame = zre.pack_header(zre.HELLO, 1) + zre.encode_hello(hello())
    assert judge_hello([identity, frame], LIMITS) is Violation.IDENTITY_MALFORMED


def test_the_identity_is_read() -> None:
    assert read_identity(IDENTITY) == PEER


@given(st.binary(max_size=80) | mutated(HELLOS.map(zre.encode_hello)), st.binary(max_size=20) | st.just(IDENTITY))
def test_any_hello_is_a_greeting_or_a_violation(fields: bytes, identity: bytes) -> None:
    """Invariant: judging never raises, and a greeting is within the limits and reachable."""
    verdict = judge_hello([identity, zre.pack_header(zre.HELLO, 1) + fields], LIMITS)
    if isinstance(verdict, Greeting):
        assert len(verdict.speech.groups) <= 2
        assert verdict.speech.endpoint.is_reachable
    else:
        assert verdict in (Violation.HELLO_REFUSED, Violation.FRAME_MALFORMED, Violation.IDENTITY_MALFORMED)


@pytest.mark.parametrize(("name", "possible"), [("G", True), ("", False), ("a\0b", False), ("\ufffd" * 100, False)])
def test_a_group_from_the_wire_is_one_that_we_could_say(name: str, possible: bool) -> None:
    assert is_group(name) is possible
