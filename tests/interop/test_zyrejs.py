"""Our node and zyrejs."""

from __future__ import annotations

import pytest

from . import scenarios
from .kinds import ZYREJS

pytestmark = pytest.mark.interop


class TestTalk(scenarios.Talk):
    kind = ZYREJS


class TestLife(scenarios.Life):
    kind = ZYREJS
