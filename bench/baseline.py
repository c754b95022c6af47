"""Whether anything has become slower: the ratios of a run that was kept, and how today's compare.

Ratios, because the machines differ; shown and never failing, because the noise of a shared machine is no defect.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .stats import Ratio, Results

__all__ = ["BASELINE", "TOLERANCE", "Change", "keep", "regressions"]

BASELINE: Final = Path(__file__).parent / "baseline.json"

TOLERANCE: Final = 0.15
"""A median that is worse by less than this is not shown."""


@dataclass(frozen=True)
class Change:
    """What became worse. ``doubtful`` if the kept median lies within the spread of today's rounds."""

    measure: str
    contestant: str
    before: float
    now: Ratio
    doubtful: bool


def keep(results: Results, file: Path = BASELINE) -> None:
    """Write today's ratios down, beside those of measures and contestants that were not there today."""
    kept: dict[str, dict[str, float]] = json.loads(file.read_text()) if file.exists() else {}
    for measure, contestant, ratio in _ratios(results):
        kept.setdefault(measure, {})[contestant] = round(ratio.median, 3)
    file.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def regressions(results: Results, file: Path = BASELINE) -> list[Change]:
    """What is worse than kept by more than the tolerance."""
    if not file.exists():
        return []
    kept: dict[str, dict[str, float]] = json.loads(file.read_text())
    changes = []
    better = {measure.name: measure.more_is_better for measure in results.values}
    for measure, contestant, ratio in _ratios(results):
        before = kept.get(measure, {}).get(contestant)
        if not before or not ratio.median:
            continue
        loss = before / ratio.median if better[measure] else ratio.median / before
        if loss > 1 + TOLERANCE:
            changes.append(Change(measure, contestant, before, ratio, ratio.least <= before <= ratio.most))
    return changes


def _ratios(results: Results) -> Iterator[tuple[str, str, Ratio]]:
    for measure, series in results.values.items():
        for contestant in series:
            ratio = results.ratio(measure, contestant)
            if ratio is not None:
                yield measure.name, contestant, ratio
