"""The options of a socket as data: name, what a value is, who has it, in which builds, and what it does.

The numbers come from pyzmq's own ``SocketOption``, so that every option this libzmq could have is in the
table or is caught by its test. ``source`` says where a value is read from: libzmq cannot return all that it
lets one set (the keys of CURVE among them), and what it cannot is answered from what was set here.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Final, Literal, TypeAlias

import zmq

from zyre.sockets.errors import Fault, InvalidOption
from zyre.sockets.option_table import ROWS

__all__ = ["OPTIONS", "Kind", "Mode", "Option", "OptionName", "OptionValue", "find", "listed"]

Mode: TypeAlias = Literal["get", "set"]
OptionValue: TypeAlias = bool | int | str | bytes
OptionName: TypeAlias = str | int


class Kind(Enum):
    """What the value of an option is in Python."""

    BOOL = bool
    INT = int
    TEXT = str
    BYTES = bytes


@dataclass(frozen=True, slots=True)
class Option:
    """One option of libzmq."""

    name: str
    #: What libzmq knows it by; the first is the one to read, and all are written.
    numbers: tuple[int, ...]
    kind: Kind
    readable: bool
    writable: bool
    #: Which types of socket have it; empty for all.
    types: frozenset[str]
    #: What libzmq must have been built with; empty for nothing special.
    needs: str
    #: "libzmq", or "memory" for a value that libzmq takes but does not give back.
    source: Literal["libzmq", "memory"]
    #: What a value in memory is before it was written.
    default: OptionValue
    unit: str
    doc: str

    @property
    def available(self) -> bool:
        """Whether the libzmq of this process has it."""
        if self.needs == "context":
            return False
        if self.needs in ("win32", "linux"):
            return sys.platform.startswith(self.needs)
        return not self.needs or zmq.has(self.needs)

    def allows(self, mode: Mode) -> bool:
        """Whether it can be read ("get") or written ("set") at all."""
        return self.readable if mode == "get" else self.writable

    def to_libzmq(self, value: object, fault: Fault) -> int | bytes:
        """``value`` as pyzmq takes it; InvalidOption when it is of another type than the option."""
        match self.kind, value:
            case Kind.BOOL, bool() | 0 | 1:
                return int(value)
            case Kind.INT, int() if not isinstance(value, bool):
                return int(value)
            case ((Kind.TEXT | Kind.BYTES), str()):
                return value.encode()
            case ((Kind.TEXT | Kind.BYTES), bytes()):
                return value
        raise InvalidOption(_because(fault, f"{self.name} is {self.takes}, not {value!r}"), self.name, value)

    def from_libzmq(self, value: int | bytes) -> OptionValue:
        """``value`` of pyzmq as its kind."""
        if isinstance(value, bytes):
            return value.decode() if self.kind is Kind.TEXT else value
        return bool(value) if self.kind is Kind.BOOL else value

    @property
    def takes(self) -> str:
        """The kind and the unit in words."""
        words = {
            Kind.BOOL: "True or False",
            Kind.INT: "a number",
            Kind.TEXT: "text",
            Kind.BYTES: "bytes or text",
        }
        return f"{words[self.kind]} ({self.unit})" if self.unit else words[self.kind]


_DEFAULTS: Final[dict[Kind, OptionValue]] = {Kind.BOOL: False, Kind.INT: -1, Kind.TEXT: "", Kind.BYTES: b""}
#: Words of ours for several options of libzmq.
_COMBINED: Final = {"hwm": (int(zmq.SNDHWM), int(zmq.RCVHWM))}


def _option(row: str) -> Option:
    name, kind, access, types, needs, unit, doc = (cell.strip() for cell in row.split("|", 6))
    return Option(
        name=name,
        numbers=_COMBINED.get(name) or (int(zmq.SocketOption[name.upper()]),),
        kind=Kind[kind.upper()],
        readable=access[:1] in ("r", "m", "M"),
        writable="w" in access,
        types=frozenset(types.split()),
        needs=needs,
        source="memory" if access[:1] in ("m", "M") else "libzmq",
        default=access.startswith("M") or _DEFAULTS[Kind[kind.upper()]],
        unit=unit,
        doc=doc,
    )


#: Every option by its name.
OPTIONS: Final[dict[str, Option]] = {option.name: option for option in map(_option, ROWS.strip().splitlines())}

_BY_NUMBER: Final = {option.numbers[0]: option for option in OPTIONS.values() if option.name not in _COMBINED}
#: libzmq's older words for the same options.
_ALIASES: Final = {
    "identity": "routing_id",
    "connect_rid": "connect_routing_id",
    "fail_unroutable": "router_mandatory",
}


def find(name: OptionName, fault: Fault) -> Option:
    """The option called ``name`` ("rcvhwm", "ZMQ_RCVHWM", zmq.RCVHWM), or InvalidOption with a suggestion."""
    if isinstance(name, int):
        option = _BY_NUMBER.get(name)
    else:
        plain = name.lower().replace("-", "_").removeprefix("zmq_")
        option = OPTIONS.get(_ALIASES.get(plain, plain))
    if option is None:
        raise InvalidOption(_because(fault, f"there is no option {name!r}{_suggestion(str(name))}"), str(name))
    return option


def listed(mode: Mode) -> list[str]:
    """The names of what can be read or written in this build of libzmq, in alphabetical order."""
    if mode not in ("get", "set"):
        raise InvalidOption(Fault("list_options", strerror=f"the mode is 'get' or 'set', not {mode!r}"), str(mode))
    return sorted(option.name for option in OPTIONS.values() if option.available and option.allows(mode))


def _suggestion(name: str) -> str:
    near = get_close_matches(name.lower(), OPTIONS, n=2)
    return f": did you mean {' or '.join(map(repr, near))}?" if near else "; list_options('set') names them all"


def _because(fault: Fault, why: str) -> Fault:
    return Fault(fault.operation, fault.socket_type, fault.endpoint, fault.errno, why)
