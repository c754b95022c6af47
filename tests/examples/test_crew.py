"""The crew: each program answers for itself, and asks the others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CREW = Path(__file__).parents[2] / "examples" / "crew.py"


@pytest.mark.lan
def test_everybody_tells_how_they_are() -> None:
    environment = {**os.environ, "ZYRE_INTERFACE": "lo"}
    command = [sys.executable, "-u", "-W", "error", str(CREW)]
    with (
        subprocess.Popen([*command, "ann"], env=environment, stdin=-1, stdout=-1, text=True) as ann,
        subprocess.Popen([*command, "ben"], env=environment, stdin=-1, stdout=-1, text=True) as ben,
    ):
        assert ann.stdin
        assert ann.stdout
        assert ben.stdin
        assert ann.stdout.readline() == "* ben is here\n"
        ann.stdin.write("\n")
        ann.stdin.flush()
        assert ann.stdout.readline().startswith("ben: {'pid': ")
        ann.stdin.close()
        ben.stdin.close()
        assert ann.wait(20) == ben.wait(20) == 0
