"""A room imports only from floors below its own; floors 1 and 2 know neither clock nor world."""

from __future__ import annotations

import pytest

from tests.house.checks import BANNED_MODULES, FLOORS, PURE_MODULES, climbing, impurities, modules, room

MODULES = modules()


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_imported_from_above_or_from_a_stranger(module: str) -> None:
    assert climbing(module, MODULES[module].read_text()) == []


@pytest.mark.parametrize(
    "module", [module for module in MODULES if FLOORS.get(room(module), 99) <= 2 or module in PURE_MODULES]
)
def test_the_lower_floors_are_pure(module: str) -> None:
    assert impurities(module, MODULES[module].read_text()) == []


# -- the checks can complain -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("errors", "from zyre.wire.zre import HELLO"),
        ("wire.zre", "from zyre.core import node"),
        ("core.node", "import zyre.engine.host"),
        ("core.node", "from zyre import Node"),
        ("core.node", "import zyre"),
        ("core.node", "from zyre.node import Node"),
        ("core.node", "def late():\n    from zyre.sim import World"),
        ("core.node", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from zyre.engine import host"),
        ("engine.host", "from zyre.sim.world import World"),
        ("sim.world", "from zyre.engine.host import NodeHost"),
        ("node", "from zyre.cli import main"),
        ("sockets.socket", "from zyre.wire import zre"),
        ("sockets.socket", "from zyre.node import Node"),
        ("sockets.socket", "import zyre"),
        ("core.peer", "from .timers import Deadlines"),
        ("newroom.x", ""),
    ],
)
def test_climbing_is_seen(module: str, source: str) -> None:
    assert len(climbing(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("identity", "from zyre.errors import InvalidPeer"),
        ("core.node", "from zyre.core.peer import PeerRecord\nfrom zyre.wire import zre\nimport struct"),
        ("engine.host", "from zyre.core.driver import Driver\nimport zmq"),
        ("aio", "from zyre.streams import Stream"),
        ("", "from zyre.node import Node"),
        ("sockets.socket", "from zyre.errors import UsageError"),
        ("cli.peers", "import zyre\nfrom zyre import Node\nfrom zyre.sockets import Socket"),
    ],
)
def test_going_down_is_allowed(module: str, source: str) -> None:
    assert climbing(module, source) == []


def test_services_are_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FLOORS, "files", 5)
    assert climbing("files.machine", "from zyre.sockets import Socket") == ["files imports its sibling zyre.sockets"]
    assert climbing("files.machine", "from zyre.files import wire\nfrom zyre.node import Node") == []


@pytest.mark.parametrize("banned", sorted(BANNED_MODULES))
def test_every_banned_module_is_seen_on_pure_floors_only(banned: str) -> None:
    for source in (f"import {banned}", f"from {banned} import x", f"def f():\n    import {banned}.x"):
        assert len(impurities("core.node", source)) == 1
        assert len(impurities("wire.zre", source)) == 1
        assert impurities("engine.host", source) == []


@pytest.mark.parametrize("call", ["open('x')", "print(1)", "hash('x')"])
def test_a_banned_call_is_seen(call: str) -> None:
    assert len(impurities("core.node", f"def f(x):\n    return {call}")) == 1


def test_a_method_of_such_a_name_is_none() -> None:
    assert impurities("core.delivery", "self.open(record)\ndelivery.open(record)") == []


def test_foreign_packages_stay_above_floor_2() -> None:
    assert impurities("errors", "import click") == ["floor 0 imports the foreign package click"]
    assert impurities("config", "import os") == [], "floor 0 reads the environment"
