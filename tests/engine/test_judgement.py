"""What facts amount to: every complaint from the facts that it is about, and none without."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from zyre.core.gate import FAILURES, VIOLATIONS
from zyre.core.locality import Interface
from zyre.diagnosis import COMPLAINTS, Diagnosis
from zyre.engine.doctor import Echo, Facts, Heard, Reach
from zyre.engine.interfaces import Considered, Why
from zyre.engine.judgement import Acquaintance, Knowledge, judge
from zyre.refusals import EXPLANATIONS, RefusalCode

ETH = Interface("eth0", "10.0.0.7", 24, "10.0.0.255")
LO = Interface("lo", "127.0.0.1", 8, "127.255.255.255")
TUN = Interface("tun0", "10.9.9.9", 32, None)
OWN, BOB, CAROL = b"o" * 16, b"b" * 16, b"c" * 16


def facts(**other: Any) -> Facts:
    healthy: dict[str, Any] = {
        "considered": (Considered(ETH, Why.USED), Considered(LO, Why.USED)),
        "echoes": [Echo(ETH, heard=True), Echo(LO, heard=True)],
        "heard": {Heard(OWN, "10.0.0.7", 5670), Heard(BOB, "10.0.0.8", 5671)},
    }
    return Facts(5670, 2.0, **healthy | other)


def bob(**other: Any) -> Acquaintance:
    known = {"uuid": BOB, "name": "bob", "endpoint": "tcp://10.0.0.8:5671", "found_by": "beacon", "ready": True}
    return Acquaintance(**known | other)


def know(*peers: Acquaintance, **other: Any) -> Knowledge:
    return Knowledge(OWN, peers or (bob(),), **other)


def test_a_healthy_network_is_healthy() -> None:
    diagnosis = judge(facts(), know())
    assert diagnosis.findings == ()
    assert diagnosis.healthy
    assert (diagnosis.heard, diagnosis.peers) == (1, 1)


UNREACHED = bob(ready=False)
HEARD = Heard(BOB, "10.0.0.8", 5671)

CASES: dict[str, tuple[Facts, Knowledge]] = {
    "no-network": (facts(considered=(Considered(LO, Why.USED),), heard=set()), know(bob(found_by="connect"))),
    "interface-down": (facts(considered=(Considered(ETH, Why.DOWN), Considered(LO, Why.USED))), know()),
    "interface-alone": (facts(carriers={"eth0": False}), know()),
    "no-broadcast": (facts(considered=(Considered(ETH, Why.USED), Considered(TUN, Why.NO_BROADCAST))), know()),
    "port-taken": (facts(port_error="Address already in use", echoes=[]), know()),
    "beacon-not-sent": (facts(echoes=[Echo(ETH, error="Network is unreachable")]), know()),
    "beacon-not-heard": (facts(echoes=[Echo(ETH)]), know()),
    "peer-unreachable": (facts(reached={UNREACHED.endpoint: Reach.NOTHING}), know(UNREACHED)),
    "peer-refuses": (facts(reached={UNREACHED.endpoint: Reach.REFUSES}), know(UNREACHED)),
    "peer-silent": (facts(reached={UNREACHED.endpoint: Reach.ANSWERS}), know(UNREACHED)),
    "one-way": (facts(heard={Heard(OWN, "10.0.0.7", 5670)}), know(bob(found_by="hello"))),
    "address-mismatch": (facts(), know(bob(endpoint="tcp://192.168.5.5:5671"))),
    "netmask": (facts(heard={HEARD, Heard(CAROL, "10.77.0.3", 5670)}), know()),
    "other-interface": (facts(heard={HEARD, Heard(CAROL, "10.77.0.3", 5670)}, restricted=True), know()),
    "identity-clash": (facts(heard={HEARD, Heard(BOB, "10.0.0.9", 5690)}), know()),
    "wrong-secret": (facts(), know(violations={"beacon_forged": 3})),
    "open-peer": (facts(), know(violations={"beacon_open": 3})),
    "peers-full": (facts(), know(violations={"peers_full": 1})),
    "clock-jumped": (facts(), know(clock_step=-3600.0)),
    "few-descriptors": (facts(), know(descriptors=256)),
    "nobody": (facts(heard={Heard(OWN, "10.0.0.7", 5670)}), Knowledge(OWN)),
}


@pytest.mark.parametrize("code", CASES)
def test_each_complaint(code: str) -> None:
    diagnosis = judge(*CASES[code])
    (finding,) = (finding for finding in diagnosis if finding.code == code)
    others = diagnosis.codes - {code}
    assert others <= {"no-network", "interface-down"}, "one cause, one code"
    assert "{" not in finding.sentence + finding.remedy
    assert finding.sentence.endswith(".")
    assert diagnosis.healthy == (finding.severity == "note")


def test_every_refusal_has_its_complaint() -> None:
    assert {code.replace(" ", "-") for code in EXPLANATIONS} <= set(COMPLAINTS)
    assert set(EXPLANATIONS) == {*VIOLATIONS, *FAILURES} == set(get_args(RefusalCode))


@pytest.mark.parametrize("code", EXPLANATIONS)
def test_every_refusal_that_was_counted_is_explained(code: RefusalCode) -> None:
    """What was seen, and what to do if that one should have been let in."""
    violations = {str(VIOLATIONS[code]): 1} if code in VIOLATIONS else {}
    failures = {FAILURES[code]: 1} if code in FAILURES else {}
    (finding,) = judge(facts(), know(violations=violations, failures=failures))
    assert finding.code == code.replace(" ", "-")
    assert EXPLANATIONS[code] in finding.sentence
    assert finding.sentence.endswith(".")


def test_the_worst_comes_first() -> None:
    both = judge(
        facts(echoes=[Echo(ETH)], considered=(Considered(ETH, Why.USED), Considered(TUN, Why.NO_BROADCAST))), know()
    )
    assert [finding.severity for finding in both] == ["error", "note"]
    assert isinstance(both, Diagnosis)


def test_a_deaf_node_does_not_blame_its_peers() -> None:
    assert judge(facts(echoes=[Echo(ETH)], heard=set()), know(bob(found_by="hello"))).codes == {"beacon-not-heard"}


def test_an_interface_without_a_carrier_is_one_complaint() -> None:
    assert judge(facts(echoes=[Echo(ETH)], carriers={"eth0": False}), know()).codes == {"interface-alone"}
