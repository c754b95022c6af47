"""The chats on foreign loops: each counts beside its node, and neither holds up the other."""

from __future__ import annotations

import importlib.util
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support.nodes import PATIENCE, expect
from zyre import Exit, Join, Whisper

pytestmark = [pytest.mark.lan, pytest.mark.parametrize("loop", ["asyncio", "trio", "gevent", "selectors"])]

LOOPS = Path(__file__).parents[2] / "examples" / "loops"


@contextmanager
def chat(loop: str, *options: str) -> Iterator[tuple[subprocess.Popen[str], zyre.Node]]:
    """The example as a process of its own, and a node of ours that has met it."""
    if importlib.util.find_spec(loop) is None:
        pytest.skip(f"{loop} is not installed")
    port = unused_port()
    command = [sys.executable, "-W", "error", str(LOOPS / f"{loop}_chat.py"), "there", "--interface", "lo"]
    with (
        zyre.Node("here", port=port, interface="lo") as node,
        subprocess.Popen(
            [*command, "--port", str(port), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        try:
            expect(node, Join, name="there", group="CHAT")
            yield process, node
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The next line that it prints: how far it had counted, and what was said."""
    assert process.stdout is not None
    text = process.stdout.readline()
    found = re.match(r"\[(\d+)\] here: (.*)\n", text)
    assert found, text or process.communicate(timeout=PATIENCE)
    return int(found[1]), found[2]


def test_it_counts_while_it_waits_and_loses_nothing(loop: str) -> None:
    with chat(loop) as (process, node):
        said, counts = 0, []
        while len(set(counts)) < 5:  # it waits between two messages, and must have counted on meanwhile
            node.shout("CHAT", f"message {said}")
            count, text = line(process)
            assert text == f"message {said}"
            said += 1
            counts.append(count)
            assert said < 100_000, "it does not count while it waits"
        assert counts == sorted(counts)
        for number in range(1000):
            node.shout("CHAT", str(number))
        assert [line(process)[1] for _ in range(1000)] == [str(number) for number in range(1000)]


def test_it_answers_and_goes_on_counting(loop: str) -> None:
    with chat(loop) as (_, node):
        answers: set[bytes] = set()
        for _ in range(100_000):
            node.whisper(node.peers.named("there")[0], "how far?")
            answers.add(expect(node, Whisper).content[0])
            if len(answers) == 5:
                break
        assert all(re.fullmatch(rb"counted to \d+", answer) for answer in answers)
        assert len(answers) == 5


def test_it_ends_after_its_time(loop: str) -> None:
    with chat(loop, "--for", "0.3") as (process, node):
        assert expect(node, Exit).reason == "left"
        output, errors = process.communicate(timeout=PATIENCE)
        assert (errors, process.returncode) == ("", 0)
        assert re.fullmatch(r"counted to [1-9]\d*\n", output)


def test_it_ends_with_control_c(loop: str) -> None:
    with chat(loop) as (process, node):
        node.shout("CHAT", "ready?")
        assert line(process)[1] == "ready?"
        process.send_signal(signal.SIGINT)
        assert expect(node, Exit).reason == "left"
        output, errors = process.communicate(timeout=PATIENCE)
        assert (errors, process.returncode) == ("", 0)
        assert re.fullmatch(r"(counted to \d+\n)?", output)
