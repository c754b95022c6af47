"""The options of a socket, by name."""

from __future__ import annotations

import errno
from typing import NoReturn

import zmq

from zyre.sockets.errors import InvalidOption, SocketError
from zyre.sockets.handle import Handle
from zyre.sockets.options import Mode, Option, OptionName, OptionValue, find, listed

__all__ = ["OptionVerbs"]


class OptionVerbs(Handle):
    """The part of a Socket that knows its options."""

    __slots__ = ()

    #: What libzmq took and does not give back.
    _written: dict[str, OptionValue]

    def get_option(self, name: OptionName) -> OptionValue:
        """The value of an option: bool, int, str or bytes, as ``OPTIONS`` says; times in milliseconds."""
        option = self._find(name, "get")
        if option.source == "memory":
            with self._using("get_option") as raw:
                raw.get(zmq.TYPE)  # a closed socket says so here as elsewhere
            return self._written.get(option.name, option.default)
        try:
            with self._using("get_option") as raw:
                return option.from_libzmq(raw.get(option.numbers[0]))
        except SocketError as error:
            self._explain(error, option, "get")

    def set_option(self, name: OptionName, value: OptionValue) -> None:
        """Set an option. Most have an effect on later binds and connects only, so set them first."""
        option = self._find(name, "set")
        plain = option.to_libzmq(value, self._fault("set_option"))
        try:
            with self._using("set_option") as raw:
                for number in option.numbers:
                    raw.set(number, plain)
        except SocketError as error:
            self._explain(error, option, "set", value)
        if option.source == "memory":
            self._written[option.name] = option.from_libzmq(plain)

    @staticmethod
    def list_options(mode: Mode) -> list[str]:
        """The names of all options that this libzmq lets one "get" or "set"."""
        return listed(mode)

    def _find(self, name: OptionName, mode: Mode) -> Option:
        fault = self._fault(f"{mode}_option")
        option = find(name, fault)
        if option.allows(mode):
            return option
        why = f"{option.name} can only be {'set' if mode == 'get' else 'read'}"
        if not option.readable and not option.writable:
            why = f"{option.name} is {option.doc}"
        raise InvalidOption(self._fault(f"{mode}_option", why), option.name)

    def _explain(self, error: SocketError, option: Option, mode: Mode, value: OptionValue | None = None) -> NoReturn:
        """Raise what libzmq's EINVAL means for this option; anything else as it is."""
        if error.errno != errno.EINVAL:
            raise error
        if not option.available:
            why = f"{option.name} needs a libzmq with {option.needs}, which this one is not"
        elif option.types and self._type not in option.types:
            why = f"{option.name} is for {', '.join(sorted(option.types))} sockets"
        elif mode == "set":
            why = f"{option.name} ({option.doc}) does not take {value!r}"
        else:
            why = f"{option.name} cannot be read here"
        raise InvalidOption(self._fault(f"{mode}_option", why), option.name, value) from None
