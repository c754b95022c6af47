"""What somebody sees who listens to the wires of secured nodes: no payload, no name, no header, no group."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support.clusters import LabCluster
from tests.support.nodes import expect, until

pytestmark = [pytest.mark.lan, pytest.mark.skipif(sys.platform != "linux", reason="packets are captured as Linux does")]

SOON = zyre.NodeConfig(timing=zyre.Timing(beacon=0.1, handshake=0.5))
_ALL = 3
"""ETH_P_ALL: every frame, both ways."""
WORDS = (b"name-of-one", b"name-of-two", b"the-payload", b"the-group", b"the-header", b"the-value")


@contextmanager
def capture() -> Iterator[bytearray]:
    """Everything that goes over the interfaces of this network namespace meanwhile."""
    seen, over = bytearray(), threading.Event()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL)) as wire:
        wire.settimeout(0.1)

        def listen() -> None:
            while not over.is_set():
                try:
                    seen.extend(wire.recv(1 << 17))
                except TimeoutError:
                    continue

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield seen
        finally:
            over.set()
            thread.join()


def secured(kind: str, lab: Path) -> Callable[[str], dict[str, Any]]:
    """What makes a node of each mode."""
    if kind == "open":
        return lambda name: {"secret": ""}
    if kind == "secret":
        return lambda name: {"secret": "what nobody knows"}
    if kind == "certificate":
        return lambda name: {"certificate": zyre.new_certificate(name=name), "access": "*"}
    cluster = LabCluster(lab)
    return lambda name: {"membership": cluster.member(name)}


@pytest.mark.parametrize("kind", ["open", "secret", "certificate", "membership"])
def test_a_capture_shows_nothing_but_keys_and_times(kind: str, tmp_path: Path) -> None:
    options, port = secured(kind, tmp_path), unused_port()
    with capture() as seen, ExitStack() as stack:
        one, two = (
            stack.enter_context(
                zyre.Node(
                    name,
                    port=port,
                    interface="va",
                    groups=["the-group"],
                    headers={"the-header": "the-value"},
                    config=SOON,
                    **options(name),
                )
            )
            for name in ("name-of-one", "name-of-two")
        )
        expect(one, zyre.Join, peer=two.uuid)
        expect(two, zyre.Join, peer=one.uuid)
        one.whisper(two.uuid, "the-payload")
        one.shout("the-group", "the-payload")
        two.whisper(one.uuid, "the-payload", mode="reliable")
        expect(two, zyre.Shout)
        expect(one, zyre.ReliableWhisper)
        until(lambda: one.uuid.octets in seen, "beacons were seen")
    shown = [word for word in WORDS if word in seen]
    assert shown == (list(WORDS) if kind == "open" else [])
