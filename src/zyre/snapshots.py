"""What a node knows of itself and of others at one moment: questions that any thread may ask, and that never wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from zyre.config import Limits
from zyre.core.host import Host
from zyre.fates import Fates
from zyre.headers import Headers
from zyre.identity import PeerId, check_group
from zyre.roster import Roster
from zyre.statistics import Statistics

if TYPE_CHECKING:
    from zyre.engine.auth import Protection

__all__ = ["Snapshots"]


class Snapshots:
    """The answers that all faces of a node give."""

    _host: Host
    _limits: Limits
    _protection: Protection | None
    _count_calls: Callable[[Statistics], Statistics]

    @property
    def uuid(self) -> PeerId:
        """The identity of this node: new for each Node, unless it was told another."""
        return self._host.machine.identity

    @property
    def name(self) -> str:
        """The public name; by default the first six digits of the uuid."""
        return self._host.machine.name

    @property
    def endpoint(self) -> str:
        """Where peers connect to; empty before the start. On a host with several networks peers are each told the
        address in their own network, and this is the first of them."""
        return self._host.endpoint

    @property
    def public_key(self) -> str:
        """The CURVE public key, in Z85, that peers need to connect to this node; empty for an open one."""
        return "" if self._protection is None else self._protection.public_key

    @property
    def headers(self) -> Headers:
        """What this node says about itself, to be read and written: ``node.headers["load"] = "0.7"``."""
        return Headers(self._host, self._limits.header_value)

    @property
    def peers(self) -> Roster:
        """Who is here now; ``node.peers(role="gpu")`` are those with that header."""
        return self._host.roster

    @property
    def groups(self) -> frozenset[str]:
        """The groups that this node is in."""
        groups: frozenset[str] = self._host.ask("own_groups")
        return groups

    @property
    def peer_groups(self) -> frozenset[str]:
        """The groups that at least one peer is in."""
        groups: frozenset[str] = self._host.ask("peer_groups")
        return groups

    def peers_in(self, group: str) -> Roster:
        """The peers in a group; this node is not among them."""
        return self._host.roster.in_group(check_group(group))

    def leader(self, group: str) -> PeerId | None:
        """Who leads a group, which may be this node; None if no election has ended."""
        leader: PeerId | None = self._host.ask("leader", check_group(group))
        return leader

    def statistics(self) -> Statistics:
        """What was counted since the start, losses and violations included."""
        return self._count_calls(self._host.statistics())

    def fates(self, peer: object) -> Fates | None:
        """What became of the messages for one peer since it entered; None if it is not here. ``statistics().fates``
        has those of all peers since the start. Raises InvalidPeer."""
        fates: Fates | None = self._host.ask("fates", PeerId.parse(peer))
        return fates
