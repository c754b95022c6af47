from __future__ import annotations

import pytest

from zyre.core.gossip.settings import (
    Bind,
    Connect,
    Echo,
    Publish,
    Secure,
    client_timeout,
    read_steps,
    wants_verbose,
)
from zyre.errors import InvalidConfig
from zyre.wire.zpl import parse_zpl

FILE = """
zgossip
    echo = hello
    security
        mechanism = curve
        domain = lab
        secret-key = "hub.cert"
    bind
        endpoint = tcp://*:5670
        endpoint = ipc:///tmp/hub
    connect
        endpoint = tcp://other:5670
        public-key = "key"
    security
    bind
        endpoint = inproc://hub
    unknown
        what = ever
    publish
        colour = blue
"""


def test_the_steps_come_in_the_order_of_the_file() -> None:
    assert list(read_steps(parse_zpl(FILE))) == [
        Echo("hello"),
        Secure("hub.cert", "lab"),
        Bind("tcp://*:5670"),
        Bind("ipc:///tmp/hub"),
        Connect("tcp://other:5670", "key"),
        Secure(None, None),
        Bind("inproc://hub"),
        Publish("colour", "blue"),
    ]
    assert list(read_steps(parse_zpl("server\n    verbose = 1\n"))) == []


@pytest.mark.parametrize("security", ["mechanism = plain", "mechanism = curve"])
def test_security_that_cannot_be_had_is_refused(security: str) -> None:
    with pytest.raises(InvalidConfig, match="curve"):
        list(read_steps(parse_zpl(f"zgossip\n    security\n        {security}\n")))


@pytest.mark.parametrize(("text", "seconds"), [("1000", 1.0), ("0", float("inf")), ("", None), ("100", 0.1)])
def test_the_timeout_is_in_milliseconds(text: str, seconds: float | None) -> None:
    assert client_timeout(parse_zpl(f"server\n    timeout = {text}\n")) == seconds


def test_a_timeout_that_is_no_number_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="milliseconds"):
        client_timeout(parse_zpl("server\n    timeout = -1\n"))


@pytest.mark.parametrize(("text", "verbose"), [("1", True), ("0", False), ("", False)])
def test_verbosity(text: str, verbose: bool) -> None:
    assert wants_verbose(parse_zpl(f"server\n    verbose = {text}\n")) is verbose
