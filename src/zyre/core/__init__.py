"""The protocol as state machines: what is to be done, never doing it. No clock, no socket, no randomness in here.

Where a message goes:  node.receive_frames -> (peer, presence, groups, election, discovery) -> effects and events.
The tables that decide are in tables.py; the node only routes.
"""
