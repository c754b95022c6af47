"""Introductions: one known node leads to all others."""

from __future__ import annotations

from tests.core.rig import OWN, Foreign, Rig, peer_id
from zyre.core.introductions import EXTENSION
from zyre.core.tables import PeerState
from zyre.endpoint import Endpoint
from zyre.testing import Lan
from zyre.wire import introduce, zre
from zyre.wire.extension import EXTENSION_HEADER
from zyre.wire.introduce import Introduced

HEADERS = {EXTENSION_HEADER: EXTENSION}


def rig() -> Rig:
    return Rig(extensions=[EXTENSION], port=0)


def dialled(made: Rig, number: int = 1) -> Foreign:
    """A peer that was met by an explicit connection."""
    peer = Foreign(made, number)
    made.machine.connect(Endpoint.parse(peer.endpoint), peer.id, made.now)
    made.effects()
    peer.hello(headers=HEADERS)
    made.events()
    return peer


def ask_count(made: Rig, peer: Foreign) -> int:
    return sum(message.command == "ASK" for message in made.sent(peer))


def introduce_to(peer: Foreign, *others: Introduced) -> None:
    peer.send(introduce.INTRODUCE, introduce.encode_introduce(others))


def test_whom_the_application_named_is_asked_and_others_are_not() -> None:
    made = rig()
    assert ask_count(made, dialled(made)) == 1
    stranger = Foreign(made, 2)
    stranger.hello(headers=HEADERS)
    assert ask_count(made, stranger) == 0, "it knows of us, and will ask by itself"
    made.machine.change("seek", [["10.0.0.6"]], made.now)
    sought = Foreign(made, 5)
    sought.hello(headers=HEADERS)
    assert ask_count(made, sought) == 1, "it greets because of a beacon that only it was sent"
    plain = Foreign(made, 3)
    made.machine.connect(Endpoint.parse(plain.endpoint), plain.id, made.now)
    made.effects()
    plain.hello()
    assert ask_count(made, plain) == 0


def test_who_is_introduced_is_greeted_once() -> None:
    made = rig()
    peer = dialled(made)
    made.effects()
    known = Introduced(peer_id(7).octets, "tcp://10.0.0.7:7")
    introduce_to(peer, known, Introduced(OWN.octets, "tcp://10.0.0.8:8"), Introduced(peer.id.octets, "tcp://a:1"))
    assert made.state(peer_id(7)) is PeerState.PENDING
    assert made.commands() == ["HELLO"]
    assert made.machine.pending == 1


def test_nobody_sends_us_anywhere_unasked() -> None:
    made = rig()
    peer = dialled(made)
    introduce_to(peer)
    introduce_to(peer, Introduced(peer_id(7).octets, "tcp://10.0.0.7:7"))
    assert made.state(peer_id(7)) is PeerState.ABSENT
    assert made.count("frame_malformed") == 1


def test_only_tcp_leads_to_others() -> None:
    made = rig()
    peer = dialled(made)
    introduce_to(peer, Introduced(peer_id(7).octets, "ipc:///tmp/x"), Introduced(peer_id(8).octets, "tcp://*:*"))
    assert made.machine.pending == 0
    made.run_for(1.5)
    introduce_to(peer, Introduced(peer_id(7).octets, "nonsense"))
    assert made.count("frame_malformed") == 1


def test_it_is_asked_again_soon_with_news_and_seldom_without() -> None:
    made = rig()
    peer = dialled(made)
    made.effects()
    made.run_for(1.5)
    assert ask_count(made, peer) == 1, "once more, a second later"
    introduce_to(peer)
    peer.whisper(b"here")
    made.run_for(8.0)
    assert ask_count(made, peer) == 0
    peer.whisper(b"here")
    made.run_for(3.0)
    assert ask_count(made, peer) == 1


def test_answers_name_those_whom_the_asker_can_reach() -> None:
    made = rig()
    asker = made.ready(1, headers=HEADERS)
    other = made.ready(2)
    local = Foreign(made, 3)
    local.hello(endpoint="tcp://127.0.0.1:9")
    Foreign(made, 4).beacon()
    made.effects()
    asker.send(introduce.ASK)
    (answer,) = made.sent(asker)
    assert introduce.decode_introduce(zre.pack_header(introduce.INTRODUCE, 1) + answer.fields) == [
        Introduced(other.id.octets, other.endpoint)
    ]


def test_many_are_named_in_turn() -> None:
    made = rig()
    asker = made.ready(1, headers=HEADERS)
    for number in range(2, 102):
        made.ready(number)
    named = set()
    for _ in range(2):
        asker.send(introduce.ASK)
        (answer,) = made.sent(asker)
        named |= set(introduce.decode_introduce(zre.pack_header(introduce.INTRODUCE, 1) + answer.fields))
    assert len(named) == 100


def test_one_known_node_is_enough_and_may_go() -> None:
    lan = Lan(seed=4)
    seed = lan.node("seed", port=0)
    others = [lan.node(f"n{number}", port=0) for number in range(4)]
    for node in others:
        node.connect(seed.endpoint)
    lan.run_until(lambda: all(len(node.peers) == 4 for node in others), within=5.0)
    assert {peer.found_by for peer in others[3].peers} >= {"connect"}
    lan.kill(seed)
    lan.run_until(lambda: all(len(node.peers) == 3 for node in others), within=60.0)
    late = lan.node("late", port=0)
    late.connect(others[0].endpoint)
    lan.run_until(lambda: all(len(node.peers) == 4 for node in (*others, late)), within=5.0)
