from __future__ import annotations

import pickle
import re

import pytest
import zmq

import zyre.sockets
from zyre import errors as base
from zyre.sockets import errors, faults
from zyre.sockets.errors import Fault, SocketError

CLASSES = [each for name in errors.__all__ if isinstance(each := getattr(errors, name), type) and each is not Fault]
FAULT = Fault("bind", "pub", "tcp://*:1", 98, "Address already in use")
MORE = {
    errors.InvalidOption: ("sndhwm", 3),
    errors.SocketTimeout: (1.5,),
    errors.UnexpectedMessage: ((b"a", b"b"),),
    errors.AccessRefused: ("the guard", "no rule allows it"),
}


def example(kind: type[SocketError]) -> SocketError:
    return kind(FAULT, *MORE.get(kind, ()))


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = re.findall(r"^    ([│ ]*(?:[├└]── )?)(\w+) +(?:\((\w+)\))?", errors.__doc__ or "", re.M)
    path: list[str] = []
    for indent, name, second in drawn:
        depth = len(indent) // 4
        path[depth:] = [name]
        kind = getattr(errors, name)
        if depth:
            assert kind.__mro__[1] is getattr(errors, path[depth - 1]), name
        if second:
            assert any(each.__name__ == second and each is not kind for each in kind.__mro__), name
    assert {name for _, name, _ in drawn} == {each.__name__ for each in CLASSES}


@pytest.mark.parametrize("kind", CLASSES)
def test_each_carries_its_fields_and_survives_pickling(kind: type[SocketError]) -> None:
    error = example(kind)
    again = pickle.loads(pickle.dumps(error))
    for one in (error, again):
        assert type(one) is kind
        assert (one.operation, one.socket_type, one.endpoint, one.errno) == ("bind", "pub", "tcp://*:1", 98)
        assert one.strerror == "Address already in use"
        assert str(one).startswith("pub.bind('tcp://*:1'): ")
        assert vars(one) == vars(error)
    assert str(again) == str(error)
    assert isinstance(error, base.ZyreError)


@pytest.mark.parametrize(
    "kind", [each for each in CLASSES if each not in (SocketError, errors.WrongUse, errors.TransportError)]
)
def test_each_says_what_to_do(kind: type[SocketError]) -> None:
    assert kind.advice or kind in MORE


def test_what_else_they_are() -> None:
    assert issubclass(errors.WouldBlock, base.WouldBlock)
    assert issubclass(errors.AddressInUse, base.AddressInUse)
    assert issubclass(errors.AddressInUse, OSError)
    assert issubclass(errors.SocketTimeout, TimeoutError)
    assert issubclass(errors.InvalidEndpoint, base.InvalidEndpoint)
    assert issubclass(errors.WrongState, base.UsageError)
    assert not issubclass(errors.SocketClosed, base.UsageError)


def test_every_code_that_pyzmq_names_has_an_exception_of_its_own() -> None:
    plain = {code.name for code in zmq.Errno if faults.exception_for(int(code), "send") is SocketError}
    assert plain == set()


def test_an_unknown_code_still_says_what_it_is() -> None:
    error = faults.translated(zmq.ZMQError(12345), "send", "push")
    assert type(error) is SocketError
    assert error.errno == 12345
    assert "push.send()" in str(error)


def test_all_are_at_the_front_door() -> None:
    assert {each.__name__ for each in CLASSES} <= set(zyre.sockets.__all__)
