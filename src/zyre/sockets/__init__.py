"""Plain ZeroMQ sockets for people.

    from zyre.sockets import Message, Socket

    with Socket("rep", bind="tcp://127.0.0.1:5555") as responder:
        for message in responder:
            match message:
                case Message((b"Hello",)):
                    responder.send("World")

Whole messages, short linger, one shared context that goes when nothing uses it, exceptions that say what to
do, guards over who may bind and connect where, and waiting that stops nobody else: in threads, asyncio, trio
and gevent alike. It stands alone: no node is needed, and no node needs it.
"""

from __future__ import annotations

from zyre.errors import InvalidFrame
from zyre.sockets.context import shared_context
from zyre.sockets.endpoint import Access, Endpoint, InprocEndpoint, IpcEndpoint, TcpEndpoint
from zyre.sockets.errors import (
    AccessRefused,
    AddressInUse,
    AddressNotAvailable,
    ContextTerminated,
    EndpointNotFound,
    Fault,
    HostUnreachable,
    InvalidEndpoint,
    InvalidMessage,
    InvalidOption,
    NoIOThread,
    NoSuchInterface,
    NotSupported,
    PathNotUsable,
    SocketClosed,
    SocketError,
    SocketTimeout,
    TooManySockets,
    TransportError,
    TransportNotCompatible,
    TransportNotSupported,
    UnexpectedMessage,
    WouldBlock,
    WrongState,
    WrongUse,
)
from zyre.sockets.event import Event
from zyre.sockets.guard import LOOPBACK, Allow, Guard, Rules, current_guards, guarded
from zyre.sockets.message import Message
from zyre.sockets.options import OPTIONS, Kind, Option, OptionValue
from zyre.sockets.proxy import Capture, ProxyEnd, aproxy, proxy
from zyre.sockets.select import aselect, select
from zyre.sockets.socket import LINGER, TYPES, Socket, SocketType
from zyre.sockets.version import Version, version

list_options = Socket.list_options

__all__ = [
    # the socket and what goes through it
    "Socket",
    "SocketType",
    "TYPES",
    "LINGER",
    "Message",
    # several at once
    "select",
    "aselect",
    "Event",
    "proxy",
    "aproxy",
    "Capture",
    "ProxyEnd",
    # options
    "list_options",
    "OPTIONS",
    "Option",
    "OptionValue",
    "Kind",
    # guards
    "guarded",
    "current_guards",
    "Guard",
    "Rules",
    "Allow",
    "LOOPBACK",
    "Access",
    "Endpoint",
    "TcpEndpoint",
    "IpcEndpoint",
    "InprocEndpoint",
    # the library underneath
    "shared_context",
    "version",
    "Version",
    # errors, as their tree in zyre.sockets.errors has them
    "SocketError",
    "Fault",
    "WrongUse",
    "InvalidEndpoint",
    "EndpointNotFound",
    "TransportNotSupported",
    "TransportNotCompatible",
    "InvalidOption",
    "InvalidMessage",
    "InvalidFrame",
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
