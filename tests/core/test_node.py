"""The node as others see it: what it says and when, what it ignores, what it counts."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.core.invariants import check_machine
from tests.core.rig import ADDRESS, LOCALITY, OWN, PORT, Foreign, Rig, names, peer_id, read
from zyre.config import Limits, NodeConfig, Timing
from zyre.core.effects import Broadcast, CloseLink, LinkBlocked, LinkFailed, LinkWritable, LocalityChanged, Send
from zyre.core.locality import Interface, Locality
from zyre.core.outcome import Outcome
from zyre.core.profile import NodeProfile
from zyre.endpoint import Endpoint
from zyre.errors import InvalidConfig, InvalidName
from zyre.events import Gap, Join, Leader, Refused, Shout, Whisper
from zyre.fates import Fates
from zyre.wire import zre
from zyre.wire.beacon import Beacon, decode_beacon, encode_beacon
from zyre.wire.extension import EXTENSION_HEADER

# -- beacons ---------------------------------------------------------------------------------------------------------


def test_the_first_beacon_leaves_at_once_and_a_few_soon_after_it() -> None:
    rig = Rig()
    assert rig.beacons() == [encode_beacon(Beacon(OWN.octets, PORT))]
    rig.run_for(1.0)
    assert rig.beacons() == [encode_beacon(Beacon(OWN.octets, PORT))] * 4


def beacons_in(rig: Rig, seconds: float) -> int:
    rig.run_for(2.0)
    rig.beacons()
    rig.run_for(seconds)
    return len(rig.beacons())


def test_then_comes_one_each_interval_and_no_two_nodes_keep_step() -> None:
    rig = Rig()
    assert 100 < beacons_in(rig, 100.0) < 100 / 0.8
    rig.run_for(3.0)
    when = []
    for _ in range(5):
        rig.run_for(rig.machine.next_timeout() - rig.now)
        when.append(rig.now)
    assert len({round(after - before, 4) for before, after in pairwise(when)}) == 4


@pytest.mark.parametrize(("peers", "least", "most"), [(100, 100, 125), (150, 66, 84), (200, 50, 63), (1000, 50, 63)])
def test_in_a_large_cluster_beacons_come_more_seldom(peers: int, least: int, most: int) -> None:
    rig = Rig(timing=Timing.within(1000.0))
    for number in range(1, peers + 1):
        Foreign(rig, number, address=f"10.1.{number // 200}.{number % 200}").hello()
    assert least <= beacons_in(rig, 100.0) <= most


def test_without_a_beacon_port_there_are_no_beacons_and_no_timers() -> None:
    rig = Rig(port=0)
    rig.run_for(10.0)
    rig.machine.stop(rig.now)
    rig.machine.farewell(rig.now)
    assert rig.beacons() == []


def test_where_no_tcp_port_is_bound_there_is_nothing_to_beacon() -> None:
    rig = Rig(locality=Locality(Endpoint("inproc", "own")))
    rig.run_for(3.0)
    assert rig.beacons() == []


def test_our_own_echo_is_ignored() -> None:
    rig = Rig()
    for port in (PORT, 0):
        rig.machine.receive_datagram(encode_beacon(Beacon(OWN.octets, port)), (ADDRESS, 5670), rig.now)
    assert rig.commands() == []
    assert rig.machine.counters.violations.total() == 0
    assert rig.machine.counters.beacons_received == 0


def test_a_hello_from_our_own_uuid_is_ignored() -> None:
    rig = Rig()
    echo = Foreign(rig)
    echo.id = OWN
    echo.hello()
    echo.hello(endpoint=f"tcp://{ADDRESS}:{PORT}")
    assert rig.events() == rig.sent() == []
    check_machine(rig.machine)


def test_a_beacon_that_says_nothing_new_needs_no_settling() -> None:
    rig = Rig()
    peer = rig.ready()
    data = encode_beacon(Beacon(peer.id.octets, PORT))
    first, again = (rig.machine.receive_datagram(data, (peer.address, 5670), rig.now) for _ in range(2))
    assert (first, again) == (True, False)
    assert rig.machine.counters.beacons_received == 2


# -- HELLO -----------------------------------------------------------------------------------------------------------


def hellos(rig: Rig) -> list[zre.Hello]:
    return [zre.decode_hello(b"\0" * 6 + message.fields) for message in rig.sent() if message.command == "HELLO"]


def test_hello_says_who_we_are_and_what_we_joined() -> None:
    rig = Rig(groups=["A", "B"], headers={"ROLE": "camera"})
    Foreign(rig).beacon()
    assert hellos(rig) == [zre.Hello(f"tcp://{ADDRESS}:{PORT}", "own", ("A", "B"), 2, {"ROLE": "camera"})]


@pytest.mark.parametrize(
    ("extensions", "header"), [((), None), (("empty",), "empty"), (("goodbye", "empty"), "empty goodbye")]
)
def test_extensions_are_a_header_and_a_plain_node_has_none(extensions: tuple[str, ...], header: str | None) -> None:
    rig = Rig(extensions=extensions)
    Foreign(rig).beacon()
    assert hellos(rig)[0].headers.get(EXTENSION_HEADER) == header


@pytest.mark.parametrize("change", ["join", "leave", "header", "locality"])
def test_later_hellos_say_what_has_changed(change: str) -> None:
    rig = Rig(groups=["A"])
    Foreign(rig, 1).beacon()
    before = hellos(rig)[0]
    if change == "join":
        rig.machine.join("B", rig.now)
    elif change == "leave":
        rig.machine.leave("A", rig.now)
    elif change == "header":
        rig.machine.set_header("X", "1", rig.now)
    else:
        elsewhere = Locality(Endpoint("tcp", "10.0.9.9", 7))
        rig.machine.receive_report(LocalityChanged(elsewhere), rig.now)
    Foreign(rig, 2).beacon()
    assert hellos(rig)[0] != before


def test_every_peer_is_told_the_address_in_its_own_network() -> None:
    home = (Interface("eth0", "10.0.0.1", 24), Interface("eth1", "192.168.1.1", 24))
    rig = Rig(locality=Locality(Endpoint("tcp", "*", PORT), home))
    Foreign(rig, 1, address="10.0.0.7").beacon()
    Foreign(rig, 2, address="192.168.1.7").beacon()
    Foreign(rig, 3, address="8.8.8.8").beacon()
    told = [hello.endpoint for hello in hellos(rig)]
    assert told == [f"tcp://{address}:{PORT}" for address in ("10.0.0.1", "192.168.1.1", "10.0.0.1")]


# -- groups ----------------------------------------------------------------------------------------------------------


def test_changes_of_our_groups_are_told_to_everybody_and_repeats_to_nobody() -> None:
    rig = Rig()
    ready, pending = rig.ready(1), Foreign(rig, 2)
    pending.beacon()
    rig.effects()
    for verb in ("join", "join", "leave", "leave"):
        getattr(rig.machine, verb)("G", rig.now)
    effects = [read(effect) for effect in rig.effects() if isinstance(effect, Send)]
    assert [message.command for message in effects] == ["JOIN", "JOIN", "LEAVE", "LEAVE"]
    assert {ready.record.sent, pending.record.sent} == {3}


def test_our_status_is_counted_without_a_fault_and_wraps_at_256() -> None:
    """libzyre aborts its whole process at a wrong one."""
    rig = Rig(groups=["A"])
    peer = rig.ready()
    for _ in range(150):
        rig.machine.join("G", rig.now)
        rig.machine.leave("G", rig.now)
    statuses = [message.fields[-1] for message in rig.sent(peer)]
    assert statuses == [(1 + number) % 256 for number in range(1, 301)]


def test_a_shout_goes_to_the_members_and_is_encoded_once() -> None:
    rig = Rig()
    for number, groups in enumerate((("G",), (), ("G", "H")), 1):
        rig.ready(number, groups=groups)
    assert rig.machine.shout("G", (b"x",)) == (2, ())
    sent = rig.sent()
    assert [message.command for message in sent] == ["SHOUT", "SHOUT"]
    assert rig.machine.shout("nobody", (b"x",)) == (0, ())


def test_a_shout_is_heard_though_we_are_no_member() -> None:
    rig = Rig()
    peer = rig.ready()
    peer.send(zre.SHOUT, zre.encode_shout("G"), b"a", b"")
    assert rig.events() == [Shout(peer.id, "peer1", "G", (b"a", b""))]


# -- messages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [(), (b"",), (b"a", b"", b"b"), (bytes(1_000_000),)])
def test_a_whisper_arrives_frame_by_frame(content: tuple[bytes, ...]) -> None:
    rig = Rig()
    peer = rig.ready()
    peer.whisper(*content)
    assert rig.events() == [Whisper(peer.id, "peer1", content)]


def test_a_whisper_to_who_is_not_here_is_counted() -> None:
    rig = Rig()
    pending = Foreign(rig)
    pending.beacon()
    rig.effects()
    assert rig.machine.whisper(pending.id, (b"x",)) is Outcome.ABSENT
    assert rig.machine.whisper(peer_id(99), (b"x",)) is Outcome.ABSENT
    assert rig.machine.counters.dropped["absent"] == 2
    assert rig.sent() == []


def test_a_ping_is_answered() -> None:
    rig = Rig()
    peer = rig.ready()
    peer.send(zre.PING)
    assert rig.commands(peer) == ["PING-OK"]
    peer.send(zre.PING_OK)
    assert rig.events() == rig.commands() == []


@pytest.mark.parametrize("own_kind", [True, False])
def test_no_frames_stay_none_between_our_own_nodes_and_become_one_for_others(own_kind: bool) -> None:
    rig = Rig(extensions=["empty"])
    peer = rig.ready(groups=("G",), headers={EXTENSION_HEADER: "empty"} if own_kind else {})
    rig.machine.whisper(peer.id, ())
    rig.machine.shout("G", ())
    assert [message.content for message in rig.sent()] == [() if own_kind else (b"",)] * 2


# -- what is wrong is counted and hurts nobody ------------------------------------------------------------------------

ID = zre.identity_frame(peer_id(1).octets)
WRONG: dict[str, tuple[str, Callable[[Foreign], None]]] = {
    "a datagram that is no beacon": (
        "beacon_malformed",
        lambda peer: peer.rig.machine.receive_datagram(b"ZRE", (peer.address, 1), 0.0) and None,
    ),
    "a beacon that demands CURVE": (
        "beacon_secured",
        lambda peer: peer.rig.machine.receive_datagram(b"ZRE\x03" + b"u" * 50, (peer.address, 1), 0.0) and None,
    ),
    "a signature of something else": (
        "frame_malformed",
        lambda peer: peer.rig.machine.receive_frames([ID, b"\xaa\xa2\x02\x02\0\1"], 0.0),
    ),
    "an empty frame": ("frame_malformed", lambda peer: peer.rig.machine.receive_frames([ID, b""], 0.0)),
    "a JOIN without its fields": ("frame_malformed", lambda peer: peer.send(zre.JOIN)),
    "a SHOUT that is cut": ("frame_malformed", lambda peer: peer.send(zre.SHOUT, b"\x05ab")),
    "a vote for what is no UUID": (
        "frame_malformed",
        lambda peer: peer.send(zre.ELECT, zre.encode_vote("G", "me")),
    ),
    "a HELLO under no identity": (
        "identity_malformed",
        lambda peer: peer.rig.machine.receive_frames([b"\0abcd", zre.pack_header(zre.HELLO, 1)], 0.0),
    ),
    "a message id that does not exist": ("message_unknown", lambda peer: peer.send(11)),
    "message id 0": ("message_unknown", lambda peer: peer.send(0)),
    "a whisper of a stranger": ("stranger", lambda peer: Foreign(peer.rig, 9).whisper(b"x")),
}


@pytest.mark.parametrize("what", WRONG)
def test_it_is_counted_by_kind_and_the_peer_stays(what: str) -> None:
    rig = Rig()
    peer = rig.ready(groups=("G",))
    kind, do = WRONG[what]
    do(peer)
    assert {str(key): value for key, value in rig.machine.counters.violations.items()} == {kind: 1}
    assert [event for event in rig.events() if not isinstance(event, Refused)] == []
    assert peer.id in rig.machine.roster
    check_machine(rig.machine)


def test_a_malformed_message_is_counted_by_its_number_so_no_gap_follows() -> None:
    rig = Rig()
    peer = rig.ready()
    peer.send(zre.JOIN)
    peer.whisper(b"x")
    assert not [event for event in rig.events() if isinstance(event, Gap)]


def test_a_vote_from_outside_the_group_counts_for_nothing() -> None:
    rig = Rig(groups=["G"])
    peer = rig.ready()
    peer.send(zre.ELECT, zre.encode_vote("G", peer.id))
    peer.send(zre.LEADER, zre.encode_vote("G", peer.id))
    assert rig.events() == rig.sent() == []
    assert rig.machine.leader("G") is None


# -- full queues -----------------------------------------------------------------------------------------------------


def block(rig: Rig, peer: Foreign) -> None:
    """Let the transport refuse everything that the machine wants sent to a peer now."""
    for effect in rig.effects():
        if isinstance(effect, Send) and effect.link == peer.link:
            rig.machine.receive_report(LinkBlocked(effect.link, effect.frames), rig.now)


def fates_of(rig: Rig) -> Fates:
    return rig.machine.statistics(unread=0, mailbox_dropped=0, beacons_sent=0, beacons_failed=0).fates


def test_a_full_queue_of_one_peer_is_no_matter_to_others() -> None:
    rig = Rig(limits=Limits(link_messages=2))
    slow, quick = rig.ready(1, groups=("G",)), rig.ready(2, groups=("G",))
    rig.machine.whisper(slow.id, (b"x",))
    block(rig, slow)
    assert rig.machine.shout("G", (b"y",)) == (1, (slow.id,))
    assert rig.commands(quick) == ["SHOUT"]
    assert rig.machine.shout_to(slow.id, "G", (b"y",)) is Outcome.BLOCKED
    rig.machine.receive_report(LinkWritable(slow.link), rig.now)
    assert rig.machine.shout_to(slow.id, "G", (b"y",)) is Outcome.SENT
    assert [(message.command, message.sequence) for message in rig.sent(slow)] == [("WHISPER", 2), ("SHOUT", 3)]


def test_membership_goes_before_what_waits_and_the_numbers_have_no_gap() -> None:
    """Whoever reads slowly hears of groups before the messages that were said earlier, plain peers as well."""
    rig = Rig()
    slow = rig.ready()
    for text in (b"1", b"2", b"3"):
        rig.machine.whisper(slow.id, (text,))
        block(rig, slow)
    rig.machine.join("A", rig.now)
    rig.machine.whisper(slow.id, (b"4",))
    rig.machine.leave("A", rig.now)
    rig.machine.receive_report(LinkWritable(slow.link), rig.now)
    sent = rig.sent(slow)
    assert [message.command for message in sent] == ["JOIN", "LEAVE", *["WHISPER"] * 4]
    assert [message.sequence for message in sent] == [2, 3, 4, 5, 6, 7]
    assert [message.content[0] for message in sent[2:]] == [b"1", b"2", b"3", b"4"]


def test_what_waits_for_who_goes_is_refused_and_in_the_books() -> None:
    rig = Rig()
    slow = rig.ready()
    for _ in range(3):
        rig.machine.whisper(slow.id, (b"x",))
        block(rig, slow)
    assert fates_of(rig) == Fates(offered=3, in_flight=3)
    slow.beacon(port=0)
    rig.run_for(1)
    assert fates_of(rig) == Fates(offered=3, refused=3)
    assert rig.machine.counters.dropped["absent"] == 3


def test_membership_waits_for_room_and_is_said_in_order() -> None:
    rig = Rig()
    slow = rig.ready()
    rig.machine.join("A", rig.now)
    block(rig, slow)
    rig.machine.join("B", rig.now)
    rig.machine.leave("A", rig.now)
    assert rig.sent(slow) == []
    rig.machine.receive_report(LinkWritable(slow.link), rig.now)
    sent = rig.sent(slow)
    assert [(message.command, message.sequence, message.fields[-1]) for message in sent] == [
        ("JOIN", 2, 1),
        ("JOIN", 3, 2),
        ("LEAVE", 4, 3),
    ]


def test_only_a_full_queue_is_shed() -> None:
    rig = Rig(limits=Limits(link_messages=1))
    peer = rig.ready()
    rig.machine.shed(peer.id)
    rig.machine.shed(peer_id(99))
    assert rig.machine.whisper(peer.id, (b"x",)) is Outcome.SENT
    block(rig, peer)
    rig.machine.shed(peer.id)
    assert rig.machine.whisper(peer.id, (b"x",)) is Outcome.SHED


# -- leaving ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "extensions", "port", "told"),
    [
        ("beacon", "goodbye", 5670, True),
        ("hello", "goodbye", 5670, True),
        ("beacon", "", 5670, False),
        ("connect", "", 5670, True),
        ("hello", "", 0, True),
    ],
)
def test_goodbye_is_for_those_who_know_it_or_hear_no_beacon(how: str, extensions: str, port: int, told: bool) -> None:
    """zeromq-pyre would count it as a violation."""
    rig = Rig(extensions=["goodbye"], port=port)
    peer = Foreign(rig)
    if how == "connect":
        rig.machine.connect(Endpoint.parse(peer.endpoint), None, rig.now)
    elif how == "beacon":
        peer.beacon()
    peer.hello(headers={EXTENSION_HEADER: extensions} if extensions else {})
    rig.effects()
    rig.machine.stop(rig.now)
    effects = rig.effects()
    assert [read(effect).command for effect in effects if isinstance(effect, Send)] == (["GOODBYE"] if told else [])
    assert effects[-1] == CloseLink(peer.link, True), "what is queued may still leave"


def test_the_beacon_with_port_0_is_the_last_word_and_said_once() -> None:
    rig = Rig()
    rig.beacons()
    rig.machine.stop(rig.now)
    assert rig.beacons() == []
    rig.machine.farewell(rig.now)
    rig.machine.farewell(rig.now)
    assert [decode_beacon(data).port for data in rig.beacons()] == [0]


def test_who_has_stopped_is_deaf_and_has_no_deadline() -> None:
    rig = Rig(groups=["G"])
    peer = rig.ready(groups=("G",))
    rig.machine.stop(rig.now)
    rig.effects()
    rig.machine.stop(rig.now)
    peer.whisper(b"x")
    Foreign(rig, 2).beacon()
    assert rig.events() == rig.effects() == []
    assert rig.machine.next_timeout() == math.inf


def test_a_report_after_the_stop_sends_and_closes_nothing() -> None:
    """A regression: what was kept for a full queue was sent on the closed link when there was room."""
    rig = Rig()
    peer = rig.ready()
    rig.machine.join("G", rig.now)
    block(rig, peer)
    rig.machine.stop(rig.now)
    rig.effects()
    rig.machine.receive_report(LinkWritable(peer.link), rig.now)
    rig.machine.receive_report(LinkFailed(peer.link), rig.now)
    assert rig.effects() == rig.events() == []


def test_who_has_not_started_is_deaf() -> None:
    rig = Rig(start=False)
    Foreign(rig).beacon()
    Foreign(rig).hello()
    assert rig.events() == rig.effects() == []
    assert rig.machine.endpoint == ""


@pytest.mark.parametrize(("extensions", "plain"), [("goodbye", False), ("", True)])
def test_a_host_can_tell_whether_the_beacon_is_all_that_somebody_hears(extensions: str, plain: bool) -> None:
    rig = Rig(extensions=["goodbye"])
    assert not rig.machine.has_plain_peers
    rig.ready(headers={EXTENSION_HEADER: extensions})
    assert rig.machine.has_plain_peers is plain


# -- elections -------------------------------------------------------------------------------------------------------


def test_a_candidate_that_is_alone_leads_after_the_time_for_that() -> None:
    rig = Rig(timing=Timing(alone=2.0))
    rig.machine.contest("G", rig.now)
    rig.run_for(1.9)
    assert rig.events() == []
    rig.run_for(0.2)
    assert rig.events() == [Leader(OWN, "own", "G")]
    assert rig.machine.leader("G") == OWN


def test_who_withdraws_does_not_lead() -> None:
    rig = Rig()
    rig.machine.contest("G", rig.now)
    rig.run_for(1.0)
    rig.machine.leave("G", rig.now)
    rig.run_for(10.0)
    assert rig.events() == []


def test_who_withdraws_and_stands_again_has_its_whole_time() -> None:
    """A regression: the timer of the first candidature ended the second one early."""
    rig = Rig(timing=Timing(alone=2.0))
    rig.machine.contest("G", rig.now)
    rig.run_for(1.0)
    rig.machine.leave("G", rig.now)
    rig.run_for(0.9)
    rig.machine.contest("G", rig.now)
    rig.run_for(1.9)
    assert rig.events() == []
    rig.run_for(0.2)
    assert names(rig.events()) == ["Leader"]


def test_a_member_that_does_not_stand_takes_part() -> None:
    rig = Rig(groups=["G"])
    one, two = rig.ready(1, groups=("G",)), rig.ready(2, groups=("G",))
    vote = zre.encode_vote("G", one.id)
    one.send(zre.ELECT, vote)
    assert rig.commands(two) == ["ELECT"]
    two.send(zre.ELECT, vote)
    assert rig.commands(one) == ["ELECT"]
    one.send(zre.LEADER, vote)
    assert rig.events() == [Leader(one.id, "peer1", "G")]


def test_nobody_is_sent_a_vote_unless_the_application_asked_for_an_election() -> None:
    """zeromq-pyre drops whoever sends it one."""
    rig = Rig(groups=["G"])
    peer = rig.ready(groups=("G",))
    peer.leave("G")
    peer.join("G")
    rig.run_for(4.0)
    assert not {"ELECT", "LEADER"} & set(rig.commands())


def test_a_leader_is_somebody_who_is_here_or_ourselves() -> None:
    """A regression: a leader whom we do not know was told of under our own name."""
    rig = Rig(groups=["G"])
    peer = rig.ready(groups=("G",))
    ghost = zre.encode_vote("G", peer_id(77))
    peer.send(zre.ELECT, ghost)
    peer.send(zre.LEADER, ghost)
    peer.send(zre.LEADER, zre.encode_vote("G", OWN))
    assert rig.events() == []
    assert rig.machine.leader("G") is None


# -- what a node is made of ------------------------------------------------------------------------------------------


def test_a_profile_is_checked_when_it_is_made() -> None:
    made = NodeProfile.make(OWN, None, groups=["A", "B", "A"], headers={"a": "1"}, extensions=())
    assert (made.name, made.groups, made.headers) == (OWN[:6], ("A", "B"), {"a": "1"})
    with pytest.raises(InvalidConfig, match="write groups="):
        NodeProfile.make(OWN, groups="CHAT")
    with pytest.raises(InvalidConfig, match="NodeConfig"):
        NodeProfile.make(OWN, config={"timing": 1})  # type: ignore[arg-type]
    with pytest.raises(InvalidName):
        NodeProfile.make(OWN, "x" * 256)
    assert NodeProfile.make(OWN, config=NodeConfig()).cluster.port == 5670


def test_answers_to_questions() -> None:
    rig = Rig(groups=["A"])
    peer = rig.ready(groups=("B",))
    assert rig.machine.own_groups == {"A"}
    assert rig.machine.peer_groups == {"B"}
    assert rig.machine.endpoint == f"tcp://{ADDRESS}:{PORT}"
    assert rig.machine.peer_at(peer.link) == peer.id
    assert rig.machine.peer_at(999) is None
    assert rig.machine.leader("A") is None
    assert LOCALITY.endpoint == rig.machine.endpoint


def test_the_roster_changes_only_when_somebody_does() -> None:
    rig = Rig()
    peer = rig.ready()
    assert rig.machine.roster_changed
    assert len(rig.machine.roster) == 1
    rig.machine.roster_changed = False
    peer.whisper(b"x")
    peer.beacon()
    assert not rig.machine.roster_changed
    peer.join("G")
    assert rig.machine.roster_changed
    assert rig.machine.roster[peer.id].groups == {"G"}


def test_effects_and_events_are_taken_once() -> None:
    rig = Rig()
    Foreign(rig).hello(groups=("G",))
    assert [type(event) for event in rig.machine.take_events()][1:] == [Join]
    assert rig.machine.take_events() == []
    assert any(isinstance(effect, Broadcast) for effect in rig.machine.take_effects())
    assert rig.machine.take_effects() == []
