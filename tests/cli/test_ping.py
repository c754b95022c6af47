"""``zyre ping`` greets and answers as libzyre's zpinger does."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import zyre
from tests.peers.harness import ReferencePeer, require

from .command import Command
from .conftest import next_event

MakeNode = Callable[..., zyre.Node]


def test_it_greets_answers_and_logs(make_node: MakeNode, place: list[str]) -> None:
    with Command("ping", "--name", "pinger", *place) as ping:
        ping.wait_for("^pinger at tcp://127.0.0.1:.* is in GLOBAL$")
        ada = make_node("ada", "GLOBAL")
        assert next_event(ada, zyre.Enter).groups == {"GLOBAL"}
        hello = next_event(ada, zyre.Whisper)
        assert hello.content == (b"Hello",)
        ada.whisper(hello, "Hello")
        answer = next_event(ada, zyre.Shout)
        assert (answer.group, answer.content) == ("GLOBAL", (b"Hello",))
        ada.shout("GLOBAL", "Hello")
        ada.leave("GLOBAL")
        ada.stop()
        address = r"tcp://127\.0\.0\.1:\d+$"
        for line in (
            "enter     ada",
            "join      ada",
            "whisper   ada",
            "shout     ada",
            "leave     ada",
            "exit      ada",
        ):
            ping.wait_for(f"{line} .*{address}")
        ping.interrupt()
        assert ping.end() == (130, "")


def test_only_a_hello_is_answered(make_node: MakeNode, place: list[str]) -> None:
    with Command("ping", "--count", 2, "--json", *place) as ping:
        ada = make_node("ada", "GLOBAL")
        pinger = next_event(ada, zyre.Enter)
        ada.whisper(pinger, "Hallo")
        ada.whisper(pinger, "Hello")
        assert next_event(ada, zyre.Shout, zyre.Exit).content == (b"Hello",)
        assert ping.end() == (0, "")
        assert isinstance(next_event(ada, zyre.Shout, zyre.Exit), zyre.Exit)
    records = [json.loads(line) for line in ping.lines]
    assert [record["type"] for record in records] == ["started", "enter", "join", "whisper", "whisper"]
    assert all(record["address"] == ada.endpoint for record in records[1:])


def test_two_of_them_answer_each_other(place: list[str]) -> None:
    with (
        Command("ping", "--name", "one", "--count", 2, *place) as one,
        Command("ping", "--name", "two", "--count", 2, *place) as two,
    ):
        assert one.end() == (0, "")
        assert two.end() == (0, "")
    assert any("shout     two           GLOBAL: Hello" in line for line in one.lines)
    assert any("shout     one           GLOBAL: Hello" in line for line in two.lines)


@pytest.mark.interop
def test_with_a_node_of_libzyre(port: int) -> None:
    require("libzyre")
    with (
        Command("ping", "--name", "ours", "--interface", "va", "--port", port) as ping,
        ReferencePeer("libzyre", name="theirs", port=port, groups=["GLOBAL"]) as theirs,
    ):
        enter = theirs.wait_for("ENTER", name="ours")
        theirs.wait_for("WHISPER", name="ours", content=[b"Hello"])
        theirs.whisper(enter["peer"], b"Hello")
        theirs.wait_for("SHOUT", name="ours", group="GLOBAL", content=[b"Hello"])
        ping.wait_for("whisper   theirs        Hello  tcp://10.77")
