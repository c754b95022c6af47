"""What is visible, what it leans on, and how a program that uses it ends."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import zyre.sockets

SOURCES = Path(zyre.sockets.__file__).parent
#: pyzmq is what it is about; gevent and trio are looked for only where they are loaded already.
ALLOWED = {"zmq", "gevent", "trio", "zyre.errors", "zyre.sockets"}


def test_what_is_exported_is_what_is_meant() -> None:
    assert len(set(zyre.sockets.__all__)) == len(zyre.sockets.__all__)
    assert all(hasattr(zyre.sockets, name) for name in zyre.sockets.__all__)
    modules = {path.stem for path in SOURCES.glob("*.py")}
    visible = {name for name in vars(zyre.sockets) if name.isidentifier() and not name.startswith("_")}
    accidental = visible - modules - set(zyre.sockets.__all__)
    assert accidental == {"annotations"}


@pytest.mark.parametrize("path", sorted(SOURCES.glob("*.py")), ids=lambda path: path.stem)
def test_it_stands_alone(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        for name in _imported(node):
            known = name.split(".")[0] in sys.stdlib_module_names or any(
                name == each or name.startswith(f"{each}.") for each in ALLOWED
            )
            assert known, f"{path.name} imports {name}"


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0
        if node.module == "zyre":
            return [f"zyre.{alias.name}" for alias in node.names]
        return [node.module or ""]
    return []


def test_neither_gevent_nor_trio_is_loaded_for_those_who_do_not_use_them() -> None:
    assert _run("import sys, zyre.sockets; print({'gevent', 'trio'} & set(sys.modules))") == ("set()\n", "", 0)


FORGETFUL = """
import threading
from zyre.sockets import Socket
pull = Socket("pull", bind="tcp://127.0.0.1:*")
threading.Thread(target=pull.recv, daemon=True).start()
rep = Socket("rep", bind="tcp://127.0.0.1:*")
def serve():
    for message in rep:
        rep.send(message)
threading.Thread(target=serve, daemon=True).start()
with Socket("push", connect="tcp://127.0.0.1:9", linger=50) as push:
    push.send("to nobody")
print("end")
"""


def test_a_program_that_forgets_its_sockets_ends_without_a_sound() -> None:
    assert _run(FORGETFUL) == ("end\n", "", 0)


DELIVERING = """
import sys
from zyre.sockets import Socket
with Socket("push", connect=sys.argv[1], linger=20000) as push:
    push.send("delivered")
"""


def test_a_program_delivers_what_it_sent_before_it_ends(tmp_path: Path) -> None:
    with zyre.sockets.Socket("pull", bind=f"ipc://{tmp_path}/s") as pull:
        assert _run(DELIVERING, f"ipc://{tmp_path}/s") == ("", "", 0)
        assert pull.recv_string(timeout=20) == "delivered"


def _run(program: str, *arguments: str) -> tuple[str, str, int]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=50)
    return done.stdout, done.stderr, done.returncode
