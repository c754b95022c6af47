from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.sockets import InprocEndpoint, InvalidEndpoint, IpcEndpoint, TcpEndpoint
from zyre.sockets.endpoint import Access, parse


@pytest.mark.parametrize(
    ("access", "text", "endpoint"),
    [
        ("bind", "tcp://*:5555", TcpEndpoint("*", 5555)),
        ("bind", "tcp://127.0.0.1:*", TcpEndpoint("127.0.0.1", None)),
        ("bind", "tcp://eth0:0", TcpEndpoint("eth0", None)),
        ("bind", "tcp://[::1]:5555", TcpEndpoint("::1", 5555)),
        ("connect", "tcp://[fe80::1%eth0]:5555", TcpEndpoint("fe80::1%eth0", 5555)),
        ("connect", "tcp://localhost:65535", TcpEndpoint("localhost", 65535)),
        ("connect", "tcp://10.0.0.1:0;10.0.0.2:80", TcpEndpoint("10.0.0.2", 80, "10.0.0.1:0")),
        ("bind", "ipc:///tmp/a b".replace(" ", "_"), IpcEndpoint("/tmp/a_b")),
        ("bind", "ipc://*", IpcEndpoint("*")),
        ("bind", "ipc://@abstract", IpcEndpoint("@abstract")),
        ("connect", "inproc://name", InprocEndpoint("name")),
    ],
)
def test_read(access: Access, text: str, endpoint: object) -> None:
    assert parse(text, access) == endpoint


@pytest.mark.parametrize(
    ("access", "text", "why"),
    [
        ("bind", "", "no '://'"),
        ("bind", "5555", "no '://'"),
        ("bind", "tcp://", "nothing follows"),
        ("bind", "tcp://127.0.0.1", "port is missing"),
        ("bind", "tcp://:5555", "host is missing"),
        ("bind", "tcp://[]:5555", "host is missing"),
        ("bind", "tcp://::1:5555", "in brackets"),
        ("bind", "tcp://*:http", "port 'http'"),
        ("bind", "tcp://*:65536", "port '65536'"),
        ("bind", "tcp://*:-1", "port '-1'"),
        ("bind", "tcp://a;b:1", "only connect"),
        ("bind", "tcp://a b:1", "blank"),
        ("bind", "ipc:///tmp/a\0b", "blank or a control"),
        ("connect", "tcp://*:5555", "connect needs one host"),
        ("connect", "tcp://localhost:*", "connect needs the number"),
        ("connect", "tcp://;b:1", "only connect takes"),
        ("connect", "http://host:80/", "transport 'http'"),
        ("connect", "tcp://http://host:80", "not a host"),
        ("connect", "epgm://eth0;239.192.1.1:5555", "transport 'epgm'"),
    ],
)
def test_refused(access: Access, text: str, why: str) -> None:
    with pytest.raises(InvalidEndpoint, match="invalid endpoint or unsupported endpoint format") as caught:
        parse(text, access)
    assert why in caught.value.why
    assert caught.value.value == text
    assert "unsafe_bind" in str(caught.value)


@given(st.text(max_size=40) | st.from_regex(r"(tcp|ipc|inproc)://\S*", fullmatch=True))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Invariant: nothing but InvalidEndpoint comes out of parse, and what it returns has a transport."""
    try:
        endpoint = parse(text, "bind")
    except InvalidEndpoint:
        return
    assert endpoint.transport in ("tcp", "ipc", "inproc")


def test_the_real_path(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert IpcEndpoint(f"{tmp_path}/link/../x").real_path == os.path.realpath(tmp_path / "x")
    assert IpcEndpoint("@name").real_path == "@name"
    assert IpcEndpoint("*").real_path == "*"
