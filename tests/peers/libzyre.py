"""The C library libzyre through ctypes, as far as a test peer needs it.

The wheel ``ingescape`` carries libzyre 2.0.1, its draft functions included, CZMQ and libzmq in one shared
object, so that the reference implementation needs no compiler. Nothing of the wheel's own Python is imported.
"""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Iterator, Sequence
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_short, c_size_t, c_uint64, c_void_p
from pathlib import Path

NODE = c_void_p

# name -> (result, arguments). Every pointer is declared: an undeclared one would be cut to 32 bits.
SIGNATURES: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "zyre_version": (c_uint64, ()),
    "zyre_new": (NODE, (c_char_p,)),
    "zyre_uuid": (c_char_p, (NODE,)),
    "zyre_name": (c_char_p, (NODE,)),
    "zyre_set_name": (None, (NODE, c_char_p)),
    "zyre_set_header": (None, (NODE, c_char_p, c_char_p, c_char_p)),
    "zyre_set_verbose": (None, (NODE,)),
    "zyre_set_port": (None, (NODE, c_int)),
    "zyre_set_beacon_peer_port": (None, (NODE, c_int)),
    "zyre_set_evasive_timeout": (None, (NODE, c_int)),
    "zyre_set_expired_timeout": (None, (NODE, c_int)),
    "zyre_set_interval": (None, (NODE, c_size_t)),
    "zyre_set_interface": (None, (NODE, c_char_p)),
    "zyre_set_endpoint": (c_int, (NODE, c_char_p, c_char_p)),
    "zyre_set_advertised_endpoint": (None, (NODE, c_char_p)),
    "zyre_set_contest_in_group": (None, (NODE, c_char_p)),
    "zyre_set_zcert": (None, (NODE, c_void_p)),
    "zyre_gossip_bind": (None, (NODE, c_char_p, c_char_p)),
    "zyre_gossip_connect": (None, (NODE, c_char_p, c_char_p)),
    "zyre_gossip_connect_curve": (None, (NODE, c_char_p, c_char_p, c_char_p)),
    "zyre_gossip_unpublish": (None, (NODE, c_char_p)),
    "zyre_require_peer": (c_int, (NODE, c_char_p, c_char_p, c_char_p)),
    "zyre_start": (c_int, (NODE,)),
    "zyre_stop": (None, (NODE,)),
    "zyre_join": (c_int, (NODE, c_char_p)),
    "zyre_leave": (c_int, (NODE, c_char_p)),
    "zyre_whisper": (c_int, (NODE, c_char_p, POINTER(c_void_p))),
    "zyre_shout": (c_int, (NODE, c_char_p, POINTER(c_void_p))),
    "zyre_recv": (c_void_p, (NODE,)),
    "zyre_socket": (c_void_p, (NODE,)),
    "zyre_socket_zmq": (c_void_p, (NODE,)),
    "zyre_peers": (c_void_p, (NODE,)),
    "zyre_peers_by_group": (c_void_p, (NODE, c_char_p)),
    "zyre_own_groups": (c_void_p, (NODE,)),
    "zyre_peer_groups": (c_void_p, (NODE,)),
    "zyre_peer_address": (c_char_p, (NODE, c_char_p)),
    "zyre_peer_header_value": (c_char_p, (NODE, c_char_p, c_char_p)),
    "zyre_print": (None, (NODE,)),
    "zcert_new": (c_void_p, ()),
    "zcert_new_from_txt": (c_void_p, (c_char_p, c_char_p)),
    "zcert_public_txt": (c_char_p, (c_void_p,)),
    "zgossip": (None, (c_void_p, c_void_p)),
    "zactor_new": (c_void_p, (c_void_p, c_char_p)),
    "zactor_destroy": (None, (POINTER(c_void_p),)),
    "zactor_send": (c_int, (c_void_p, POINTER(c_void_p))),
    "zactor_recv": (c_void_p, (c_void_p,)),
    "zactor_sock": (c_void_p, (c_void_p,)),
    "zsock_resolve": (c_void_p, (c_void_p,)),
    "zconfig_str_load": (c_void_p, (c_char_p,)),
    "zconfig_str_save": (c_void_p, (c_void_p,)),
    "zconfig_load": (c_void_p, (c_char_p,)),
    "zconfig_get": (c_char_p, (c_void_p, c_char_p, c_char_p)),
    "zlist_first": (c_char_p, (c_void_p,)),
    "zlist_next": (c_char_p, (c_void_p,)),
    "zlist_destroy": (None, (POINTER(c_void_p),)),
    "zmsg_new": (c_void_p, ()),
    "zmsg_addmem": (c_int, (c_void_p, c_char_p, c_size_t)),
    "zmsg_first": (c_void_p, (c_void_p,)),
    "zmsg_next": (c_void_p, (c_void_p,)),
    "zmsg_destroy": (None, (POINTER(c_void_p),)),
    "zframe_data": (c_void_p, (c_void_p,)),
    "zframe_size": (c_size_t, (c_void_p,)),
    "zsock_set_rcvtimeo": (None, (c_void_p, c_int)),
    "zmq_poll": (c_int, (c_void_p, c_int, c_long)),
}


class PollItem(ctypes.Structure):
    """What zmq_poll(3) looks at: a socket or, when that is NULL, a file descriptor."""

    _fields_ = (("socket", c_void_p), ("fd", c_int), ("events", c_short), ("revents", c_short))


POLLIN = 1


def find_library() -> Path | None:
    """Return the shared object of the installed wheel, without importing the wheel."""
    spec = importlib.util.find_spec("ingescape")
    if spec is None or spec.origin is None:
        return None
    return next(iter(sorted(Path(spec.origin).parent.glob("_ingescape*.so"))), None)


def load(path: Path) -> ctypes.CDLL:
    """Load the library and declare the functions that we call."""
    library = ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
    for name, (result, arguments) in SIGNATURES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library


def build_message(library: ctypes.CDLL, frames: Sequence[bytes]) -> c_void_p:
    """Make a zmsg of these frames; zyre_whisper and zyre_shout take it over."""
    message = c_void_p(library.zmsg_new())
    for frame in frames:
        library.zmsg_addmem(message, frame, len(frame))
    return message


def take_frames(library: ctypes.CDLL, message: int) -> list[bytes]:
    """Return the frames of a zmsg and destroy it."""
    frames = []
    frame = library.zmsg_first(message)
    while frame:
        frames.append(ctypes.string_at(library.zframe_data(frame), library.zframe_size(frame)))
        frame = library.zmsg_next(message)
    library.zmsg_destroy(byref(c_void_p(message)))
    return frames


def take_strings(library: ctypes.CDLL, names: int | None) -> list[str]:
    """Return the strings of a zlist, sorted, and destroy it. NULL, which means an unknown group, has none."""
    return sorted(_walk(library, names)) if names else []


def _walk(library: ctypes.CDLL, names: int) -> Iterator[str]:
    name = library.zlist_first(names)
    while name is not None:
        yield name.decode()
        name = library.zlist_next(names)
    library.zlist_destroy(byref(c_void_p(names)))


def unpack_headers(data: bytes) -> dict[str, str]:
    """Decode the dictionary of an ENTER event: count(4), then key = len(1) + text, value = len(4) + text."""
    headers, at = {}, 4
    for _ in range(int.from_bytes(data[:4], "big")):
        end = at + 1 + data[at]
        key = data[at + 1 : end]
        at = end + 4 + int.from_bytes(data[end : end + 4], "big")
        headers[key.decode()] = data[end + 4 : at].decode()
    return headers
