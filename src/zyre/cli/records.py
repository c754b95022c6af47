"""Events as JSON objects: what ``--json`` prints, one object per line, always UTF-8.

Every object has ``type`` (the event's name in lower case, or what a command did) and ``time`` (ISO 8601, UTC). An
event adds ``peer`` (32 hexadecimal digits), ``name``, and those of ``address``, ``headers``, ``groups``, ``group``,
``changed``, ``removed``, ``reason`` and ``missed`` that it has. The frames of a message are ``content``, a list of
texts, if all of them are UTF-8; else ``content_base64``, a list of all of them in base64. A message has exactly one of
the two.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import zyre

__all__ = ["Record", "content_record", "event_record", "json_line", "peer_record", "timestamp"]

Record = dict[str, Any]

_FIELDS = ("peer", "name", "address", "headers", "groups", "group", "changed", "removed", "reason", "missed")


def timestamp(moment: datetime | None = None) -> str:
    """A moment, by default now, as ISO 8601 in UTC with milliseconds."""
    moment = datetime.now(UTC) if moment is None else moment
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event_record(event: zyre.Event) -> Record:
    """An event as a JSON object."""
    record: Record = {"type": type(event).__name__.lower(), "time": timestamp()}
    for field in _FIELDS:
        value = getattr(event, field, None)
        if value is not None:
            record[field] = _plain(value)
    if isinstance(event, (zyre.Whisper, zyre.Shout)):
        record |= content_record(event.content)
    return record


def peer_record(peer: zyre.Peer) -> Record:
    """A peer as a JSON object."""
    return {
        "name": peer.name,
        "uuid": str(peer.uuid),
        "address": peer.address,
        "headers": dict(peer.headers),
        "groups": sorted(peer.groups),
        "found_by": peer.found_by,
    }


def content_record(frames: Iterable[bytes]) -> Record:
    """The frames of a message: as texts if they all are, else all in base64."""
    frames = tuple(frames)
    try:
        return {"content": [frame.decode() for frame in frames]}
    except UnicodeDecodeError:
        return {"content_base64": [base64.b64encode(frame).decode() for frame in frames]}


def json_line(record: Mapping[str, Any], indent: int | None = None) -> bytes:
    """A JSON object and a line feed, in UTF-8 whatever the locale says (RFC 8259, section 8.1)."""
    return json.dumps(record, ensure_ascii=False, indent=indent).encode("utf-8", "replace") + b"\n"


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value) if isinstance(value, str) else value
