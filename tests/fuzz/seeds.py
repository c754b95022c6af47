"""Valid octets to begin with: the golden ones of libzyre, and journals of simulated lives."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "zre.json").read_text())

MESSAGES = [[bytes.fromhex(frame) for frame in vector["frames"]] for vector in VECTORS["messages"]]
BEACONS = [bytes.fromhex(vector["datagram"]) for vector in VECTORS["beacons"]]
FRAMES = [frames[0] for frames in MESSAGES]


def records() -> list[bytes]:
    """Blocks of records, as a node writes them."""
    from tests.sim.recorded import record
    from zyre.core.journal import BLOCK, VERSION_LINE
    from zyre.sim import World

    with tempfile.TemporaryDirectory() as folder:
        world = World(1, trace=False)
        node = record(world, "seed", Path(folder) / "j", groups=["G"])
        other = world.node("other", groups=["G"])
        world.run_for(2.0)
        other.whisper(node, b"hello", b"")
        node.shout("G", "hello")
        node.contest("G")
        world.run_for(3.0)
        node.stop()
        node.recorder.close()  # type: ignore[attr-defined]
        octets = (Path(folder) / "j").read_bytes()[len(VERSION_LINE) :]
    blocks = []
    while octets:
        size, _ = BLOCK.unpack_from(octets)
        blocks.append(octets[BLOCK.size : BLOCK.size + size])
        octets = octets[BLOCK.size + size :]
    return blocks
