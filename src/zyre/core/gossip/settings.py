"""The configuration file of a gossip service, as CZMQ's zgossip reads it, as steps in the order of the file.

    server
        timeout = 10000             milliseconds without a word from a client until it is forgotten; 0 for never
        verbose = 1
    zgossip
        echo = a line to log
        security
            mechanism = curve       or null
            domain = global         whom ZAP is asked for
            secret-key = hub.cert   a certificate file
        bind
            endpoint = tcp://*:5670
        connect                     not in CZMQ's, which passes over it
            endpoint = tcp://other:5670
            public-key = ...        of a hub that is secured
        publish                     nor this
            key = value

Security counts for the binds and connects below it, so it stands before them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from zyre.errors import InvalidConfig
from zyre.wire.zpl import Setting

__all__ = ["Bind", "Connect", "Echo", "Publish", "Secure", "Step", "client_timeout", "read_steps", "wants_verbose"]


@dataclass(frozen=True, slots=True)
class Echo:
    """Log a line."""

    text: str


@dataclass(frozen=True, slots=True)
class Secure:
    """Secure what follows: with the certificate of a file, or, without one, not at all."""

    certificate: str | None
    domain: str | None


@dataclass(frozen=True, slots=True)
class Bind:
    """Be a hub there."""

    endpoint: str


@dataclass(frozen=True, slots=True)
class Connect:
    """Be a client of the hub there."""

    endpoint: str
    public_key: str | None


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish a lasting tuple."""

    key: str
    value: str


Step: TypeAlias = Echo | Secure | Bind | Connect | Publish


def client_timeout(root: Setting) -> float | None:
    """After how many seconds of silence clients are forgotten; None if nothing is said. Raises InvalidConfig."""
    text = root.get("server/timeout")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise InvalidConfig(f"server/timeout is {text!r}; it is a number of milliseconds, or 0 for never")
    return int(text) / 1000 if int(text) else float("inf")


def wants_verbose(root: Setting) -> bool:
    """Whether everything is to be logged."""
    return root.get("server/verbose", "0") not in ("0", "")


def read_steps(root: Setting) -> Iterator[Step]:
    """What the section ``zgossip`` says, in order; what is not known is passed over. Raises InvalidConfig."""
    for item in root.locate("zgossip") or ():
        if item.name == "echo":
            yield Echo(item.value)
        elif item.name == "security":
            yield _security(item)
        elif item.name == "bind":
            yield from (Bind(one.value) for one in item.named("endpoint"))
        elif item.name == "connect":
            yield from (Connect(one.value, item.get("public-key") or None) for one in item.named("endpoint"))
        elif item.name == "publish":
            yield from (Publish(one.name, one.value) for one in item)


def _security(item: Setting) -> Secure:
    mechanism = item.get("mechanism", "null")
    domain = item.get("domain") or None
    if mechanism == "null":
        return Secure(None, domain)
    if mechanism != "curve":
        raise InvalidConfig(f"zgossip/security/mechanism is {mechanism!r}; there are: curve, null")
    certificate = item.get("secret-key")
    if not certificate:
        raise InvalidConfig("zgossip/security with mechanism curve needs secret-key, the file of a certificate")
    return Secure(certificate, domain)
