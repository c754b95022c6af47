"""Every Python block of the documentation runs, in order, one program for each page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers.harness import unused_port

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE_BLOCK = re.compile(r"<!-- file: (\S+) -->\n```python file\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!\w+:)([^)#]+)")


def program(page: Path) -> str:
    """The page's blocks as one program, on its own UDP port so that nothing else is heard."""
    blocks = BLOCK.findall(page.read_text())
    port = f"import zyre.config, zyre.node\nzyre.node.BaseNode.__init__.__kwdefaults__['port'] = {unused_port()}\n"
    return port + "\n".join(blocks) if blocks else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_of_a_page_runs(page: Path) -> None:
    source = program(page)
    if not source:
        return
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", source],
        env={**os.environ, "ZYRE_INTERFACE": "lo"},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_shown_are_the_files_that_there_are(page: Path) -> None:
    for name, shown in FILE_BLOCK.findall(page.read_text()):
        assert (ROOT / name).read_text().endswith(shown), f"{page.name} shows another {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_chat_of_the_tutorial_chats() -> None:
    environment = {**os.environ, "ZYRE_INTERFACE": "lo"}
    command = [sys.executable, "-u", str(ROOT / "examples" / "chat.py")]
    with (
        subprocess.Popen([*command, "ann"], env=environment, stdin=-1, stdout=-1, text=True) as ann,
        subprocess.Popen([*command, "ben"], env=environment, stdin=-1, stdout=-1, text=True) as ben,
    ):
        assert ann.stdin
        assert ann.stdout
        assert ben.stdin
        assert ben.stdout
        assert ann.stdout.readline() == "* ben is here\n"
        assert ben.stdout.readline() == "* ann is here\n"
        ann.stdin.write("hello\n")
        ann.stdin.close()
        assert ben.stdout.readline() == "ann: hello\n"
        ben.stdin.close()
        assert ann.wait(10) == ben.wait(10) == 0
