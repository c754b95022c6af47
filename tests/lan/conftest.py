"""A laboratory for the tests that build one of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import lab
from .lab import Lab


@pytest.fixture
def made() -> Iterator[Lab]:
    """An empty one; skips where none can be had."""
    if reason := lab.missing():
        pytest.skip(reason)
    with Lab() as made:
        yield made
