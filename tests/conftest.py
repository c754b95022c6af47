"""What every test stands in: a network of its own, and no thread or descriptor left behind."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers import zyrejs_setup
from tests.support.network import enter_private_network

# Before any thread exists, and before anything can send: from here on the machine's real interfaces are out of reach.
zyrejs_setup.install()
NETWORK = enter_private_network()

DESCRIPTORS = Path("/proc/self/fd")


def pytest_report_header() -> str:
    return "private network: " + ("yes" if NETWORK else f"no, {NETWORK.reason}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if NETWORK:
        return
    skip = pytest.mark.skip(reason=f"needs a private network: {NETWORK.reason}")
    for item in items:
        if item.get_closest_marker("lan") or item.get_closest_marker("interop"):
            item.add_marker(skip)


def _descriptors() -> int:
    return len(os.listdir(DESCRIPTORS)) if DESCRIPTORS.exists() else 0


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread running or descriptors open.

    libzmq closes sockets in its own thread, and the engine ends in its own, so both get a moment to do so.
    """
    threads = set(threading.enumerate())
    descriptors = _descriptors()
    yield
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        left = [thread for thread in threading.enumerate() if thread not in threads and thread.is_alive()]
        # The first use of libzmq opens its context for good: three descriptors and their epoll sets.
        if not left and _descriptors() <= descriptors + 12:
            return
        time.sleep(0.01)
    assert not left, f"threads left behind: {left}"
    assert _descriptors() <= descriptors + 12, "descriptors left behind"
