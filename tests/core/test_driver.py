"""The driver on a host of paper: every port is a list of what was asked of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.core.rig import LOCALITY, OWN, PORT, peer_id
from zyre.config import ClusterConfig, Limits, NodeConfig
from zyre.core.driver import Driver
from zyre.core.effects import LinkWritable
from zyre.core.locality import Locality
from zyre.core.node import NodeMachine
from zyre.core.outcome import Outcome
from zyre.core.profile import NodeProfile
from zyre.core.timers import NEVER
from zyre.endpoint import Endpoint
from zyre.events import Enter, Event, Exit, Whisper
from zyre.wire import zre

PEER = peer_id(1)


class PaperHost:
    """Transport, Clock and Alarm in one: capacities are set by the test, calls are written down."""

    def __init__(self) -> None:
        self.time = 0.0
        self.alarm = NEVER
        self.calls: list[str] = []
        self.links: dict[int, list[tuple[str, int]]] = {}
        self.capacity = 1000
        self.unusable: set[str] = set()

    def now(self) -> float:
        return self.time

    def set(self, deadline: float) -> None:
        self.alarm = deadline

    def open(self) -> Locality:
        self.calls.append("open")
        return LOCALITY

    def open_link(self, link: int, endpoint: str) -> bool:
        self.calls.append(f"open {link} {endpoint}")
        if endpoint in self.unusable:
            return False
        self.links[link] = []
        return True

    def send(self, link: int, frames: Sequence[bytes]) -> bool:
        if len(self.links[link]) >= self.capacity:
            return False
        message_id, sequence = zre.unpack_header(frames[0])
        self.links[link].append((zre.MESSAGE_NAMES[message_id], sequence))
        return True

    def close_link(self, link: int, flush: bool) -> None:
        self.calls.append(f"close {link} {'flush' if flush else 'drop'}")

    def broadcast(self, payload: bytes) -> None:
        self.calls.append("broadcast")

    def close(self) -> None:
        self.calls.append("close")


class Desk:
    """A driver on a paper host, and everything that it delivered."""

    def __init__(self, tap: bool = False) -> None:
        self.host = PaperHost()
        self.delivered: list[list[Event]] = []
        self.tapped: list[tuple[float, str, tuple[object, ...]]] = []
        config = NodeConfig(limits=Limits(backlog=4))
        self.driver = Driver(
            NodeMachine(NodeProfile(OWN, "own", {}, (), ClusterConfig(), config, frozenset())),
            transport=self.host,
            clock=self.host,
            alarm=self.host,
            deliver=self.delivered.append,
            tap=(lambda *call: self.tapped.append(call)) if tap else None,
        )

    def hello(self, endpoint: str = "tcp://10.0.0.2:49152") -> list[bytes]:
        fields = zre.encode_hello(zre.Hello(endpoint, "peer", ("G",)))
        return [zre.identity_frame(PEER.octets), zre.pack_header(zre.HELLO, 1) + fields]

    def whisper(self, sequence: int) -> list[bytes]:
        return [zre.identity_frame(PEER.octets), zre.pack_header(zre.WHISPER, sequence), b"x"]

    @property
    def events(self) -> list[Event]:
        return [event for batch in self.delivered for event in batch]


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.driver.start()
    return made


def test_start_opens_announces_and_sets_the_alarm(desk: Desk) -> None:
    assert desk.host.calls == ["open", "broadcast"]
    assert 0.0 < desk.host.alarm < 1.0


def test_what_cannot_be_opened_starts_nothing() -> None:
    desk = Desk()
    desk.host.open = lambda: (_ for _ in ()).throw(OSError("no"))  # type: ignore[method-assign]
    with pytest.raises(OSError, match="no"):
        desk.driver.start()
    assert desk.host.alarm == NEVER
    assert desk.delivered == []


def test_a_batch_settles_once(desk: Desk) -> None:
    desk.driver.on_messages([desk.hello(), desk.whisper(2), desk.whisper(3)])
    assert len(desk.delivered) == 1
    assert [type(event) for event in desk.events] == [Enter, *[type(desk.events[1])], Whisper, Whisper]


def test_the_roster_is_made_anew_only_when_it_changed(desk: Desk) -> None:
    empty = desk.driver.roster
    desk.driver.on_messages([desk.hello()])
    here = desk.driver.roster
    assert (len(empty), len(here)) == (0, 1)
    desk.driver.on_messages([desk.whisper(2)])
    assert desk.driver.roster is here
    assert desk.driver.roster_if_current is here
    desk.driver.on_messages([desk.hello()])
    assert desk.driver.roster_if_current is None


def test_the_roster_already_knows_who_an_event_is_about(desk: Desk) -> None:
    seen = []
    desk.driver._deliver = lambda events: seen.append([event.peer in desk.driver.roster for event in events])
    desk.driver.on_messages([desk.hello()])
    assert seen == [[True, True]]


def test_an_early_alarm_does_nothing_but_set_itself_anew(desk: Desk) -> None:
    wanted = desk.host.alarm
    desk.host.time, desk.host.alarm = wanted / 2, NEVER
    desk.driver.on_alarm()
    assert desk.host.alarm == wanted
    assert desk.host.calls.count("broadcast") == 1


def test_a_due_alarm_moves_on(desk: Desk) -> None:
    desk.host.time = 1.0
    desk.driver.on_alarm()
    assert 1.0 < desk.host.alarm < 2.0
    assert desk.host.calls.count("broadcast") == 2


def test_a_deadline_that_is_put_back_unmoved_is_a_defect(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NodeMachine, "handle_timeout", lambda machine, now: None)
    desk.host.time = 1.0
    with pytest.raises(AssertionError, match="without moving"):
        desk.driver.on_alarm()


def test_stop_says_goodbye_and_rests_the_alarm(desk: Desk) -> None:
    desk.driver.on_messages([desk.hello()])
    desk.driver.stop()
    assert desk.host.calls[-1:] == ["close 1 flush"]
    assert desk.host.alarm == NEVER
    desk.driver.farewell()
    desk.driver.farewell()
    assert desk.host.calls[-2:] == ["close 1 flush", "broadcast"], "the beacon comes last, and once"


def test_a_full_queue_is_told_and_the_number_is_taken_back(desk: Desk) -> None:
    desk.driver.on_messages([desk.hello()])
    desk.host.capacity = 2
    assert [desk.driver.whisper(PEER, (b"x",)) for _ in range(3)] == [Outcome.SENT] * 3
    desk.host.capacity = 3
    desk.driver.on_report(LinkWritable(1))
    assert desk.host.links[1] == [("HELLO", 1), ("WHISPER", 2), ("WHISPER", 3)]
    desk.host.capacity = 9
    desk.driver.on_report(LinkWritable(1))
    assert desk.host.links[1][3:] == [("WHISPER", 4)]


def test_a_link_that_takes_everything_is_given_all_that_waits_for_it(desk: Desk) -> None:
    """It is tried by handfuls, and nothing tells that there is room for the next."""
    desk.driver.on_messages([desk.hello()])
    desk.host.capacity = 1
    for _ in range(500):
        desk.driver.whisper(PEER, (b"x",))
    desk.host.capacity = 1000
    desk.driver.on_report(LinkWritable(1))
    assert [sequence for _, sequence in desk.host.links[1]] == list(range(1, 502))


def test_a_full_queue_is_told_to_who_shouts(desk: Desk) -> None:
    desk.driver.on_messages([desk.hello()])
    assert desk.driver.shout("G", (b"x",)) == (1, ())
    desk.host.capacity = 0
    for _ in range(9000):
        assert desk.driver.shout("G", (b"x",)) == (1, ())
    assert desk.driver.shout("G", (b"x",)) == (0, (PEER,))
    assert desk.driver.shout_to(PEER, "G", (b"x",)) is Outcome.BLOCKED
    desk.driver.shed(PEER)
    assert desk.driver.shout_to(PEER, "G", (b"x",)) is Outcome.SHED


def test_nothing_overtakes_a_refused_message(desk: Desk) -> None:
    """libzmq may make room between two sends; the second must wait for its turn behind the first."""
    desk.driver.on_messages([desk.hello()])
    desk.driver.machine.join("A", 0.0)
    desk.driver.machine.join("B", 0.0)
    answers = iter([False, True, True, True])
    send, desk.host.send = desk.host.send, lambda link, frames: next(answers) and send(link, frames)  # type: ignore[method-assign]
    desk.driver.change("join", "C")
    assert [command for command, _ in desk.host.links[1]] == ["HELLO"]
    desk.driver.on_report(LinkWritable(1))
    assert desk.host.links[1] == [("HELLO", 1), ("JOIN", 2), ("JOIN", 3), ("JOIN", 4)]


def test_a_hello_from_an_endpoint_that_cannot_be_used_hurts_nobody(desk: Desk) -> None:
    """A regression: our HELLO followed the link that was never opened, and the KeyError ended the node."""
    desk.host.unusable.add("tcp://é:1")
    desk.driver.on_messages([desk.hello("tcp://é:1")])
    assert [type(event) for event in desk.events if isinstance(event, (Enter, Exit))] == [Enter, Exit]
    assert desk.events[-1] == Exit(PEER, "peer", "unreachable")
    assert len(desk.driver.roster) == 0
    desk.driver.on_messages([desk.hello()])
    assert PEER in desk.driver.roster


def test_a_dial_that_cannot_be_opened_is_tried_again_and_hurts_nobody(desk: Desk) -> None:
    desk.host.unusable.add("tcp://é:1")
    desk.driver.change("connect", Endpoint.parse("tcp://é:1"), None)
    desk.driver.change("join", "G")
    assert desk.driver.machine.counters.failures["link"] == 1
    desk.host.unusable.clear()
    for second in range(1, 8):
        desk.host.time = float(second)
        desk.driver.on_alarm()
    opened = [call for call in desk.host.calls if call.startswith("open ") and "é" in call]
    assert len(opened) == 2
    assert [command for command, _ in desk.host.links[2]] == ["HELLO"]


def test_the_tap_sees_every_input_with_its_time_before_the_machine() -> None:
    desk = Desk(tap=True)
    desk.driver.start()
    desk.driver.change("join", "G")
    desk.driver.change("leave", "G")
    desk.driver.change("contest", "G")
    desk.driver.change("connect", Endpoint("tcp", "10.0.0.9", PORT), None)
    desk.driver.on_messages([desk.hello()])
    desk.driver.on_datagrams([(b"x", ("10.0.0.3", 5670))])
    desk.driver.on_report(LinkWritable(1))
    desk.driver.whisper(PEER, (b"x",))
    desk.driver.shout("G", (b"x",))
    desk.driver.shout_to(PEER, "G", (b"x",))
    desk.driver.shed(PEER)
    desk.host.time = 1.0
    desk.driver.on_alarm()
    desk.driver.stop()
    desk.driver.farewell()
    assert [what for _, what, _ in desk.tapped] == [
        "start",
        "join",
        "leave",
        "contest",
        "connect",
        "receive_frames",
        "receive_datagram",
        "receive_report",
        "whisper",
        "shout",
        "shout_to",
        "shed",
        "handle_timeout",
        "stop",
        "farewell",
    ]
    assert all(hasattr(desk.driver.machine, what) for _, what, _ in desk.tapped), "so it can be replayed by name"
