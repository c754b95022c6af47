"""Invariant: no sequence of datagrams, messages, reports, verbs and times makes a NodeMachine raise, or disagree with
itself."""

from __future__ import annotations

from tests.fuzz.guided import fuzz, instrumented
from tests.fuzz.seeds import BEACONS, MESSAGES

with instrumented():
    from tests.core.invariants import check_machine
    from tests.core.rig import LOCALITY, OWN
    from zyre.config import Limits, NodeConfig
    from zyre.core.effects import HelloFrom, LinkBlocked, LinkFailed, LinkWritable, Send
    from zyre.core.node import NodeMachine
    from zyre.core.profile import NodeProfile
    from zyre.endpoint import Endpoint
    from zyre.identity import PeerId
    from zyre.wire import zre

PEERS = [PeerId(f"{number:032X}") for number in range(1, 5)]
GROUPS = ["G", "H"]
CONFIG = NodeConfig(limits=Limits(peers=3, groups=3, headers=3, header_value=200, backlog=3))


class Script:
    """Octets, read as a story: what happens next, to whom, with what."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def octet(self) -> int:
        self.at += 1
        return self.data[self.at - 1] if self.at <= len(self.data) else 0

    def some(self) -> bytes:
        size = self.octet()
        self.at += size
        return self.data[self.at - size : self.at]

    @property
    def over(self) -> bool:
        return self.at >= len(self.data)


def one_input(data: bytes) -> None:
    script = Script(data)
    extensions = ["goodbye"] if script.octet() % 2 else []
    machine = NodeMachine(NodeProfile.make(OWN, "own", groups=["G"], extensions=extensions, config=CONFIG))
    now = 100.0
    machine.start(LOCALITY, now)
    while not script.over:
        now = step(script, machine, now)
        refuse = script.octet() % 8 == 7
        for effect in machine.take_effects():
            if refuse and isinstance(effect, Send):
                machine.receive_report(LinkBlocked(effect.link, effect.frames), now)
        check_machine(machine)
        machine.take_events()


def step(script: Script, machine: NodeMachine, now: float) -> float:
    what, peer, group = script.octet() % 12, PEERS[script.octet() % 4], GROUPS[script.octet() % 2]
    identity = zre.identity_frame(peer.octets)
    match what:
        case 0:
            machine.receive_datagram(script.some(), (f"10.0.0.{script.octet()}", 5670), now)
        case 1:
            beacon = b"ZRE\x01" + peer.octets + bytes((0, script.octet() % 3))
            machine.receive_datagram(beacon, (f"10.0.0.{script.octet() % 4}", 5670), now)
        case 2:
            machine.receive_frames([script.some(), script.some(), script.some()], now)
        case 3 | 4 | 5:
            record = machine._directory.by_id.get(peer)
            sequence = 1 if record is None else (record.received + 1) % 65536
            header = zre.pack_header(script.octet() % 12, sequence)
            machine.receive_frames([identity, header + script.some(), script.some()], now)
        case 6:
            hello = zre.Hello(f"tcp://10.0.0.{script.octet() % 4}:5", "n", (group,), script.octet())
            machine.receive_frames([identity, zre.pack_header(zre.HELLO, 1) + zre.encode_hello(hello)], now)
        case 7:
            [machine.join, machine.leave, machine.contest][script.octet() % 3](group, now)
        case 8:
            machine.whisper(peer, (script.some(),))
            machine.shout(group, (script.some(),))
            machine.shed(peer)
        case 9:
            link = script.octet() % 10
            report = [LinkWritable(link), LinkFailed(link), HelloFrom(identity, "10.0.0.3")][script.octet() % 3]
            machine.receive_report(report, now)
        case 10:
            machine.connect(
                Endpoint("tcp", f"10.0.0.{script.octet() % 4}", 5), peer if script.octet() % 2 else None, now
            )
        case 11:
            now += script.octet() / 8
    while machine.next_timeout() <= now:
        machine.handle_timeout(machine.next_timeout())
    return now


def chunk(octets: bytes) -> bytes:
    """Octets as ``Script.some`` reads them."""
    return bytes((min(len(octets), 255),)) + octets[:255]


#: A peer that greets as number 1, then a golden message under its identity, or a golden beacon.
GREETING = bytes((1, 6, 1, 0, 2, 1, 0))
SEEDS = [
    GREETING + bytes((2, 0, 0)) + chunk(b"\x01" + PEERS[1].octets) + chunk(frames[0]) + chunk(frames[-1])
    for frames in MESSAGES
] + [GREETING + bytes((0, 0, 0)) + chunk(beacon) + b"\x02" for beacon in BEACONS]

if __name__ == "__main__":
    fuzz(one_input, SEEDS)
