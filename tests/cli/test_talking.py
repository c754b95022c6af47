"""``zyre peers``, ``shout``, ``whisper`` and ``listen``, each against a node of the test's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

import zyre
from zyre.cli.exits import NotDone
from zyre.cli.whisper import find_peer

from .command import PATIENCE, Command, run
from .conftest import next_event

MakeNode = Callable[..., zyre.Node]


def test_peers_shows_who_is_here(make_node: MakeNode, place: list[str]) -> None:
    ada = make_node("ada", "CHAT", headers={"role": "printer"})
    code, lines, _ = run("peers", "--wait", "0.7", *place)
    assert code == 0
    assert lines[0].split() == ["name", "uuid", "address", "groups", "headers", "found", "by"]
    assert lines[2].split()[:5] == ["ada", ada.uuid.short, ada.endpoint, "CHAT", "role=printer"]


def test_peers_as_json_by_group(make_node: MakeNode, place: list[str]) -> None:
    ada = make_node("ada", "CHAT", headers={"role": "printer"})
    make_node("ben")
    code, (line,), _ = run("peers", "--wait", "0.7", "--group", "CHAT", "--json", *place)
    peer = json.loads(line)
    assert code == 0
    assert peer.pop("found_by") in ("beacon", "hello")
    assert peer.pop("time").endswith("Z")
    assert peer == {
        "type": "peer",
        "name": "ada",
        "uuid": str(ada.uuid),
        "address": ada.endpoint,
        "headers": {"role": "printer"},
        "groups": ["CHAT"],
    }


def test_peers_where_nobody_is(place: list[str]) -> None:
    code, lines, error = run("peers", "--wait", "0.1", *place)
    assert (code, lines) == (1, [])
    assert error.startswith("zyre: nobody was heard on UDP port")
    assert error.count("\n") == 1


def test_a_shout_reaches_the_group_with_all_its_frames(make_node: MakeNode, place: list[str]) -> None:
    members = make_node("ada", "CHAT"), make_node("ben", "CHAT")
    code, (line,), _ = run("shout", "CHAT", "hello", "wörld", "--members", 2, "--json", *place)
    for member in members:
        shout = next_event(member, zyre.Shout)
        assert (shout.group, shout.content) == ("CHAT", (b"hello", "wörld".encode()))
    record = json.loads(line)
    assert code == 0
    assert (record["type"], record["group"], record["peers"], record["messages"]) == ("sent", "CHAT", 2, 1)


def test_a_shout_to_nobody_names_the_groups_that_are_here(make_node: MakeNode, place: list[str]) -> None:
    make_node("ada", "CHAT")
    code, lines, error = run("shout", "CHAP", "hello", "--timeout", "0.7", *place)
    assert (code, lines) == (1, [])
    assert error == "zyre: nobody was in 'CHAP' within 0.7 s; the groups here are: CHAT\n"


def test_a_shout_to_too_few(make_node: MakeNode, place: list[str]) -> None:
    make_node("ada", "CHAT")
    code, _, error = run("shout", "CHAT", "hello", "--members", 2, "--timeout", "0.7", *place)
    assert code == 1
    assert "only 1 of 2" in error


@pytest.mark.parametrize("address", ["name", "uuid", "lower", "dashes", "prefix"])
def test_a_whisper_by_any_address(address: str, make_node: MakeNode, place: list[str]) -> None:
    ada = make_node("ada")
    uuid = str(ada.uuid)
    peer = {
        "name": "ada",
        "uuid": uuid,
        "lower": uuid.lower(),
        "dashes": "-".join((uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:])),
        "prefix": ada.uuid.short,
    }[address]
    code, (line,), _ = run("whisper", peer, "hello", *place)
    assert (code, line) == (0, f"1 message to ada at {ada.endpoint}")
    assert next_event(ada, zyre.Whisper).content == (b"hello",)


def test_every_line_of_the_input_is_a_message_and_the_last_one_gets_away(make_node: MakeNode, place: list[str]) -> None:
    ada = make_node("ada")
    lines = [b"line %d" % number for number in range(5000)] + [b"\xff\xfe", b"", b"no line feed"]
    code, output, _ = run("whisper", "ada", "-", *place, stdin=b"\n".join(lines))
    assert code == 0
    assert output[0].startswith("5003 messages to ada")
    assert [next_event(ada, zyre.Whisper).content for _ in lines] == [(line,) for line in lines]


def test_a_whisper_to_nobody_says_who_is_here(make_node: MakeNode, place: list[str]) -> None:
    make_node("ada")
    code, _, error = run("whisper", "eve", "hello", "--timeout", "0.7", *place)
    assert code == 1
    assert error == "zyre: nobody called 'eve' was here within 0.7 s; here are: ada\n"


def roster(*peers: tuple[str, str]) -> zyre.Roster:
    """Peers of these names, whose uuids begin with these digits."""
    made = (
        zyre.Peer(zyre.PeerId(digits.ljust(32, "0")), name, "tcp://h:1", {}, frozenset(), "beacon")
        for name, digits in peers
    )
    return zyre.Roster({peer.uuid: peer for peer in made})


def test_two_of_one_name_are_told_apart_by_uuid() -> None:
    here = roster(("twin", "AAAAAA1"), ("twin", "BBBBBB2"), ("ada", "AAAAAA3"))
    with pytest.raises(NotDone, match=r"2 nodes go by .twin.; say which by uuid: AAAAAA1.*, BBBBBB2"):
        find_peer(here, "twin")
    with pytest.raises(NotDone, match="2 nodes go by 'aaaaaa'"):
        find_peer(here, "aaaaaa")
    assert find_peer(here, "bbbbbb") is here[next(iter(here.named("twin")[1:])).uuid]


def test_a_short_name_is_no_start_of_a_uuid() -> None:
    here = roster(("ben", "ADA111"), ("FACADE", "000001"), ("dan", "FACADE"))
    assert find_peer(here, "ADA") is None
    named = find_peer(here, "FACADE")
    assert named is not None
    assert named.name == "FACADE"


def test_listen_prints_presence_and_messages(make_node: MakeNode, place: list[str]) -> None:
    with Command("listen", "CHAT", "--name", "ear", *place) as listen:
        ada = make_node("ada", "CHAT")
        listen.wait_for(r"^\d\d:\d\d:\d\d\.\d{3}  enter     ada +tcp://127.0.0.1:\d+$")
        listen.wait_for("  join      ada           CHAT$")
        ear = next_event(ada, zyre.Enter)
        ada.shout("CHAT", "hello", "all")
        listen.wait_for(r"  shout     ada           CHAT: hello \| all$")
        ada.whisper(ear, b"\x1b[31mred")
        listen.wait_for(r"  whisper   ada           \\x1b\[31mred$")
        ada.stop()
        listen.wait_for("  exit      ada           left$")
        listen.interrupt()
        assert listen.end() == (130, "")


def test_listen_as_json_ends_by_count(make_node: MakeNode, place: list[str]) -> None:
    with Command("listen", "CHAT", "--messages", "--count", 2, "--json", *place) as listen:
        ada = make_node("ada")
        ear = next_event(ada, zyre.Enter)
        ada.shout("CHAT", "ü")
        ada.whisper(ear, b"\xff")
        assert listen.end() == (0, "")
    shout, whisper = map(json.loads, listen.lines)
    assert (shout["type"], shout["peer"], shout["group"], shout["content"]) == ("shout", ada.uuid, "CHAT", ["ü"])
    assert (whisper["type"], whisper["name"], whisper["content_base64"]) == ("whisper", "ada", ["/w=="])


def test_listen_ends_by_time_and_says_what_is_missing(place: list[str]) -> None:
    assert run("listen", "--for", "0.1", *place) == (0, [], "")
    code, _, error = run("listen", "--for", "0.1", "--count", 1, *place)
    assert (code, error) == (1, "zyre: 0 of 1 messages came within 0.1 s\n")


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_closed_pipe_is_no_error(options: list[str], make_node: MakeNode, place: list[str]) -> None:
    ada = make_node("ada")
    command = [sys.executable, "-m", "zyre.cli", "listen", *options, *place]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"enter" in process.stdout.readline()
        process.stdout.close()
        ada.whisper(next_event(ada, zyre.Enter), "to nobody who reads")
        assert (process.wait(PATIENCE), process.stderr.read()) == (0, b"")


def test_sigterm_cleans_up(make_node: MakeNode, place: list[str]) -> None:
    ada = make_node("ada")
    with Command("listen", *place) as listen:
        listen.wait_for("enter")
        listen.process.terminate()
        assert listen.end() == (143, "")
    assert next_event(ada, zyre.Exit).reason == "left"
