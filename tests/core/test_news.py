from __future__ import annotations

from tests.core.rig import Foreign, Rig, names
from zyre.config import Timing
from zyre.events import Join, Updated
from zyre.wire import news, zre
from zyre.wire.extension import EXTENSION_HEADER

NEWS = {EXTENSION_HEADER: "news"}


def kin(rig: Rig, number: int = 1, **said: object) -> Foreign:
    return rig.ready(number, headers={**NEWS, **said.pop("headers", {})}, **said)  # type: ignore[dict-item]


def test_whoever_does_not_confirm_is_asked_again_and_again_but_less_and_less() -> None:
    rig = Rig(extensions=["news"], timing=Timing(expired=500, silent=400, evasive=300))
    peer = kin(rig)
    rig.machine.join("G", rig.now)
    assert rig.commands(peer) == ["JOIN"]
    asked = []
    for second in range(1, 60):
        rig.run_for(1.0)
        asked += [second for command in rig.commands(peer) if command == "CHECK"]
    assert asked == [2, 4, 8, 16, 32, 48]


def test_whoever_confirms_is_asked_no_more() -> None:
    rig = Rig(extensions=["news"])
    peer = kin(rig)
    rig.machine.join("G", rig.now)
    rig.run_for(2.0)
    (check,) = [message for message in rig.sent(peer) if message.command == "CHECK"]
    assert check.fields[8:] == news.digest_of(["G"], {})
    peer.send(news.CONFIRM, check.fields[:8])
    rig.run_for(4.0)
    assert "CHECK" not in rig.commands(peer)
    rig.machine.leave("G", rig.now)
    rig.run_for(2.0)
    assert "CHECK" in rig.commands(peer), "after a change it is asked again"


def test_a_confirmation_of_the_future_is_none() -> None:
    rig = Rig(extensions=["news"])
    peer = kin(rig)
    peer.send(news.CONFIRM, news.encode_confirm(99))
    rig.machine.join("G", rig.now)
    rig.run_for(2.0)
    assert "CHECK" in rig.commands(peer)


def test_plain_peers_are_left_alone() -> None:
    rig = Rig(extensions=["news"])
    plain = rig.ready(1)
    rig.machine.join("G", rig.now)
    rig.machine.set_header("load", "1", rig.now)
    rig.run_for(2.4)
    assert rig.commands(plain) == ["JOIN"]


def test_a_plain_node_knows_none_of_it() -> None:
    rig = Rig()
    peer = kin(rig)
    rig.machine.set_header("load", "1", rig.now)
    peer.send(news.ASK)
    rig.run_for(2.4)
    assert rig.commands(peer) == []
    assert rig.count("message_unknown") == 1


def test_a_different_digest_is_asked_about_and_the_answer_taken_over() -> None:
    rig = Rig(extensions=["news"])
    peer = kin(rig, headers={"load": "1"})
    peer.send(news.CHECK, news.encode_check(news.Check(1, news.digest_of([], {"load": "1"}))))
    assert rig.commands(peer) == ["CONFIRM"]
    peer.send(news.CHECK, news.encode_check(news.Check(3, news.digest_of(["G"], {"load": "2"}))))
    assert rig.commands(peer) == ["ASK"]
    peer.send(news.TELL, news.encode_tell(news.Tell(3, 1, ("G",), {"load": "2"})))
    assert rig.events() == [Join(peer.id, peer.name, "G"), Updated(peer.id, peer.name, {"load": "2"}, frozenset())]
    assert [(message.command, message.fields) for message in rig.sent(peer)] == [("CONFIRM", (3).to_bytes(8, "big"))]


def test_a_gap_is_asked_about_at_once_but_not_for_every_message() -> None:
    rig = Rig(extensions=["news"])
    peer = kin(rig)
    peer.whisper(b"x", skip=2)
    assert rig.commands(peer) == ["ASK"]
    peer.whisper(b"x", skip=2)
    assert rig.commands(peer) == []
    rig.run_for(2.0)
    peer.whisper(b"x", skip=2)
    assert "ASK" in rig.commands(peer)


def test_ask_is_answered_with_everything() -> None:
    rig = Rig(extensions=["news"], groups=["A"], headers={"role": "gpu", "X-ZYRE-EXT": "mine"})
    peer = kin(rig)
    rig.machine.join("B", rig.now)
    rig.effects()
    peer.send(news.ASK)
    (tell,) = rig.sent(peer)
    assert news.decode_tell(b"xxxxxx" + tell.fields) == news.Tell(1, 2, ("A", "B"), {"role": "gpu"})


def test_headers_are_told_as_differences_and_not_more_often_than_that() -> None:
    rig = Rig(extensions=["news"], headers={"a": "1", "b": "1"}, timing=Timing(news=0.5))
    peer = kin(rig)
    rig.machine.set_header("a", "2", rig.now)
    (first,) = rig.sent(peer)
    change = news.decode_change(b"xxxxxx" + first.fields)
    assert (dict(change.changed), change.removed) == ({"a": "2"}, ())
    assert change.digest == news.digest_of([], {"a": "2", "b": "1"})
    for number in range(100):
        rig.machine.set_header("a", str(number), rig.now)
        rig.machine.change("remove_header", ["b"], rig.now)
        rig.run_for(0.001)
    assert "CHANGE" not in rig.commands(peer)
    rig.run_for(0.5)
    (second,) = [message for message in rig.sent(peer) if message.command == "CHANGE"]
    change = news.decode_change(b"xxxxxx" + second.fields)
    assert (dict(change.changed), change.removed) == ({"a": "99"}, ("b",))
    rig.run_for(1.0)
    assert "CHANGE" not in rig.commands(peer), "nothing has changed since"


def test_what_does_not_change_is_not_told() -> None:
    rig = Rig(extensions=["news"], headers={"a": "1"})
    peer = kin(rig)
    rig.machine.set_header("a", "1", rig.now)
    rig.machine.change("remove_header", ["none"], rig.now)
    rig.run_for(2.4)
    assert rig.commands(peer) == []


def test_a_change_that_does_not_add_up_is_asked_about() -> None:
    rig = Rig(extensions=["news"])
    peer = kin(rig, headers={"a": "1"})
    peer.send(news.CHANGE, news.encode_change(news.Change(5, b"12345678", {"b": "2"}, ("c",))))
    assert names(rig.events()) == ["Updated"]
    assert rig.commands(peer) == ["ASK"]


def test_a_truncated_message_is_a_violation() -> None:
    rig = Rig(extensions=["news"])
    peer = kin(rig)
    for message_id in (news.CHANGE, news.CHECK, news.CONFIRM, news.TELL):
        peer.send(message_id, b"\0")
    assert rig.count("frame_malformed") == 4


def test_a_full_queue_keeps_what_is_said_once() -> None:
    rig = Rig(extensions=["news"])
    peer = kin(rig)
    peer.record.blocked = True
    rig.machine.set_header("a", "1", rig.now)
    peer.send(news.CHECK, news.encode_check(news.Check(1, b"12345678")))
    assert [message_id for message_id, _ in peer.record.backlog] == [news.CHANGE]
    assert zre.JOIN not in dict(peer.record.backlog)
