"""What a socket can say no with, sorted by what the caller can do about it.

    SocketError                     (ZyreError)   .operation .socket_type .endpoint .errno .strerror
    ├── WrongUse                    (UsageError)  the call cannot work as it stands; nothing was changed
    │   ├── InvalidEndpoint         (ValueError)  not an endpoint, or not one that a guard can read
    │   ├── EndpointNotFound        (LookupError) unbind or disconnect of what never was bound or connected
    │   ├── TransportNotSupported                 this build of libzmq lacks the transport
    │   ├── TransportNotCompatible                this type of socket cannot use the transport
    │   ├── InvalidOption           (ValueError)  no such option, or not with this value, or not here
    │   ├── InvalidMessage          (ValueError)  a message without frames
    │   ├── NotSupported                          this type of socket has no such verb (a push cannot receive)
    │   └── WrongState                            not now (a req sends and receives in turn)
    ├── WouldBlock                  (WouldBlock)  nothing to do without waiting, and you asked not to wait
    ├── SocketTimeout               (TimeoutError)  it did not happen within the time you gave
    ├── UnexpectedMessage           (ValueError)  not one frame, or not UTF-8; consumed, and in .message
    ├── SocketClosed                              you closed the socket; its waiters are woken by this
    ├── ContextTerminated                         you terminated the context under the socket
    ├── AccessRefused               (PermissionError)  a guard said no: .guard .why
    └── TransportError              (NetworkError)  the world is not as the call needs it
        ├── AddressInUse            (AddressInUse)  someone else has that port, path or name
        ├── AddressNotAvailable                   not an address of this machine
        ├── NoSuchInterface                       no interface or address of that name
        ├── PathNotUsable                         an ipc path that cannot be created
        ├── HostUnreachable                       nobody has that routing id (router_mandatory)
        ├── TooManySockets                        a limit of the context or of the process
        └── NoIOThread                            a context without I/O threads

The names in brackets are what the class derives from as well, so ``except OSError`` and ``except ValueError``
keep their meaning. Every exception carries its fields, builds its own sentence with an advice, and survives
pickling.
"""

from __future__ import annotations

from dataclasses import dataclass

from zyre import errors as base

__all__ = [
    "Fault",
    "SocketError",
    "WrongUse",
    "InvalidEndpoint",
    "EndpointNotFound",
    "TransportNotSupported",
    "TransportNotCompatible",
    "InvalidOption",
    "InvalidMessage",
    "NotSupported",
    "WrongState",
    "WouldBlock",
    "SocketTimeout",
    "UnexpectedMessage",
    "SocketClosed",
    "ContextTerminated",
    "AccessRefused",
    "TransportError",
    "AddressInUse",
    "AddressNotAvailable",
    "NoSuchInterface",
    "PathNotUsable",
    "HostUnreachable",
    "TooManySockets",
    "NoIOThread",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """The circumstances of a failure: which verb, what type of socket, which endpoint, libzmq's words."""

    operation: str
    socket_type: str = ""
    endpoint: str = ""
    errno: int = 0
    strerror: str = ""

    def __str__(self) -> str:
        subject = f"{self.socket_type}.{self.operation}" if self.socket_type else self.operation
        where = f"({self.endpoint!r})" if self.endpoint else "()"
        return f"{subject}{where}: {self.strerror}" if self.strerror else f"{subject}{where}"


class SocketError(base.ZyreError):
    """The root of this tree; raised itself only for codes of libzmq that have no class of their own."""

    advice = ""

    def __init__(self, fault: Fault, *more: object) -> None:
        # Not super().__init__: the second parents have signatures of their own, and OSError would take these
        # arguments for an errno and a file name.
        Exception.__init__(self, fault, *more)
        self.fault = fault
        self.operation = fault.operation
        self.socket_type = fault.socket_type
        self.endpoint = fault.endpoint
        self.errno: int | None = fault.errno
        self.strerror: str | None = fault.strerror

    def __str__(self) -> str:
        return f"{self.fault}; {self.advice}" if self.advice else str(self.fault)


class WrongUse(SocketError, base.UsageError):
    """The call cannot work as it stands."""


class InvalidEndpoint(WrongUse, base.InvalidEndpoint):
    """``endpoint`` cannot be parsed, so no guard could judge it; ``why`` says what is wrong with it."""

    advice = (
        "endpoints look like 'tcp://127.0.0.1:5555', 'tcp://*:*', 'ipc:///tmp/name' or 'inproc://name' "
        "(unsafe_bind and unsafe_connect hand anything else to libzmq unchecked)"
    )

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.value = fault.endpoint
        self.why = fault.strerror


class EndpointNotFound(WrongUse, LookupError):
    """The socket has no such endpoint to let go of."""

    advice = "socket.endpoints('bind') and socket.endpoints('connect') list what it has"


class TransportNotSupported(WrongUse):
    """This build of libzmq does not have the transport of ``endpoint``."""

    advice = "zyre.sockets.version().built_with lists what this libzmq has; tcp, ipc and inproc are common"


class TransportNotCompatible(WrongUse):
    """Sockets of this type cannot use the transport of ``endpoint``."""

    advice = "multicast transports carry only pub and sub; tcp, ipc and inproc carry every type"


class InvalidOption(WrongUse, ValueError):
    """``option`` cannot be read or set so on this socket; ``value`` is what it was to become."""

    def __init__(self, fault: Fault, option: str, value: object = None) -> None:
        super().__init__(fault, option, value)
        self.option = option
        self.value = value


class InvalidMessage(WrongUse, ValueError):
    """A message has at least one frame."""

    advice = "an empty frame is b'', and a message of one empty frame is Message(b'')"


class NotSupported(WrongUse):
    """This type of socket does not have the verb."""

    advice = "pub and push only send, sub and pull only receive; choose the type for the direction"


class WrongState(WrongUse):
    """The socket is at another point of its conversation."""

    advice = (
        "a req sends, then receives; a rep receives, then sends "
        "(dealer and router keep no turns, and req_relaxed lets a req start over)"
    )


class WouldBlock(SocketError, base.WouldBlock):
    """There is nothing to receive, or no room to send, right now."""

    advice = "the same verb without _nowait waits until it can be done"


class SocketTimeout(SocketError, TimeoutError):
    """It did not happen within ``timeout`` seconds."""

    def __init__(self, fault: Fault, timeout: float) -> None:
        super().__init__(fault, timeout)
        self.timeout = timeout

    def __str__(self) -> str:
        return f"{self.fault}: not within {self.timeout:g} s"


class UnexpectedMessage(SocketError, ValueError):
    """The message that was received, and consumed, is not one frame of UTF-8; ``message`` is all of it."""

    advice = "recv() returns messages of any number of frames, as bytes; this one is in .message"

    def __init__(self, fault: Fault, message: tuple[bytes, ...]) -> None:
        super().__init__(fault, message)
        self.message = message


class SocketClosed(SocketError):
    """The socket was closed, here or by another thread or task."""

    advice = "a socket is closed once and for all: make a new Socket"


class ContextTerminated(SocketError):
    """The context that this socket was made in has been terminated."""

    advice = "close the socket, so that the context's term() can return"


class AccessRefused(SocketError, PermissionError):
    """``guard`` did not let this socket bind or connect there; ``why`` is its reason."""

    def __init__(self, fault: Fault, guard: str, why: str) -> None:
        super().__init__(fault, guard, why)
        self.guard = guard
        self.why = why

    def __str__(self) -> str:
        return f"{self.fault}: refused by {self.guard}: {self.why}"


class TransportError(SocketError, base.NetworkError):
    """The network or the operating system is not as the call needs it."""


class AddressInUse(TransportError, base.AddressInUse):
    """Another socket has ``endpoint``."""

    advice = "choose another port, or '*' for any free one (bind returns which), or close the socket that has it"


class AddressNotAvailable(TransportError):
    """``endpoint`` names an address that this machine does not have."""

    advice = "bind to an address of this machine, or to '*' for all of them"


class NoSuchInterface(TransportError):
    """``endpoint`` names an interface that does not exist here."""

    advice = "bind to an interface or address of this machine, or to '*' for all; IPv6 needs the option ipv6=True"


class PathNotUsable(TransportError):
    """The path of an ipc endpoint cannot be made into a socket."""

    advice = "its directory must exist and be writable, and the whole path be short (about 100 bytes)"


class HostUnreachable(TransportError):
    """No peer with the routing id in the first frame is connected, and router_mandatory is set."""

    advice = "the peer is gone or not here yet; without router_mandatory such messages are dropped in silence"


class TooManySockets(TransportError):
    """The context or the process has reached its limit."""

    advice = "close sockets that are done with; limits are ZMQ_MAX_SOCKETS of the context and 'ulimit -n'"


class NoIOThread(TransportError):
    """No I/O thread can serve the endpoint."""

    advice = "the context was made with io_threads=0 (good for inproc only), or affinity excludes every thread"
