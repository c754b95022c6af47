"""The seam: every port and protocol is in fact offered by those who claim it."""

from __future__ import annotations

import inspect

import pytest

from zyre.core import machine
from zyre.core.driver import Driver
from zyre.core.node import NodeMachine


def methods(protocol: type) -> dict[str, inspect.Signature]:
    return {name: inspect.signature(value) for name, value in vars(protocol).items() if inspect.isfunction(value)}


MACHINE = {name: value for name, value in methods(machine.Machine).items() if not name.startswith("_")}


@pytest.mark.parametrize("name", MACHINE)
def test_a_node_is_a_machine(name: str) -> None:
    offered = inspect.signature(getattr(NodeMachine, name))
    assert list(offered.parameters) == list(MACHINE[name].parameters)


def test_whatever_a_machine_is_given_comes_with_the_time() -> None:
    inputs = [name for name in MACHINE if name.startswith(("receive", "handle"))]
    assert inputs
    assert all(list(MACHINE[name].parameters)[-1] == "now" for name in inputs)


def test_a_driver_asks_its_ports_for_nothing_that_they_do_not_promise() -> None:
    source = inspect.getsource(Driver)
    promised = {
        "_transport": {*methods(machine.Transport)},
        "_clock": {*methods(machine.Clock)},
        "_alarm": {*methods(machine.Alarm)},
    }
    for port, names in promised.items():
        asked = {part.split("(")[0] for part in source.split(f"self.{port}.")[1:]}
        assert asked <= names, port
