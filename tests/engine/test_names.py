from __future__ import annotations

import queue

import pytest

from zyre.engine.names import is_address, look_up, look_up_beside


@pytest.mark.parametrize("host", ["10.0.0.1", "::1", "fe80::1%eth0"])
def test_an_address_is_one(host: str) -> None:
    assert is_address(host)


@pytest.mark.parametrize("host", ["localhost", "", "10.0.0", "host-b.example"])
def test_a_name_is_none(host: str) -> None:
    assert not is_address(host)


def test_this_host_is_known() -> None:
    assert "127.0.0.1" in look_up("localhost")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 300, "\u00e9\u0000"])
def test_what_is_not_known_is_no_error(host: str) -> None:
    try:
        assert look_up(host) == ()
    except ValueError:
        pytest.fail("a bad name must not raise")


def test_a_name_is_looked_up_without_waiting_and_an_address_is_not() -> None:
    told: queue.SimpleQueue[tuple[str, tuple[str, ...]]] = queue.SimpleQueue()
    look_up_beside("127.0.0.1", lambda *found: told.put(found))
    look_up_beside("localhost", lambda *found: told.put(found))
    host, addresses = told.get(timeout=10)
    assert host == "localhost"
    assert "127.0.0.1" in addresses
    assert told.empty()
