"""The sender and the receiver of durable messages are killed at random; ``python -m bench.durable`` for a minute."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import durable
from tests.peers.harness import unused_port


@pytest.mark.lan
def test_every_confirmed_message_is_there_once_whoever_is_killed(tmp_path: Path) -> None:
    result = durable.run(tmp_path, 4.0, 0.5, seed=4, port=unused_port())
    assert result.right, result
    assert result.kills > 0
    assert result.stored > 0
