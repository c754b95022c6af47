"""News of networks: real interfaces of the private network come and go."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

import zyre
from tests.support import network
from tests.support.nodes import expect, until
from zyre.engine.engine import Engine, shared_engine
from zyre.engine.netnews import NetNews, shared_news

pytestmark = [pytest.mark.lan, pytest.mark.skipif(sys.platform != "linux", reason="rtnetlink is Linux's")]


class Heard:
    def __init__(self) -> None:
        self.count = 0

    def note(self) -> None:
        self.count += 1


@pytest.fixture
def interface() -> Iterator[str]:
    network.add_veth("znews0", "znews1", "10.79.8.1/24")
    yield "znews0"
    network.delete_link("znews0")


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = shared_engine()
    engine.acquire()
    yield engine
    engine.release()


def test_who_listens_is_called(engine: Engine, interface: str) -> None:
    news, heard, others = NetNews(engine), Heard(), Heard()
    engine.call(lambda: (news.add(heard.note), news.add(others.note)))
    assert news.running
    network.add_address(interface, "10.79.9.1/24")
    until(lambda: heard.count and others.count, "an address that came")
    engine.call(lambda: news.remove(heard.note))
    assert news.running, "for the other one"
    before, both = heard.count, others.count
    network.delete_address(interface, "10.79.9.1/24")
    until(lambda: others.count > both, "an address that went")
    assert heard.count == before
    engine.call(lambda: (news.remove(others.note), news.remove(others.note)))
    assert not news.running


def test_a_flood_is_one_call(engine: Engine, interface: str) -> None:
    news, heard = NetNews(engine), Heard()
    engine.call(lambda: news.add(heard.note))
    for number in range(1, 60):
        network.add_address(interface, f"10.79.9.{number}/32")
    until(lambda: heard.count, "the first")
    assert heard.count < 30
    engine.call(lambda: news.remove(heard.note))


def test_one_for_all_nodes_of_a_process(engine: Engine) -> None:
    assert shared_news(engine) is shared_news(engine)


def test_a_node_knows_at_once(interface: str) -> None:
    """Even one that never beacons, and so would never look."""
    with zyre.Node("alone", port=0) as node:
        network.add_address(interface, "10.79.9.1/24")
        assert expect(node, zyre.NetworkChanged).appeared == ("10.79.9.1",)
        network.delete_address(interface, "10.79.9.1/24")
        assert expect(node, zyre.NetworkChanged).vanished == ("10.79.9.1",)
