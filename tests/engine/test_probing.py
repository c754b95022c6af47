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


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    made.acquire()
    yield made
    made.release()
    thread = made._thread
    if thread is not None:
        thread.join()
    for descriptor in (made._selector, made._wake_in, made._wake_out):
        descriptor.close()


def test_in_the_engine_thread_verdicts_are_told_and_nothing_stays_open(engine: Engine, listener: socket.socket) -> None:
    told: list[Report] = []
    prober = Prober(told.append)
    prober.engine = engine
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


def test_a_host_name_is_asked_at_all_its_addresses(
    engine: Engine, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zyre.engine.names.look_up", lambda host: ("::1", "127.0.0.2", "127.0.0.1"))
    told: list[Report] = []
    prober = Prober(told.append)
    prober.engine = engine
    name = f"tcp://host.example:{listener.getsockname()[1]}"
    prober.begin(1, name)
    with listener.accept()[0] as accepted:
        assert told == [], "one that refuses is not the last word"
        accepted.send(b"\xff")
        until(lambda: told)
    listener.close()
    prober.begin(1, name)
    until(lambda: len(told) == 2)
    assert told == [LinkAnswered(1), LinkRefused(1)]
    engine.call(prober.close)


def test_a_host_name_that_nobody_knows_says_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("zyre.engine.names.look_up", lambda host: asked.append(host) or ())
    told: list[Report] = []
    prober = Prober(told.append)
    prober.engine = engine
    prober.begin(1, "tcp://host.example:5")
    until(lambda: asked)
    engine.call(prober.close)
    assert told == []
