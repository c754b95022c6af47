from __future__ import annotations

import pytest

from tests.security.test_keys import PUBLIC
from zyre.errors import InvalidConfig, InvalidKey
from zyre.refusals import EXPLANATIONS, RefusalCode
from zyre.security.access import Access, groups_of, judge, judge_key
from zyre.security.certificate import Certificate

KNOWN = {PUBLIC: Certificate(PUBLIC)}
OTHER = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
ANY = Access("*")


@pytest.mark.parametrize(
    ("access", "address", "key", "reason"),
    [
        (ANY, "10.0.0.7", OTHER, None),
        (Access("d"), "10.0.0.7", PUBLIC, None),
        (Access("d"), "10.0.0.7", OTHER, "unknown key"),
        (Access(keys=[OTHER]), "10.0.0.7", OTHER, None),
        (Access(keys=[OTHER]), "", OTHER, None),
        (Access("d", keys=[OTHER]), "10.0.0.7", OTHER, None),
        (Access("*", deny=["10.0.0.7"]), "10.0.0.7", OTHER, "denied address"),
        (Access("*", deny=["10.0.0.7"]), "10.0.0.70", OTHER, None),
        (Access("*", deny=["10.0.0.0/8"]), "10.9.0.70", OTHER, "denied address"),
        (Access("*", deny=["10.0.0.0/8"]), "::ffff:10.9.0.70", OTHER, "denied address"),
        (Access("*", allow=["10.0.0.0/24", "fe80::/10"]), "10.0.0.70", OTHER, None),
        (Access("*", allow=["10.0.0.0/24", "fe80::/10"]), "fe80::1%eth0", OTHER, None),
        (Access("*", allow=["10.0.0.0/24"]), "10.0.1.70", OTHER, "denied address"),
        (Access("*", allow=["10.0.0.0/24"]), "", OTHER, "denied address"),
        (Access("*", deny=["10.0.0.0/24"]), "", OTHER, None),
        (Access("*", allow=["10.0.0.0/24"], deny=["10.0.0.7"]), "10.0.0.7", OTHER, "denied address"),
        (Access("d", allow=["10.0.0.0/24"]), "10.0.0.7", OTHER, "unknown key"),
    ],
)
def test_judgements(access: Access, address: str, key: str, reason: RefusalCode | None) -> None:
    assert judge(access, KNOWN, address, key) == reason
    assert reason is None or EXPLANATIONS[reason]


def test_a_certificate_may_be_good_for_some_domains_only() -> None:
    known = {PUBLIC: Certificate(PUBLIC, None, {"domains": "lab, plant"})}
    assert judge(Access("d", domain="plant"), known, "", PUBLIC) is None
    assert judge(Access("d", domain="plan"), known, "", PUBLIC) == "other domain"
    assert judge(Access("d"), known, "", PUBLIC) == "other domain"


@pytest.mark.parametrize(
    ("said", "groups"), [(None, None), ("", ()), ("lab", ("lab",)), (" lab-*, a b ,,", ("lab-*", "a b"))]
)
def test_a_certificate_may_be_good_for_some_groups_only(said: str | None, groups: tuple[str, ...] | None) -> None:
    metadata = {} if said is None else {"groups": said}
    assert groups_of(Certificate(PUBLIC, None, metadata)) == groups


def test_where_a_node_is_reached_does_not_matter_to_those_who_connect_to_it() -> None:
    access = Access("d", deny=["10.0.0.0/8"])
    assert judge_key(access, KNOWN, PUBLIC) is None
    assert judge_key(access, KNOWN, OTHER) == "unknown key"


@pytest.mark.parametrize(
    "wrong",
    [{}, {"keys": "abc"}, {"keys": 7}, {"certificates": "*", "allow": "10.0.0.1"}, {"certificates": "*", "deny": ["x"]},
     {"certificates": "*", "allow": ["10.0.0.256"]}, {"certificates": 7}],
)  # fmt: skip
def test_a_policy_that_makes_no_sense_is_refused_when_it_is_made(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidConfig):
        Access(**wrong)  # type: ignore[arg-type]


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidKey):
        Access(keys=["abc"])
