"""Where a node looks for others that beacons do not reach."""

from __future__ import annotations

import time
from typing import Any

import pytest

import zyre
from tests.support.nodes import until
from zyre.endpoint import Endpoint
from zyre.engine import names
from zyre.engine.engine import shared_engine
from zyre.engine.rendezvous import JOIN_VARIABLE, Host, Meeting, Name, Rendezvous, Services, parse_meetings

WORDS = {
    "10.0.0.7": Host("10.0.0.7"),
    "robot.lan": Host("robot.lan"),
    "fe80::1%eth0": Host("fe80::1%eth0"),
    "10.0.0.7:5680": Endpoint("tcp", "10.0.0.7", 5680),
    "[::1]:5680": Endpoint("tcp", "::1", 5680),
    "tcp://10.0.0.7:5680": Endpoint("tcp", "10.0.0.7", 5680),
    "ipc:///tmp/x": Endpoint("ipc", "/tmp/x"),
    "dns://nodes.lan": Name("nodes.lan"),
    "dns://nodes.lan:5680": Name("nodes.lan", 5680),
    "dns+srv://_zyre._tcp.lan": Services("_zyre._tcp.lan"),
}


@pytest.mark.parametrize("word", WORDS)
def test_words(word: str) -> None:
    assert parse_meetings(word) == (WORDS[word],)
    assert parse_meetings([word]) == (WORDS[word],)


def test_the_environment_speaks_where_the_program_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(JOIN_VARIABLE, "10.0.0.7, robot.lan:5680")
    assert parse_meetings(None) == (Host("10.0.0.7"), Endpoint("tcp", "robot.lan", 5680))
    assert parse_meetings(()) == ()
    monkeypatch.delenv(JOIN_VARIABLE)
    assert parse_meetings(None) == ()


@pytest.mark.parametrize("word", ["tcp://*:5680", "10.0.0.7:*", "udp://10.0.0.7:1", "dns://", "a b", "dns://x:port"])
def test_words_that_lead_nowhere(word: str) -> None:
    with pytest.raises(zyre.InvalidEndpoint):
        parse_meetings([word])


def test_what_is_no_text() -> None:
    with pytest.raises(zyre.InvalidConfig, match=r"'10\.0\.0\.7'"):
        zyre.Node(join=[7])  # type: ignore[list-item]


class Followed:
    """A rendezvous, and where it sent us."""

    def __init__(self, *meetings: Meeting) -> None:
        self.endpoints: list[Endpoint] = []
        self.aims: list[tuple[str, ...]] = []
        self.targets: tuple[str, ...] = ()
        self.rendezvous = Rendezvous(meetings, self._change, lambda: self)
        shared_engine().acquire(self.rendezvous.alarm)

    def _change(self, verb: str, told: Any, *peer: object) -> None:
        if verb == "connect":
            self.endpoints.append(told)
        else:
            assert verb == "seek"
            self.aims.append(told)

    def __enter__(self) -> Followed:
        self.rendezvous.open(shared_engine())
        return self

    def __exit__(self, *error: object) -> None:
        self.rendezvous.close()
        shared_engine().release(self.rendezvous.alarm)


def test_names_are_looked_up_beside() -> None:
    with Followed(Endpoint("tcp", "10.0.0.7", 7), Name("localhost", 9), Host("localhost")) as followed:
        assert followed.endpoints[0] == Endpoint("tcp", "10.0.0.7", 7)
        until(lambda: followed.aims)
        assert Endpoint("tcp", "127.0.0.1", 9) in followed.endpoints
        assert "127.0.0.1" in followed.aims[0]


def test_a_name_that_becomes_known_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: dict[str, tuple[Endpoint, ...]] = {}
    asked: list[str] = []

    def look_up_services(name: str) -> tuple[Endpoint, ...]:
        asked.append(name)
        return answers.get(name, ())

    monkeypatch.setattr("zyre.engine.rendezvous.look_up_services", look_up_services)
    monkeypatch.setattr("zyre.engine.rendezvous._AGAIN_UNKNOWN", 0.01)
    with Followed(Services("_zyre._tcp.lan")) as followed:
        until(lambda: asked.count("_zyre._tcp.lan") > 2)
        assert followed.endpoints == []
        answers["_zyre._tcp.lan"] = (Endpoint("tcp", "a.lan", 1), Endpoint("tcp", "b.lan", 2))
        until(lambda: len(followed.endpoints) == 2)


def test_nothing_follows_from_a_look_up_that_comes_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def slow(name: str) -> tuple[str, ...]:
        asked.append(name)
        while followed.rendezvous._open:
            time.sleep(0.001)
        return ("10.0.0.7",)

    monkeypatch.setattr("zyre.engine.rendezvous.look_up", slow)
    followed = Followed(Name("slow.lan", 5), Host("slow.lan"))
    with followed:
        until(lambda: asked)
    until(lambda: not followed.rendezvous._looking)
    assert (followed.endpoints, followed.aims) == ([], [])


def test_records_of_services_are_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = pytest.importorskip("dns.resolver", reason="needs dnspython")
    from dns import rdata, rdataclass, rdatatype

    texts = ["20 0 5 late.lan.", "10 5 6 seldom.lan.", "10 60 7 often.lan."]
    records = [rdata.from_text(rdataclass.IN, rdatatype.SRV, text) for text in texts]
    monkeypatch.setattr(resolver, "resolve", lambda name, kind: records)
    assert [str(endpoint) for endpoint in names.look_up_services("_zyre._tcp.lan")] == [
        "tcp://often.lan:7",
        "tcp://seldom.lan:6",
        "tcp://late.lan:5",
    ]
    monkeypatch.undo()
    assert names.look_up_services("no-such-name.invalid") == ()


@pytest.mark.lan
def test_one_known_node_leads_to_five() -> None:
    with zyre.Node("seed", port=0) as seed:
        others = [zyre.Node(f"n{number}", port=0, join=[seed.endpoint]) for number in range(4)]
        try:
            for node in others:
                node.start()
            until(lambda: all(len(node.peers) == 4 for node in (seed, *others)))
        finally:
            for node in others:
                node.stop()
