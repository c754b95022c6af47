"""Captures golden bytes from real nodes into ``tests/vectors/zre.json``.

    python -m tests.peers.zre_capture [FILE]

A peer played by hand (`raw.RawPeer`) makes libzyre say each thing that ZRE knows, and pyre and zyre.js a
little, in a private network. Each vector keeps the bytes, what they mean and who said them. The meaning is
not decoded from the bytes: it is what the node was told to say, and the encoder in `raw` must make the same
bytes of it, or the capture fails.

Run it again when a new version of a reference peer comes; the random parts (UUIDs, keys) will differ.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import zmq

from ..support.network import enter_private_network
from . import raw
from .harness import ReferencePeer, missing, unused_port
from .raw import RawPeer

TARGET = Path(__file__).resolve().parents[1] / "vectors" / "zre.json"
SOURCES = {
    "libzyre": "libzyre 2.0.1, captured",
    "pyre": "zeromq-pyre 0.3.4, captured",
    "zyrejs": "zyre.js 1.3.0, captured",
}
LAST_SEQUENCE = 0xFFFF

Vector = dict[str, Any]
Fields = Sequence[tuple[str, Any]]

# How each field of a message is put on the wire, in the order of the message's definition.
ENCODERS: dict[str, Callable[[Any], bytes]] = {
    "endpoint": raw.string,
    "groups": raw.strings,
    "group": raw.string,
    "status": lambda status: bytes([status]),
    "name": raw.string,
    "headers": raw.dictionary,
    "challenger": raw.string,
    "leader": raw.string,
}
COMMANDS = {
    "HELLO": (raw.HELLO, ("endpoint", "groups", "status", "name", "headers")),
    "WHISPER": (raw.WHISPER, ()),
    "SHOUT": (raw.SHOUT, ("group",)),
    "JOIN": (raw.JOIN, ("group", "status")),
    "LEAVE": (raw.LEAVE, ("group", "status")),
    "PING": (raw.PING, ()),
    "PING-OK": (raw.PING_OK, ()),
    "ELECT": (raw.ELECT, ("group", "challenger")),
    "LEADER": (raw.LEADER, ("group", "leader")),
    "GOODBYE": (raw.GOODBYE, ()),
}


def message(
    kind: str, about: str, frames: list[bytes], command: str, *, content: Sequence[bytes] = (), **fields: Any
) -> Vector:
    """Describe a captured message, once the bytes were found to be those that the fields make."""
    number, names = COMMANDS[command]
    sequence = int.from_bytes(frames[1][4:6], "big")
    if "headers" in fields:
        fields["headers"] = _in_wire_order(fields["headers"], frames[1])
    encoded = raw.header(number, sequence) + b"".join(ENCODERS[name](fields[name]) for name in names)
    assert [encoded, *content] == frames[1:], f"{about}: expected {encoded!r} {content!r}, got {frames[1:]!r}"
    return {
        "about": about,
        "source": SOURCES[kind],
        "identity": frames[0].hex(),
        "frames": [frame.hex() for frame in frames[1:]],
        "meaning": {
            "command": command,
            "sequence": sequence,
            **{name: fields[name] for name in names},
            **({"content": [frame.hex() for frame in content]} if content else {}),
        },
    }


def _in_wire_order(headers: dict[str, str], data: bytes) -> list[tuple[str, str]]:
    """Return the headers in the order in which they stand on the wire: libzyre's is that of a hash table."""
    return next(list(order) for order in permutations(headers.items()) if raw.dictionary(order) in data)


def beacon(about: str, data: bytes, node: str, port: int, key: bytes | None = None) -> Vector:
    """Describe a captured beacon, likewise."""
    version = 3 if key else 1
    encoded = b"ZRE" + bytes([version]) + bytes.fromhex(node) + port.to_bytes(2, "big") + (key or b"")
    assert data == encoded, f"{about}: expected {encoded!r}, got {data!r}"
    return {
        "about": about,
        "source": SOURCES["libzyre"],
        "datagram": data.hex(),
        "meaning": {"version": version, "uuid": node, "port": port, "public_key": key.hex() if key else None},
    }


def capture_beacons() -> Iterator[Vector]:
    port = unused_port()
    with RawPeer(port) as peer, ReferencePeer("libzyre", port=port, peer_port=50001) as node:
        hail = peer.wait_beacon(lambda data: True)
        yield beacon("a beacon of version 1", hail.data, node.uuid, 50001)
        node.stop()
        farewell = peer.wait_beacon(lambda data: data[20:] == b"\0\0")
        yield beacon("a beacon that says farewell: port 0", farewell.data, node.uuid, 0)


def capture_curve() -> Iterator[Vector]:
    """Beacon version 3, and the HELLO of a node that encrypts, which greets only those that encrypt too."""
    port = unused_port()
    ours, (public, secret) = zmq.curve_keypair(), zmq.curve_keypair()
    keys = public.decode(), secret.decode()
    with (
        RawPeer(port, keys=ours) as peer,
        ReferencePeer("libzyre", name="safe", port=port, peer_port=50002, certificate=keys) as node,
    ):
        hail = peer.wait_beacon(lambda data: True)
        yield beacon("a beacon of version 3, with a CURVE key", hail.data, node.uuid, 50002, _unarmour(public))
        peer.connect(hail.endpoint, public)
        peer.say(raw.HELLO, raw.hello(peer.endpoint, "raw", headers=[("X-PUBLICKEY", ours[0].decode())]))
        yield message(
            "libzyre",
            "HELLO of a node with a CURVE certificate, whose key is a header",
            peer.wait_message(raw.HELLO),
            "HELLO",
            endpoint=hail.endpoint,
            groups=[],
            status=0,
            name="safe",
            headers={"X-PUBLICKEY": keys[0]},
        )


def _unarmour(key: bytes) -> bytes:
    """Turn a Z85 text into the bytes that it stands for, by its definition (32/Z85), not by a library."""
    digits = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    words = (key[at : at + 5] for at in range(0, len(key), 5))
    numbers = (sum(digits.index(digit) * 85**power for power, digit in enumerate(word[::-1])) for word in words)
    return b"".join(number.to_bytes(4, "big") for number in numbers)


def capture_talk() -> Iterator[Vector]:
    """HELLO, and what members of a cluster say to each other."""
    port = unused_port()
    groups = ["G", "Ω", "long"]
    headers = {"A": "1", "X-TEXT": "Grüße", "X-EMPTY": "", "X-LONG": "0123456789" * 30}
    with (
        RawPeer(port) as peer,
        ReferencePeer("libzyre", name="nœud", port=port, headers=headers, groups=groups) as node,
    ):
        endpoint = _meet(peer, node)

        def said(about: str, command: str, **fields: Any) -> Vector:
            return message("libzyre", about, peer.receive(), command, **fields)

        yield said(
            "HELLO with three groups and four headers, names in UTF-8, a value of more than 255 bytes",
            "HELLO",
            endpoint=endpoint,
            groups=groups,
            status=3,
            name="nœud",
            headers=headers,
        )
        for about, content in (
            ("WHISPER of one frame", [b"hello"]),
            ("WHISPER of five frames", [b"1", b"22", b"\x00\xff", b"", b"five"]),
            ("WHISPER of one empty frame", [b""]),
        ):
            node.whisper(peer.uuid, *content)
            yield said(about, "WHISPER", content=content)
        for about, group, content in (
            ("SHOUT of one frame", "G", [b"hello"]),
            ("SHOUT of two frames to a group named in UTF-8", "Ω", [b"", b"second"]),
        ):
            node.shout(group, *content)
            yield said(about, "SHOUT", group=group, content=content)
        node.join("new")
        yield said("JOIN: the status counts one further", "JOIN", group="new", status=4)
        node.leave("new")
        yield said("LEAVE: the status counts one further", "LEAVE", group="new", status=5)
        peer.say(raw.PING)
        yield said("PING-OK, the answer to a PING", "PING-OK")
        yield from _wraps(peer, node)


def _meet(peer: RawPeer, node: ReferencePeer, groups: Sequence[str] = ("G", "Ω")) -> str:
    """Say HELLO to the node that beacons; return its endpoint. Its own HELLO waits to be received."""
    hail = peer.wait_beacon(lambda data: data[4:20] == bytes.fromhex(node.uuid))
    peer.connect(hail.endpoint)
    peer.say(raw.HELLO, raw.hello(peer.endpoint, "raw", groups, status=len(groups)))
    node.wait_for("ENTER", peer=peer.uuid)
    return hail.endpoint


def _wraps(peer: RawPeer, node: ReferencePeer) -> Iterator[Vector]:
    """Both counters at their ends: the status after 255, the sequence after 65535."""
    for status in range(6, 257):
        command, change = ("LEAVE", node.leave) if status % 2 else ("JOIN", node.join)
        change("again")
        frames = peer.receive()
        if status >= 255:
            about = f"{command} with the status at its {'end' if status == 255 else 'wrap, which is to 0'}"
            yield message("libzyre", about, frames, command, group="again", status=status % 256)
    sequence = int.from_bytes(frames[1][4:6], "big")
    _flood_until(LAST_SEQUENCE - 1, peer, node, sequence)
    for about in (
        "WHISPER with the last sequence number",
        "WHISPER with the sequence after that: 0",
        "... and 1",
    ):
        node.whisper(peer.uuid, b"w")
        yield message("libzyre", about, peer.receive(), "WHISPER", content=[b"w"])


def _flood_until(last: int, peer: RawPeer, node: ReferencePeer, sequence: int) -> None:
    """Have the node, which is at `sequence`, count up to `last`."""
    node.flood(peer.uuid, last - sequence, 8)
    for _ in range(last - sequence):
        frames = peer.receive()
    assert frames[1] == raw.header(raw.WHISPER, last)


def capture_silence() -> Iterator[Vector]:
    """HELLO at its smallest, with the name that libzyre chooses, and PING, said after a short silence."""
    port = unused_port()
    with RawPeer(port) as peer, ReferencePeer("libzyre", port=port, peer_port=50004, evasive=200) as node:
        endpoint = _meet(peer, node)
        yield message(
            "libzyre",
            "HELLO of a node without groups and headers; the name is the first six digits of its UUID",
            peer.receive(),
            "HELLO",
            endpoint=endpoint,
            groups=[],
            status=0,
            name=node.uuid[:6],
            headers={},
        )
        yield message("libzyre", "PING, to a peer that was quiet", peer.wait_message(raw.PING), "PING")


def capture_election() -> Iterator[Vector]:
    """ELECT, when a member meets a candidate; and LEADER, once all members (we) have sent the wave back."""
    port = unused_port()
    with RawPeer(port) as peer, ReferencePeer("libzyre", port=port, groups=["G"], contest=["G"]) as node:
        _meet(peer, node, ["G"])
        elect = peer.wait_message(raw.ELECT)
        yield message("libzyre", "ELECT: I would lead", elect, "ELECT", group="G", challenger=node.uuid)
        peer.say(raw.ELECT, raw.string("G"), raw.string(node.uuid))
        leader = peer.wait_message(raw.LEADER)
        yield message("libzyre", "LEADER: I lead", leader, "LEADER", group="G", leader=node.uuid)


def capture_goodbye() -> Iterator[Vector]:
    """GOODBYE, which libzyre says where it has no beacon to say it with."""
    endpoint = "tcp://10.77.0.1:50005"
    with (
        RawPeer(0) as peer,
        ReferencePeer("libzyre", name="tcp", endpoint=endpoint, advertise="tcp://far:1") as node,
    ):
        peer.connect(endpoint)
        peer.say(raw.HELLO, raw.hello(peer.endpoint, "raw"))
        yield message(
            "libzyre",
            "HELLO with an advertised endpoint, which is not the one that the node is bound to",
            peer.receive(),
            "HELLO",
            endpoint="tcp://far:1",
            groups=[],
            status=0,
            name="tcp",
            headers={},
        )
        node.stop()
        yield message("libzyre", "GOODBYE", peer.receive(), "GOODBYE")


def capture_others() -> Iterator[Vector]:
    """What pyre and zyre.js make of it: the order of headers differs, and where the sequence wraps."""
    for kind in ("pyre", "zyrejs"):
        if reason := missing(kind):
            print(f"no vectors of {kind}: {reason}", file=sys.stderr)
            continue
        port = unused_port()
        headers = {"X-B": "2", "X-A": "1"}
        with RawPeer(port) as peer, ReferencePeer(kind, port=port, headers=headers, groups=["G"]) as node:
            endpoint = _meet(peer, node)
            hello: dict[str, Any] = {
                "endpoint": endpoint,
                "groups": ["G"],
                "status": 1,
                "name": node.name,
                "headers": headers,
            }
            yield message(kind, "HELLO, the name being its own choice", peer.receive(), "HELLO", **hello)
            node.join("H")
            yield message(kind, "JOIN", peer.receive(), "JOIN", group="H", status=2)
            node.shout("G", b"hello")
            yield message(kind, "SHOUT", peer.receive(), "SHOUT", group="G", content=[b"hello"])
            _flood_until(LAST_SEQUENCE - 2, peer, node, 3)
            for about in (
                "WHISPER with its last sequence number, one short of the last",
                "... and the next: 0",
            ):
                node.whisper(peer.uuid, b"w")
                yield message(kind, about, peer.receive(), "WHISPER", content=[b"w"])


def main(target: Path) -> None:
    network = enter_private_network()
    if not network:
        sys.exit(network.reason)
    captures = (
        capture_beacons,
        capture_talk,
        capture_silence,
        capture_election,
        capture_goodbye,
        capture_curve,
        capture_others,
    )
    vectors = [vector for capture in captures for vector in capture()]
    document = {
        "about": "Golden bytes of ZRE. All bytes are in hex; headers stand in the order of the wire.",
        "beacons": [vector for vector in vectors if "datagram" in vector],
        "messages": [vector for vector in vectors if "frames" in vector],
    }
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(vectors)} vectors in {target}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
