"""Anything in any order: datagrams, frames, reports, timeouts and verbs, forged or not."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.core.invariants import check_machine
from tests.core.rig import BEACON_PORT, OWN, Rig, check_lives, peer_id
from tests.wire.strategies import HELLOS, OCTET, SEQUENCE, mutated
from zyre.config import Limits
from zyre.core.effects import LinkBlocked, LinkFailed, LinkWritable, LocalityChanged, Send
from zyre.core.locality import Locality
from zyre.endpoint import Endpoint
from zyre.events import Leader
from zyre.identity import PeerId
from zyre.wire import zre
from zyre.wire.beacon import Beacon, encode_beacon

PEERS = [peer_id(number) for number in range(1, 6)] + [OWN]
GROUPS = ["G", "H", "bad\0group", ""]
ENDPOINTS = [f"tcp://10.0.0.{number}:{port}" for number in (2, 3, 4) for port in (49152, 5)] + ["tcp://h:5", "x", ""]

peers = st.sampled_from(PEERS)
groups = st.sampled_from(GROUPS)
content = st.lists(st.binary(max_size=3), max_size=3)
hellos = HELLOS | st.builds(
    zre.Hello,
    st.sampled_from(ENDPOINTS),
    st.sampled_from(["", "name", "000000"]),
    st.lists(groups, max_size=4).map(tuple),
    OCTET,
    st.sampled_from([{}, {"X-ZYRE-EXT": "empty goodbye"}, {"A": "1"}, {"A": "1", "B": "2", "C": "3"}]),
)
fields = st.one_of(
    hellos.map(zre.encode_hello),
    st.builds(zre.encode_group_change, groups, OCTET),
    groups.map(zre.encode_shout),
    st.builds(zre.encode_vote, groups, peers | st.just("nobody")),
    st.just(b""),
    st.binary(max_size=30),
)
beacons = st.builds(
    Beacon, peers.map(lambda peer: peer.octets), st.sampled_from([0, 5, 49152]), st.sampled_from([None, b"k" * 32])
)
FIELDS_OF = {
    zre.HELLO: hellos.map(zre.encode_hello),
    zre.SHOUT: groups.map(zre.encode_shout),
    zre.JOIN: st.builds(zre.encode_group_change, groups, OCTET),
    zre.LEAVE: st.builds(zre.encode_group_change, groups, OCTET),
    zre.ELECT: st.builds(zre.encode_vote, groups, peers),
    zre.LEADER: st.builds(zre.encode_vote, groups, peers),
}


class AnythingAtAll(RuleBasedStateMachine):
    """Invariant: a NodeMachine never raises, its tables agree, and its events are lives from Enter to Exit."""

    @initialize(
        port=st.sampled_from([0, BEACON_PORT]),
        extensions=st.sampled_from([(), ("empty", "goodbye")]),
        stands=st.booleans(),
    )
    def start(self, port: int, extensions: tuple[str, ...], stands: bool) -> None:
        limits = Limits(peers=3, groups=2, headers=2, header_value=50, hello=5000, backlog=4)
        self.rig = Rig(port=port, extensions=extensions, limits=limits, groups=["G"])
        self.running = True
        if stands:
            self.rig.machine.contest("G", self.rig.now)

    @property
    def machine(self) -> Any:
        return self.rig.machine

    # -- what the network does ---------------------------------------------------------------------------------------

    @rule(
        data=beacons.map(encode_beacon) | mutated(beacons.map(encode_beacon)) | st.binary(max_size=60),
        address=st.sampled_from(["10.0.0.2", "10.0.0.3", "fe80::1%eth0", "nonsense"]),
        port=st.sampled_from([BEACON_PORT, 40000]),
    )
    def datagram(self, data: bytes, address: str, port: int) -> None:
        self.machine.receive_datagram(data, (address, port), self.rig.now)

    @rule(peer=peers, message_id=st.sampled_from(sorted(zre.MESSAGE_NAMES)), content=content, data=st.data())
    def likely_message(self, peer: PeerId, message_id: int, content: list[bytes], data: st.DataObject) -> None:
        record = self.machine._directory.by_id.get(peer)
        sequence = 1 if record is None else (record.received + 1) % 65536
        frame = zre.pack_header(message_id, sequence) + data.draw(FIELDS_OF.get(message_id, st.just(b"")))
        self.machine.receive_frames([zre.identity_frame(peer.octets), frame, *content], self.rig.now)

    @rule(
        identity=peers.map(lambda peer: zre.identity_frame(peer.octets)) | st.binary(max_size=18),
        frame=st.builds(
            lambda *header_fields: zre.pack_header(*header_fields[:2]) + header_fields[2], OCTET, SEQUENCE, fields
        )
        | mutated(st.builds(lambda f: zre.pack_header(zre.HELLO, 1) + f, fields))
        | st.binary(max_size=20),
        content=content,
    )
    def any_message(self, identity: bytes, frame: bytes, content: list[bytes]) -> None:
        self.machine.receive_frames([identity, frame, *content], self.rig.now)

    # -- what the host does ------------------------------------------------------------------------------------------

    @rule(link=st.integers(0, 12), kind=st.sampled_from([LinkWritable, LinkFailed]))
    def report(self, link: int, kind: Any) -> None:
        self.machine.receive_report(kind(link), self.rig.now)

    @rule(address=st.sampled_from(["10.0.0.1", "10.0.9.9", "*"]))
    def locality(self, address: str) -> None:
        self.machine.receive_report(LocalityChanged(Locality(Endpoint("tcp", address, 7))), self.rig.now)

    @rule(refuse=st.booleans())
    def perform(self, refuse: bool) -> None:
        """Take the effects; the transport may take no message of this round."""
        for effect in self.rig.effects():
            if refuse and isinstance(effect, Send):
                self.machine.receive_report(LinkBlocked(effect.link, effect.frames), self.rig.now)

    @rule(seconds=st.sampled_from([0.0, 0.05, 0.5, 1.0, 3.0, 31.0]))
    def time(self, seconds: float) -> None:
        self.rig.run_for(seconds)

    @rule()
    def early_alarm(self) -> None:
        self.machine.handle_timeout(self.rig.now)

    # -- what the application does -----------------------------------------------------------------------------------

    @precondition(lambda self: self.running)
    @rule(verb=st.sampled_from(["join", "leave", "contest"]), group=st.sampled_from(["G", "H", "I"]))
    def group(self, verb: str, group: str) -> None:
        getattr(self.machine, verb)(group, self.rig.now)

    @precondition(lambda self: self.running)
    @rule(endpoint=st.sampled_from(ENDPOINTS[:7]), peer=st.none() | st.sampled_from(PEERS[:5]))
    def connect(self, endpoint: str, peer: PeerId | None) -> None:
        self.machine.connect(Endpoint.parse(endpoint), peer, self.rig.now)

    @precondition(lambda self: self.running)
    @rule(peer=peers, frames=content.map(tuple), group=st.sampled_from(["G", "H"]))
    def send(self, peer: PeerId, frames: tuple[bytes, ...], group: str) -> None:
        self.machine.whisper(peer, frames)
        self.machine.shout(group, frames)
        self.machine.shout_to(peer, group, frames)
        self.machine.shed(peer)

    @precondition(lambda self: self.running)
    @rule(farewell=st.booleans())
    def stop(self, farewell: bool) -> None:
        self.machine.stop(self.rig.now)
        if farewell:
            self.machine.farewell(self.rig.now)
        self.running = False

    # -- what holds --------------------------------------------------------------------------------------------------

    @invariant()
    def holds(self) -> None:
        if not hasattr(self, "rig"):
            return
        check_machine(self.machine)
        self.rig.events()
        here = check_lives(self.rig.history)
        assert here == {peer.uuid for peer in self.machine.roster}
        assert OWN not in here
        assert all(event.peer == OWN or event.peer in PEERS for event in self.rig.history if isinstance(event, Leader))


TestAnythingAtAll = AnythingAtAll.TestCase
TestAnythingAtAll.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
