"""Reliable messages over real connections that the kernel resets: all those of the tests' own network."""

from __future__ import annotations

import shutil
import subprocess
import threading

import pytest

import zyre
from tests.support.nodes import PATIENCE, meeting, until
from zyre.events import ReliableWhisper

COUNT = 6000


def reset_all() -> bool:
    """Destroy every TCP connection of this network namespace; False if that is not possible here."""
    done = subprocess.run(["ss", "-K", "-t", "state", "established"], capture_output=True, text=True, check=False)
    return done.returncode == 0 and len(done.stdout.splitlines()) > 1


@pytest.mark.skipif(shutil.which("ss") is None, reason="needs ss of iproute2")
def test_resets_of_the_kernel_lose_nothing_and_repeat_nothing() -> None:
    with meeting("alice", "bob") as (alice, bob):
        numbers: list[int] = []

        def read() -> None:
            while len(numbers) < COUNT:
                event = bob.recv(timeout=PATIENCE)
                if isinstance(event, ReliableWhisper):
                    numbers.append(int(event.content[0]))

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        resets = 0
        for number in range(COUNT):
            assert alice.whisper(bob, b"%d" % number, mode="reliable")
            if number % 1500 == 700:
                until(lambda n=number: len(numbers) > n - 600)
                resets += reset_all()
        reader.join(PATIENCE)
        if not resets:
            pytest.skip("the kernel does not let us destroy connections")
        assert numbers == list(range(COUNT))
        until(lambda: alice.fates(bob) == zyre.Fates(offered=COUNT, delivered=COUNT))
