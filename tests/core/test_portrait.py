from __future__ import annotations

import pytest

from tests.core.rig import LOCALITY, OWN
from zyre.core.groups import Groups
from zyre.core.locality import Interface, Locality
from zyre.core.portrait import Portrait
from zyre.core.profile import NodeProfile
from zyre.endpoint import Endpoint
from zyre.wire import zre
from zyre.wire.extension import EXTENSION_HEADER

PEER = Endpoint("tcp", "10.0.0.2", 5)


def portrait(extensions: tuple[str, ...] = ()) -> tuple[Portrait, Groups]:
    groups = Groups()
    made = Portrait(NodeProfile.make(OWN, "alice", headers={"a": "1"}, extensions=extensions), groups)
    made.move(LOCALITY)
    return made, groups


def said(portrait: Portrait, endpoint: Endpoint = PEER) -> zre.Hello:
    return zre.decode_hello(zre.pack_header(zre.HELLO, 1) + portrait.hello_to(endpoint))


def test_hello_says_who_we_are_and_where_that_peer_finds_us() -> None:
    made, groups = portrait()
    groups.join("G")
    made.changed()
    assert said(made) == zre.Hello("tcp://10.0.0.1:49152", "alice", ("G",), 1, {"a": "1"})


def test_the_same_is_made_once_until_something_changes() -> None:
    made, _ = portrait()
    first = made.hello_to(PEER)
    assert made.hello_to(PEER) is first
    made.set_header("a", "2")
    assert said(made).headers == {"a": "2"}


def test_each_peer_is_told_the_address_in_its_own_network() -> None:
    made, _ = portrait()
    interfaces = (Interface("a", "10.1.0.1", 16, None), Interface("b", "10.2.0.1", 16, None))
    made.move(Locality(Endpoint("tcp", "*", 7), interfaces))
    assert said(made, Endpoint("tcp", "10.1.0.9", 5)).endpoint == "tcp://10.1.0.1:7"
    assert said(made, Endpoint("tcp", "10.2.0.9", 5)).endpoint == "tcp://10.2.0.1:7"


def test_a_plain_node_says_nothing_of_extensions() -> None:
    assert EXTENSION_HEADER not in said(portrait()[0]).headers
    assert said(portrait(("empty",))[0]).headers[EXTENSION_HEADER] == "empty"


def test_nobody_is_greeted_before_the_start() -> None:
    with pytest.raises(AssertionError):
        Portrait(NodeProfile.make(OWN), Groups()).hello_to(PEER)
