"""Who is stopped at the end of a program. The ends themselves are in tests/lifecycle."""

from __future__ import annotations

import gc

from zyre.engine import lifecycle


class Host:
    def __init__(self) -> None:
        self.abandoned = False

    def stop(self, timeout: float) -> None: ...

    def abandon(self) -> None:
        self.abandoned = True


def test_those_that_run_and_are_held() -> None:
    one, other = Host(), Host()
    lifecycle.register(one)
    lifecycle.register(other)
    lifecycle.register(other)
    assert {one, other} <= set(lifecycle._running)
    lifecycle.unregister(one)
    lifecycle.unregister(one)
    assert one not in set(lifecycle._running)
    count = len(lifecycle._running)
    del other
    gc.collect()
    assert len(lifecycle._running) == count - 1


def test_after_a_fork_they_are_the_parents() -> None:
    kept = set(lifecycle._running)
    host = Host()
    lifecycle.register(host)
    lifecycle._running -= kept
    try:
        lifecycle._abandon_after_fork()
        assert host.abandoned
        assert not lifecycle._running
    finally:
        lifecycle._running |= kept
