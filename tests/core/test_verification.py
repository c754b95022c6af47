"""A broken connection: asked before told."""

from __future__ import annotations

from tests.core.invariants import check_machine
from tests.core.rig import Foreign, Rig
from zyre.core.effects import LinkAnswered, LinkLost, LinkRefused, Probe
from zyre.events import Event, Exit, Whisper
from zyre.wire import zre
from zyre.wire.extension import EXTENSION_HEADER
from zyre.wire.lives import INCARNATION_HEADER, format_incarnation
from zyre.wire.zre import identity_frame


def lose(peer: Foreign) -> None:
    peer.rig.machine.receive_report(LinkLost(identity_frame(peer.id.octets)), peer.rig.now)


def refuse(peer: Foreign) -> None:
    peer.rig.machine.receive_report(LinkRefused(peer.link), peer.rig.now)


def probes(rig: Rig) -> list[Probe]:
    return [effect for effect in rig.effects() if isinstance(effect, Probe)]


def told(rig: Rig) -> list[Event]:
    check_machine(rig.machine)
    return rig.events()


def test_two_refusals_and_nothing_heard_is_a_crash() -> None:
    rig = Rig()
    peer = rig.ready()
    lose(peer)
    assert probes(rig) == [Probe(peer.link, peer.endpoint)]
    refuse(peer)
    rig.run_for(0.1)
    assert (probes(rig), told(rig)) == ([], [])
    rig.run_for(0.15)
    assert probes(rig) == [Probe(peer.link, peer.endpoint)]
    refuse(peer)
    assert told(rig) == [Exit(peer.id, "peer1", "crashed")]


def test_a_refusal_more_at_the_same_moment_is_no_second_one() -> None:
    rig = Rig()
    peer = rig.ready()
    lose(peer)
    for _ in range(5):
        refuse(peer)
    assert told(rig) == []


def test_what_was_still_on_its_way_comes_before_the_exit() -> None:
    rig = Rig()
    peer = rig.ready()
    lose(peer)
    refuse(peer)
    peer.whisper(b"last words")
    for _ in range(2):
        rig.run_for(0.25)
        refuse(peer)
    assert told(rig) == [Whisper(peer.id, "peer1", (b"last words",)), Exit(peer.id, "peer1", "crashed")]


def test_somebody_who_answers_has_only_lost_a_connection() -> None:
    rig = Rig()
    peer = rig.ready()
    lose(peer)
    rig.effects()
    rig.machine.receive_report(LinkAnswered(peer.link), rig.now)
    assert rig.commands(peer) == ["PING"]
    rig.run_for(1.0)
    assert told(rig) == []


def test_an_answer_between_two_refusals_begins_anew() -> None:
    """A process that starts anew at once, at the same place."""
    rig = Rig()
    peer = rig.ready()
    lose(peer)
    refuse(peer)
    rig.machine.receive_report(LinkAnswered(peer.link), rig.now)
    rig.run_for(0.25)
    refuse(peer)
    assert told(rig) == []


def test_a_beacon_between_two_refusals_makes_us_ask_at_once() -> None:
    """It may be the next life, which beacons as soon as it listens; if it is a late one, nothing comes of it."""
    rig = Rig()
    peer = rig.ready()
    lose(peer)
    rig.effects()
    peer.beacon()
    assert probes(rig) == []
    refuse(peer)
    peer.beacon()
    assert probes(rig) == [Probe(peer.link, peer.endpoint)]
    refuse(peer)
    assert told(rig) == []
    rig.run_for(0.25)
    refuse(peer)
    assert told(rig) == [Exit(peer.id, peer.name, "crashed")]


def test_no_answer_at_all_proves_nothing() -> None:
    rig = Rig()
    peer = rig.ready()
    lose(peer)
    rig.run_for(4.0)
    assert told(rig) == []
    peer.send(zre.PING_OK)
    rig.run_for(4.0)
    assert told(rig) == []


def test_a_host_that_is_back_without_the_process_refuses_when_the_silence_is_looked_into() -> None:
    rig = Rig()
    peer = rig.ready()
    rig.run_for(5.1)
    refuse(peer)
    rig.run_for(0.25)
    refuse(peer)
    assert told(rig)[-1] == Exit(peer.id, "peer1", "crashed")


def test_reports_about_strangers_and_the_gone_change_nothing() -> None:
    rig = Rig()
    peer, pending = rig.ready(1), Foreign(rig, 2)
    pending.beacon()
    link = peer.link
    peer.send(zre.GOODBYE)
    rig.events()
    for identity in (identity_frame(peer.id.octets), identity_frame(pending.id.octets), b"", b"\x01" * 17):
        rig.machine.receive_report(LinkLost(identity), rig.now)
    for number in (link, pending.link, 99):
        rig.machine.receive_report(LinkRefused(number), rig.now)
        rig.machine.receive_report(LinkAnswered(number), rig.now)
    rig.run_for(1.0)
    assert told(rig) == []


def test_somebody_of_our_kind_who_listens_again_is_greeted_as_if_in_answer() -> None:
    """It may be the next life of that node: the same one takes no notice."""
    rig = Rig(extensions=["incarnation"], incarnation=9)
    plain = rig.ready(1)
    kin = rig.ready(2, headers={EXTENSION_HEADER: "incarnation", INCARNATION_HEADER: format_incarnation(5)})
    for peer, said in ((plain, ["PING"]), (kin, ["PING", "HELLO"])):
        lose(peer)
        rig.effects()
        rig.machine.receive_report(LinkAnswered(peer.link), rig.now)
        sent = rig.sent(peer)
        assert [message.command for message in sent] == said
    hello = zre.decode_hello(b"......" + sent[-1].fields)
    assert hello.headers[INCARNATION_HEADER] == format_incarnation(9, answer=True)
