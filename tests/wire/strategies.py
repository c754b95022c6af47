"""Values that the wire can carry, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from zyre.wire.zre import Hello


def text(most: int) -> st.SearchStrategy[str]:
    """Unicode text of at most ``most`` octets."""
    whole = st.text(st.characters(codec="utf-8"), max_size=min(most, 40))
    return whole.filter(lambda value: len(value.encode()) <= most)


STRING = text(255) | st.integers(250, 255).map("x".__mul__)
LONGSTR = text(4000) | st.integers(256, 70_000).map("y".__mul__)
SEQUENCE = st.integers(0, 65535)
OCTET = st.integers(0, 255)
DICTIONARY = st.dictionaries(STRING, LONGSTR, max_size=5)
HELLOS = st.builds(Hello, STRING, STRING, st.lists(LONGSTR, max_size=5).map(tuple), OCTET, DICTIONARY)


@st.composite
def mutated(draw: st.DrawFn, valid: st.SearchStrategy[bytes]) -> bytes:
    """A valid frame that was cut, prolonged, or had some of its octets overwritten."""
    frame = bytearray(draw(valid))
    kind = draw(st.sampled_from(("cut", "prolong", "overwrite")))
    if kind == "cut":
        return bytes(frame[: draw(st.integers(0, len(frame)))])
    if kind == "prolong":
        return bytes(frame) + draw(st.binary(max_size=20))
    for _ in range(draw(st.integers(1, 4))):
        if frame:
            frame[draw(st.integers(0, len(frame) - 1))] = draw(OCTET)
    return bytes(frame)
