"""Large messages between real nodes. Two gibibytes are ``python -m bench.large``."""

from __future__ import annotations

import pytest

import zyre
from tests.support.nodes import expect, meeting, until

MEBI = 1 << 20


@pytest.mark.parametrize("mode", ["best_effort", "reliable"])
def test_sixty_four_mebibytes_arrive_and_small_ones_do_not_wait(mode: str) -> None:
    content = b"0123456789abcdef" * (4 * MEBI)
    with meeting("alice", "bob") as (alice, bob):
        assert alice.whisper(bob, content, mode=mode)
        assert alice.whisper(bob, b"small")
        first, second = (expect(bob, zyre.Whisper) for _ in range(2))
        assert (first.content, second.content == (content,)) == ((b"small",), True)
        until(lambda: alice.statistics().fates.delivered == 2)


def test_a_thousand_frames_and_none() -> None:
    frames = [bytes([number % 251]) * (number * 3) for number in range(1000)]
    with meeting("alice", "bob") as (alice, bob):
        for mode in ("best_effort", "reliable"):
            for content in ((), (b"",), frames, [b""] * 1000):
                assert alice.whisper(bob, *content, mode=mode)
                assert expect(bob, zyre.Whisper).content == tuple(content)


def test_a_large_one_of_a_thousand_frames() -> None:
    frames = [bytes([number % 251]) * 5000 for number in range(1000)]
    with meeting("alice", "bob") as (alice, bob):
        assert alice.whisper(bob, *frames)
        assert expect(bob, zyre.Whisper).content == tuple(frames)
