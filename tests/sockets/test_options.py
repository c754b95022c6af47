"""The table against libzmq itself: what it says can be read and written is what this libzmq lets one read and write."""

from __future__ import annotations

import sys

import pytest
import zmq

from zyre.sockets import OPTIONS, TYPES, InvalidOption, Kind, Option, OptionValue, Socket, list_options
from zyre.sockets.errors import Fault
from zyre.sockets.options import find

#: Values that differ from the default, for options that do not take just any.
VALUES: dict[str, OptionValue] = {
    "affinity": 1,
    "bindtodevice": "lo",
    "curve_publickey": b"p" * 40,
    "curve_secretkey": b"s" * 32,
    "curve_serverkey": "k" * 40,
    "heartbeat_ttl": 1200,
    "ipv4only": False,
    "loopback_fastpath": True,
    "multicast_loop": False,
    "plain_password": "secret",
    "plain_username": "user",
    "routing_id": b"\x01id\x00",
    "socks_password": "secret",
    "socks_proxy": "127.0.0.1:1080",
    "socks_username": "user",
    "stream_notify": False,
    "tcp_accept_filter": "127.0.0.1",
    "tcp_keepalive": 1,
    "use_fd": 3,
    "xpub_welcome_msg": b"hello",
    "zap_domain": "domain",
}
AVAILABLE = [option for option in OPTIONS.values() if option.available]
#: Verbs in the guise of options: what they do is not to be read back.
VERBS = {"subscribe", "unsubscribe", "connect_routing_id"}


def kind_of_socket(option: Option) -> str:
    return sorted(option.types)[0] if option.types else "dealer"


def value_for(option: Option) -> OptionValue:
    by_kind: dict[Kind, OptionValue] = {Kind.BOOL: True, Kind.INT: 7, Kind.TEXT: "text", Kind.BYTES: b"bytes"}
    return VALUES.get(option.name, by_kind[option.kind])


def test_every_option_of_pyzmq_is_in_the_table() -> None:
    assert set(OPTIONS) == {option.name.lower() for option in zmq.SocketOption}
    assert all(option.doc for option in OPTIONS.values())


@pytest.mark.parametrize("name", [option.name for option in AVAILABLE if option.readable and option.writable])
def test_round_trip(name: str) -> None:
    option = OPTIONS[name]
    value = value_for(option)
    with Socket(kind_of_socket(option)) as socket:
        before = socket.get_option(name)
        assert type(before) is option.kind.value or isinstance(before, option.kind.value)
        assert before != value, "choose another value: this one proves nothing"
        socket.set_option(name, value)
        after = socket.get_option(name)
    wanted = value.encode() if isinstance(value, str) and option.kind is Kind.BYTES else value
    assert after == wanted
    assert isinstance(after, option.kind.value)


@pytest.mark.parametrize("option", AVAILABLE, ids=lambda option: option.name)
def test_the_table_says_what_libzmq_says(option: Option) -> None:
    """On every type of socket: reading and writing works exactly where the table says."""
    for name in TYPES:
        with Socket(name) as socket:
            has_it = not option.types or name in option.types
            if option.source == "libzmq" and option.numbers == (int(zmq.SocketOption[option.name.upper()]),):
                assert _works(lambda s=socket: s.raw.get(option.numbers[0])) == (option.readable and has_it), name
            if option.writable:
                value = option.to_libzmq(value_for(option), Fault("test"))
                assert _works(lambda s=socket, v=value: [s.raw.set(n, v) for n in option.numbers]) == has_it, name


@pytest.mark.parametrize("option", [o for o in OPTIONS.values() if not o.available], ids=lambda option: option.name)
def test_what_this_build_lacks_is_explained(option: Option) -> None:
    with Socket(kind_of_socket(option)) as socket:
        for number in option.numbers:
            assert not _works(lambda n=number: socket.raw.get(n))
        if option.writable:
            with pytest.raises(InvalidOption, match=f"needs a libzmq with {option.needs}"):
                socket.set_option(option.name, value_for(option))
        else:
            with pytest.raises(InvalidOption, match="an option of contexts"):
                socket.get_option(option.name)


def _works(attempt: object) -> bool:
    try:
        attempt()  # type: ignore[operator]
    except zmq.ZMQError:
        return False
    return True


def test_the_lists() -> None:
    readable, writable = list_options("get"), list_options("set")
    assert readable == sorted(readable)
    assert {"linger", "events", "last_endpoint", "curve_secretkey"} <= set(readable)
    assert {"linger", "subscribe", "hwm"} <= set(writable)
    assert "events" not in writable
    assert not VERBS & set(readable)
    assert "metadata" not in writable or zmq.has("draft")
    with Socket("pub") as socket:
        assert socket.list_options("get") == readable
        for name in readable:
            if not OPTIONS[name].types:
                socket.get_option(name)
    with pytest.raises(InvalidOption, match="'get' or 'set'"):
        list_options("both")  # type: ignore[arg-type]


def test_names_in_all_their_spellings() -> None:
    with Socket("pull") as socket:
        for name in ("rcvhwm", "RCVHWM", "ZMQ_RCVHWM", zmq.RCVHWM, int(zmq.RCVHWM)):
            socket.set_option(name, 17)
            assert socket.get_option(name) == 17
        socket.set_option("identity", "me")
        assert socket.get_option("routing-id") == b"me"
        socket.set_option("hwm", 5)
        assert socket.get_option("sndhwm") == socket.get_option("rcvhwm") == socket.get_option("hwm") == 5


def test_mistakes_are_answered_with_help() -> None:
    with Socket("pull", rcvhwm=3) as socket:
        with pytest.raises(InvalidOption, match="did you mean 'rcvhwm'") as caught:
            socket.set_option("rcvhmw", 3)
        assert (caught.value.option, caught.value.operation) == ("rcvhmw", "set_option")
        with pytest.raises(InvalidOption, match="names them all"):
            socket.get_option("??")
        with pytest.raises(InvalidOption, match="there is no option 9999"):
            socket.get_option(9999)
        with pytest.raises(InvalidOption, match=r"linger is a number \(ms\), not 'soon'"):
            socket.set_option("linger", "soon")
        with pytest.raises(InvalidOption, match="ipv6 is True or False, not 2"):
            socket.set_option("ipv6", 2)
        with pytest.raises(InvalidOption, match="rcvhwm is a number"):
            socket.set_option("rcvhwm", True)
        with pytest.raises(InvalidOption, match="events can only be read"):
            socket.set_option("events", 1)
        with pytest.raises(InvalidOption, match="subscribe can only be set"):
            socket.get_option("subscribe")
        with pytest.raises(InvalidOption, match="req_relaxed is for req sockets"):
            socket.set_option("req_relaxed", True)
        assert isinstance(caught.value, ValueError)


def test_platforms() -> None:
    assert OPTIONS["bindtodevice"].available is sys.platform.startswith("linux")
    assert find("linger", Fault("test")).available
