"""The tools, as scripts use them: in processes of their own, by their streams and exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from zyre.cli.sockets import sockets
from zyre.sockets import Message, Socket, version

from .conftest import Runner


def call(*arguments: str, input: str = "") -> Any:
    return CliRunner().invoke(sockets, arguments, input=input)


class Tool:
    """A tool in a process of its own, with the endpoints of this test's directory."""

    def __init__(self, *arguments: str, **options: Any) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        start = "from zyre.cli.sockets import sockets; sockets(prog_name='zyre sockets')"
        self.process = subprocess.Popen(
            [sys.executable, "-c", start, *arguments],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def ended(self, input: str | None = None) -> tuple[int, str, str]:
        out, err = self.process.communicate(input, timeout=30)
        return self.process.returncode, out, err

    def interrupt(self) -> tuple[int, str, str]:
        self.process.send_signal(signal.SIGINT)
        return self.ended()


def test_push_to_pull(tmp_path: Path) -> None:
    endpoint = f"ipc://{tmp_path}/s"
    puller = Tool("pull", "--bind", endpoint, "--count", "3")
    assert Tool("push", "--connect", endpoint).ended("one\ntwo\nthree\n") == (0, "", "")
    assert puller.ended() == (0, "one\ntwo\nthree\n", "")


def test_pub_waits_for_its_subscriber(tmp_path: Path) -> None:
    endpoint = f"ipc://{tmp_path}/s"
    publisher = Tool("pub", "--bind", endpoint, "a1", "b2", "a3")
    assert Tool("sub", "--connect", endpoint, "--count", "2", "a").ended() == (0, "a1\na3\n", "")
    assert publisher.ended() == (0, "", "")


def test_ask_a_server_that_is_stopped_by_ctrl_c(tmp_path: Path) -> None:
    endpoint = f"ipc://{tmp_path}/s"
    server = Tool("rep", "--bind", endpoint, "--exec", "tr a-z A-Z")
    assert Tool("req", "--connect", endpoint).ended("hello\nworld\n") == (0, "HELLO\nWORLD\n", "")
    assert server.interrupt() == (130, "hello\nworld\n", "")


def test_a_broker(tmp_path: Path) -> None:
    front, back = f"ipc://{tmp_path}/f", f"ipc://{tmp_path}/b"
    broker = Tool("proxy", "--front-bind", front, "--back-bind", back, "--show", "--json")
    worker = Tool("rep", "--connect", back, "--reply", "pong", "--count", "1")
    assert Tool("req", "--connect", front, "ping").ended() == (0, "pong\n", "")
    assert worker.ended() == (0, "ping\n", "")
    code, out, err = broker.interrupt()
    assert (code, err) == (130, "")
    assert [json.loads(line)[-1] for line in out.splitlines()] == ["ping", "pong"]


def test_a_reader_that_has_enough(tmp_path: Path) -> None:
    endpoint = f"ipc://{tmp_path}/s"
    puller = Tool("pull", "--bind", endpoint)
    assert puller.process.stdout is not None
    puller.process.stdout.close()
    Tool("push", "--connect", endpoint, "x").ended()
    assert puller.process.wait(30) == 0
    assert puller.process.stderr is not None
    assert puller.process.stderr.read() == ""
    for stream in (puller.process.stdin, puller.process.stderr):
        assert stream is not None
        stream.close()


def test_json_both_ways(tmp_path: Path, start: Runner) -> None:
    endpoint = f"ipc://{tmp_path}/s"
    lines = ['"text ä"', '["two", "frames"]', '[{"base64": "//4="}, ""]']
    with Socket("pull", bind=endpoint) as pull:
        assert call("push", "-c", endpoint, "--json", input="\n".join(lines)).exit_code == 0
        received = [pull.recv(timeout=20) for _ in lines]
    assert received == [Message("text ä"), Message(["two", "frames"]), Message([b"\xff\xfe", ""])]
    with Socket("push", bind=endpoint) as push:
        result = start(call, "pull", "-c", endpoint, "--json", "-n", "3")
        for message in received:
            push.send(message)
        assert result().output.splitlines() == lines


def test_frames_are_printed_with_tabs(tmp_path: Path, start: Runner) -> None:
    with Socket("push", bind=f"ipc://{tmp_path}/s") as push:
        result = start(call, "pull", "-c", f"ipc://{tmp_path}/s", "-n", "1")
        push.send(["a", "b"])
        assert result().output == "a\tb\n"


def test_options_are_set(tmp_path: Path) -> None:
    done = call("push", "-c", f"ipc://{tmp_path}/s", "-o", "sndhwm=1", "-o", "immediate=yes", "-t", "0.01", "x")
    assert done.exit_code == 1, done.output
    assert "push.send(): not within 0.01 s" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("pull",), 2, "--bind ENDPOINT or --connect ENDPOINT"),
        (("pull", "-b", "nonsense"), 2, "invalid endpoint or unsupported endpoint format"),
        (("pull", "-b", "tcp://nosuch0:1"), 3, "interface"),
        (("pull", "-b", "inproc://x", "-t", "0"), 1, "not within 0 s"),
        (("pull", "-b", "inproc://x", "-o", "nonsense"), 2, "NAME=VALUE"),
        (("pull", "-b", "inproc://x", "-o", "rcvhwm=many"), 2, "rcvhwm is a number"),
        (("pull", "-b", "inproc://x", "-o", "req_relaxed=1"), 2, "for req sockets"),
        (("push", "-b", "inproc://x", "--json", "[1]"), 2, "a frame is a string"),
        (("push", "-b", "inproc://x", "--json", "{"), 2, "not a message in JSON"),
        (("proxy", "--front-bind", "inproc://x"), 2, "--bind ENDPOINT"),
    ],
)
def test_mistakes(arguments: tuple[str, ...], code: int, words: str) -> None:
    done = call(*arguments)
    assert done.exit_code == code, done.output
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_help_and_version() -> None:
    assert str(version()) in call("--version").output
    for tool in ("pub", "sub", "req", "rep", "push", "pull", "proxy"):
        done = call(tool, "--help")
        assert done.exit_code == 0
        assert "--json" in done.output


def test_it_is_part_of_the_command() -> None:
    from zyre.cli import cli

    done = CliRunner().invoke(cli, ["sockets", "pull"])
    assert done.exit_code == 2
