"""What a gossip service tells its application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Delivery", "DeliveryReason"]

#: Why: it is new or has a new value; its publisher withdrew it; its publisher fell silent, or its time is over.
DeliveryReason: TypeAlias = Literal["published", "withdrawn", "lapsed"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A tuple is new, has a new value, or is gone: then ``value`` is None. One's own are delivered, too, as in CZMQ."""

    key: str
    value: str | None
    reason: DeliveryReason = "published"
