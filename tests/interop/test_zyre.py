"""Our node and one of ours in another process: what is true of all others must be true of us."""

from __future__ import annotations

import pytest

from . import scenarios
from .kinds import ZYRE

pytestmark = pytest.mark.interop


class TestTalk(scenarios.Talk):
    kind = ZYRE


class TestLife(scenarios.Life):
    kind = ZYRE
