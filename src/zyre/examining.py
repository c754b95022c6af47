"""The examination of a node by itself: what the faces have in common of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zyre.core.host import Host

if TYPE_CHECKING:
    from zyre.diagnosis import Diagnosis

__all__ = ["Examinable"]


class Examinable:
    """A node that can say what keeps it from meeting others."""

    _host: Host

    def diagnose(self, seconds: float = 2.0) -> Diagnosis:
        """Look at the network for so many seconds, and say what keeps nodes from meeting: see zyre.diagnosis.

        Blocks meanwhile; the node goes on. What it sends is understood by nobody. Raises NodeNotStarted, NodeStopped.
        """
        from zyre.engine.examination import examine  # which most programs never need

        return examine(self._host, seconds)
