"""A node of a cluster with an authority: it believes every key that the authority has signed, and no other.

A ZAP handler sees the key of whoever connects and nothing else, so the signature comes another way. Announcements are
signed by their sender and carry what the authority has signed of it, without names; a key that was announced is let in
at once. A key that is not known yet, because its owner comes by ``connect``, is let in as a stranger: the first thing
that is read of it must be a HELLO with its certificate, and until that is verified nothing of it goes anywhere. There
is room for few strangers at a time (Limits.strangers), whom libzmq cannot be told to throw out.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

import zmq

from zyre.config import NodeConfig
from zyre.core.admission import IDENTITY_SIZE
from zyre.core.effects import ListProven
from zyre.core.locality import Interface
from zyre.endpoint import Endpoint
from zyre.engine import clock
from zyre.engine.auth import LOOK_AGAIN, Protection, Standing
from zyre.engine.auth_secret import SealedBeacons
from zyre.engine.authority import ISSUED_FOLDER, NODE, REVOKED, Member, load_member, read_revoked, save_revoked
from zyre.engine.keyring import CertificateStore
from zyre.engine.rungs import Rungs
from zyre.engine.signing import SigningKey, VerifyingKey, signing_key_of
from zyre.errors import DecodeError, InvalidConfig, InvalidKey
from zyre.identity import PeerId
from zyre.refusals import RefusalCode
from zyre.security.access import groups_of
from zyre.security.certificate import Certificate
from zyre.security.credential import (
    CREDENTIAL_SIZE,
    NAME,
    Credential,
    credential_of,
    format_certificate,
    parse_certificate,
)
from zyre.security.keys import decode_key, encode_key
from zyre.security.revocation import Revocations
from zyre.security.seal import BeaconSeal
from zyre.wire import zre
from zyre.wire.bulletin import decode_bulletin
from zyre.wire.envelope import ENVELOPE_SIZE
from zyre.wire.extension import CERTIFICATE_HEADER
from zyre.wire.sealed import MAX_SIGNED, SIGNED_PROOF_SIZE, Sealed

__all__ = ["MemberProtection", "SignedBeacons", "SignedProof", "Vouchers"]

#: Where the public key stands in the body of a beacon.
_KEY: Final = slice(18, 50)
_START: Final = 4
#: So many strangers of one address at a time: the others are for other addresses.
_SHARE: Final = 4


_log = logging.getLogger("zyre")


class Voucher(NamedTuple):
    """What is known of a key that the authority has signed. ``name`` and ``groups`` are known once its owner has shown
    its certificate; before that ``name`` is empty."""

    expires: int
    issued: int
    name: str = ""
    groups: tuple[str, ...] | None = None


@lru_cache(maxsize=256)
def _verifying_key(octets: bytes) -> VerifyingKey:
    return VerifyingKey(octets)


class Vouchers:
    """The keys for which the authority has vouched, as far as they are known; at most ``most`` of them. Any thread."""

    def __init__(self, authority: VerifyingKey, revocations: Revocations, most: int) -> None:
        self.revocations = revocations
        self._authority = authority
        self._most = most
        self._known: dict[str, Voucher] = {}
        self._verified: dict[Credential, None] = {}
        self._guard = threading.Lock()

    def judge(self, key: str, now: float) -> RefusalCode | None:
        """Why a key may not join; None if it may."""
        if key in self.revocations.keys:
            return "revoked"
        voucher = self._known.get(key)
        if voucher is None:
            return "unknown key"
        return None if now < voucher.expires else "expired"

    def of(self, key: str) -> Voucher | None:
        """What is known of a key."""
        return self._known.get(key)

    def take(self, credential: Credential, certificate: Certificate | None, now: float) -> RefusalCode | None:
        """Take over what the authority has signed, if it has; why not, if not."""
        if not self._is_signed(credential):
            return "unknown key"
        key = encode_key(credential.key)
        with self._guard:
            known = self._known.pop(key, None)  # and behind the others: the one seen longest ago is forgotten first
            if certificate is not None:
                known = Voucher(
                    credential.expires, credential.issued, certificate.metadata.get(NAME, ""), groups_of(certificate)
                )
            elif known is None or known.issued < credential.issued:
                known = Voucher(credential.expires, credential.issued)
            self._known[key] = known
            while len(self._known) > self._most:
                del self._known[next(iter(self._known))]
        return self.judge(key, now)

    def _is_signed(self, credential: Credential) -> bool:
        if credential in self._verified:
            return True
        if not self._authority.verifies(credential.signature, credential.signed):
            return False
        with self._guard:
            self._verified[credential] = None
            while len(self._verified) > self._most:
                del self._verified[next(iter(self._verified))]
        return True

    def learn(self, revocations: Revocations) -> bool:
        """Take over a later list, if the authority has signed it."""
        if revocations.version <= self.revocations.version:
            return False
        if not self._authority.verifies(revocations.signature, revocations.signed):
            return False
        self.revocations = revocations
        return True


class SignedProof:
    """Beacons that are signed by their senders, whose keys are signed by the authority."""

    stranger: RefusalCode = "unknown key"

    def __init__(self, credential: Credential, key: SigningKey, vouchers: Vouchers) -> None:
        self._signers = {credential.key: (credential.pack(), key)}
        self._vouchers = vouchers

    def add(self, credential: Credential, key: SigningKey) -> None:
        """We have a new key, and announce it as soon as peers know it."""
        former = next(reversed(self._signers))
        self._signers = {former: self._signers[former], credential.key: (credential.pack(), key)}

    def prove(self, octets: bytes) -> bytes:
        """What the authority has signed of us, and our signature."""
        credential, key = self._signers[octets[_START:][_KEY]]
        return credential + key.sign(octets + credential)

    def judge(self, sealed: Sealed, now: float) -> RefusalCode | None:
        """By the authority's signature, which is seen often and verified once, and the sender's."""
        if len(sealed.proof) != SIGNED_PROOF_SIZE:
            return self.stranger
        packed, signature = sealed.proof[:CREDENTIAL_SIZE], sealed.proof[CREDENTIAL_SIZE:]
        credential = Credential.unpack(packed)
        if credential.key != sealed.body[_KEY]:
            return "wrong key"
        refused = self._vouchers.take(credential, None, now)
        if refused is not None:
            return refused
        signed = _verifying_key(credential.signing_key).verifies(signature, sealed.proven + packed)
        return None if signed else "wrong key"


class SignedBeacons(SealedBeacons):
    """Beacon sockets of a member."""

    longest = MAX_SIGNED + ENVELOPE_SIZE


class MemberProtection(Protection):
    """The keys of one member, and its judgement. ``identity`` is the node's UUID, in octets; ``envelope``
    what beacons of its cluster are sent in."""

    proven = True
    meets_strangers = True

    def __init__(self, member: Member, identity: bytes, config: NodeConfig, envelope: bytes = b"") -> None:
        super().__init__(member.certificate.pair)
        self.member = member
        self._envelope = envelope
        self.vouchers = Vouchers(member.authority, member.revocations, 2 * config.limits.peers)
        self._credential = credential_of(member.certificate)
        self.vouchers.take(self._credential, member.certificate, time.time())
        self._proof = SignedProof(self._credential, signing_key_of(self.keys), self.vouchers)
        self._seal = BeaconSeal(self._proof, identity, config.limits.beacon_age, config.limits.peers)
        self._unsaved = False
        self._key_state = self._state_of(NODE)
        self._file_state = self._state_of(REVOKED)
        self._issued = CertificateStore(member.directory / ISSUED_FOLDER)
        self._most_strangers = round(config.limits.strangers)
        self._handshake = config.timing.handshake
        self._lately: list[tuple[float, str]] = []

    @property
    def shown(self) -> str:
        """The certificate that this node shows in its HELLO."""
        return format_certificate(self.member.certificate.public)

    def judge(self, address: str, key: str) -> RefusalCode | None:
        """In the engine thread: whom the authority has signed, and as a stranger who may show that yet."""
        refused = self.vouchers.judge(key, time.time())
        return self._judge_stranger(address) if refused == "unknown key" else refused

    def judge_client(self, address: str, key: str) -> RefusalCode | None:
        """A client of a gossip hub says no HELLO, so its key must be known: by its beacon, or because this machine
        has the certificate."""
        now = time.time()
        if self.vouchers.of(key) is None and (certificate := self._issued.look().get(key)) is not None:
            try:
                self.vouchers.take(credential_of(certificate), certificate, now)
            except InvalidKey:
                return "unknown key"
        return self.vouchers.judge(key, now)

    def judge_client_from_memory(self, address: str, key: str) -> RefusalCode | None:
        """Whose key is known already."""
        return self.vouchers.judge(key, time.time())

    def _judge_stranger(self, address: str) -> RefusalCode | None:
        now = clock.now()
        self._lately = [entry for entry in self._lately if now < entry[0] + self._handshake]
        of_address = sum(entry[1] == address for entry in self._lately)
        if (
            len(self._lately) >= self._most_strangers
            or of_address >= max(1, self._most_strangers // _SHARE)
            or self.count_strangers() >= self._most_strangers
        ):
            return "crowded"
        self._lately.append((now, address))
        return None

    def key_at(self, endpoint: Endpoint) -> str | None:
        """The endpoint's own, which was announced, or given by the application or a member; not a revoked one."""
        return None if endpoint.key in self.vouchers.revocations.keys else endpoint.key or None

    def standing(self, address: str, key: str) -> Standing:
        """By the authority's word."""
        voucher = self.vouchers.of(key)
        return Standing(self.vouchers.judge(key, time.time()), None if voucher is None else voucher.groups)

    def greeted(self, address: str, key: str, identity: bytes, hello: bytes) -> Standing:
        """Somebody greets, and shows a certificate: hold it against the key that they have proven to own."""
        try:
            shown = zre.decode_hello(hello).headers.get(CERTIFICATE_HEADER, "")
            certificate = parse_certificate(shown)
            credential = credential_of(certificate)
        except (DecodeError, InvalidKey):
            return Standing("unknown key", None)
        if credential.key != decode_key(key):
            return Standing("wrong key", None)
        refused = self.vouchers.take(credential, certificate, time.time())
        known = self._roster().get(PeerId.parse(identity[1:])) if len(identity) == IDENTITY_SIZE else None
        rekeyed = known is not None and self._follows(self.key_of(known), key)
        return Standing(refused, groups_of(certificate), rekeyed=rekeyed)

    def _follows(self, former: str, key: str) -> bool:
        """Whether a key is a later one of the same member, by its certificate."""
        before, now = self.vouchers.of(former), self.vouchers.of(key)
        return before is not None and now is not None and before.name == now.name and before.issued <= now.issued

    def expects(self, peer: PeerId, key: str) -> bool:
        """Whether a proven beacon of a peer with that key means anything now. Who gets a new one greets with it first:
        until then, and a moment longer, its beacons are passed over. Somebody else's key is told of."""
        known = self._roster().get(peer)
        if known is None or (shown := self.key_of(known)) == key:
            return True
        before, said = self.vouchers.of(shown), self.vouchers.of(key)
        return before is not None and said is not None and said.name not in ("", before.name)

    def renew(self, member: Member) -> None:
        """Be known by a new key from now on, to newcomers and to those who are here. In the engine thread."""
        self.member = member
        self._credential = credential_of(member.certificate)
        self.vouchers.take(self._credential, member.certificate, time.time())
        self._proof.add(self._credential, signing_key_of(member.certificate.pair))
        self.rekey(member.certificate.pair)

    def hear(self, message: bytes) -> None:
        """A list of revoked keys, which a member passes on: it counts if the authority has signed it."""
        try:
            revocations = Revocations.unpack(decode_bulletin(message))
        except DecodeError:
            return  # the node counts it
        if self.learn(revocations):
            self._unsaved = True
            self.alarm.set(clock.now())

    def learn(self, revocations: Revocations) -> bool:
        """Take over a later list: who is on it has to go, and peers are told. False if it is none of the authority's,
        or not later."""
        if not self.vouchers.learn(revocations):
            return False
        self._report(ListProven(revocations.version, revocations.pack()))
        self.judge_again()
        return True

    def beacon_sockets(self, port: int, interfaces: Iterable[Interface]) -> Rungs:
        """Sockets that carry signed beacons."""
        return SignedBeacons(port, interfaces, self._seal, self._envelope, self.refuse, self.expects)

    def guard_inbox(self, inbox: zmq.Socket[bytes], domain: str) -> None:
        """Tell the node at once which list there is."""
        super().guard_inbox(inbox, domain)
        known = self.vouchers.revocations
        if known.version:
            self._report(ListProven(known.version, known.pack()))

    def _look(self) -> None:
        """Certificates expire while their owners are here, and somebody may have written a longer list."""
        self.alarm.set(clock.now() + LOOK_AGAIN)
        self._keep_list()
        self._keep_keys()
        now = time.time()
        for peer in self._roster():
            if self.vouchers.judge(self.key_of(peer), now) is not None:
                self.judge_again()
                return

    def _keep_list(self) -> None:
        """Read the file if it has changed; write it if peers know more. A file that makes no sense, or is forged, is
        told of and let be: what was known before still counts."""
        folder = self.member.directory
        try:
            state = self._state_of(REVOKED)
            if state != self._file_state:
                self._file_state = state
                self.learn(read_revoked(folder, self.member.authority))
            if self._unsaved:
                self._unsaved = False
                save_revoked(folder, self.vouchers.revocations)
                self._file_state = self._state_of(REVOKED)
        except (OSError, InvalidConfig, InvalidKey) as error:
            _log.warning("the list of revoked keys cannot be kept: %s", error)

    def _keep_keys(self) -> None:
        """The machine may have got a new certificate. Its two files are written one after the other: what does not fit
        together yet is looked at again."""
        state = self._state_of(NODE)
        if state == self._key_state:
            return
        try:
            member = load_member(self.member.directory)
        except (OSError, InvalidConfig, InvalidKey) as error:
            _log.warning("the certificate of this machine cannot be used: %s", error)
            return
        self._key_state = state
        if member.certificate.public_key != self.public_key and member.authority.octets == self.member.authority.octets:
            self.renew(member)

    def _state_of(self, name: str) -> tuple[int, int]:
        try:
            about = os.stat(self.member.directory / name)
        except OSError:
            return (0, 0)
        return about.st_mtime_ns, about.st_ino
