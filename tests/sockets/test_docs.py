"""Every example in the documentation, run from top to bottom of its page, and what it prints compared.

Well-known ports are replaced by free ones, and all interfaces by this machine's own, so that tests meet nobody.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import free_port

PAGES = sorted((Path(__file__).parents[2] / "docs" / "sockets").glob("*.md"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
PORT = re.compile(r"tcp://(\*|localhost|127\.0\.0\.1):(\d+)")


def blocks(page: Path) -> Iterator[tuple[str, str, str | None]]:
    """Each example of a page: its language, its text, and what it prints if the page says so."""
    found = FENCE.findall(with_free_ports(page.read_text()))
    for (language, text), following in zip(found, [*found[1:], ("", "")], strict=True):
        if language != "text":
            yield language, text, following[1] if following[0] == "text" else None


def with_free_ports(text: str) -> str:
    ports: dict[str, str] = {}
    for _, port in PORT.findall(text):
        ports.setdefault(port, str(free_port()))
    return PORT.sub(lambda match: f"tcp://127.0.0.1:{ports[match[2]]}", text)


def run_shell(text: str, cwd: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    start = "from zyre.cli.sockets import sockets; import sys; sys.argv.pop(1); sockets(prog_name='zyre sockets')"
    shell = f'zyre() {{ "{sys.executable}" -c "{start}" "$@"; }}\n{text}'
    done = subprocess.run(["sh", "-c", shell], env=environment, cwd=cwd, capture_output=True, text=True, timeout=30)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page(page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, object] = {}
    examples = list(blocks(page))
    assert examples, "a page without an example"
    for language, text, printed in examples:
        if language == "sh":
            out = run_shell(text, tmp_path)
        else:
            assert language == "python", f"what is {language!r}?"
            exec(compile(text, str(page), "exec"), namespace)
            out = capsys.readouterr().out
        if printed is not None:
            assert out == printed


def test_every_pattern_has_a_page_and_every_page_is_in_the_index() -> None:
    index = next(page for page in PAGES if page.stem == "index").read_text()
    for page in PAGES:
        assert page.stem == "index" or f"({page.name})" in index
    examples = Path(__file__).parents[2] / "examples" / "sockets"
    for example in examples.glob("*.py"):
        assert f"{example.stem.replace('_', '-')}.md" in index
