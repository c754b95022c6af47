"""An invitation: one machine may become a member, if it knows the code; on the machine of the authority.

It is announced by UDP broadcast on the discovery port, under the number that the code begins with, and listens at one
of the TCP ports that a firewall for nodes lets in anyway. A few wrong codes, or the time that is over, end it.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Mapping
from typing import Any, Final

from zyre.config import peer_ports
from zyre.core.locality import Interface
from zyre.engine.authority import DAYS, Authority
from zyre.engine.enrolment import ELEMENT_SIZE, EnrolmentFailed, Exchange, encode_announcement, receive, send
from zyre.errors import DecodeError, InvalidConfig, InvalidKey, NetworkError
from zyre.security.certificate import Certificate
from zyre.security.credential import NAME, SIGNING_KEY
from zyre.security.keys import encode_key
from zyre.security.words import make_code

__all__ = ["TRIES", "Invitation"]

#: So many may give a wrong code: whoever guesses wins once in 20000 invitations.
TRIES: Final = 3
#: Exchanges at a time; who does not speak is gone after enrolment.PATIENCE.
_MOST: Final = 16
#: Seconds between two announcements.
_EVERY: Final = 0.5


class Invitation:
    """For one member. ``name`` is its name, or it says one itself; ``metadata`` are its permissions."""

    def __init__(
        self,
        authority: Authority,
        *,
        name: str | None = None,
        days: float = DAYS,
        renew: bool = False,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.number, self.code = make_code(secrets.randbits(64))
        self.wrong = 0
        """How many gave a wrong code."""
        self._authority = authority
        self._name = name
        self._days = days
        self._renew = renew
        self._metadata = dict(metadata or {})
        self._open = 0
        self._taken = False
        self._outcome: asyncio.Future[Certificate] | None = None
        self._server: asyncio.Server | None = None
        self._port = 0

    def __repr__(self) -> str:
        return f"<Invitation {self.number}>"

    async def listen(self, discovery_port: int) -> int:
        """Let others come; the TCP port. Raises NetworkError."""
        for port in (*peer_ports(discovery_port), 0):
            try:
                self._server = await asyncio.start_server(self._on_connection, "0.0.0.0", port, backlog=_MOST)
            except OSError:
                continue
            self._port = int(self._server.sockets[0].getsockname()[1])
            return self._port
        raise NetworkError("there is no TCP port at which an invitation could listen")

    async def wait(self, interfaces: tuple[Interface, ...], discovery_port: int, timeout: float) -> Certificate:
        """The certificate of the one that came. Raises EnrolmentFailed if nobody did, or too many guessed."""
        self._outcome = asyncio.get_running_loop().create_future()
        announcing = asyncio.create_task(self._announce(interfaces, discovery_port))
        try:
            async with asyncio.timeout(timeout):
                return await self._outcome
        except TimeoutError:
            raise EnrolmentFailed("nobody came in time: the invitation is void") from None
        finally:
            announcing.cancel()
            self.close()

    def close(self) -> None:
        """The invitation is void."""
        if self._server is not None:
            self._server.close()

    async def _announce(self, interfaces: tuple[Interface, ...], discovery_port: int) -> None:
        datagram = encode_announcement(self.number, self._port)
        while True:
            for interface in interfaces:
                if interface.broadcast:
                    _broadcast(interface, datagram, discovery_port)
            await asyncio.sleep(_EVERY)

    async def _on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= _MOST or self._outcome is None or self._outcome.done():
            writer.close()
            return
        self._open += 1
        try:
            await self._exchange(reader, writer)
        except (EnrolmentFailed, DecodeError, OSError):
            pass  # it may have been anybody; who gave a wrong code has been counted
        finally:
            self._open -= 1
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchange = Exchange(self.code, inviting=True)
        exchange.meet(await receive(reader, ELEMENT_SIZE))
        await send(writer, exchange.element)
        request = self._open_request(exchange, await receive(reader))
        try:
            certificate = self._issue(request)
        except (InvalidConfig, InvalidKey) as error:
            self._taken = False
            await send(writer, exchange.seal({"refused": str(error)}))
            return
        revoked = self._authority.revoked
        answer = {
            "cluster": self._authority.cluster,
            "authority": encode_key(self._authority.public.octets),
            "metadata": dict(certificate.metadata),
            "revoked": revoked.pack().hex() if revoked.version else "",
        }
        try:
            await send(writer, exchange.seal(answer))
            exchange.open(await receive(reader))
        finally:  # it is signed, whether or not the other has got it
            self._end(certificate)

    def _open_request(self, exchange: Exchange, sealed: bytes) -> dict[str, Any]:
        """What somebody wants who knows the code; there is no other try between counting and opening."""
        if self._taken or self.wrong >= TRIES:
            raise EnrolmentFailed("the invitation is void")
        try:
            request = exchange.open(sealed)
        except EnrolmentFailed:
            self.wrong += 1
            if self.wrong >= TRIES:
                self._end(EnrolmentFailed(f"{TRIES} wrong codes: the invitation is void. Somebody may be guessing"))
            raise
        self._taken = True
        return request

    def _issue(self, request: dict[str, Any]) -> Certificate:
        name, key, signing_key = (request.get(item) for item in (NAME, "key", SIGNING_KEY))
        if not (isinstance(name, str) and isinstance(key, str) and isinstance(signing_key, str)):
            raise InvalidConfig("the request does not say who wants to be a member")
        asked = Certificate(key, None, {NAME: self._name or name, SIGNING_KEY: signing_key})
        return self._authority.issue(asked, days=self._days, renew=self._renew, **self._metadata)

    def _end(self, outcome: Certificate | EnrolmentFailed) -> None:
        if self._outcome is None or self._outcome.done():
            return
        if isinstance(outcome, EnrolmentFailed):
            self._outcome.set_exception(outcome)
        else:
            self._outcome.set_result(outcome)


def _broadcast(interface: Interface, datagram: bytes, port: int) -> None:
    """It is said again soon: what cannot be sent now is not missed."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.setblocking(False)
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            udp.bind((interface.address, 0))
            udp.sendto(datagram, (interface.broadcast or "", port))
    except OSError:
        pass
