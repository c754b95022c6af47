"""Groups as things of their own: who is in one, how that changes, and who leads it."""

from zyre.groups.changes import AsyncChanges, BaseChanges, Change, Changes
from zyre.groups.group import AsyncGroup, BaseGroup, Group

__all__ = [
    "AsyncChanges",
    "AsyncGroup",
    "BaseChanges",
    "BaseGroup",
    "Change",
    "Changes",
    "Group",
]
