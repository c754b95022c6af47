from __future__ import annotations

import pytest

from tests.core.rig import OWN
from zyre.config import SUPPORTED_EXTENSIONS, NodeConfig
from zyre.core.profile import NodeProfile
from zyre.errors import InvalidConfig, InvalidName


def test_what_is_not_said_has_its_default() -> None:
    profile = NodeProfile.make(OWN)
    assert profile.name == OWN.short
    assert (profile.headers, profile.groups, profile.cluster.port) == ({}, (), 5670)
    assert profile.config == NodeConfig()


def test_groups_are_named_once_and_in_order() -> None:
    assert NodeProfile.make(OWN, groups=["b", "a", "b"]).groups == ("b", "a")


def test_extensions_can_be_left_out() -> None:
    assert NodeProfile.make(OWN, extensions=()).extensions == frozenset()
    assert NodeProfile.make(OWN, extensions=SUPPORTED_EXTENSIONS, durable=True).extensions == SUPPORTED_EXTENSIONS


def test_only_who_has_a_store_knows_durable_messages() -> None:
    assert NodeProfile.make(OWN).extensions == SUPPORTED_EXTENSIONS - {"durable"}
    assert NodeProfile.make(OWN, durable=True, extensions=()).extensions == frozenset()


def test_mistakes_are_told_before_anything_is_made() -> None:
    with pytest.raises(InvalidConfig, match=r"groups=\['CHAT'\]"):
        NodeProfile.make(OWN, groups="CHAT")
    with pytest.raises(InvalidConfig, match="NodeConfig"):
        NodeProfile.make(OWN, config={"timing": 1})  # type: ignore[arg-type]
    with pytest.raises(InvalidName, match="255"):
        NodeProfile.make(OWN, "n" * 256)
