"""The side door: machine, effects, driver and codecs, for people who bring their own loop.

Everything here is stable in meaning and may still change in shape before 1.0. ARCHITECTURE.md shows how the pieces fit.
"""

from zyre.core.driver import Driver, Tap
from zyre.core.effects import (
    AskRoom,
    Broadcast,
    CloseLink,
    Discard,
    Effect,
    Hasten,
    Keep,
    LinkAnswered,
    LinkBlocked,
    LinkFailed,
    LinkLost,
    LinkRefused,
    LinkWritable,
    LocalityChanged,
    Mark,
    NotPersisted,
    OpenLink,
    Persisted,
    Probe,
    Report,
    Restored,
    Send,
    Taken,
)
from zyre.core.locality import Interface, Locality
from zyre.core.machine import Alarm, Clock, Machine, Store, Transport
from zyre.core.node import NodeMachine
from zyre.core.outcome import Outcome
from zyre.core.profile import NodeProfile
from zyre.core.tables import TRANSITIONS, Action, Input, PeerState, Phase, Violation
from zyre.endpoint import Endpoint
from zyre.wire import beacon, extension, primitives, zre

__all__ = [
    "Outcome",
    "Driver",
    "Tap",
    "AskRoom",
    "Broadcast",
    "CloseLink",
    "Discard",
    "Effect",
    "Hasten",
    "Keep",
    "LinkAnswered",
    "LinkBlocked",
    "LinkFailed",
    "LinkLost",
    "LinkRefused",
    "LinkWritable",
    "LocalityChanged",
    "Mark",
    "NotPersisted",
    "OpenLink",
    "Persisted",
    "Probe",
    "Report",
    "Restored",
    "Send",
    "Taken",
    "Interface",
    "Locality",
    "Alarm",
    "Clock",
    "Machine",
    "Store",
    "Transport",
    "NodeMachine",
    "NodeProfile",
    "TRANSITIONS",
    "Action",
    "Input",
    "PeerState",
    "Phase",
    "Violation",
    "Endpoint",
    "beacon",
    "extension",
    "primitives",
    "zre",
]
