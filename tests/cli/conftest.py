"""A private beacon port on loopback for each test, and nodes on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

import zyre
from tests.peers.harness import unused_port

from .command import PATIENCE


@pytest.fixture
def port() -> int:
    return unused_port()


@pytest.fixture
def place(port: int) -> list[str]:
    """The options that put a command where the test's nodes are."""
    return ["--interface", "lo", "--port", str(port)]


@pytest.fixture
def make_node(port: int) -> Iterator[Callable[..., zyre.Node]]:
    with ExitStack() as stack:

        def make(name: str, *groups: str, **options: Any) -> zyre.Node:
            return stack.enter_context(zyre.Node(name, port=port, interface="lo", groups=groups, **options))

        yield make


def next_event(node: zyre.Node, *kinds: type[Any]) -> Any:
    """The next event of these kinds; RecvTimeout fails the test."""
    while True:
        event = node.recv(PATIENCE)
        if isinstance(event, kinds):
            return event
