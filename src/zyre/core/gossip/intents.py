"""What the application publishes and has not withdrawn: it is there as long as this service is."""

from __future__ import annotations

from collections.abc import Iterator

from zyre.core.gossip.table import Record, TupleTable

__all__ = ["Intents"]


class Intents:
    """Values and leases by key. ``own`` is the owner of what is published here."""

    def __init__(self, own: bytes, table: TupleTable) -> None:
        self._own = own
        self._table = table
        self._by_key: dict[str, tuple[str, float]] = {}

    def publish(self, key: str, value: str, now: float, lease: float) -> Record | None:
        """Publish a tuple to stay; None if there is no room for it."""
        record = self._table.publish(key, value, now, lease=lease)
        if record is not None:
            self._by_key[key] = (value, lease)
        return record

    def forget(self, key: str) -> None:
        """The application withdrew it, or somebody else had a later word."""
        self._by_key.pop(key, None)

    def stands(self, key: str, value: str, lease: float) -> bool:
        """Whether exactly this is published already, and known as ours."""
        record = self._table.get(key)
        return self._by_key.get(key) == (value, lease) and record is not None and self._is_ours(record)

    def _is_ours(self, record: Record) -> bool:
        return record.is_live and record.stamp.owner == self._own and not record.adopted

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def defend(self, record: Record, now: float) -> Record | None:
        """Somebody else had a word on what we publish. Another value counts; that the same is gone does not."""
        value, lease = self._by_key[record.key]
        if record.value != value:
            self.forget(record.key)
            return None
        return None if record.is_live else self._table.publish(record.key, value, now, lease=lease)

    def renew(self, now: float) -> Iterator[Record]:
        """Others publish the same, and may fall silent: it lives on our signs of life from now on."""
        for key, (value, lease) in list(self._by_key.items()):
            record = self._table.get(key)
            if record is None or not self._is_ours(record):
                again = self._table.publish(key, value, now, lease=lease)
                if again is not None:
                    yield again

    def ending(self) -> list[str]:
        """The keys of what ends with this service."""
        own = ((key, self._table.get(key)) for key, (_, lease) in self._by_key.items() if lease)
        return [key for key, record in own if record is not None and self._is_ours(record)]
