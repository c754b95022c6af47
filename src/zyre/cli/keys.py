"""``zyre keys``: certificates and secrets for secured nodes."""

from __future__ import annotations

import base64
import os
import secrets
import stat
from datetime import UTC, datetime
from pathlib import Path

import click

import zyre
from zyre.cli.authority import authority, renew, revoke, sign
from zyre.cli.exits import Unfit
from zyre.cli.options import json_option
from zyre.cli.output import make_output, safe
from zyre.engine.signing import signing_key_of
from zyre.security.certificate import SECRET_SUFFIX, Certificate
from zyre.security.credential import SIGNING_KEY
from zyre.security.keys import encode_key

__all__ = ["keys"]

#: 160 bits: nobody guesses that, and it can be read out over a telephone.
_SECRET_OCTETS = 20
_GROUP = 4


@click.group()
def keys() -> None:
    """Certificates and secrets for secured nodes.

    A secret is for a cluster that belongs to one person: put it into ZYRE_SECRET, or its file into ZYRE_SECRET_FILE,
    on each machine. Certificates are for clusters in which each node is known by its own key; an authority signs them,
    so that nobody has to carry them around: 'zyre keys authority', 'zyre invite' and 'zyre enroll'.
    """


for _command in (authority, sign, renew, revoke):
    keys.add_command(_command)


@keys.command()
@click.argument("path", type=click.Path(dir_okay=False))
@click.option("--name", metavar="NAME", help="Whose certificate it is.  [default: the name of the file]")
@click.option("--meta", "metadata", multiple=True, metavar="NAME=VALUE", help="What else it says; may be repeated.")
@json_option
def init(path: str, name: str | None, metadata: tuple[str, ...], as_json: bool) -> None:
    """Make a key pair: PATH is the certificate to give away, PATH_secret the one to keep."""
    for taken in (path, path + SECRET_SUFFIX):
        if os.path.exists(taken):
            raise click.UsageError(f"{taken} exists, and would be lost; choose another name, or remove it first")
    about = {"name": name or Path(path).stem, "created": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")}
    for item in metadata:
        key, equals, value = item.partition("=")
        if not (key and equals):
            raise click.BadParameter(f"{item!r} is not of the form NAME=VALUE", param_hint="--meta")
        about[key] = value
    certificate = _ready_to_be_signed(zyre.new_certificate(**about))
    try:
        zyre.save_certificate(certificate, path)
    except OSError as error:
        raise Unfit(f"{error.filename}: {error.strerror}") from None
    sentence = f"{certificate.public_key}\n{path} is to be given away, {path}{SECRET_SUFFIX} to be kept here"
    make_output(as_json).result("certificate", sentence, path=path, public_key=certificate.public_key)


@keys.command()
@click.argument("paths", type=click.Path(), nargs=-1, required=True)
@json_option
def show(paths: tuple[str, ...], as_json: bool) -> None:
    """Show certificates: public key, metadata, and whether the secret key is there. Secret keys are never shown."""
    output = make_output(as_json)
    for path in paths:
        try:
            certificate = zyre.load_certificate(path)
        except OSError as error:
            raise Unfit(f"{error.filename}: {error.strerror}") from None
        open_to_others = certificate.secret_key is not None and _is_open(path)
        about = "  ".join(f"{safe(name)}={safe(value)}" for name, value in certificate.metadata.items())
        secret = "with its secret key" if certificate.secret_key is not None else "public only"
        if open_to_others:
            secret += ", which others on this machine can read: chmod 600"
        output.result(
            "certificate",
            f"{certificate.public_key}  {safe(path)}  {secret}  {about}".rstrip(),
            path=path,
            public_key=certificate.public_key,
            secret=certificate.secret_key is not None,
            open_to_others=open_to_others,
            metadata=dict(certificate.metadata),
        )


@keys.command()
@click.argument("path", type=click.Path(dir_okay=False), required=False)
def secret(path: str | None) -> None:
    """Make a secret for a cluster: into the file PATH, which only you can read, or on the screen."""
    text = base64.b32encode(secrets.token_bytes(_SECRET_OCTETS)).decode().lower()
    made = "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))
    if path is None:
        click.echo(made)
        return
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(made + "\n")
    except FileExistsError:
        raise click.UsageError(f"{path} exists, and would be lost; choose another name, or remove it first") from None
    except OSError as error:
        raise Unfit(f"{path}: {error.strerror}") from None
    click.echo(f"ZYRE_SECRET_FILE={path} secures every node that is started with it", err=True)


def _ready_to_be_signed(certificate: Certificate) -> Certificate:
    """With the key that an authority wants to see, where the library for it is installed."""
    try:
        signing_key = encode_key(signing_key_of(certificate.pair).public)
    except zyre.InvalidConfig:
        return certificate
    about = {**certificate.metadata, SIGNING_KEY: signing_key}
    return Certificate(certificate.public_key, certificate.secret_key, about)


def _is_open(path: str) -> bool:
    """Whether others on this machine can read the secret key."""
    name = path if path.endswith(SECRET_SUFFIX) else path + SECRET_SUFFIX
    return bool(os.stat(name).st_mode & (stat.S_IRWXG | stat.S_IRWXO)) and os.name == "posix"
