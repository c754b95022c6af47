"""What a node says of itself: its headers, its groups, its address as each peer should use it."""

from __future__ import annotations

from typing import Final

from zyre.core.groups import Groups
from zyre.core.locality import Locality
from zyre.core.profile import NodeProfile
from zyre.endpoint import Endpoint
from zyre.wire import zre
from zyre.wire.envelope import CLUSTER_HEADER
from zyre.wire.extension import CERTIFICATE_HEADER, EXTENSION_HEADER, application_headers, format_extensions
from zyre.wire.lives import INCARNATION_HEADER, format_incarnation

__all__ = ["PUBLIC_KEY_HEADER", "Portrait"]

#: The header by which a secured node tells its public key to those who have not heard its beacon (libzyre's).
PUBLIC_KEY_HEADER: Final = "X-PUBLICKEY"


class Portrait:
    """Makes our HELLO, and keeps it while nothing changes: most peers are told the same."""

    __slots__ = (
        "_certificate",
        "_cluster",
        "_extensions",
        "_groups",
        "_hellos",
        "_incarnation",
        "_name",
        "headers",
        "locality",
        "said",
        "version",
    )

    def __init__(self, profile: NodeProfile, groups: Groups) -> None:
        self.headers = dict(profile.headers)
        if profile.public_key:
            self.headers[PUBLIC_KEY_HEADER] = profile.public_key
        self.said = application_headers(self.headers)
        """The headers as peers show them to their applications: without those of this package's own protocol."""
        self.version = 0
        """Counts the changes of groups and headers."""
        self._name = profile.name
        self._cluster = profile.cluster.name
        self._certificate = profile.certificate
        self._extensions = profile.extensions
        self._groups = groups
        self.locality: Locality | None = None
        """Where we are; None before the start."""
        self._incarnation = profile.incarnation if "incarnation" in profile.extensions else 0
        self._hellos: dict[tuple[str, bool], bytes] = {}

    def move(self, locality: Locality) -> None:
        """Be there from now on."""
        self.locality = locality
        self._hellos.clear()

    def set_header(self, name: str, value: str) -> None:
        """Change a header."""
        self.headers = {**self.headers, name: value}  # a new one, because others read it without a lock
        self.changed()

    def remove_header(self, name: str) -> None:
        """Have a header no longer."""
        self.headers = {other: value for other, value in self.headers.items() if other != name}
        self.changed()

    def rekey(self, public_key: str, certificate: str) -> None:
        """The node has another key, and another certificate."""
        self.headers = {**self.headers, PUBLIC_KEY_HEADER: public_key}
        self._certificate = certificate
        self.said = application_headers(self.headers)
        self._hellos.clear()

    def changed(self) -> None:
        """Groups or headers are not as before."""
        self.version += 1
        self.said = application_headers(self.headers)
        self._hellos.clear()

    def where(self, endpoint: Endpoint) -> str:
        """Our own endpoint as a peer at ``endpoint`` is told it."""
        assert self.locality is not None, "nobody is greeted before the start"
        return self.locality.toward(endpoint)

    def hello_to(self, endpoint: Endpoint, *, answer: bool = False) -> bytes:
        """The fields of HELLO for a peer at ``endpoint``."""
        return self.hello(self.where(endpoint), answer=answer)

    def hello(self, where: str, *, answer: bool = False) -> bytes:
        """The fields of HELLO for a peer that is told to reach us there; ``answer`` says that it answers one of a node
        that tells its lives apart."""
        hello = self._hellos.get((where, answer))
        if hello is None:
            hello = self._hellos[where, answer] = self._encode(where, answer)
        return hello

    def _encode(self, endpoint: str, answer: bool) -> bytes:
        headers = dict(self.headers)
        if self._extensions:
            headers[EXTENSION_HEADER] = format_extensions(self._extensions)
        if self._cluster:
            headers[CLUSTER_HEADER] = self._cluster
        if self._certificate:
            headers[CERTIFICATE_HEADER] = self._certificate
        if self._incarnation:
            headers[INCARNATION_HEADER] = format_incarnation(self._incarnation, answer=answer)
        return zre.encode_hello(
            zre.Hello(
                endpoint=endpoint,
                name=self._name,
                groups=tuple(self._groups.own),
                status=self._groups.status,
                headers=headers,
            )
        )
