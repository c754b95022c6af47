"""``zyre invite`` and ``zyre enroll``: one more machine becomes a member, by a code that people tell each other."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

import zyre
from zyre.cli.authority import default_name, membership_option, permission_options, permissions
from zyre.cli.exits import Unfit
from zyre.cli.options import SECONDS, json_option
from zyre.cli.output import Output, make_output, safe
from zyre.config import DISCOVERY_PORT
from zyre.core.locality import Interface
from zyre.endpoint import Endpoint
from zyre.engine.authority import Authority, check_member_name
from zyre.engine.enrolling import enroll as become_member
from zyre.engine.enrolling import find_invitation
from zyre.engine.interfaces import choose_interfaces
from zyre.engine.inviting import Invitation
from zyre.security.certificate import Certificate
from zyre.security.credential import NAME
from zyre.security.words import read_code

__all__ = ["enroll", "invite"]

_port_option = click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=DISCOVERY_PORT,
    show_default=True,
    help="UDP port by which both machines find each other: that of the beacons.",
)


@click.command()
@membership_option
@click.option("--name", metavar="NAME", help="What the member is called.  [default: what it says itself]")
@permission_options
@click.option(
    "--timeout", type=SECONDS, default=600.0, show_default=True, metavar="SECONDS", help="How long it is good."
)
@click.option("--interface", metavar="NAME|IP", help="Networks in which it is announced.  [default: all]")
@_port_option
@json_option
def invite(
    directory: str, name: str | None, groups: str | None, days: float, renew: bool, timeout: float,
    interface: str | None, port: int, as_json: bool,
) -> None:  # fmt: skip
    """Let one more machine become a member: here, where the authority is.

    Prints a code. On the other machine 'zyre enroll' asks for it; tell it there, by voice or by telephone. It is good
    once, and three wrong ones end it.
    """
    output = make_output(as_json)
    authority = Authority(directory)
    if name is not None:
        check_member_name(name)
    interfaces, _ = choose_interfaces(interface)
    invitation = Invitation(authority, name=name, days=days, renew=renew, metadata=permissions(groups))
    certificate = asyncio.run(_invite(invitation, interfaces, port, timeout, output))
    member = certificate.metadata[NAME]
    output.result(
        "enrolled",
        f"{safe(member)} is a member of {authority.cluster} now",
        name=member,
        cluster=authority.cluster,
        public_key=certificate.public_key,
    )


async def _invite(
    invitation: Invitation, interfaces: tuple[Interface, ...], port: int, timeout: float, output: Output
) -> Certificate:
    tcp = await invitation.listen(port)
    address = next((face.address for face in interfaces if not face.address.startswith(("127.", "fe80"))), "HOST")
    output.result(
        "invitation",
        f"code: {invitation.code}\non the other machine call 'zyre enroll', and say the code there; if it does not "
        f"find this machine: 'zyre enroll --host {address}:{tcp}'",
        code=invitation.code,
        host=f"{address}:{tcp}",
    )
    return await invitation.wait(interfaces, port, timeout)


@click.command()
@click.option("--name", metavar="NAME", help="What this machine is called among the members.  [default: the host's]")
@membership_option
@click.option("--host", metavar="HOST:PORT", help="Where 'zyre invite' waits.  [default: found in this network]")
@click.option("--renew", is_flag=True, help="This machine is a member already, and gets a new key.")
@click.option(
    "--timeout", type=SECONDS, default=60.0, show_default=True, metavar="SECONDS", help="How long to look for it."
)
@_port_option
@json_option
def enroll(
    name: str | None, directory: str, host: str | None, renew: bool, timeout: float, port: int, as_json: bool
) -> None:
    """Make this machine a member of a cluster, by the code that 'zyre invite' says on another.

    Asks for the code, or reads it from standard input, so that no list of processes shows it. The secret key is made
    here, and never leaves this machine.
    """
    folder = Path(directory).expanduser()
    if (folder / "node.cert").exists() and not renew:
        raise click.UsageError(f"{folder} is a membership already: --renew gets a new key, or choose --membership")
    if (folder / "authority_secret").exists():
        raise click.UsageError(f"{folder} is the authority itself: 'zyre keys renew' gives this machine a new key")
    place = None if host is None else _place_of(host)
    member = check_member_name(name or default_name())
    code = str(click.prompt("code", err=True)) if sys.stdin.isatty() else sys.stdin.readline()
    number, _ = read_code(code)
    try:
        asyncio.run(_enroll(code, number, member, folder, place, port, timeout))
    except zyre.NetworkError:
        raise
    except OSError as error:
        raise Unfit(f"{error.filename}: {error.strerror}") from None
    made = zyre.load_certificate(folder / "node.cert")
    sentence = (
        f"this machine is the member {made.metadata[NAME]!r} now\n"
        f"export ZYRE_MEMBERSHIP={folder} secures every node that is started with it"
    )
    output = make_output(as_json)
    output.result("membership", sentence, name=made.metadata[NAME], directory=str(folder), public_key=made.public_key)


async def _enroll(
    code: str, number: int, name: str, folder: Path, place: tuple[str, int] | None, port: int, timeout: float
) -> None:
    host, tcp = place or await find_invitation(number, port, timeout)
    await become_member(code, name, folder, host, tcp)


def _place_of(text: str) -> tuple[str, int]:
    try:
        endpoint = Endpoint.parse(f"tcp://{text}")
    except zyre.InvalidEndpoint:
        raise click.BadParameter(f"{text!r} is not of the form HOST:PORT", param_hint="--host") from None
    return endpoint.host, endpoint.port
