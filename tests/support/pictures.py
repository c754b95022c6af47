"""matplotlib for tests that draw, where it is installed; else they are skipped."""

from __future__ import annotations

import io
import warnings

import pytest


@pytest.fixture(scope="module")
def matplotlib() -> None:
    """Draw once before a test counts descriptors: matplotlib opens its fonts then, for good."""
    pytest.importorskip("matplotlib", reason="pictures are an extra")
    from zyre.sim.pictures import require_pictures

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what matplotlib warns of is not ours
        pyplot = require_pictures()
        for kind in ("svg", "png"):
            figure, axes = pyplot.subplots(layout="constrained")
            axes.text(0, 0, "text", fontweight="bold")
            axes.set(title="title", xlabel="label")
            figure.savefig(io.BytesIO(), format=kind)
            pyplot.close(figure)
