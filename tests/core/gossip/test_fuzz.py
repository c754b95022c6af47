"""Whatever neighbours send, a gossip machine goes on: it raises nothing, stays within its bounds, and still answers."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.gossip.rig import Rig
from tests.wire.strategies import mutated
from tests.wire.test_gossip import FRAMES
from zyre.core.effects import LinkFailed
from zyre.core.gossip.effects import ClientLost, OpenRemote, Reply
from zyre.wire import gossip, zgossip
from zyre.wire.gossip import Beat, Entry, Listing, Stamp, State, Tuple

KEYS = st.sampled_from(["a", "b", "c", "", "é" * 127])
OWNERS = st.sampled_from([bytes(15) + b"\x01", b"x" * 16, b"y" * 16])
STAMPS = st.builds(Stamp, st.integers(0, 5) | st.just(1 << 62), OWNERS)
TIMES = st.sampled_from([0.0, 0.001, 1.0, 60.0, 4_000_000.0])
TUPLES = st.builds(
    Tuple,
    KEYS,
    st.sampled_from(["1", "2", ""]),
    STAMPS,
    st.sampled_from(sorted(State.ALL)),
    TIMES,
    TIMES,
    st.booleans(),
)
OURS = (
    st.lists(TUPLES, max_size=3).map(gossip.encode_tuples)
    | st.lists(KEYS, max_size=3).map(gossip.encode_want)
    | st.lists(st.builds(Beat, OWNERS, st.integers(0, 9), TIMES), max_size=3).map(gossip.encode_beats)
    | st.builds(gossip.encode_root, st.sampled_from([gossip.PULSE, gossip.ECHO]), st.integers(0, 3))
    | st.builds(gossip.encode_welcome, OWNERS, st.integers(0, 3))
    | st.just(gossip.encode_summary([0] * gossip.BUCKETS))
    | st.builds(
        lambda entries: gossip.encode_listing(Listing(frozenset(range(gossip.BUCKETS)), tuple(entries))),
        st.lists(st.builds(Entry, KEYS, STAMPS, st.booleans()), max_size=3),
    )
)
PLAIN = st.sampled_from([zgossip.encode_command(command) for command in (1, 3, 4, 5)]) | st.builds(
    zgossip.encode_publish, KEYS, st.sampled_from(["1", "2", ""])
)
ANY_FRAME = st.binary(max_size=30) | PLAIN | OURS | mutated(OURS) | mutated(PLAIN) | FRAMES
CLIENTS = st.sampled_from([b"\0foreign", b"\0other", gossip.MARK + b"ours", gossip.MARK + b"more"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("client"), CLIENTS, ANY_FRAME),
        st.tuples(st.just("hub"), st.integers(0, 3), ANY_FRAME),
        st.tuples(st.just("frames"), st.lists(ANY_FRAME, max_size=3)),
        st.tuples(st.just("lost"), CLIENTS),
        st.tuples(st.just("failed"), st.integers(0, 3)),
        st.tuples(st.just("publish"), KEYS, st.sampled_from([0.0, 0.5])),
        st.tuples(st.just("unpublish"), KEYS),
        st.tuples(st.just("time"), st.sampled_from([0.01, 0.6, 5.0, 100.0])),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_nothing_that_neighbours_send_breaks_it(steps: list[tuple[object, ...]]) -> None:
    """Invariant: no exception; deadlines lie ahead; bounds hold; what was delivered adds up to what the table holds."""
    machine = Rig().add("it", tuples=3, remembered=3, neighbours=3)
    now = 0.0
    shown: dict[str, str] = {}
    links = 0
    machine.connect("hub", now)
    for what, *arguments in steps:
        match what, arguments:
            case "client", (client, frame):
                machine.receive_frames((client, frame), now)
            case "hub", (back, frame):
                machine.receive_reply(links - back, frame, now)
            case "frames", (frames,):
                machine.receive_frames(frames, now)
            case "lost", (client,):
                machine.receive_report(ClientLost(client), now)
            case "failed", (back,):
                machine.receive_report(LinkFailed(links - back), now)
            case "publish", (key, ttl):
                machine.publish(key, "mine", now, ttl=ttl)
            case "unpublish", (key,):
                machine.unpublish(key, now)
            case "time", (seconds,):
                now += seconds
        while not now < machine.next_timeout():
            machine.handle_timeout(now)
            assert machine.next_timeout() > now
        for effect in machine.take_effects():
            links = max(links, effect.link) if isinstance(effect, OpenRemote) else links
        for delivery in machine.take_events():
            if delivery.value is None:
                del shown[delivery.key]
            else:
                shown[delivery.key] = delivery.value
        assert shown == {record.key: record.value for record in machine.table.live()}
        assert len(machine.table) <= 3
        assert machine.table.remembered <= 3
        assert machine.clients <= 3
        assert machine.table.root == 0 or len(machine.table) > 0
    machine.receive_report(ClientLost(b"\0foreign"), now)
    machine.receive_report(ClientLost(b"\0other"), now)
    machine.receive_frames((b"\0foreign", zgossip.encode_command(zgossip.PING)), now)
    if machine.clients < 3:
        assert Reply(b"\0foreign", zgossip.encode_command(zgossip.PONG)) in machine.take_effects()
