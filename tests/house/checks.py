"""What the house demands of source code, as functions from source text to complaints.

They know no files, so that the tests can show on a few lines that each of them is able to complain.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "zyre"

#: The floor of every room: a module of the package, or a package in it. "" is the front door, zyre/__init__.py.
FLOORS = {
    **dict.fromkeys(("errors", "identity", "endpoint", "events", "roster", "config", "statistics", "refusals"), 0),
    **dict.fromkeys(("payload", "views", "fates", "diagnosis"), 0),
    **dict.fromkeys(("wire", "security"), 1),
    "core": 2,
    "groups": 4,
    **dict.fromkeys(("engine", "sim"), 3),
    **dict.fromkeys(("", "node", "aio", "streams", "pipeline", "waiting", "handlers"), 4),
    **dict.fromkeys(("headers", "lowlevel", "calls", "gossip", "gossiping", "grouping", "snapshots"), 4),
    **dict.fromkeys(("testing", "pytest_plugin", "receipts", "sends", "bulk", "examining", "transactions"), 4),
    **dict.fromkeys(("sockets", "conformance"), 5),
    "cli": 6,
}
#: On these floors the rooms do not know each other.
STRANGERS = {3, 5}
#: Rooms that may know less than their floor allows: plain sockets have nothing to do with nodes.
HIGHEST_KNOWN = {"sockets": 0}

#: Floors 1 and 2 are pure: time, chance and the world come in through parameters.
PURE_FLOORS = {1, 2}
#: And so are the machines of higher rooms.
PURE_MODULES = {"calls.wire", "calls.asking", "calls.serving"}
BANNED_MODULES = {
    "asyncio", "datetime", "logging", "multiprocessing", "os", "queue", "random", "secrets", "select", "selectors",
    "socket", "subprocess", "sys", "tempfile", "threading", "time", "uuid", "zmq",
}  # fmt: skip
BANNED_CALLS = {"open", "print", "input", "eval", "exec", "__import__", "breakpoint", "hash"}

LONGEST_FUNCTION = 70
LONGEST_FILE = 450


def modules() -> dict[str, Path]:
    """Every module of the package, by its dotted name below ``zyre``; the front door is ""."""
    found = {}
    for path in sorted(SRC.rglob("*.py")):
        parts = path.relative_to(SRC).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = path
    return found


def room(module: str) -> str:
    """The room that a module is in."""
    return module.split(".")[0]


def imports(source: str) -> Iterator[str]:
    """The absolute names of everything that a module imports, wherever in it, for type checking too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from _imported_from(node)


def _imported_from(node: ast.ImportFrom) -> Iterator[str]:
    if node.level:
        yield "relative import"
    elif node.module in ("zyre", "zyre.wire"):  # packages whose modules are imported as names
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif node.module:
        yield node.module


def climbing(module: str, source: str) -> list[str]:
    """Complaints about imports from a higher floor, from a stranger on the same floor, or relative ones."""
    own = room(module)
    floor = FLOORS.get(own)
    if floor is None:
        return [f"{own} has no floor: give it one in FLOORS, and in ARCHITECTURE.md"]
    return [complaint for name in imports(source) if (complaint := _judge(own, floor, name))]


def _judge(own: str, floor: int, name: str) -> str | None:
    if name == "relative import":
        return "imports are absolute: from zyre.x import y"
    if name.split(".")[0] != "zyre":
        return None
    other = name.split(".")[1] if "." in name else ""
    if other not in FLOORS:
        other = ""  # a name that the front door shows
    if other == own:
        return None
    if FLOORS[other] > floor:
        return f"{own or 'zyre'} (floor {floor}) imports {name} (floor {FLOORS[other]})"
    if FLOORS[other] == floor and floor in STRANGERS:
        return f"{own} imports its sibling {name}"
    if FLOORS[other] > HIGHEST_KNOWN.get(own, 99):
        return f"{own} imports {name}, and knows nothing above floor {HIGHEST_KNOWN[own]}"
    return None


def impurities(module: str, source: str) -> list[str]:
    """Complaints about clocks, chance and the world on a pure floor, and about foreign packages on floors 0 to 2."""
    floor = 2 if module in PURE_MODULES else FLOORS.get(room(module), 99)
    found = []
    for name in imports(source):
        top = name.split(".")[0]
        if floor in PURE_FLOORS and top in BANNED_MODULES:
            found.append(f"floor {floor} imports {top}")
        elif floor <= 2 and top != "zyre" and top not in sys.stdlib_module_names:
            found.append(f"floor {floor} imports the foreign package {top}")
    if floor in PURE_FLOORS:
        found += [f"floor {floor} calls {name}() in line {line}" for name, line in _plain_calls(source)]
    return found


def _plain_calls(source: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BANNED_CALLS:
            yield node.func.id, node.lineno


def long_functions(source: str) -> list[str]:
    """Complaints about functions that are too long to be read at a glance."""
    return [
        f"{node.name} has {length} lines; the most is {LONGEST_FUNCTION}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]


def long_file(source: str) -> list[str]:
    """A complaint about a file that is several files."""
    lines = len(source.splitlines())
    return [f"{lines} lines; the most is {LONGEST_FILE}"] if lines > LONGEST_FILE else []


#: Words that are not used, as patterns, and the words to use instead.
WORDS = {
    r"\bmaster\b": "leader, main or primary",
    r"\bslaves?\b": "follower or replica",
    r"\bblack-?list\w*": "deny list",
    r"\bwhite-?list\w*": "allow list",
    r"\bsanity[- ]check\w*": "check",
    r"\bdumm(y|ies)\b": "stand-in or placeholder",
    r"\bcrazy\b|\binsane\b": "surprising",
    r"\bobviously\b|\bof course\b|\bsimply\b": "nothing at all",
    r"\butili[sz]e\w*": "use",
    r"\bTODO\b|\bFIXME\b|\bXXX\b|\bHACK\b": "an issue",
}


def banned_words(text: str) -> list[str]:
    """Complaints about words for which the house has better ones, and about notes that belong into an issue."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, instead in WORDS.items():
            flags = 0 if "TODO" in pattern else re.IGNORECASE
            if match := re.search(pattern, line, flags):
                found.append(f"line {number} says {match.group()!r}: use {instead}")
    return found


def undocumented(source: str) -> list[str]:
    """The public classes and functions of a module, and their public methods, that say nothing about themselves."""
    tree = ast.parse(source)
    found = [] if ast.get_docstring(tree) else ["the module"]
    shown = _shown(tree)
    return found + [name for name in _undocumented_in(tree, "") if shown is None or name.split(".")[0] in shown]


def _shown(tree: ast.Module) -> set[str] | None:
    """What ``__all__`` names, if there is one."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]:
            return set(ast.literal_eval(node.value))
    return None


def _undocumented_in(node: ast.AST, prefix: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) or child.name.startswith("_"):
            continue
        if any(isinstance(mark, ast.Name) and mark.id in ("overload", "override") for mark in child.decorator_list):
            continue
        if not ast.get_docstring(child):
            yield prefix + child.name
        if isinstance(child, ast.ClassDef):
            yield from _undocumented_in(child, f"{prefix}{child.name}.")


def documented_methods(source: str) -> Iterator[str]:
    """The names of the methods that some class documents: a protocol speaks for all that follow it."""
    for made in ast.walk(ast.parse(source)):
        if isinstance(made, ast.ClassDef):
            for child in made.body:
                if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) and ast.get_docstring(child):
                    yield child.name
