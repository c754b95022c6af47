"""TOML for scenario files: reading with types, and errors that say line, key and what would be right.

tomllib tells no lines for keys, so they are looked for in the text.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Iterable
from itertools import islice
from typing import Any, NoReturn, TypeVar, overload

from zyre.errors import UsageError

__all__ = ["Lines", "ScenarioError", "Table", "read_table", "toml_value"]

T = TypeVar("T")

_FOREVER = 1e9


class ScenarioError(UsageError, ValueError):
    """A scenario file is wrong: in ``line`` of ``name``, about ``key``, for the reason ``why``."""

    def __init__(self, name: str, line: int, key: str, why: str) -> None:
        super().__init__(name, line, key, why)
        self.name = name
        self.line = line
        self.key = key
        self.why = why

    def __str__(self) -> str:
        return f"{self.name}, line {self.line}: {self.key + ' ' if self.key else ''}{self.why}"


def read_table(text: str, name: str) -> Table:
    """The top of a TOML text. Raises ScenarioError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"(.*) \(at line (\d+)", str(error))
        why, line = (found[1], int(found[2])) if found else (str(error), text.count("\n") + 1)
        raise ScenarioError(name, line, "", f"is no TOML: {why[:1].lower()}{why[1:]}") from None
    return Table(data, Lines(name, text))


class Lines:
    """Where something stands in a text. ``begin`` and ``end`` bound the lines in question, counted from 0."""

    def __init__(self, name: str, text: str, begin: int = 0, end: int | None = None) -> None:
        self.name = name
        self._text = text
        self._lines = text.splitlines() or [""]
        self._begin = begin
        self._end = len(self._lines) if end is None else end

    def of(self, key: str) -> int:
        """The line of a key, counted from 1; where its table begins if it is not there."""
        for number in range(self._begin, self._end):
            if re.search(
                rf"(?<![\w.-])[\"']?{re.escape(key)}[\"']?\s*=|^\s*\[+\s*{re.escape(key)}\s*\]", self._lines[number]
            ):
                return number + 1
        return self._begin + 1

    def items(self, key: str) -> list[Lines]:
        """Where each item of an array of tables stands."""
        heads = [
            number for number, line in enumerate(self._lines) if re.match(rf"\s*\[\[\s*{re.escape(key)}\s*\]\]", line)
        ]
        begins = heads or self._braces(self.of(key) - 1)
        ends = [*begins[1:], self._end]
        return [
            Lines(self.name, self._text, begin, max(begin + 1, end)) for begin, end in zip(begins, ends, strict=True)
        ]

    def _braces(self, begin: int) -> list[int]:
        """The lines of the tables in braces that follow, those inside of others left out."""
        found, depth = [], 0
        for number in range(begin, len(self._lines)):
            for character in re.sub(r"\"[^\"]*\"|'[^']*'|#.*", "", self._lines[number]):
                if character == "{":
                    if depth == 0:
                        found.append(number)
                    depth += 1
                elif character == "}":
                    depth -= 1
        return found


class Table:
    """A TOML table that knows where it stands, and which of its keys somebody wanted."""

    def __init__(self, data: dict[str, Any], lines: Lines) -> None:
        self.data = data
        self.lines = lines
        self._wanted: dict[str, None] = {}

    def fail(self, key: str, why: str) -> NoReturn:
        """Say what is wrong with a key."""
        raise ScenarioError(self.lines.name, self.lines.of(key), key, why)

    def fail_choice(self, key: str, given: str, choices: Collection[str], what: str) -> NoReturn:
        """Say that there is no such choice, and which was probably meant."""
        close = difflib.get_close_matches(given, choices, 1, 0.5)
        some = ", ".join(islice(choices, 24)) + (", ..." if len(choices) > 24 else "")
        hint = f"did you mean {close[0]!r}?" if close else f"there are: {some}"
        self.fail(key, f"names the {what} {given!r}, and there is none; {hint}")

    def finish(self, *known: str) -> None:
        """Refuse keys that nobody wanted."""
        names = [*self._wanted, *known]
        for key in self.data:
            if key not in names:
                close = difflib.get_close_matches(key, names, 1, 0.5)
                hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(dict.fromkeys(names))}"
                self.fail(key, f"means nothing here; {hint}")

    def value(self, key: str) -> Any:
        """Whatever stands there, or None."""
        self._wanted[key] = None
        return self.data.get(key)

    def _typed(self, key: str, default: T, kinds: tuple[type, ...], what: str) -> Any:
        value = self.value(key)
        if value is None:
            return default
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            self.fail(key, f"is {toml_value(value)}, and must be {what}")
        return value

    @overload
    def text(self, key: str, default: str) -> str: ...
    @overload
    def text(self, key: str, default: None) -> str | None: ...
    def text(self, key: str, default: str | None) -> str | None:
        """A text."""
        value: str | None = self._typed(key, default, (str,), 'a text in quotes, such as "node1"')
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Texts; a single one needs no brackets."""
        value = self._typed(key, [], (str, list), 'a list of texts, such as ["A", "B"]')
        texts = (value,) if isinstance(value, str) else tuple(value)
        if not all(isinstance(text, str) and text for text in texts):
            self.fail(key, 'must be a list of texts, such as ["A", "B"]')
        return texts

    def truth(self, key: str, default: bool | None) -> Any:
        """true or false."""
        return self._typed(key, default, (bool,), "true or false")

    def number(self, key: str, default: float | None, *, least: float = -_FOREVER, most: float = _FOREVER) -> Any:
        """A number within bounds."""
        value = self._typed(key, default, (int, float), "a number")
        if value is not None and not least <= value <= most:
            self.fail(
                key, f"is {value:g}, and must be " + (f"at least {least:g}" if value < least else f"at most {most:g}")
            )
        return value if value is None else float(value)

    def whole(self, key: str, default: int | None, *, least: int = 0, most: int = 2**63) -> Any:
        """A whole number within bounds."""
        value = self._typed(key, default, (int,), "a whole number")
        self.number(key, default, least=least, most=most)
        return value

    def seconds(self, key: str, default: float | None) -> Any:
        """A duration above 0."""
        value = self.number(key, default, least=0.0)
        if value == 0:
            self.fail(key, "is 0, and must be a number of seconds above 0")
        return value

    def one_of(self, key: str, choices: Collection[str], default: str) -> str:
        """One of some texts."""
        value = self.text(key, default)
        if value not in choices:
            self.fail_choice(key, value, choices, {"do": "action", "network": "preset"}.get(key, key))
        return value

    def tables(self, key: str, *, one: bool = False) -> list[Table]:
        """The tables in an array; or just one table."""
        value = self.value(key)
        if value is None:
            return []
        if isinstance(value, dict):
            return [Table(value, Lines(self.lines.name, self.lines._text, self.lines.of(key) - 1))]
        if one or not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fail(key, f"must be {'a table' if one else 'a list of tables'} in braces, such as {_EXAMPLES[key]}")
        places = self.lines.items(key)
        return [Table(item, places[min(index, len(places) - 1)]) for index, item in enumerate(value)]


_EXAMPLES = {
    "nodes": "nodes = [{name = 'alice'}, {count = 3, name = 'bob'}]",
    "steps": "steps = [{at = 10, do = 'kill', node = 'node3'}]",
    "network": "network = {latency = 0.1, loss = 0.3}",
    "timing": "timing = {within = 10}",
    "limits": "limits = {mailbox_messages = 1000}",
    "expect": "expect = {mesh_within = 5}",
}


def toml_value(value: object) -> str:
    """A value as TOML spells it, tables in one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(_escaped(character) for character in value) + '"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Iterable):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, float) and value.is_integer() and abs(value) < _FOREVER:
        return str(int(value))
    return repr(value)


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\u{ord(character):04x}"
