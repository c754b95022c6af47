"""Sockets by their descriptors, which may be anything by now."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from zyre.engine.borrowed import borrow, number_of, peer_address

pytestmark = pytest.mark.lan


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_connection_shows_where_it_leads_and_stays_open(family: socket.AddressFamily) -> None:
    host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    with (
        socket.create_server((host, 0), family=family) as listener,
        socket.create_connection(listener.getsockname()[:2]) as one,
        listener.accept()[0] as other,
    ):
        for _ in range(2):
            with borrow(one.fileno()) as borrowed:
                assert borrowed is not None
                assert peer_address(borrowed) == listener.getsockname()
        one.sendall(b"word")
        assert other.recv(4) == b"word"


def test_what_is_no_connection() -> None:
    out, into = os.pipe()
    with borrow(out) as nothing:
        assert nothing is None
    os.close(into)
    os.close(out)
    with borrow(out) as nothing:
        assert nothing is None
    one, other = socket.socketpair()
    with one, other, borrow(one.fileno()) as borrowed:
        assert borrowed is not None
        assert peer_address(borrowed) is None


def test_a_file_stays_locked(tmp_path: Path) -> None:
    """POSIX: whoever closes any descriptor of a file gives up all locks on it."""
    path = tmp_path / "file"
    try_it = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'w'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with path.open("w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        with borrow(file.fileno()) as nothing:
            assert nothing is None
        assert subprocess.run((sys.executable, "-c", try_it, str(path)), capture_output=True).returncode != 0


def test_a_socket_has_a_number_of_its_own_whatever_its_descriptor() -> None:
    one, other = socket.socketpair()
    with one, other:
        number = number_of(one.fileno())
        assert number not in (0, number_of(other.fileno()))
        with borrow(one.fileno()) as borrowed:
            assert borrowed is not None
            assert number_of(borrowed.fileno()) == number
        descriptor = one.fileno()
    assert number_of(descriptor) == 0
    out, into = os.pipe()
    assert number_of(out) == 0
    os.close(into)
    os.close(out)
