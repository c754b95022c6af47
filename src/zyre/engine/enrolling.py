"""Enrolling: this machine finds the invitation, shows that it knows the code, and becomes a member."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any, Final

from zyre.engine.authority import join_cluster, load_member, new_request, save_revoked
from zyre.engine.enrolment import (
    ANNOUNCEMENT_SIZE,
    ELEMENT_SIZE,
    EnrolmentFailed,
    Exchange,
    read_announcement,
    receive,
    send,
)
from zyre.engine.signing import VerifyingKey
from zyre.errors import AddressInUse, DecodeError, InvalidKey, NetworkError, UsageError
from zyre.security.certificate import Certificate
from zyre.security.credential import NAME, SIGNING_KEY, credential_of
from zyre.security.keys import decode_key
from zyre.security.revocation import NONE_REVOKED, Revocations
from zyre.security.words import read_code

__all__ = ["enroll", "find_invitation"]

_WRONG: Final = (
    "the codes are not the same, or the invitation is void: ask for a new one. Each wrong code counts, and after three "
    "the invitation ends"
)


async def find_invitation(number: int, discovery_port: int, timeout: float) -> tuple[str, int]:
    """The address of the machine that announces the invitation of that number. Raises EnrolmentFailed, AddressInUse."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.setblocking(False)
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            ear.bind(("", discovery_port))
        except OSError:
            raise AddressInUse(f"udp://*:{discovery_port}") from None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                while True:
                    data, source = await loop.sock_recvfrom(ear, ANNOUNCEMENT_SIZE + 1)
                    announced = read_announcement(data)
                    if announced is not None and announced[0] == number:
                        return source[0], announced[1]
        except TimeoutError:
            raise EnrolmentFailed(
                f"no invitation with the number {number} was heard: is 'zyre invite' still waiting, and in this "
                "network? If broadcasts do not reach from there to here, give its address: --host HOST:PORT"
            ) from None


async def enroll(code: str, name: str, directory: str | Path, host: str, port: int) -> Path:
    """Become a member, by the invitation that listens there; the directory of the membership.

    Raises EnrolmentFailed, InvalidConfig, InvalidKey, NetworkError, OSError.
    """
    _, said = read_code(code)
    request = new_request(name)
    try:
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        raise NetworkError(f"tcp://{host}:{port} cannot be reached: {error or 'no answer'}") from None
    try:
        exchange = Exchange(said, inviting=False)
        await send(writer, exchange.element)
        exchange.meet(await receive(reader, ELEMENT_SIZE))
        asked = {NAME: name, "key": request.public_key, SIGNING_KEY: request.metadata[SIGNING_KEY]}
        await send(writer, exchange.seal(asked))
        try:
            answer = exchange.open(await receive(reader))
        except EnrolmentFailed:
            raise EnrolmentFailed(_WRONG) from None
        folder = _settle(request, answer, directory)
        await send(writer, exchange.seal({"done": True}))
    except OSError as error:
        if error.filename is not None:
            raise
        raise EnrolmentFailed("the other machine has ended the exchange") from None
    except DecodeError as error:
        raise EnrolmentFailed(f"that is no invitation: {error}") from None
    finally:
        writer.close()
    return folder


def _settle(request: Certificate, answer: dict[str, Any], directory: str | Path) -> Path:
    """Hold the answer against what was asked, and write it down."""
    refused = answer.get("refused")
    if isinstance(refused, str):
        raise UsageError(refused)
    cluster, key, metadata, revoked = (answer.get(item) for item in ("cluster", "authority", "metadata", "revoked"))
    if not (isinstance(cluster, str) and isinstance(key, str) and isinstance(metadata, dict)):
        raise DecodeError("the answer says nothing of a cluster")
    authority = VerifyingKey(decode_key(key, "authority's key"))
    about = {str(item): str(value) for item, value in metadata.items()}
    mine = Certificate(request.public_key, request.secret_key, about)
    credential = credential_of(mine)
    if about[SIGNING_KEY] != request.metadata[SIGNING_KEY] or not authority.verifies(
        credential.signature, credential.signed
    ):
        raise InvalidKey("certificate", "that came is not the one that was asked for")
    revocations = Revocations.unpack(bytes.fromhex(str(revoked))) if revoked else NONE_REVOKED
    if revocations.version and not authority.verifies(revocations.signature, revocations.signed):
        raise InvalidKey("list of revocations", "that came is not signed by the authority")
    folder = join_cluster(directory, cluster, authority, mine)
    if revocations.version:
        save_revoked(folder, revocations)
    load_member(folder)
    return folder
