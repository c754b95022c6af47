"""What every test stands in: a network of its own, and no thread or descriptor left behind."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from zmq.utils.garbage import gc as frame_collector

from tests.peers import zyrejs_setup
from tests.support.network import enter_private_network

# A suite that is started in the background may have Ctrl-C ignored, and its children would inherit that; they are
# interrupted by tests.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test measures time, and a busy machine is slow.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

# Before any thread exists, and before anything can send: from here on the machine's real interfaces are out of reach.
zyrejs_setup.install()
NETWORK = enter_private_network()

import zyre  # noqa: E402  # after the move: its sockets are to be opened there

DESCRIPTORS = Path("/proc/self/fd")


@pytest.fixture(scope="session", autouse=True)
def what_libzmq_keeps_for_good() -> None:
    """The first node opens libzmq's context, and pyzmq starts a thread with the first large frame: no test's doing."""
    with zyre.Node(interface="lo", port=0):
        pass
    if not frame_collector.is_alive():
        frame_collector.start()


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
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread running or descriptors open (threads only, where nodes outlive the test: their
    connections come when they come).

    libzmq closes sockets in its own thread, and the engine ends in its own, so both get a moment to do so.
    """
    threads = set(threading.enumerate())
    descriptors = 1 << 30 if "talk" in request.fixturenames else _descriptors()
    yield
    deadline = time.monotonic() + 5.0
    collect_at = time.monotonic() + 0.2
    while time.monotonic() < deadline:
        left = [thread for thread in threading.enumerate() if thread not in threads and thread.is_alive()]
        if not left and _descriptors() <= descriptors:
            return
        if time.monotonic() > collect_at:
            gc.collect()  # a node that nobody holds any more gives back its descriptor then
            collect_at += 1.0
        time.sleep(0.005)
    assert not left, f"threads left behind: {left}"
    assert _descriptors() <= descriptors, "descriptors left behind"
