"""Keys made by libzmq, certificates on disk, and directories of them that are read again when they change."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import zmq

from zyre.engine.zplfile import load_zpl, save_zpl
from zyre.errors import InvalidConfig, InvalidKey
from zyre.security.certificate import SECRET_SUFFIX, Certificate, read_certificate, settings_of
from zyre.security.keys import KeyPair, decode_key, encode_key

__all__ = ["CertificateStore", "load_certificate", "new_certificate", "new_pair", "pair_from", "save_certificate"]

Pathname = str | os.PathLike[str]

#: Certificates of one directory; each is read into memory.
_MOST_FILES = 100_000


def new_pair() -> KeyPair:
    """A key pair that nobody has had before; one that libzyre believes: it takes a key that begins with a zero octet,
    which is one in 256, for none."""
    while True:
        public, secret = zmq.curve_keypair()
        pair = KeyPair(public.decode(), secret.decode())
        if decode_key(pair.public)[0]:
            return pair


def pair_from(secret: bytes) -> KeyPair:
    """The key pair of a secret key, 32 octets that are as good as random."""
    text = encode_key(secret)
    return KeyPair(zmq.curve_public(text.encode()).decode(), text)


def new_certificate(**metadata: str) -> Certificate:
    """A certificate with new keys; ``metadata`` is what it says about its owner, such as ``name="alice"``."""
    pair = new_pair()
    return Certificate(pair.public, pair.secret, metadata)


def save_certificate(certificate: Certificate, path: Pathname) -> None:
    """Write the public certificate to ``path`` and, if its secret key is known, that one to ``path_secret``, which
    only its owner can read (mode 0600). The files are CZMQ's. Raises OSError, InvalidConfig."""
    name = os.fspath(path)
    if name.endswith(SECRET_SUFFIX):
        raise InvalidConfig(f"{name}: name the public file; the secret one gets the same name and {SECRET_SUFFIX!r}")
    if certificate.secret_key is not None:
        save_zpl(settings_of(certificate, secret=True), name + SECRET_SUFFIX, private=True)
    save_zpl(settings_of(certificate), name)


def load_certificate(path: Pathname) -> Certificate:
    """Read a certificate; with its secret key, if the secret file lies beside ``path`` (as CZMQ's zcert_load).

    Raises OSError if there is neither file, InvalidConfig and InvalidKey for what is no certificate.
    """
    name = os.fspath(path)
    if not name.endswith(SECRET_SUFFIX) and os.path.exists(name + SECRET_SUFFIX):
        name += SECRET_SUFFIX
    try:
        return read_certificate(load_zpl(name))
    except InvalidKey as error:
        raise InvalidKey(f"{error.what} in {name}", error.why) from None


class CertificateStore:
    """The public certificates of a directory and those below it, by public key; like zcertstore.

    Looked at again when asked: files may come, change and go while a node runs, and the directory may be missing for
    a while. Hidden files and secret ones are passed over; so is what is no certificate, and ``unreadable`` names it.
    """

    def __init__(self, directory: Pathname) -> None:
        self.directory = Path(directory)
        self.known: Mapping[str, Certificate] = MappingProxyType({})
        """What was there when it was last looked at."""
        self.unreadable: tuple[str, ...] = ()
        self._state: tuple[tuple[str, int, int], ...] = ()

    def look(self) -> Mapping[str, Certificate]:
        """The certificates that are there now."""
        state = tuple(sorted(self._files()))
        if state != self._state:
            self._read([name for name, _, _ in state])
            self._state = state  # last: another thread may ask meanwhile
        return self.known

    def _files(self) -> list[tuple[str, int, int]]:
        found = []
        for folder, folders, names in os.walk(self.directory):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                if name.startswith(".") or name.endswith(SECRET_SUFFIX):
                    continue
                path = os.path.join(folder, name)
                try:
                    about = os.stat(path)
                except OSError:  # it is gone again
                    continue
                found.append((path, about.st_mtime_ns, about.st_size))
                if len(found) == _MOST_FILES:
                    return found
        return found

    def _read(self, names: list[str]) -> None:
        known: dict[str, Certificate] = {}
        unreadable = []
        for name in names:
            try:
                certificate = read_certificate(load_zpl(name))
            except (OSError, InvalidConfig, InvalidKey):
                unreadable.append(name)
            else:
                known.setdefault(certificate.public_key, certificate.public)
        self.known, self.unreadable = MappingProxyType(known), tuple(unreadable)
