"""Installs zyre.js, once, from npm into ``.cache/zyrejs`` under the repository's root.

zyre.js 1.3.0 depends on a ZeroMQ binding that no longer installs. A newer one has a layer that is compatible
with it, so the package in ``zyrejs/zeromq`` stands in for the old one and hands the new one's layer on. npm
needs the real network: call `install` before the private one is entered, or run ``python -m
tests.peers.zyrejs_setup``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parent / "zyrejs"
TARGET = Path(__file__).resolve().parents[2] / ".cache" / "zyrejs"
FAILURE = "failed.txt"
NPM = (
    "npm",
    "install",
    "--no-package-lock",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    "--fetch-retries=0",
)
PATIENCE = 120.0
"""Seconds that npm may take; it needs about two."""


def install() -> None:
    """Install zyre.js unless that was done, or has failed, before. `missing` says how it went."""
    if TARGET.exists() or not _tools():
        return
    # npm works in a folder of our own, renamed into place when done: two test runs may do this at once.
    draft = TARGET.with_name(f"{TARGET.name}.{os.getpid()}")
    shutil.copytree(SOURCE, draft)
    try:
        result = subprocess.run(NPM, cwd=draft, capture_output=True, text=True, timeout=PATIENCE, check=False)
        failure = result.stderr if result.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        failure = str(error)
    if failure:
        shutil.rmtree(draft)
        draft.mkdir()
        (draft / FAILURE).write_text(failure)
    try:
        draft.rename(TARGET)
    except OSError:
        shutil.rmtree(draft)


def missing() -> str:
    """Say in one sentence why zyre.js cannot run here, or return an empty string."""
    if not _tools():
        return "zyre.js needs `node` and `npm`."
    if (TARGET / FAILURE).exists():
        return f"npm could not install zyre.js; {TARGET / FAILURE} says why. Remove {TARGET} to try again."
    if not TARGET.exists():
        return "zyre.js is not installed: python -m tests.peers.zyrejs_setup."
    return ""


def environment() -> dict[str, str]:
    """Return the environment variable by which node finds what was installed."""
    return {"NODE_PATH": str(TARGET / "node_modules")}


def _tools() -> bool:
    return bool(shutil.which("node") and shutil.which("npm"))


if __name__ == "__main__":
    install()
    sys.exit(missing() or None)
