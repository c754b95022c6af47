"""The demo's acts. Each does something, waits until it was seen by all, and measures how long that took."""

from __future__ import annotations

from collections.abc import Iterable

from zyre.cli.demo.cast import Actor, Cast
from zyre.cli.demo.chronicle import Happening, Measurement
from zyre.cli.demo.screen import Screen
from zyre.cli.demo.stage import Stage

__all__ = ["Story"]

GROUP = "CREW"


class Story:
    """Plays the acts in order. ``measurements`` has what was measured so far, also after NotSeen."""

    def __init__(self, cast: Cast, screen: Screen, pace: float) -> None:
        self.measurements: list[Measurement] = []
        self._stage = Stage(cast, screen, pace)
        self._screen = screen
        self._port = cast.port

    def play(self) -> None:
        """The whole story."""
        self._assemble()
        self._meet()
        self._join()
        self._whisper()
        self._shout()
        leader = self._elect()
        self._kill(leader)
        self._say_goodbye()

    # -- acts ------------------------------------------------------------------------------------------------------

    def _assemble(self) -> None:
        self._screen.act("Four processes start, each with a node that knows of no other")
        self._stage.expect(
            (f"{actor.name} started", self._stage.looker(actor, "ready")) for actor in self._stage.actors
        )
        self._screen.introduce({actor.name: actor.pid for actor in self._stage.actors}, self._port)

    def _meet(self) -> None:
        self._act("They appear on the network one by one, and find each other by UDP beacons")
        for actor in self._stage.actors:
            actor.do("start")
            self._stage.pause(0.4)
        seen = self._stage.expect_pairs("saw {}", "enter")
        moments = (
            entered.at - max(self._stage.began(who, "start"), self._stage.began(peer, "start"))
            for who, peer, entered in seen
        )
        self._measure("meet", "from start until another sees it", moments)

    def _join(self) -> None:
        self._act(f"Each joins the group {GROUP}")
        for actor in self._stage.actors:
            actor.do("join", group=GROUP)
        seen = self._stage.expect_pairs(f"saw {{}} join {GROUP}", "join")
        self._measure(
            "join", "until another sees it", (joined.at - self._stage.began(peer, "join") for _, peer, joined in seen)
        )

    def _whisper(self) -> None:
        self._act("Each whispers to the next: a message to one node alone")
        ring = list(zip(self._stage.actors, self._stage.actors[1:] + self._stage.actors[:1], strict=True))
        for speaker, listener in ring:
            speaker.do("whisper", peer=listener.uuid, text=f"hello {listener.name}")
            self._stage.pause(0.15)
        seen = self._stage.expect(
            (f"{listener.name} heard {speaker.name}", self._stage.looker(listener, "whisper", speaker))
            for speaker, listener in ring
        )
        times = (heard.at - self._stage.began(heard.peer, "whisper") for heard in seen)
        self._measure("whisper", "one way, process to process", times)

    def _shout(self) -> None:
        speaker, *listeners = self._stage.actors
        self._act(f"{speaker.name} shouts to {GROUP}: a message to everybody in the group")
        speaker.do("shout", group=GROUP, text="all hands on deck")
        seen = self._stage.expect(
            (f"{listener.name} heard {speaker.name}'s shout", self._stage.looker(listener, "shout", speaker))
            for listener in listeners
        )
        began = self._stage.began(speaker.name, "shout")
        self._measure("shout", "one way, to each of three", (heard.at - began for heard in seen))

    def _elect(self) -> Actor:
        self._act(f"All four stand for leader of {GROUP}; the lowest uuid wins")
        for actor in self._stage.actors:
            actor.do("contest", group=GROUP)
        seen = self._stage.expect_leader(since=0.0)
        began = min(self._stage.began(actor.name, "contest") for actor in self._stage.actors)
        self._measure("elect", "until each knows the leader", (elected.at - began for elected in seen))
        return next(actor for actor in self._stage.actors if actor.name == seen[0].peer)

    def _kill(self, victim: Actor) -> None:
        self._act(f"{victim.name}, the leader, is killed (kill -9); the others have to notice, and elect anew")
        self._stage.actors.remove(victim)
        killed = victim.kill()
        self._screen.show(Happening(killed, victim.name, "killed"))
        gone = self._stage.expect(
            (
                f"{actor.name} noticed that {victim.name} is gone",
                self._stage.looker(actor, "exit", victim, since=killed),
            )
            for actor in self._stage.actors
        )
        self._measure("crash", "until another knows it", (exited.at - killed for exited in gone))
        first = min(exited.at for exited in gone)
        elected = self._stage.expect_leader(since=killed)
        self._measure("re-elect", "until each knows", (leader.at - first for leader in elected))

    def _say_goodbye(self) -> None:
        leaver, *others = reversed(self._stage.actors)
        self._act(f"{leaver.name} leaves politely: no deadline has to pass")
        leaver.do("stop")
        seen = self._stage.expect(
            (f"{actor.name} saw {leaver.name} leave", self._stage.looker(actor, "exit", leaver)) for actor in others
        )
        began = self._stage.began(leaver.name, "stop")
        self._measure("leave", "until another sees it", (gone.at - began for gone in seen))

    # -- what people see -----------------------------------------------------------------------------------------------

    def _act(self, title: str) -> None:
        self._stage.pause(1.0)
        self._screen.act(title)

    def _measure(self, step: str, what: str, seconds: Iterable[float]) -> None:
        measurement = Measurement.of(step, what, seconds)
        self.measurements.append(measurement)
        self._screen.measured(measurement)
