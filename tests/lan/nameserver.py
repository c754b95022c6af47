"""A name server of a few names, for hosts of the laboratory: ``python -m tests.lan.nameserver ADDRESS RECORDS``.

RECORDS is JSON: a name, and what it stands for; addresses, or, where a name begins with an underline, the names of
hosts with a node at port 5670.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Mapping, Sequence

PORT = 53
_NODES = 5670


def command(address: str, records: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What runs it."""
    return (sys.executable, "-m", "tests.lan.nameserver", address, json.dumps(records))


def serve(address: str, records: Mapping[str, Sequence[str]]) -> None:
    """Answer for ever."""
    from dns import exception, message, rdatatype, rrset

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, PORT))
        while True:
            datagram, client = server.recvfrom(4096)
            try:
                answer = message.make_response(message.from_wire(datagram))
            except exception.DNSException:
                continue
            question = answer.question[0]
            found = records.get(question.name.to_text(omit_final_dot=True), ())
            if question.name.to_text().startswith("_"):
                kind, found = "SRV", [f"{place} 1 {_NODES} {host}." for place, host in enumerate(found)]
            else:
                kind = "A"
            if found and question.rdtype == rdatatype.from_text(kind):
                answer.answer.append(rrset.from_text(question.name, 1, "IN", kind, *found))
            server.sendto(answer.to_wire(), client)


if __name__ == "__main__":
    serve(sys.argv[1], json.loads(sys.argv[2]))
