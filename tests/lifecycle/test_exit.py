"""The end of a program, however it ends: at once, without noise, and its peers hear the goodbye."""

from __future__ import annotations

import re
import signal
import textwrap

import pytest

from tests.lifecycle.programs import Program
from tests.support.nodes import DeafPeer, expect
from zyre import Exit, Whisper

pytestmark = pytest.mark.lan

NOBODY_STOPPED = {
    "a node": "n = node(); n.start()",
    "a node in a thread that waits": """
        import threading
        n = node(); n.start()
        threading.Thread(target=n.run, daemon=True).start()
        while not n.peers: pass
        """,
    "three nodes": """
        nodes = [node(name) for name in ("there", "two", "three")]
        for n in nodes: n.start()
        """,
    "a node with a large message under way": """
        n = node(); n.start()
        while not n.peers: n.recv()
        n.whisper(list(n.peers)[0], b"x" * (1 << 20))
        """,
    "a node in a cycle": """
        n = node(); n.start()
        @n.on(zyre.Enter)
        def handler(event, n=n): pass
        """,
    "an iterator": "n = node(); n.start(); it = iter(n); next(it)",
    "a node on asyncio": """
        import asyncio
        async def main():
            global n
            n = node(kind=zyre.AsyncNode)
            await n.start()
            await n.recv()
        asyncio.run(main())
        """,
    "a node on trio": """
        import trio
        async def main():
            global n
            n = node(kind=zyre.AsyncNode)
            await n.start()
            await n.recv()
        trio.run(main)
        """,
    "an exit with a status": "n = node(); n.start(); say('met'); sys.stdin.close(); sys.exit(0)",
}


@pytest.mark.parametrize("code", NOBODY_STOPPED.values(), ids=NOBODY_STOPPED)
def test_without_a_stop(code: str) -> None:
    code = textwrap.dedent(code)
    wait = "\nwhile not n.peers: n.recv_nowait() if n.statistics().unread else None" if "n.recv" not in code else ""
    if "sys.exit" in code:
        code = code.replace("say('met')", "[None for _ in iter(lambda: len(n.peers), 1)]")
        wait = ""
    with Program(code + wait) as program:
        program.met()
        assert expect(program.node, Exit, name="there").reason == "left"
        assert program.end() == 0
        assert (program.output, program.errors) == ("", "")
        print(f"ended {program.took:.2f} s after its goodbye")


def test_the_last_words_arrive() -> None:
    with Program(
        """
        n = node(); n.start()
        while not n.peers: n.recv()
        for number in range(1000): n.whisper(list(n.peers)[0], str(number))
        """
    ) as program:
        for number in range(1000):
            assert expect(program.node, Whisper).content == (b"%d" % number,)
        assert expect(program.node, Exit).reason == "left"
        assert program.end() == 0
        assert program.errors == ""


def test_an_exception_is_all_that_is_said() -> None:
    with Program("with node() as n:\n    n.recv()\n    raise LookupError('mine')") as program:
        assert program.end() == 1
        assert program.errors.endswith("LookupError: mine\n")
        assert program.errors.count("Traceback") == 1
        assert expect(program.node, Exit).reason == "left"


INTERRUPTED = {
    "recv": "with node() as n:\n    n.recv(); say('ready')\n    while True: n.recv()",
    "for event in node": "with node() as n:\n    for event in n: say('ready')",
    "stream": "with node() as n:\n    for event in n.stream().idle(100): say('ready')",
    "run": "with node() as n:\n    n.on(zyre.Enter)(lambda event: say('ready'))\n    n.run()",
    "recv without with": "n = node(); n.start(); n.recv(); say('ready')\nwhile True: n.recv()",
    "request": """
with node() as n:
    peer = n.recv().peer
    say('ready')
    n.request(peer, 'slow', timeout=1000)
""",
    "ask": """
with node(groups=['G']) as n:
    while not n.peers_in('G'): n.recv()
    say('ready')
    for reply in n.ask('G', 'slow', timeout=1000): pass
""",
    "request on asyncio": """
import asyncio
async def main():
    async with node(kind=zyre.AsyncNode) as n:
        peer = (await n.recv()).peer
        say('ready')
        await n.request(peer, 'slow', timeout=1000)
asyncio.run(main())
""",
    "request on trio": """
import trio
async def main():
    async with node(kind=zyre.AsyncNode) as n:
        peer = (await n.recv()).peer
        say('ready')
        await n.request(peer, 'slow', timeout=1000)
trio.run(main)
""",
    "a stream on trio": """
import trio
async def main():
    async with node(kind=zyre.AsyncNode) as n:
        async for event in n.stream(): say('ready')
trio.run(main)
""",
    "asyncio.run": """
import asyncio
async def main():
    async with node(kind=zyre.AsyncNode) as n:
        async for event in n: say('ready')
asyncio.run(main())
""",
    "trio.run": """
import trio
async def main():
    async with node(kind=zyre.AsyncNode) as n:
        async for event in n: say('ready')
trio.run(main)
""",
}


@pytest.mark.parametrize("code", INTERRUPTED.values(), ids=INTERRUPTED)
def test_control_c(code: str) -> None:
    with Program(code) as program:
        program.node.join("G")
        assert program.line() == "ready"
        program.interrupt()
        assert expect(program.node, Exit).reason == "left"
        assert program.end() in (-signal.SIGINT, 1)
        assert program.errors.rstrip("\n -+").endswith("KeyboardInterrupt")
        assert len(re.findall("^KeyboardInterrupt$", program.errors, re.MULTILINE)) == 1
        assert program.errors.count("Traceback") <= 3  # asyncio.run shows the cancellation that it made of it
        for noise in ("Exception ignored", "never retrieved", "Warning", "zyre-engine", "Fatal", "WouldBlock"):
            assert noise not in program.errors


BLOCKED = {
    "whisper": """
with n:
    while (event := n.recv()).name != 'deaf': pass
    say('ready')
    while True: n.whisper(event, bytes(1 << 20))
""",
    "whisper on trio": """
import trio
async def main():
    a = zyre.AsyncNode.on_host(n._host, config)
    async with a:
        while (event := await a.recv()).name != 'deaf': pass
        say('ready')
        while True: await a.whisper(event, bytes(1 << 20))
trio.run(main)
""",
}


@pytest.mark.parametrize("code", BLOCKED.values(), ids=BLOCKED)
def test_control_c_while_a_send_waits_for_room(code: str) -> None:
    begin = """
config = zyre.NodeConfig(timing=zyre.Timing(send_patience=1000), limits=zyre.Limits(link_messages=2))
n = node(config=config, extensions=()); n.start()
say(n.endpoint)
"""
    with Program(begin + code) as program:
        met = program.met()
        program.line()
        with DeafPeer(met.address):
            assert program.line() == "ready"
            program.interrupt()
            assert program.end() in (-signal.SIGINT, 1)
            assert len(re.findall("^KeyboardInterrupt$", program.errors, re.MULTILINE)) == 1


@pytest.mark.parametrize("number", range(5))
def test_control_c_at_any_moment(number: int) -> None:
    """Also while it starts, sends or stops: it ends, and nothing hangs."""
    with Program(
        """
        say("begin")
        while True:
            with node() as n:
                n.stream().idle(0.001).take(1)
                n.join("G"); n.shout("G", "x"); n.leave("G")
        """
    ) as program:
        program.line()
        for _ in range(number * 3):
            program.met()
        program.interrupt()
        assert program.end() in (-signal.SIGINT, 1)
        assert "KeyboardInterrupt" in program.errors


def test_no_threads_at_the_end_is_no_noise() -> None:
    """From Python 3.12 on a program that ends cannot start threads any more."""
    with Program(
        """
        import threading, atexit
        n = node(); n.start(); n.recv()
        def refuse(self):
            raise RuntimeError("can't create new thread at interpreter shutdown")
        threading.Thread.start = refuse
        """
    ) as program:
        assert expect(program.node, Exit).reason == "left"
        assert program.end() == 0
        assert program.errors == ""
