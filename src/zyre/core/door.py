"""The door: what comes from those who are not here. HELLO may come from anybody; everything else is a stranger's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from zyre.config import Limits
from zyre.core.admission import Greeting, judge_hello, read_identity
from zyre.core.counters import Counters
from zyre.core.delivery import Delivery
from zyre.core.discovery import Farewell, Found, Verdict
from zyre.core.effects import HelloFrom, PeerJudged
from zyre.core.gate import Gate
from zyre.core.membership import Membership
from zyre.core.part import Follower, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.core.portrait import Portrait
from zyre.core.profile import NodeProfile
from zyre.core.second_choice import SecondChoice
from zyre.core.tables import PENDING, READY, Violation
from zyre.core.twins import Twins
from zyre.endpoint import Endpoint
from zyre.wire import zre

__all__ = ["Door"]

#: Seconds for which whoever was not let in is left alone: it may be another one then.
_REST: Final = 60.0


class Door(Part):
    """Judges a HELLO before membership sees it, and counts what strangers say."""

    __slots__ = (
        "_cluster",
        "_counters",
        "_delivery",
        "_gate",
        "_limits",
        "_membership",
        "_own",
        "_portrait",
        "_second_choice",
        "_twins",
        "greeters",
    )

    def __init__(
        self,
        profile: NodeProfile,
        *,
        portrait: Portrait,
        membership: Membership,
        gate: Gate,
        twins: Twins,
        second_choice: SecondChoice,
        delivery: Delivery,
        counters: Counters,
    ) -> None:
        self._delivery = delivery
        self._own = profile.identity
        self._cluster = profile.cluster.name
        self._limits: Limits = profile.config.limits
        self._portrait = portrait
        self._membership = membership
        self._gate = gate
        self._twins = twins
        self._second_choice = second_choice
        self._counters = counters
        self.greeters: dict[bytes, HelloFrom] = {}
        """What is known of the HELLOs that are about to be received, by the identity that they come under. The driver
        empties it when the batch of messages is over of which that was told: until then it counts for each HELLO of
        that sender, since who says several at once must not get in by one that nothing is known of."""

    def reports(self) -> Mapping[type, Follower]:
        """From where the next HELLO comes, and who may be here."""
        return {HelloFrom: self._on_hello_from, PeerJudged: self._on_judged}

    def _on_hello_from(self, report: HelloFrom, now: float) -> Moves:
        self.on_greeter(report)
        return ()

    def on_greeter(self, greeter: HelloFrom) -> None:
        """From where the next HELLO of somebody comes; nothing follows before it is there."""
        self.greeters[greeter.identity] = greeter

    def _on_judged(self, report: PeerJudged, now: float) -> Moves:
        """Who may not be here any more is told goodbye; who may not be in a group is taken out of it."""
        record = self._membership.directory.by_id.get(report.peer)
        if record is None or record.state is not READY:
            return ()
        if report.refused is not None:
            self._gate.refuse(report.refused, record.endpoint.host, record.peer, record.name)
            if "goodbye" in record.extensions:
                self._delivery.send(record, zre.GOODBYE)
            return self._membership.remove(record, "revoked")
        record.permitted = report.groups
        allowed = [group for group in record.groups if self._gate.admits(record, group)]
        return self._membership.hearsay.take_groups(record, allowed, record.status)

    def on_beacon(self, data: bytes, verdict: Verdict, source: str, now: float) -> Moves:
        """A beacon from that address, which was judged. Of our own identity only another node is Found."""
        if not self._gate.passes(verdict, source, self._membership.directory):
            return ()
        self._counters.beacons_received += 1
        if isinstance(verdict, Farewell):
            return self._membership.on_last_beacon(verdict.peer, now)
        assert isinstance(verdict, Found), "nothing else passes the gate"
        if verdict.peer == self._own:
            self._twins.suspect(verdict.endpoint, now)
            return ()
        if self._second_choice.holds(verdict, now):
            return ()
        moves = self._membership.on_found(verdict, "beacon", now)
        self._membership.remember(data, verdict)
        return moves

    def on_other(self, frame: bytes) -> Moves:
        """What is no message at all. Raises DecodeError if it does not even begin like one."""
        zre.unpack_header(frame)
        self._counters.violations[Violation.MESSAGE_UNKNOWN] += 1
        return ()

    def on_hello(self, frames: Sequence[bytes], now: float) -> Moves:
        """HELLO, which may come from anybody."""
        known = self.greeters.get(frames[0])
        source = "" if known is None else known.address
        if known is not None and known.refused is not None:
            self._gate.refuse(known.refused, source)
            return ()
        greeting = judge_hello(frames, self._limits)
        if isinstance(greeting, Greeting) and greeting.is_on_link:
            greeting = _on_our_link(greeting, source)
        if not isinstance(greeting, Greeting):
            self._counters.violations[greeting] += 1
        elif self._is_too_far(greeting.speech.endpoint, source):
            host = source or greeting.speech.endpoint.host
            self._gate.refuse("out of scope", host, greeting.peer, greeting.speech.name)
        elif greeting.speech.cluster != self._cluster:
            return self._turn_away(greeting, source, now)
        elif not self._membership.may_connect(greeting.speech.endpoint, self._portrait.locality):
            self._counters.violations[Violation.HELLO_REFUSED] += 1
        elif greeting.peer == self._own:
            if (vetted := self._gate.vet_own(greeting, frames[0], source)) is not None:
                self._twins.on_hello(vetted, now)
        else:
            return self._on_hello(greeting, frames[0], known, now)
        return ()

    def _is_too_far(self, endpoint: Endpoint, source: str) -> bool:
        locality = self._portrait.locality
        if locality is None or locality.scope == "any" or not endpoint.is_tcp:
            return False
        return not locality.admits(endpoint.host) or (source != "" and not locality.admits(source))

    def _turn_away(self, greeting: Greeting, source: str, now: float) -> Moves:
        """A HELLO of another cluster: leave its sender alone for a while, if we were on our way there. The first time
        one of our own kind hears our own HELLO, so that its application is told as ours is; a node of another kind
        would take us for a peer."""
        peer, speech, membership = greeting.peer, greeting.speech, self._membership
        first = self._gate.refuse("other cluster", source or speech.endpoint.host, peer, speech.name)
        dialled = membership.dialling.rest(peer, speech.endpoint, source, now + _REST)
        if dialled is not None:
            self._delivery.close(dialled)
        is_own_kind = bool(speech.cluster) or speech.extensions is not None
        if first and is_own_kind and speech.endpoint.is_tcp and not speech.is_answer:
            stranger = PeerRecord(peer, speech.endpoint, self._delivery.new_link(), "hello")
            membership.say_hello(stranger, answer=True)
            self._delivery.close(stranger, flush=True)
        pending = membership.directory.state_of(peer) is PENDING
        return membership.remove(membership.directory.by_id[peer], "left") if pending else ()

    def _on_hello(self, greeting: Greeting, frame: bytes, known: HelloFrom | None, now: float) -> Moves:
        """A HELLO that makes sense, of another node."""
        source = "" if known is None else known.address
        previous = self._membership.directory.by_id.get(greeting.peer)
        if self._gate.secured:
            rekeyed = known is not None and known.rekeyed
            vetted = self._gate.vet(greeting, frame, source, previous, rekeyed=rekeyed)
            if vetted is None:
                return ()
            greeting = vetted
        if previous is not None and self._is_superseded(greeting, previous):
            return ()
        if known is not None and known.groups is not None:
            greeting = self._gate.confine(greeting, known.groups, source)
        self._counters.received += 1
        if known is not None and known.rekeyed:
            self._gate.adopt(greeting, now)
        moves = self._membership.on_hello(greeting, previous, source, now)
        self._membership.expect(greeting, self._portrait.locality)
        return moves

    def _is_superseded(self, greeting: Greeting, known: PeerRecord) -> bool:
        """Whether a later life of the peer is here, elsewhere: at the same endpoint it must be over."""
        speech = greeting.speech
        if not 0 < speech.incarnation < known.incarnation:
            return False
        if known.state is not READY or known.endpoint == speech.endpoint:
            return False
        self._counters.violations[Violation.SUPERSEDED] += 1
        self._twins.superseded(known, greeting)
        return True

    def on_stranger(self, message_id: int, identity: bytes, record: PeerRecord | None, now: float) -> Moves:
        """A message of somebody who has not said HELLO. Whoever leaves before that is no offender."""
        if message_id != zre.GOODBYE:
            self._counters.violations[Violation.STRANGER] += 1
            peer = read_identity(identity) if record is None else None
            if peer is not None:
                return self._membership.on_stranger(peer, now)
        elif record is not None:
            return self._membership.on_goodbye(record)
        return ()


def _on_our_link(greeting: Greeting, source: str) -> Greeting | Violation:
    """A link-local endpoint by our own name for the link, which only the connection that it came by can tell: what the
    peer calls the link means nothing here."""
    address = greeting.speech.endpoint.host.partition("%")[0]
    if "%" not in source or source.partition("%")[0] != address:
        return Violation.HELLO_REFUSED
    endpoint = replace(greeting.speech.endpoint, host=source)
    return Greeting(greeting.peer, replace(greeting.speech, endpoint=endpoint))
