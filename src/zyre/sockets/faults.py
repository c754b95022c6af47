"""libzmq's error codes, and the exception that each becomes.

One table for what a code means anywhere, one for the few whose meaning depends on the verb. Everything that
libzmq documents for the calls of this package is here; the rest becomes a plain ``SocketError`` that carries
the number.
"""

from __future__ import annotations

import errno
from typing import Final

import zmq

from zyre.sockets import errors
from zyre.sockets.errors import Fault, SocketError

__all__ = ["EXCEPTIONS", "EXCEPTIONS_OF_VERB", "exception_for", "translated"]

#: What a code means, whichever verb it came from.
EXCEPTIONS: Final[dict[int, type[SocketError]]] = {
    zmq.EAGAIN: errors.WouldBlock,
    zmq.EFSM: errors.WrongState,
    zmq.ETERM: errors.ContextTerminated,
    zmq.ENOTSOCK: errors.SocketClosed,
    zmq.ENOTSUP: errors.NotSupported,
    zmq.EHOSTUNREACH: errors.HostUnreachable,
    zmq.EADDRINUSE: errors.AddressInUse,
    zmq.EADDRNOTAVAIL: errors.AddressNotAvailable,
    errno.ENODEV: errors.NoSuchInterface,
    zmq.EPROTONOSUPPORT: errors.TransportNotSupported,
    zmq.ENOCOMPATPROTO: errors.TransportNotCompatible,
    zmq.EMTHREAD: errors.NoIOThread,
    errno.EMFILE: errors.TooManySockets,
    errno.ENFILE: errors.TooManySockets,
    zmq.EINVAL: errors.WrongUse,
    zmq.EFAULT: errors.WrongUse,
    errno.EACCES: errors.PathNotUsable,
    errno.EPERM: errors.PathNotUsable,
    errno.EROFS: errors.PathNotUsable,
    errno.ENOTDIR: errors.PathNotUsable,
    errno.ENAMETOOLONG: errors.PathNotUsable,
    zmq.ECONNREFUSED: errors.TransportError,
    zmq.ECONNRESET: errors.TransportError,
    zmq.ECONNABORTED: errors.TransportError,
    zmq.ENETDOWN: errors.TransportError,
    zmq.ENETUNREACH: errors.TransportError,
    zmq.ENETRESET: errors.TransportError,
    zmq.ENOTCONN: errors.TransportError,
    zmq.ETIMEDOUT: errors.TransportError,
    zmq.ENOBUFS: errors.TransportError,
    zmq.EAFNOSUPPORT: errors.TransportError,
    zmq.EMSGSIZE: errors.TransportError,
    zmq.EINPROGRESS: errors.TransportError,
    errno.ENOMEM: errors.TransportError,
}

#: The codes that mean something else from particular verbs.
EXCEPTIONS_OF_VERB: Final[dict[tuple[str, int], type[SocketError]]] = {
    ("bind", zmq.EINVAL): errors.InvalidEndpoint,
    ("connect", zmq.EINVAL): errors.InvalidEndpoint,
    ("unbind", zmq.EINVAL): errors.InvalidEndpoint,
    ("disconnect", zmq.EINVAL): errors.InvalidEndpoint,
    ("unbind", errno.ENOENT): errors.EndpointNotFound,
    ("disconnect", errno.ENOENT): errors.EndpointNotFound,
    ("bind", errno.ENOENT): errors.PathNotUsable,
    ("connect", errno.ENOENT): errors.PathNotUsable,
}


def exception_for(code: int, operation: str) -> type[SocketError]:
    """Which exception libzmq's ``code`` becomes when ``operation`` met it."""
    special = EXCEPTIONS_OF_VERB.get((operation, code))
    return special or EXCEPTIONS.get(code, SocketError)


def translated(error: zmq.ZMQError, operation: str, socket_type: str = "", endpoint: str = "") -> SocketError:
    """``error`` in our words: raise the result ``from None``, since it says all that libzmq said."""
    code = error.errno or 0
    words = zmq.strerror(code) if code else str(error)
    return exception_for(code, operation)(Fault(operation, socket_type, endpoint, code, words))
