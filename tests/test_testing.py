"""A LAN in a test suite: ordinary programs over zyre.Node in virtual time."""

from __future__ import annotations

import pytest

import zyre
from zyre.sim.chart import describe_message
from zyre.sim.checkers import CheckFailed
from zyre.streams import Stream
from zyre.testing import LOSSY_WIFI, Lan, simulated
from zyre.wire import zre

pytest_plugins = ["pytester"]


def echo(node: zyre.Node) -> None:
    """A program as anybody would write it: it answers whispers for ever."""
    for event in node:
        if isinstance(event, zyre.Whisper):
            node.whisper(event, b"re:", *event.content)


def ask(node: zyre.Node, peer: zyre.PeerId) -> tuple[bytes, ...]:
    """Another one: it asks and waits for the answer."""
    node.whisper(peer, "hello")
    for event in node.stream().of(zyre.Whisper).timeout(5):
        return event.content
    return ()


def test_ordinary_programs_run_unchanged(lan: Lan) -> None:
    alice, bob = lan.node("alice"), lan.node("bob")
    lan.settle()
    lan.spawn(echo, bob)
    asked = lan.spawn(ask, alice, bob.uuid)
    lan.run_for(1)
    assert asked.finished
    assert asked.result == (b"re:", b"hello")


def test_the_test_itself_can_wait(lan: Lan) -> None:
    alice, bob = lan.node("alice"), lan.node("bob")
    entered = alice.recv(timeout=5)
    assert isinstance(entered, zyre.Enter)
    bob.recv(timeout=5)
    assert bob.whisper(alice, "hi")
    assert alice.recv(timeout=5) == zyre.Whisper(bob.uuid, "bob", (b"hi",))
    before = lan.now
    with pytest.raises(zyre.RecvTimeout):
        alice.recv(timeout=3)
    assert lan.now == pytest.approx(before + 3)


def test_streams_and_handlers_keep_virtual_time(lan: Lan) -> None:
    alice, bob = lan.node("alice", groups=["G"]), lan.node("bob", groups=["G"])
    lan.settle()
    heard = []
    alice.on(zyre.Shout)(heard.append)
    bob.shout("G", "one")
    ticks = Stream.merge(alice.stream().of(zyre.Shout), Stream.every(1.0, alice)).until(3.5)
    assert [item for item in ticks if isinstance(item, int)] == [1, 2, 3]
    assert [event.content for event in heard] == [(b"one",)]


def test_a_partition_expires_and_heals(lan: Lan) -> None:
    alice, bob, carol = (lan.node(name) for name in ("alice", "bob", "carol"))
    lan.settle()
    lan.partition([alice], [bob, carol])
    assert lan.run_until(lambda: not alice.peers and len(bob.peers) == 1) <= 31
    assert [peer.name for peer in bob.peers] == ["carol"]
    lan.heal()
    lan.settle()
    reasons = [event.reason for event in alice.stream().of(zyre.Exit).until(0.001)]
    assert reasons == ["expired", "expired"]


def test_who_dies_and_starts_again(lan: Lan) -> None:
    alice, bob = lan.node("alice"), lan.node("bob")
    lan.settle()
    lan.kill(bob)
    again = lan.restart(bob)
    lan.settle()
    assert again.uuid != bob.uuid
    assert [event.reason for event in alice.stream().of(zyre.Exit).until(0.001)] == ["replaced"]
    same = lan.restart(again, same_identity=True) if lan.kill(again) is None else again
    lan.settle()
    assert same.uuid == again.uuid


@pytest.mark.parametrize("what", ["stall", "suspend", "unplug"])
def test_a_short_absence_changes_nobody_in_the_end(lan: Lan, what: str) -> None:
    alice, bob = lan.node("alice"), lan.node("bob")
    lan.settle()
    getattr(lan, what)(bob, 8)
    lan.run_for(8)
    lan.settle()
    assert not list(alice.stream().of(zyre.Exit).until(0.001))


def test_durable_messages_outlive_both_programs(lan: Lan) -> None:
    alice, bob = (lan.node(name, store=True) for name in ("alice", "bob"))
    lan.settle()
    lan.kill(bob)
    receipt = alice.whisper(bob.uuid, "bill", mode="durable")
    lan.run_for(1)
    assert receipt.stored
    lan.kill(alice)
    again = [lan.restart(node, same_identity=True) for node in (alice, bob)]
    told = next(iter(again[1].stream().of(zyre.DurableWhisper).timeout(10)))
    assert told.content == (b"bill",)


def test_one_way_paths_and_hidden_computers(lan: Lan) -> None:
    alice, bob = lan.node("alice"), lan.node("bob", start=False)
    lan.hide(bob)
    bob.start()
    lan.run_for(3)
    assert "bob" in [peer.name for peer in alice.peers], "the hidden one can connect, and say HELLO"
    assert not bob.peers, "and nobody can connect back to it"


def test_bad_weather_delays_and_loses_no_message(lan: Lan) -> None:
    alice, bob = lan.node("alice"), lan.node("bob")
    lan.weather(LOSSY_WIFI)
    lan.settle()
    for number in range(100):
        alice.whisper(bob, f"#{number}")
    lan.run_for(30)
    numbers = [event.content[0] for event in bob.stream().of(zyre.Whisper).until(0.001)]
    assert numbers == [f"#{number}".encode() for number in range(100)]


def test_settle_says_who_does_not_agree(lan: Lan) -> None:
    alice, bob = lan.node("alice"), lan.node("bob")
    lan.partition([alice], [bob])
    with pytest.raises(CheckFailed, match=r"alice misses \['bob'\]"):
        lan.settle(within=10)


def test_nodes_of_elsewhere_are_refused(lan: Lan) -> None:
    with simulated() as other:
        stranger = other.node("stranger")
        with pytest.raises(zyre.UsageError, match=r"lan\.node"):
            lan.kill(stranger)


def test_an_error_in_a_program_is_the_tests(lan: Lan) -> None:
    def broken(node: zyre.Node) -> None:
        node.recv()
        raise ValueError("as programs do")

    alice = lan.node("alice")
    lan.spawn(broken, alice)
    lan.node("bob")
    with pytest.raises(ValueError, match="as programs do"):
        lan.run_for(5)


def test_a_wait_that_would_never_end_is_an_error() -> None:
    with simulated() as lan:
        node = lan.node("alone", start=False)
        node.stop()
        with pytest.raises(zyre.NodeStopped):
            node.recv()


def test_the_same_seed_gives_the_same_history() -> None:
    def history(seed: int) -> str:
        with simulated(seed, LOSSY_WIFI) as lan:
            nodes = [lan.node(f"n{number}", groups=["G"]) for number in range(5)]
            lan.run_for(20)
            nodes[0].shout("G", "x")
            lan.kill(nodes[1])
            lan.run_for(40)
            return lan.chart(last=10_000)

    assert history(7) == history(7)
    assert history(7) != history(8)


def test_a_chart_has_a_name_for_every_message(lan: Lan) -> None:
    understood = lan.sims([lan.node("alice")])[0].machine._handlers
    described = [describe_message([zre.pack_header(message_id, 1) + bytes(64)]) for message_id in understood]
    assert len(described) > 30
    assert not [text for text in described if text.startswith("id ")]


def test_a_failing_test_prints_seed_and_chart(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_fails(lan):
            alice, bob = lan.node("alice"), lan.node("bob")
            lan.run_for(1)
            assert not alice.peers
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*simulated network*", "*--zyre-seed *", "*HELLO 1*", "*Enter bob*"])


def test_the_seed_can_be_given(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_seed(lan):\n    assert lan.seed == 17")
    pytester.runpytest_subprocess("-p", "no:cacheprovider", "--zyre-seed", "17").assert_outcomes(passed=1)
