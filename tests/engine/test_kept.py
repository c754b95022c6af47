from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import zyre
from zyre.engine.entropy import begin_life
from zyre.engine.kept import KeptIdentity
from zyre.errors import IdentityInUse, InvalidConfig, InvalidPeer
from zyre.identity import PeerId

UUID = PeerId("AB" * 16)


def test_a_file_is_made_and_keeps_the_identity_through_later_lives(tmp_path: Path) -> None:
    path = tmp_path / "identity.zpl"
    first = KeptIdentity(path)
    first.release()
    second = KeptIdentity(path)
    assert second.uuid == first.uuid
    assert second.incarnation > first.incarnation
    assert str(first.uuid) in path.read_text()
    second.release()


def test_it_is_lent_to_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "identity.zpl"
    kept = KeptIdentity(path)
    with pytest.raises(IdentityInUse, match="stop that one first") as caught:
        KeptIdentity(path)
    assert caught.value.path == str(path)
    kept.release()
    kept.release()
    KeptIdentity(path).release()


def test_a_program_that_dies_holds_nothing_back(tmp_path: Path) -> None:
    path = tmp_path / "identity.zpl"
    program = f"import os; from zyre.engine.kept import KeptIdentity; kept = KeptIdentity({str(path)!r}); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 9
    KeptIdentity(path).release()


def test_the_last_life_is_remembered_when_the_clock_goes_back(tmp_path: Path) -> None:
    path = tmp_path / "identity.zpl"
    future = 2**63
    path.write_text(f'identity\n    uuid = "{UUID}"\n    incarnation = "{future}"\n')
    kept = KeptIdentity(path)
    assert kept.incarnation == future + 1
    kept.release()


def test_one_written_by_hand_will_do(tmp_path: Path) -> None:
    path = tmp_path / "identity.zpl"
    path.write_text(f"identity\n    uuid = {UUID.lower()}\n")
    kept = KeptIdentity(path)
    assert kept.uuid == UUID
    kept.release()


@pytest.mark.parametrize(
    "text", ["", "identity\n    uuid = bob\n", f"identity\n    uuid = {UUID}\n    incarnation = x\n"]
)
def test_nonsense_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "identity.zpl"
    path.write_text(text)
    for _ in range(2):
        with pytest.raises(InvalidConfig, match="32 hexadecimal digits"):
            KeptIdentity(path)
    assert path.read_text() == text


def test_an_identity_may_be_given() -> None:
    assert begin_life(str(UUID).lower(), None).identity == UUID
    assert begin_life(None, None).identity != begin_life(None, None).identity
    assert begin_life(UUID, None).incarnation < begin_life(UUID, None).incarnation
    with pytest.raises(InvalidPeer):
        begin_life("bob", None)


def test_file_and_argument_must_agree(tmp_path: Path) -> None:
    path = tmp_path / "identity.zpl"
    begin_life(UUID, path).release()  # type: ignore[misc]
    with pytest.raises(InvalidConfig, match="give one of them"):
        begin_life("0" * 32, path)


def test_nodes_have_it_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "identity.zpl"
    node = zyre.Node("a", identity=path, interface="lo", port=0)
    uuid = node.uuid
    with pytest.raises(IdentityInUse):
        zyre.Node("b", identity=path)
    node.start()
    node.stop()
    again = zyre.Node("a", identity=path, interface="lo", port=0)
    assert again.uuid == uuid
    again.stop()
    last = zyre.Node("a", identity=path)
    assert last.uuid == uuid
    last.stop()
