from __future__ import annotations

from tests.core.rig import ADDRESS, OWN, Foreign, Rig, names
from zyre.core.tables import PeerState
from zyre.events import Collision, Exit, Updated
from zyre.wire import lives, zre
from zyre.wire.beacon import Beacon, encode_beacon
from zyre.wire.extension import EXTENSION_HEADER
from zyre.wire.lives import INCARNATION_HEADER, format_incarnation

LIFE = 1000


def rig() -> Rig:
    return Rig(extensions=["incarnation", "news"], incarnation=LIFE, groups=["G"])


def life(number: int, answer: bool = False) -> dict[str, str]:
    return {
        EXTENSION_HEADER: "incarnation news",
        INCARNATION_HEADER: format_incarnation(number, answer=answer),
    }


def twin(rig: Rig) -> Foreign:
    found = Foreign(rig, 9, port=50000)
    found.id, found.name = OWN, "twin"
    return found


# -- lives of a peer ---------------------------------------------------------------------------------------------------


def test_our_hello_says_which_life_this_is() -> None:
    bench = rig()
    peer = Foreign(bench)
    peer.beacon()
    (hello,) = bench.sent()
    assert lives.read_incarnation(zre.decode_hello(b"......" + hello.fields).headers) == (LIFE, False)
    other = Foreign(bench, 2)
    other.hello(headers=life(1))
    (hello,) = bench.sent()
    assert lives.read_incarnation(zre.decode_hello(b"......" + hello.fields).headers) == (LIFE, True)


def test_a_new_life_replaces_the_one_before() -> None:
    bench = rig()
    peer = bench.ready(headers=life(5))
    peer.hello(headers=life(6))
    assert names(bench.events()) == ["Exit", "Enter"]
    peer.hello(headers=life(4))
    assert names(bench.events()) == ["Exit", "Enter"], "at the same endpoint only one can be; its clock went back"


def test_the_same_life_was_here_all_the_time() -> None:
    bench = rig()
    peer = bench.ready(headers={**life(5), "load": "1"}, groups=("G",))
    before = peer.link
    peer.hello(headers={**life(5), "load": "2"}, groups=("G", "H"), status=9)
    assert names(bench.events()) == ["Updated", "Join"]
    assert [message.command for message in bench.sent()] == ["HELLO"]
    assert peer.link != before
    assert peer.record.sent == 1, "a new link counts anew"
    peer.join("I", status=10)
    assert bench.count("status_wrong") == 0


def test_an_answer_is_not_answered() -> None:
    bench = rig()
    peer = bench.ready(headers=life(5))
    for _ in range(3):
        peer.hello(headers={**life(5, answer=True), "load": "2"})
    assert [type(event) for event in bench.events()] == [Updated]
    assert bench.commands() == []


def test_the_same_life_may_be_reached_elsewhere_now() -> None:
    bench = rig()
    peer = bench.ready(headers=life(5))
    peer.hello(headers=life(5), endpoint="tcp://10.0.0.77:7")
    assert bench.events() == []
    assert bench.machine.roster[peer.id].address == "tcp://10.0.0.77:7"
    bench.effects()
    assert bench.links[peer.link] == "tcp://10.0.0.77:7"


def test_an_earlier_life_elsewhere_is_not_let_in_and_the_later_one_is_told() -> None:
    bench = rig()
    peer = bench.ready(headers=life(5))
    peer.hello(headers=life(4), endpoint="tcp://10.0.0.77:7")
    assert bench.events() == []
    assert [(message.command, message.fields) for message in bench.sent()] == [
        ("TWIN", lives.encode_twin("tcp://10.0.0.77:7"))
    ]
    assert bench.count("superseded") == 1
    assert bench.machine.roster[peer.id].address == peer.endpoint


def test_plain_nodes_are_replaced_as_ever() -> None:
    bench = Rig()
    peer = bench.ready(headers=life(5))
    peer.hello(headers=life(5))
    assert names(bench.events()) == ["Exit", "Enter"]


# -- our own identity elsewhere ----------------------------------------------------------------------------------------


def test_a_beacon_of_our_identity_from_elsewhere_is_answered_by_hello_once() -> None:
    bench = rig()
    for _ in range(3):
        twin(bench).beacon()
    assert bench.commands() == ["HELLO"]
    assert list(bench.links.values()) == ["tcp://10.0.0.10:50000"]
    bench.run_for(6.0)
    bench.effects()
    assert bench.links == {}, "nobody answered"
    assert bench.state(OWN) is PeerState.ABSENT


def test_a_plain_node_has_no_twins() -> None:
    bench = Rig()
    twin(bench).beacon()
    twin(bench).hello(headers=life(7))
    assert bench.commands() == []
    assert bench.events() == []


def test_contacts_are_bounded() -> None:
    bench = rig()
    for port in range(1, 100):
        data = encode_beacon(Beacon(OWN.octets, port))
        bench.machine.receive_datagram(data, (ADDRESS, 5670), bench.now)
    assert len(bench.sent()) == 16


def test_the_later_life_keeps_the_identity_and_tells_its_peers() -> None:
    bench = rig()
    bench.ready(1, headers=life(3))
    bench.ready(2)
    other = twin(bench)
    for _ in range(2):
        other.hello(headers=life(LIFE - 1))
    assert bench.events() == [Collision(OWN, "own", "tcp://10.0.0.1:49152", "twin", other.endpoint)]
    sent = bench.sent()
    assert [message.command for message in sent].count("COLLISION") == 1, "to the peer that knows it"
    assert [message.command for message in sent].count("HELLO") == 1
    (told,) = (message for message in sent if message.command == "COLLISION")
    assert lives.decode_collision(b"......" + told.fields) == lives.Rival(LIFE - 1, other.endpoint, "twin")
    assert bench.machine._running


def test_who_enters_soon_after_a_collision_is_told_of_it_too() -> None:
    bench = rig()
    twin(bench).hello(headers=life(LIFE - 1))
    bench.sent()
    late = Foreign(bench, 1)
    late.hello(headers=life(3))
    assert bench.commands(late) == ["HELLO", "COLLISION"]


def test_the_earlier_life_falls_silent_without_a_goodbye() -> None:
    bench = rig()
    bench.machine.contest("G", bench.now)
    peer = bench.ready(1, headers=life(3), groups=("G",))
    other = twin(bench)
    other.hello(headers=life(LIFE + 1))
    assert bench.events() == [
        Collision(OWN, "twin", other.endpoint, "own", "tcp://10.0.0.1:49152", lost=True),
        Exit(peer.id, peer.name, "collision"),
    ]
    assert bench.commands() == ["HELLO"], "so that the other one learns of it"
    assert list(bench.links.values()) == [other.endpoint]
    peer.whisper(b"x")
    bench.run_for(60.0)
    bench.machine.stop(bench.now)
    bench.machine.farewell(bench.now)
    assert bench.events() == []
    assert bench.beacons() == []
    assert bench.links == {}


def test_our_own_hello_over_a_detour_is_no_twin() -> None:
    bench = rig()
    twin(bench).hello(headers=life(LIFE))
    twin(bench).hello()
    assert names(bench.events()) == ["Collision"], "one that does not say gives way to one that does"


def test_peers_tell_of_twins_and_collisions() -> None:
    bench = rig()
    peer = bench.ready(1, headers=life(3))
    peer.send(lives.TWIN, lives.encode_twin("tcp://10.0.0.77:7"))
    assert bench.commands() == ["HELLO"]
    for _ in range(2):
        peer.send(lives.COLLISION, lives.encode_collision(lives.Rival(2, "tcp://10.0.0.77:7", "old")))
    assert bench.events() == [Collision(peer.id, peer.name, peer.endpoint, "old", "tcp://10.0.0.77:7")]
    peer.send(lives.TWIN, lives.encode_twin("nowhere"))
    peer.send(lives.TWIN, lives.encode_twin("ipc:///somebody/elses"))
    assert bench.count("frame_malformed") == 1
    assert bench.effects() == []
