"""Whether anybody listens: every answer that a host can give."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.nodes import until
from zyre.core.effects import LinkAnswered, LinkRefused, Report
from zyre.endpoint import Endpoint
from zyre.engine.engine import Engine
from zyre.engine.probing import Prober, Probes

pytestmark = pytest.mark.lan


@pytest.fixture
def probes() -> Iterator[Probes]:
    made = Probes()
    yield made
    for link in made.open():
        made.end(link)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        made.listen()
        yield made


def place(listener: socket.socket) -> Endpoint:
    return Endpoint("tcp", "127.0.0.1", listener.getsockname()[1])


def verdict(probes: Probes, link: int, begun: Report | int | None) -> object:
    if not isinstance(begun, int):
        return begun
    shown: list[object] = []
    until(lambda: shown.append(probes.look(link)) or shown[-1] is not True)
    return shown[-1]


def test_nobody_listens(probes: Probes, listener: socket.socket) -> None:
    endpoint = place(listener)
    listener.close()
    assert verdict(probes, 1, probes.begin(1, endpoint)) == LinkRefused(1)


def test_a_process_that_speaks(probes: Probes, listener: socket.socket) -> None:
    begun = probes.begin(1, place(listener))
    with listener.accept()[0] as accepted:
        accepted.send(b"\xff")
        assert verdict(probes, 1, begun) == LinkAnswered(1)


def test_a_process_that_stands_still(probes: Probes, listener: socket.socket) -> None:
    probes.begin(1, place(listener))
    with listener.accept()[0]:
        assert probes.look(1) is True
        assert probes.look(1) is True


def test_a_process_that_hangs_up(probes: Probes, listener: socket.socket) -> None:
    begun = probes.begin(1, place(listener))
    listener.accept()[0].close()
    assert verdict(probes, 1, begun) == LinkRefused(1), "what dies closes one socket after the other"


def test_a_file_that_somebody_listens_at_or_nobody_or_that_is_none(probes: Probes, tmp_path: Path) -> None:
    path = str(tmp_path / "node")
    endpoint = Endpoint("ipc", path)
    assert probes.begin(1, endpoint) == LinkRefused(1)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        begun = probes.begin(1, endpoint)
        with listener.accept()[0] as accepted:
            accepted.send(b"\xff")
            assert verdict(probes, 1, begun) == LinkAnswered(1)
    assert probes.begin(1, endpoint) == LinkRefused(1)


@pytest.mark.parametrize("endpoint", ["inproc://alice", "tcp://some.host:5", "tcp://[fe80::1%nowhere]:5"])
def test_what_cannot_be_asked_says_nothing(probes: Probes, endpoint: str) -> None:
    assert not isinstance(probes.begin(1, Endpoint.parse(endpoint)), LinkRefused | LinkAnswered)


def test_one_for_each_link(probes: Probes, listener: socket.socket) -> None:
    first = probes.begin(1, place(listener))
    second = probes.begin(1, place(listener))
    assert isinstance(first, int)
    assert isinstance(second, int)
    assert probes.open() == (1,)
    probes.end(1)
    assert probes.open() == ()
    assert probes.look(1) is False


def test_in_the_engine_thread_verdicts_are_told_and_nothing_stays_open(listener: socket.socket) -> None:
    told: list[Report] = []
    prober = Prober(told.append)
    prober.engine = engine = Engine()
    engine.acquire()
    prober.begin(1, str(place(listener)))
    with listener.accept()[0] as accepted:
        prober.begin(2, str(place(listener)))
        prober.forget(2)
        accepted.send(b"\xff")
        until(lambda: told)
        engine.call(lambda: None)
    assert told == [LinkAnswered(1)]
    prober.begin(3, str(place(listener)))
    engine.call(prober.close)
    assert prober._probes.open() == ()
    engine.release()
    thread = engine._thread
    if thread is not None:
        thread.join()
    for descriptor in (engine._selector, engine._wake_in, engine._wake_out):
        descriptor.close()
