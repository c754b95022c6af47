"""The life of peers: one event for each change, and nothing about anybody outside Enter..Exit."""

from __future__ import annotations

import pytest

from tests.core.invariants import check_machine
from tests.core.rig import BEACON_PORT, Foreign, Rig, check_lives, names, peer_id
from zyre.config import Limits, Timing
from zyre.core.effects import CloseLink, LinkAnswered, LinkFailed, OpenLink, Probe, Send
from zyre.endpoint import Endpoint
from zyre.events import Enter, Evasive, Exit, Gap, Join, Leave, Returned, Silent, Whisper
from zyre.wire import zre
from zyre.wire.extension import EXTENSION_HEADER

# -- coming ----------------------------------------------------------------------------------------------------------


def test_a_beacon_is_answered_with_a_hello_and_makes_no_event() -> None:
    rig, peer = Rig(), Foreign(Rig(), 1)
    peer.rig = rig
    peer.beacon()
    assert rig.events() == []
    assert rig.commands() == ["HELLO"]
    assert (len(rig.machine.roster), rig.machine.pending) == (0, 1)


def test_enter_tells_who_came_and_its_groups_follow_as_joins() -> None:
    rig = Rig()
    peer = Foreign(rig)
    peer.hello(groups=("A", "B", "A"), headers={"ROLE": "camera"})
    enter, *joins = rig.events()
    assert enter == Enter(peer.id, "peer1", "tcp://10.0.0.2:49152", {"ROLE": "camera"}, frozenset({"A", "B"}))
    assert joins == [Join(peer.id, "peer1", "A"), Join(peer.id, "peer1", "B")]
    assert rig.machine.peer_groups == {"A", "B"}


def test_headers_of_a_peer_cannot_be_written() -> None:
    rig = Rig()
    Foreign(rig).hello(headers={"A": "1"})
    enter = rig.events()[0]
    assert isinstance(enter, Enter)
    with pytest.raises(TypeError):
        enter.headers["A"] = "2"  # type: ignore[index]


def test_headers_of_the_protocol_are_not_shown_and_what_they_say_is() -> None:
    rig = Rig(extensions=["empty", "goodbye"])
    Foreign(rig).hello(headers={EXTENSION_HEADER: "empty warp", "A": "1"})
    (peer,) = rig.machine.roster
    assert dict(peer.headers) == {"A": "1"}
    assert peer.extensions == {"empty"}


def test_a_peer_without_a_name_is_called_by_its_first_digits() -> None:
    rig = Rig()
    Foreign(rig).hello(name="")
    assert rig.events()[0].name == peer_id(1)[:6]


@pytest.mark.parametrize(("beacon_first", "found_by"), [(True, "beacon"), (False, "hello")])
def test_the_record_says_how_a_peer_was_found(beacon_first: bool, found_by: str) -> None:
    rig = Rig()
    peer = Foreign(rig)
    if beacon_first:
        peer.beacon()
    peer.hello()
    assert rig.machine.roster[peer.id].found_by == found_by
    assert rig.commands() == ["HELLO"], "one HELLO, whoever came first"


def test_each_peer_is_greeted_once_however_often_it_beacons() -> None:
    rig = Rig()
    peer = Foreign(rig)
    for _ in range(4):
        peer.beacon()
        rig.run_for(1.0)
    assert rig.commands(peer) == ["HELLO"]


def test_a_peer_that_beacons_and_never_answers_is_greeted_anew_after_the_handshake_time() -> None:
    rig = Rig()
    peer = Foreign(rig)
    for _ in range(21):
        peer.beacon()
        rig.run_for(1.0)
    kinds = [type(effect) for effect in rig.effects()]
    assert kinds.count(OpenLink) == 5
    assert kinds.count(CloseLink) == 4
    assert rig.events() == [], "a phantom makes no events"


def test_a_phantom_comes_and_goes_without_events_or_pings() -> None:
    rig = Rig()
    Foreign(rig).beacon()
    rig.run_for(100.0)
    assert rig.events() == []
    assert rig.commands() == ["HELLO"]
    assert rig.machine.pending == 0
    check_machine(rig.machine)


# -- being quiet -----------------------------------------------------------------------------------------------------


def test_silence_makes_one_event_for_each_phase() -> None:
    rig = Rig()
    peer = rig.ready()
    rig.run_for(40.0)
    assert rig.events() == [
        Evasive(peer.id, "peer1"),
        Silent(peer.id, "peer1"),
        Exit(peer.id, "peer1", "expired"),
    ]


def test_phases_begin_at_their_times() -> None:
    rig = Rig(timing=Timing(evasive=2.0, silent=3.0, expired=7.0))
    rig.ready()
    seen = {}
    for tenth in range(80):
        rig.run_for(0.1)
        for event in rig.events():
            seen[type(event).__name__] = round((tenth + 1) / 10, 1)
    assert seen == pytest.approx({"Evasive": 2.0, "Silent": 3.0, "Exit": 7.0}, abs=0.11)


def test_a_quiet_peer_is_asked_every_second_until_it_answers() -> None:
    rig = Rig()
    peer = rig.ready()
    rig.run_for(2.4)
    assert rig.commands() == []
    rig.run_for(6.1)
    assert rig.commands() == ["PING"] * 8, "from 2.5 s on, and when a phase begins"
    peer.send(zre.PING_OK)
    rig.run_for(2.4)
    assert rig.commands() == []


def test_a_sign_of_life_after_silence_is_told_once() -> None:
    rig = Rig()
    peer = rig.ready()
    rig.run_for(6.0)
    peer.send(zre.PING_OK)
    peer.send(zre.PING_OK)
    rig.run_for(4.0)
    assert names(rig.events()) == ["Evasive", "Returned"]
    rig.run_for(2.0)
    assert names(rig.events()) == ["Evasive"], "and the next silence is a new one"


@pytest.mark.parametrize("sign", ["beacon", "whisper", "ping", "join"])
def test_any_message_and_a_beacon_are_signs_of_life(sign: str) -> None:
    rig = Rig()
    peer = rig.ready()
    give = {
        "beacon": peer.beacon,
        "whisper": lambda: peer.whisper(b"x"),
        "ping": lambda: peer.send(zre.PING),
        "join": lambda: peer.join("G"),
    }[sign]
    for _ in range(3):
        rig.run_for(4.0)
        give()
    assert not {Evasive, Silent, Exit} & {type(event) for event in rig.events()}


def test_an_evasive_peer_that_beacons_has_returned() -> None:
    rig = Rig()
    peer = rig.ready()
    peer.beacon()
    rig.run_for(6.0)
    peer.beacon()
    assert rig.events() == [Evasive(peer.id, "peer1"), Returned(peer.id, "peer1")]


@pytest.mark.parametrize("where", [{"address": "10.0.0.99"}, {"port": 50000}])
def test_a_beacon_from_elsewhere_keeps_nobody_alive(where: dict[str, object]) -> None:
    """After a change of address the link is dead, and must be let expire so that the peer is found anew."""
    rig = Rig()
    rig.ready()
    moved = Foreign(rig, 1, **where)  # type: ignore[arg-type]
    for _ in range(11):
        rig.run_for(1.0)
        moved.beacon()
    assert [event for event in rig.events() if isinstance(event, Exit)] == [Exit(moved.id, "peer1", "expired")]
    opened = [effect.endpoint for effect in rig.effects() if isinstance(effect, OpenLink)]
    assert opened == [moved.endpoint]


def test_a_peer_that_moved_is_found_anew_although_it_goes_on_talking() -> None:
    """Its link to us leads here as before, so it is heard; ours leads to where it was, and carries nothing."""
    rig = Rig()
    peer = rig.ready()
    peer.beacon()
    moved = Foreign(rig, 1, address="10.0.0.99")
    for _ in range(40):
        rig.run_for(1.0)
        moved.beacon()
        peer.whisper(b"still here")
    exits = [event for event in rig.events() if not isinstance(event, Whisper)]
    assert exits == [Exit(peer.id, "peer1", "expired")]
    assert moved.record.endpoint == Endpoint.parse(moved.endpoint)


def test_a_beacon_that_comes_from_two_addresses_is_expected_all_the_same() -> None:
    """As where IPv4 and IPv6 are in use: else each of the two would wake us, because of the other."""
    rig = Rig()
    peer = rig.ready()
    peer.beacon()
    expected = rig.machine.take_expected()
    assert expected is not None
    assert len(expected) == 1
    other = Foreign(rig, 1, address="fe80::1%eth0")
    for _ in range(3):
        other.beacon()
        peer.beacon()
        assert rig.machine.take_expected() is None


def test_a_peer_with_two_addresses_stays_at_the_one_that_its_beacons_still_come_from() -> None:
    rig = Rig()
    peer = rig.ready()
    other = Foreign(rig, 1, address="10.0.0.99")
    for second in range(200):
        rig.run_for(1.0)
        other.beacon()
        if second % 20 == 0:
            peer.beacon()
        if any(isinstance(effect, Probe) for effect in rig.effects()):
            rig.machine.receive_report(LinkAnswered(peer.link), rig.now)
        peer.whisper(b"still here")
    assert {type(event) for event in rig.events()} == {Whisper}
    assert peer.record.endpoint == Endpoint.parse(peer.endpoint)


def test_a_peer_that_was_never_heard_where_it_is_reached_stays_there() -> None:
    """It told us an address that its beacons do not come from, as behind a NAT."""
    rig = Rig()
    peer = rig.ready()
    other = Foreign(rig, 1, address="10.0.0.99")
    for _ in range(100):
        rig.run_for(1.0)
        other.beacon()
        peer.whisper(b"still here")
    assert {type(event) for event in rig.events()} == {Whisper}


def test_hearing_a_peer_moves_no_entry_among_the_timers() -> None:
    rig = Rig()
    peer = rig.ready()
    before = len(rig.machine._timers)
    for _ in range(1000):
        peer.whisper(b"x")
        peer.beacon()
    assert len(rig.machine._timers) == before


# -- going -----------------------------------------------------------------------------------------------------------


def test_goodbye_on_the_link_is_an_exit_at_once() -> None:
    rig = Rig()
    peer = rig.ready()
    peer.send(zre.GOODBYE)
    assert rig.events() == [Exit(peer.id, "peer1", "left")]


def test_goodbye_by_beacon_leaves_a_moment_for_what_is_on_its_way() -> None:
    """Datagrams overtake links."""
    rig = Rig()
    peer = rig.ready()
    peer.beacon(port=0)
    rig.run_for(0.05)
    peer.whisper(b"last words")
    rig.run_for(0.1)
    assert rig.events() == [Whisper(peer.id, "peer1", (b"last words",)), Exit(peer.id, "peer1", "left")]


def test_a_goodbye_of_who_came_back_meanwhile_is_forgotten() -> None:
    rig = Rig()
    peer = rig.ready()
    peer.beacon(port=0)
    peer.hello()
    rig.run_for(1.0)
    assert names(rig.events()) == ["Exit", "Enter"]


def test_who_exits_leaves_its_groups_without_leave_events() -> None:
    rig = Rig()
    peer = rig.ready(groups=("A", "B"))
    peer.send(zre.GOODBYE)
    assert names(rig.events()) == ["Exit"]
    assert rig.machine.peer_groups == frozenset()
    assert rig.machine.shout("A", (b"x",)) == (0, ())


def test_nothing_is_heard_from_who_has_left() -> None:
    rig = Rig()
    peer = rig.ready()
    peer.send(zre.GOODBYE)
    rig.events()
    peer.whisper(b"x")
    peer.join("G")
    assert rig.events() == []
    assert rig.count("stranger") == 2


def test_a_link_that_cannot_be_opened_is_an_exit_of_who_had_entered() -> None:
    rig = Rig()
    peer = Foreign(rig)
    peer.hello()
    rig.machine.receive_report(LinkFailed(peer.link), rig.now)
    assert names(rig.events()) == ["Enter", "Exit"]
    assert rig.history[-1] == Exit(peer.id, "peer1", "unreachable")
    assert rig.machine.counters.failures["link"] == 1


def test_a_late_report_about_an_old_link_concerns_nobody() -> None:
    rig = Rig()
    peer = rig.ready()
    old = peer.link
    peer.hello()
    rig.events()
    rig.machine.receive_report(LinkFailed(old), rig.now)
    assert rig.events() == []
    assert peer.id in rig.machine.roster


# -- coming again ----------------------------------------------------------------------------------------------------


def test_a_hello_from_who_is_here_is_answered_on_a_new_link() -> None:
    """It forgot us, or started anew: without our HELLO it would stay deaf to us."""
    rig = Rig()
    peer = rig.ready(groups=("A",))
    old = peer.link
    peer.hello(groups=("B",), name="reborn")
    effects = rig.effects()
    assert effects[0] == CloseLink(old, False)
    assert isinstance(effects[1], OpenLink)
    assert isinstance(effects[2], Send)
    assert effects[1].link == effects[2].link != old
    assert zre.unpack_header(effects[2].frames[0]) == (zre.HELLO, 1)
    assert rig.events() == [
        Exit(peer.id, "peer1", "replaced"),
        Enter(peer.id, "reborn", peer.endpoint, {}, frozenset({"B"})),
        Join(peer.id, "reborn", "B"),
    ]
    assert rig.machine.peer_groups == {"B"}


def test_a_node_that_is_heard_at_the_endpoint_of_another_as_well_took_its_place() -> None:
    """It has several interfaces, and was found by another one first; both links would lead to it from now on."""
    rig = Rig()
    old, new = rig.ready(1), rig.ready(2)
    new.beacon()
    rig.events()
    also = Foreign(rig, 2, address=old.address)
    also.beacon()
    assert rig.events() == [Exit(old.id, "peer1", "replaced")]
    assert new.record.state.name == "READY"


def test_a_new_node_at_the_endpoint_of_another_takes_its_place() -> None:
    rig = Rig()
    old = rig.ready(1)
    new = Foreign(rig, 2, address=old.address)
    new.beacon()
    assert rig.events() == [Exit(old.id, "peer1", "replaced")]
    new.hello()
    assert names(rig.events()) == ["Enter"]
    assert len(rig.machine.roster) == 1
    check_machine(rig.machine)


def test_a_pending_peer_whose_place_is_taken_goes_without_a_word() -> None:
    rig = Rig()
    Foreign(rig, 1, address="10.0.0.9").beacon()
    Foreign(rig, 2, address="10.0.0.9").beacon()
    assert rig.events() == []
    assert rig.machine.pending == 1


# -- counting --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("last", "following"), [(65535, 0), (65534, 0), (65534, 65535)])
def test_every_way_to_wrap_the_sequence_is_no_gap(last: int, following: int) -> None:
    rig = Rig()
    peer = rig.ready()
    peer.record.received = last - 1
    peer.whisper(b"x", sequence=last)
    peer.whisper(b"x", sequence=following)
    assert names(rig.events()) == ["Whisper", "Whisper"]
    assert rig.machine.counters.missed == 0


def test_a_gap_is_told_and_counted_and_the_peer_stays() -> None:
    rig = Rig()
    peer = rig.ready()
    peer.whisper(b"x", skip=3)
    assert rig.events() == [Gap(peer.id, "peer1", 3), Whisper(peer.id, "peer1", (b"x",))]
    assert rig.machine.counters.missed == 3
    assert peer.id in rig.machine.roster


@pytest.mark.parametrize("sequence", [1, 0, 65000])
def test_a_sequence_that_repeats_or_goes_back_is_counted_and_delivered(sequence: int) -> None:
    """One counter per node, as zre-py has, looks like this; removing the peer would help nobody."""
    rig = Rig()
    peer = rig.ready()
    peer.whisper(b"x", sequence=sequence)
    assert names(rig.events()) == ["Whisper"]
    assert rig.count("sequence_backwards") == 1


def test_a_hello_may_begin_at_any_number() -> None:
    rig = Rig()
    peer = Foreign(rig)
    peer.hello(sequence=700)
    peer.whisper(b"x")
    assert names(rig.events()) == ["Enter", "Whisper"]


def test_seventy_thousand_messages_both_ways_cost_nothing() -> None:
    rig = Rig()
    peer = rig.ready()
    for _ in range(70_000):
        peer.whisper(b"x")
        rig.machine.whisper(peer.id, (b"x",))
    assert {type(event) for event in rig.events()} == {Whisper}
    sequences = [message.sequence for message in rig.sent()]
    assert sequences == [number % 65536 for number in range(2, 70_002)]


def test_a_wrong_group_status_is_counted_and_taken_over() -> None:
    rig = Rig()
    peer = rig.ready(status=7)
    peer.join("A", status=8)
    peer.leave("A", status=99)
    peer.join("A", status=100)
    assert names(rig.events()) == ["Join", "Leave", "Join"]
    assert rig.count("status_wrong") == 1


def test_a_status_that_wraps_is_right() -> None:
    rig = Rig()
    peer = rig.ready(status=255)
    peer.join("A", status=0)
    assert rig.count("status_wrong") == 0


def test_groups_are_told_of_once() -> None:
    rig = Rig()
    peer = rig.ready()
    peer.join("A", status=1)
    peer.join("A", status=2)
    peer.leave("A", status=3)
    peer.leave("A", status=4)
    assert rig.events() == [Join(peer.id, "peer1", "A"), Leave(peer.id, "peer1", "A")]


# -- limits ----------------------------------------------------------------------------------------------------------


def test_newcomers_beyond_the_limit_are_refused_and_counted() -> None:
    rig = Rig(limits=Limits(peers=2))
    for number in (1, 2, 3, 4):
        Foreign(rig, number).hello()
    Foreign(rig, 5).beacon()
    assert len(rig.machine.roster) == 2
    assert rig.count("peers_full") == 3
    assert [type(event) for event in rig.events()] == [Enter, Enter]
    check_machine(rig.machine)


def test_a_place_that_becomes_free_is_given_away() -> None:
    rig = Rig(limits=Limits(peers=1))
    first = rig.ready(1)
    second = Foreign(rig, 2)
    second.hello()
    first.send(zre.GOODBYE)
    second.hello()
    assert [peer.uuid for peer in rig.machine.roster] == [second.id]


def test_who_is_here_may_greet_again_in_a_full_house() -> None:
    rig = Rig(limits=Limits(peers=1))
    peer = rig.ready()
    peer.hello()
    assert names(rig.events()) == ["Exit", "Enter"]


def test_groups_beyond_the_limit_and_impossible_ones_are_refused_and_counted() -> None:
    rig = Rig(limits=Limits(groups=2))
    peer = rig.ready(groups=("A", "bad\0name"))
    peer.join("B", status=1)
    assert rig.count("group_refused") == 0
    peer.join("C", status=2)
    assert rig.machine.peer_groups == {"A", "B"}
    assert rig.count("group_refused") == 1
    peer.leave("A", status=3)
    peer.join("", status=4)
    assert rig.count("group_refused") == 2
    check_machine(rig.machine)


@pytest.mark.parametrize(
    "said",
    [{"groups": ("A", "B", "C")}, {"headers": {"a": "1", "b": "2"}}, {"headers": {"a": "x" * 99}}, {"endpoint": "x"}],
)
def test_a_hello_over_a_limit_admits_nobody(said: dict[str, object]) -> None:
    rig = Rig(limits=Limits(groups=2, headers=1, header_value=10))
    Foreign(rig).hello(**said)  # type: ignore[arg-type]
    assert rig.events() == []
    assert rig.count("hello_refused") == 1
    assert len(rig.machine.roster) == rig.machine.pending == 0


# -- how it counts ---------------------------------------------------------------------------------------------------


def test_beacons_from_another_udp_port_are_remembered_as_evidence() -> None:
    rig = Rig()
    peer = Foreign(rig)
    peer.beacon(source_port=BEACON_PORT + 1)
    assert peer.record.dialect.odd_source
    peer.hello()
    peer.hello()
    assert peer.record.dialect.odd_source, "also by who comes again"


def test_the_modulus_that_proved_wrong_is_not_tried_again() -> None:
    rig = Rig()
    peer = rig.ready()
    peer.record.sent = 65535
    rig.machine.whisper(peer.id, (b"x",))
    peer.hello()
    peer.record.sent = 65534
    rig.sent()
    rig.machine.whisper(peer.id, (b"x",))
    assert [message.sequence for message in rig.sent(peer)] == [0]


def test_the_lives_of_many_are_whole() -> None:
    rig = Rig()
    peers = [Foreign(rig, number, address=f"10.0.0.{2 + number % 3}") for number in range(1, 7)]
    for turn in range(40):
        peer = peers[turn * 5 % 6]
        (peer.hello, peer.beacon, lambda peer=peer: peer.send(zre.GOODBYE))[turn % 3]()  # type: ignore[misc]
        rig.run_for(turn % 7)
        rig.events()
        rig.effects()
        check_machine(rig.machine)
    assert check_lives(rig.history) == {peer.uuid for peer in rig.machine.roster}


@pytest.mark.parametrize("endpoint", ["inproc://trap", "ipc:///run/other.sock"])
def test_a_stranger_cannot_send_us_to_the_sockets_of_this_host(endpoint: str) -> None:
    rig = Rig()
    Foreign(rig).hello(endpoint=endpoint)
    assert not [effect for effect in rig.effects() if isinstance(effect, OpenLink)]
    assert rig.machine.counters.violations == {"hello_refused": 1}


def test_whom_the_application_asked_for_may_be_such_a_socket() -> None:
    rig = Rig()
    rig.machine.connect(Endpoint.parse("ipc:///run/other.sock"), None, rig.now)
    Foreign(rig).hello(endpoint="ipc:///run/other.sock")
    assert names(rig.events()) == ["Enter"]
