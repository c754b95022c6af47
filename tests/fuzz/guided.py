"""Coverage-guided fuzzing by atheris, where it is installed; without it a target is still an ordinary function."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

Target = Callable[[bytes], None]

MISSING = (
    "guided fuzzing needs atheris, which has wheels for Linux and CPython 3.11 to 3.13 and elsewhere needs clang: "
    "pip install atheris. Without it `make test` tries the same decoders with hypothesis."
)


def _atheris() -> Any:
    try:
        import atheris
    except ImportError:
        return None
    return atheris


def instrumented() -> AbstractContextManager[Any]:
    """Where a target imports what it tests: with atheris at work, that is followed branch by branch."""
    atheris = _atheris() if "fuzz" in sys.argv[0] else None
    return nullcontext() if atheris is None else atheris.instrument_imports(include=["zyre"])


def fuzz(target: Target, seeds: Iterable[bytes]) -> None:
    """Run a target until something breaks, or as libFuzzer's arguments say: -max_total_time=60, a file to repeat."""
    atheris = _atheris()
    if atheris is None:
        sys.exit(MISSING)
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds):
            (Path(corpus) / f"seed{number}").write_bytes(seed)
        arguments = [sys.argv[0], *sys.argv[1:]]
        if not any(Path(argument).is_file() for argument in sys.argv[1:]):
            arguments.append(corpus)
        atheris.Setup(arguments, target)
        atheris.Fuzz()
