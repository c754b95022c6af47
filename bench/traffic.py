"""Measures of messages on their way: whispers, two-way traffic, round trips, shouts.

Messages are counted by the receiver, and timed from the sender's first call to the receiver's last message, for every
contestant alike. Some queue without bound what they are given, so the time of the sender alone would say nothing; and
a receiver that wakes late would look fast if its own first message began the time.
"""

from __future__ import annotations

from typing import Final

from .peers import Contestant
from .peers.console import GROUP
from .run import Ends, Run, cpu_of
from .stats import Measure, percentile

__all__ = ["round_trips", "shouts", "two_way", "whispers"]

WARM_UP: Final = 1_000
"""Messages before the first round: imports, buffers, connections."""
_BURST: Final = 100
"""So many messages are on their way in each direction of two-way traffic."""


def whispers(run: Run) -> None:
    """How many whispers a second one process can send to another, and what CPU that takes on both sides."""
    cpu = Measure("CPU per whisper 32 B, both ends", "us")
    with run.ends("whisper", lambda pair: _whisper_burst(pair, 32, WARM_UP)) as opened:
        for number, (size, amount) in enumerate(run.plan.whispers.items()):
            rate = Measure(f"whisper {_octets(size)}", "k/s", more_is_better=True)

            def step(
                one: Contestant,
                pair: Ends,
                amount: int = amount,
                size: int = size,
                rate: Measure = rate,
                with_cpu: bool = number == 0,
            ) -> None:
                n = int(amount * (one.pace if size < 1 << 16 else 1))
                before = cpu_of(pair) if with_cpu else 0.0
                seconds = _whisper_burst(pair, size, n)
                run.results.add(rate, one.name, n / seconds / 1e3)
                if with_cpu:
                    run.results.add(cpu, one.name, (cpu_of(pair) - before) / n * 1e6)

            run.rounds(rate.name, opened, step)


def _whisper_burst(pair: Ends, size: int, n: int) -> float:
    [receiver] = pair.receivers
    receiver.ask("count", n=n)
    began = pair.sender.call("flood", peer=receiver.me["uuid"], size=size, n=n)
    return float(receiver.answer() - began)


def _octets(size: int) -> str:
    if size < 1024:
        return f"{size} B"
    return f"{size >> 10} KiB" if size < 1 << 20 else f"{size >> 20} MiB"


def two_way(run: Run) -> None:
    """Messages a second, both directions together, when two processes whisper to each other in bursts at once."""
    rate = Measure("two-way 32 B, both directions", "k/s", more_is_better=True)

    def step(one: Contestant, pair: Ends) -> None:
        n = int(run.plan.exchange * one.pace) // _BURST * _BURST
        run.results.add(rate, one.name, 2 * n / _exchange(pair, n) / 1e3)

    with run.ends("two-way", lambda pair: _exchange(pair, WARM_UP)) as opened:
        run.rounds(rate.name, opened, step)


def _exchange(pair: Ends, n: int) -> float:
    [other] = pair.receivers
    began = float(pair.sender.call("now"))
    for end, peer in ((pair.sender, other), (other, pair.sender)):
        end.ask("exchange", peer=peer.me["uuid"], size=32, n=n, burst=_BURST)
    return max(float(end.answer()) for end in pair.all) - began


def round_trips(run: Run) -> None:
    """How long until a whisper of 32 octets is answered by another whisper.

    Which thread wakes on which core is settled once for a pair of processes and then stays, and the times of libzyre's
    differ by half with it. So there are several sittings, each of new processes.
    """
    middle, tail = Measure("round trip 32 B, p50", "us"), Measure("round trip 32 B, p99", "us")

    def step(one: Contestant, pair: Ends) -> None:
        times = _ping(pair, run.plan.pings)
        run.results.add(middle, one.name, percentile(times, 50))
        run.results.add(tail, one.name, percentile(times, 99))

    for _ in range(run.plan.sittings):
        with run.ends("roundtrip", lambda pair: _ping(pair, WARM_UP // 10)) as opened:
            run.rounds("round trip", opened, step, -(-run.plan.rounds // run.plan.sittings))


def _ping(pair: Ends, n: int) -> list[float]:
    [receiver] = pair.receivers
    receiver.ask("echo", n=n)
    times: list[float] = pair.sender.call("ping", peer=receiver.me["uuid"], size=32, n=n)
    receiver.answer()
    return times


def shouts(run: Run) -> None:
    """How many deliveries a second come of shouting to a group of peers, each in its own process; and their CPU."""
    for peers, amount in run.plan.shouts.items():
        rate = Measure(f"shout to {peers}, 32 B, deliveries", "k/s", more_is_better=True)
        cpu = Measure(f"CPU per delivery of a shout to {peers}, all ends", "us")

        def step(
            one: Contestant,
            group: Ends,
            amount: int = amount,
            peers: int = peers,
            rate: Measure = rate,
            cpu: Measure = cpu,
        ) -> None:
            n = int(amount * one.pace)
            before = cpu_of(group)
            run.results.add(rate, one.name, n * peers / _shout_burst(group, n) / 1e3)
            run.results.add(cpu, one.name, (cpu_of(group) - before) / n / peers * 1e6)

        with run.ends(
            "shout", lambda group: _shout_burst(group, WARM_UP // 10), followers=peers, groups=[GROUP]
        ) as opened:
            run.rounds(rate.name, opened, step)


def _shout_burst(group: Ends, n: int) -> float:
    for end in group.receivers:
        end.ask("count", n=n)
    began = group.sender.call("shout", size=32, n=n)
    return float(max(end.answer() for end in group.receivers) - began)
