from __future__ import annotations

import typing

import pytest

from zyre.core import effects
from zyre.core.effects import Effect, Report

KINDS = typing.get_args(Effect) + typing.get_args(Report)


@pytest.mark.parametrize("kind", KINDS)
def test_an_effect_is_a_small_immutable_tuple(kind: type) -> None:
    made = kind(*range(len(kind._fields)))  # type: ignore[attr-defined]
    assert made == tuple(range(len(kind._fields)))  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        setattr(made, kind._fields[0] if kind._fields else "count", 1)  # type: ignore[attr-defined]


def test_the_unions_hold_every_kind_and_all_names_them() -> None:
    assert {kind.__name__ for kind in KINDS} | {"Effect", "KeptLetter", "Report"} == set(effects.__all__)


def test_whatever_is_about_a_link_names_it_first() -> None:
    about_links = [kind for kind in KINDS if "link" in kind._fields]
    assert all(kind._fields[0] == "link" for kind in about_links)
    assert {kind.__name__ for kind in KINDS if kind not in about_links} == {
        "Broadcast",
        "Discard",
        "HelloFrom",
        "Keep",
        "KeysChanged",
        "KeysComing",
        "ListenAnew",
        "LinkLost",
        "ListProven",
        "LocalityChanged",
        "Mark",
        "NameResolved",
        "NotPersisted",
        "PeerJudged",
        "PeerRefused",
        "Persisted",
        "Pressure",
        "Restored",
        "Taken",
    }
