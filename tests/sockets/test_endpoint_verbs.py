from __future__ import annotations

from pathlib import Path

import pytest

from zyre.sockets import AddressInUse, Message, Socket, WrongUse

from .conftest import Pair


def test_bind_returns_where(endpoint: str) -> None:
    with Socket("pull") as pull, Socket("push") as push:
        resolved = pull.bind(endpoint)
        assert "*" not in resolved
        assert pull.endpoints("bind") == [resolved] == [pull.get_option("last_endpoint")]
        assert push.connect(resolved) == resolved
        assert push.endpoints("connect") == [resolved]
        push.send("hello")
        assert pull.recv_string(timeout=20) == "hello"


def test_wildcards_are_resolved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where libzmq makes up its paths
    with Socket("pub") as socket:
        tcp, ipc = socket.bind("tcp://*:*"), socket.bind("ipc://*")
        assert tcp.startswith("tcp://0.0.0.0:")
        assert ipc.startswith(f"ipc://{tmp_path}")
        assert socket.endpoints("bind") == [tcp, ipc]


@pytest.mark.parametrize("by", ["given", "returned"])
def test_unbind(by: str) -> None:
    with Socket("pub") as socket, Socket("pub") as other:
        returned = socket.bind("tcp://127.0.0.1:*")
        with pytest.raises(AddressInUse):
            other.bind(returned)
        socket.unbind("tcp://127.0.0.1:*" if by == "given" else returned)
        assert socket.endpoints("bind") == []


def test_disconnect(pair: Pair, tmp_path: Path) -> None:
    push, pull = pair("push", "pull")
    with Socket("pull", bind=f"ipc://{tmp_path}/other") as other:
        push.connect(f"ipc://{tmp_path}/other")
        push.disconnect("inproc://pair")
        assert push.endpoints("connect") == [f"ipc://{tmp_path}/other"]
        for _ in range(3):
            push.send("x", timeout=20)
            assert other.recv_string(timeout=20) == "x"
        assert not pull.readable


def test_subscriptions(pair: Pair) -> None:
    sub, pub = pair("sub", "pub")
    sub.subscribe("a", b"b")
    sub.subscribe("a")
    sub.unsubscribe("a", "b")
    assert pub.writable  # looking makes it see the subscriptions
    for text in ("b", "a1", "c"):
        pub.send(text)
    sub.unsubscribe("a")
    sub.subscribe("")
    assert pub.writable
    pub.send("d")
    assert [sub.recv_string(), sub.recv_string()] == ["a1", "d"]


def test_an_xsub_subscribes_too(pair: Pair) -> None:
    xsub, xpub = pair("xsub", "xpub")
    xsub.subscribe("topic")
    assert xpub.recv() == Message(b"\x01topic")
    xpub.send(["topic", "content"])
    assert xsub.recv().strings == ("topic", "content")
    xsub.unsubscribe("topic")
    assert xpub.recv() == Message(b"\x00topic")


def test_the_mode_is_one_of_two(pair: Pair) -> None:
    with pytest.raises(WrongUse, match="'bind' or 'connect'"):
        pair("sub", "pub")[0].endpoints("both")  # type: ignore[arg-type]
