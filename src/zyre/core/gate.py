"""The gate of a secured node: whose announcement and whose HELLO is believed, and who is told of whom is not.

A node is secured if it has a public key. libzyre believes the key that a HELLO names; here it must be the one that the
sender has proven to own, where that is known, and the one that it was announced with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from zyre.core.admission import IDENTITY_SIZE, Greeting
from zyre.core.counters import Counters
from zyre.core.directory import Directory
from zyre.core.discovery import Farewell, Found, OwnEcho, Unwelcome, Verdict
from zyre.core.effects import PeerRefused
from zyre.core.part import Follower, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.core.portrait import PUBLIC_KEY_HEADER
from zyre.core.profile import NodeProfile
from zyre.core.tables import Violation
from zyre.events import Event, Refused
from zyre.identity import NOBODY, PeerId
from zyre.refusals import RefusalCode
from zyre.security.keys import is_key

__all__ = ["FAILURES", "VIOLATIONS", "Gate"]

#: What each refusal is counted as.
VIOLATIONS: Final[Mapping[RefusalCode, Violation]] = {
    "unknown key": Violation.KEY_UNKNOWN,
    "revoked": Violation.KEY_REVOKED,
    "expired": Violation.KEY_EXPIRED,
    "crowded": Violation.STRANGERS_FULL,
    "too often": Violation.TRIED_TOO_OFTEN,
    "other domain": Violation.DOMAIN_OTHER,
    "denied address": Violation.ADDRESS_DENIED,
    "open peer": Violation.BEACON_OPEN,
    "secured peer": Violation.BEACON_SECURED,
    "wrong key": Violation.KEY_WRONG,
    "wrong secret": Violation.BEACON_FORGED,
    "replayed": Violation.BEACON_REPLAYED,
    "redirected": Violation.BEACON_REDIRECTED,
    "stale": Violation.BEACON_STALE,
    "forbidden group": Violation.GROUP_FORBIDDEN,
    "other cluster": Violation.CLUSTER_OTHER,
    "out of scope": Violation.OUT_OF_SCOPE,
}

#: What is nobody's fault, and counted as a failure.
FAILURES: Final[Mapping[RefusalCode, str]] = {"no descriptors": "descriptors"}


def permits(permitted: tuple[str, ...], group: str) -> bool:
    """Whether one of the patterns (``lab-*``) is about a group."""
    return any(fnmatchcase(group, pattern) for pattern in permitted)


class Gate(Part):
    """Judges by key, counts every refusal, and tells the application once for each code and address."""

    __slots__ = (
        "_counters",
        "_events",
        "_key",
        "_most",
        "_told",
        "adopt",
        "proven",
        "secured",
    )

    def __init__(self, profile: NodeProfile, counters: Counters, events: list[Event]) -> None:
        self.adopt: Callable[[Greeting, float], None]
        """Takes over a new key of a peer that is here (Renewal.adopt)."""
        self.secured = bool(profile.public_key)
        self._key = profile.public_key
        self.proven = profile.proven
        self._most = profile.config.limits.refusals
        self._told: set[tuple[str, str]] = set()
        self._counters = counters
        self._events = events

    def passes(self, verdict: Verdict, source: str, directory: Directory) -> bool:
        """Whether something follows from a beacon from that address: it is another's, and speaks of a peer with the key
        that the peer is known by."""
        if isinstance(verdict, (Found, Farewell)):
            known = directory.by_id.get(verdict.peer)
            if known is None or known.is_presumed or known.endpoint.key in ("", verdict.key):
                return True
            self.refuse("wrong key", source, verdict.peer, known.name)
        elif isinstance(verdict, Unwelcome):
            self.refuse(verdict.code, source, verdict.peer)
        elif not isinstance(verdict, OwnEcho):
            self._counters.violations[verdict] += 1
        return False

    def vet(
        self, greeting: Greeting, frame: bytes, source: str, known: PeerRecord | None, *, rekeyed: bool = False
    ) -> Greeting | None:
        """At a secured node: a HELLO with the key of its sender as part of its endpoint; None if it is refused.
        ``rekeyed``: that may be another one than the sender was known by."""
        speech = greeting.speech
        key = speech.headers.get(PUBLIC_KEY_HEADER) or speech.endpoint.key
        proven = frame[IDENTITY_SIZE:].decode("ascii", "replace")
        announced = "" if known is None or known.is_presumed else known.endpoint.key
        if not is_key(key) or (self.proven and key != proven) or (announced and key != announced and not rekeyed):
            self.refuse("wrong key", source, greeting.peer, speech.name)
            return None
        return Greeting(greeting.peer, replace(speech, endpoint=speech.endpoint.with_key(key)), greeting.permitted)

    def rekey(self, public_key: str) -> None:
        """The node has another key."""
        self._key = public_key

    def vet_own(self, greeting: Greeting, frame: bytes, source: str) -> Greeting | None:
        """A HELLO of somebody with our own identity, who has to have our key as well; None if it is refused."""
        speech = greeting.speech
        key = speech.headers.get(PUBLIC_KEY_HEADER) or speech.endpoint.key
        proven = frame[IDENTITY_SIZE:].decode("ascii", "replace")
        if self.secured and (key != self._key or (self.proven and key != proven)):
            self.refuse("wrong key", source, greeting.peer, speech.name)
            return None
        return greeting

    def confine(self, greeting: Greeting, permitted: tuple[str, ...], source: str) -> Greeting:
        """A HELLO of somebody who may be in some groups only, without the others."""
        speech = greeting.speech
        groups = tuple(group for group in speech.groups if permits(permitted, group))
        if len(groups) < len(speech.groups):
            self.refuse("forbidden group", source, greeting.peer, speech.name)
        return Greeting(greeting.peer, replace(speech, groups=groups), permitted)

    def admits(self, record: PeerRecord, group: str) -> bool:
        """Whether a peer may be in a group, and speak to it; if not, that is counted and told."""
        if record.permitted is None or permits(record.permitted, group):
            return True
        self.refuse("forbidden group", record.endpoint.host, record.peer, record.name)
        return False

    def refuse(self, code: RefusalCode, source: str, peer: PeerId = NOBODY, name: str = "", times: int = 1) -> bool:
        """Count a refusal, or so many; tell of it if it is the first of that code from there, and say whether it is.
        Who can choose addresses freely could tell the application things without end, so there is a limit to that."""
        if code in FAILURES:
            self._counters.failures[FAILURES[code]] += times
        else:
            self._counters.violations[VIOLATIONS[code]] += times
        if len(self._told) >= self._most:
            return False
        whence = {(code, source)} if peer is NOBODY else {(code, source), (code, str(peer))}  # it comes by several ways
        news = self._told.isdisjoint(whence)
        self._told |= whence
        if news:
            self._events.append(Refused(peer, name, code, source))
        return news

    def reports(self) -> Mapping[type, Follower]:
        """Whom the host did not let in."""
        return {PeerRefused: self._on_refused}

    def _on_refused(self, report: PeerRefused, now: float) -> Moves:
        self.refuse(report.code, report.address, times=report.times)
        return ()
