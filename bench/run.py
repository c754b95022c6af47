"""One run of the measurement: whose processes are open, and whose turn it is.

Every round runs all contestants one after the other, each round beginning with another one, so that what disturbs the
machine disturbs all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from .network import unused_port
from .peers import Contestant
from .plan import Plan
from .process import Failed, PeerProcess
from .stats import Results

__all__ = ["Ends", "Progress", "Run", "cpu_of", "ends"]


class Progress(Protocol):
    """Told of what is going on."""

    def begin(self, what: str, steps: int) -> None:
        """So many steps of this come next."""

    def step(self) -> None:
        """One of them is done."""


class Silent:
    """Tells nobody."""

    def begin(self, what: str, steps: int) -> None:
        pass

    def step(self) -> None:
        pass


@dataclass
class Ends:
    """The processes of one contestant."""

    sender: PeerProcess
    receivers: list[PeerProcess]

    @property
    def all(self) -> list[PeerProcess]:
        return [self.sender, *self.receivers]


def cpu_of(pair: Ends) -> float:
    """Seconds of user and system time that all processes of a contestant have taken."""
    return sum(float(end.call("usage")["cpu"]) for end in pair.all)


@dataclass
class Run:
    """What a measure is given: the contestants, how much of everything, and where the values go."""

    plan: Plan
    contestants: Sequence[Contestant]
    results: Results
    progress: Progress = field(default_factory=Silent)

    @contextmanager
    def ends(
        self, what: str, warm_up: Callable[[Ends], object], *, followers: int = 1, groups: Sequence[str] = ()
    ) -> Iterator[dict[Contestant, Ends]]:
        """The processes of all contestants: one end that sends, and one or more that receive."""
        taking_part = [one for one in self.contestants if what not in one.skips and followers <= one.largest_group]
        self.progress.begin(f"{what}: {len(taking_part) * (followers + 1)} processes", len(taking_part))
        with ExitStack() as stack:
            opened = {}
            for one in taking_part:
                try:
                    pair = stack.enter_context(ends(one, followers, groups))
                    warm_up(pair)
                except Failed as failure:
                    self.results.note(f"{one.name} does not take part in {what}: {failure}")
                    continue
                finally:
                    self.progress.step()
                opened[one] = pair
                if pair.sender.note:
                    self.results.note(f"{one.name}: {pair.sender.note}")
            yield opened

    def rounds(
        self,
        what: str,
        opened: Mapping[Contestant, Ends],
        step: Callable[[Contestant, Ends], None],
        number: int | None = None,
    ) -> None:
        """Run a step for each contestant in each round; as many rounds as planned, unless said otherwise."""
        rounds = self.plan.rounds if number is None else number
        alive = list(opened)
        self.progress.begin(what, rounds * len(alive))
        for round_ in range(rounds):
            turn = round_ % max(1, len(alive))
            for one in alive[turn:] + alive[:turn]:
                try:
                    step(one, opened[one])
                except Failed as failure:
                    alive.remove(one)
                    self.results.note(f"{one.name} gave up at {what}: {failure}")
                self.progress.step()


@contextmanager
def ends(one: Contestant, followers: int, groups: Sequence[str]) -> Iterator[Ends]:
    """Start a sender and some receivers, and let the sender meet them all and each of them the sender."""
    with ExitStack() as stack:
        opened = [stack.enter_context(PeerProcess(one)) for _ in range(1 + followers)]
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
