"""What strangers send is shown and never obeyed; JSON is JSON whatever it carries."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from types import MappingProxyType

import pytest

import zyre
from zyre.cli.output import make_output, safe, shown
from zyre.cli.records import content_record, event_record, json_line, timestamp

PEER = zyre.PeerId("00112233445566778899AABBCCDDEEFF")


def test_escape_sequences_are_not_passed_on() -> None:
    assert safe("grüß \x1b[31mdich\n") == "grüß \\x1b[31mdich\\n"
    assert safe("\u202eevil") == "\\u202eevil"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ((), "(no frames)"),
        ((b"",), ""),
        ((b"one", "zwei ü".encode()), "one | zwei ü"),
        ((b"\xff\xfe\x00",), "\\xff\\xfe\\x00"),
        ((b"\x1b]0;title\x07",), "\\x1b]0;title\\x07"),
    ],
)
def test_content_for_people(content: tuple[bytes, ...], text: str) -> None:
    assert shown(content) == text


@pytest.mark.parametrize("frame", [b"x" * 1_000_000, "ü".encode() * 500_000, b"\xff" * 1_000_000])
def test_a_megabyte_is_cut_and_counted(frame: bytes) -> None:
    text = shown((frame,))
    assert len(text) < 450
    assert text.endswith("… (1,000,000 bytes)")


def test_content_is_text_or_all_base64() -> None:
    assert content_record([b"a", "ü".encode()]) == {"content": ["a", "ü"]}
    assert content_record([]) == {"content": []}
    (key, frames), *rest = content_record([b"a", b"\xff"]).items()
    assert not rest
    assert key == "content_base64"
    assert [base64.b64decode(frame) for frame in frames] == [b"a", b"\xff"]


def test_an_event_as_json() -> None:
    event = zyre.Enter(PEER, "ada", "tcp://127.0.0.1:9", MappingProxyType({"k": "v"}), frozenset({"B", "A"}))
    record = event_record(event)
    record.pop("time")
    assert json.loads(json_line(record)) == {
        "type": "enter",
        "peer": str(PEER),
        "name": "ada",
        "address": "tcp://127.0.0.1:9",
        "headers": {"k": "v"},
        "groups": ["A", "B"],
    }


def test_a_lone_surrogate_does_not_break_json() -> None:
    assert json.loads(json_line({"name": "a\udcff"})) == {"name": "a?"}


def test_timestamps_are_utc() -> None:
    assert timestamp(datetime(2026, 1, 2, 3, 4, 5, 678900, UTC)) == "2026-01-02T03:04:05.678Z"


def test_lines_for_people_are_plain_and_whole_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    make_output(False).event(zyre.Shout(PEER, "[red]ada", "CHAT", (b"word " * 60,)))
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "shout     [red]ada      CHAT: word word" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    "event",
    [
        zyre.Enter(PEER, "ada", "tcp://h:1", MappingProxyType({})),
        zyre.Exit(PEER, "ada", "left"),
        zyre.Evasive(PEER, "ada"),
        zyre.Silent(PEER, "ada"),
        zyre.Returned(PEER, "ada"),
        zyre.Join(PEER, "ada", "G"),
        zyre.Leave(PEER, "ada", "G"),
        zyre.Updated(PEER, "ada", {"load": "1"}, frozenset({"role"})),
        zyre.Whisper(PEER, "ada", (b"x",)),
        zyre.Leader(PEER, "ada", "G"),
        zyre.Gap(PEER, "ada", 3),
        zyre.Collision(PEER, "ada", "tcp://h:1", "bob", "tcp://h:2"),
    ],
)
def test_every_event_has_a_line_and_a_record(event: zyre.Event, capsys: pytest.CaptureFixture[str]) -> None:
    make_output(False).event(event)
    assert "ada" in capsys.readouterr().out
    assert event_record(event)["type"] == type(event).__name__.lower()
