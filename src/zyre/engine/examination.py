"""An examination of a running node: what the doctor sees, beside what the node knows."""

from __future__ import annotations

import time
from typing import Final

from zyre.core.host import Host, Life
from zyre.diagnosis import Diagnosis
from zyre.engine import clock
from zyre.engine.descriptors import open_limit
from zyre.engine.doctor import Facts, listen, reach, used
from zyre.engine.host import NodeHost
from zyre.engine.interfaces import Selection, consider_interfaces, has_carrier, selection_words
from zyre.engine.judgement import Acquaintance, Knowledge, judge
from zyre.errors import NodeNotStarted, NodeStopped, UsageError
from zyre.wire.envelope import envelope_of

__all__ = ["examine", "survey"]


#: Peers whose endpoints are tried: what is wrong with the others is wrong with these.
_MOST: Final = 64


def survey(selection: Selection, port: int, seconds: float, cluster: str = "") -> Diagnosis:
    """The same without a node, where none can be started. Raises InvalidConfig."""
    return judge(_look(selection, port, seconds, cluster), Knowledge(uuid=b"", descriptors=open_limit()))


def _look(selection: Selection, port: int, seconds: float, cluster: str) -> Facts:
    facts = Facts(port, seconds, envelope_of(cluster))
    facts.considered = consider_interfaces(selection)
    facts.restricted = bool(selection_words(selection))
    facts.carriers = {face.name: has_carrier(face.name) for face in used(facts)}
    if port:
        listen(facts)
    else:
        time.sleep(seconds)
    return facts


def examine(host: Host, seconds: float) -> Diagnosis:
    """Look around for so many seconds, in the calling thread. The node goes on meanwhile."""
    if not isinstance(host, NodeHost):
        raise UsageError("only a node on a real network can be examined; a simulated one has World.trace and checkers")
    if host.life is not Life.RUNNING:
        raise (NodeNotStarted if host.life is Life.NEW else NodeStopped)("diagnose")
    transport = host.transport
    facts = _look(transport.selection, transport.beacon_port, seconds, host.machine.cluster)
    people = tuple(Acquaintance(*one) for one in host.ask("acquaintances"))
    facts.reached = reach(one.endpoint for one in people[:_MOST])
    opened_at, opened_on = transport.opened
    statistics = host.statistics()
    return judge(
        facts,
        Knowledge(
            uuid=host.machine.identity.octets,
            peers=people,
            violations=dict(statistics.violations),
            failures=dict(statistics.failures),
            clock_step=(time.time() - opened_on) - (clock.now() - opened_at),
            descriptors=open_limit(),
        ),
    )
