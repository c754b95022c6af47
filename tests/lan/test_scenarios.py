"""Every scenario twice: in the laboratory and in the model, with the same expectations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..peers import harness
from . import lab
from .model import ModelStage
from .real import RealStage
from .scenarios import SCENARIOS

BEYOND_US: dict[str, str] = {}
"""Scenarios that hold in the model only, and why: each is a defect."""

each = pytest.mark.parametrize("name", SCENARIOS)


@pytest.fixture
def stage() -> Iterator[RealStage]:
    with RealStage() as stage:
        yield stage


@pytest.fixture(scope="module")
def laboratory() -> None:
    """Skip where no laboratory can be built, or no libzyre node be put into it."""
    if reason := lab.missing():
        pytest.skip(reason)
    harness.require("libzyre")


@each
def test_in_the_model(name: str) -> None:
    with ModelStage() as stage:
        SCENARIOS[name](stage)


@pytest.mark.lan
@pytest.mark.usefixtures("laboratory")
@each
def test_in_the_laboratory(name: str, stage: RealStage, request: pytest.FixtureRequest) -> None:
    if name in BEYOND_US:
        request.applymarker(pytest.mark.xfail(reason=BEYOND_US[name], strict=True))
    SCENARIOS[name](stage)
