"""A network of the tests' own: empty, private and gone when they end.

Beacons are broadcasts, and a test suite must never broadcast on the network of whoever runs it. So the
process that runs the tests moves, before it has a second thread, into a Linux network namespace that holds
nothing but loopback and one pair of virtual Ethernet ends, ``va`` (10.77.0.1/24) and ``vb`` (10.77.1.1/24).
Both have a broadcast address, which loopback lacks and without which other implementations do not start.
Child processes inherit the namespace; nothing that happens in it can reach a real interface.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

MARK = "ZYRE_TEST_NETWORK"
"""Environment variable that names the private namespace, so that a child knows it is already inside."""


WORKER = "ZYRE_TEST_NETWORK_OF"
"""Environment variable that names the process of a divided suite for which the namespace was made."""


@dataclass(frozen=True)
class PrivateNetwork:
    """Whether this process has a network of its own, and if not, why, in one sentence."""

    entered: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.entered


def enter_private_network() -> PrivateNetwork:
    """Move this process, and all that it will start, into a private network, unless it is there already.

    Call it before the first thread exists: a namespace is a property of each thread, so a thread that exists
    already would stay on the real network.
    """
    if in_private_network() and not _shares_the_suite():
        return PrivateNetwork(True)
    if obstacle := _obstacle():
        return PrivateNetwork(False, obstacle)
    try:
        _unshare()
        set_link("lo", up=True)
        add_veth("va", "vb", "10.77.0.1/24", "10.77.1.1/24")
    except OSError as error:
        return PrivateNetwork(False, f"this system does not give a test a network of its own: {error}.")
    os.environ[MARK] = _namespace()
    os.environ[WORKER] = os.environ.get("PYTEST_XDIST_WORKER", "")
    return PrivateNetwork(True)


def _shares_the_suite() -> bool:
    """Whether this is one of several processes that run the suite together: each wants a network of its own, because
    tests take interfaces down."""
    return "PYTEST_XDIST_WORKER" in os.environ and os.environ.get(WORKER) != os.environ["PYTEST_XDIST_WORKER"]


def in_private_network() -> bool:
    """Tell whether this process runs inside a namespace made by `enter_private_network`.

    The mark alone would not do: a process can inherit the environment and yet be moved to another namespace.
    """
    mark = os.environ.get(MARK)
    return mark is not None and sys.platform == "linux" and mark == _namespace()


def add_veth(one: str, other: str, one_address: str | None = None, other_address: str | None = None) -> None:
    """Add a pair of virtual Ethernet ends, each with an address such as "10.77.2.1/24", and bring both up."""
    _ip("link", "add", one, "type", "veth", "peer", "name", other)
    for end, address in ((one, one_address), (other, other_address)):
        if address:
            add_address(end, address)
        set_link(end, up=True)


def delete_link(name: str) -> None:
    """Remove an interface; a veth takes its other end along."""
    _ip("link", "delete", name)


def set_link(name: str, *, up: bool) -> None:
    """Bring an interface up or down, as if its cable were plugged in or pulled."""
    _ip("link", "set", name, "up" if up else "down")


def add_address(name: str, address: str) -> None:
    """Give an interface an address such as "10.77.2.1/24" and the broadcast address that follows from it."""
    broadcast = () if ":" in address else ("brd", "+")
    _ip("address", "add", address, *broadcast, "dev", name)


def delete_address(name: str, address: str) -> None:
    """Take an address away from an interface."""
    _ip("address", "delete", address, "dev", name)


def _obstacle() -> str:
    """Say what makes a private network impossible here, or nothing."""
    if sys.platform != "linux":
        return "Network namespaces exist on Linux only."
    if shutil.which("ip") is None:
        return "The `ip` command (iproute2) is not installed."
    # Of a process that is one of several that run the suite, the others do nothing but talk to it, on pipes.
    if len(os.listdir("/proc/self/task")) > 1 and not in_private_network():
        return "This process has several threads already, and those would stay on the real network."
    return ""


def _unshare() -> None:
    """Leave the shared namespaces. Who is not root becomes root of a user namespace, where allowed."""
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET if user == 0 else CLONE_NEWUSER | CLONE_NEWNET) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    if user == 0:
        return
    # An unprivileged process may map its group only after it has given up setgroups(2).
    for file, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        with open(f"/proc/self/{file}", "w") as stream:
            stream.write(text)


def _namespace() -> str:
    return os.readlink("/proc/self/ns/net")


def _ip(*arguments: str) -> None:
    result = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise OSError(f"`ip {' '.join(arguments)}` said {result.stderr.strip()!r}")
