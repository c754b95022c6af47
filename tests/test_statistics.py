from __future__ import annotations

import dataclasses

import pytest

from zyre.statistics import Fates, Statistics

ZERO = Statistics(0, 0, 0, 0, 0, 0, 0, 0, {}, {}, {})


def test_they_are_numbers_and_four_tables_of_numbers() -> None:
    kinds = [field.type for field in dataclasses.fields(Statistics)]
    assert kinds.count("int") == 8
    assert kinds.count("Mapping[str, int]") == 4
    assert kinds.count("Fates") == 1
    assert len(kinds) == 13


def test_the_books_balance_if_each_message_has_one_fate() -> None:
    assert Fates().balanced
    assert Fates(offered=6, delivered=1, expired=1, refused=1, lost=1, unknown=1, in_flight=1).balanced
    assert not Fates(offered=2, delivered=1).balanced
    assert not Fates(offered=1, delivered=1, lost=1).balanced


def test_they_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ZERO.peers = 1  # type: ignore[misc]


def test_every_counter_says_what_it_counts() -> None:
    import inspect

    for kind in (Statistics, Fates):
        source = inspect.getsource(kind)
        for field in dataclasses.fields(kind):
            following = source.split(f"    {field.name}: ", 1)[1].splitlines()[1]
            assert following.strip().startswith('"""'), field.name
