"""What groups as objects add to the faces of a node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zyre.groups import AsyncGroup, Group

__all__ = ["AsyncGroupVerbs", "GroupVerbs"]


class GroupVerbs:
    """What groups add to a Node."""

    def group(self, name: str, *, include_self: bool = False) -> Group:
        """A group as an object: its members, how they change, waiting for them; the node need not be in it.

        With ``include_self`` this node counts as a member, if it is in. Raises InvalidName.
        """
        from zyre.groups import Group  # which most programs never need

        node: Any = self
        return Group(node, name, include_self=include_self)


class AsyncGroupVerbs:
    """What groups add to an AsyncNode."""

    def group(self, name: str, *, include_self: bool = False) -> AsyncGroup:
        """A group as an object; see Node.group."""
        from zyre.groups import AsyncGroup

        node: Any = self
        return AsyncGroup(node, name, include_self=include_self)
