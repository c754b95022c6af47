"""The fuzz targets themselves: they take their seeds, and a few thousand inputs made of them, in every run."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.fuzz import fuzz_beacon, fuzz_calls, fuzz_extensions, fuzz_journal, fuzz_machine, fuzz_zre
from tests.fuzz.guided import MISSING, _atheris
from tests.fuzz.seeds import BEACONS, FRAMES, records
from zyre.core.checkpoint import freeze
from zyre.core.journal import Kind, encode_record
from zyre.core.outgoing import Outgoing

TARGETS: dict[str, tuple[Callable[[bytes], None], Callable[[], list[bytes]], int]] = {
    "zre": (fuzz_zre.one_input, lambda: FRAMES, 5000),
    "beacon": (fuzz_beacon.one_input, lambda: BEACONS, 2000),
    "extensions": (fuzz_extensions.one_input, lambda: fuzz_extensions.SEEDS, 2000),
    "calls": (fuzz_calls.one_input, lambda: fuzz_calls.SEEDS, 1000),
    "machine": (fuzz_machine.one_input, lambda: fuzz_machine.SEEDS, 2000),
    "journal": (fuzz_journal.one_input, records, 300),
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_its_seeds_and_what_is_made_of_them(name: str) -> None:
    target, make_seeds, count = TARGETS[name]
    seeds = make_seeds()
    chance = random.Random(name)
    for seed in seeds:
        target(seed)
    for _ in range(count):
        made = bytearray(chance.choice(seeds) + chance.choice(seeds))[: chance.randrange(1, 400)]
        for _ in range(chance.randrange(4)):
            made[chance.randrange(len(made))] = chance.randrange(256)
        target(bytes(made))
        target(chance.randbytes(chance.randrange(200)))


def test_the_journal_s_seeds_do_replay() -> None:
    """Or the target would show nothing but refusals."""
    kinds = set()
    for block in records():
        kinds.add(block[4])
    assert Kind.PROFILE in kinds
    assert len(records()) > 3


def test_a_defect_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that raises anything else ends a target."""
    monkeypatch.setattr(fuzz_zre, "DECODERS", (lambda data: data[1000],))
    with pytest.raises(IndexError):
        fuzz_zre.one_input(FRAMES[0])
    monkeypatch.setattr(Outgoing, "whisper", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fuzz_machine.one_input(bytes((0, 8, 0, 0, 0, 0)))


def test_a_checkpoint_is_thawed_by_the_journal_s_target(monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    from tests.core.rig import Rig

    seen = []
    monkeypatch.setattr(fuzz_journal, "thaw", seen.append)
    fuzz_journal.one_input(encode_record(Kind.CHECKPOINT, 1.0, json.dumps(freeze(Rig().machine)).encode()))
    assert len(seen) == 1


@pytest.mark.skipif(_atheris() is not None, reason="atheris is installed")
def test_without_atheris_it_says_what_to_do() -> None:
    result = subprocess.run([sys.executable, "-m", "tests.fuzz", "--seconds", "1"], capture_output=True, text=True)
    assert result.returncode == 3
    assert result.stderr.strip() == MISSING
