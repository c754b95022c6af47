"""What the doctor finds: stable codes, one sentence each, and where there is one, the command that mends it.

Codes are for programs and never change their meaning; sentences are for people. ``node.diagnose()`` and ``zyre doctor``
return a Diagnosis.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

from zyre.refusals import EXPLANATIONS, RefusalCode

__all__ = ["COMPLAINTS", "Complaint", "Diagnosis", "Finding", "Severity"]

#: Whether nodes cannot meet or talk because of it, or could soon not, or it is only worth knowing.
Severity: TypeAlias = Literal["error", "warning", "note"]


class Complaint(NamedTuple):
    """What a code means: ``sentence`` and ``remedy`` are templates for the finding's details."""

    severity: Severity
    sentence: str
    remedy: str = ""


#: Nothing is wrong with these where they are meant.
_ON_PURPOSE: Final = ("other cluster", "out of scope")


def _severity(refusal: RefusalCode) -> Severity:
    return "note" if refusal in _ON_PURPOSE else "warning"


COMPLAINTS: Final[Mapping[str, Complaint]] = {
    "no-network": Complaint(
        "warning",
        "No interface but loopback is up, so only nodes on this computer are met.",
        "ip link set NAME up; ip address",
    ),
    "interface-down": Complaint("warning", "The interface {subject} is switched off.", "ip link set {subject} up"),
    "interface-alone": Complaint(
        "warning",
        "The interface {subject} has no carrier: its cable is out, or its network is not joined.",
        "ip link show {subject}",
    ),
    "no-broadcast": Complaint(
        "note",
        "Nothing can be said to everybody on {subject} ({address}): it is a point-to-point link or a tunnel.",
        'zyre peers --join HOST    # or Node(join=["HOST"])',
    ),
    "port-taken": Complaint(
        "error",
        "Another program has UDP port {port} for itself, so no beacon is heard.",
        "ss -ulpn 'sport = :{port}'",
    ),
    "beacon-not-sent": Complaint(
        "error",
        "Beacons do not leave by {subject} ({address}): {detail}.",
        "zyre ports    # prints what a firewall must let out and in",
    ),
    "beacon-not-heard": Complaint(
        "error",
        "Beacons that leave by {subject} ({address}) are not heard back: a firewall on this computer drops UDP port "
        "{port}, or the interface carries no broadcasts.",
        "zyre ports    # prints the commands that open it",
    ),
    "peer-unreachable": Complaint(
        "error",
        "{subject} is heard, and nothing answers at {address}: a firewall there drops TCP, or it is reached by another "
        "address.",
        "zyre ports    # there",
    ),
    "peer-refuses": Complaint(
        "error",
        "{subject} is heard, and its computer refuses connections at {address}: its program ended a moment ago, or a "
        "firewall there rejects TCP.",
        "zyre ports    # there",
    ),
    "peer-silent": Complaint(
        "error",
        "{subject} is reached at {address}, and does not greet back: it cannot connect to this computer.",
        "zyre ports    # prints the commands that let TCP in here",
    ),
    "one-way": Complaint(
        "warning",
        "{subject} hears our beacons, and its own do not arrive here: broadcasts pass in one direction only.",
        "zyre ports    # prints the commands that let UDP in here",
    ),
    "address-mismatch": Complaint(
        "warning",
        "{subject} is reached at {address}, and its beacons come from {detail}: addresses are translated in between, "
        "or it advertises one of another network.",
        "",
    ),
    "netmask": Complaint(
        "warning",
        "Beacons come from {address}, which is in no network of this computer: the netmask here or there is wrong.",
        "ip -4 address",
    ),
    "other-interface": Complaint(
        "note",
        "Nodes are heard at {address}, outside the interfaces that were chosen.",
        "",
    ),
    "identity-clash": Complaint(
        "error",
        "Two nodes say that they are {subject}: at {address} and {detail}. A uuid was copied with a machine or a file.",
        "",
    ),
    "clock-jumped": Complaint(
        "warning",
        "The clock of this computer was set by {detail} while the node ran: sealed beacons may be taken for old ones.",
        "timedatectl status",
    ),
    "few-descriptors": Complaint(
        "warning",
        "This process may open {detail} descriptors, which is enough for about {subject} peers.",
        "ulimit -n 4096",
    ),
    "peers-full": Complaint("error", "Peers are refused, because Limits.peers is reached.", ""),
    "nobody": Complaint(
        "note",
        "No other node was heard on UDP port {port} in {detail} seconds.",
        "zyre doctor --seconds 10    # listens longer",
    ),
} | {
    code.replace(" ", "-"): Complaint(_severity(code), "Somebody at {address} is not let in. " + text, "")
    for code, text in EXPLANATIONS.items()
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or worth knowing. ``code`` is a key of COMPLAINTS."""

    code: str
    severity: Severity
    sentence: str
    remedy: str = ""
    """A command to type, or empty."""
    subject: str = ""
    """The interface, peer or port that it is about."""

    @classmethod
    def of(cls, code: str, subject: str = "", **details: object) -> Finding:
        """The finding of a code, with its sentence made from the details."""
        complaint = COMPLAINTS[code]
        fields = {"subject": subject, **details}
        sentence, remedy = complaint.sentence.format(**fields), complaint.remedy.format(**fields)
        return cls(code, complaint.severity, sentence, remedy, subject)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was found, the worst first, and what was looked at."""

    findings: tuple[Finding, ...]
    interfaces: tuple[tuple[str, str, str], ...] = ()
    """``(name, address, why)`` of every address of this computer; ``why`` says whether it is used."""
    heard: int = 0
    """How many other nodes were heard by beacon."""
    peers: int = 0
    """How many are here."""

    @property
    def healthy(self) -> bool:
        """Whether nothing stands in the way: notes do not count."""
        return all(finding.severity == "note" for finding in self.findings)

    @property
    def codes(self) -> frozenset[str]:
        """The codes of what was found."""
        return frozenset(finding.code for finding in self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)
