"""The laboratory itself: what it is told to break is broken, and nothing of it stays behind."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from . import lab
from .lab import TABLE, Host, Lab
from .real import RealStage

pytestmark = pytest.mark.lan

PORT = 9999
SURE = 5.0
"""Seconds that something which happens at once may take."""
DOUBT = 0.1
"""Seconds after which nothing comes any more."""


@pytest.fixture(scope="module", autouse=True)
def _laboratory() -> None:
    if reason := lab.missing():
        pytest.skip(reason)


class Talk:
    """Two hosts with a UDP socket each."""

    def __init__(self, stack: ExitStack) -> None:
        self.lab = stack.enter_context(Lab())
        self.one, self.two = self.lab.host("one", "lan"), self.lab.host("two", "lan")
        self._sockets = {host.name: stack.enter_context(closing(_listener(host))) for host in (self.one, self.two)}

    def passes(self, source: Host, target: Host, address: str = "") -> int:
        """How many of ten datagrams from one host arrive at the other."""
        while self._hear(target, 0.0):
            pass
        for _ in range(10):
            try:
                self._sockets[source.name].sendto(b"x", (address or target.address, PORT))
            except OSError:  # the kernel knows already that there is nobody
                continue
        arrived = 0
        while self._hear(target, DOUBT):
            arrived += 1
        return arrived

    def comes_through(self, source: Host, target: Host) -> bool:
        """Whether, after a moment in which switches learn that a cable is in, everything arrives."""
        deadline = time.monotonic() + SURE
        while self.passes(source, target) < 10:
            if time.monotonic() > deadline:
                return False
        return True

    def _hear(self, host: Host, patience: float) -> bool:
        self._sockets[host.name].settimeout(patience)
        try:
            self._sockets[host.name].recv(1)
        except OSError:
            return False
        return True


def _listener(host: Host) -> socket.socket:
    listener = host.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    listener.bind(("", PORT))
    return listener


@pytest.fixture
def talk() -> Iterator[Talk]:
    with ExitStack() as stack:
        talk = Talk(stack)
        assert talk.comes_through(talk.one, talk.two)
        assert talk.comes_through(talk.two, talk.one)
        yield talk


def test_a_path_can_be_cut_one_way(talk: Talk) -> None:
    talk.lab.block([talk.one], [talk.two])
    assert talk.passes(talk.one, talk.two) == 0
    assert talk.passes(talk.two, talk.one) == 10
    talk.lab.unblock()
    assert talk.passes(talk.one, talk.two) == 10


def test_datagrams_are_lost_by_chance(talk: Talk) -> None:
    talk.lab.lose(0.5)
    assert 0 < sum(talk.passes(talk.one, talk.two) for _ in range(5)) < 50
    talk.lab.lose(0.0)
    assert talk.passes(talk.one, talk.two) == 10


def test_broadcasts_can_be_dropped_and_nothing_else(talk: Talk) -> None:
    everybody = talk.one.address.rpartition(".")[0] + ".255"
    assert talk.passes(talk.one, talk.two, everybody) == 10
    talk.lab.drop_broadcasts()
    assert talk.passes(talk.one, talk.two, everybody) == 0
    assert talk.passes(talk.one, talk.two) == 10


def test_a_cable_is_pulled_and_put_back(talk: Talk) -> None:
    cable = talk.two.cables[0]
    cable.pull()
    assert talk.passes(talk.one, talk.two) == 0
    cable.plug_in()
    assert talk.comes_through(talk.one, talk.two)


def test_a_host_changes_its_address(talk: Talk) -> None:
    before = talk.two.address
    talk.two.cables[0].change_address(talk.lab.new_address("lan"))
    assert talk.two.address != before
    assert talk.comes_through(talk.one, talk.two)
    assert talk.passes(talk.one, talk.two, before) == 0


def test_a_connection_is_reset_once(talk: Talk) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(talk.two.socket(socket.SOCK_STREAM))
        server.bind(("", PORT))
        server.listen()
        client = stack.enter_context(talk.one.socket(socket.SOCK_STREAM))
        client.settimeout(SURE)
        client.connect((talk.two.address, PORT))
        talk.lab.reset(talk.one, talk.two)
        client.sendall(b"hello")
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        again = stack.enter_context(talk.one.socket(socket.SOCK_STREAM))
        again.settimeout(SURE)
        again.connect((talk.two.address, PORT))
        again.sendall(b"hello")
        for _ in range(2):
            accepted = stack.enter_context(server.accept()[0])
        accepted.settimeout(SURE)
        assert accepted.recv(5) == b"hello"


def test_lans_do_not_touch() -> None:
    with Lab() as labs:
        one, two = labs.host("one", "left"), labs.host("two", "right")
        assert one.address.rpartition(".")[0] != two.address.rpartition(".")[0]
        with closing(one.socket()) as sender, pytest.raises(OSError, match="unreachable"):
            sender.sendto(b"x", (two.address, PORT))


# -- what stays behind -----------------------------------------------------------------------------------------------


def _namespaces() -> set[str]:
    """The network namespaces of all processes that we may look at."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found.add(os.readlink(process / "ns/net"))
        except OSError:
            continue
    return found


def _links() -> list[str]:
    said = subprocess.run(("ip", "-brief", "link"), capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in said.splitlines() if line.startswith("z")]


def _tables() -> str:
    return subprocess.run(("nft", "list", "tables"), capture_output=True, text=True, check=True).stdout


def _fail_in_the_middle(made: set[str]) -> None:
    with RealStage() as stage:
        (actor,) = stage.cast("a", hosts=[stage.host("left", "right")])
        made |= {os.readlink(f"/proc/{pid}/ns/net") for pid in (actor.host.pid, actor.process.pid)}
        assert len(made) == 1, "the node does not run on its host"
        assert made <= _namespaces()
        assert _links()
        assert TABLE in _tables()
        actor.freeze()
        raise ZeroDivisionError


def test_nothing_stays_behind_when_a_test_fails() -> None:
    made: set[str] = set()
    with pytest.raises(ZeroDivisionError):
        _fail_in_the_middle(made)
    assert not made & _namespaces()
    assert not _links()
    assert TABLE not in _tables()
