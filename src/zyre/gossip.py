"""Gossip: tuples of a key and a value that spread through a network of services, CZMQ's zgossip among them.

A service may be a hub, to which others connect, and a client of any number of hubs; the network may have any shape,
cycles too. Each service gets each tuple once, and in the end all agree. For settings, status and presence that
change slowly; and for nodes that find each other where beacons do not reach.
"""

from __future__ import annotations

import logging
import os
import weakref
from collections.abc import AsyncIterator, Iterator, Mapping
from types import TracebackType
from typing import TypeVar

from zyre.config import GossipConfig
from zyre.core.gossip.delivery import Delivery
from zyre.core.gossip.settings import Bind, Connect, Echo, Secure, Step, client_timeout, read_steps, wants_verbose
from zyre.core.host import Closed, Empty, Life
from zyre.endpoint import Endpoint
from zyre.engine.auth import CertificateProtection
from zyre.engine.gossip import GossipHost
from zyre.engine.gossip_guard import HubSecurity
from zyre.engine.keyring import load_certificate
from zyre.engine.zplfile import load_zpl, save_zpl
from zyre.errors import (
    GossipClosed,
    InternalError,
    InvalidConfig,
    InvalidEndpoint,
    InvalidName,
    RecvTimeout,
    UsageError,
    WouldBlock,
    ZyreError,
)
from zyre.security.access import ANYONE, Access
from zyre.security.certificate import Certificate
from zyre.security.keys import decode_key
from zyre.waiting import checkpoint, take_in_task
from zyre.wire.zgossip import MOST_KEY
from zyre.wire.zpl import Setting

__all__ = ["AsyncGossip", "BaseGossip", "Delivery", "Gossip"]

_log = logging.getLogger("zyre.gossip")

Self = TypeVar("Self", bound="BaseGossip")


class BaseGossip:
    """What the services for threads and for async loops have in common: everything that does not wait."""

    def __init__(
        self,
        name: str = "gossip",
        *,
        certificate: Certificate | None = None,
        access: Access | None = None,
        config: GossipConfig | None = None,
        verbose: bool = False,
    ) -> None:
        self._config = config or GossipConfig()
        if access is not None and certificate is None:
            raise InvalidConfig("access says who may connect to a hub with a certificate: give Gossip(certificate=...)")
        self._access = access or Access(certificates=ANYONE)
        self._host = GossipHost(name, self._config, self._security(certificate))
        self._settings = Setting()
        self._file = ""
        self._done: list[Step] = []
        self._port = 0
        self._host.verbose = verbose
        self._finalizer = weakref.finalize(self, self._host.close_soon)
        self._finalizer.atexit = False  # the engine ends all of them

    def _security(self, certificate: Certificate | None) -> HubSecurity | None:
        if certificate is None:
            return None
        protection = CertificateProtection(certificate, self._access)
        return HubSecurity(protection, protection.judge, protection.judge_from_memory)

    # -- the network -------------------------------------------------------------------------------------------------

    def bind(self, endpoint: str) -> str:
        """Be a hub: let others connect to a tcp, ipc or inproc endpoint, and to each one more that is bound.

        ``tcp://192.168.1.7:*`` takes a free port. Returns the endpoint with its port, which ``port`` has, too.

        Raises:
            InvalidEndpoint: if it is none.
            AddressInUse, NetworkError: if it cannot be bound.
        """
        bound = self._host.bind(Endpoint.parse(endpoint))
        self._port = bound.port
        return str(bound)

    @property
    def port(self) -> int:
        """The TCP port that was bound last; 0 if it was no TCP endpoint, or there was none."""
        return self._port

    def connect(self, endpoint: str, *, public_key: str | None = None) -> None:
        """Be a client of the hub at an endpoint, now or as soon as it is there, and again whenever it is back.

        ``public_key`` is that of a hub which demands CURVE, in Z85. Raises InvalidEndpoint, InvalidKey.
        """
        target = Endpoint.parse(endpoint)
        if not target.is_reachable:
            raise InvalidEndpoint(endpoint, "is a wildcard: one can bind it, and not connect to it")
        if public_key is not None:
            decode_key(public_key)
        self._host.step(f"connect {target}", lambda machine, now: machine.connect(str(target), now, public_key))

    def disconnect(self, endpoint: str) -> None:
        """Be a client of a hub no longer; what it told stays. Nothing happens if there was no such connection."""
        target = str(Endpoint.parse(endpoint))
        self._host.step(f"disconnect {target}", lambda machine, now: machine.disconnect(target, now))

    @property
    def hubs(self) -> int:
        """How many of the hubs are connected now, and have answered."""
        return self._host.ask(lambda machine: machine.hubs)

    # -- tuples ------------------------------------------------------------------------------------------------------

    def publish(self, key: str, value: str, *, ttl: float | None = None, lasting: bool = False) -> None:
        """Publish a tuple, or a new value of it. Everybody gets it, this service included.

        It is there while this service is: it goes when the service is closed, and ``GossipConfig.lease`` seconds after
        the service died. With ``ttl`` it goes after so many seconds, unless it is published again; ``lasting`` makes it
        stay. (CZMQ's services cannot forget: to them, every tuple is lasting.)

        Raises:
            InvalidName: if the key is empty, has a NUL, or takes more than 255 octets; if the value has a NUL.
            UsageError: if the table is full, or the value longer than GossipConfig.value.
        """
        _check_tuple(key, value)
        if ttl is not None and (lasting or not ttl > 0):
            raise UsageError(
                f"publish(ttl={ttl!r}, lasting={lasting!r}): a ttl is a number of seconds above 0, or lasting"
            )
        published = self._host.step(
            f"publish {key}", lambda machine, now: machine.publish(key, value, now, ttl=ttl or 0.0, lasting=lasting)
        )
        if not published:
            raise UsageError(
                f"there is no room for {key!r}: a table holds {self._config.tuples} tuples with values of up to "
                f"{self._config.value} octets; Gossip(config=GossipConfig(tuples=..., value=...)) raises that"
            )

    def unpublish(self, key: str) -> bool:
        """Withdraw a tuple; False if there is none. It is gone for all services of this package, and for CZMQ's stays.

        A tuple that others publish, too, comes back through them. Raises InvalidName.
        """
        _check_tuple(key, "")
        return self._host.step(f"unpublish {key}", lambda machine, now: machine.unpublish(key, now))

    def status(self) -> int:
        """How many tuples there are."""
        return self._host.ask(lambda machine: len(machine.table))

    @property
    def tuples(self) -> Mapping[str, str]:
        """All tuples as they are now."""
        return self._host.ask(lambda machine: {record.key: record.value for record in machine.table.live()})

    def statistics(self) -> Mapping[str, int]:
        """What was counted since the beginning, losses and violations included, by name."""
        return self._host.statistics()

    # -- settings ----------------------------------------------------------------------------------------------------

    @property
    def verbose(self) -> bool:
        """Whether commands and deliveries are logged, by the logger "zyre.gossip" at INFO."""
        return self._host.verbose

    @verbose.setter
    def verbose(self, verbose: bool) -> None:
        self._host.verbose = verbose

    @property
    def zap_domain(self) -> str:
        """The ZAP domain (27/ZAP) of the hub; set it before ``bind``."""
        return self._host.zap_domain

    @zap_domain.setter
    def zap_domain(self, domain: str) -> None:
        self._host.zap_domain = domain

    def set(self, path: str, value: str) -> None:
        """Change a setting, such as ``set("server/timeout", "10000")``: forget clients after 10 s without a word.

        ``server/timeout`` and ``server/verbose`` count at once. Raises InvalidConfig.
        """
        self._settings.put(path, str(value))
        self._apply_server()

    def load(self, path: str | os.PathLike[str]) -> None:
        """Take all settings from a ZPL file, and do what it says: see zyre.core.gossip.settings.

        From then on the file is read again within a second or two after it has changed, as by CZMQ; what it says anew
        is done as well, and what it says no more stays as it is. What goes wrong then is logged.

        Raises OSError, InvalidConfig, and what ``bind`` and ``connect`` raise.
        """
        self._file = os.fspath(path)
        self._settings = load_zpl(path)
        self._apply_server()
        steps = list(read_steps(self._settings))
        self._host.settings_file.begin(path, self._reload)
        self._done = steps
        for step in steps:
            self._take_step(step)

    def _reload(self) -> None:
        """The file has changed; in a thread of its own."""
        try:
            self._settings = load_zpl(self._file)
            self._apply_server()
            done, self._done = self._done, list(read_steps(self._settings))
        except (OSError, ZyreError) as error:
            _log.warning("%s has changed, and cannot be read: %s", self._file, error)
            return
        for step in self._done:
            if step not in done:
                try:
                    self._take_step(step)
                except (OSError, ZyreError) as error:
                    _log.warning("%s has changed: %s", self._file, error)
        _log.info("%s has changed, and was read again", self._file)

    def _take_step(self, step: Step) -> None:
        match step:
            case Echo(text):
                _log.info("%s", text)
            case Secure(file, domain):
                beside = os.path.join(os.path.dirname(self._file), file) if file is not None else None
                self._host.security = self._security(None if beside is None else load_certificate(beside))
                self.zap_domain = domain or "global"
            case Bind(endpoint):
                self.bind(endpoint)
            case Connect(endpoint, public_key):
                self.connect(endpoint, public_key=public_key)
            case _:
                self.publish(step.key, step.value, lasting=True)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the settings, those of ``load`` and ``set``, to a ZPL file. Raises OSError."""
        save_zpl(self._settings, path)

    def _apply_server(self) -> None:
        timeout = client_timeout(self._settings)
        if self._settings.locate("server/verbose") is not None:
            self.verbose = wants_verbose(self._settings)
        self._host.step("set server/timeout", lambda machine, now: machine.expire_clients_after(timeout, now))

    # -- deliveries --------------------------------------------------------------------------------------------------

    def recv_nowait(self) -> Delivery:
        """The next delivery. Raises WouldBlock if there is none, GossipClosed after the last one."""
        try:
            return self._host.get_nowait()
        except Empty:
            raise WouldBlock from None
        except Closed as closed:
            raise _ended(closed) from closed.defect

    def fileno(self) -> int:
        """A descriptor that is readable while there are deliveries: call recv_nowait until it raises WouldBlock."""
        return self._host.fileno()

    def __repr__(self) -> str:
        state = "closed" if self._host.life is Life.STOPPED else f"{self.status()} tuples"
        return f"<{type(self).__name__} {self._host.name} {state}>"


class Gossip(BaseGossip):
    """A gossip service.

        with zyre.Gossip("settings") as gossip:
            gossip.bind("tcp://*:5671")
            gossip.publish("colour", "blue", lasting=True)
            for delivery in gossip:
                print(delivery.key, delivery.value)

    Args:
        name: for the log only.
        certificate: with its secret key; then a hub of this service demands CURVE of its clients.
        access: whom such a hub lets in; by default everybody who knows its public key.
        config: times and bounds; see GossipConfig.
        verbose: log commands and deliveries.

    It runs from the beginning until it is closed. Every method may be called from any thread.
    """

    def recv(self, timeout: float | None = None) -> Delivery:
        """The next delivery, waiting up to ``timeout`` seconds, or for ever. Raises RecvTimeout, GossipClosed."""
        try:
            return self._host.get(timeout)
        except Empty:
            raise RecvTimeout(timeout or 0.0) from None
        except Closed as closed:
            raise _ended(closed) from closed.defect

    def __iter__(self) -> Iterator[Delivery]:
        """Deliveries for ever: the loop ends when the service is closed."""
        try:
            while True:
                yield self.recv()
        except GossipClosed:
            return

    def close(self, timeout: float = 2.0) -> None:
        """Withdraw what is not lasting, and end. Deliveries that came before can still be read. Returns in time."""
        self._finalizer.detach()
        self._host.close(timeout)

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncGossip(BaseGossip):
    """A gossip service for asyncio and trio. The arguments are those of zyre.Gossip.

    async with zyre.AsyncGossip("settings") as gossip:
        gossip.connect("tcp://192.168.1.7:5671")
        async for delivery in gossip:
            print(delivery.key, delivery.value)
    """

    async def recv(self, timeout: float | None = None) -> Delivery:
        """The next delivery, waiting up to ``timeout`` seconds, or for ever. Raises RecvTimeout, GossipClosed."""
        await checkpoint()
        return await take_in_task(self.recv_nowait, self._host, self._host.now, timeout)

    def __aiter__(self) -> AsyncIterator[Delivery]:
        """Deliveries for ever: the loop ends when the service is closed."""
        return _Deliveries(self)

    async def close(self, timeout: float = 2.0) -> None:
        """Withdraw what is not lasting, and end."""
        self._finalizer.detach()
        self._host.close(timeout)
        await checkpoint()

    async def __aenter__(self: Self) -> Self:
        await checkpoint()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


class _Deliveries:
    """An iterator and no async generator: one that is left by ``break`` would have to be closed, with a warning."""

    def __init__(self, gossip: AsyncGossip) -> None:
        self._gossip = gossip

    def __aiter__(self) -> AsyncIterator[Delivery]:
        return self

    async def __anext__(self) -> Delivery:
        try:
            return await self._gossip.recv()
        except GossipClosed:
            raise StopAsyncIteration from None


def _ended(closed: Closed) -> BaseException:
    if closed.defect is None:
        return GossipClosed("recv")
    if isinstance(closed.defect, SystemExit):
        return closed.defect
    return InternalError(f"a defect of zyre broke this gossip service, please report it: {closed.defect!r}")


def _check_tuple(key: object, value: object) -> None:
    for kind, text in (("key", key), ("value", value)):
        if not isinstance(text, str):
            raise InvalidName(kind, text, f"is {type(text).__name__}, and tuples are text")
        if "\0" in text:
            raise InvalidName(kind, text, "has a NUL, at which CZMQ would end it")
        try:
            size = len(text.encode())
        except UnicodeEncodeError:
            raise InvalidName(kind, text, "is no text that UTF-8 can carry") from None
        if kind == "key" and not 0 < size <= MOST_KEY:
            raise InvalidName(kind, text, f"takes {size} octets, and a key takes 1 to {MOST_KEY}")
