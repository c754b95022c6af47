"""What every Transport must do, modelled or real: the model is only worth what it has in common with the world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.stations import Bench, ModelledBench, RealBench
from zyre.errors import AddressInUse, NoInterface
from zyre.wire import zre

pytestmark = pytest.mark.lan

MANY = 500
#: Begins like any message by which a transport learns who comes by a connection.
PING = zre.pack_header(zre.PING, 1)


@pytest.fixture(params=[ModelledBench, RealBench], ids=["modelled", "pyzmq"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    made: Bench = request.param()
    yield made
    made.close()


def beacon(text: bytes) -> bytes:
    """A datagram that looks like a beacon: the kernel may drop others."""
    return b"ZRE\x01" + text.ljust(18)


def numbers(first: int, last: int) -> list[bytes]:
    return [b"%d" % number for number in range(first, last)]


# -- opening and closing -----------------------------------------------------------------------------------------------


def test_open_says_where_it_is(bench: Bench) -> None:
    locality = bench.station().locality
    assert locality is not None
    assert locality.bound.is_tcp
    assert locality.bound.port > 0
    assert locality.beacon_port == locality.bound.port
    assert locality.interfaces
    assert any(interface.broadcast for interface in locality.interfaces)


def test_a_wanted_port_is_taken(bench: Bench) -> None:
    port = bench.unused_tcp_port()
    locality = bench.station(tcp_port=port).locality
    assert locality is not None
    assert locality.bound.port == port


def test_a_port_in_use_is_told_and_leaves_nothing_open(bench: Bench) -> None:
    port = bench.unused_tcp_port()
    first = bench.station(tcp_port=port)
    second = bench.station(tcp_port=port, opened=False)
    with pytest.raises(AddressInUse):
        second.open()
    second.transport.broadcast(beacon(b"nobody"))
    first.transport.broadcast(beacon(b"first"))
    bench.wait(lambda: first.datagrams)
    assert [data for data, _ in first.datagrams] == [beacon(b"first")]
    first.transport.close()
    again = first.again()
    assert again.locality is not None
    assert again.locality.bound.port == port


def test_an_unknown_interface_is_told(bench: Bench) -> None:
    with pytest.raises(NoInterface):
        bench.station(interface="no-such-interface")


def test_closing_twice_or_before_opening_does_nothing(bench: Bench) -> None:
    never = bench.station(opened=False)
    never.transport.close()
    once = bench.station()
    once.transport.open_link(1, once.endpoint)
    once.transport.close()
    once.transport.close()


# -- links -------------------------------------------------------------------------------------------------------------


def test_messages_arrive_whole_in_order_and_under_the_sender_s_identity(bench: Bench) -> None:
    sender, receiver = bench.station(), bench.station()
    assert sender.transport.open_link(1, receiver.endpoint)
    messages = [(b"first", *[b"x" * (size % 7 * size) for size in range(number % 5)]) for number in range(MANY)]
    messages += [(b"big", b"y" * 300_000, b"", b"z" * 70_000)]
    for message in messages:
        assert sender.transport.send(1, message)
    bench.wait(lambda: len(receiver.messages) == len(messages))
    assert [tuple(frames[1:]) for frames in receiver.messages] == messages
    assert {frames[0] for frames in receiver.messages} == {b"\x01" + sender.identity}


def test_two_links_are_two_ways(bench: Bench) -> None:
    sender, one, other = bench.station(), bench.station(), bench.station()
    sender.transport.open_link(1, one.endpoint)
    sender.transport.open_link(2, other.endpoint)
    sender.transport.send(2, (b"to the other",))
    sender.transport.send(1, (b"to the one",))
    bench.wait(lambda: one.messages and other.messages)
    assert (one.bodies, other.bodies) == ([b"to the one"], [b"to the other"])


def test_a_link_may_lead_to_oneself(bench: Bench) -> None:
    station = bench.station()
    station.transport.open_link(1, station.endpoint)
    station.transport.send(1, (b"self",))
    bench.wait(lambda: station.messages)
    assert station.messages == [[b"\x01" + station.identity, b"self"]]


def test_what_is_sent_before_there_is_anybody_arrives(bench: Bench) -> None:
    port = bench.unused_tcp_port()
    sender, receiver = bench.station(), bench.station(tcp_port=port, opened=False)
    place = sender.endpoint.rpartition(":")[0]
    assert sender.transport.open_link(1, f"{place}:{port}")
    for body in numbers(0, 20):
        assert sender.transport.send(1, (body,))
    receiver.open()
    bench.wait(lambda: len(receiver.messages) == 20)
    assert receiver.bodies == numbers(0, 20)


@pytest.mark.parametrize(
    "endpoint", ["", "nonsense", "tcp://", "tcp://host", "tcp://10.77.0.1:", "udp://10.77.0.1:5", "tcp://é:1"]
)
def test_an_unusable_endpoint_is_refused(bench: Bench, endpoint: str) -> None:
    station = bench.station()
    assert not station.transport.open_link(1, endpoint)
    assert station.transport.send(1, (b"its HELLO",)), "the failure has been reported already"
    station.transport.close_link(1, flush=True)


def test_a_name_that_nobody_has_may_be_dialled(bench: Bench) -> None:
    station = bench.station()
    assert station.transport.open_link(1, "tcp://no-such-host.invalid:5")
    assert station.transport.send(1, (b"x",))


# -- full queues -------------------------------------------------------------------------------------------------------


def test_a_full_queue_refuses_whole_messages_and_tells_when_there_is_room(bench: Bench) -> None:
    port = bench.unused_tcp_port()
    sender, receiver = bench.station(link_messages=80), bench.station(tcp_port=port, opened=False)
    place = sender.endpoint.rpartition(":")[0]
    sender.transport.open_link(1, f"{place}:{port}")
    taken = [body for body in numbers(0, 100) if sender.transport.send(1, (b"head", body))]
    assert taken == numbers(0, 8)
    assert not sender.transport.send(1, (b"one frame",))
    assert sender.writable == []
    receiver.open()
    bench.wait(lambda: sender.writable)
    assert sender.writable == [1], "once"
    assert sender.transport.send(1, (b"head", b"after"))
    bench.wait(lambda: b"after" in receiver.bodies)
    assert receiver.bodies == [*taken, b"after"]
    assert {len(frames) for frames in receiver.messages} == {3}


def test_who_does_not_read_fills_the_sender_s_queue(bench: Bench) -> None:
    sender, receiver = bench.station(link_messages=4), bench.station(inbox_messages=4)
    sender.transport.open_link(1, receiver.endpoint)
    sender.transport.send(1, (b"first",))
    bench.wait(lambda: receiver.messages)
    receiver.reading = False
    sent = 0
    tries = 0

    def filled() -> bool:
        """Between two tries what was sent may go on its way; it is full when many in a row are refused."""
        nonlocal sent, tries
        if sender.transport.send(1, (b"%d" % sent, b"x" * 200_000)):
            sent, tries = sent + 1, 0
        else:
            tries += 1
        return tries > 50

    bench.wait(filled, "the queue is full")
    assert sent >= 4
    receiver.reading = True
    bench.wait(lambda: len(receiver.messages) == 1 + sent)
    assert [frames[1] for frames in receiver.messages[1:]] == numbers(0, sent)
    bench.wait(lambda: sender.writable)
    assert sender.transport.send(1, (b"after",))
    bench.wait(lambda: receiver.bodies[-1] == b"after")


def test_a_link_that_was_never_full_reports_nothing(bench: Bench) -> None:
    sender, receiver = bench.station(), bench.station()
    sender.transport.open_link(1, receiver.endpoint)
    for body in numbers(0, MANY):
        sender.transport.send(1, (body,))
    bench.wait(lambda: len(receiver.messages) == MANY)
    assert sender.writable == []


def test_a_closed_link_reports_nothing(bench: Bench) -> None:
    port = bench.unused_tcp_port()
    sender, receiver = bench.station(link_messages=4), bench.station(tcp_port=port, opened=False)
    place = sender.endpoint.rpartition(":")[0]
    sender.transport.open_link(1, f"{place}:{port}")
    while sender.transport.send(1, (b"x",)):
        pass
    sender.transport.close_link(1, flush=False)
    receiver.open()
    sender.transport.open_link(2, receiver.endpoint)
    sender.transport.send(2, (b"fence",))
    bench.wait(lambda: b"fence" in receiver.bodies)
    assert sender.writable == []


# -- closing links -----------------------------------------------------------------------------------------------------


def test_a_link_closed_with_flush_delivers(bench: Bench) -> None:
    sender, receiver = bench.station(), bench.station()
    sender.transport.open_link(1, receiver.endpoint)
    for body in numbers(0, 100):
        sender.transport.send(1, (body,))
    sender.transport.close_link(1, flush=True)
    bench.wait(lambda: len(receiver.messages) == 100)
    assert receiver.bodies == numbers(0, 100)


def test_a_link_closed_with_flush_delivers_although_everything_closes(bench: Bench) -> None:
    sender, receiver = bench.station(), bench.station()
    sender.transport.open_link(1, receiver.endpoint)
    sender.transport.send(1, (b"goodbye",))
    sender.transport.close_link(1, flush=True)
    sender.transport.close()
    bench.wait(lambda: receiver.messages)
    assert receiver.bodies == [b"goodbye"]


def test_a_link_closed_without_flush_delivers_a_beginning_at_most(bench: Bench) -> None:
    sender, receiver = bench.station(), bench.station()
    sender.transport.open_link(1, receiver.endpoint)
    for body in numbers(0, MANY):
        sender.transport.send(1, (body,))
    sender.transport.close_link(1, flush=False)
    sender.transport.open_link(2, receiver.endpoint)
    sender.transport.send(2, (b"fence",))
    bench.wait(lambda: b"fence" in receiver.bodies)
    arrived = receiver.bodies[: receiver.bodies.index(b"fence")]
    assert arrived == numbers(0, len(arrived))


def test_closing_a_link_twice_or_an_unknown_one_does_nothing(bench: Bench) -> None:
    station = bench.station()
    station.transport.open_link(1, station.endpoint)
    for flush in (True, False):
        station.transport.close_link(1, flush)
        station.transport.close_link(7, flush)


# -- restarts ----------------------------------------------------------------------------------------------------------


def test_a_link_finds_a_restarted_far_end_by_itself(bench: Bench) -> None:
    sender, receiver = bench.station(), bench.station()
    sender.transport.open_link(1, receiver.endpoint)
    sender.transport.send(1, (b"before",))
    bench.wait(lambda: receiver.messages)
    receiver.transport.close()
    again = receiver.again()
    sent = 0

    def arrives() -> bool:
        nonlocal sent
        sent += sender.transport.send(1, (b"%d" % sent,))
        return bool(again.messages)

    bench.wait(arrives, "it connects again")
    sender.transport.send(1, (b"last",))
    bench.wait(lambda: again.bodies[-1] == b"last")
    values = [int(body) for body in again.bodies[:-1]]
    assert values == list(range(values[0], sent)), "what is lost is lost at the beginning; nothing comes twice"


def test_whoever_comes_back_under_the_same_identity_is_heard(bench: Bench) -> None:
    sender, receiver = bench.station(), bench.station()
    sender.transport.open_link(1, receiver.endpoint)
    sender.transport.send(1, (b"before",))
    bench.wait(lambda: receiver.messages)
    sender.transport.close()
    again = sender.again()
    again.transport.open_link(1, receiver.endpoint)
    again.transport.send(1, (b"after",))
    bench.wait(lambda: len(receiver.messages) == 2)
    assert receiver.bodies == [b"before", b"after"]
    assert receiver.messages[0][0] == receiver.messages[1][0]


def test_a_new_link_of_the_same_sender_takes_the_place_of_the_old_one(bench: Bench) -> None:
    """What a node does when it greets a peer anew; libzmq lets the newest connection of an identity win."""
    sender, receiver = bench.station(), bench.station()
    for link in range(1, 6):
        sender.transport.open_link(link, receiver.endpoint)
        sender.transport.send(link, (b"%d" % link,))
        bench.wait(lambda link=link: len(receiver.messages) == link)
        sender.transport.close_link(link, flush=False)
    assert receiver.bodies == numbers(1, 6)


# -- connections that end, and who is there --------------------------------------------------------------------------


def test_the_end_of_a_process_is_told(bench: Bench) -> None:
    one, other = bench.station(), bench.station()
    one.transport.open_link(1, other.endpoint)
    one.transport.send(1, (PING,))
    bench.wait(lambda: other.messages)
    assert other.lost == []
    one.transport.close()
    bench.wait(lambda: other.lost)
    assert other.lost == [b"\x01" + one.identity]


def test_the_end_is_told_behind_everything_said(bench: Bench) -> None:
    one, other = bench.station(), bench.station()
    one.transport.open_link(1, other.endpoint)
    one.transport.send(1, (PING,))
    for body in numbers(0, 100):
        one.transport.send(1, (body,))
    one.transport.close_link(1, flush=True)
    one.transport.close()
    bench.wait(lambda: other.lost and len(other.messages) == 101)
    assert other.lost == [b"\x01" + one.identity]


def test_who_comes_by_another_connection_is_not_lost(bench: Bench) -> None:
    one, other = bench.station(), bench.station()
    for link in range(1, 4):
        one.transport.open_link(link, other.endpoint)
        one.transport.send(link, (PING,))
        bench.wait(lambda link=link: len(other.messages) == link)
    one.transport.close_link(1, flush=False)
    one.transport.close_link(2, flush=False)
    one.transport.send(3, (b"fence",))
    bench.wait(lambda: len(other.messages) == 4)
    assert other.lost == []


def test_somebody_who_listens_answers(bench: Bench) -> None:
    one, other = bench.station(), bench.station()
    one.transport.open_link(1, other.endpoint)
    for _ in range(3):
        one.verdicts.clear()
        one.transport.probe(1, other.endpoint)
        bench.wait(lambda: one.verdicts)
        assert one.verdicts == [("answered", 1)]
    one.transport.send(1, (b"fence",))
    bench.wait(lambda: other.messages)
    assert other.bodies == [b"fence"], "a look is no message"


def test_nobody_there_is_refused(bench: Bench) -> None:
    one, other = bench.station(), bench.station()
    one.transport.open_link(1, other.endpoint)
    one.transport.send(1, (PING,))
    bench.wait(lambda: other.messages)
    other.transport.close()

    def refused() -> bool:
        one.transport.probe(1, other.endpoint)
        return ("refused", 1) in one.verdicts

    bench.wait(refused, "libzmq gives the port back a moment later")


def test_nothing_is_told_of_a_link_that_was_closed(bench: Bench) -> None:
    one, other = bench.station(), bench.station()
    for link in (1, 2):
        one.transport.open_link(link, other.endpoint)
        one.transport.probe(link, other.endpoint)
    one.transport.close_link(1, flush=False)
    bench.wait(lambda: one.verdicts)
    assert one.verdicts == [("answered", 2)]


# -- beacons -----------------------------------------------------------------------------------------------------------


def test_a_broadcast_reaches_everybody_and_oneself(bench: Bench) -> None:
    stations = [bench.station() for _ in range(4)]
    stations[0].transport.broadcast(beacon(b"here I am"))
    bench.wait(lambda: all(station.datagrams for station in stations))
    assert {data for station in stations for data, _ in station.datagrams} == {beacon(b"here I am")}


def test_a_datagram_tells_its_sender_s_address_and_one_port_for_its_life(bench: Bench) -> None:
    one, other = bench.station(), bench.station()
    assert one.locality is not None
    for number in range(3):
        one.transport.broadcast(beacon(b"%d" % number))
        bench.wait(lambda number=number: len(other.datagrams) == number + 1)
    sources = {source for _, source in other.datagrams}
    assert len(sources) == 1
    ((address, port),) = sources
    assert address in {interface.address for interface in one.locality.interfaces}
    assert 0 < port != bench.port, "the beacon port belongs to no one node of a computer"


def test_a_closed_transport_hears_nothing(bench: Bench) -> None:
    one, other, closed = bench.station(), bench.station(), bench.station()
    closed.transport.close()
    one.transport.broadcast(beacon(b"x"))
    bench.wait(lambda: other.datagrams)
    assert closed.datagrams == []


def test_without_a_beacon_port_nothing_is_broadcast(bench: Bench) -> None:
    bench.port, port = 0, bench.port
    silent = bench.station()
    bench.port = port
    one = bench.station()
    silent.transport.broadcast(beacon(b"silence"))
    one.transport.broadcast(beacon(b"fence"))
    bench.wait(lambda: one.datagrams)
    assert [data for data, _ in one.datagrams] == [beacon(b"fence")]
