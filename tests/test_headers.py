from __future__ import annotations

import pytest

import zyre


@pytest.fixture
def node() -> zyre.Node:
    return zyre.Node("alice", headers={"role": "gpu"}, interface="lo")


def test_it_is_a_mapping_of_how_things_are_now(node: zyre.Node) -> None:
    headers = node.headers
    node.set_header("load", "1")
    assert headers == {"role": "gpu", "load": "1"}
    assert (len(headers), list(headers), "load" in headers) == (2, ["role", "load"], True)
    assert repr(headers) == "{'role': 'gpu', 'load': '1'}"


def test_it_can_be_written_to(node: zyre.Node) -> None:
    node.headers["load"] = "0.7"
    node.headers.update(load="0.8", zone="a")
    del node.headers["role"]
    assert node.headers.pop("zone") == "a"
    assert node.headers == {"load": "0.8"}
    with pytest.raises(KeyError, match="zone"):
        del node.headers["zone"]


def test_what_the_wire_cannot_carry_is_refused(node: zyre.Node) -> None:
    with pytest.raises(zyre.InvalidName, match="header value"):
        node.headers["load"] = 0.7  # type: ignore[assignment]
    with pytest.raises(zyre.InvalidName, match="header name"):
        node.headers[""] = "x"
    assert node.headers == {"role": "gpu"}


def test_reading_while_another_thread_writes_is_safe(node: zyre.Node) -> None:
    before = iter(node.headers)
    node.headers["load"] = "1"
    assert list(before) == ["role"]


def test_after_the_stop_it_can_be_read(node: zyre.Node) -> None:
    node.start()
    node.stop()
    with pytest.raises(zyre.NodeStopped):
        node.headers["load"] = "1"
    assert node.headers == {"role": "gpu"}
