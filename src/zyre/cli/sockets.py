"""``zyre sockets``: plain ZeroMQ sockets from the shell, for scripts.

A line is a message. Without --json it is one frame of text, and the frames of a message that has several are printed
with tabs between them. With --json it is a JSON string, or an array of them for several frames; a frame that is not
UTF-8 is an object, {"base64": "..."}.
"""

from __future__ import annotations

import base64
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

import click

from zyre.cli.exits import EPILOG, exit_codes
from zyre.sockets import OPTIONS, TYPES, Kind, Message, OptionValue, Socket, proxy, version

__all__ = ["sockets"]

#: How long a tool that has sent everything stays to deliver it, in milliseconds: scripts hand over to peers that may
#: still be starting.
LINGER = 5000


class _Tools(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        with exit_codes():
            return super().invoke(ctx)


@click.group(cls=_Tools, epilog=EPILOG)
@click.version_option(str(version()), message="%(version)s")
def sockets() -> None:
    """Plain ZeroMQ sockets from the shell.

    \b
    zyre sockets pull --bind tcp://*:5557 --count 2 &
    seq 2 | zyre sockets push --connect tcp://localhost:5557
    """


# -- what the tools have in common --


@dataclass(frozen=True)
class Setup:
    """The socket that the command line describes, and how it is to be used."""

    bind: tuple[str, ...]
    connect: tuple[str, ...]
    options: dict[str, OptionValue]
    as_json: bool
    count: int | None
    timeout: float | None

    def open(self, kind: str, **more: Any) -> Socket:
        """Make the socket."""
        if not self.bind and not self.connect:
            raise click.UsageError("say where: --bind ENDPOINT or --connect ENDPOINT (or several of them)")
        return Socket(kind, bind=self.bind, connect=self.connect, **{"linger": LINGER, **self.options, **more})

    def messages(self, given: tuple[str, ...]) -> Iterator[Message]:
        """The messages to send: those ``given``, or else one for each line of standard input."""
        lines: Iterable[str] = given or (line.rstrip("\r\n") for line in sys.stdin)
        return islice((_from_json(line) if self.as_json else Message(line) for line in lines), self.count)

    def received(self, socket: Socket) -> Iterator[Message]:
        """Messages as they come, up to --count, each within --timeout."""
        remaining = count() if self.count is None else range(self.count)
        for _ in remaining:
            yield socket.recv(self.timeout)

    def show(self, message: Message) -> None:
        """Print one."""
        if self.as_json:
            frames = [_to_json(frame) for frame in message]
            click.echo(json.dumps(frames[0] if len(frames) == 1 else frames, ensure_ascii=False))
        else:
            click.echo(b"\t".join(message))


def _from_json(line: str) -> Message:
    try:
        parsed = json.loads(line)
        return Message([_frame(each) for each in (parsed if isinstance(parsed, list) else [parsed])])
    except ValueError as error:
        raise click.UsageError(f"not a message in JSON: {line!r} ({error})") from None


def _frame(value: object) -> bytes:
    match value:
        case str():
            return value.encode()
        case {"base64": str(text)}:
            return base64.b64decode(text, validate=True)
    raise ValueError('a frame is a string or {"base64": "..."}')


def _to_json(frame: bytes) -> object:
    try:
        return frame.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(frame).decode()}


def _options(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, OptionValue]:
    return dict(map(_option, given))


def _option(text: str) -> tuple[str, OptionValue]:
    name, equals, value = text.partition("=")
    option = OPTIONS.get(name.lower())
    if not equals or option is None:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE with the name of an option of libzmq")
    if option.kind is Kind.BOOL:
        return name, value.lower() in ("1", "true", "yes", "on")
    try:
        return name, int(value) if option.kind is Kind.INT else value
    except ValueError:
        raise click.BadParameter(f"{name} is {option.takes}, not {value!r}") from None


def _tool(function: Callable[..., None]) -> click.Command:
    """Make ``function`` a command of the group that gets its common options as one Setup."""

    @click.option("--bind", "-b", multiple=True, metavar="ENDPOINT", help="Be reachable there; tcp://*:5555.")
    @click.option("--connect", "-c", multiple=True, metavar="ENDPOINT", help="Reach for it; tcp://localhost:5555.")
    @click.option("--option", "-o", "options", multiple=True, callback=_options, metavar="NAME=VALUE", help="Set it.")
    @click.option("--json", "as_json", is_flag=True, help="Messages are JSON: a string, or an array of frames.")
    @click.option("--count", "-n", type=click.IntRange(1), help="End after so many messages.")
    @click.option("--timeout", "-t", type=float, metavar="SECONDS", help="Give up (exit code 1) after waiting so long.")
    def command(
        bind: tuple[str, ...],
        connect: tuple[str, ...],
        options: dict[str, OptionValue],
        as_json: bool,
        count: int | None,
        timeout: float | None,
        **own: Any,
    ) -> None:
        function(Setup(bind, connect, options, as_json, count, timeout), **own)

    command.__doc__ = function.__doc__
    parameters = getattr(function, "__click_params__", [])
    command.__click_params__ = [*command.__click_params__, *parameters]  # type: ignore[attr-defined]
    return sockets.command(function.__name__)(command)


_messages = click.argument("messages", nargs=-1)


# -- the tools --


@_tool
@_messages
@click.option("--subscribers", type=click.IntRange(0), default=1, help="Wait for so many before sending (default: 1).")
def pub(setup: Setup, messages: tuple[str, ...], subscribers: int) -> None:
    """Publish MESSAGES, or the lines of standard input."""
    # An xpub is a pub that is told of its subscribers; what is sent before there are any is dropped.
    with setup.open("xpub", xpub_verbose=True) as socket:
        for _ in range(subscribers):
            while not socket.recv(setup.timeout)[0].startswith(b"\1"):
                pass
        for message in setup.messages(messages):
            socket.send(message, setup.timeout)


@_tool
@click.argument("topics", nargs=-1)
def sub(setup: Setup, topics: tuple[str, ...]) -> None:
    """Print what is published and starts with one of TOPICS (default: everything)."""
    with setup.open("sub", subscribe=topics or ("",), linger=0) as socket:
        for message in setup.received(socket):
            setup.show(message)


@_tool
@_messages
def req(setup: Setup, messages: tuple[str, ...]) -> None:
    """Ask MESSAGES, or the lines of standard input, and print the replies."""
    with setup.open("req", linger=0) as socket:
        for message in setup.messages(messages):
            socket.send(message, setup.timeout)
            setup.show(socket.recv(setup.timeout))


@_tool
@click.option("--reply", metavar="TEXT", help="Reply this to everything (default: reply the request).")
@click.option("--exec", "program", metavar="COMMAND", help="Reply what COMMAND prints when it reads the request.")
def rep(setup: Setup, reply: str | None, program: str | None) -> None:
    """Print requests, and reply to them."""
    with setup.open("rep") as socket:
        for message in setup.received(socket):
            setup.show(message)
            if program is not None:
                done = subprocess.run(
                    shlex.split(program), input=b"\t".join(message), stdout=subprocess.PIPE, check=False
                )
                socket.send(done.stdout)
            else:
                socket.send(message if reply is None else reply)


@_tool
@_messages
def push(setup: Setup, messages: tuple[str, ...]) -> None:
    """Hand out MESSAGES, or the lines of standard input, in turn to whoever pulls."""
    with setup.open("push") as socket:
        for message in setup.messages(messages):
            socket.send(message, setup.timeout)


@_tool
def pull(setup: Setup) -> None:
    """Print what is pushed."""
    with setup.open("pull", linger=0) as socket:
        for message in setup.received(socket):
            setup.show(message)


@sockets.command("proxy")
@click.option("--front", type=click.Choice(list(TYPES)), default="router", help="The type in front (default: router).")
@click.option("--front-bind", multiple=True, metavar="ENDPOINT", help="Where the front is reachable.")
@click.option("--front-connect", multiple=True, metavar="ENDPOINT", help="What the front reaches for.")
@click.option("--back", type=click.Choice(list(TYPES)), default="dealer", help="The type behind (default: dealer).")
@click.option("--back-bind", multiple=True, metavar="ENDPOINT", help="Where the back is reachable.")
@click.option("--back-connect", multiple=True, metavar="ENDPOINT", help="What the back reaches for.")
@click.option("--show", is_flag=True, help="Print what passes.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def run_proxy(
    front: str,
    front_bind: tuple[str, ...],
    front_connect: tuple[str, ...],
    back: str,
    back_bind: tuple[str, ...],
    back_connect: tuple[str, ...],
    show: bool,
    as_json: bool,
) -> None:
    """Pass messages between two sockets until interrupted: a broker, a forwarder, a streamer."""
    ahead = Setup(front_bind, front_connect, {}, as_json, None, None)
    behind = Setup(back_bind, back_connect, {}, as_json, None, None)
    with ahead.open(front) as a, behind.open(back) as b:
        proxy(a, b, capture=(lambda source, message: ahead.show(message)) if show or as_json else None)
