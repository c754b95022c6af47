"""A fork: the nodes are the parent's, and the child can have nodes of its own."""

from __future__ import annotations

import os

import pytest

from tests.lifecycle.programs import Program
from tests.support.nodes import expect, until
from zyre import Exit, Whisper

pytestmark = [pytest.mark.lan, pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")]

FORKED = """
import os, warnings
warnings.simplefilter("ignore")  # a fork with threads is warned of, and is what this is about
with node() as n:
    while not n.peers: n.recv()
    if os.fork() == 0:
        {child}
    else:
        say(os.wait()[1])
        for event in n:
            if isinstance(event, zyre.Whisper):
                n.whisper(event, *event.content)
"""

CHILDREN = {
    "ends at once": "os._exit(0)",
    "ends with its atexit": "sys.exit(0)",
    "leaves the with": "pass",
    "stops the parent's node": "n.stop(); sys.exit(0)",
    "drops the parent's node": "import gc; n = None; gc.collect(); sys.exit(0)",
    "uses it": """
        for name, verb in dict(
            start=n.start, recv=n.recv, recv_nowait=n.recv_nowait, join=lambda: n.join('G'),
            ask=lambda: n.ask('G', 'x'), shout=lambda: n.shout('G', 'x'), whisper=lambda: n.whisper('0' * 32),
            iterate=lambda: list(n),
            request=lambda: n.request('0' * 32, 'x'), stream=lambda: list(n.stream()),
        ).items():
            try:
                verb()
            except zyre.ForkedNodeError as error:
                assert "make a Node here" in str(error)
            else:
                os._exit(1)
        assert n.name == "there" and n.statistics().peers == 1 and len(n.peers) == 1 and n.groups == set()
        n.stop()
        sys.exit(0)""",
    "asks it": """
        import asyncio
        async def uses():
            verbs = (a.recv, lambda: a.whisper('0' * 32), lambda: a.request('0' * 32, 'x'))
            for verb in verbs:
                try:
                    await verb()
                except zyre.ForkedNodeError:
                    pass
                else:
                    os._exit(1)
            await a.stop()
        a = zyre.AsyncNode.on_host(n._host, zyre.NodeConfig())
        asyncio.run(uses())
        sys.exit(0)""",
    "has one of its own": """
        with node("child") as own:
            while not any(peer.name == "here" for peer in own.peers): own.recv()
            own.whisper(own.peers.named("here")[0], "from the child")
        sys.exit(0)""",
}


@pytest.mark.parametrize("child", CHILDREN.values(), ids=CHILDREN)
def test_the_parent_is_unharmed(child: str) -> None:
    with Program(FORKED.format(child=child)) as program:
        parent = program.met().peer
        assert program.line() == "0"
        for number in range(100):
            assert program.node.whisper(parent, str(number))
            assert expect(program.node, Whisper, peer=parent).content == (b"%d" % number,)
        assert parent in program.node.peers
        program.interrupt()
        assert expect(program.node, Exit, peer=parent).reason == "left"


def test_a_service_may_fork() -> None:
    """In a thread of its own, whatever others do at that moment, and the child is asked nothing."""
    with Program(
        """
        import os, warnings
        warnings.simplefilter("ignore")
        n = node()
        @n.service("fork")  # before the start, or it could be asked too early
        def fork(request):
            child = os.fork()
            if not child:
                try:
                    n.request(request.peer, "x")
                except zyre.ForkedNodeError:
                    os._exit(0)
                os._exit(1)
            return str(os.waitpid(child, 0)[1])
        with n:
            for event in n: pass
        """
    ) as program:
        there = program.met().peer
        for _ in range(5):
            assert program.node.request(there, "fork", timeout=20).content == (b"0",)


def test_the_child_meets_others() -> None:
    with Program(FORKED.format(child=CHILDREN["has one of its own"])) as program:
        child = program.met("child").peer
        assert expect(program.node, Whisper, peer=child).content == (b"from the child",)
        assert expect(program.node, Exit, peer=child).reason == "left"
        assert program.line() == "0"


def test_made_before_the_fork_and_started_after_it() -> None:
    """As servers do that fork their workers: the engine of the parent must not be taken for one's own."""
    with Program(
        """
        import os, warnings
        warnings.simplefilter("ignore")
        other = node("other"); other.start()
        n = node("child")
        if os.fork() == 0:
            with n:
                while len(n.peers) < 2: n.recv()
                n.whisper(n.peers.named("here")[0], "started")
                n.recv(10)
            sys.exit(0)
        os.wait()
        other.stop()
        """
    ) as program:
        child = program.met("child").peer
        assert expect(program.node, Whisper, peer=child).content == (b"started",)
        program.node.whisper(child, "go")
        assert program.end() == 0
        assert program.errors == ""
        until(lambda: not program.node.peers)
