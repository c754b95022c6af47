"""Too few descriptors: libzmq would end the process, so peers are refused before. In processes of their own."""

from __future__ import annotations

import sys
import textwrap
from contextlib import ExitStack

import pytest

import zyre
from tests.lifecycle.programs import Program
from tests.support.nodes import expect, until
from zyre.engine.descriptors import Budget

pytestmark = [pytest.mark.lan, pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")]

#: How many descriptors are open, and a new limit so many above them.
LIMIT = """
import os, resource
def leave(count):
    used = len(os.listdir("/dev/fd")) - 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + count, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
"""


def test_peers_are_refused_and_let_in_when_there_is_room() -> None:
    code = """
        leave(70)
        with node() as n:
            for event in n:
                if isinstance(event, zyre.Refused):
                    say(f"{event.code}, counted {n.statistics().failures['descriptors'] > 0}")
                    leave(400)
                    say(event.explanation)
                if len(n.peers) == 13:
                    say("everybody")
                    break
    """
    with Program(LIMIT + textwrap.dedent(code)) as program, ExitStack() as stack:
        program.met()
        for number in range(12):
            stack.enter_context(zyre.Node(f"peer{number}", port=program.port, interface="lo"))
        assert program.line() == "no descriptors, counted True"
        assert "ulimit -n" in program.line()
        assert program.line() == "everybody"
        assert program.end() == 0
        assert program.errors == ""


def test_it_lives_through_a_flood_of_them() -> None:
    """Those who are refused connect to it all the same, and take what was left."""
    code = """
        with node() as n:
            leave(36)
            for event in n:
                if isinstance(event, zyre.Refused):
                    say("refused")
                if isinstance(event, zyre.Whisper):
                    n.whisper(event, "still here")
                    break
    """
    with Program(LIMIT + textwrap.dedent(code)) as program, ExitStack() as stack:
        there = program.met().peer
        crowd = [zyre.Node(f"peer{number}", port=program.port, interface="lo") for number in range(30)]
        for node in crowd:
            stack.enter_context(node)
        assert program.line() == "refused"
        until(lambda: all(len(node.peers) >= 20 for node in crowd[:3]), "the crowd")
        program.node.whisper(there, "are you there?")
        assert expect(program.node, zyre.Whisper).content == (b"still here",)
        assert program.end() == 0
        assert program.errors == ""


@pytest.mark.parametrize("count", [0, 1, 4, 60])
def test_a_node_starts_or_says_why_not(count: int) -> None:
    code = f"""
        try:
            n = node()
            leave({count})
            n.start()
        except zyre.NetworkError as error:
            assert "ulimit -n" in str(error)
            say("no")
        else:
            say("yes")
            n.stop()
    """
    with Program(LIMIT + textwrap.dedent(code)) as program:
        assert program.line() == ("yes" if count >= 56 else "no")
        assert program.end() == 0
        assert program.errors == ""


def test_counting() -> None:
    budget = Budget()
    for _ in range(100_000):  # nodes that come and go, one at a time
        assert budget.take(24)
        budget.give(24)
    assert budget.take(1)
    assert not budget.take(1 << 29) or sys.platform == "win32"
    assert budget.take(1)
