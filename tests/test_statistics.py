from __future__ import annotations

import dataclasses

import pytest

from zyre.statistics import Statistics

ZERO = Statistics(0, 0, 0, 0, 0, 0, 0, 0, {}, {}, {})


def test_they_are_numbers_and_three_tables_of_numbers() -> None:
    kinds = [field.type for field in dataclasses.fields(Statistics)]
    assert kinds.count("int") == 8
    assert kinds.count("Mapping[str, int]") == 3
    assert len(kinds) == 11


def test_they_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ZERO.peers = 1  # type: ignore[misc]


def test_every_counter_says_what_it_counts() -> None:
    import inspect

    source = inspect.getsource(Statistics)
    for field in dataclasses.fields(Statistics):
        following = source.split(f"    {field.name}: ", 1)[1].splitlines()[1]
        assert following.strip().startswith('"""'), field.name
