"""A conformance kit for ZRE peers: drives any running node through 36/ZRE, one rule at a time, and says what it does.

    for result in Kit("tcp://192.168.1.7:49152").run():
        print(result.probe.name, result.outcome, result.detail)

The probes are data (zyre.conformance.probes): what is sent, what is expected, which section says so. They are played by
a peer made by hand of bare sockets, which knows nothing of the rest of this package, so that a mistake of ours cannot
stand on both sides.
"""

from zyre.conformance.kit import Kit, Outcome, Result, Unreachable
from zyre.conformance.probe import Probe, Severity
from zyre.conformance.probes import PROBES

__all__ = ["PROBES", "Kit", "Outcome", "Probe", "Result", "Severity", "Unreachable"]
