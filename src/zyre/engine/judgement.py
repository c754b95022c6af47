"""What the facts amount to: from what the doctor gathered and what the node knows to findings. No socket, no clock."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from zyre.core.gate import FAILURES, VIOLATIONS
from zyre.core.locality import without_scope
from zyre.diagnosis import Diagnosis, Finding
from zyre.engine.doctor import Facts, Reach, is_off, used
from zyre.engine.interfaces import Why

__all__ = ["Acquaintance", "Knowledge", "judge"]

#: A clock that is set by less than this, in seconds, is being kept right.
_JUMP: Final = 2.0
#: Descriptors with which a node has room for as many peers as people expect.
_ENOUGH: Final = 1024
_PER_PEER: Final = 3

_UNREACHED: Final = {Reach.NOTHING: "peer-unreachable", Reach.REFUSES: "peer-refuses"}
_ORDER: Final = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """One peer as the node knows it. ``ready``: it said HELLO."""

    uuid: bytes
    name: str
    endpoint: str
    found_by: str
    ready: bool

    @property
    def called(self) -> str:
        """How people know it."""
        return self.name or self.uuid.hex()[:6].upper()


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the node knows: itself, its peers, what it counted, by how much its clock was set, its descriptors.
    ``violations`` and ``failures`` are those of its statistics."""

    uuid: bytes
    peers: tuple[Acquaintance, ...] = ()
    violations: Mapping[str, int] | None = None
    failures: Mapping[str, int] | None = None
    clock_step: float = 0.0
    descriptors: int = _ENOUGH


def judge(facts: Facts, knowledge: Knowledge) -> Diagnosis:
    """Everything that is wrong, the worst first."""
    found = [
        *_interfaces(facts),
        *_sockets(facts),
        *_peers(facts, knowledge),
        *_sources(facts, knowledge),
        *_node(facts, knowledge),
    ]
    others = {one.uuid for one in facts.heard} - {knowledge.uuid}
    return Diagnosis(
        findings=tuple(sorted(found, key=lambda finding: _ORDER[finding.severity])),
        interfaces=tuple((one.interface.name, one.interface.address, str(one.why)) for one in facts.considered),
        heard=len(others),
        peers=sum(peer.ready for peer in knowledge.peers),
    )


def _interfaces(facts: Facts) -> Iterator[Finding]:
    if not facts.restricted and all(face.is_loopback for face in used(facts)):
        yield Finding.of("no-network")
    for one in facts.considered:
        face = one.interface
        if is_off(one) and not face.is_ipv6:
            yield Finding.of("interface-down", face.name)
        elif one.why is Why.NO_BROADCAST:
            yield Finding.of("no-broadcast", face.name, address=face.address)
        elif one.is_used and not face.is_ipv6 and not facts.carriers.get(face.name, True):
            yield Finding.of("interface-alone", face.name)


def _sockets(facts: Facts) -> Iterator[Finding]:
    if facts.port_error:
        yield Finding.of("port-taken", port=facts.port)
    for echo in facts.echoes:
        face = echo.interface
        if not facts.carriers.get(face.name, True):
            continue
        if echo.error:
            yield Finding.of("beacon-not-sent", face.name, address=face.address, detail=echo.error)
        elif not echo.heard:
            yield Finding.of("beacon-not-heard", face.name, address=face.address, port=facts.port)


def _peers(facts: Facts, knowledge: Knowledge) -> Iterator[Finding]:
    deaf = bool(facts.port_error) or any(echo.error or not echo.heard for echo in facts.echoes)
    for peer in knowledge.peers:
        sources = {one.address for one in facts.heard if one.uuid == peer.uuid}
        reached = facts.reached.get(peer.endpoint, "")
        if reached in _UNREACHED and (sources or peer.ready):
            yield Finding.of(_UNREACHED[reached], peer.called, address=peer.endpoint)
        elif not peer.ready:
            if reached and sources:
                yield Finding.of("peer-silent", peer.called, address=peer.endpoint)
        elif not sources:
            if peer.found_by in ("hello", "beacon") and not deaf:
                yield Finding.of("one-way", peer.called)
        elif peer.found_by in ("hello", "beacon") and not any(_is_at(peer.endpoint, source) for source in sources):
            detail = ", ".join(sorted(sources))
            yield Finding.of("address-mismatch", peer.called, address=peer.endpoint, detail=detail)


def _is_at(endpoint: str, source: str) -> bool:
    host = endpoint.removeprefix("tcp://").rpartition(":")[0].strip("[]")
    return "%" in host or without_scope(host) == source


def _sources(facts: Facts, knowledge: Knowledge) -> Iterator[Finding]:
    networks = [one.interface.network for one in facts.considered if one.is_used or not facts.restricted]
    strangers = {one.address for one in facts.heard if one.uuid != knowledge.uuid}
    for address in sorted(strangers):
        if not any(_lies_in(address, network) for network in networks):
            yield Finding.of("other-interface" if facts.restricted else "netmask", address, address=address)
    ports: dict[bytes, dict[int, str]] = {}
    for heard in facts.heard:
        if heard.port is not None:
            ports.setdefault(heard.uuid, {})[heard.port] = heard.address
    for uuid, places in ports.items():
        if len(places) > 1:
            (one_port, one_at), (other_port, other_at) = sorted(places.items())[:2]
            one, other = f"{one_at}:{one_port}", f"{other_at}:{other_port}"
            yield Finding.of("identity-clash", uuid.hex()[:6].upper(), address=one, detail=other)


def _lies_in(address: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    return ipaddress.ip_address(address) in network


def _node(facts: Facts, knowledge: Knowledge) -> Iterator[Finding]:
    counted = knowledge.violations or {}
    failed = knowledge.failures or {}
    refused = [code for code, violation in VIOLATIONS.items() if counted.get(violation)]
    refused += [code for code, failure in FAILURES.items() if failed.get(failure)]
    for code in refused:
        yield Finding.of(code.replace(" ", "-"), address="another address")
    if counted.get("peers_full"):
        yield Finding.of("peers-full")
    if abs(knowledge.clock_step) > _JUMP:
        yield Finding.of("clock-jumped", detail=f"{knowledge.clock_step:+.0f} seconds")
    if knowledge.descriptors < _ENOUGH:
        peers = str(max(0, knowledge.descriptors // _PER_PEER))
        yield Finding.of("few-descriptors", peers, detail=knowledge.descriptors)
    if not facts.heard - {one for one in facts.heard if one.uuid == knowledge.uuid} and not knowledge.peers:
        yield Finding.of("nobody", port=facts.port, detail=f"{facts.seconds:g}")
