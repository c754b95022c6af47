"""Real nodes that keep their identity: starts in quick succession, and two of one identity at once."""

from __future__ import annotations

from pathlib import Path

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support.nodes import drain, expect, until
from zyre import Collision, Enter, Exit

pytestmark = pytest.mark.lan


def test_starts_in_quick_succession_are_one_exit_and_entry_each(tmp_path: Path) -> None:
    port = unused_port()
    with zyre.Node("watcher", port=port, interface="lo") as watcher:
        uuids = set()
        for _ in range(8):
            with zyre.Node("busy", identity=tmp_path / "busy", port=port, interface="lo", groups=["G"]) as node:
                uuids.add(node.uuid)
                assert expect(watcher, Enter).peer == node.uuid
            assert expect(watcher, Exit, peer=node.uuid).reason in ("left", "replaced")
        assert len(uuids) == 1
        assert [event for event in drain(watcher) if isinstance(event, (Enter, Exit, Collision))] == []


def test_of_two_that_live_the_later_one_stays() -> None:
    port = unused_port()
    with (
        zyre.Node("third", port=port, interface="lo") as third,
        zyre.Node("early", port=port, interface="lo") as early,
    ):
        expect(third, Enter, name="early")
        expect(early, Enter, name="third")
        with zyre.Node("late", uuid=early.uuid, port=port, interface="lo") as late:
            for node, lost in ((early, True), (late, False)):
                event = expect(node, Collision)
                assert (event.peer, event.name, event.rival_name, event.lost) == (late.uuid, "late", "early", lost)
                assert (event.address, event.rival_address) == (late.endpoint, early.endpoint)
            assert expect(early, Exit, name="third").reason == "collision"
            assert len(early.peers) == 0
            assert not early.whisper(third, "hello")
            expect(late, Enter, name="third")
            event = expect(third, Collision)
            assert (event.name, event.rival_name, event.lost) == ("late", "early", False)
            until(lambda: third.peers[late.uuid].name == "late")
            early.stop()
            late.whisper(third, "still here")
            assert expect(third, zyre.Whisper).name == "late"
