"""Invariant: whatever a peer whispers, what looks like a call is taken out of the events and nothing raises; the calls
that it makes up hold no more than their limits."""

from __future__ import annotations

from typing import Any

from tests.fuzz.guided import fuzz, instrumented

with instrumented():
    from zyre.calls import wire
    from zyre.calls.hub import Calls
    from zyre.config import Limits
    from zyre.errors import DecodeError
    from zyre.events import Exit, Whisper
    from zyre.identity import PeerId

PEER = PeerId("5" * 32)
LIMITS = Limits(service_requests=8, service_requests_of_peer=4)
SEEDS = [
    wire.encode_ask(wire.Ask(1, 5.0, "add")),
    wire.encode_ask(wire.Ask(2, float("inf"), "none")),
    wire.encode_answer(1),
    wire.encode_fault(wire.Fault(1, wire.Reason.RAISED, "ValueError", "no")),
    wire.encode_cancel(1),
]


class _Host:
    """As much of a host as calls need to take something in; nobody works here."""

    def intercept(self, calls: object) -> None: ...

    def spawn(self, job: object) -> bool:
        return False

    def now(self) -> float:
        return 0.0


def one_input(data: bytes) -> None:
    host: Any = _Host()
    calls = Calls(host, LIMITS)
    calls.offer("add", lambda request: None)
    inquiry = calls.open("add")
    inquiry.expect([(PEER, "bob")])
    for size in (len(data), 20):
        frame = data[:size]
        kept = calls.take([Whisper(PEER, "bob", (frame, data))])
        assert bool(kept) is not frame.startswith(wire.MAGIC)
    assert len(calls._serving) <= 4
    calls.take([Exit(PEER, "bob", "left")])
    assert len(calls._serving) == 0
    assert inquiry.finished
    try:
        wire.decode(data)
    except DecodeError:
        pass


if __name__ == "__main__":
    fuzz(one_input, SEEDS)
