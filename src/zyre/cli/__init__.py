"""The command ``zyre``: one file per verb, loaded when it is called for.

``zyre --help`` and ``zyre --version`` load no verb and no rich; ``import zyre`` loads nothing of this package. What a
verb returns to the shell stands in one place, zyre.cli.exits.
"""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import click

import zyre
from zyre.cli.exits import EPILOG, ExitCode, exit_codes

__all__ = ["cli", "main"]


class Verb(NamedTuple):
    """Where a verb lives, and what ``zyre --help`` says about it without loading it."""

    module: str
    attribute: str
    summary: str


VERBS = {
    "demo": Verb("zyre.cli.demo", "demo", "Watch four nodes meet, talk and elect, and one of them die."),
    "peers": Verb("zyre.cli.peers", "peers", "Show who is on the network."),
    "listen": Verb("zyre.cli.listen", "listen", "Print what happens: presence, and messages to GROUPs."),
    "shout": Verb("zyre.cli.shout", "shout", "Send a message to everybody in a group."),
    "whisper": Verb("zyre.cli.whisper", "whisper", "Send a message to one node."),
    "ping": Verb("zyre.cli.ping", "ping", "Greet everyone and log the answers (the classic zpinger)."),
    "dir": Verb("zyre.cli.dir", "keep_directory", "Keep a directory of JSON files, one per node online."),
    "doctor": Verb("zyre.cli.doctor", "doctor", "Say why nodes do not see each other, and what mends it."),
    "gossip": Verb("zyre.cli.gossip", "gossip", "Run a gossip hub, or publish and watch tuples."),
    "ports": Verb("zyre.cli.ports", "ports", "Show which ports a firewall must let in."),
    "keys": Verb("zyre.cli.keys", "keys", "Make and show certificates and secrets for secured nodes."),
    "invite": Verb("zyre.cli.enrolment", "invite", "Let one more machine into a secured cluster, by a spoken code."),
    "enroll": Verb("zyre.cli.enrolment", "enroll", "Make this machine a member, by the code of an invitation."),
    "replay": Verb("zyre.cli.replay", "replay", "Run a node's journal again, and show the same events."),
    "conform": Verb("zyre.cli.conform", "conform", "Try a running node against the protocol, rule by rule."),
    "sim": Verb("zyre.cli.sim", "sim", "Run a scenario file in virtual time: what would happen if?"),
    "sockets": Verb("zyre.cli.sockets", "sockets", "Plain ZeroMQ sockets from the shell."),
}


class Verbs(click.Group):
    """A group that knows its verbs by name and loads the one that is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb, in the order in which a newcomer wants them."""
        return [name for name, verb in VERBS.items() if find_spec(verb.module) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one verb."""
        if cmd_name not in self.list_commands(ctx):
            return None
        verb = VERBS[cmd_name]
        command = getattr(import_module(verb.module), verb.attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs from the table: help must not load them all."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, VERBS[name].summary) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb, and say in an exit code and one sentence how it ended."""
        with exit_codes():
            return super().invoke(ctx)


@click.group(
    cls=Verbs, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(zyre.__version__, prog_name="zyre", message="%(prog)s %(version)s")
def cli() -> None:
    """Programs that share a network find each other and talk: no broker, no configuration.

    Try `zyre demo` first: it needs no network. Every command takes --json, for scripts.
    """


def main() -> None:
    """Entry point of the command. Being told to end (SIGTERM) cleans up as Ctrl-C does."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(ExitCode.TERMINATED))
    try:
        cli(prog_name="zyre")
    except KeyboardInterrupt:  # before or after the verb itself
        sys.exit(ExitCode.INTERRUPTED)
