"""Our node and pyre."""

from __future__ import annotations

import pytest

from . import scenarios
from .kinds import PYRE

pytestmark = pytest.mark.interop


class TestTalk(scenarios.Talk):
    kind = PYRE


class TestLife(scenarios.Life):
    kind = PYRE
