"""Who gets into a gossip hub: many refusals of one address, and keys that change."""

from __future__ import annotations

from functools import partial

import pytest

import zyre
from tests.support.nodes import expect
from zyre import Enter
from zyre.engine.auth import CertificateProtection
from zyre.engine.gossip_guard import HubSecurity
from zyre.engine.keyring import new_certificate
from zyre.security.access import Access
from zyre.wire.zap import ZapRequest

plain = partial(zyre.Node, interface="lo", port=0)


def test_who_was_refused_often_is_judged_from_memory() -> None:
    looked: list[str] = []
    known: list[str] = []

    def judge(address: str, key: str) -> str:
        looked.append(address)
        return "unknown key"

    protection = CertificateProtection(new_certificate(), Access(certificates="*"))
    security = HubSecurity(protection, judge, lambda address, key: None if key in known else "unknown key", 3)

    def ask(address: str) -> str | None:
        return security._answer(ZapRequest(b"1", "domain", address, "CURVE", bytes(32)))

    assert [ask("10.0.0.1") for _ in range(5)] == [None] * 5
    assert looked == ["10.0.0.1"] * 3
    assert ask("10.0.0.2") is None
    assert looked[3:] == ["10.0.0.2"], "others are looked into"
    known.append("0" * 40)
    assert ask("10.0.0.1") == "0" * 40, "who belongs gets in from there"


@pytest.mark.lan
def test_a_hub_has_the_keys_of_the_secret_that_is_spoken_now() -> None:
    old, new = "the former secret", "the secret of today"
    with plain("hub", secret=old) as hub:
        endpoint = hub.gossip_bind("tcp://127.0.0.1:*")
        with plain("member", secret=old, gossip_connect=endpoint) as member:
            expect(member, Enter, name="hub")
            for node in (hub, member):
                node.set_secret([new, old])
            with plain("late", secret=new, gossip_connect=endpoint) as late:
                assert {expect(late, Enter).name, expect(late, Enter).name} == {"hub", "member"}
                expect(member, Enter, name="late")
