"""Fresh identities."""

from __future__ import annotations

import uuid

from zyre.engine.entropy import new_identity


def test_all_different_and_none_like_an_rfc_4122_version_4() -> None:
    """By that other nodes of ours tell implementations apart that wrap their sequence differently."""
    fresh = {new_identity() for _ in range(2000)}
    assert len(fresh) == 2000
    assert not any(uuid.UUID(identity).version == 4 for identity in fresh)
