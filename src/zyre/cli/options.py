"""Options that several verbs share, and the node that they describe."""

from __future__ import annotations

import functools
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

import zyre
from zyre.config import DISCOVERY_PORT

__all__ = ["NodeSettings", "ending_options", "json_option", "node_options", "timeout_option"]

Function = TypeVar("Function", bound=Callable[..., Any])

#: Longer than anybody waits, and short enough for every platform's locks.
_MOST_SECONDS = 86400.0 * 365
SECONDS = click.FloatRange(0, _MOST_SECONDS, min_open=True)


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """Which node a command wants to be."""

    name: str | None
    port: int
    cluster: str | None
    scope: str | None
    interface: str | None
    headers: dict[str, str]
    endpoints: tuple[str, ...]
    join: tuple[str, ...]
    certificate: str | None
    access: str | None
    membership: str | None

    def node(self, verb: str, groups: Iterable[str] = (), config: zyre.NodeConfig | None = None) -> zyre.Node:
        """A node that is not started. Without a name it is called after the verb and this host: peers see both."""
        node = zyre.Node(
            self.name or f"{verb}@{socket.gethostname()}",
            port=self.port,
            cluster=self.cluster,
            scope=self.scope,
            interface=self.interface,
            headers=self.headers,
            groups=groups,
            join=self.join or None,
            config=config,
            certificate=self.certificate,
            access=self.access,
            membership=self.membership,
        )
        for endpoint in self.endpoints:
            node.connect(endpoint)
        return node


def _split_headers(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    headers = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{value!r} is not of the form NAME=VALUE, such as role=printer")
        headers[name] = text
    return headers


_NODE_OPTIONS = (
    click.option("--name", metavar="NAME", help="Public name of this node.  [default: VERB@HOST]"),
    click.option(
        "--interface",
        metavar="NAME|IP",
        help="Network interfaces to use: names, addresses, networks, 'en*, !en5'.  [default: ZYRE_INTERFACE, else all]",
    ),
    click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=DISCOVERY_PORT,
        show_default=True,
        help="UDP port of the beacons, the same for all nodes of a network; 0 for none.",
    ),
    click.option(
        "--cluster",
        metavar="NAME",
        help="Meet only nodes of this cluster, and be met only by them.  [default: ZYRE_CLUSTER, else all without one]",
    ),
    click.option(
        "--scope",
        type=click.Choice(["any", "link", "host"]),
        help="How far away peers may be.  [default: ZYRE_SCOPE, else any]",
    ),
    click.option(
        "--header",
        "headers",
        multiple=True,
        metavar="NAME=VALUE",
        callback=_split_headers,
        help="What this node says about itself; may be given several times.",
    ),
    click.option(
        "--connect",
        "endpoints",
        multiple=True,
        metavar="ENDPOINT",
        help="A node beyond the reach of beacons, such as tcp://10.0.0.7:49155; may be given several times.",
    ),
    click.option(
        "--join",
        multiple=True,
        metavar="HOST",
        help="Where others are: 10.0.0.7, 10.0.0.7:5680, dns://NAME, dns+srv://NAME.  [default: ZYRE_JOIN]",
    ),
    click.option(
        "--certificate",
        type=click.Path(dir_okay=False, exists=True),
        metavar="PATH",
        help="Certificate by which this node proves who it is. (For a secret: ZYRE_SECRET, ZYRE_SECRET_FILE.)",
    ),
    click.option(
        "--access",
        metavar="DIRECTORY|*",
        help="Public certificates of those whom a node with a certificate lets in; '*' for everybody who encrypts.",
    ),
    click.option(
        "--membership",
        type=click.Path(file_okay=False, exists=True),
        metavar="DIRECTORY",
        help="What makes this node a member among others: see 'zyre enroll'.  [default: ZYRE_MEMBERSHIP]",
    ),
)


def node_options(function: Function) -> Function:
    """Add the options that describe a node; the function gets them as ``settings``."""

    @functools.wraps(function)
    def with_settings(**options: Any) -> Any:
        names = NodeSettings.__slots__
        settings = NodeSettings(**{name: options.pop(name) for name in names})
        return function(settings=settings, **options)

    wrapped: Any = with_settings
    for option in reversed(_NODE_OPTIONS):
        wrapped = option(wrapped)
    return json_option(wrapped)  # type: ignore[no-any-return]


def json_option(function: Function) -> Function:
    """Add ``--json``; the function gets ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")(function)


def ending_options(function: Function) -> Function:
    """Add ``--count`` and ``--for``, for commands that otherwise run until Ctrl-C."""
    function = click.option(
        "--for", "seconds", type=SECONDS, metavar="SECONDS", help="End after this time.", default=None
    )(function)
    return click.option(
        "--count",
        type=click.IntRange(1),
        metavar="N",
        default=None,
        help="End after N messages; with --for, exit code 1 if they did not come in time.",
    )(function)


def timeout_option(function: Function) -> Function:
    """Add ``--timeout``: how long to look for somebody."""
    return click.option(
        "--timeout",
        type=SECONDS,
        default=5.0,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for somebody to be there.",
    )(function)
