"""A machine's whole state as plain values, and back: with it a recording may begin in the middle of a node's life.

A machine is a graph of objects of this package. ``freeze`` writes down every mutable object once, by number, and the
immutable ones where they stand; ``thaw`` makes them anew. Only classes of the core and its vocabulary are made, and
none of their code is run meanwhile, so a forged checkpoint can be nonsense and nothing worse.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from importlib import import_module
from io import BytesIO
from types import MappingProxyType, MethodType
from typing import Any, Final, TypeAlias

from zyre import config, endpoint, events, fates, identity, roster
from zyre.core.node import NodeMachine
from zyre.errors import DecodeError
from zyre.identity import PeerId

__all__ = ["freeze", "thaw"]

Frozen: TypeAlias = Any
"""What JSON can carry: a scalar as it is, everything else a list that begins with its tag."""

#: The rooms whose classes a machine is made of.
_CORE: Final = """
    absentees account announcer bulletin bundling cargo carrying conversation counters delivery dialect dialling
    directory discovery disk door durable effects election elections gate grapevine groups hearsay inflow
    intakes introductions lease leases ledger letters links locality membership news node outflow outgoing outqueue part
    peer portrait presence profile reliable renewal second_choice surroundings tables tally terms timers twins
    verification vigil witnesses
"""
_MODULES: Final = (
    *(config, endpoint, events, fates, identity, roster),
    *(import_module(f"zyre.core.{name}") for name in _CORE.split()),
)
_CLASSES: Final[dict[str, type]] = {
    f"{module.__name__}.{name}": member
    for module in _MODULES
    for name, member in vars(module).items()
    if isinstance(member, type) and member.__module__ == module.__name__
}
_NAMES: Final = {member: name for name, member in _CLASSES.items()}
_SCALARS: Final = (str, int, float, bool, type(None))
_DEEPEST: Final = 40


# -- out ---------------------------------------------------------------------------------------------------------------


class _Freezer:
    def __init__(self) -> None:
        self.nodes: list[Frozen] = []
        self._numbers: dict[int, int] = {}
        self._waiting: deque[tuple[int, object]] = deque()

    def freeze(self, root: object) -> list[Frozen]:
        self.value(root)
        while self._waiting:
            number, item = self._waiting.popleft()
            self.nodes[number] = self._node(item)
        return self.nodes

    def value(self, item: object) -> Frozen:
        """A scalar, an immutable value where it stands, or the number of a mutable object."""
        kind = type(item)
        if kind in _SCALARS:
            return item
        if kind is PeerId:
            return ["peer", str(item)]
        if isinstance(item, bytes):
            return ["bytes", base64.b64encode(item).decode()]
        if isinstance(item, Enum):
            return ["enum", _NAMES[kind], item.name]
        if isinstance(item, tuple):
            return ["tuple", _NAMES.get(kind, ""), *map(self.value, item)]
        if isinstance(item, frozenset):
            return ["frozenset", *map(self.value, sorted(item))]
        if isinstance(item, MappingProxyType):
            return ["view", *self._pairs(item)]
        if isinstance(item, type):
            return ["class", _NAMES[item]]
        if isinstance(item, MethodType):
            return ["method", self.value(item.__self__), item.__name__]
        if _is_value(kind):
            return ["value", _NAMES[kind], *(self.value(getattr(item, name)) for name in _fields(kind))]
        return ["at", self._number(item)]

    def _number(self, item: object) -> int:
        number = self._numbers.get(id(item))
        if number is None:
            number = self._numbers[id(item)] = len(self.nodes)
            self.nodes.append(None)
            self._waiting.append((number, item))
        return number

    def _node(self, item: object) -> Frozen:
        if isinstance(item, Counter):
            return ["counter", *self._pairs(item)]
        if isinstance(item, dict):
            return ["dict", *self._pairs(item)]
        if isinstance(item, (list, deque)):
            return ["list" if isinstance(item, list) else "deque", *map(self.value, item)]
        if isinstance(item, set):
            return ["set", *map(self.value, sorted(item))]
        if isinstance(item, BytesIO):
            return ["buffer", self.value(item.getvalue())]
        state = {name: self.value(getattr(item, name)) for name in _attributes(item)}
        return ["object", _NAMES[type(item)], state]

    def _pairs(self, mapping: Any) -> list[Frozen]:
        return [[self.value(key), self.value(held)] for key, held in mapping.items()]


def freeze(machine: NodeMachine) -> list[Frozen]:
    """Everything that a machine knows, as values that JSON can carry; the machine itself stands first."""
    return _Freezer().freeze(machine)


def _is_value(kind: type) -> bool:
    """Whether objects of that class never change, so that it does not matter whether two places hold the same one."""
    return is_dataclass(kind) and bool(kind.__dataclass_params__.frozen)  # type: ignore[attr-defined]


def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _attributes(item: object) -> list[str]:
    slots = [name for kind in type(item).__mro__ for name in _slots(kind) if hasattr(item, name)]
    return [*slots, *getattr(item, "__dict__", ())]


def _slots(kind: type) -> tuple[str, ...]:
    slots = kind.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


# -- in ----------------------------------------------------------------------------------------------------------------


class _Thawer:
    def __init__(self, nodes: list[Frozen]) -> None:
        self._nodes = nodes
        self._made = [self._shell(node) for node in nodes]
        self._depth = 0
        self._readers: dict[str, Callable[..., object]] = {
            "at": lambda number: self._made[number],
            "peer": lambda text: PeerId.parse(text),
            "bytes": lambda text: base64.b64decode(text, validate=True),
            "enum": lambda kind, name: _CLASSES[kind][name],  # type: ignore[index]
            "tuple": self._tuple,
            "frozenset": lambda *items: frozenset(map(self.value, items)),
            "view": lambda *pairs: MappingProxyType(dict(self._pairs(pairs))),
            "class": lambda name: _CLASSES[name],
            "method": self._method,
            "value": self._value,
        }

    def thaw(self) -> object:
        for made, (tag, *content) in zip(self._made, self._nodes, strict=True):
            if tag == "object":
                self._fill(made, content[1])
            elif tag in ("dict", "counter"):
                dict.update(made, self._pairs(content))  # a Counter's own would count the pairs
            elif tag == "set":
                made.update(map(self.value, content))
            elif tag == "buffer":
                made.write(self.value(content[0]))
            else:
                made.extend(map(self.value, content))
        return self._made[0]

    @staticmethod
    def _shell(frozen: Frozen) -> Any:
        tag = frozen[0]
        if tag == "object":
            return object.__new__(_CLASSES[frozen[1]])
        return {"dict": dict, "counter": Counter, "list": list, "deque": deque, "set": set, "buffer": BytesIO}[tag]()

    def value(self, frozen: Frozen) -> Any:
        if not isinstance(frozen, list):
            return frozen
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("too deep")
        made = self._readers[frozen[0]](*frozen[1:])
        self._depth -= 1
        return made

    def _pairs(self, pairs: Any) -> list[tuple[Any, Any]]:
        return [(self.value(key), self.value(held)) for key, held in pairs]

    def _tuple(self, kind: str, *items: Frozen) -> object:
        thawed = tuple(map(self.value, items))
        return tuple.__new__(_CLASSES[kind], thawed) if kind else thawed

    def _method(self, owner: Frozen, name: str) -> object:
        held = self.value(owner)
        return MethodType(vars(_CLASSES[_NAMES[type(held)]])[name], held)

    def _value(self, kind: str, *items: Frozen) -> object:
        made: object = object.__new__(_CLASSES[kind])
        for name, item in zip(_fields(_CLASSES[kind]), items, strict=True):
            object.__setattr__(made, name, self.value(item))
        return made

    def _fill(self, made: object, state: dict[str, Frozen]) -> None:
        for name, item in state.items():
            setattr(made, name, self.value(item))


def thaw(nodes: object) -> NodeMachine:
    """The machine of a checkpoint. Raises DecodeError if that is none, or one of another version of this package."""
    try:
        machine = _Thawer(nodes).thaw()  # type: ignore[arg-type]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, binascii.Error) as error:
        raise DecodeError(f"the checkpoint cannot be read by this version ({error!r})") from error
    if not isinstance(machine, NodeMachine):
        raise DecodeError("the checkpoint is of no node")
    return machine
