from __future__ import annotations

from tests.core.rig import Foreign, Rig
from zyre.config import Limits, Timing
from zyre.core.delivery import Outcome
from zyre.core.effects import CloseLink, KeysChanged, OpenLink
from zyre.events import Exit
from zyre.wire import renewal

KIN = {"X-ZYRE-EXT": "renewal"}


def rig_of(limits: Limits | None = None) -> Rig:
    return Rig(extensions=("renewal",), timing=Timing(handshake=2.0), limits=limits)


def change_keys(rig: Rig) -> None:
    rig.machine.receive_report(KeysChanged("", ""), rig.now)


def paused(peer: Foreign, token: int = 1) -> None:
    peer.send(renewal.PAUSED, renewal.encode_token(token))


def whisper(rig: Rig, peer: Foreign, text: bytes) -> Outcome:
    return rig.machine.whisper(peer.id, (text,))


def test_a_link_is_replaced_when_everything_on_it_was_heard_and_what_was_held_follows() -> None:
    rig = rig_of()
    peer = rig.ready(headers=KIN)
    old = peer.link
    change_keys(rig)
    assert rig.commands(peer) == ["PAUSE"]
    assert whisper(rig, peer, b"held") is Outcome.SENT
    rig.machine.join("G", rig.now)
    assert rig.sent() == []
    paused(peer)
    effects = rig.effects()
    assert CloseLink(old, False) in effects
    assert [type(effect) for effect in effects[:2]] == [CloseLink, OpenLink]
    assert peer.link != old
    whisper(rig, peer, b"after")
    assert [message.content for message in rig.sent(peer)] == [(b"after",)]
    assert not [event for event in rig.events() if isinstance(event, Exit)]


def test_what_was_held_comes_behind_hello_and_in_order() -> None:
    rig = rig_of()
    peer = rig.ready(headers=KIN)
    change_keys(rig)
    for text in (b"1", b"2", b"3"):
        whisper(rig, peer, text)
    rig.effects()
    paused(peer)
    sent = rig.sent(peer)
    assert [message.command for message in sent] == ["HELLO", "WHISPER", "WHISPER", "WHISPER"]
    assert [message.sequence for message in sent] == [1, 2, 3, 4]
    assert [message.content for message in sent[1:]] == [(b"1",), (b"2",), (b"3",)]


def test_who_does_not_answer_is_not_waited_for() -> None:
    rig = rig_of()
    peer = rig.ready(headers=KIN)
    change_keys(rig)
    whisper(rig, peer, b"held")
    rig.effects()
    rig.run_for(3)
    assert "WHISPER" in rig.commands(peer)


def test_what_is_held_is_bounded() -> None:
    rig = rig_of(Limits(link_messages=4))
    peer = rig.ready(headers=KIN)
    change_keys(rig)
    assert [whisper(rig, peer, b"x") for _ in range(4)] == [*[Outcome.SENT] * 3, Outcome.BLOCKED]


def test_who_leaves_meanwhile_takes_it_along() -> None:
    rig = rig_of()
    peer = rig.ready(headers=KIN)
    change_keys(rig)
    whisper(rig, peer, b"held")
    peer.beacon(port=0)
    rig.run_for(3)
    assert rig.machine.counters.dropped["absent"] == 1


def test_two_who_renew_at_the_same_time_do_not_wait_for_each_other() -> None:
    rig = rig_of()
    peer = rig.ready(headers=KIN)
    change_keys(rig)
    rig.effects()
    peer.send(renewal.PAUSE, renewal.encode_token(7))
    (answer,) = rig.sent(peer)
    assert (answer.command, answer.fields) == ("PAUSED", renewal.encode_token(7))


def test_an_answer_to_another_question_means_nothing() -> None:
    rig = rig_of()
    peer = rig.ready(headers=KIN)
    paused(peer)
    change_keys(rig)
    rig.effects()
    paused(peer, 9)
    assert rig.effects() == []


def test_plain_peers_are_greeted_anew_at_once() -> None:
    rig = rig_of()
    peer = rig.ready()
    change_keys(rig)
    assert rig.commands(peer) == ["HELLO"]


def test_a_node_that_stops_sends_what_it_held() -> None:
    rig = rig_of()
    peer = rig.ready(headers=KIN)
    change_keys(rig)
    whisper(rig, peer, b"held")
    rig.effects()
    rig.machine.stop(rig.now)
    assert "WHISPER" in [message.command for message in rig.sent()]
