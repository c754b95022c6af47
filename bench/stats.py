"""From rounds to ratios.

A round has one value for each contestant, measured one right after the other, so that what disturbs the machine
disturbs all of them. A ratio is taken within a round; the report shows the median of the ratios and their spread.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

__all__ = ["Measure", "Ratio", "Results", "median", "percentile", "ratio"]


@dataclass(frozen=True)
class Measure:
    """What was measured, in which unit, and whether more of it is better. ``reference`` is whom to compare with."""

    name: str
    unit: str
    more_is_better: bool = False
    reference: str = "libzyre"


@dataclass(frozen=True)
class Ratio:
    """How many times the reference's value: the median over the rounds, and the extremes."""

    median: float
    least: float
    most: float


@dataclass
class Results:
    """Values by measure and contestant, one for each round, in order; None where a contestant failed."""

    values: dict[Measure, dict[str, list[float | None]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, measure: Measure, contestant: str, value: float | None) -> None:
        """Add the value of the next round."""
        self.values.setdefault(measure, {}).setdefault(contestant, []).append(value)

    def note(self, text: str) -> None:
        """Remember a sentence for the reader, once."""
        if text not in self.notes:
            self.notes.append(text)

    def ratio(self, measure: Measure, contestant: str, reference: str | None = None) -> Ratio | None:
        """A contestant's ratio to a reference, by default the measure's; None for the reference itself, or without."""
        reference = reference or measure.reference
        series = self.values.get(measure, {})
        if contestant == reference or reference not in series or contestant not in series:
            return None
        return ratio(series[contestant], series[reference])

    def measure(self, name: str) -> Measure | None:
        """The measure of that name, if it was measured."""
        return next((measure for measure in self.values if measure.name == name), None)


def ratio(values: Sequence[float | None], reference: Sequence[float | None]) -> Ratio | None:
    """Ratios of the rounds in which both have a value; None if there is no such round."""
    each = [value / base for value, base in zip(values, reference, strict=False) if value is not None and base]
    return Ratio(statistics.median(each), min(each), max(each)) if each else None


def median(values: Iterable[float | None]) -> float | None:
    """The median of the values that there are."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which ``percent`` of the values lie: the nearest rank, so always one that was measured."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]
