from __future__ import annotations

from typing import get_args

from zyre.refusals import EXPLANATIONS, RefusalCode


def test_every_code_is_explained() -> None:
    assert set(EXPLANATIONS) == set(get_args(RefusalCode))
    assert all(text.endswith((".", "more.", "anew.")) for text in EXPLANATIONS.values())
