"""How the probes of greeting, restarts and liveness are played."""

from __future__ import annotations

from zyre.conformance import speech
from zyre.conformance.actor import QUIET, Actor, Deviation, Heard, new_uuid
from zyre.conformance.probe import Noted
from zyre.conformance.stage import Stage
from zyre.endpoint import Endpoint
from zyre.errors import InvalidEndpoint


def hello_is_answered(stage: Stage) -> None:
    """Any HELLO, and what comes first."""
    stage.stranger().greet()


def _read(greeting: Heard) -> tuple[str, list[str], int, str, dict[str, str]]:
    try:
        return speech.read_hello(greeting.frames[0][6:])
    except ValueError as error:
        raise Deviation(f"its HELLO cannot be read: {error}") from None


def hello_can_be_read(stage: Stage) -> None:
    """Its own HELLO, field by field."""
    _, groups, _, name, headers = _read(stage.greeting)
    if len(stage.greeting.frames) != 1:
        raise Deviation(f"its HELLO has {len(stage.greeting.frames)} frames")
    if not name:
        raise Deviation("its HELLO has an empty name")
    if len(set(groups)) != len(groups) or not all(groups):
        raise Deviation(f"its HELLO lists the groups {groups}")
    if any("\0" in text for text in (name, *groups, *headers, *headers.values())):
        raise Deviation("its HELLO contains a NUL")


def hello_leads_back(stage: Stage) -> None:
    """Connect to the endpoint that it names, as a new peer would."""
    named = _read(stage.greeting)[0]
    try:
        if not Endpoint.parse(named).is_reachable:
            raise Deviation(f"its HELLO names {named!r}, which nobody can connect to")
    except InvalidEndpoint:
        raise Deviation(f"its HELLO names {named!r}, which is no endpoint") from None
    actor = stage.stranger()
    actor.connect(endpoint=named)
    answer = actor.greet()
    if answer.identity != stage.greeting.identity:
        raise Deviation(f"at {named}, which its HELLO names, another node answers")


def hello_comes_once(stage: Stage) -> None:
    """After the greeting only answers."""
    actor = stage.peer()
    actor.ping()
    actor.hear_nothing()


def pings_are_answered(stage: Stage) -> None:
    """One PING-OK for each PING, numbered one after the other."""
    actor = stage.peer()
    for _ in range(20):
        actor.say(speech.PING)
    for _ in range(20):
        actor.hear_next(speech.PING_OK)


def many_peers(stage: Stage) -> None:
    """Twenty at once."""
    actors = [stage.stranger() for _ in range(20)]
    for actor in actors:
        actor.say(speech.HELLO, actor.hello())
    for actor in actors:
        actor.hear_next(speech.HELLO)
    for actor in actors:
        actor.ping()


# -- the order of things -----------------------------------------------------------------------------------------------


def _before_hello(stage: Stage, *commands: tuple[int, bytes]) -> None:
    actor = stage.stranger()
    for command, fields in commands:
        actor.say(command, fields, (b"early",) if command in (speech.WHISPER, speech.SHOUT) else ())
    actor.sequence = 0
    actor.greet()
    actor.ping()


def ping_before_hello(stage: Stage) -> None:
    """The first thing to be heard must be the answer to the HELLO."""
    _before_hello(stage, (speech.PING, b""))


def talk_before_hello(stage: Stage) -> None:
    """Every command of somebody unknown."""
    group = speech.string("G")
    _before_hello(
        stage, (speech.WHISPER, b""), (speech.SHOUT, group), (speech.JOIN, group + b"\1"), (speech.LEAVE, group + b"\2")
    )


def hello_again(stage: Stage) -> None:
    """A second HELLO on the same connection, as of a peer that forgot the node."""
    actor = stage.peer()
    actor.ping()
    actor.sequence = 0
    actor.greet()
    actor.ping()


def hello_with_a_late_number(stage: Stage) -> None:
    """A HELLO that is number 7."""
    actor = stage.stranger()
    actor.sequence = 6
    actor.say(speech.HELLO, actor.hello())
    if actor.hear(QUIET) is None:
        raise Noted("refuses it")
    raise Noted("accepts it, and goes on from there" if actor.is_kept() else "answers it, and drops the peer")


def restart_with_the_same_uuid(stage: Stage) -> None:
    """A new process under the old identity, at another port, without a goodbye."""
    actor = stage.peer()
    actor.ping()
    actor.move()
    actor.connect()
    actor.greet()
    actor.ping()


def restart_with_a_new_uuid(stage: Stage) -> None:
    """A new process under a new identity, at the same port."""
    actor = stage.peer()
    actor.ping()
    actor.uuid = new_uuid()
    actor.connect()
    actor.greet()
    actor.ping()


def reconnection(stage: Stage) -> None:
    """The connection breaks and comes back; the peer counts on."""
    actor = stage.peer()
    actor.ping()
    sequence = actor.sequence
    actor.connect()
    actor.sequence = sequence
    actor.ping()


# -- odd greetings -----------------------------------------------------------------------------------------------------


def long_names(stage: Stage) -> None:
    """The longest strings that fit, and letters beyond ASCII."""
    actor = stage.stranger()
    groups, headers = ["g" * 255, "\u00fc\u20ac"], [("k" * 255, "v" * 1000), ("\u00e4", "\u00f6")]
    actor.say(speech.HELLO, speech.hello(actor.endpoint, "n" * 255, groups, 2, headers))
    actor.hear_next(speech.HELLO)
    actor.ping()


def huge_hello(stage: Stage) -> None:
    """Two megabytes of headers."""
    actor = stage.stranger()
    headers = [(f"header {number}", "x" * 2000) for number in range(1000)]
    actor.say(speech.HELLO, speech.hello(actor.endpoint, headers=headers))
    raise Noted("refuses it" if actor.hear(QUIET) is None else "accepts it")


def unknown_headers(stage: Stage) -> None:
    """Headers that mean something to others, with values that mean nothing."""
    actor = stage.stranger()
    headers = [
        ("X-ZYRE-EXT", "no such thing"),
        ("X-PUBLICKEY", "no key"),
        ("X-\x01", "\x7f"),
        ("dup", "1"),
        ("dup", "2"),
    ]
    actor.say(speech.HELLO, speech.hello(actor.endpoint, headers=headers))
    actor.hear_next(speech.HELLO)
    actor.ping()


def empty_name(stage: Stage) -> None:
    """A HELLO without a name."""
    actor = stage.stranger()
    actor.say(speech.HELLO, speech.hello(actor.endpoint, ""))
    if actor.hear(QUIET) is None:
        raise Noted("refuses it")
    raise Noted("accepts it" if actor.is_kept() else "answers it, and drops the peer")


def endpoint_to_nowhere(stage: Stage) -> None:
    """Endpoints that cannot be connected to."""
    for endpoint in ("", "nonsense", "tcp://0.0.0.0:0", "ipc:///nowhere/at/all", "tcp://no-such-host.invalid:1"):
        stage.stranger().say(speech.HELLO, speech.hello(endpoint))


def its_own_endpoint(stage: Stage) -> None:
    """A HELLO that names the node's own endpoint: a connection to itself."""
    stage.stranger().say(speech.HELLO, speech.hello(_read(stage.greeting)[0]))


def its_own_uuid(stage: Stage) -> None:
    """A HELLO under the node's own identity."""
    actor = stage.stranger()
    actor.uuid = stage.uuid
    actor.connect()
    actor.say(speech.HELLO, actor.hello())


def odd_identities(stage: Stage) -> None:
    """Connections whose identity is no 01 and UUID."""
    for identity in (b"", b"x", b"\x01" + bytes(15), b"\x02" + bytes(16), b"\x01" * 200):
        actor: Actor = stage.stranger()
        actor.connect(identity)
        actor.say(speech.HELLO, actor.hello())
