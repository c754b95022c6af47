"""Asking others about a quiet peer, and answering when others ask."""

from __future__ import annotations

from tests.core.invariants import check_machine
from tests.core.rig import OWN, Foreign, Rig, peer_id
from zyre.core.effects import Send
from zyre.events import Exit
from zyre.wire import probe, zre
from zyre.wire.extension import EXTENSION_HEADER


def kin(rig: Rig, number: int) -> Foreign:
    return rig.ready(number, headers={EXTENSION_HEADER: "probe"})


def asked(rig: Rig, peer: Foreign) -> list[bytes]:
    """About whom that peer was asked."""
    frames = [effect.frames[0] for effect in rig.effects() if isinstance(effect, Send) and effect.link == peer.link]
    return [probe.decode_enquire(frame) for frame in frames if zre.unpack_header(frame)[0] == probe.ENQUIRE]


def answers(rig: Rig, peer: Foreign) -> list[tuple[bytes, float]]:
    frames = [effect.frames[0] for effect in rig.effects() if isinstance(effect, Send) and effect.link == peer.link]
    return [probe.decode_seen(frame) for frame in frames if zre.unpack_header(frame)[0] == probe.SEEN]


def pass_time(rig: Rig, seconds: int, *heard: Foreign) -> None:
    for _ in range(seconds):
        rig.run_for(1.0)
        for peer in heard:
            peer.whisper(b"")


def vouch(witness: Foreign, about: bytes, ago: float) -> None:
    witness.send(probe.SEEN, probe.encode_seen(about, ago))


# -- asking ------------------------------------------------------------------------------------------------------------


def test_others_of_our_kind_are_asked_about_who_is_quiet() -> None:
    rig = Rig(extensions=["probe"])
    quiet, witness, plain = rig.ready(1), kin(rig, 2), rig.ready(3)
    pass_time(rig, 4, witness, plain)
    assert asked(rig, witness) == []
    pass_time(rig, 2, witness, plain)
    effects = [effect for effect in rig.effects() if isinstance(effect, Send)]
    enquiries = [effect for effect in effects if zre.unpack_header(effect.frames[0])[0] == probe.ENQUIRE]
    assert {effect.link for effect in enquiries} == {witness.link}
    assert probe.decode_enquire(enquiries[0].frames[0]) == quiet.id.octets


def test_no_more_than_three_are_asked_at_a_time() -> None:
    rig = Rig(extensions=["probe"])
    rig.ready(1)
    witnesses = [kin(rig, number) for number in range(2, 12)]
    pass_time(rig, 5, *witnesses)
    rig.run_for(0.5)
    links = [effect.link for effect in rig.effects() if isinstance(effect, Send)]
    assert sum(witness.link in links for witness in witnesses) == 3


def test_who_is_heard_by_others_is_not_dead_and_at_last_unreachable() -> None:
    rig = Rig(extensions=["probe"])
    quiet, witness = rig.ready(1), kin(rig, 2)
    for _ in range(28):
        pass_time(rig, 1, witness)
        vouch(witness, quiet.id.octets, 0.5)
    assert quiet.id in rig.machine.roster
    pass_time(rig, 3, witness)
    assert Exit(quiet.id, "peer1", "unreachable") in rig.events()


def test_who_was_heard_by_others_as_long_ago_as_by_us_expires_in_its_time() -> None:
    rig = Rig(extensions=["probe"])
    quiet, witness = rig.ready(1), kin(rig, 2)
    pass_time(rig, 5, witness)
    vouch(witness, quiet.id.octets, 5.0)
    pass_time(rig, 6, witness)
    assert Exit(quiet.id, "peer1", "expired") in rig.events()


def test_nobody_vouches_for_himself_or_for_strangers() -> None:
    rig = Rig(extensions=["probe"])
    witness = kin(rig, 2)
    for about in (witness.id.octets, OWN.octets, peer_id(99).octets):
        vouch(witness, about, 0.0)
    rig.run_for(11.0)
    assert rig.events()[-1] == Exit(witness.id, "peer2", "expired")


# -- answering ---------------------------------------------------------------------------------------------------------


def test_who_was_heard_just_now_is_vouched_for_at_once() -> None:
    rig = Rig(extensions=["probe"])
    asker, peer = kin(rig, 1), rig.ready(2)
    rig.run_for(0.5)
    asker.send(probe.ENQUIRE, probe.encode_enquire(peer.id.octets))
    assert answers(rig, asker) == [(peer.id.octets, 0.5)]


def test_others_are_asked_first() -> None:
    rig = Rig(extensions=["probe"])
    asker, peer = kin(rig, 1), rig.ready(2)
    rig.run_for(2.0)
    asker.send(probe.ENQUIRE, probe.encode_enquire(peer.id.octets))
    assert rig.commands(peer) == ["PING"]
    rig.run_for(0.2)
    peer.send(zre.PING_OK)
    rig.run_for(0.9)
    assert answers(rig, asker) == [(peer.id.octets, 0.8)]


def test_of_who_does_not_answer_nothing_is_said() -> None:
    rig = Rig(extensions=["probe"])
    asker, peer = kin(rig, 1), rig.ready(2)
    rig.run_for(2.0)
    for about in (peer.id, asker.id, peer_id(99)):
        asker.send(probe.ENQUIRE, probe.encode_enquire(about.octets))
    rig.run_for(1.5)
    assert answers(rig, asker) == []


def test_who_slept_is_no_witness_of_what_happened_meanwhile() -> None:
    """Its own patience begins anew, which says nothing of anybody."""
    rig = Rig(extensions=["probe"])
    asker, peer = kin(rig, 1), rig.ready(2)
    rig.now += 60.0
    rig.machine.handle_timeout(rig.now)
    asker.send(probe.ENQUIRE, probe.encode_enquire(peer.id.octets))
    rig.run_for(1.5)
    assert answers(rig, asker) == []


def test_a_thousand_questions_wait_for_no_more_answers_than_can() -> None:
    rig = Rig(extensions=["probe"])
    asker, peer = kin(rig, 1), rig.ready(2)
    rig.run_for(2.0)
    for _ in range(1000):
        asker.send(probe.ENQUIRE, probe.encode_enquire(peer.id.octets))
    assert len(rig.machine._timers) < 300
    peer.send(zre.PING_OK)
    rig.run_for(1.1)
    assert len(answers(rig, asker)) == 256
    check_machine(rig.machine)


def test_a_plain_node_knows_none_of_it() -> None:
    rig = Rig()
    asker, peer = kin(rig, 1), rig.ready(2)
    asker.send(probe.ENQUIRE, probe.encode_enquire(peer.id.octets))
    assert rig.effects() == []
    assert rig.count("message_unknown") == 1
