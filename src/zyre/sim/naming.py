"""Nodes by name: how faults, actions and scenario files say whom they mean.

A text may name several: ``"alice bob"``, ``"node1..node20"``, ``"*"`` for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from zyre.sim.box import Box
from zyre.sim.world import SimNode, World

__all__ = ["boxes_named", "expand", "nodes_named", "running"]

_RANGE = re.compile(r"(.*?)(\d+)\.\.\1(\d+)\Z")


def expand(text: str, known: list[str]) -> list[str]:
    """The names that a text stands for, each once; ``*`` is all that are ``known``."""
    names: dict[str, None] = {}
    for word in text.replace(",", " ").split():
        if word == "*":
            names.update(dict.fromkeys(known))
        elif match := _RANGE.match(word):
            prefix, first, last = match.groups()
            names.update((f"{prefix}{number}", None) for number in range(int(first), int(last) + 1))
        else:
            names[word] = None
    return list(names)


def nodes_named(world: World, text: str) -> list[SimNode]:
    """The nodes that a text names, in their latest lives; names that nobody has are left out."""
    latest = {node.name: node for node in world.nodes}
    return [latest[name] for name in expand(text, list(latest)) if name in latest]


def boxes_named(world: World, text: str) -> list[Box]:
    """The computers of the nodes that a text names, each once."""
    return list(dict.fromkeys(node.box for node in nodes_named(world, text)))


def running(world: World, text: str) -> Iterator[SimNode]:
    """The named nodes whose programs can do something now."""
    return (node for node in nodes_named(world, text) if node.alive and not node.host.stalled)
