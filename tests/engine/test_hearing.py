"""A node that expects the beacons of those it knows: they count, and whoever comes or goes is noticed."""

from __future__ import annotations

import sys
from contextlib import ExitStack

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support.nodes import expect, until
from zyre.engine.ears import delay_of
from zyre.engine.rungs import Rungs

pytestmark = [pytest.mark.lan, pytest.mark.skipif(sys.platform != "linux", reason="no kernel tells news elsewhere")]

OFTEN = zyre.NodeConfig(timing=zyre.Timing(ask=0.5, beacon=0.1))


def rungs_of(node: zyre.Node) -> Rungs:
    rungs: Rungs = node._host.transport.beacons  # type: ignore[attr-defined]
    assert rungs.has_bell
    return rungs


def test_who_is_known_is_expected_until_it_goes() -> None:
    port = unused_port()
    with zyre.Node("one", port=port, interface="lo", config=OFTEN) as one:
        until(lambda: len(rungs_of(one)._expected) == 1, "its own beacon, which comes back to it")
        with zyre.Node("two", port=port, interface="lo", config=OFTEN) as two:
            expect(one, zyre.Enter, peer=two.uuid)
            until(lambda: len(rungs_of(one)._expected) == 2, "its own beacon and the other's")
            before = one.statistics().beacons_received
            until(lambda: one.statistics().beacons_received > before + 3, "beacons that did not ring")
            with zyre.Node("three", port=port, interface="lo", config=OFTEN) as three:
                expect(one, zyre.Enter, peer=three.uuid)
                until(lambda: len(rungs_of(one)._expected) == 3)
            expect(one, zyre.Exit, peer=three.uuid)
        expect(one, zyre.Exit, peer=two.uuid)
        until(lambda: len(rungs_of(one)._expected) == 1)
        assert not one.statistics().violations


def test_who_is_quiet_is_expected_no_more() -> None:
    """Its next beacon is news."""
    port = unused_port()
    with (
        zyre.Node("one", port=port, interface="lo", config=OFTEN) as one,
        zyre.Node("two", port=port, interface="lo", config=OFTEN) as two,
    ):
        expect(one, zyre.Enter, peer=two.uuid)
        until(lambda: len(rungs_of(one)._expected) == 2)
        vigil = one._host.machine.vigil  # type: ignore[attr-defined]
        with one._host._lock:  # type: ignore[attr-defined]
            vigil.doubt(one._host.machine._directory.by_id[two.uuid])  # type: ignore[attr-defined]
        until(lambda: len(rungs_of(one)._expected) == 1)
        until(lambda: len(rungs_of(one)._expected) == 2, "an answer ends the doubt")


def test_each_has_a_turn_of_its_own() -> None:
    """Without a word between them: they know the same beacons."""
    port, count = unused_port(), 5
    with ExitStack() as stack:
        nodes = [stack.enter_context(zyre.Node(port=port, interface="lo", config=OFTEN)) for _ in range(count)]
        nodes.sort(key=lambda node: node.uuid.octets)
        turns = [delay_of(count - 1, before) for before in range(count)]
        until(lambda: [node._host._hearing.ears.delay for node in nodes] == turns)  # type: ignore[attr-defined]
    assert turns[-1] > turns[0]
