"""``zyre keys authority``, ``sign`` and ``revoke``: the machine that decides who belongs to a cluster."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

import zyre
from zyre.cli.exits import Unfit
from zyre.cli.options import json_option
from zyre.cli.output import make_output
from zyre.engine.authority import DAYS, Authority, join_cluster, load_member, new_request
from zyre.security.credential import NAME, SIGNING_KEY

__all__ = [
    "authority",
    "membership_option",
    "default_name",
    "permission_options",
    "permissions",
    "renew",
    "revoke",
    "sign",
]

Function = TypeVar("Function", bound=Callable[..., Any])

_HOME = "~/.zyre"


def membership_option(function: Function) -> Function:
    """Add ``--membership``: the directory of this machine's cluster."""
    return click.option(
        "--membership",
        "directory",
        type=click.Path(file_okay=False),
        metavar="DIRECTORY",
        default=lambda: os.environ.get("ZYRE_MEMBERSHIP") or os.path.expanduser(_HOME),
        help="Directory of the membership of this machine.  [default: ZYRE_MEMBERSHIP, else ~/.zyre]",
    )(function)


def permission_options(function: Function) -> Function:
    """Add what a certificate may permit, and for how long."""
    function = click.option(
        "--groups", metavar="NAMES", help="Groups that it may be in, with commas and patterns: 'lab-*, public'."
    )(function)
    function = click.option(
        "--days", type=click.FloatRange(0, 36500, min_open=True), default=DAYS, show_default=True, metavar="N",
        help="How long the certificate is good.",
    )(function)  # fmt: skip
    return click.option("--renew", is_flag=True, help="A member of that name gets a new key.")(function)


def permissions(groups: str | None) -> dict[str, str]:
    """What ``--groups`` comes to, as metadata."""
    return {} if groups is None else {"groups": groups}


def default_name() -> str:
    """This host's name, as far as it can name a member."""
    letters = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in socket.gethostname())
    return letters.strip("._-")[:63] or "node"


@click.command()
@membership_option
@click.option("--name", metavar="NAME", help="Name of the cluster.  [default: that of the directory]")
@click.option("--node", metavar="NAME", help="Name of this machine among the members.  [default: the host's]")
@json_option
def authority(directory: str, name: str | None, node: str | None, as_json: bool) -> None:
    """Found a cluster: this machine becomes its authority, and its first member.

    From then on 'zyre invite' here and 'zyre enroll' on another machine make that one a member, too.
    """
    cluster = name or Path(directory).expanduser().resolve().name.lstrip(".") or "cluster"
    try:
        founded = Authority.found(directory, cluster)
        request = new_request(node or default_name())
        certificate = founded.issue(request)
        mine = zyre.Certificate(request.public_key, request.secret_key, certificate.metadata)
        join_cluster(directory, cluster, founded.public, mine)
    except OSError as error:
        raise Unfit(f"{error.filename}: {error.strerror}") from None
    sentence = (
        f"this machine is the authority of the cluster {cluster!r}, and its member {certificate.metadata[NAME]!r}\n"
        f"export ZYRE_MEMBERSHIP={directory} secures every node that is started with it; 'zyre invite' lets others in"
    )
    make_output(as_json).result(
        "authority", sentence, cluster=cluster, directory=directory, member=certificate.metadata[NAME]
    )


@click.command()
@click.argument("path", type=click.Path(dir_okay=False, exists=True))
@membership_option
@permission_options
@json_option
def sign(path: str, directory: str, groups: str | None, days: float, renew: bool, as_json: bool) -> None:
    """Sign a certificate that another machine made with 'zyre keys init': PATH is replaced by the signed one.

    For machines that only a memory stick reaches. There DIRECTORY has to hold the signed one as node.cert, the secret
    one as node.cert_secret, and a copy of the file 'authority' from here. 'zyre invite' does all that by network.
    """
    try:
        certificate = zyre.load_certificate(path).public
        if SIGNING_KEY not in certificate.metadata:
            raise zyre.InvalidConfig(f"{path} has no {SIGNING_KEY}: make it with 'zyre keys init' and zyre[security]")
        signed = Authority(directory).issue(certificate, days=days, renew=renew, **permissions(groups))
        zyre.save_certificate(signed, path)
    except OSError as error:
        raise Unfit(f"{error.filename}: {error.strerror}") from None
    member = signed.metadata[NAME]
    make_output(as_json).result(
        "signed", f"{path} is signed: {member!r} belongs to the cluster", path=path, name=member
    )


@click.command()
@membership_option
@json_option
def renew(directory: str, as_json: bool) -> None:
    """Give the authority's own machine a new key. Others get theirs by 'zyre invite --renew' and 'zyre enroll --renew'.

    Running nodes take it up within two seconds, and their peers follow. The former keys are good until 'zyre keys
    revoke NAME --former'.
    """
    try:
        former = load_member(directory).certificate.metadata
        founded = Authority(directory)
        request = new_request(former[NAME])
        certificate = founded.issue(request, days=DAYS, renew=True, **permissions(former.get("groups")))
        mine = zyre.Certificate(request.public_key, request.secret_key, certificate.metadata)
        join_cluster(directory, founded.cluster, founded.public, mine)
    except OSError as error:
        raise Unfit(f"{error.filename}: {error.strerror}") from None
    sentence = f"{former[NAME]} has a new key: {mine.public_key}"
    make_output(as_json).result("renewed", sentence, name=former[NAME], public_key=mine.public_key)


@click.command()
@click.argument("who", nargs=-1, required=True, metavar="NAME|KEY...")
@click.option("--former", is_flag=True, help="All keys of a member but its newest: after it got a new one.")
@membership_option
@json_option
def revoke(who: tuple[str, ...], former: bool, directory: str, as_json: bool) -> None:
    """Take members out of the cluster, on the authority's machine.

    Nodes that run here with this directory learn of it within two seconds, and tell all others, who let the member go
    and never in again. Without a running node here, copy the file 'revoked' into the directory of any that runs.
    """
    try:
        keys = Authority(directory).revoke(*who, former_only=former)
    except OSError as error:
        raise Unfit(f"{error.filename}: {error.strerror}") from None
    words = "the key" if len(keys) == 1 else f"{len(keys)} keys"
    make_output(as_json).result("revoked", f"{words} of {', '.join(who)} good for nothing any more", keys=list(keys))
