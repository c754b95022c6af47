from __future__ import annotations

from typing import Any

from tests.core.rig import Foreign, Rig
from zyre.config import Timing
from zyre.core.effects import ListProven
from zyre.wire import bulletin

KIN = {"X-ZYRE-EXT": "bulletin"}
EXTENSIONS = ("bulletin",)


def member(**options: Any) -> Rig:
    return Rig(certificate="signed", extensions=EXTENSIONS, timing=Timing(confirm=1.0), **options)


def proven(rig: Rig, version: int = 7, octets: bytes = b"list") -> None:
    rig.machine.receive_report(ListProven(version, octets), rig.now)


def say(peer: Foreign, message_id: int, version: int) -> None:
    peer.send(message_id, bulletin.encode_version(version))


def test_peers_are_told_of_a_new_list_and_are_given_it() -> None:
    rig = member()
    peer = rig.ready(headers=KIN)
    proven(rig)
    (notice,) = rig.sent(peer)
    assert (notice.command, notice.fields) == ("NOTICE", bulletin.encode_version(7))
    say(peer, bulletin.NOTED, 0)
    (given,) = rig.sent(peer)
    assert (given.command, given.fields) == ("BULLETIN", b"list")
    say(peer, bulletin.NOTED, 7)
    rig.run_for(5)
    assert not {"NOTICE", "BULLETIN"} & set(rig.commands(peer))


def test_newcomers_are_told() -> None:
    rig = member()
    proven(rig)
    peer = Foreign(rig, 1)
    peer.hello(headers=KIN)
    assert "NOTICE" in rig.commands(peer)


def test_who_does_not_note_it_is_told_again_and_ever_more_seldom() -> None:
    rig = member()
    peer = rig.ready(headers=KIN)
    proven(rig)
    rig.effects()
    counts = []
    for _ in range(4):
        rig.run_for(8)
        peer.whisper()  # a sign of life
        counts.append(rig.commands(peer).count("NOTICE"))
    assert counts[0] >= 3
    assert counts[-1] <= 1
    say(peer, bulletin.NOTED, 7)
    rig.run_for(50)
    assert "NOTICE" not in rig.commands()


def test_a_peer_that_knows_more_is_asked() -> None:
    rig = member()
    peer = rig.ready(headers=KIN)
    say(peer, bulletin.NOTICE, 9)
    (noted,) = rig.sent(peer)
    assert (noted.command, noted.fields) == ("NOTED", bulletin.encode_version(0))
    peer.send(bulletin.BULLETIN, b"list")
    other = rig.ready(2, headers=KIN)
    proven(rig, 9)
    assert [message.command for message in rig.sent()] == ["NOTED", "NOTICE"]
    assert other.record.name == "peer2"


def test_an_earlier_list_changes_nothing() -> None:
    rig = member()
    peer = rig.ready(headers=KIN)
    proven(rig, 7)
    say(peer, bulletin.NOTED, 7)
    rig.effects()
    proven(rig, 6, b"older")
    assert rig.sent() == []
    say(peer, bulletin.NOTICE, 3)
    assert rig.sent(peer)[0].fields == b"list"


def test_nodes_that_are_no_members_say_nothing_of_it() -> None:
    rig = Rig(extensions=EXTENSIONS)
    peer = rig.ready(headers=KIN)
    proven(rig)
    say(peer, bulletin.NOTICE, 3)
    assert rig.sent() == []
    assert rig.count("message_unknown") == 1


def test_plain_peers_are_told_nothing() -> None:
    rig = member()
    rig.ready()
    proven(rig)
    rig.run_for(5)
    assert not {"NOTICE", "BULLETIN", "NOTED"} & set(rig.commands())


def test_what_is_broken_is_counted() -> None:
    rig = member()
    peer = rig.ready(headers=KIN)
    for message_id in (bulletin.NOTICE, bulletin.NOTED, bulletin.BULLETIN):
        peer.send(message_id, b"")
    assert rig.count("frame_malformed") == 3
