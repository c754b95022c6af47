"""What is peculiar about each implementation, as data: the scenarios themselves are the same for all.

A peculiarity that is a flaw is here so that our node is tested against the flaw; none of them is ours to mend.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Frames = tuple[bytes, ...]


def one_frame_at_least(content: Frames) -> Frames:
    """Toward a foreign peer our node makes one empty frame of none: libzyre and pyre would come to harm."""
    return content or (b"",)


def first_frame(content: Frames) -> Frames:
    """zyre.js looks at one content frame, whatever else comes."""
    return one_frame_at_least(content)[:1]


def cut(text: str) -> str:
    """pyre announces as many octets as the text has characters, and sends no more than those."""
    return text.encode()[: len(text)].decode(errors="replace")


@dataclass(frozen=True)
class Kind:
    """One implementation, in what it differs from the others."""

    name: str
    """What the harness calls it."""

    default_name: Callable[[str], str]
    """The public name that a node gives itself, from its UUID."""

    hears: Callable[[Frames], Frames] = one_frame_at_least
    """What its application gets of the content that we send."""

    most_frames: int = 100
    """How many content frames it can send."""

    pronounce: Callable[[str], str] = str
    """How text of its own (names, groups, header values) arrives at others."""

    gone: Sequence[str] = ("EXIT",)
    """The events with which it reports a peer that expired."""

    changes_sent: int = 300
    """How many changes of its groups it survives itself."""

    wrong_status: int = 0
    """How many of those come with a group status that is not 36/ZRE's."""

    changes_taken: int = 300
    """How many changes of ours it survives."""

    old_port_after_crash: bool = True
    """Whether our node may be restarted at the TCP port at which the kind knew its dead predecessor."""

    reentries: int = 0
    """How often it may drop us, and let us in again, while we send it more than 65,535 messages."""


LIBZYRE = Kind("libzyre", default_name=lambda uuid: uuid[:6])

PYRE = Kind(
    "pyre",
    default_name=lambda uuid: uuid[:6].lower(),
    pronounce=cut,
    # It does not reduce its status modulo 256, and its node's thread dies of the 256th.
    changes_sent=255,
    # It expects 65534 to be followed by 0. Our node finds out, but it may take that loss to do so.
    reentries=1,
)

ZYREJS = Kind(
    "zyrejs",
    default_name=lambda uuid: uuid[:12].lower(),
    hears=first_frame,
    most_frames=1,
    gone=("EXPIRED", "EXIT"),
    # It counts its status modulo 255.
    wrong_status=1,
    # Until it expires the dead one it keeps that DEALER too, which reconnects: two with one identity then fight
    # for the ROUTER of the new one, and messages are lost.
    old_port_after_crash=False,
    # As pyre; and should a beacon of ours come while old messages are still arriving, it meets us, and drops us, once
    # more in vain: it does not wait for a HELLO.
    reentries=2,
)

ZYRE = Kind(
    "zyre",
    default_name=lambda uuid: uuid[:6],
    hears=tuple,  # negotiated: no frames arrive as no frames
)
