"""Two tables made equal, by sums first and lists then, so that nothing travels that the other side has already.

The client compares: it sends the sums of its buckets, the hub lists those that differ, and the client sends what the
hub lacks and asks for what itself lacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, TypeVar

from zyre.core.gossip.table import TupleTable, bucket_of
from zyre.wire.gossip import Entry, Listing, Tuple

__all__ = ["Difference", "compare", "in_frames", "listings"]

T = TypeVar("T")

#: Octets of text in one message, about: long ones would hold up short ones.
_FRAME: Final = 65536


class Difference(NamedTuple):
    """Keys that the other side is to be sent, and keys to ask it for."""

    lacks: list[str]
    wanted: list[str]


def listings(table: TupleTable, sums: Sequence[int]) -> list[Listing]:
    """What to list for a neighbour whose table has these sums: each bucket that differs, whole, in one listing. At
    least one, which may be empty: it says that this was all."""
    differing = [bucket for bucket, (ours, theirs) in enumerate(zip(table.sums, sums, strict=True)) if ours != theirs]
    by_bucket: dict[int, list[Entry]] = {bucket: [] for bucket in differing}
    for key, entry in table.entries(differing).items():
        bucket = bucket_of(key)
        if sums[bucket] or not entry.gone:  # who has nothing in a bucket need not know what is gone from it
            by_bucket[bucket].append(entry)
    found: list[Listing] = []
    buckets: list[int] = []
    entries: list[Entry] = []
    size = 0
    for bucket, listed in by_bucket.items():
        buckets.append(bucket)
        entries += listed
        size += sum(len(entry.key) + 26 for entry in listed)
        if size >= _FRAME:
            found.append(Listing(frozenset(buckets), tuple(entries), more=True))
            buckets, entries, size = [], [], 0
    return [*found, Listing(frozenset(buckets), tuple(entries))]


def compare(table: TupleTable, listing: Listing) -> Difference:
    """What differs from what a neighbour listed."""
    ours = table.entries(listing.buckets)
    theirs = {entry.key: entry for entry in listing.entries}
    return Difference(_news(ours, theirs), _news(theirs, ours))


def _news(here: dict[str, Entry], there: dict[str, Entry]) -> list[str]:
    """What is later here than there, or missing there unless it is gone here, too."""
    return [key for key, entry in here.items() if (there[key].stamp < entry.stamp if key in there else not entry.gone)]


def in_frames(tuples: Iterable[Tuple]) -> Iterator[list[Tuple]]:
    """Tuples in portions that fit into messages."""
    portion: list[Tuple] = []
    size = 0
    for item in tuples:
        portion.append(item)
        size += len(item.key) + len(item.value) + 38
        if size >= _FRAME:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion
