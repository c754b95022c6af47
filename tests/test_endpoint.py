from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.endpoint import Endpoint
from zyre.errors import InvalidEndpoint

GOOD = [
    ("tcp://192.168.1.7:49152", Endpoint("tcp", "192.168.1.7", 49152)),
    ("tcp://[fe80::1%eth0]:5670", Endpoint("tcp", "fe80::1%eth0", 5670)),
    ("tcp://*:*", Endpoint("tcp", "*", 0)),
    ("tcp://host.example:1", Endpoint("tcp", "host.example", 1)),
    ("ipc:///tmp/alice", Endpoint("ipc", "/tmp/alice")),
    ("ipc://@abstract", Endpoint("ipc", "@abstract")),
    ("inproc://alice", Endpoint("inproc", "alice")),
]
BAD = [
    ("192.168.1.7:5670", "no transport"),
    ("udp://1.2.3.4:5", "transport 'udp'"),
    ("tcp://1.2.3.4", "no port"),
    ("tcp://:5", "no usable host"),
    ("tcp://[]:5", "no usable host"),
    ("tcp://a b:5", "no usable host"),
    ("tcp://a/b:5", "no usable host"),
    ("tcp://a;b:5", "no usable host"),
    ("tcp://a\0b:5", "no usable host"),
    ("tcp://h:65536", "65536"),
    ("tcp://h:-1", "'-1'"),
    ("tcp://h:٣", "not a number"),
    ("tcp://h:", "not a number"),
    ("tcp://h:" + "1" * 5000, "not a number"),
    ("ipc://", "no path"),
    ("inproc://", "no name"),
    ("", "no transport"),
    (7, "is int"),
    (None, "is NoneType"),
]


@pytest.mark.parametrize(("text", "endpoint"), GOOD)
def test_it_is_read_and_printed_the_same(text: str, endpoint: Endpoint) -> None:
    assert Endpoint.parse(text) == endpoint
    assert str(endpoint) == text


@pytest.mark.parametrize(("text", "why"), BAD, ids=lambda value: str(value)[:20])
def test_what_is_wrong_is_said(text: object, why: str) -> None:
    with pytest.raises(InvalidEndpoint, match=why):
        Endpoint.parse(text)


def test_an_endpoint_parses_to_itself() -> None:
    endpoint = Endpoint("tcp", "h", 1)
    assert Endpoint.parse(endpoint) is endpoint


def test_ipv6_is_read_without_brackets_as_libzyre_prints_it() -> None:
    assert Endpoint.parse("tcp://fe80::1%eth0:49152") == Endpoint.parse("tcp://[fe80::1%eth0]:49152")


@pytest.mark.parametrize("text", ["tcp://*:5", "tcp://0.0.0.0:5", "tcp://[::]:5", "tcp://1.2.3.4:*", "tcp://1.2.3.4:0"])
def test_nobody_connects_to_a_wildcard(text: str) -> None:
    assert not Endpoint.parse(text).is_reachable


@pytest.mark.parametrize("text", ["tcp://1.2.3.4:5", "ipc:///x", "inproc://x"])
def test_everything_else_can_be_connected_to(text: str) -> None:
    assert Endpoint.parse(text).is_reachable


def test_only_tcp_stands_for_interfaces() -> None:
    assert Endpoint.parse("tcp://*:5").any_host
    assert not Endpoint.parse("ipc://*").any_host
    assert not Endpoint.parse("ipc:///x").is_tcp


@given(
    st.text(max_size=40) | st.text(max_size=30).map("tcp://{}:1".format) | st.text(max_size=9).map("tcp://h:{}".format)
)
def test_any_text_is_an_endpoint_or_invalid(text: str) -> None:
    """Invariant: parse raises InvalidEndpoint, or returns a value that prints as something that parses to it."""
    try:
        endpoint = Endpoint.parse(text)
    except InvalidEndpoint:
        return
    assert Endpoint.parse(str(endpoint)) == endpoint
