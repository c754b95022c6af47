from __future__ import annotations

import random

import pytest

from tests.core.gossip.rig import Rig
from zyre.core.gossip.delivery import Delivery
from zyre.core.gossip.effects import OpenRemote, Reply, Say
from zyre.core.gossip.rules import CLIENT_RULES, HUB_RULES, Phase
from zyre.wire import gossip, zgossip
from zyre.wire.zgossip import HELLO, INVALID, PING, PONG, PUBLISH, encode_command, encode_publish

HUB_AND_TWO = ("hub", "a", "b")


@pytest.fixture
def rig() -> Rig:
    made = Rig()
    for name in HUB_AND_TWO:
        made.add(name)
    made.join("a>hub", "b>hub")
    made.run(1.0)
    return made


def keys(rig: Rig, name: str) -> list[str]:
    return [delivery.key for delivery in rig.delivered[name]]


def tuples_between(rig: Rig, one: str, other: str) -> int:
    """How many tuples went from one to another."""
    frames = [frame for source, target, frame in rig.carried if (source, target) == (one, other)]
    return sum(len(gossip.decode_tuples(frame)) for frame in frames if frame[:4] == b"\xaa\xa2\x07\x01")


# -- tuples ------------------------------------------------------------------------------------------------------------


def test_every_service_gets_each_tuple_once_its_own_too(rig: Rig) -> None:
    for name in HUB_AND_TWO:
        rig.do(name, "publish", name, "here")
    rig.run(0.1)
    assert all(sorted(keys(rig, name)) == ["a", "b", "hub"] for name in HUB_AND_TWO)
    assert rig.agree(dict.fromkeys(HUB_AND_TWO, "here"))
    rig.run(100.0)
    assert all(len(keys(rig, name)) == 3 for name in HUB_AND_TWO), "and nothing more, however long"


def test_what_was_there_before_is_told_to_whoever_comes(rig: Rig) -> None:
    rig.do("a", "publish", "k", "v")
    rig.do("a", "publish", "lasting", "v", lasting=True)
    rig.run(1.0)
    rig.add("late")
    rig.join("late>b")
    rig.run(0.1)
    assert rig.agree({"k": "v", "lasting": "v"})


def test_tuples_of_one_publisher_come_in_order_also_while_it_connects() -> None:
    rig = Rig()
    for name in HUB_AND_TWO:
        rig.add(name)
    rig.join("b>hub")
    rig.run(1.0)
    rig.join("a>hub")
    for number in range(40):
        rig.do("a", "publish", f"k{number}", "v")
        rig.run(0.0005)
    rig.run(0.1)
    assert keys(rig, "b") == [f"k{number}" for number in range(40)]


def test_a_changed_value_replaces_the_old_one(rig: Rig) -> None:
    for value in ("1", "2", "2", "3"):
        rig.do("a", "publish", "k", value)
    rig.run(0.1)
    assert [delivery.value for delivery in rig.delivered["b"]] == ["1", "2", "3"]


def test_a_withdrawal_reaches_everybody(rig: Rig) -> None:
    rig.do("a", "publish", "k", "v")
    rig.run(0.1)
    assert rig.do("a", "unpublish", "k")
    assert not rig.do("a", "unpublish", "k")
    rig.run(0.1)
    assert rig.agree({})
    assert rig.delivered["b"] == [Delivery("k", "v"), Delivery("k", None, "withdrawn")]
    rig.do("a", "publish", "k", "v")
    rig.run(0.1)
    assert rig.agree({"k": "v"})


def test_two_words_at_the_same_time_end_in_one(rig: Rig) -> None:
    for name in HUB_AND_TWO:
        rig.do(name, "publish", "k", f"of {name}")
    rig.run(1.0)
    assert len({tuple(rig.tuples(name).items()) for name in HUB_AND_TWO}) == 1
    assert all(len(keys(rig, name)) <= 3 for name in HUB_AND_TWO)


def test_a_service_that_leaves_takes_its_tuples_along_but_for_lasting_ones(rig: Rig) -> None:
    rig.do("a", "publish", "presence", "v")
    rig.do("a", "publish", "setting", "v", lasting=True)
    rig.do("b", "publish", "other", "v")
    rig.run(0.1)
    rig.do("a", "leave")
    rig.run(0.1)
    assert rig.tuples("b") == {"setting": "v", "other": "v"}


def test_a_service_that_dies_takes_them_along_after_the_lease(rig: Rig) -> None:
    rig.do("a", "publish", "presence", "v")
    rig.do("a", "publish", "setting", "v", lasting=True)
    rig.run(100.0)
    assert len(rig.tuples("b")) == 2, "alive for longer than a lease"
    rig.kill("a")
    rig.run(30.0)
    assert len(rig.tuples("b")) == 2
    rig.run(50.0)
    assert rig.tuples("hub") == rig.tuples("b") == {"setting": "v"}
    assert rig.delivered["b"][-1] == Delivery("presence", None, "lapsed")


def test_a_tuple_with_a_time_to_live_ends_with_it(rig: Rig) -> None:
    rig.do("a", "publish", "k", "v", ttl=2.0)
    rig.run(1.0)
    assert rig.agree({"k": "v"})
    rig.do("a", "publish", "k", "v", ttl=2.0)
    rig.run(1.5)
    assert rig.agree({"k": "v"}), "said again, and so for longer"
    rig.run(1.0)
    assert rig.agree({})


def test_two_who_publish_the_same_do_not_depend_on_each_other(rig: Rig) -> None:
    for name in ("a", "b"):
        rig.do(name, "publish", "service", "here")
    rig.run(30.0)
    rig.do("a", "unpublish", "service")
    rig.run(1.0)
    assert rig.tuples("hub") == {"service": "here"}
    rig.do("a", "publish", "service", "here")
    rig.run(30.0)
    rig.kill("a")
    rig.run(200.0)
    assert rig.agree({"service": "here"})


# -- networks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_any_connected_network_agrees_cycles_or_not(seed: int) -> None:
    chance = random.Random(seed)
    rig = Rig()
    names = [f"s{number}" for number in range(12)]
    for name in names:
        rig.add(name)
    for number, name in enumerate(names[1:], 1):
        rig.join(f"{name}>{chance.choice(names[:number])}")
    for _ in range(6):
        rig.join(">".join(chance.sample(names, 2)))
    rig.do(names[0], "connect", names[0])
    for name in names:
        rig.do(name, "publish", f"of {name}", "v")
        rig.do(name, "publish", "of all", name)
    rig.run(2.0)
    expected = {f"of {name}": "v" for name in names} | {"of all": rig.tuples(names[0])["of all"]}
    assert rig.agree(expected)
    assert all(keys(rig, name).count(f"of {other}") == 1 for name in names for other in names)


def test_nothing_is_sent_again_to_who_has_it(rig: Rig) -> None:
    for number in range(300):
        rig.do("a", "publish", f"k{number}", "v")
    rig.run(1.0)
    assert tuples_between(rig, "a", "hub") == tuples_between(rig, "hub", "b") == 300
    assert tuples_between(rig, "hub", "a") == tuples_between(rig, "b", "hub") == 0
    rig.carried.clear()
    rig.reset("b", "hub")
    rig.do("b", "publish", "new", "v")
    rig.run(5.0)
    assert len(rig.tuples("hub")) == 301
    assert tuples_between(rig, "hub", "b") == 0
    assert tuples_between(rig, "b", "hub") == 1


def test_a_hub_that_starts_again_knows_everything_within_three_seconds(rig: Rig) -> None:
    for name in ("a", "b"):
        rig.do(name, "publish", name, "v")
    rig.run(1.0)
    rig.kill("hub")
    rig.run(10.0)
    rig.do("a", "publish", "meanwhile", "v")
    rig.add("hub")
    rig.run(3.0)
    assert rig.agree({"a": "v", "b": "v", "meanwhile": "v"})


def test_a_hub_that_is_there_again_at_once_is_noticed(rig: Rig) -> None:
    rig.do("a", "publish", "k", "v")
    rig.run(1.0)
    rig.kill("hub")
    rig.add("hub")
    rig.run(3.0)
    assert rig.agree({"k": "v"})


def test_a_cable_that_is_pulled_is_noticed_by_silence(rig: Rig) -> None:
    rig.do("a", "publish", "k", "1")
    rig.run(1.0)
    rig.silence("a", "hub")
    rig.do("a", "publish", "k", "2")
    rig.run(20.0)
    assert rig.tuples("b") == {"k": "1"}
    rig.silence("a", "hub", False)
    rig.run(4.0)
    assert rig.agree({"k": "2"})


def test_who_is_cut_off_for_long_comes_back_with_what_is_his(rig: Rig) -> None:
    rig.do("a", "publish", "mine", "v")
    rig.do("b", "publish", "other", "v")
    rig.run(1.0)
    rig.silence("a", "hub")
    rig.do("b", "unpublish", "other")
    rig.run(400.0)
    assert rig.tuples("hub") == {}
    assert rig.tuples("a") == {"mine": "v"}
    rig.silence("a", "hub", False)
    rig.run(30.0)
    assert rig.agree({"mine": "v"}), "what was withdrawn meanwhile does not come back"


def test_a_thousand_tuples_are_told_in_a_moment() -> None:
    rig = Rig()
    rig.add("hub")
    for number in range(3000):
        rig.do("hub", "publish", f"key {number}", "v" * 50)
    rig.add("a")
    rig.join("a>hub")
    rig.run(0.1)
    assert rig.tuples("a") == rig.tuples("hub")
    assert max(len(frame) for _, _, frame in rig.carried) < 140_000


def test_a_service_does_not_talk_to_itself() -> None:
    rig = Rig()
    rig.add("one")
    rig.join("one>one")
    rig.run(1.0)
    assert len(rig.ours("one")._remotes) == 0


def test_one_that_is_told_to_disconnect_hears_nothing_more(rig: Rig) -> None:
    rig.do("b", "disconnect", "hub")
    rig.do("b", "disconnect", "nobody")
    rig.run(1.0)
    rig.do("a", "publish", "k", "v")
    rig.run(10.0)
    assert rig.tuples("b") == {}
    assert rig.ours("hub").clients == 1


def test_a_table_that_is_full_is_not_compared_for_ever() -> None:
    rig = Rig()
    rig.add("hub")
    rig.add("small", tuples=10)
    rig.join("small>hub")
    for number in range(40):
        rig.do("hub", "publish", f"k{number}", "v")
    rig.run(10.0)
    assert len(rig.tuples("small")) == 10
    compared = rig.ours("small").resyncs
    rig.run(100.0)
    assert rig.ours("small").resyncs == compared


# -- one machine by itself ---------------------------------------------------------------------------------------------


def said(rig: Rig, *frames: bytes, client: bytes = b"\0anon") -> list[bytes]:
    """What the hub answers to a client that no rig carries."""
    hub = rig.ours("hub")
    for frame in frames:
        hub.receive_frames((client, frame), rig.now)
    rig._arm("hub")
    return [effect.frame for effect in hub.take_effects() if isinstance(effect, Reply) and effect.client == client]


def test_a_foreign_client_is_answered_as_czmq_does() -> None:
    rig = Rig()
    rig.add("hub")
    assert said(rig, encode_command(PING)) == [encode_command(PONG)]
    assert said(rig, encode_publish("k", "v")) == [encode_command(INVALID)]
    assert said(rig, encode_command(HELLO)) == []
    assert said(rig, encode_publish("k", "v")) == []
    assert said(rig, encode_command(HELLO), client=b"\0other") == [encode_publish("k", "v")]
    assert said(rig, encode_command(PONG)) == [encode_command(INVALID)]
    assert rig.tuples("hub") == {"k": "v"}


def test_a_second_hello_is_answered_by_everything_again() -> None:
    rig = Rig()
    rig.add("hub")
    rig.do("hub", "publish", "k", "v")
    assert said(rig, encode_command(HELLO), encode_command(HELLO)) == [encode_publish("k", "v")] * 2


@pytest.mark.parametrize(
    "frame",
    [b"", b"\xaa", b"\xaa\xa0\x09\x01", b"\xaa\xa0\x02\x01\x05k", gossip.encode_root(gossip.PULSE, 1), b"\xaa\xa2"],
)
def test_what_is_no_message_is_counted_and_nothing_else(frame: bytes) -> None:
    rig = Rig()
    rig.add("hub")
    said(rig, encode_command(HELLO))
    assert said(rig, frame) == []
    assert rig.ours("hub").counters.violations == 1
    rig.ours("hub").receive_frames((b"\0anon", encode_command(PING), b"more"), 0.0)
    assert rig.ours("hub").counters.violations == 2
    assert said(rig, encode_command(PING)) == [encode_command(PONG)]


def test_a_client_of_our_kind_that_the_hub_forgot_is_told_to_begin_anew() -> None:
    rig = Rig()
    rig.add("hub")
    client = gossip.MARK + b"x" * 20
    assert said(rig, gossip.encode_root(gossip.PULSE, 1), client=client) == [encode_command(INVALID)]


def test_clients_expire_as_in_czmq_if_that_is_wanted() -> None:
    rig = Rig()
    rig.add("hub")
    rig.do("hub", "expire_clients_after", 0.1)
    said(rig, encode_command(HELLO))
    rig.run(0.05)
    assert said(rig, encode_command(PING)) == [encode_command(PONG)]
    rig.run(0.11)
    assert rig.ours("hub").clients == 0
    assert said(rig, encode_publish("k", "v")) == [encode_command(INVALID)]


def test_a_silent_client_stays_while_it_is_connected() -> None:
    rig = Rig()
    rig.add("hub")
    said(rig, encode_command(HELLO))
    hub = rig.ours("hub")
    hub.handle_timeout(5.0)
    assert hub.take_effects() == [Reply(b"\0anon", encode_command(PONG))], "which CZMQ's clients ignore"
    hub.handle_timeout(10.0)
    rig.now = 10.0
    rig._settle("hub")
    assert hub.clients == 0, "it could not be sent"


def test_clients_are_bounded() -> None:
    rig = Rig()
    rig.add("hub", neighbours=3)
    for number in range(5):
        said(rig, encode_command(HELLO), client=bytes([0, number]))
    assert (rig.ours("hub").clients, rig.ours("hub").counters.clients_refused) == (3, 2)


def test_a_plain_service_says_nothing_that_czmq_does_not() -> None:
    rig = Rig()
    rig.add("hub")
    rig.add("plain", plain=True)
    rig.add("other", plain=True)
    rig.join("plain>hub", "hub>other", "other>plain")
    for name in rig.services:
        rig.do(name, "publish", name, "v")
    rig.run(30.0)
    assert rig.agree({"hub": "v", "plain": "v", "other": "v"})
    assert not [frame for _, _, frame in rig.carried if gossip.is_own(frame)]


def test_a_client_begins_with_hello_and_ping() -> None:
    rig = Rig()
    machine = rig.add("a")
    machine.connect("tcp://x:1", 0.0, "key")
    opened, *said = machine.take_effects()
    assert isinstance(opened, OpenRemote)
    assert (opened.endpoint, opened.public_key, opened.identity[:5]) == ("tcp://x:1", "key", gossip.MARK)
    assert said == [Say(1, encode_command(HELLO)), Say(1, encode_command(PING))]


def test_every_command_has_a_rule_in_every_phase() -> None:
    commands = (HELLO, PUBLISH, PING, PONG, INVALID)
    assert set(zgossip.COMMAND_NAMES) == set(commands)
    for rules in (HUB_RULES, CLIENT_RULES):
        assert set(rules) == {(phase, command) for phase in Phase for command in commands}
