"""What the files of this folder share: two nodes that have met and talk for the length of a class."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import zyre

from ..peers.harness import ReferencePeer
from .ours import Ours
from .scenarios import meeting


@pytest.fixture(scope="class")
def talk(request: pytest.FixtureRequest) -> Iterator[tuple[Ours, ReferencePeer]]:
    """Our node and one of the class's kind, both in the group "T"; in the end neither may complain."""
    about = {"groups": ["T"]}
    with meeting(request.cls.kind, ours=about, theirs=about) as (node, peer):
        node.wait_for(zyre.Join, peer=peer, group="T")
        peer.wait_for("JOIN", peer=node.uuid, group="T")
        yield node, peer
        node.never(zyre.Exit)
        node.never(zyre.Gap)
        peer.never("EXIT", within=0)
        assert node.node.statistics().violations == {}
        assert node.node.statistics().dropped == {}
