"""Our node and libzyre."""

from __future__ import annotations

import pytest

from . import scenarios
from .kinds import LIBZYRE

pytestmark = pytest.mark.interop


class TestTalk(scenarios.Talk):
    kind = LIBZYRE


class TestLife(scenarios.Life):
    kind = LIBZYRE
