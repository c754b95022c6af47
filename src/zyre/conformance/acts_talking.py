"""How the probes of commands, counting, broken frames and beacons are played."""

from __future__ import annotations

import random
import struct

from zyre.conformance import speech
from zyre.conformance.actor import Actor, Deviation
from zyre.conformance.probe import Noted
from zyre.conformance.stage import Stage

#: PINGs under way at a time, in probes that send very many.
_WINDOW = 500
_MODULUS = 65536


def groups(stage: Stage) -> None:
    """Join and leave, counted as the peer should."""
    actor = stage.peer()
    for command, group in ((speech.JOIN, "A"), (speech.JOIN, "B"), (speech.LEAVE, "A"), (speech.JOIN, "\u00fc")):
        actor.status += 1
        actor.say(command, speech.change(group, actor.status))
    actor.ping()


def status_wraps(stage: Stage) -> None:
    """The count of groups goes from 255 to 0."""
    actor = stage.peer()
    for number in range(300):
        actor.status += 1
        actor.say(speech.LEAVE if number % 2 else speech.JOIN, speech.change("A", actor.status))
    actor.ping()


def wrong_status(stage: Stage) -> None:
    """A count of groups that is wrong."""
    actor = stage.peer()
    actor.say(speech.JOIN, speech.change("A", 77))
    actor.ping()


def messages(stage: Stage) -> None:
    """Whispers and shouts of every shape."""
    actor = stage.peer()
    for content in ((b"one",), (b"two", b"frames"), (b"",), (b"x" * 1_000_000,), (b"",) * 100):
        actor.say(speech.WHISPER, b"", content)
        actor.say(speech.SHOUT, speech.string("no such group"), content)
    actor.ping()


def whisper_of_nothing(stage: Stage) -> None:
    """A WHISPER without content frames."""
    actor = stage.peer()
    actor.say(speech.WHISPER)
    actor.ping()


def shout_of_nothing(stage: Stage) -> None:
    """A SHOUT without content frames."""
    actor = stage.peer()
    actor.say(speech.SHOUT, speech.string("G"))
    actor.ping()


def content_where_none_belongs(stage: Stage) -> None:
    """Frames behind a PING."""
    actor = stage.peer()
    actor.say(speech.PING, b"", (b"and", b"more"))
    actor.hear_next(speech.PING_OK)
    actor.ping()


def goodbye(stage: Stage) -> None:
    """GOODBYE, which libzyre has in gossip mode."""
    actor = stage.peer()
    actor.say(speech.GOODBYE)
    raise Noted("stays, as if it had not heard" if actor.is_kept() else "lets the peer go")


def votes(stage: Stage) -> None:
    """ELECT and LEADER, which libzyre has and no RFC."""
    actor = stage.peer()
    fields = speech.string("G") + speech.string(actor.uuid.hex().upper())
    actor.say(speech.ELECT, fields)
    actor.say(speech.LEADER, fields)
    raise Noted("takes them" if actor.is_kept() else "drops the peer")


# -- broken frames -----------------------------------------------------------------------------------------------------


def _kept_after(stage: Stage, *frames: bytes) -> None:
    actor = stage.peer()
    for frame in frames:
        actor.send(frame)
    if not actor.is_kept():
        raise Deviation("it drops the peer, or answers it no more")


def unknown_command(stage: Stage) -> None:
    """A command that does not exist; it counts for nothing."""
    _kept_after(stage, speech.header(99, 2), speech.header(0, 2), speech.header(255, 2))


def wrong_version(stage: Stage) -> None:
    """PINGs of other versions of the protocol: not one of them is to be answered."""
    actor = stage.peer()
    for version in (1, 3, 0, 255):
        actor.send(speech.header(speech.PING, 2, version=version))
    actor.ping()
    actor.hear_nothing()


def wrong_signature(stage: Stage) -> None:
    """PINGs under another signature."""
    actor = stage.peer()
    for signature in (0xAAA2, 0x1AAA, 0, 0xFFFF):
        actor.send(speech.header(speech.PING, 2, signature=signature))
    actor.ping()
    actor.hear_nothing()


def no_frame_at_all(stage: Stage) -> None:
    """An empty frame."""
    _kept_after(stage, b"")


def cut_header(stage: Stage) -> None:
    """Headers that end too soon."""
    _kept_after(stage, *(speech.header(speech.PING, 2)[:size] for size in range(1, 6)))


def _cut(stage: Stage, command: int, fields: bytes) -> None:
    for size in range(len(fields)):
        stage.peer().say(command, fields[:size])


def cut_join(stage: Stage) -> None:
    """A JOIN that ends too soon."""
    _cut(stage, speech.JOIN, speech.change("group", 1))


def cut_shout(stage: Stage) -> None:
    """A SHOUT that ends too soon."""
    _cut(stage, speech.SHOUT, speech.string("group"))


def cut_hello(stage: Stage) -> None:
    """A HELLO that ends too soon, at every place."""
    for size in range(0, 60, 3):
        actor = stage.stranger()
        actor.say(speech.HELLO, speech.hello(actor.endpoint, "name", ["group"], 1, [("a", "b")])[:size])


def forged_counts(stage: Stage) -> None:
    """Counts and lengths of four thousand million in a HELLO."""
    most = struct.pack(">I", 0xFFFFFFFF)
    for fields in (most, struct.pack(">I", 0) + b"\0\4name" + most, struct.pack(">I", 1) + most):
        actor = stage.stranger()
        actor.say(speech.HELLO, speech.string(actor.endpoint) + fields)


def noise(stage: Stage) -> None:
    """A thousand messages of random octets, the same in each run."""
    chance = random.Random(36)
    actor = stage.stranger()
    for _ in range(1000):
        actor.send(*(chance.randbytes(chance.randrange(1, 60)) for _ in range(chance.randrange(1, 4))))


# -- counting ----------------------------------------------------------------------------------------------------------


def _after_a_wrong_number(stage: Stage, step: int) -> None:
    actor = stage.peer()
    actor.ping()
    actor.sequence = (actor.sequence + step) % _MODULUS
    if actor.is_kept():
        raise Noted("keeps the peer")
    actor.is_welcome_again()
    raise Noted("drops the peer until it greets anew")


def gap(stage: Stage) -> None:
    """Five numbers are missing; after a new HELLO all is well."""
    _after_a_wrong_number(stage, 5)


def repetition(stage: Stage) -> None:
    """A number comes twice; after a new HELLO all is well."""
    _after_a_wrong_number(stage, -1)


def numbers_wrap(stage: Stage) -> None:
    """Both counts go from 65535 to 0: so many PINGs and PING-OKs that they must."""
    actor = stage.peer()
    asked = answered = 0
    while answered < _MODULUS + 200:
        while asked - answered < _WINDOW:
            actor.say(speech.PING)
            asked += 1
        _hear_answer(actor, answered)
        answered += 1


def _hear_answer(actor: Actor, answered: int) -> None:
    heard = actor.hear()
    if heard is None or heard.command == speech.HELLO:
        what = "stops to answer" if heard is None else "greets anew"
        raise Deviation(f"it {what} after {answered} answers: our count went from 65535 to 0")
    if heard.sequence != actor.expected:
        raise Deviation(f"its own count goes from {(actor.expected - 1) % _MODULUS} to {heard.sequence}")
    actor.expected = (actor.expected + 1) % _MODULUS


# -- beacons -----------------------------------------------------------------------------------------------------------


def beacons_are_sent(stage: Stage) -> None:
    """Listen to the network."""
    data = stage.air().hear_of(stage.uuid, 5.0)
    port = int(stage.endpoint.rpartition(":")[2])
    if data[:4] != b"ZRE\x01" or len(data) != 22:
        raise Deviation(f"its beacon has {len(data)} octets and begins with {data[:4].hex()}")
    if int.from_bytes(data[20:], "big") != port:
        raise Deviation(f"its beacon names the port {int.from_bytes(data[20:], 'big')}")


def _beacon(actor: Actor, port: int | None = None) -> bytes:
    listening = int(actor.endpoint.rpartition(":")[2])
    return b"ZRE\x01" + actor.uuid + (listening if port is None else port).to_bytes(2, "big")


def beacons_are_answered(stage: Stage) -> None:
    """A new peer that says nothing but its beacon is greeted."""
    actor = stage.stranger()
    stage.air().say(_beacon(actor))
    actor.hear_next(speech.HELLO, 5.0)
    actor.say(speech.HELLO, actor.hello())
    actor.ping()


def last_beacon(stage: Stage) -> None:
    """A beacon with port 0 takes leave; a new HELLO is welcome."""
    actor = stage.peer()
    stage.air().say(_beacon(actor, 0))
    actor.is_welcome_again()


def beacon_noise(stage: Stage) -> None:
    """Datagrams of every length on the beacon port, some of which begin like a beacon."""
    chance = random.Random(36)
    for size in range(0, 300, 7):
        stage.air().say(chance.randbytes(size))
        stage.air().say((b"ZRE\x01" + chance.randbytes(300))[:size])


def secure_beacon(stage: Stage) -> None:
    """A beacon of 43/ZRE, with a CURVE key."""
    stage.air().say(b"ZRE\x03" + stage.stranger().uuid + b"\xc0\x01" + b"k" * 32)
