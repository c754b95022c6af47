"""The probes, as data: the rules of 36/ZRE that can be seen from outside, and how to see them.

What a node tells its application cannot be seen; that it goes on answering PINGs with the right numbers, greets anew,
or is silent, can.

Sections are headings of 36/ZRE ("The HELLO Command", "TCP Protocol Grammar", "Protocol Signature", ...), shortened;
"none" is what libzyre has and 36/ZRE has not. Where implementations differ within reason it is noted what each does,
also where 36/ZRE is plain: it wants whoever leaves a gap disconnected, and nodes of this package keep it on purpose.
"""

from __future__ import annotations

from typing import Final

from zyre.conformance import acts_greeting as greeting
from zyre.conformance import acts_talking as talking
from zyre.conformance.probe import Probe, Severity

__all__ = ["PROBES"]

_MAY, _SHOULD = Severity.MAY, Severity.SHOULD
_PONG: Final = "a PING is answered afterwards"
_LIVES: Final = "it stays alive"
_EITHER: Final = "accepted or refused; it stays alive"

PROBES: Final[tuple[Probe, ...]] = (
    # greeting
    Probe("hello", "HELLO", "HELLO", "HELLO, number 1, first", greeting.hello_is_answered),
    Probe("hello-fields", "Grammar", "HELLO", "fields that can be read", greeting.hello_can_be_read),
    Probe("hello-endpoint", "HELLO", "HELLO", "an endpoint at which it answers", greeting.hello_leads_back),
    Probe("hello-once", "PING-OK", "HELLO, PING", "one HELLO, then PING-OK", greeting.hello_comes_once),
    Probe("hello-again", "HELLO", "HELLO twice", "a new HELLO for each", greeting.hello_again, _SHOULD),
    Probe("hello-late", "Commands", "HELLO with number 7", _EITHER, greeting.hello_with_a_late_number, _MAY),
    Probe("many-peers", "Interconnection", "HELLO of 20 peers", "each is answered", greeting.many_peers),
    Probe("ping-first", "HELLO", "PING, then HELLO", "HELLO before PING-OK", greeting.ping_before_hello),
    Probe("talk-first", "HELLO", "commands, then HELLO", "HELLO, PING-OK", greeting.talk_before_hello),
    Probe(
        "restart-same", "Interconnection", "HELLO from elsewhere", "HELLO there", greeting.restart_with_the_same_uuid
    ),
    Probe("restart-new", "Interconnection", "HELLO of a new uuid", "HELLO there", greeting.restart_with_a_new_uuid),
    Probe("reconnection", "Interconnection", "a new connection, no HELLO", _PONG, greeting.reconnection),
    Probe("long-names", "Grammar", "strings of 255 octets, UTF-8", _PONG, greeting.long_names),
    Probe("huge-hello", "Grammar", "2 MB of headers", _EITHER, greeting.huge_hello, _MAY),
    Probe("odd-headers", "HELLO", "unknown and repeated headers", _PONG, greeting.unknown_headers),
    Probe("empty-name", "Grammar", "a HELLO without a name", _EITHER, greeting.empty_name, _MAY),
    Probe("own-endpoint", "Interconnection", "a HELLO from its own endpoint", _LIVES, greeting.its_own_endpoint),
    Probe("own-uuid", "Identification", "a HELLO under its own uuid", _LIVES, greeting.its_own_uuid),
    Probe("odd-identity", "Interconnection", "identities that are no UUID", _LIVES, greeting.odd_identities),
    # talking
    Probe("ping", "PING-OK", "20 PINGs", "20 PING-OKs, well numbered", greeting.pings_are_answered),
    Probe("messages", "WHISPER", "WHISPER and SHOUT of many shapes", _PONG, talking.messages),
    Probe("groups", "JOIN", "JOIN and LEAVE", _PONG, talking.groups),
    Probe("status-wrap", "HELLO", "300 JOINs and LEAVEs", _PONG, talking.status_wraps),
    Probe("ping-content", "Grammar", "a PING with content", _PONG, talking.content_where_none_belongs, _SHOULD),
    Probe("goodbye", "none", "GOODBYE", "known or not", talking.goodbye, _MAY),
    Probe("votes", "none", "ELECT, LEADER", "known or not", talking.votes, _MAY),
    # counting
    Probe("gap", "Commands", "5 numbers are missing", "kept or dropped, and a HELLO heals it", talking.gap),
    Probe(
        "repetition", "Commands", "a number comes twice", "kept or dropped, and a HELLO heals it", talking.repetition
    ),
    Probe("wrap", "Grammar", "65,736 PINGs", "both counts go from 65535 to 0", talking.numbers_wrap),
    # what is broken
    Probe("odd-endpoint", "HELLO", "endpoints to nowhere", _LIVES, greeting.endpoint_to_nowhere, deadly=True),
    Probe("unknown-command", "Grammar", "commands 0, 99, 255", _PONG, talking.unknown_command),
    Probe("wrong-version", "Versioning", "PINGs of versions 0, 1, 3, 255", "no answer", talking.wrong_version),
    Probe("wrong-signature", "Signature", "PINGs under 4 signatures", "no answer", talking.wrong_signature),
    Probe("empty-frame", "Signature", "an empty frame", _PONG, talking.no_frame_at_all),
    Probe("cut-header", "Signature", "1 to 5 octets of a header", _PONG, talking.cut_header, deadly=True),
    Probe("noise", "Signature", "1000 random messages", _LIVES, talking.noise, deadly=True),
    Probe("cut-shout", "Grammar", "a SHOUT cut short", _LIVES, talking.cut_shout, deadly=True),
    Probe("cut-join", "Grammar", "a JOIN cut short", _LIVES, talking.cut_join, deadly=True),
    Probe("cut-hello", "Grammar", "a HELLO cut short", _LIVES, talking.cut_hello, deadly=True),
    Probe("forged-counts", "Grammar", "counts of 4,294,967,295", _LIVES, talking.forged_counts, deadly=True),
    Probe("wrong-status", "HELLO", "a JOIN with a wrong count", _PONG, talking.wrong_status, deadly=True),
    Probe("empty-whisper", "Grammar", "WHISPER, no content", _PONG, talking.whisper_of_nothing, deadly=True),
    Probe("empty-shout", "Grammar", "SHOUT, no content", _PONG, talking.shout_of_nothing, deadly=True),
    # beacons
    Probe("beacon", "Discovery", "nothing", "its beacon, 22 octets", talking.beacons_are_sent, needs_beacons=True),
    Probe("beacon-answer", "Discovery", "a beacon", "HELLO", talking.beacons_are_answered, needs_beacons=True),
    Probe("beacon-last", "Discovery", "a beacon with port 0, HELLO", "HELLO", talking.last_beacon, needs_beacons=True),
    Probe("beacon-noise", "Discovery", "garbage", _LIVES, talking.beacon_noise, deadly=True, needs_beacons=True),
    Probe("beacon-secure", "Discovery", "a version 3", _LIVES, talking.secure_beacon, deadly=True, needs_beacons=True),
)
