"""Why somebody is not let in: the codes of Refused events, and what each means for the one who reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

__all__ = ["EXPLANATIONS", "RefusalCode"]

#: What a Refused event says.
RefusalCode: TypeAlias = Literal[
    "unknown key",
    "revoked",
    "expired",
    "crowded",
    "too often",
    "other domain",
    "denied address",
    "open peer",
    "secured peer",
    "wrong key",
    "wrong secret",
    "replayed",
    "redirected",
    "stale",
    "forbidden group",
    "no descriptors",
    "other cluster",
    "out of scope",
]

#: One sentence or two for each code: what was seen, and what to do if it should have been let in.
EXPLANATIONS: Final[Mapping[RefusalCode, str]] = {
    "unknown key": "It connected with a key that this node does not know. To let it in, put its public certificate "
    "into the directory that Access(certificates=...) names, or its key into Access(keys=...); in a cluster with an "
    "authority enroll it: 'zyre invite' where the authority is, and 'zyre enroll' there.",
    "revoked": "It may not be here any more: its certificate was taken away or revoked, or Access was changed. "
    "To let it in again, put its certificate back, or enroll it with a new key: 'zyre invite' and 'zyre enroll'.",
    "expired": "Its certificate was good until a time that is over, or the clock of one of both machines is wrong. "
    "Enroll it again: 'zyre invite --renew' where the authority is, and 'zyre enroll' there.",
    "crowded": "Its key is not known yet, and too many such connect at the same time, or stay and do not say who they "
    "are: it is let in when there is room (Limits.strangers), or when its announcement is heard.",
    "too often": "So many handshakes from its address were refused within ten seconds (Limits.handshakes) that more of "
    "them are refused without a closer look, and counted together: somebody guesses, or goes on trying without the "
    "right key; the other refusals say why. Whoever is known to be good gets in from there all the same.",
    "other domain": "Its certificate is known, and its metadata 'domains' does not name the domain of this node.",
    "denied address": "Its address is denied, or is not among those that are allowed: see Access(allow=..., deny=...).",
    "open peer": "It does not encrypt, and this node meets nobody who does not. Give it the same secret, or a "
    "certificate; or give this node another port.",
    "secured peer": "It demands encryption, and this node is open. Give this node the same secret, or a certificate; "
    "or give it another port.",
    "wrong key": "It presents another key than it has proven to own, or than it was announced with: either it was "
    "started anew a moment ago, or somebody pretends to be it.",
    "wrong secret": "It was made with another secret than this node's, or somebody without it forges announcements. "
    "To let it in, give it the same secret=... (ZYRE_SECRET, ZYRE_SECRET_FILE), letter by letter.",
    "replayed": "An announcement that was true once was sent again: by somebody who recorded it, or by a network that "
    "keeps datagrams back.",
    "redirected": "An announcement arrived from an address that is none of its sender's: somebody sends it on, or "
    "there is a translation of addresses in between; then connect to that node by its endpoint.",
    "forbidden group": "It joins or speaks to a group that its certificate is not good for. To permit that, name the "
    "group in the metadata 'groups' of its certificate in the directory that Access(certificates=...) names.",
    "stale": "It has the same secret, and was announced at another time than now: either its clock differs from this "
    "machine's by more than Limits.beacon_age, or somebody sends a recording.",
    "other cluster": "It is of another cluster on the same port, and keeps to its own as this node does. To meet it, "
    "give both the same cluster=... (or ZYRE_CLUSTER), or neither: nodes of other kinds are in the one without a name.",
    "out of scope": "It is farther away than this node's scope reaches, or would have to be reached there. "
    "scope='link' means the networks that this computer is in, 'host' this computer; 'any' (ZYRE_SCOPE=any) "
    "lets it in.",
    "no descriptors": "This process may hardly open any more files and sockets, and libzmq would end it if there were "
    "none left. Raise its limit, for instance by 'ulimit -n 65536' or LimitNOFILE= in its systemd unit: each peer "
    "takes three. The peer is let in as soon as there is room.",
}
