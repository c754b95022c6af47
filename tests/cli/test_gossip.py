"""``zyre gossip``: a hub, a client, or both."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.command import Command, run
from tests.support.gossip import until, until_all_hold
from zyre import Gossip
from zyre.engine.keyring import new_certificate, save_certificate


def test_a_hub_for_others() -> None:
    with Command("gossip", "--bind", "tcp://127.0.0.1:*", "colour=blue", "--json") as hub, Gossip("client") as client:
        client.connect(json.loads(hub.wait_for('"bound"'))["endpoint"])
        until_all_hold({"colour": "blue"}, client)
        client.publish("shape", "round\x1b[0m")
        assert json.loads(hub.wait_for('"shape"'))["value"] == "round\x1b[0m"
        client.unpublish("shape")
        assert json.loads(hub.wait_for('"withdrawn"'))["key"] == "shape"
        hub.interrupt()
        assert hub.end() == (130, "")
        until_all_hold({}, client)


def test_a_client_that_publishes_lists_and_withdraws() -> None:
    with Gossip("hub") as hub:
        endpoint = hub.bind("tcp://127.0.0.1:*")
        code, lines, error = run("gossip", "--connect", endpoint, "colour=blue", "a=b=c", "--lasting", "--count", "2")
        assert (code, sorted(lines), error) == (0, ["a = b=c", "colour = blue"], "")
        until_all_hold({"colour": "blue", "a": "b=c"}, hub)
        code, lines, _ = run("gossip", "--connect", endpoint, "--list", "--json")
        assert code == 0
        assert [(record["key"], record["value"]) for record in map(json.loads, lines)] == [
            ("a", "b=c"),
            ("colour", "blue"),
        ]
        assert run("gossip", "--connect", endpoint, "--withdraw", "a")[0] == 0
        until_all_hold({"colour": "blue"}, hub)
        code, _, error = run("gossip", "--connect", endpoint, "--withdraw", "none")
        assert (code, error) == (1, "zyre: there is no tuple none\n")


def test_settings_in_a_file(tmp_path: Path) -> None:
    save_certificate(certificate := new_certificate(), tmp_path / "hub.cert")
    (tmp_path / "hub.zpl").write_text(
        "zgossip\n    security\n        mechanism = curve\n        secret-key = hub.cert\n"
        "    bind\n        endpoint = inproc://nowhere\n    publish\n        colour = blue\n"
    )
    with Command("gossip", "--config", tmp_path / "hub.zpl", "--bind", "tcp://127.0.0.1:*") as hub:
        endpoint = re.sub(r".* ", "", hub.wait_for("hub at"))
        hub.wait_for("^colour = blue$")
        code, lines, _ = run("gossip", "--connect", f"{endpoint}|{certificate.public_key}", "--list")
        assert (code, lines) == (0, ["colour = blue"])
        code, _, error = run("gossip", "--connect", endpoint, "--list", "--timeout", "0.5")
        assert (code, error) == (1, f"zyre: no hub answered within 0.5 s at {endpoint}\n")


def test_settings_in_the_wrong_place_do_not_pass_in_silence(tmp_path: Path) -> None:
    file = tmp_path / "hub.zpl"
    file.write_text("gossip\n    bind\n        endpoint = tcp://127.0.0.1:*\n")
    code, _, error = run("gossip", "--config", str(file), "--for", "0.2")
    assert code == 3
    assert "no section 'zgossip'" in error
    assert run("gossip", "--config", str(file), "--bind", "inproc://here", "--for", "0.2")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ((), 2, "--bind tcp://*:5660 for a hub"),
        (("--bind", "nonsense"), 2, "has no transport"),
        (("--bind", "inproc://x", "novalue"), 2, "not of the form KEY=VALUE"),
        (("--bind", "tcp://192.0.2.1:9"), 3, "cannot be bound"),
        (("--connect", "tcp://127.0.0.1:1", "--for", "0.2"), 1, "within 0.2 s at tcp://127.0.0.1:1"),
        (("--bind", "inproc://x", "--count", "1", "--for", "0.2"), 1, "0 of 1 changes came within 0.2 s"),
    ],
)
def test_what_goes_wrong(arguments: tuple[str, ...], code: int, sentence: str) -> None:
    status, _, error = run("gossip", *arguments)
    assert status == code
    assert sentence in error


def test_hubs_are_counted() -> None:
    with Gossip("hub") as hub, Gossip("a") as a:
        a.connect("inproc://counted")
        assert a.hubs == 0
        hub.bind("inproc://counted")
        until(lambda: a.hubs == 1)
