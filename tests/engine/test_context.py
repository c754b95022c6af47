"""The context of this process."""

from __future__ import annotations

import zmq

from tests.support.nodes import in_threads
from zyre.engine import context
from zyre.engine.context import shared_context


def test_one_for_all_threads_with_room_for_a_cluster() -> None:
    contexts = in_threads(*[shared_context] * 4)
    assert all(one is contexts[0] for one in contexts)
    assert contexts[0].get(zmq.MAX_SOCKETS) >= 4096


def test_a_closed_one_is_replaced() -> None:
    """As after somebody has terminated it; nodes that were open then are gone, new ones find a new one."""
    kept, context._context = context._context, None
    try:
        first = shared_context()
        context.terminate_context()
        assert first.closed
        second = shared_context()
        assert not second.closed
        second.term()
        third = shared_context()
        assert third is not second
        third.term()
    finally:
        context._context = kept
