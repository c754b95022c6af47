"""The stage of the laboratory: processes on hosts of their own, real sockets, real time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import zyre

from ..peers.harness import ReferencePeer
from .lab import Host, Lab
from .stage import BEACON, EVASIVE, EXPIRED, Actor, Sighting, Stage

PORT = 5670
"""The beacons' UDP port: each laboratory is a world of its own."""


class _Process(ReferencePeer):
    """A peer process that also tells the stage when it has reported something."""

    def __init__(self, kind: str, news: threading.Condition, **options: Any) -> None:
        super().__init__(kind, **options)
        self.sightings: list[Sighting] = []
        self._news = news

    def _take(self, message: dict[str, Any]) -> None:
        super()._take(message)
        if "event" in message:
            with self._news:
                self.sightings.append(_sighting(**message["event"]))
                self._news.notify_all()


def _sighting(type: str, name: str, reason: str = "", missed: int = 0, **others: Any) -> Sighting:
    return Sighting("NetworkChanged" if type == "NETWORKCHANGED" else type.title(), name, reason, missed)


class RealActor(Actor):
    """A node in a process of its own, on a host of the laboratory."""

    def __init__(
        self,
        name: str,
        kind: str,
        host: Host,
        tcp_port: int | None,
        one_interface: bool,
        news: threading.Condition,
    ) -> None:
        super().__init__(name, kind, host)
        self.tcp_port = tcp_port
        self.process = _Process(
            "zyre" if kind == "ours" else kind,
            news,
            name=name,
            port=PORT,
            # libzyre has to be told: it would take the first interface of several, which is the same.
            interface="*" if kind == "ours" and not one_interface else host.cables[0].interface,
            evasive=round(EVASIVE * 1000),
            expired=round(EXPIRED * 1000),
            interval=round(BEACON * 1000),
            peer_port=tcp_port,
            prefix=host.prefix,
        )

    @property
    def events(self) -> list[Sighting]:
        return self.process.sightings

    @property
    def fates(self) -> zyre.Fates:
        return zyre.Fates(**self.process.command("fates"))

    def whisper(self, to: Actor, count: int = 1) -> None:
        self.process.flood(to.process, count)  # type: ignore[attr-defined]

    def connect(self, to: Actor) -> None:
        endpoint = f"tcp://{to.host.address}:{to.tcp_port}"  # type: ignore[attr-defined]
        self.process.require_peer(to.process, endpoint)  # type: ignore[attr-defined]

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    def freeze(self) -> None:
        self.process.pause()

    def thaw(self) -> None:
        self.process.resume()


class RealStage(Stage):
    """Everything as in a scenario's words, in network namespaces."""

    def __init__(self) -> None:
        super().__init__()
        self.lab = Lab()
        self._news = threading.Condition()

    def __enter__(self) -> Self:
        self.lab.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            for actor in self.actors:
                actor.kill()
        finally:
            self.lab.close()

    def host(self, *lans: str) -> Host:
        return self.lab.host(f"host{len(self.lab.hosts) + 1}", *lans)

    def cast(
        self, *names: str, hosts: Iterable[Any] = (), tcp_port: int | None = None, one_interface: bool = False
    ) -> list[Actor]:
        places = list(hosts) or [self.host("lan") for _ in names]
        cast = [
            RealActor(name, "libzyre" if name.startswith("z") else "ours", host, tcp_port, one_interface, self._news)
            for name, host in zip(names, places, strict=True)
        ]
        with ThreadPoolExecutor(len(cast)) as starters:
            started = [(actor, starters.submit(actor.process.open)) for actor in cast]
        self.actors += [actor for actor, start in started if start.exception() is None]
        for _, start in started:
            start.result()
        return list(cast)

    def happens(self, condition: Callable[[], bool], within: float) -> bool:
        with self._news:
            return self._news.wait_for(condition, within)

    def pass_time(self, seconds: float) -> None:
        time.sleep(seconds)

    def partition(self, one: Iterable[Actor], other: Iterable[Actor]) -> None:
        left, right = [actor.host for actor in one], [actor.host for actor in other]
        self.lab.block(left, right)
        self.lab.block(right, left)

    def one_way(self, source: Any, target: Any) -> None:
        self.lab.block([source], [target])

    def heal(self) -> None:
        self.lab.unblock()

    def pull_cable(self, actor: Actor, number: int = 0) -> None:
        actor.host.cables[number].pull()

    def plug_cable(self, actor: Actor, number: int = 0) -> None:
        actor.host.cables[number].plug_in()

    def change_address(self, actor: Actor) -> None:
        cable = actor.host.cables[0]
        cable.change_address(self.lab.new_address(cable.lan))

    def add_address(self, host: Host) -> None:
        cable = host.cables[0]
        cable.add_address(self.lab.new_address(cable.lan))

    def lose_datagrams(self, share: float) -> None:
        self.lab.lose(share)

    def drop_broadcasts(self) -> None:
        self.lab.drop_broadcasts()

    def reset(self, source: Actor, target: Actor) -> None:
        self.lab.reset(source.host, target.host)
