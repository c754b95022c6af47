"""ZPL (4/ZPL), the configuration and certificate language of ZeroMQ: settings in a tree, by indentation.

    server
        timeout = 10000         # milliseconds
    zgossip
        bind
            endpoint = "tcp://*:5670"

Whatever CZMQ's zconfig reads, this reads the same, and zconfig reads whatever this writes. Where zconfig refuses what
4/ZPL allows (a quote that is never closed, ``/`` at the end of a name) the specification is followed in reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from zyre.errors import InvalidConfig

__all__ = ["Setting", "format_zpl", "parse_zpl"]

_INDENT: Final = 4
_NAME: Final = re.compile(r"[A-Za-z0-9$\-_@.&+/]+")
_BLANKS: Final = " \t\r\v\f"


@dataclass(slots=True)
class Setting:
    """A name, a value (empty where none is given), and the settings below it in the order of the file.

    ``parse_zpl`` returns the root, which has no name; its ``comments`` are the lines of the file that begin with ``#``.
    Names may repeat. A path such as ``"zgossip/bind/endpoint"`` leads through the first setting of each name; a
    leading ``/`` changes nothing.
    """

    name: str = ""
    value: str = ""
    children: list[Setting] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    def locate(self, path: str) -> Setting | None:
        """The setting at ``path`` below this one, or None."""
        found: Setting | None = self
        for name in _names(path):
            found = next((child for child in found.children if child.name == name), None) if found else None
        return found

    def get(self, path: str, default: str = "") -> str:
        """The value at ``path``, or ``default`` if there is no such setting."""
        found = self.locate(path)
        return default if found is None else found.value

    def put(self, path: str, value: str) -> None:
        """Set the value at ``path``; settings that are missing on the way are made. Raises InvalidConfig."""
        if not _names(path):
            raise InvalidConfig(f"{path!r} names no setting; a path looks like 'server/timeout'")
        setting = self
        for name in _names(path):
            _check_name(name)
            child = next((child for child in setting.children if child.name == name), None)
            if child is None:
                child = Setting(name)
                setting.children.append(child)
            setting = child
        _quoted(value)
        setting.value = value

    def add(self, name: str, value: str = "") -> Setting:
        """Append one more setting below this one, also where that name is there already, and return it."""
        _check_name(name)
        _quoted(value)
        self.children.append(Setting(name, value))
        return self.children[-1]

    def named(self, name: str) -> list[Setting]:
        """All settings of one name directly below this one, in order."""
        return [child for child in self.children if child.name == name]

    def __iter__(self) -> Iterator[Setting]:
        """The settings directly below this one, in order."""
        return iter(self.children)


def _names(path: str) -> list[str]:
    return [name for name in path.split("/") if name]


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name.startswith("/") or name.endswith("/"):
        raise InvalidConfig(f"{name!r} cannot name a setting: names are made of letters, digits and $-_@.&+")


# -- reading -----------------------------------------------------------------------------------------------------------


def parse_zpl(text: str) -> Setting:
    """Read a whole file. Raises InvalidConfig, which names the line: one bad line makes the whole file unusable."""
    root = Setting()
    path = [root]
    for number, line in enumerate(text.split("\n"), 1):
        content = line.partition("\0")[0].rstrip(_BLANKS)
        if content.startswith("#"):
            root.comments.append(content[1:])
        elif content:
            try:
                depth, setting = _read_line(content, len(path))
            except InvalidConfig as error:
                raise InvalidConfig(f"line {number} {error}") from None
            if setting is not None:
                del path[depth + 1 :]
                path[-1].children.append(setting)
                path.append(setting)
    return root


def _read_line(line: str, most: int) -> tuple[int, Setting | None]:
    """How deep a line stands, and its setting; None for a comment. It may be one deeper than the one before."""
    rest = line.lstrip(" ")
    depth, uneven = divmod(len(line) - len(rest), _INDENT)
    if uneven:
        raise InvalidConfig("is not indented by a multiple of four blanks")
    if rest.startswith("#"):
        return depth, None
    name = _NAME.match(rest)
    if name is None:
        raise InvalidConfig(f"has no name: {rest!r}")
    if depth >= most:
        raise InvalidConfig("is indented too far below the line before it")
    return depth, Setting(name.group(), _read_value(rest[name.end() :].lstrip(_BLANKS)))


def _read_value(rest: str) -> str:
    if not rest or rest.startswith("#"):
        return ""
    if not rest.startswith("="):
        raise InvalidConfig(f"has {rest!r} where '=' or nothing is expected")
    rest = rest[1:].lstrip(_BLANKS)
    if rest[:1] in ('"', "'"):
        value, closing, after = rest[1:].partition(rest[0])
        after = after.lstrip(_BLANKS)
        if closing and after and not after.startswith("#"):
            raise InvalidConfig(f"has {after!r} behind the closing quote")
        if closing:
            return value
    return rest.partition("#")[0].rstrip(_BLANKS)


# -- writing -----------------------------------------------------------------------------------------------------------


def format_zpl(root: Setting) -> str:
    """The file, as zconfig writes it: comments first, values in double quotes. Raises InvalidConfig."""
    lines = [f"#{comment}" for comment in root.comments]
    if lines:
        lines.append("")
    for child in root.children:
        _write(child, 0, lines)
    return "".join(f"{line}\n" for line in lines)


def _write(setting: Setting, depth: int, lines: list[str]) -> None:
    _check_name(setting.name)
    bare = setting.children and not setting.value
    lines.append(" " * (_INDENT * depth) + setting.name + ("" if bare else f" = {_quoted(setting.value)}"))
    for child in setting.children:
        _write(child, depth + 1, lines)


def _quoted(value: str) -> str:
    """A value in quotes that it does not contain; without any if it has both kinds and can stand so."""
    if any(character in value for character in "\n\0"):
        raise InvalidConfig(f"the value {value!r} does not fit on a line, and ZPL has no other place for it")
    for quote in ('"', "'"):
        if quote not in value:
            return f"{quote}{value}{quote}"
    if value[0] in "\"'" or "#" in value or value != value.strip(_BLANKS):
        raise InvalidConfig(f"the value {value!r} cannot be written: ZPL has no way to escape a quote")
    return value
