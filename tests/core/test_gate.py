"""A secured machine on the bench: whose beacons and HELLOs it believes."""

from __future__ import annotations

from typing import get_args

import pytest

from tests.core.rig import BEACON_PORT, OWN, Foreign, Rig, names
from tests.security.test_keys import PUBLIC
from zyre.config import Limits
from zyre.core.checkpoint import freeze, thaw
from zyre.core.effects import HelloFrom, OpenLink, PeerJudged, PeerRefused
from zyre.core.gate import FAILURES, VIOLATIONS
from zyre.core.tables import PeerState
from zyre.events import Enter, Exit, Refused
from zyre.identity import NOBODY
from zyre.refusals import RefusalCode
from zyre.security.keys import decode_key
from zyre.wire import zre
from zyre.wire.beacon import Beacon, decode_beacon, encode_beacon

THEIRS = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
OTHER = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"


class Secured(Foreign):
    """A peer that demands CURVE, and may lie about its key."""

    def beacon(self, port: int | None = None, source_port: int = BEACON_PORT, key: str = THEIRS) -> None:
        beacon = Beacon(self.id.octets, self.port if port is None else port, decode_key(key))
        self.rig.machine.receive_datagram(encode_beacon(beacon), (self.address, source_port), self.rig.now)

    def greet(self, key: str | None = THEIRS, proven: str = "") -> None:
        headers = {} if key is None else {"X-PUBLICKEY": key}
        self.say(zre.HELLO, zre.encode_hello(zre.Hello(self.endpoint, self.name, (), 0, headers)), proven)

    def say(self, message_id: int, fields: bytes, proven: str) -> None:
        self.sequence += 1
        identity = zre.identity_frame(self.id.octets) + proven.encode()
        frame = zre.pack_header(message_id, self.sequence) + fields
        self.rig.machine.receive_frames([identity, frame], self.rig.now)


@pytest.fixture
def rig() -> Rig:
    return Rig(public_key=PUBLIC)


@pytest.fixture
def proving() -> Rig:
    """A machine whose host tells it what key a sender has proven to own."""
    return Rig(public_key=PUBLIC, proven=True)


def links(rig: Rig) -> list[str]:
    return [effect.endpoint for effect in rig.effects() if isinstance(effect, OpenLink)]


def test_our_key_is_in_beacon_and_hello(rig: Rig) -> None:
    (beacon,) = rig.beacons()
    assert decode_beacon(beacon).key == decode_key(PUBLIC)
    Secured(rig).greet()
    hello = next(sent for sent in rig.sent() if sent.command == "HELLO")
    assert zre.decode_hello(b"\0" * 6 + hello.fields).headers["X-PUBLICKEY"] == PUBLIC


def test_a_link_leads_to_the_key_of_the_beacon(rig: Rig) -> None:
    peer = Secured(rig)
    peer.beacon()
    assert links(rig) == [f"{peer.endpoint}|{THEIRS}"]
    peer.greet()
    assert names(rig.events()) == ["Enter"]


def test_a_link_leads_to_the_key_of_a_hello_that_comes_first(rig: Rig) -> None:
    peer = Secured(rig)
    peer.greet()
    assert links(rig) == [f"{peer.endpoint}|{THEIRS}"]
    (enter,) = rig.events()
    assert isinstance(enter, Enter)
    assert (enter.address, enter.headers["X-PUBLICKEY"]) == (peer.endpoint, THEIRS)


def test_open_and_secured_nodes_do_not_meet_and_it_is_said_once(rig: Rig) -> None:
    for _ in range(3):
        Foreign(rig).beacon()
    assert rig.events() == [Refused(Foreign(rig).id, "", "open peer", "10.0.0.2")]
    assert rig.count("beacon_open") == 3
    assert links(rig) == []
    open_rig = Rig()
    for _ in range(3):
        Secured(open_rig).beacon()
    (refused,) = open_rig.events()
    assert isinstance(refused, Refused)
    assert refused.code == "secured peer"
    assert "secret" in refused.explanation
    assert open_rig.count("beacon_secured") == 3


@pytest.mark.parametrize("key", [None, "", "short", "0" * 40, "#" * 40])
def test_a_hello_without_a_key_is_refused(rig: Rig, key: str | None) -> None:
    peer = Secured(rig)
    peer.greet(key)
    assert rig.events() == [Refused(peer.id, peer.name, "wrong key", "")]
    assert rig.count("key_wrong") == 1
    assert links(rig) == []


def test_a_hello_with_another_key_than_announced_is_refused(rig: Rig) -> None:
    peer = Secured(rig)
    peer.beacon()
    peer.greet(OTHER)
    assert names(rig.events()) == ["Refused"]
    peer.greet(THEIRS)
    assert names(rig.events()) == ["Enter"]


def test_a_beacon_with_another_key_neither_moves_nor_ends_a_peer(rig: Rig) -> None:
    peer = Secured(rig)
    peer.beacon()
    peer.greet()
    rig.events(), rig.effects()
    peer.beacon(key=OTHER)
    peer.beacon(0, key=OTHER)
    rig.run_for(0.5)
    assert names(rig.events()) == ["Refused"]
    assert rig.count("key_wrong") == 2
    assert links(rig) == []
    peer.beacon(0)
    rig.run_for(0.5)
    assert names(rig.events()) == ["Exit"]


def test_who_borrows_an_identity_is_a_stranger(proving: Rig) -> None:
    peer = Secured(proving)
    peer.greet(THEIRS, proven=THEIRS)
    assert names(proving.events()) == ["Enter"]
    peer.say(zre.WHISPER, b"", proven=OTHER)
    peer.say(zre.WHISPER, b"", proven="")
    assert proving.events() == []
    assert proving.count("stranger") == 2
    peer.sequence -= 2
    peer.say(zre.WHISPER, b"", proven=THEIRS)
    assert names(proving.events()) == ["Whisper"]
    peer.say(zre.GOODBYE, b"", proven=OTHER)
    assert proving.state(peer.id) is PeerState.READY
    peer.say(zre.GOODBYE, b"", proven=THEIRS)
    assert [type(event) for event in proving.events()][-1] is Exit


@pytest.mark.parametrize("proven", [OTHER, ""])
def test_a_hello_must_name_the_key_that_its_sender_owns(proving: Rig, proven: str) -> None:
    peer = Secured(proving)
    peer.greet(THEIRS, proven=proven)
    assert names(proving.events()) == ["Refused"]
    assert proving.state(peer.id) is PeerState.ABSENT


def test_what_the_host_refuses_is_told_once_for_each_reason_and_address(rig: Rig) -> None:
    for _ in range(2):
        for reason in ("unknown key", "denied address"):
            rig.machine.receive_report(PeerRefused(reason, "10.0.0.9"), rig.now)
    assert rig.events() == [
        Refused(NOBODY, "", "unknown key", "10.0.0.9"),
        Refused(NOBODY, "", "denied address", "10.0.0.9"),
    ]
    assert (rig.count("key_unknown"), rig.count("address_denied")) == (2, 2)


def test_who_comes_from_ever_other_addresses_is_told_of_a_limited_number_of_times() -> None:
    rig = Rig(public_key=PUBLIC, limits=Limits(refusals=3))
    for number in range(10):
        rig.machine.receive_report(PeerRefused("unknown key", f"10.0.0.{number}"), rig.now)
    assert len(rig.events()) == 3
    assert rig.count("key_unknown") == 10


def enter_confined(rig: Rig, groups: tuple[str, ...], *patterns: str) -> Secured:
    """A peer whose certificate is good for some groups only, and who says to be in others, too."""
    peer = Secured(rig)
    identity = zre.identity_frame(peer.id.octets) + THEIRS.encode()
    rig.machine.receive_report(HelloFrom(identity, peer.address, patterns), rig.now)
    hello = zre.Hello(peer.endpoint, peer.name, groups, len(groups), {"X-PUBLICKEY": THEIRS})
    peer.say(zre.HELLO, zre.encode_hello(hello), THEIRS)
    return peer


def test_a_peer_is_in_no_group_that_its_certificate_is_not_good_for(proving: Rig) -> None:
    peer = enter_confined(proving, ("lab-1", "secret"), "lab-*", "public")
    assert names(proving.events()) == ["Refused", "Enter", "Join"]
    assert proving.machine.roster[peer.id].groups == {"lab-1"}
    peer.say(zre.JOIN, zre.encode_group_change("public", 3), THEIRS)
    peer.say(zre.JOIN, zre.encode_group_change("secret", 4), THEIRS)
    assert names(proving.events()) == ["Join"], "the refusal has been told"
    assert proving.machine.roster[peer.id].groups == {"lab-1", "public"}
    assert proving.count("group_forbidden") == 2
    assert proving.count("status_wrong") == 0, "its count goes on"
    assert proving.machine.shout("secret", (b"x",)) == (0, ())


def test_a_peer_speaks_to_no_group_that_its_certificate_is_not_good_for(proving: Rig) -> None:
    peer = enter_confined(proving, (), "lab-*")
    proving.events()
    peer.say(zre.SHOUT, zre.encode_shout("secret"), THEIRS)
    (refused,) = proving.events()
    assert isinstance(refused, Refused)
    assert (refused.code, refused.peer, refused.name) == ("forbidden group", peer.id, peer.name)
    peer.say(zre.SHOUT, zre.encode_shout("lab-7"), THEIRS)
    peer.say(zre.WHISPER, b"", THEIRS)
    assert names(proving.events()) == ["Shout", "Whisper"]
    assert proving.count("group_forbidden") == 1


def test_a_certificate_for_no_group_at_all(proving: Rig) -> None:
    peer = enter_confined(proving, ("G",))
    assert proving.machine.roster[peer.id].groups == frozenset()


def judge_again(rig: Rig, peer: Secured, refused: RefusalCode | None, *groups: str) -> None:
    rig.machine.receive_report(PeerJudged(peer.id, refused, groups or None), rig.now)


def test_who_may_not_be_here_any_more_has_to_go_and_stays_away(proving: Rig) -> None:
    peer = enter_confined(proving, ("G",), "*")
    proving.events(), proving.effects()
    judge_again(proving, peer, "revoked")
    assert names(proving.events()) == ["Refused", "Exit"]
    assert proving.state(peer.id) is PeerState.ABSENT
    identity = zre.identity_frame(peer.id.octets) + THEIRS.encode()
    proving.machine.receive_report(HelloFrom(identity, peer.address, None, "revoked"), proving.now)
    peer.greet(THEIRS, proven=THEIRS)
    peer.say(zre.WHISPER, b"", THEIRS)
    assert proving.events() == []
    assert (proving.count("key_revoked"), proving.count("stranger")) == (2, 1)
    judge_again(proving, peer, "revoked")


def test_who_may_not_be_in_a_group_any_more_is_taken_out_of_it(proving: Rig) -> None:
    peer = enter_confined(proving, ("lab-1", "lab-2"), "*")
    proving.events()
    judge_again(proving, peer, None, "lab-2")
    assert names(proving.events()) == ["Refused", "Leave"]
    assert proving.machine.roster[peer.id].groups == {"lab-2"}
    judge_again(proving, peer, None)
    peer.say(zre.JOIN, zre.encode_group_change("lab-1", 3), THEIRS)
    assert names(proving.events()) == ["Join"]


def test_every_reason_is_counted_as_something() -> None:
    assert set(VIOLATIONS) | set(FAILURES) == set(get_args(RefusalCode))
    assert not set(VIOLATIONS) & set(FAILURES)


def test_what_is_nobodys_fault_is_a_failure() -> None:
    rig = Rig()
    rig.machine.receive_report(PeerRefused("no descriptors", "10.0.0.1"), rig.now)
    assert [(event.code, event.address) for event in rig.events()] == [("no descriptors", "10.0.0.1")]
    assert rig.machine.counters.failures == {"descriptors": 1}


def test_it_is_written_down_and_read_again(proving: Rig) -> None:
    peer = Secured(proving)
    peer.greet(THEIRS, proven=THEIRS)
    Foreign(proving, 2).beacon()
    machine = thaw(freeze(proving.machine))
    assert machine.identity == OWN
    machine.take_events()
    peer.rig.machine = machine
    peer.say(zre.WHISPER, b"", proven=THEIRS)
    Foreign(proving, 2).beacon()
    assert names(machine.take_events()) == ["Whisper"]
