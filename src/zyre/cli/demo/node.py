"""One of the demo's four processes: a node that obeys JSON lines on its input and reports JSON lines on its output.

Run as ``python -m zyre.cli.demo NAME PORT``. It ends when its input ends, so that none outlives the demo. Moments
are readings of the monotonic clock, which all processes of one machine share.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any

import zyre
from zyre.cli.records import event_record, json_line

__all__ = ["LOOPBACK", "TIMING", "main"]

LOOPBACK = "127.0.0.1"

#: Much shorter than the defaults (5, 7.5 and 10 seconds): a demo shows what happens, not how long one can wait.
TIMING = zyre.Timing(evasive=1.0, silent=1.5, expired=2.0, beacon=0.25, ping=0.25, handshake=1.0)


def report(kind: str, at: float, **fields: Any) -> None:
    """Print one line. One write each: two threads report."""
    os.write(sys.stdout.fileno(), json_line({"type": kind, "at": at, **fields}))


def obey(node: zyre.Node, command: dict[str, Any]) -> None:
    """Perform a verb, and report when it was begun."""
    at = time.monotonic()
    match command:
        case {"do": "join", "group": group}:
            node.join(group)
        case {"do": "contest", "group": group}:
            node.contest(group)
        case {"do": "whisper", "peer": peer, "text": text}:
            node.whisper(peer, text)
        case {"do": "shout", "group": group, "text": text}:
            node.shout(group, text)
        case {"do": "stop"}:
            node.stop()
    report("did", at, verb=command["do"])


def obey_all(node: zyre.Node) -> None:
    """Perform what the input says, to its end; then leave the network."""
    for line in sys.stdin:
        obey(node, json.loads(line))
    node.stop()


def main() -> None:
    """Introduce the node, wait for the word to start it, and report its events."""
    name, port = sys.argv[1:]
    node = zyre.Node(name, port=int(port), interface=LOOPBACK, config=zyre.NodeConfig(timing=TIMING))
    report("ready", time.monotonic(), uuid=str(node.uuid), pid=os.getpid())
    if not sys.stdin.readline():
        return
    at = time.monotonic()
    try:
        node.start()
    except zyre.NetworkError as error:
        report("failed", at, text=str(error))
        return
    report("did", at, verb="start")
    threading.Thread(target=obey_all, args=(node,)).start()
    try:
        for event in node:
            at = time.monotonic()
            record = event_record(event)
            del record["type"]
            report(type(event).__name__.lower(), at, **record)
    except BrokenPipeError:
        node.stop()  # nobody listens: the demo is gone
