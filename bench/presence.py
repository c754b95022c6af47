"""Measures of being there: a new node among others, what idle peers cost, starts and stops."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Final

from .network import unused_port
from .peers import Contestant
from .process import Failed, PeerProcess
from .run import Ends, Run, cpu_of, ends
from .stats import Measure, median, percentile

__all__ = ["churn", "discovery", "memory", "present"]

_MORE: Final = 10
"""So many peers are added to see what one of them takes."""


def discovery(run: Run) -> None:
    """Time from the start of a second node until both have been told of each other."""
    measure = Measure("both know each other after", "ms", reference="libzyre, libzyre")
    able = [one for one in run.contestants if "discovery" not in one.skips]
    run.progress.begin("discovery", run.plan.rounds * len(able) ** 2)
    with ExitStack() as stack:
        pairs = {}
        for first in able:
            for second in able:
                pairs[f"{first.name}, {second.name}"] = pair = Ends(
                    stack.enter_context(PeerProcess(first)), [stack.enter_context(PeerProcess(second))]
                )
                port = unused_port()
                pair.sender.me = pair.sender.call("new", port=port, groups=[]) | {"port": port}
                pair.sender.call("start")
        for _ in range(run.plan.rounds):
            for name in list(pairs):
                try:
                    times = [max(_newcomer(pairs[name])) for _ in range(run.plan.starts)]
                except Failed as failure:
                    del pairs[name]
                    run.results.note(f"{name} gave up at discovery: {failure}")
                else:
                    run.results.add(measure, name, median(times))
                run.progress.step()


def _newcomer(pair: Ends) -> list[float]:
    """Start the last receiver as a new node, and stop it again; when it knew all, and when each of the others it."""
    *present, newcomer = pair.all
    newcomer.me = newcomer.call("new", port=pair.sender.me["port"], groups=[])
    for end in present:
        end.ask("meet", peers=[newcomer.me])
    time.sleep(0.01)
    began = float(newcomer.call("start"))
    knew_all = newcomer.call("meet", peers=[end.me for end in present])
    known = [knew_all, *(end.answer() for end in present)]
    newcomer.call("stop")
    return [(float(each) - began) * 1e3 for each in known]


def present(run: Run) -> None:
    """With a number of nodes there, each in its own process: when they know a new one, and what they take if idle."""
    for number in run.plan.present:
        middle, tail = (Measure(f"known by {number} present, p{percent}", "ms") for percent in (50, 99))
        idle = Measure(f"idle CPU of a node among {number + 1}", "% of a core")

        def step(
            one: Contestant,
            group: Ends,
            middle: Measure = middle,
            tail: Measure = tail,
            idle: Measure = idle,
        ) -> None:
            before = cpu_of(group)
            time.sleep(run.plan.idle)
            cpu = (cpu_of(group) - before) / run.plan.idle / len(group.all)
            run.results.add(idle, one.name, cpu * 100)
            with PeerProcess(one) as newcomer:
                crowd = Ends(group.sender, [*group.receivers, newcomer])
                times = [each for _ in range(run.plan.starts) for each in _newcomer(crowd)[1:]]
            run.results.add(middle, one.name, percentile(times, 50))
            run.results.add(tail, one.name, percentile(times, 99))

        with run.ends("present", lambda group: None, followers=number - 1) as opened:
            run.rounds(f"a new node among {number}", opened, step)


def memory(run: Run) -> None:
    """By how much a node's process grows with each idle peer, the first one excepted, which brings what all share."""
    measures = {
        "rss": Measure("memory per idle peer", "KiB"),
        "fds": Measure("descriptors per idle peer", ""),
    }
    able = [one for one in run.contestants if "memory" not in one.skips]
    run.progress.begin("memory", len(able))
    for one in able:
        try:
            with ends(one, 1, ()) as first:
                growth = _growth(one, first)
        except Failed as failure:
            run.results.note(f"{one.name} gave up at memory: {failure}")
        else:
            for what, measure in measures.items():
                run.results.add(measure, one.name, growth[what])
        run.progress.step()


def _growth(one: Contestant, first: Ends) -> dict[str, float]:
    node, peer = first.sender, first.receivers[0]
    before = node.call("usage")
    with ExitStack() as stack:
        others = [stack.enter_context(PeerProcess(one)) for _ in range(_MORE)]
        for other in others:
            other.me = other.call("new", port=node.me["port"], groups=[])
            other.call("start")
        node.call("meet", peers=[end.me for end in (peer, *others)])
        time.sleep(0.3)
        after = node.call("usage")
    return {what: (after[what] - before[what]) / _MORE for what in ("rss", "fds")}


def churn(run: Run) -> None:
    """What a start and a stop cost, and whether many of them leave anything behind."""
    able = [one for one in run.contestants if run.plan.churns.get(one.name)]
    run.progress.begin("start and stop", len(able))
    for one in able:
        n = run.plan.churns[one.name]
        try:
            with PeerProcess(one) as end:
                end.ask("churn", port=unused_port(), n=n)
                told = end.answer(patience=120.0)
        except Failed as failure:
            run.results.note(f"{one.name} gave up at churn: {failure}")
            continue
        run.results.add(Measure("start and stop", "ms"), one.name, told["seconds"] / n * 1e3)
        before, after = told["before"], told["after"]
        run.results.note(
            f"{one.name}: after {n} starts and stops threads {before['threads']} -> {after['threads']}, "
            f"descriptors {before['fds']} -> {after['fds']}, memory {before['rss']} -> {after['rss']} KiB"
        )
        run.progress.step()
