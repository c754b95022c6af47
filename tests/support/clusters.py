"""Clusters with an authority, in a directory of a test: how members are made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import zyre
from zyre.engine.authority import Authority, join_cluster, new_request


class LabCluster:
    """An authority, and the directories of its members."""

    def __init__(self, root: Path, name: str = "lab") -> None:
        self.root = root
        self.authority = Authority.found(root / f"{name}-authority", name)

    def member(self, name: str, directory: str | None = None, **options: Any) -> Path:
        """A new member; with ``renew=True`` in ``directory`` one that gets a new key."""
        request = new_request(name)
        signed = self.authority.issue(request, **options)
        mine = zyre.Certificate(signed.public_key, request.secret_key, signed.metadata)
        return join_cluster(self.root / (directory or name), self.authority.cluster, self.authority.public, mine)
