"""What the doctor gathers, on real sockets; and a whole examination."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support.nodes import until
from zyre.engine.doctor import Facts, Heard, Reach, listen, reach
from zyre.engine.interfaces import consider_interfaces, has_carrier
from zyre.testing import Lan
from zyre.wire.beacon import Beacon, encode_beacon

pytestmark = pytest.mark.lan


def test_what_is_said_comes_back_and_others_are_heard() -> None:
    port = unused_port()
    facts = Facts(port, 0.3, considered=consider_interfaces("va"))
    with zyre.Node("bob", port=port, interface="va") as bob:
        listen(facts)
    assert [(echo.interface.name, echo.error, echo.heard) for echo in facts.echoes] == [("va", "", True)]
    number = int(bob.endpoint.rpartition(":")[2])
    assert facts.heard <= {Heard(bob.uuid.octets, "10.77.0.1", number)}


def test_a_port_that_another_program_keeps() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as greedy:
        greedy.bind(("", 0))
        facts = Facts(greedy.getsockname()[1], 0.1)
        listen(facts)
    assert "in use" in facts.port_error


def test_endpoints_answer_refuse_or_say_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as closed:
        here, gone = (f"tcp://127.0.0.1:{one.getsockname()[1]}" for one in (server, closed))
        closed.close()
        found = reach([here, gone, here, "ipc:///tmp/x"])
    assert found == {here: Reach.ANSWERS, gone: Reach.REFUSES}
    assert reach(["tcp://192.0.2.1:9"], 0.1) == {"tcp://192.0.2.1:9": Reach.NOTHING}


def test_carriers() -> None:
    assert has_carrier("lo")
    assert has_carrier("no such interface")


def test_a_node_is_examined() -> None:
    port = unused_port()
    with zyre.Node("a", port=port, interface="va") as a, zyre.Node("b", port=port, interface="va") as b:
        until(lambda: a.peers and b.peers)
        diagnosis = a.diagnose(1.5)
    assert diagnosis.healthy, diagnosis.findings
    assert (diagnosis.heard, diagnosis.peers) == (1, 1)
    assert ("va", "10.77.0.1", "chosen") in diagnosis.interfaces


def test_a_copy_of_a_node_is_found_out() -> None:
    port = unused_port()
    with (
        zyre.Node("a", port=port, interface="va") as a,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as copies,
    ):
        copies.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        copies.bind(("10.77.0.1", 0))
        task = Beaconing(copies, port)
        diagnosis = task.during(lambda: a.diagnose(0.6))
    assert "identity-clash" in diagnosis.codes


class Beaconing:
    """Two lives of one identity, heard while something goes on."""

    def __init__(self, sender: socket.socket, port: int) -> None:
        self._sender = sender
        self._target = ("10.77.0.255", port)

    def during(self, action: Callable[[], zyre.Diagnosis]) -> zyre.Diagnosis:
        done = threading.Event()

        def say() -> None:
            while not done.wait(0.05):
                for tcp in (1, 2):
                    self._sender.sendto(encode_beacon(Beacon(b"u" * 16, tcp)), self._target)

        thread = threading.Thread(target=say)
        thread.start()
        try:
            return action()
        finally:
            done.set()
            thread.join()


def test_others_go_on_while_one_is_examined() -> None:
    async def main() -> zyre.Diagnosis:
        async with zyre.AsyncNode("a", port=unused_port(), interface="lo") as node:
            ticks = 0
            examination = asyncio.create_task(node.diagnose(0.5))
            while not examination.done():
                ticks += 1
                await asyncio.sleep(0.01)
            assert ticks > 5
            return await examination

    assert asyncio.run(main()).codes == {"nobody"}


def test_only_what_runs_on_a_network_is_examined() -> None:
    with pytest.raises(zyre.NodeNotStarted):
        zyre.Node(interface="lo").diagnose()
    with pytest.raises(zyre.UsageError, match="simulated"):
        Lan().node("a").diagnose()
