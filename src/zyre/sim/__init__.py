"""The simulated host: any number of nodes in virtual time, in one thread, from one seed.

The machine and the driver are the ones that ship; clock, alarm and transport are modelled. Ours to find bugs with, and
our users' to test their own clustered programs: see zyre.testing for a LAN in a test suite.
"""

from zyre.sim.box import Box, Port, Power
from zyre.sim.checkers import Checker, CheckFailed, all_checkers, check_agreement
from zyre.sim.conditions import (
    LAN,
    LOSSY_WIFI,
    PERFECT,
    WIFI,
    Conditions,
    Fixed,
    Latency,
    LongTail,
    Normal,
    Uniform,
)
from zyre.sim.tasks import Task
from zyre.sim.world import SimNode, World

__all__ = [
    "LAN",
    "LOSSY_WIFI",
    "PERFECT",
    "WIFI",
    "Box",
    "CheckFailed",
    "Checker",
    "Conditions",
    "Fixed",
    "Latency",
    "LongTail",
    "Normal",
    "Port",
    "Power",
    "SimNode",
    "Task",
    "Uniform",
    "World",
    "all_checkers",
    "check_agreement",
]
