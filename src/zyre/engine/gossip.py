"""The host of one gossip service: its machine, its sockets, its mailbox. Every method may be called from any thread.

The machine is stepped under a lock, in the caller's thread or the engine's; what it wants done is done in the engine's.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import TypeVar, cast

from zyre.config import GossipConfig, Limits
from zyre.core.gossip.delivery import Delivery
from zyre.core.gossip.effects import GossipReport
from zyre.core.gossip.machine import GossipMachine
from zyre.core.host import Life, Waker
from zyre.endpoint import Endpoint
from zyre.engine import clock
from zyre.engine.engine import EngineAlarm, shared_engine
from zyre.engine.filewatch import FileWatch
from zyre.engine.gossip_guard import HubSecurity
from zyre.engine.gossip_sockets import GossipSockets
from zyre.engine.lifecycle import register, unregister
from zyre.engine.mailbox import Mailbox
from zyre.errors import GossipClosed, NetworkError
from zyre.events import Event

__all__ = ["GossipHost"]

_log = logging.getLogger("zyre.gossip")

T = TypeVar("T")


class GossipHost:
    """One gossip service on real sockets. It runs from the beginning, and until it is closed.

    ``deliver``, if it is given, is called with the deliveries in the engine's thread, instead of the mailbox.
    """

    now = staticmethod(clock.now)

    def __init__(
        self,
        name: str,
        config: GossipConfig,
        security: HubSecurity | None = None,
        deliver: Callable[[list[Delivery]], None] | None = None,
    ) -> None:
        self.name = name
        self.life = Life.RUNNING
        self.verbose = False
        self.dropped = 0
        self._config = config
        self._machine = GossipMachine(os.urandom(16), config)
        self._lock = threading.Lock()
        self._mailbox = Mailbox(Limits(), lambda: None)
        self._unread = 0
        self._broken = False
        self._engine = shared_engine()
        self._alarm = EngineAlarm(self._on_alarm)
        self._sockets = GossipSockets(
            self._engine, config, self._on_client, self._on_hub, self._on_report, self._settle
        )
        self._sockets.security = security
        self._deliver = self._put if deliver is None else deliver
        self.settings_file = FileWatch()
        self._engine.acquire(self._alarm, self.settings_file.alarm)
        register(self)

    # -- life --------------------------------------------------------------------------------------------------------

    def close(self, timeout: float = 2.0) -> None:
        """Withdraw what ends with this service, and close everything. A second call does nothing."""
        with self._lock:
            if self.life is Life.STOPPED:
                return
            self.life = Life.STOPPED
        self._mailbox.close()
        unregister(self)
        self._engine.call(self._end, max(0.0, timeout))

    def _end(self) -> None:
        """In the engine thread, however long ``close`` could wait for it."""
        try:
            if not self._broken:
                with self._lock:
                    self._machine.leave(self.now())
                self._perform()
        except Exception:  # a defect of ours must not end the engine, too
            _log.exception("a defect of zyre broke the end of the gossip service %s", self.name)
        finally:
            self._sockets.close()
            self.settings_file.end()
            self._engine.release(self._alarm, self.settings_file.alarm)

    def close_soon(self) -> None:
        """Close without waiting, in the engine thread: for a garbage collector that may run anywhere."""
        if self.life is Life.RUNNING:
            self._engine.call_soon(lambda: self.close(0.0))

    def stop_at_exit(self, timeout: float) -> None:
        """Close at the end of the program: only daemon threads may still wait here, and they are to end silently."""
        self._mailbox.close(SystemExit())
        self.close(timeout)

    def abandon(self) -> None:
        """In a child after a fork: the service is the parent's."""
        self.life = Life.STOPPED
        self._lock = threading.Lock()
        self._mailbox.abandon()

    # -- verbs -------------------------------------------------------------------------------------------------------

    def step(self, verb: str, action: Callable[[GossipMachine, float], T]) -> T:
        """Have the machine do something; its effects follow."""
        with self._lock:
            if self.life is Life.STOPPED:
                raise GossipClosed(verb)
            result = action(self._machine, self.now())
        if self.verbose:
            _log.info("%s: %s", self.name, verb)
        self._engine.call_soon(self._settle)
        return result

    def ask(self, question: Callable[[GossipMachine], T]) -> T:
        """Look at the machine."""
        with self._lock:
            return question(self._machine)

    def bind(self, endpoint: Endpoint) -> Endpoint:
        """Let clients connect there. Raises AddressInUse, NetworkError, GossipClosed."""
        bound: list[Endpoint] = []
        failed: list[NetworkError] = []

        def bind() -> None:
            try:
                if self.life is Life.RUNNING:
                    bound.append(self._sockets.bind(endpoint))
            except NetworkError as error:
                failed.append(error)

        self._engine.call(bind)
        if failed:
            raise failed[0]
        if not bound:
            raise GossipClosed("bind")
        if self.verbose:
            _log.info("%s: bound to %s", self.name, bound[0])
        return bound[0]

    def listen_anew(self, tries: int = 5) -> None:
        """The keys of the service are others now. In any thread."""
        self._engine.call_soon(partial(self._listen_anew, tries))

    def _listen_anew(self, tries: int) -> None:
        if self.life is Life.RUNNING and not self._sockets.listen_anew() and tries:
            self.listen_anew(tries - 1)

    @property
    def security(self) -> HubSecurity | None:
        """What a hub that is bound from now on is secured by."""
        return self._sockets.security

    @security.setter
    def security(self, security: HubSecurity | None) -> None:
        self._sockets.security = security

    @property
    def zap_domain(self) -> str:
        """The ZAP domain of the hub."""
        return self._sockets.zap_domain

    @zap_domain.setter
    def zap_domain(self, domain: str) -> None:
        self._sockets.zap_domain = domain

    def statistics(self) -> dict[str, int]:
        """What was counted, by name."""
        with self._lock:
            machine = self._machine
            return asdict(machine.counters) | {
                "sent": machine.sent,
                "tuples": len(machine.table),
                "remembered": machine.table.remembered,
                "refused": machine.table.refused,
                "suppressed": machine.suppressed,
                "resyncs": machine.resyncs,
                "clients": machine.clients,
                "dropped": self.dropped,
            }

    # -- deliveries --------------------------------------------------------------------------------------------------

    def get(self, timeout: float | None) -> Delivery:
        """The next delivery, waiting for it. Raises Empty, Closed."""
        return self._taken(self._mailbox.get(timeout))

    def get_nowait(self) -> Delivery:
        """The next delivery. Raises Empty, Closed."""
        return self._taken(self._mailbox.get_nowait())

    def _taken(self, event: Event) -> Delivery:
        with self._lock:
            self._unread -= 1
        return cast(Delivery, event)

    def park(self, waker: Waker) -> bool:
        """Have ``waker`` called once, when there is something; False, and no call, if there is already."""
        return self._mailbox.park(waker)

    def unpark(self, waker: Waker) -> None:
        """Wait no longer."""
        self._mailbox.unpark(waker)

    def fileno(self) -> int:
        """A descriptor that is readable while there are deliveries."""
        return self._mailbox.fileno()

    def _put(self, deliveries: list[Delivery]) -> None:
        """The table has what there was no room for."""
        with self._lock:
            room = self._config.unread - self._unread
            kept = deliveries[: max(0, room)]
            self.dropped += len(deliveries) - len(kept)
            self._unread += len(kept)
        if kept:
            self._mailbox.put(cast("list[Event]", kept))

    # -- in the engine thread ----------------------------------------------------------------------------------------

    def _on_client(self, frames: list[bytes]) -> None:
        self._guarded(lambda machine, now: machine.receive_frames(frames, now))

    def _on_hub(self, link: int, frame: bytes) -> None:
        self._guarded(lambda machine, now: machine.receive_reply(link, frame, now))

    def _on_report(self, report: GossipReport) -> None:
        self._guarded(lambda machine, now: machine.receive_report(report, now))

    def _on_alarm(self) -> None:
        self._guarded(lambda machine, now: machine.handle_timeout(now))
        self._settle()

    def _guarded(self, action: Callable[[GossipMachine, float], None]) -> None:
        try:
            with self._lock:
                if self.life is Life.RUNNING:
                    action(self._machine, self.now())
        except Exception as defect:
            self._break(defect)

    def _break(self, defect: Exception) -> None:
        """A defect of ours ends this service, and tells its readers; the engine goes on."""
        _log.exception("a defect of zyre broke the gossip service %s", self.name)
        self._broken = True
        self._mailbox.close(defect)
        self._engine.call_soon(lambda: self.close(0.0))

    def _settle(self) -> None:
        """Do what the machine wants done, and set the alarm for what it wants later."""
        if self.life is not Life.RUNNING:
            return
        try:
            self._perform()
        except Exception as defect:
            self._break(defect)

    def _perform(self) -> None:
        while True:
            with self._lock:
                deliveries, effects = self._machine.take_events(), self._machine.take_effects()
                self._alarm.set(self._machine.next_timeout())
            if deliveries and self.life is Life.RUNNING:
                self._tell(deliveries)
            if not effects:
                break
            for effect in effects:
                report = self._sockets.perform(effect)
                if report is not None:
                    with self._lock:
                        self._machine.receive_report(report, self.now())
        self._sockets.look_again()

    def _tell(self, deliveries: list[Delivery]) -> None:
        if self.verbose:
            for delivery in deliveries:
                _log.info("%s: %s", self.name, delivery)
        self._deliver(deliveries)
