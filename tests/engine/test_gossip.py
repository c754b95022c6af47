from __future__ import annotations

import pytest

from tests.support.gossip import PATIENCE, until
from zyre import Gossip
from zyre.config import GossipConfig
from zyre.core.gossip.machine import GossipMachine
from zyre.core.host import Closed
from zyre.engine.gossip import GossipHost


def test_a_defect_ends_the_service_and_tells_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GossipMachine, "take_events", lambda _: 1 / 0)
    broken = GossipHost("broken", GossipConfig())
    broken.step("anything", lambda machine, now: None)
    with pytest.raises(Closed) as raised:
        broken.get(PATIENCE)
    assert isinstance(raised.value.defect, ZeroDivisionError)
    monkeypatch.undo()
    with Gossip() as other:
        other.publish("k", "v")
        other.recv(PATIENCE)


def test_many_tuples_pass_in_order() -> None:
    with Gossip("hub") as hub, Gossip("a") as a:
        hub.bind("inproc://many")
        a.connect("inproc://many")
        for number in range(2000):
            a.publish(f"k{number}", "v" * 100)
        assert [hub.recv(PATIENCE).key for _ in range(2000)] == [f"k{n}" for n in range(2000)]


def test_a_network_of_many_with_cycles_agrees() -> None:
    services = [Gossip(f"s{number}") for number in range(8)]
    try:
        for number, service in enumerate(services):
            service.bind(f"inproc://ring{number}")
        for number, service in enumerate(services):
            service.connect(f"inproc://ring{(number + 1) % 8}")
            service.connect(f"inproc://ring{(number + 3) % 8}")
            service.publish(f"of {number}", "v")
        until(lambda: all(service.status() == 8 for service in services))
        assert all(len({service.recv(PATIENCE).key for _ in range(8)}) == 8 for service in services)
    finally:
        for service in services:
            service.close()


def test_a_client_that_goes_without_a_word_is_noticed() -> None:
    with Gossip("hub", config=GossipConfig(probe=0.1)) as hub:
        endpoint = hub.bind("tcp://127.0.0.1:*")
        with Gossip("a") as a:
            a.connect(endpoint)
            until(lambda: hub.statistics()["clients"] == 1)
        until(lambda: hub.statistics()["clients"] == 0)
