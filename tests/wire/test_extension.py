from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zyre.wire.extension import EXTENSION_HEADER, application_headers, format_extensions, offered_extensions

FEATURES = st.frozensets(st.from_regex(r"[a-z]{1,8}", fullmatch=True), max_size=6)


@given(FEATURES)
def test_what_is_said_is_what_is_understood(features: frozenset[str]) -> None:
    assert offered_extensions({EXTENSION_HEADER: format_extensions(features)}) == features


def test_a_node_without_the_header_is_of_another_kind() -> None:
    assert offered_extensions({"ROLE": "camera"}) is None


def test_words_stand_in_order_whatever_order_they_had() -> None:
    assert format_extensions(["goodbye", "empty"]) == "empty goodbye"


@given(st.text())
def test_any_header_value_is_read_without_error(value: str) -> None:
    """Invariant: whatever a peer writes there, words come out."""
    assert all(offered_extensions({EXTENSION_HEADER: value}) or ["nothing"])


def test_the_application_does_not_see_headers_of_the_protocol() -> None:
    assert application_headers({EXTENSION_HEADER: "empty", "X-ZYRE-LATER": "1", "X-HELLO": "World"}) == {
        "X-HELLO": "World"
    }
