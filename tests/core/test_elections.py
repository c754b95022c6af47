from __future__ import annotations

from tests.core.rig import OWN, Rig, peer_id, read
from zyre.core.effects import Send
from zyre.wire import news, zre
from zyre.wire.extension import EXTENSION_HEADER


def test_nobody_leads_a_group_of_which_nothing_is_known() -> None:
    assert Rig().machine.leader("G") is None


def test_standing_alone_leads_when_the_time_is_over() -> None:
    rig = Rig()
    rig.machine.contest("G", rig.now)
    rig.run_for(1.9)
    assert rig.machine.leader("G") is None
    rig.run_for(0.2)
    assert rig.machine.leader("G") == OWN


def test_withdrawing_forgets() -> None:
    rig = Rig()
    rig.machine.contest("G", rig.now)
    rig.run_for(3)
    rig.machine.leave("G", rig.now)
    assert rig.machine.leader("G") is None


def test_a_group_without_peers_in_which_we_do_not_stand_is_forgotten() -> None:
    """Peers name groups as they like, so a group that is gone must cost nothing."""
    rig = Rig()
    peer = rig.ready(1, groups=("stood", "passing"))
    rig.machine.contest("stood", rig.now)
    for group in ("stood", "passing"):
        peer.send(zre.ELECT, zre.encode_vote(group, peer_id(1)))
    known = rig.machine._elections._by_group
    assert set(known) == {"stood", "passing"}
    peer.send(zre.GOODBYE)
    assert set(known) == {"stood"}


def test_plain_peers_are_told_that_we_leave_an_electing_group_before_our_kind_is_told_goodbye() -> None:
    rig = Rig(groups=["G", "H", "I"], extensions=["goodbye"])
    plain = rig.ready(1, groups=("G",))
    kin = rig.ready(2, groups=("G",), headers={EXTENSION_HEADER: "goodbye"})
    rig.machine.contest("G", rig.now)
    rig.machine.contest("I", rig.now)
    rig.effects()
    rig.machine.stop(rig.now)
    sends = [effect for effect in rig.effects() if isinstance(effect, Send)]
    said = [(effect.link == plain.record.link, read(effect)) for effect in sends]
    assert [(to_plain, message.command) for to_plain, message in said] == [
        (True, "LEAVE"),
        (True, "LEAVE"),
        (False, "GOODBYE"),
    ]
    changes = [zre.decode_group_change(b"......" + message.fields) for _, message in said[:2]]
    assert [(change.group, change.status) for change in changes] == [("G", 4), ("I", 5)]
    assert kin.link in {effect.link for effect in sends}
    assert rig.machine.own_groups == {"G", "H", "I"}


def test_a_peer_that_asks_because_it_missed_messages_may_have_missed_votes() -> None:
    rig = Rig(groups=["G"], extensions=["news"])
    peer = rig.ready(6, groups=("G",), headers={EXTENSION_HEADER: "news"})
    rig.machine.contest("G", rig.now)
    rig.run_for(3)
    assert rig.machine.leader("G") == OWN
    rig.effects()
    peer.send(news.ASK)
    assert [command for command in rig.commands(peer) if command != "PING"] == ["TELL", "ELECT"]
