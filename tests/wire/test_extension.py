from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zyre.wire.extension import EXTENSION_HEADER, application_headers, format_extensions, parse_extensions

FEATURES = st.frozensets(st.from_regex(r"[a-z]{1,8}", fullmatch=True), max_size=6)


@given(FEATURES, FEATURES)
def test_what_both_understand_is_the_intersection(mine: frozenset[str], theirs: frozenset[str]) -> None:
    assert parse_extensions({EXTENSION_HEADER: format_extensions(theirs)}, mine) == mine & theirs


def test_a_node_without_the_header_understands_nothing_more() -> None:
    assert parse_extensions({"ROLE": "camera"}, frozenset({"empty"})) == frozenset()


def test_words_stand_in_order_whatever_order_they_had() -> None:
    assert format_extensions(["goodbye", "empty"]) == "empty goodbye"


@given(st.text())
def test_any_header_value_is_read_without_error(value: str) -> None:
    """Invariant: whatever a peer writes there, the result is a subset of what we understand."""
    mine = frozenset({"empty", "goodbye"})
    assert parse_extensions({EXTENSION_HEADER: value}, mine) <= mine


def test_the_application_does_not_see_headers_of_the_protocol() -> None:
    assert application_headers({EXTENSION_HEADER: "empty", "X-ZYRE-LATER": "1", "X-HELLO": "World"}) == {
        "X-HELLO": "World"
    }
