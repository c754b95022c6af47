"""Small units, a test for each file, and words that mean one thing."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests.house.checks import (
    LONGEST_FILE,
    LONGEST_FUNCTION,
    ROOT,
    SRC,
    banned_words,
    documented_methods,
    long_file,
    long_functions,
    modules,
    room,
    undocumented,
)

MODULES = modules()

#: Files that may be longer than others, and why.
LONG_FILES: dict[str, str] = {}
#: Functions that may be longer than others, as "module:function", and why.
LONG_FUNCTIONS: dict[str, str] = {}

#: Modules whose tests stand in another file: they are seen through what uses them.
TESTED_IN = {
    "aio": "tests/test_streams.py",
    "calls.faces": "tests/calls/test_threads.py",
    "calls.hub": "tests/calls/test_threads.py",
    "calls.runners": "tests/calls/test_tasks.py",
    "calls.values": "tests/calls/test_threads.py",
    "cli.authority": "tests/cli/test_keys.py",
    "cli.enrolment": "tests/cli/test_enrolment.py",
    "engine.dealers": "tests/engine/test_transport.py",
    "engine.enrolling": "tests/engine/test_enrolment.py",
    "engine.greeters": "tests/engine/test_auth_member.py",
    "engine.rebinding": "tests/engine/test_rotation.py",
    "engine.inviting": "tests/engine/test_enrolment.py",
    "cli.conform": "tests/conformance/test_kit.py",
    "cli.console": "tests/cli/test_output.py",
    "cli.demo.cast": "tests/cli/test_demo.py",
    "cli.demo.chronicle": "tests/cli/test_demo.py",
    "cli.demo.live": "tests/cli/test_demo.py",
    "cli.demo.node": "tests/cli/test_demo.py",
    "cli.demo.screen": "tests/cli/test_demo.py",
    "cli.demo.stage": "tests/cli/test_demo.py",
    "cli.demo.story": "tests/cli/test_demo.py",
    "cli.exits": "tests/cli/test_cli.py",
    "cli.listen": "tests/cli/test_talking.py",
    "cli.nodeserver": "tests/cli/test_dir.py",
    "cli.options": "tests/cli/test_talking.py",
    "cli.peers": "tests/cli/test_talking.py",
    "cli.records": "tests/cli/test_output.py",
    "cli.sending": "tests/cli/test_talking.py",
    "cli.shout": "tests/cli/test_talking.py",
    "cli.sockets": "tests/sockets/test_cli.py",
    "cli.waiting": "tests/cli/test_talking.py",
    "cli.whisper": "tests/cli/test_talking.py",
    "engine.weights": "tests/engine/test_mailbox.py",
    "engine.wiring": "tests/engine/test_recorder.py",
    "conformance.actor": "tests/conformance/test_kit.py",
    "conformance.acts_greeting": "tests/conformance/test_kit.py",
    "conformance.acts_talking": "tests/conformance/test_kit.py",
    "conformance.beacons": "tests/conformance/test_kit.py",
    "conformance.probe": "tests/conformance/test_kit.py",
    "conformance.probes": "tests/conformance/test_kit.py",
    "conformance.stage": "tests/conformance/test_kit.py",
    "core.answers": "tests/core/test_node.py",
    "core.announcer": "tests/core/test_node.py",
    "core.conversation": "tests/core/test_node.py",
    "core.cargo": "tests/core/test_carrying.py",
    "core.disk": "tests/core/test_durable.py",
    "core.door": "tests/core/test_node.py",
    "core.gossip.adoption": "tests/core/gossip/test_czmq.py",
    "core.gossip.delivery": "tests/core/gossip/test_table.py",
    "core.gossip.effects": "tests/core/gossip/test_machine.py",
    "core.gossip.intents": "tests/core/gossip/test_machine.py",
    "core.gossip.kin": "tests/core/gossip/test_machine.py",
    "core.gossip.leases": "tests/core/gossip/test_table.py",
    "core.gossip.neighbours": "tests/core/gossip/test_czmq.py",
    "core.gossip.outbox": "tests/core/gossip/test_machine.py",
    "core.gossip.remotes": "tests/core/gossip/test_machine.py",
    "core.gossip.resync": "tests/core/gossip/test_machine.py",
    "core.gossip.rules": "tests/core/gossip/test_machine.py",
    "core.host": "tests/test_testing.py",
    "core.outcome": "tests/core/test_delivery.py",
    "engine.auth_choice": "tests/engine/test_auth.py",
    "engine.auth_need": "tests/engine/test_auth_secret.py",
    "core.inflow": "tests/core/test_reliable.py",
    "core.intakes": "tests/core/test_durable.py",
    "core.letters": "tests/core/test_durable.py",
    "core.links": "tests/core/test_node.py",
    "core.outflow": "tests/core/test_reliable.py",
    "core.outgoing": "tests/core/test_node.py",
    "core.part": "tests/core/test_node.py",
    "diagnosis": "tests/engine/test_judgement.py",
    "cli.doctor": "tests/lan/test_doctor.py",
    "engine.opening": "tests/test_node.py",
    "examining": "tests/engine/test_doctor.py",
    "engine.examination": "tests/engine/test_doctor.py",
    "engine.filewatch": "tests/test_gossip.py",
    "engine.congestion": "tests/engine/test_host.py",
    "engine.gossip_sockets": "tests/engine/test_gossip.py",
    "engine.node_gossip": "tests/test_gossiping.py",
    "grouping": "tests/groups/test_changes.py",
    "engine.handover": "tests/engine/test_mailbox.py",
    "engine.lookout": "tests/groups/test_changes.py",
    "engine.parking": "tests/test_waiting.py",
    "engine.rungs": "tests/engine/test_multicast.py",
    "engine.sieve": "tests/engine/test_udp.py",
    "engine.sending": "tests/engine/test_host.py",
    "groups.attention": "tests/groups/test_changes.py",
    "snapshots": "tests/test_node.py",
    "lowlevel": "tests/house/test_public.py",
    "pytest_plugin": "tests/test_testing.py",
    "fates": "tests/test_statistics.py",
    "sends": "tests/test_receipts.py",
    "sim.reading": "tests/sim/test_promises.py",
    "sim.accounts": "tests/sim/test_checkers.py",
    "sim.actions": "tests/sim/test_faults.py",
    "sim.box": "tests/sim/test_world.py",
    "sim.chance": "tests/sim/test_swarm.py",
    "sim.chart": "tests/test_testing.py",
    "sim.clock": "tests/sim/test_world.py",
    "sim.conditions": "tests/sim/test_world.py",
    "sim.fleet": "tests/sim/test_swarm.py",
    "sim.history": "tests/sim/test_faults.py",
    "sim.host": "tests/sim/test_world.py",
    "sim.links": "tests/conformance/test_transport.py",
    "sim.mailbox": "tests/sim/test_world.py",
    "sim.measures": "tests/sim/test_scenario.py",
    "sim.node": "tests/sim/test_world.py",
    "sim.naming": "tests/sim/test_faults.py",
    "sim.network": "tests/sim/test_world.py",
    "sim.run": "tests/sim/test_scenario.py",
    "sim.shrink": "tests/sim/test_swarm.py",
    "sim.store": "tests/conformance/test_store.py",
    "sim.tasks": "tests/test_testing.py",
    "sim.toml": "tests/sim/test_scenario.py",
    "sim.transport": "tests/conformance/test_transport.py",
    "sockets.context": "tests/sockets/test_socket.py",
    "sockets.event": "tests/sockets/test_select.py",
    "sockets.handle": "tests/sockets/test_socket.py",
    "sockets.loops": "tests/sockets/test_task_verbs.py",
    "sockets.option_table": "tests/sockets/test_options.py",
    "sockets.option_verbs": "tests/sockets/test_options.py",
    "sockets.parking": "tests/sockets/test_gevent.py",
    "sockets.version": "tests/sockets/test_socket.py",
    "sockets.waiting": "tests/sockets/test_task_verbs.py",
    "sockets.watching": "tests/sockets/test_select.py",
}

#: Modules, and whole rooms, without tests of their own yet, and why.
UNTESTED: dict[str, str] = {}

WRITTEN = [
    path
    for pattern in ("src/**/*.py", "tests/**/*.py", "docs/**/*.md", "examples/**/*.py", "bench/**/*.py", "*.md")
    for path in sorted(ROOT.glob(pattern))
    if path != Path(__file__) and path.name != "checks.py"
]


def test_file_of(module: str) -> Path:
    parts = module.split(".")
    return ROOT.joinpath("tests", *parts[:-1], f"test_{parts[-1]}.py")


test_file_of.__test__ = False  # type: ignore[attr-defined]  # a helper, in spite of its name


@pytest.mark.parametrize("module", MODULES)
def test_files_and_functions_are_short(module: str) -> None:
    source = MODULES[module].read_text()
    assert module in LONG_FILES or long_file(source) == []
    excused = {name.split(":")[1] for name in LONG_FUNCTIONS if name.split(":")[0] == module}
    assert [complaint for complaint in long_functions(source) if complaint.split()[0] not in excused] == []


@pytest.mark.parametrize("module", MODULES)
def test_what_is_public_says_what_it_is(module: str) -> None:
    source = MODULES[module].read_text()
    silent = undocumented(source)
    if "# ruff: noqa: D102" in source:  # with its reason beside it: the methods are the same everywhere
        silent = [name for name in silent if "." not in name]
    assert [name for name in silent if name.rpartition(".")[2] not in spoken_for() or "." not in name] == []


@cache
def spoken_for() -> set[str]:
    """Methods that a protocol or a base class documents once for all."""
    return {name for path in MODULES.values() for name in documented_methods(path.read_text())}


OWN_TEST = [module for module, path in MODULES.items() if path.stem not in ("__init__", "__main__")]


@pytest.mark.parametrize("module", OWN_TEST)
def test_every_module_has_its_test_file(module: str) -> None:
    elsewhere = TESTED_IN.get(module)
    excused = module in UNTESTED or room(module) in UNTESTED
    found = test_file_of(module).exists() or (elsewhere is not None and (ROOT / elsewhere).exists())
    assert excused or found, f"write {test_file_of(module).relative_to(ROOT)}"


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_words_are_chosen(path: Path) -> None:
    assert banned_words(path.read_text()) == []


def test_every_excuse_is_about_something_and_has_a_reason() -> None:
    excused = {*LONG_FILES, *TESTED_IN, *(name.split(":")[0] for name in LONG_FUNCTIONS)}
    assert excused <= set(MODULES), "an excuse for a file that is gone"
    assert all({**LONG_FILES, **UNTESTED, **LONG_FUNCTIONS}.values())
    assert not [module for module in LONG_FILES if not long_file(MODULES[module].read_text())], "needed no more"


def test_typing_is_announced() -> None:
    assert (SRC / "py.typed").exists()


# -- the checks can complain -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lines", "complaints"), [(LONGEST_FUNCTION - 1, 0), (LONGEST_FUNCTION, 1)])
def test_a_long_function_is_seen(lines: int, complaints: int) -> None:
    body = "def f():\n" + "    pass\n" * lines
    assert len(long_functions(body)) == complaints
    assert len(long_functions("class A:\n" + "".join(f"    {line}\n" for line in body.splitlines()))) == complaints
    assert len(long_functions("async " + body)) == complaints


@pytest.mark.parametrize(("lines", "complaints"), [(LONGEST_FILE, 0), (LONGEST_FILE + 1, 1)])
def test_a_long_file_is_seen(lines: int, complaints: int) -> None:
    assert len(long_file("\n" * lines)) == complaints


@pytest.mark.parametrize(
    "text", ["# the master node", "slaves", "a Blacklist", "whitelisted", "# TODO later", "FIXME", "Utilizes x"]
)
def test_a_banned_word_is_seen(text: str) -> None:
    assert len(banned_words(f"fine\n{text}\n")) == 1


@pytest.mark.parametrize("text", ["mastery", "remastered", "a hack of todos", "used"])
def test_other_words_are_none(text: str) -> None:
    assert banned_words(text) == []


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ('"""Doc."""\ndef f(): pass', ["f"]),
        ('"""Doc."""\nclass A:\n    """Doc."""\n    def f(self): pass\n    def _g(self): pass', ["A.f"]),
        ('"""Doc."""\nclass A: pass', ["A"]),
        ("x = 1", ["the module"]),
        ('"""Doc."""\n__all__ = ["g"]\ndef f(): pass\ndef g(): pass', ["g"]),
        ('"""Doc."""\ndef _f(): pass\nclass _A:\n    def f(self): pass', []),
        ('"""Doc."""\n@overload\ndef f(): ...', []),
    ],
)
def test_what_says_nothing_is_seen(source: str, missing: list[str]) -> None:
    assert undocumented(source) == missing


def test_a_protocol_speaks_for_those_who_follow_it() -> None:
    assert list(documented_methods('class A:\n    def f(self):\n        "Doc."\n    def g(self): pass')) == ["f"]


def test_where_a_test_belongs() -> None:
    assert test_file_of("errors") == ROOT / "tests" / "test_errors.py"
    assert test_file_of("core.node") == ROOT / "tests" / "core" / "test_node.py"
