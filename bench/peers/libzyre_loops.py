"""The loops around libzyre: compiled from C where there is a compiler, else through ctypes, which is slower."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import time
from ctypes import POINTER, byref, c_char_p, c_double, c_int, c_size_t, c_void_p
from pathlib import Path
from typing import Any, Protocol

from tests.peers import libzyre

__all__ = ["InC", "InPython", "Loops", "loops"]

_SOURCE = Path(__file__).with_suffix(".c")
_CACHE = Path(__file__).resolve().parents[2] / ".cache" / "bench"


class Loops(Protocol):
    note: str

    def flood(self, node: Any, peer: bytes, payload: bytes, n: int) -> None: ...
    def shout(self, node: Any, group: bytes, payload: bytes, n: int) -> None: ...
    def count(self, node: Any, n: int) -> float: ...
    def echo(self, node: Any, n: int) -> None: ...
    def ping(self, node: Any, peer: bytes, payload: bytes, n: int) -> list[float]: ...


def loops(library: ctypes.CDLL) -> Loops:
    """The best loops that can be had here."""
    shared_object = compile_loops()
    return InPython(library) if shared_object is None else InC(shared_object)


def compile_loops() -> Path | None:
    """Compile the loops once for each version of their source; None where that is impossible."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    target = _CACHE / f"libzyre_loops-{hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:12]}.so"
    if not target.exists():
        _CACHE.mkdir(parents=True, exist_ok=True)
        draft = target.with_suffix(f".{os.getpid()}")
        made = subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", draft, _SOURCE], check=False)
        if made.returncode != 0:
            return None
        os.replace(draft, target)  # several processes may come here at once
    return target


class InC:
    """No Python between two messages."""

    note = "driven by loops in C"

    def __init__(self, shared_object: Path) -> None:
        self._c = ctypes.CDLL(str(shared_object))
        send = [c_void_p, c_char_p, c_char_p, c_size_t, c_int]
        self._c.bench_flood.argtypes = self._c.bench_shout.argtypes = send
        self._c.bench_ping.argtypes = [*send, POINTER(c_double)]
        self._c.bench_count.argtypes = self._c.bench_echo.argtypes = [c_void_p, c_int]

    def flood(self, node: Any, peer: bytes, payload: bytes, n: int) -> None:
        self._c.bench_flood(node, peer, payload, len(payload), n)

    def shout(self, node: Any, group: bytes, payload: bytes, n: int) -> None:
        self._c.bench_shout(node, group, payload, len(payload), n)

    def count(self, node: Any, n: int) -> float:
        _require(n, self._c.bench_count(node, n))
        return time.monotonic()

    def echo(self, node: Any, n: int) -> None:
        _require(n, self._c.bench_echo(node, n))

    def ping(self, node: Any, peer: bytes, payload: bytes, n: int) -> list[float]:
        times = (c_double * n)()
        _require(n, self._c.bench_ping(node, peer, payload, len(payload), n, times))
        return list(times)


class InPython:
    """The same loops through ctypes: libzyre looks slower than it is."""

    note = "driven through ctypes, for want of a C compiler: faster than shown"

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library

    def _message(self, *frames: bytes) -> Any:
        return byref(libzyre.build_message(self._library, frames))

    def _receive(self, node: Any) -> list[bytes]:
        message = self._library.zyre_recv(node)
        if not message:
            raise TimeoutError("a message never came")
        return libzyre.take_frames(self._library, message)

    def flood(self, node: Any, peer: bytes, payload: bytes, n: int) -> None:
        for _ in range(n):
            self._library.zyre_whisper(node, peer, self._message(payload))

    def shout(self, node: Any, group: bytes, payload: bytes, n: int) -> None:
        for _ in range(n):
            self._library.zyre_shout(node, group, self._message(payload))

    def count(self, node: Any, n: int) -> float:
        while n:
            if self._receive(node)[0] in (b"WHISPER", b"SHOUT"):
                n -= 1
        return time.monotonic()

    def echo(self, node: Any, n: int) -> None:
        while n:
            kind, peer, _, *frames = self._receive(node)
            if kind == b"WHISPER":
                self._library.zyre_whisper(node, peer, self._message(*frames))
                n -= 1

    def ping(self, node: Any, peer: bytes, payload: bytes, n: int) -> list[float]:
        times = []
        for _ in range(n):
            began = time.monotonic()
            self._library.zyre_whisper(node, peer, self._message(payload))
            while self._receive(node)[0] != b"WHISPER":
                pass
            times.append((time.monotonic() - began) * 1e6)
        return times


def _require(wanted: int, got: int) -> None:
    if got != wanted:
        raise TimeoutError(f"{got} of {wanted} messages came")
