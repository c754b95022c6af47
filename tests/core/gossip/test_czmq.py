"""Ours among CZMQ's, in virtual time; tests/interop/test_zgossip.py shows the same with the real one."""

from __future__ import annotations

import pytest

from tests.core.gossip.czmq import Czmq
from tests.core.gossip.rig import Rig
from zyre.wire import gossip


def make(**services: str) -> Rig:
    """Services by name, each "ours" or "czmq"."""
    rig = Rig()
    for name, kind in services.items():
        rig.add(name, Czmq() if kind == "czmq" else None)
    return rig


@pytest.mark.parametrize("hub", ["ours", "czmq"])
def test_we_keep_a_hub_of_either_kind_and_lose_nothing(hub: str) -> None:
    rig = make(hub=hub, a="ours", b="ours", c="czmq")
    rig.join("a>hub", "b>hub", "c>hub")
    rig.run(0.5)
    rig.do("c", "publish", "c", "v")
    for number in range(5):
        rig.run(10.0)  # CZMQ's hub forgets after a second of silence
        rig.do("a", "publish", f"a{number}", "v")
        rig.do("b", "publish", f"b{number}", "v")
    rig.run(1.0)
    everything = {"c": "v"} | {f"{name}{number}": "v" for name in "ab" for number in range(5)}
    assert all(rig.tuples(name) == everything for name in ("hub", "a", "b"))
    assert all(len(rig.delivered[name]) == len(everything) for name in ("hub", "a", "b")), "each once"


def test_czmq_never_sees_a_message_of_our_own() -> None:
    """A CZMQ service ends at the first frame that it does not know, and so does its model."""
    rig = make(hub="czmq", a="ours", b="ours", other="czmq")
    rig.join("a>hub", "b>hub", "b>a", "other>b", "a>other")
    for name in rig.services:
        rig.do(name, "publish", name, "v")
    rig.run(100.0)
    rig.do("a", "unpublish", "a")
    rig.kill("b")
    rig.run(200.0)
    own = [(source, target) for source, target, frame in rig.carried if gossip.is_own(frame)]
    assert own
    assert all({source, target} == {"a", "b"} for source, target in own)


def test_what_a_czmq_hub_said_invalid_to_is_said_again() -> None:
    rig = make(hub="czmq", a="ours")
    rig.join("a>hub")
    rig.run(0.2)
    rig.silence("a", "hub")  # longer than the second after which the hub forgets, shorter than we take it for gone
    rig.run(1.2)
    rig.silence("a", "hub", False)
    rig.do("a", "publish", "k", "v")
    rig.run(0.5)
    assert rig.agree({"k": "v"})
    assert rig.ours("a").counters.invalid_received == 1


def test_two_words_at_once_do_not_bounce_through_us() -> None:
    rig = make(hub="ours", a="czmq", b="czmq", c="ours")
    rig.join("a>hub", "b>hub", "c>hub")
    rig.run(0.5)
    rig.carried.clear()
    for name in "abc":
        rig.do(name, "publish", "k", name)
    rig.run(10.0)
    assert len({rig.tuples(name)["k"] for name in rig.services}) == 1
    assert len([frame for _, _, frame in rig.carried if frame[2:4] == b"\x02\x01"]) < 30


def test_a_key_that_bounces_between_two_of_czmqs_is_damped() -> None:
    rig = make(hub="ours", a="czmq", b="czmq", c="ours")
    rig.join("a>hub", "b>a", "c>hub")
    rig.run(0.5)
    for name in "ab":
        rig.do(name, "publish", "k", name)
    rig.run(3.0)
    assert len(rig.delivered["a"]) > 500, "that is what they do to each other"
    assert len(rig.delivered["c"]) <= 32, "ten times a second at the most"


def test_a_tuple_of_czmqs_ends_when_nobody_has_it_any_more() -> None:
    rig = make(hub="ours", a="ours", foreign="czmq")
    rig.join("a>hub", "foreign>hub")
    rig.do("foreign", "publish", "k", "v")
    rig.run(200.0)
    assert rig.tuples("a") == {"k": "v"}, "however silent: it is connected"
    rig.kill("foreign")
    rig.run(90.0)
    assert rig.tuples("a") == rig.tuples("hub") == {}


def test_another_of_us_takes_over_what_one_cannot_vouch_for_any_more() -> None:
    rig = make(hub="ours", a="ours", foreign="czmq", other="czmq")
    rig.join("a>hub", "foreign>a", "other>hub", "foreign>other")
    rig.do("foreign", "publish", "k", "v")
    rig.run(5.0)
    rig.kill("a")
    rig.run(300.0)
    assert rig.tuples("hub") == {"k": "v"}


def test_a_withdrawn_tuple_does_not_come_back_from_who_cannot_be_told() -> None:
    rig = make(hub="ours", a="ours", b="ours", foreign="czmq")
    rig.join("a>hub", "b>hub", "foreign>hub", "foreign>b")
    rig.do("a", "publish", "k", "v")
    rig.run(1.0)
    rig.do("a", "unpublish", "k")
    rig.run(1.0)
    rig.reset("foreign", "hub")
    rig.do("foreign", "publish", "other", "v")
    rig.run(5.0)
    assert rig.tuples("hub") == rig.tuples("b") == {"other": "v"}
    rig.do("foreign", "publish", "k", "another")
    rig.run(1.0)
    assert rig.tuples("a")["k"] == "another", "a new word is one"


def test_a_withdrawal_counts_also_where_the_tuple_was_taken_for_czmqs() -> None:
    """The later service hears it first by the CZMQ hub, and adopts it."""
    for order in (("b", "a"), ("a", "b")):
        rig = make(hub="czmq", **dict.fromkeys(order, "ours"))
        rig.join("a>hub", "b>hub")
        rig.run(0.5)
        rig.do("a", "publish", "k", "v")
        rig.run(0.5)
        rig.join("b>a")
        rig.run(1.0)
        rig.do("a", "unpublish", "k")
        rig.run(5.0)
        assert rig.tuples("a") == rig.tuples("b") == {}


def test_a_hub_of_czmqs_that_starts_again_is_told_everything() -> None:
    rig = make(hub="czmq", a="ours", b="ours")
    rig.join("a>hub", "b>hub")
    for name in "ab":
        rig.do(name, "publish", name, "v")
    rig.run(1.0)
    rig.kill("hub")
    rig.add("hub", Czmq())
    rig.run(3.0)
    assert rig.agree({"a": "v", "b": "v"})


def test_what_is_known_of_a_czmq_neighbour_is_bounded_by_the_table() -> None:
    rig = make(foreign="czmq")
    rig.add("hub", tuples=20)
    rig.join("foreign>hub")
    rig.run(0.1)
    for number in range(200):
        rig.do("foreign", "publish", f"k{number}", "v")
    rig.run(30.0)
    (neighbour,) = rig.ours("hub")._clients.values()
    assert len(neighbour.has) == 20
    assert neighbour.told == {}
