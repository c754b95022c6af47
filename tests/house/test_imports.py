"""Every module can be imported alone, and importing the package brings nothing along that it does not need."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.house.checks import FLOORS, modules, room

#: Imports each module in a forked child of one interpreter. Below the faces that one has loaded foreign packages only,
#: and the front door is replaced by an empty package, so that no module leans on what the front door imports.
#: Everything above has the front door before it anyway, so there the children begin with it.
EACH_ALONE = """
import os, sys, types, traceback
sys.path[:0] = {path!r}
import zmq, click, ifaddr, logging, threading, dataclasses, json, socket
import rich.console, rich.live, rich.table
root = {root!r}
for name, bare in sorted({modules!r}, key=lambda module: not module[1]):
    if not bare:
        import zyre, zyre.aio  # with the machine and the engine, which each would load otherwise
    sys.stdout.flush()
    child = os.fork()
    if not child:
        try:
            if bare:
                package = sys.modules["zyre"] = types.ModuleType("zyre")
                package.__path__ = [root]
                assert not [loaded for loaded in sys.modules if loaded.startswith("zyre.")]
            __import__("zyre." + name if name else "zyre")
        except BaseException as error:
            print("zyre." + name, type(error).__name__, error)
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)
print("all done")
"""

BROUGHT_ALONG = """
import sys, time
begin = time.perf_counter()
import zyre
print(round((time.perf_counter() - begin) * 1000))
print(*sorted({name.split(".")[0] for name in sys.modules} & set(sys.argv[1:])))
print(*sorted(name for name in sys.modules if name.startswith("zyre.")))
"""

#: Rooms and parts of rooms that are loaded when a program first uses them. (Makers of nodes load no more: see below.)
LATER = [
    "aio", "calls.hub", "calls.runners", "calls.tasks", "calls.threads", "calls.values", "cli", "conformance",
    "core.checkpoint", "core.gossip", "core.journal", "diagnosis", "engine.auth", "engine.auth_choice",
    "engine.auth_member", "engine.auth_secret", "engine.authority", "engine.doctor", "engine.gossip",
    "engine.keeping", "engine.kept", "engine.keyring", "engine.recorder", "engine.signing", "engine.store",
    "engine.zap", "gossip", "groups", "lowlevel", "pipeline", "pytest_plugin", "security.access",
    "security.certificate", "security.credential", "security.revocation", "security.seal", "security.secret", "sim",
    "sockets", "streams", "testing",
]  # fmt: skip

#: What comes with a program's first node, not with the package.
WITH_A_NODE = ["core.driver", "core.node", "engine.engine", "engine.host", "engine.interfaces", "engine.rendezvous"]

#: The standard library's that we load for few, and late. (Python or pyzmq may have loaded them, as do other versions.)
HEAVY = ["asyncio", "concurrent.futures", "hashlib", "hmac", "pathlib", "secrets", "sqlite3", "uuid"]

BY_US = """
import sys
import dataclasses, ifaddr, logging, threading, zmq
before = set(sys.modules)
import zyre
print(*sorted((sys.modules.keys() - before) & set(sys.argv[1:])))
"""

IN_A_LOOP = """
import sys
import asyncio, zyre
before = set(sys.modules)
async def main():
    async with zyre.AsyncNode("alice", interface="lo"):
        pass
asyncio.run(main())
print(*sorted(name for name in set(sys.modules) - before if name.startswith("zyre.")))
"""

OPEN_NODE = """
import sys
import zyre
with zyre.Node("alice", groups=["CHAT"], interface="lo") as node:
    node.shout("CHAT", "hello")
    node.statistics()
print(*sorted(name for name in sys.modules if name.startswith("zyre.")))
"""

#: None of these belongs into a program that makes a node. (pyzmq itself does not import asyncio.)
UNNEEDED = ["asyncio", "click", "gevent", "hypothesis", "pytest", "rich", "trio", "unittest", "multiprocessing"]


def run(program: str, *arguments: str) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(
        [sys.executable, "-c", program, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return result.stdout.splitlines()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the children are forked")
def test_each_module_imports_alone() -> None:
    import zyre

    wanted = [(name, 0 <= FLOORS.get(room(name), 99) < 4) for name in modules() if not name.endswith("__main__")]
    program = EACH_ALONE.format(path=sys.path, root=str(zyre.__path__[0]), modules=wanted)
    assert run(program) == ["all done"]


def test_a_module_that_cannot_would_be_seen(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "broken.py").write_text("import zyre.nowhere")
    program = EACH_ALONE.format(path=sys.path, root=str(tmp_path), modules=[("broken", True)])
    assert run(program) == ["zyre.broken ModuleNotFoundError No module named 'zyre.nowhere'", "all done"]


def test_importing_the_package_brings_nothing_unneeded() -> None:
    milliseconds, unneeded, own = run(BROUGHT_ALONG, *UNNEEDED)
    print(f"import zyre took {milliseconds} ms here; the budget on a quiet machine is 150 ms")
    assert unneeded == ""
    assert too_early(own) == []
    assert not {f"zyre.{name}" for name in WITH_A_NODE} & set(own.split())


def test_a_plain_node_loads_nothing_that_it_does_not_use() -> None:
    (own,) = run(OPEN_NODE)
    assert too_early(own) == []
    assert {f"zyre.{name}" for name in WITH_A_NODE} <= set(own.split())


def test_a_program_with_a_loop_loads_the_machine_before_the_loop_runs() -> None:
    (late,) = run(IN_A_LOOP)
    assert not {f"zyre.{name}" for name in [*WITH_A_NODE, "aio"]} & set(late.split()), late


def test_we_load_nothing_heavy_that_most_programs_do_without() -> None:
    assert run(BY_US, *HEAVY) == [""]


def too_early(loaded: str) -> list[str]:
    """Which of the modules in a printed list are to be loaded later, if at all."""
    return [name for name in loaded.split() for later in LATER if f"{name}.".startswith(f"zyre.{later}.")]


def test_what_is_loaded_too_early_would_be_seen() -> None:
    assert too_early("zyre.node zyre.core.gossip.table zyre.gossiping zyre.gossip") == [
        "zyre.core.gossip.table",
        "zyre.gossip",
    ]


def test_what_is_to_be_loaded_later_exists() -> None:
    assert set(LATER) <= {*modules(), *(name.rpartition(".")[0] for name in modules())}
