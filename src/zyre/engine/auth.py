"""What secures a node: its keys, put on its sockets, and its judgement about who may connect.

With a certificate (CertificateProtection) a node shows the same key on both ends of its connections, and peers are
known by theirs. Both ends are judged: whom we let in, and to whom we connect, which libzyre leaves to chance.
"""

from __future__ import annotations

import ipaddress
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

import zmq

from zyre.config import Limits
from zyre.core.effects import KeysChanged, KeysComing, PeerJudged, PeerRefused, Report
from zyre.core.locality import Interface
from zyre.core.portrait import PUBLIC_KEY_HEADER
from zyre.core.profile import NodeProfile
from zyre.core.timers import NEVER
from zyre.endpoint import Endpoint
from zyre.engine import clock
from zyre.engine.connections import Connections
from zyre.engine.context import BareSocket
from zyre.engine.engine import EngineAlarm
from zyre.engine.keyring import CertificateStore
from zyre.engine.rebinding import listen_again
from zyre.engine.rungs import Rungs
from zyre.engine.tries import Tries
from zyre.engine.zap import shared_zap_handler
from zyre.refusals import RefusalCode
from zyre.roster import Peer, Roster
from zyre.security.access import ANYONE, Access, groups_of, judge, judge_key
from zyre.security.certificate import Certificate
from zyre.security.keys import KeyPair, encode_key
from zyre.wire.zap import ZapRequest

__all__ = ["LOOK_AGAIN", "CertificateProtection", "Protection", "Standing"]


#: So often a directory of certificates is looked at, in seconds, for those that were taken away.
LOOK_AGAIN: Final = 2.0
#: Handshakes that are refused from memory are told together once in so many seconds.
_TOGETHER: Final = 1.0


class Standing(NamedTuple):
    """Why somebody who was let in may not be here any more (None if they may), and the patterns of the groups that they
    may be in (None for all)."""

    refused: RefusalCode | None
    groups: tuple[str, ...] | None
    rekeyed: bool = False
    """Whether they may have another key than before."""


class Protection(ABC):
    """The keys of one node, and who may connect to it."""

    proven = False
    """Whether messages come with the key that their sender has proven to own."""
    needs_keys = True
    """Whether the key of a node must be known to connect to it."""
    meets_strangers = False
    """Whether some are let in whose key is not known, until they have greeted."""

    def __init__(self, keys: KeyPair) -> None:
        self.keys = keys
        self.alarm = EngineAlarm(self._on_alarm)
        """For a host whose engine knows it: when to look at the policy's directory again."""
        self.on_keys: Callable[[], object] = lambda: None
        """Called when the keys have changed, in any thread."""
        self.count_strangers: Callable[[], int] = lambda: 0
        self._domain = ""
        self._tries = Tries(Limits().handshakes)
        self._report: Callable[[Report], object] = lambda report: None
        self._roster: Callable[[], Roster] = lambda: Roster({})

    def attach(self, report: Callable[[Report], object], roster: Callable[[], Roster]) -> None:
        """Report whom is refused, and whose standing has changed. ``report`` is called in any thread, and must not
        block; ``roster`` says who is here."""
        self._report = report
        self._roster = roster

    def tend(self, connections: Connections) -> None:
        """An inbox is there: ``connections`` knows how many have not shown yet who they are."""
        self.count_strangers = lambda: connections.strangers

    def introduce(self, profile: NodeProfile) -> NodeProfile:
        """What its node is born with, besides."""
        self._tries = Tries(profile.config.limits.handshakes)
        return profile._replace(public_key=self.public_key, proven=self.proven, certificate=self.shown)

    @property
    def public_key(self) -> str:
        """The key that peers must know to connect."""
        return self.keys.public

    @property
    def shown(self) -> str:
        """The certificate that the node shows in its HELLO, if an authority has signed it."""
        return ""

    @property
    def link_keys(self) -> KeyPair:
        """The keys by which this node shows itself to those to whom it connects."""
        return self.keys

    @property
    def hub_keys(self) -> KeyPair:
        """The keys of a gossip hub of this node."""
        return self.keys

    def hub_key_at(self, endpoint: Endpoint) -> str | None:
        """The public key of the gossip hub at an endpoint."""
        return self.key_at(endpoint)

    @abstractmethod
    def judge(self, address: str, key: str) -> RefusalCode | None:
        """Why the owner of ``key`` may not connect from ``address``; None if they may."""

    def judge_from_memory(self, address: str, key: str) -> RefusalCode | None:
        """The same without a look at any file: whoever is known to be good gets in, however many are refused that come
        from the same address."""
        return self.judge(address, key)

    @abstractmethod
    def key_at(self, endpoint: Endpoint) -> str | None:
        """The public key of the node at an endpoint; None if it is none to which we connect."""

    def standing(self, address: str, key: str) -> Standing:
        """What the owner of a key, who was let in, may now."""
        return Standing(None, None)

    def greeted(self, address: str, key: str, identity: bytes, hello: bytes) -> Standing:
        """The same of somebody who has just said ``hello``, a frame as it came, under an identity of 17 octets. Called
        by whoever reads the inbox."""
        return self.standing(address, key)

    def hear(self, message: bytes) -> None:  # noqa: B027  (most have nothing to learn)
        """Somebody who may be here says something about who may. Called by whoever reads the inbox."""

    def lagging(self) -> tuple[Peer, ...]:
        """The peers that have shown themselves by other keys than those that we speak by, and are let in for now."""
        return ()

    def judge_client(self, address: str, key: str) -> RefusalCode | None:
        """Why the owner of ``key`` may not use a gossip hub of this node; None if they may."""
        return self.judge(address, key)

    def judge_client_from_memory(self, address: str, key: str) -> RefusalCode | None:
        """The same without a look at any file."""
        return self.judge_from_memory(address, key)

    @staticmethod
    def key_of(peer: Peer) -> str:
        """The key by which a peer is known."""
        return peer.headers.get(PUBLIC_KEY_HEADER, "")

    def judge_again(self) -> None:
        """Who may join has changed: report the standing of everybody who is here."""
        for peer in self._roster():
            address = Endpoint.parse(peer.address).host
            standing = self.standing(address, self.key_of(peer))
            self._report(PeerJudged(peer.uuid, standing.refused, standing.groups))

    def refuse(self, code: RefusalCode, address: str) -> None:
        """Report somebody who was not let in."""
        self._report(PeerRefused(code, address))

    def _on_alarm(self) -> None:
        self._tell_untold()
        self._look()

    def _tell_untold(self) -> None:
        address, times = self._tries.untold()
        if times:
            self._report(PeerRefused("too often", address, times))

    def _look(self) -> None:
        """See whether somebody's standing has changed, and again later."""
        self.alarm.set(NEVER)

    # -- on the sockets ------------------------------------------------------------------------------------------

    def guard_inbox(self, inbox: zmq.Socket[bytes], domain: str) -> None:
        """Let nobody in but those who prove to own a key that may join; to be called before the inbox is bound.
        ``domain`` is its ZAP domain, which no other node of this process has."""
        self._domain = domain
        self.alarm.set(clock.now() + LOOK_AGAIN)
        shared_zap_handler().enlist(domain, self._answer)
        inbox.setsockopt_string(zmq.ZAP_DOMAIN, domain)
        inbox.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)  # nobody gets in if nobody answers
        self.put_keys(inbox)
        inbox.curve_server = True

    def rekey(self, keys: KeyPair) -> None:
        """Have other keys from now on. Peers are told when the inbox listens with them, and that waits until they are
        silent: it ends their connections."""
        self.keys = keys
        self._report(KeysComing())

    def listen_again(self, inbox: zmq.Socket[bytes], place: str, links: Iterable[str]) -> bool:
        """Have the inbox listen with the keys that are valid now, and peers told; whether that is done."""
        self.put_keys(inbox)
        done = listen_again(inbox, place, links)
        if done:
            self.tell_of_keys(self.public_key, self.shown)
        return done

    def tell_of_keys(self, public_key: str, certificate: str) -> None:
        """Other keys are used from now on; both are empty if peers need not be told by which."""
        self._report(KeysChanged(public_key, certificate))
        self.on_keys()

    def put_keys(self, inbox: zmq.Socket[bytes]) -> None:
        """Whoever connects to where the inbox listens from now on must know the keys that are valid now."""
        inbox.curve_publickey, inbox.curve_secretkey = _octets(self.keys)

    def dismiss(self) -> None:
        """The inbox is closed, and nobody will ask any more."""
        if self._domain:
            self.alarm.set(NEVER)
            shared_zap_handler().dismiss(self._domain)
            self._domain = ""

    def guard_link(self, dealer: BareSocket, endpoint: Endpoint) -> bool:
        """Talk on a link to nobody but the owner of the endpoint's key; False if we do not connect to that one."""
        key = self.key_at(endpoint)
        if key is None:
            self.refuse("unknown key", endpoint.host)
            return False
        public, secret = _octets(self.link_keys)
        dealer.set(zmq.CURVE_SERVERKEY, key.encode())
        dealer.set(zmq.CURVE_PUBLICKEY, public)
        dealer.set(zmq.CURVE_SECRETKEY, secret)
        return True

    def beacon_sockets(self, port: int, interfaces: Iterable[Interface]) -> Rungs:
        """The sockets that carry beacons."""
        return Rungs(port, interfaces)

    def _answer(self, request: ZapRequest) -> str | None:
        """In the engine thread: the user id under which somebody is let in, or None."""
        key = encode_key(request.key) if request.key else ""
        now = clock.now()
        quiet = self._tries.are_too_many(request.address, now)
        judge = self.judge_from_memory if quiet else self.judge
        reason = judge(request.address, key) if key else "open peer"
        if reason is None:
            return key
        if reason == "crowded":  # which has limits of its own
            self.refuse(reason, request.address)
        elif not quiet:
            self._tries.add(request.address, now)
            self.refuse(reason, request.address)
        elif self._tries.keep_quiet(request.address):
            self.alarm.set(min(self.alarm.deadline, now + _TOGETHER))
        return None


class CertificateProtection(Protection):
    """A node with a certificate of its own, as libzyre's zyre_set_zcert; ``access`` may be replaced at any time."""

    proven = True

    def __init__(self, certificate: Certificate, access: Access) -> None:
        super().__init__(certificate.pair)
        self.access = access
        self._store = CertificateStore(access.certificates)
        self._judged = self._known()

    def use(self, access: Access) -> None:
        """Judge by another policy from now on."""
        if access.certificates != self.access.certificates:
            self._store = CertificateStore(access.certificates)
        self.access = access
        self._judged = self._known()
        self.judge_again()

    def judge(self, address: str, key: str) -> RefusalCode | None:
        """By the policy, and the certificates that are in its directory now."""
        return judge(self.access, self._known(), address, key)

    def judge_from_memory(self, address: str, key: str) -> RefusalCode | None:
        """By the certificates that were in its directory when it was last looked at."""
        return judge(self.access, self._store.known, address, key)

    def key_at(self, endpoint: Endpoint) -> str | None:
        """The endpoint's own, if that may join."""
        if not endpoint.key or judge_key(self.access, self._known(), endpoint.key) is not None:
            return None
        return endpoint.key

    def standing(self, address: str, key: str) -> Standing:
        """By the policy, and the certificates that were in its directory when it was last looked at."""
        known = self._store.known
        certificate = known.get(key)
        refused = (
            judge(self.access, known, address, key) if _is_address(address) else judge_key(self.access, known, key)
        )
        if refused in ("unknown key", "other domain"):
            refused = "revoked"
        return Standing(refused, None if certificate is None else groups_of(certificate))

    def _look(self) -> None:
        self.alarm.set(clock.now() + LOOK_AGAIN)
        if self._known() is not self._judged:
            self._judged = self._store.known
            self.judge_again()

    def _known(self) -> Mapping[str, Certificate]:
        """The certificates that are there now."""
        return self._store.known if self.access.certificates in ("", ANYONE) else self._store.look()


def _is_address(host: str) -> bool:
    """Whether a policy for addresses says anything about it: it may be a name, or a path."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _octets(keys: KeyPair) -> tuple[bytes, bytes]:
    return keys.public.encode(), keys.secret.encode()
