"""What every store must do, modelled or real: in the order of the effects, over lives, and told when it is done."""

from __future__ import annotations

import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.nodes import PATIENCE, until
from zyre.core.effects import Discard, Keep, KeptLetter, Mark, NotPersisted, Persisted, Restored
from zyre.engine.store import SqliteStore
from zyre.identity import PeerId
from zyre.sim.clock import Agenda
from zyre.sim.store import SimStore

OWN, ONE, OTHER = (PeerId(digit * 32) for digit in "012")


class Cabinet(ABC):
    """A store, and what it reported."""

    def __init__(self) -> None:
        self.reports: list[Any] = []

    @abstractmethod
    def open(self) -> Restored: ...

    @abstractmethod
    def write(self, *effects: Keep | Discard | Mark) -> None: ...

    @abstractmethod
    def wait(self) -> None:
        """Until something was reported of the last effect."""

    @abstractmethod
    def crash(self) -> None: ...

    @abstractmethod
    def pass_time(self, seconds: float) -> None: ...

    @abstractmethod
    def close(self) -> None: ...

    def reopened(self) -> Restored:
        self.close()
        return self.open()


class ModelledCabinet(Cabinet):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.agenda = Agenda()
        self.store = SimStore(self.agenda)

    def open(self) -> Restored:
        return self.store.open(self.reports.append)

    def write(self, *effects: Keep | Discard | Mark) -> None:
        for effect in effects:
            self.store.write(effect)

    def wait(self) -> None:
        self.agenda.run_until(self.agenda.now() + 1)

    def crash(self) -> None:
        self.store.crash()

    def pass_time(self, seconds: float) -> None:
        self.agenda.run_until(self.agenda.now() + seconds)

    def close(self) -> None:
        self.store.flush()


class RealCabinet(Cabinet):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.last = 0
        self.store = SqliteStore(path, OWN)

    def open(self) -> Restored:
        self.store = SqliteStore(self.path, OWN)
        restored = self.store.open()
        self.store.on_report = self.reports.append
        return restored

    def write(self, *effects: Keep | Discard | Mark) -> None:
        for effect in effects:
            self.store.write(effect)
            self.last = effect.serial

    def wait(self) -> None:
        until(lambda: self.reports and self.reports[-1].serial >= self.last)

    def crash(self) -> None:
        pytest.skip("a real process is killed in tests/bench/test_durable.py")

    def pass_time(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.3))

    def close(self) -> None:
        self.store.close()
        self.store.wait_closed(PATIENCE)


@pytest.fixture(params=[ModelledCabinet, RealCabinet], ids=["modelled", "sqlite"])
def cabinet(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cabinet]:
    made: Cabinet = request.param(tmp_path / "store.db")
    yield made
    made.close()


def keep(serial: int, peer: PeerId, number: int, *content: bytes, group: str = "", left: float = 1000.0) -> Keep:
    return Keep(serial, peer, 7, number, group, content, left)


def without_times(letters: tuple[KeptLetter, ...]) -> list[tuple[object, ...]]:
    return [letter[:4] for letter in letters]


def test_a_new_one_is_empty(cabinet: Cabinet) -> None:
    assert cabinet.open() == Restored((), (), ())


def test_what_was_kept_is_found_by_the_next_life(cabinet: Cabinet) -> None:
    cabinet.open()
    cabinet.write(keep(1, OTHER, 1, b"a", b""), keep(2, ONE, 5, group="G\u00e4"), keep(3, ONE, 6, b"x" * 100_000))
    cabinet.write(Mark(4, OTHER, 9, 3), Mark(5, OTHER, 9, 4))
    cabinet.wait()
    assert cabinet.reports[-1] == Persisted(5)
    assert [report.serial for report in cabinet.reports] == sorted(report.serial for report in cabinet.reports)
    found = cabinet.reopened()
    assert without_times(found.letters) == [
        (ONE, 5, "G\u00e4", ()),
        (ONE, 6, "", (b"x" * 100_000,)),
        (OTHER, 1, "", (b"a", b"")),
    ]
    assert sorted(found.streams) == [(ONE, 7, 7), (OTHER, 7, 2)]
    assert found.taken == ((OTHER, 9, 4),)


def test_what_is_discarded_is_gone_and_its_numbers_stay_used(cabinet: Cabinet) -> None:
    cabinet.open()
    cabinet.write(*(keep(number, ONE, number, b"%d" % number) for number in range(1, 10)), keep(10, OTHER, 1, b"other"))
    cabinet.write(Discard(11, ONE, 4), Discard(12, ONE, 0, (6, 9)))
    cabinet.wait()
    found = cabinet.reopened()
    assert [letter.number for letter in found.letters] == [4, 5, 7, 8, 1]
    assert {peer: number for peer, _, number in found.streams} == {ONE: 10, OTHER: 2}


def test_time_goes_on_while_nobody_runs(cabinet: Cabinet) -> None:
    cabinet.open()
    cabinet.write(keep(1, ONE, 1, b"long", left=1000.0), keep(2, ONE, 2, b"short", left=0.2))
    cabinet.wait()
    cabinet.close()
    cabinet.pass_time(10)
    long, short = cabinet.open().letters
    assert 900 < long.left < 1000
    assert short.left == 0


def test_what_is_not_committed_when_a_process_dies_is_not_there(cabinet: Cabinet) -> None:
    cabinet.open()
    cabinet.write(keep(1, ONE, 1, b"kept"))
    cabinet.wait()
    cabinet.write(keep(2, ONE, 2, b"lost"))
    cabinet.crash()
    cabinet.pass_time(1)
    assert [letter.content for letter in cabinet.open().letters] == [(b"kept",)]
    assert cabinet.reports == [Persisted(1)]


def test_a_disk_that_is_full_is_told_and_nothing_of_before_is_lost(tmp_path: Path) -> None:
    """In a process that may not make its files larger, which is what the end of a disk looks like from inside."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "store.db")], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["Persisted", "NotPersisted", "Persisted"]
    found = SqliteStore(tmp_path / "store.db", OWN)
    letters = found.open().letters
    found.close()
    found.wait_closed(PATIENCE)
    assert [letter.number for letter in letters] == [1, 3]


FULL = """
import resource, signal, sys, time
from zyre.core.effects import Keep
from zyre.engine.store import SqliteStore
from zyre.identity import PeerId

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store, reports = SqliteStore(sys.argv[1], PeerId("0" * 32)), []
store.open()
store.on_report = reports.append

def write(number):
    store.write(Keep(number, PeerId("1" * 32), 7, number, "", (bytes(300_000),), 1000.0))
    store.flush(30)
    print(type(reports[-1]).__name__)
    return reports[-1]

write(1)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
failed = write(2)
assert sys.argv[1] in failed.reason, failed
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
write(3)
store.close()
store.wait_closed(30)
"""


def test_the_modelled_one_breaks_likewise() -> None:
    agenda, reports = Agenda(), []  # type: ignore[var-annotated]
    store = SimStore(agenda)
    store.open(reports.append)
    for number, broken in ((1, ""), (2, "full"), (3, "")):
        store.broken = broken
        store.write(keep(number, ONE, number, b"x"))
        agenda.run_until(number)
    store.crash()
    assert reports == [Persisted(1), NotPersisted(2, "full"), Persisted(3)]
    assert [letter.number for letter in store.open(reports.append).letters] == [1, 3]
