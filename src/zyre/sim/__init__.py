"""The simulated host: many nodes in virtual time, in one thread, from one seed.

The machine and the driver are the ones that ship; only clock, alarm and transport are modelled.
"""

from zyre.sim.world import SimNode, World

__all__ = ["SimNode", "World"]
