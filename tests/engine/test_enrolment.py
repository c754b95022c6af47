"""Enrolment in this process: what a code opens, what a wrong one does, and what somebody who listens sees."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zyre
from tests.peers.harness import unused_port
from tests.support.clusters import LabCluster
from zyre.core.locality import Interface
from zyre.engine.authority import load_member
from zyre.engine.enrolling import enroll, find_invitation
from zyre.engine.enrolment import (
    EnrolmentFailed,
    Exchange,
    encode_announcement,
    read_announcement,
)
from zyre.engine.inviting import TRIES, Invitation
from zyre.errors import DecodeError

pytestmark = pytest.mark.lan

HERE = (Interface("va", "10.77.0.1", 24, "10.77.0.255"),)
WRONG = "1-acorn-actor"


@pytest.fixture
def lab(tmp_path: Path) -> LabCluster:
    return LabCluster(tmp_path)


def run(
    invitation: Invitation, guest: Callable[[str, int], Awaitable[object]], timeout: float = 20
) -> tuple[object, object]:
    """What came of an invitation, and of what a guest did with it."""

    async def both() -> tuple[object, object]:
        port = unused_port()
        tcp = await invitation.listen(port)
        waiting = asyncio.create_task(invitation.wait(HERE, port, timeout))
        await asyncio.sleep(0)
        outcome = await asyncio.gather(guest("10.77.0.1", tcp), return_exceptions=True)
        return (await asyncio.gather(waiting, return_exceptions=True))[0], outcome[0]

    return asyncio.run(both())


def test_who_knows_the_code_becomes_a_member(lab: LabCluster, tmp_path: Path) -> None:
    lab.member("old")
    lab.authority.revoke("old")
    invitation = Invitation(lab.authority, metadata={"groups": "lab-*"})
    certificate, folder = run(invitation, lambda host, tcp: enroll(invitation.code, "new", tmp_path / "new", host, tcp))
    assert isinstance(certificate, zyre.Certificate)
    assert isinstance(folder, Path)
    member = load_member(folder)
    assert member.certificate.public_key == certificate.public_key
    assert member.certificate.metadata["groups"] == "lab-*"
    assert member.revocations == lab.authority.revoked
    assert certificate.secret_key is None
    assert invitation.code not in repr(invitation)


def test_wrong_codes_are_counted_and_end_it(lab: LabCluster, tmp_path: Path) -> None:
    invitation = Invitation(lab.authority)

    async def guess(host: str, tcp: int) -> object:
        for _ in range(TRIES):
            with pytest.raises(EnrolmentFailed, match="not the same"):
                await enroll(WRONG, "new", tmp_path / "new", host, tcp)
        return await enroll(invitation.code, "new", tmp_path / "new", host, tcp)

    outcome, late = run(invitation, guess)
    assert isinstance(outcome, EnrolmentFailed)
    assert "void" in str(outcome)
    assert isinstance(late, (EnrolmentFailed, zyre.NetworkError)), "the right one comes too late"
    assert not (tmp_path / "new").exists()
    assert not list(lab.authority.issued())


def test_it_is_good_once(lab: LabCluster, tmp_path: Path) -> None:
    invitation = Invitation(lab.authority)

    async def twice(host: str, tcp: int) -> object:
        names = ("one", "two")
        return await asyncio.gather(
            *(enroll(invitation.code, name, tmp_path / name, host, tcp) for name in names), return_exceptions=True
        )

    _, outcomes = run(invitation, twice)
    assert isinstance(outcomes, list)
    assert sorted(isinstance(outcome, Path) for outcome in outcomes) == [False, True]
    assert len(list(lab.authority.issued())) == 1


def test_a_name_that_is_taken_is_told_and_another_may_be_given(lab: LabCluster, tmp_path: Path) -> None:
    lab.member("taken")
    invitation = Invitation(lab.authority)

    async def again(host: str, tcp: int) -> object:
        with pytest.raises(zyre.UsageError, match="choose another name"):
            await enroll(invitation.code, "taken", tmp_path / "new", host, tcp)
        return await enroll(invitation.code, "free", tmp_path / "new", host, tcp)

    certificate, folder = run(invitation, again)
    assert isinstance(certificate, zyre.Certificate)
    assert isinstance(folder, Path)


def test_who_only_connects_learns_nothing_and_costs_no_try(lab: LabCluster, tmp_path: Path) -> None:
    invitation = Invitation(lab.authority)

    async def pester(host: str, tcp: int) -> object:
        for octets in (b"", b"GET / HTTP/1.1\r\n\r\n", struct.pack(">I", 33) + b"x" * 33, b"\xff" * 8):
            reader, writer = await asyncio.open_connection(host, tcp)
            writer.write(octets)
            writer.write_eof()
            assert await reader.read() == b""
            writer.close()
        return await enroll(invitation.code, "new", tmp_path / "new", host, tcp)

    certificate, _ = run(invitation, pester)
    assert isinstance(certificate, zyre.Certificate)
    assert invitation.wrong == 0


def test_nobody_comes(lab: LabCluster) -> None:
    async def nothing(host: str, tcp: int) -> None:
        return None

    outcome, _ = run(Invitation(lab.authority), nothing, timeout=0.01)
    assert isinstance(outcome, EnrolmentFailed)
    assert "nobody came" in str(outcome)


def test_it_is_found_by_its_number(lab: LabCluster) -> None:
    invitation = Invitation(lab.authority)

    async def find() -> tuple[str, int, int]:
        port = unused_port()
        tcp = await invitation.listen(port)
        waiting = asyncio.create_task(invitation.wait(HERE, port, 30))
        found = await find_invitation(invitation.number, port, 20)
        with pytest.raises(EnrolmentFailed, match="--host"):
            await find_invitation(invitation.number % 99 + 1, port, 0.01)
        waiting.cancel()
        return (*found, tcp)

    host, found, tcp = asyncio.run(find())
    assert (host, found) == ("10.77.0.1", tcp)


def exchange(code: str, other: str) -> tuple[Exchange, Exchange]:
    inviting, enrolling = Exchange(code, inviting=True), Exchange(other, inviting=False)
    inviting.meet(enrolling.element)
    enrolling.meet(inviting.element)
    return inviting, enrolling


def test_one_code_makes_one_channel() -> None:
    inviting, enrolling = exchange("7-walnut-copper", "7-walnut-copper")
    sealed = enrolling.seal({"name": "walnut"})
    assert b"walnut" not in sealed
    assert b"walnut" not in inviting.element + enrolling.element
    assert inviting.open(sealed) == {"name": "walnut"}
    with pytest.raises(EnrolmentFailed):
        inviting.open(sealed)  # once more
    back = inviting.seal({"x": 1})
    with pytest.raises(EnrolmentFailed):
        inviting.open(back)  # one's own word, sent back
    assert enrolling.open(back) == {"x": 1}


def test_another_code_makes_another() -> None:
    inviting, enrolling = exchange("7-walnut-copper", "7-walnut-coral")
    with pytest.raises(EnrolmentFailed, match="not the same"):
        inviting.open(enrolling.seal({}))


@settings(max_examples=20)
@given(st.binary(max_size=40))
def test_an_element_is_one_or_is_refused(element: bytes) -> None:
    with pytest.raises(DecodeError):
        Exchange("7-walnut-copper", inviting=True).meet(element)


def test_announcements() -> None:
    assert read_announcement(encode_announcement(7, 5670)) == (7, 5670)
    assert read_announcement(b"ZRE\x01abc") is None
    assert read_announcement(b"ZYI\x01") is None
