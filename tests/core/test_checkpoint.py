"""A machine that is frozen and thawed goes on as if nothing had been."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tests.core.rig import BEACON_PORT, Rig, peer_id
from zyre.config import Limits
from zyre.core.checkpoint import freeze, thaw
from zyre.core.effects import LinkBlocked, LinkWritable, Send
from zyre.endpoint import Endpoint
from zyre.errors import DecodeError
from zyre.wire import zre
from zyre.wire.beacon import Beacon, encode_beacon

GROUPS = ["G", "H", "I"]


class Lot:
    """Drives a machine by chance; the same seed does the same to another one."""

    def __init__(self, seed: int, machine: Any, now: float) -> None:
        self.chance = random.Random(seed)
        self.machine = machine
        self.now = now
        self.sequences: dict[int, int] = {}
        self.told: list[object] = []

    def step(self) -> None:
        chance, machine = self.chance, self.machine
        number = chance.randrange(1, 6)
        peer, group = peer_id(number), chance.choice(GROUPS)
        self.now += chance.choice([0.0, 0.01, 0.3, 2.0, 6.0])
        while machine.next_timeout() <= self.now:
            machine.handle_timeout(machine.next_timeout())
        match chance.randrange(9):
            case 0:
                self.say(number, zre.HELLO, zre.encode_hello(zre.Hello(f"tcp://10.0.0.{number}:5", "n", ("G",))), 1)
            case 1:
                self.say(number, zre.JOIN, zre.encode_group_change(group, chance.randrange(256)))
            case 2:
                self.say(number, chance.choice([zre.ELECT, zre.LEADER]), zre.encode_vote(group, peer))
            case 3:
                self.say(number, chance.choice([zre.WHISPER, zre.PING, zre.GOODBYE]), b"")
            case 4:
                getattr(machine, chance.choice(["join", "leave", "contest"]))(group, self.now)
            case 5:
                machine.connect(Endpoint("tcp", f"10.0.0.{number}", 5), chance.choice([None, peer]), self.now)
            case 6:
                beacon = encode_beacon(Beacon(peer.octets, chance.choice([0, 5, 5])))
                machine.receive_datagram(beacon, (f"10.0.0.{number}", BEACON_PORT), self.now)
            case 7:
                machine.receive_report(LinkWritable(chance.randrange(6)), self.now)
            case 8:
                machine.whisper(peer, (b"x",))
        refuse = chance.random() < 0.1
        for effect in machine.take_effects():
            self.told.append(effect)
            if refuse and isinstance(effect, Send):
                machine.receive_report(LinkBlocked(effect.link, effect.frames), self.now)
        self.told += machine.take_events()

    def say(self, number: int, command: int, fields: bytes, sequence: int | None = None) -> None:
        self.sequences[number] = self.sequences.get(number, 0) + 1 if sequence is None else sequence
        frame = zre.pack_header(command, self.sequences[number]) + fields
        self.machine.receive_frames([zre.identity_frame(peer_id(number).octets), frame, b"content"], self.now)


@pytest.mark.parametrize("seed", range(30))
def test_a_thawed_machine_goes_on_like_the_frozen_one(seed: int) -> None:
    rig = Rig(groups=["G"], extensions=["goodbye"], limits=Limits(backlog=3))
    one = Lot(seed, rig.machine, rig.now)
    for _ in range(60):
        one.step()
    frozen = json.loads(json.dumps(freeze(one.machine)))
    other = Lot(seed, thaw(frozen), one.now)
    other.chance.setstate(one.chance.getstate())
    other.sequences = dict(one.sequences)
    one.told.clear()
    for _ in range(60):
        one.step()
        other.step()
    assert one.told == other.told
    assert len(one.told) > 20
    assert freeze(one.machine) == freeze(other.machine)


def test_what_has_not_been_taken_yet_is_part_of_it() -> None:
    rig = Rig(groups=["G"])
    Lot(1, rig.machine, rig.now).say(1, zre.HELLO, zre.encode_hello(zre.Hello("tcp://h:5", "n", ("G",))), 1)
    thawed = thaw(json.loads(json.dumps(freeze(rig.machine))))
    assert thawed.take_events() == rig.machine.take_events() != []
    assert thawed.take_effects() == rig.machine.take_effects() != []


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        [],
        [["dict"]],
        [["object", "os.system", {}]],
        [["object", "zyre.core.node.NodeMachine", {"x": ["method", ["at", 0], "__class__"]}]],
        [["object", "zyre.core.node.NodeMachine", {"x": ["at", 7]}]],
        [["object", "zyre.core.node.NodeMachine", {"x": ["bytes", "!"]}]],
        [["object", "zyre.core.timers.Deadlines", {"_heap": 1, "_unknown": 1}]],
        [["list", ["dict"]]],
    ],
)
def test_nonsense_is_a_decode_error(nonsense: object) -> None:
    with pytest.raises(DecodeError):
        thaw(nonsense)


def test_a_deep_one_is_refused_before_the_stack_is_full() -> None:
    value: list[object] = ["tuple", "", 1]
    for _ in range(5000):
        value = ["tuple", "", value]
    with pytest.raises(DecodeError):
        thaw([["list", value]])
