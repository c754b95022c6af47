"""Every public method from any thread. The million operations are ``python -m bench.threads``; these are the same."""

from __future__ import annotations

import pytest

from bench import threads
from tests.peers.harness import unused_port


@pytest.mark.lan
def test_sixteen_threads_do_everything_at_once() -> None:
    work = threads.run(16, 6400, port=unused_port())
    assert work.done.total() == 6400
    assert set(work.done) >= {"whisper", "shout", "recv", "recv_nowait", "request", "ask", "stream", "look"}
