"""What is measured, and how: each measure opens the contestants' processes, runs its rounds and closes them.

Messages are counted by the receiver, and timed from the sender's first call to the receiver's last message, for every
contestant alike. Some queue without bound what they are given, so the time of the sender alone would say nothing; and
a receiver that wakes late would look fast if its own first message began the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from .network import unused_port
from .peers import Contestant
from .peers.console import GROUP
from .plan import Plan
from .process import Failed, PeerProcess
from .stats import Measure, Results, median, percentile

__all__ = ["MEASURES", "Run"]

WARM_UP: Final = 1_000
"""Messages before the first round: imports, buffers, connections."""


@dataclass
class Run:
    """One run of the measurement."""

    plan: Plan
    contestants: Sequence[Contestant]
    results: Results
    say: Callable[[str], None]

    @contextmanager
    def ends(
        self, warm_up: Callable[[Ends], object], *, followers: int = 1, groups: Sequence[str] = ()
    ) -> Iterator[dict[Contestant, Ends]]:
        """The processes of all contestants: one end that sends, and one or more that receive."""
        with ExitStack() as stack:
            opened = {}
            for one in self.contestants:
                try:
                    pair = stack.enter_context(ends(one, followers, groups))
                    warm_up(pair)
                except Failed as failure:
                    self.results.note(f"{one.name} does not take part: {failure}")
                    continue
                opened[one] = pair
                if pair.sender.note:
                    self.results.note(f"{one.name}: {pair.sender.note}")
            yield opened

    def rounds(self, opened: Mapping[Contestant, Ends], step: Callable[[Contestant, Ends], None]) -> None:
        """Run a step for each contestant in each round, each round beginning with another one."""
        alive = list(opened)
        for number in range(self.plan.rounds):
            turn = number % max(1, len(alive))
            for one in alive[turn:] + alive[:turn]:
                try:
                    step(one, opened[one])
                except Failed as failure:
                    alive.remove(one)
                    self.results.note(f"{one.name} gave up: {failure}")


@dataclass
class Ends:
    """The processes of one contestant."""

    sender: PeerProcess
    receivers: list[PeerProcess]

    @property
    def all(self) -> list[PeerProcess]:
        return [self.sender, *self.receivers]


@contextmanager
def ends(one: Contestant, followers: int, groups: Sequence[str]) -> Iterator[Ends]:
    """Start a sender and some receivers, and let the sender meet them all and each of them the sender."""
    with ExitStack() as stack:
        opened = [stack.enter_context(PeerProcess(one.name)) for _ in range(1 + followers)]
        port = unused_port()
        for end in opened:
            end.me = end.call("new", port=port, groups=list(groups)) | {"port": port}
        for end in opened:
            end.call("start")
        sender, *receivers = opened
        sender.call("meet", peers=[end.me for end in receivers])
        for end in receivers:
            end.call("meet", peers=[sender.me])
        yield Ends(sender, receivers)


# -- whispers --------------------------------------------------------------------------------------------------------


def whispers(run: Run) -> None:
    """How many whispers a second one process can send to another, and what CPU that takes on both sides."""
    with run.ends(lambda pair: _whisper_burst(pair, 32, WARM_UP)) as opened:
        for number, (size, amount) in enumerate(run.plan.whispers.items()):
            rate = Measure(f"whisper {_octets(size)}", "k/s", more_is_better=True)
            cpu = Measure(f"CPU per whisper {_octets(size)}, both ends", "us")
            run.say(rate.name)

            def step(
                one: Contestant,
                pair: Ends,
                amount: int = amount,
                size: int = size,
                rate: Measure = rate,
                cpu: Measure | None = None if number else cpu,
            ) -> None:
                n = int(amount * one.pace)
                before = _cpu(pair)
                seconds = _whisper_burst(pair, size, n)
                run.results.add(rate, one.name, n / seconds / 1e3)
                if cpu is not None:
                    run.results.add(cpu, one.name, (_cpu(pair) - before) / n * 1e6)

            run.rounds(opened, step)


def _whisper_burst(pair: Ends, size: int, n: int) -> float:
    [receiver] = pair.receivers
    receiver.ask("count", n=n)
    began = pair.sender.call("flood", peer=receiver.me["uuid"], size=size, n=n)
    return float(receiver.answer() - began)


def _octets(size: int) -> str:
    return f"{size} B" if size < 1024 else f"{size // 1024} KiB"


def _cpu(pair: Ends) -> float:
    return sum(float(end.call("usage")["cpu"]) for end in pair.all)


def round_trips(run: Run) -> None:
    """How long until a whisper of 32 octets is answered by another whisper."""
    middle, tail = Measure("round trip 32 B, p50", "us"), Measure("round trip 32 B, p99", "us")

    def step(one: Contestant, pair: Ends) -> None:
        times = _ping(pair, run.plan.pings)
        run.results.add(middle, one.name, percentile(times, 50))
        run.results.add(tail, one.name, percentile(times, 99))

    run.say("round trip")
    with run.ends(lambda pair: _ping(pair, WARM_UP // 10)) as opened:
        run.rounds(opened, step)


def _ping(pair: Ends, n: int) -> list[float]:
    [receiver] = pair.receivers
    receiver.ask("echo", n=n)
    times: list[float] = pair.sender.call("ping", peer=receiver.me["uuid"], size=32, n=n)
    receiver.answer()
    return times


# -- shouts ----------------------------------------------------------------------------------------------------------


def shouts(run: Run) -> None:
    """How many deliveries a second come of shouting to a group of peers, each in its own process; and the memory."""
    for peers, amount in run.plan.shouts.items():
        run.say(f"shout to {peers}")
        rate = Measure(f"shout to {peers}, 32 B, deliveries", "k/s", more_is_better=True)

        def step(one: Contestant, group: Ends, amount: int = amount, rate: Measure = rate, peers: int = peers) -> None:
            n = int(amount * one.pace)
            run.results.add(rate, one.name, n * peers / _shout_burst(group, n) / 1e3)

        with run.ends(lambda group: _shout_burst(group, WARM_UP // 10), followers=peers, groups=[GROUP]) as opened:
            run.rounds(opened, step)


def _shout_burst(group: Ends, n: int) -> float:
    for end in group.receivers:
        end.ask("count", n=n)
    began = group.sender.call("shout", size=32, n=n)
    return float(max(end.answer() for end in group.receivers) - began)


def memory(run: Run) -> None:
    """By how much a node's process grows with each idle peer, the first one excepted, which brings what all share."""
    more = 10
    measure = Measure("memory per idle peer", "KiB")
    run.say(measure.name)
    for one in run.contestants:
        if one.name == "pyzmq":
            continue
        try:
            with ends(one, 1, ()) as first:
                run.results.add(measure, one.name, _growth(one, first, more))
        except Failed as failure:
            run.results.note(f"{one.name} gave up: {failure}")


def _growth(one: Contestant, first: Ends, more: int) -> float:
    node, peer = first.sender, first.receivers[0]
    before = node.call("usage")["rss"]
    with ExitStack() as stack:
        others = [stack.enter_context(PeerProcess(one.name)) for _ in range(more)]
        for other in others:
            other.me = other.call("new", port=node.me["port"], groups=[])
            other.call("start")
        node.call("meet", peers=[end.me for end in (peer, *others)])
        time.sleep(0.3)
        return float(node.call("usage")["rss"] - before) / more


# -- coming and going ------------------------------------------------------------------------------------------------


def discovery(run: Run) -> None:
    """Time from the start of a second node until both have been told of each other."""
    measure = Measure("both know each other after", "ms", reference="libzyre, libzyre")
    run.say("discovery")
    able = [one for one in run.contestants if one.can_discover]
    with ExitStack() as stack:
        pairs = {}
        for first in able:
            for second in able:
                pairs[f"{first.name}, {second.name}"] = pair = Ends(
                    stack.enter_context(PeerProcess(first.name)), [stack.enter_context(PeerProcess(second.name))]
                )
                port = unused_port()
                pair.sender.me = pair.sender.call("new", port=port, groups=[]) | {"port": port}
                pair.sender.call("start")
        for _ in range(run.plan.rounds):
            for name in list(pairs):
                try:
                    times = [_encounter(pairs[name]) for _ in range(run.plan.starts)]
                except Failed as failure:
                    del pairs[name]
                    run.results.note(f"{name} gave up: {failure}")
                else:
                    run.results.add(measure, name, median(times))


def _encounter(pair: Ends) -> float:
    present, newcomer = pair.sender, pair.receivers[0]
    newcomer.me = newcomer.call("new", port=present.me["port"], groups=[])
    present.ask("meet", peers=[newcomer.me])
    time.sleep(0.01)
    began = newcomer.call("start")
    known = max(newcomer.call("meet", peers=[present.me]), present.answer())
    newcomer.call("stop")
    return float(known - began) * 1e3


def churn(run: Run) -> None:
    """What a start and a stop cost, and whether many of them leave anything behind."""
    run.say("start and stop")
    for one in run.contestants:
        n = run.plan.churns.get(one.name, 0)
        if not n:
            continue
        try:
            with PeerProcess(one.name) as end:
                end.ask("churn", port=unused_port(), n=n)
                told = end.answer(patience=120.0)
        except Failed as failure:
            run.results.note(f"{one.name} gave up: {failure}")
            continue
        run.results.add(Measure("start and stop", "ms"), one.name, told["seconds"] / n * 1e3)
        before, after = told["before"], told["after"]
        run.results.note(
            f"{one.name}: after {n} starts and stops threads {before['threads']} -> {after['threads']}, "
            f"descriptors {before['fds']} -> {after['fds']}, memory {before['rss']} -> {after['rss']} KiB"
        )


MEASURES: Final[Mapping[str, Callable[[Run], None]]] = {
    "whisper": whispers,
    "roundtrip": round_trips,
    "shout": shouts,
    "discovery": discovery,
    "memory": memory,
    "churn": churn,
}
