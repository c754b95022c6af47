from __future__ import annotations

import contextvars
import threading
from pathlib import Path

import pytest

from zyre.sockets import (
    LOOPBACK,
    AccessRefused,
    AddressInUse,
    Allow,
    Endpoint,
    InvalidEndpoint,
    Rules,
    Socket,
    current_guards,
    guarded,
)
from zyre.sockets.endpoint import Access, parse

LOCAL = Rules(allow=[Allow(transport="tcp", hosts=LOOPBACK), Allow(transport="inproc")], name="local only")


@pytest.mark.parametrize(
    ("rule", "access", "text", "allowed"),
    [
        (Allow(), "bind", "tcp://*:*", True),
        (Allow("connect"), "bind", "tcp://*:*", False),
        (Allow(transport="ipc"), "bind", "tcp://*:*", False),
        (Allow(hosts=LOOPBACK), "bind", "tcp://127.0.0.9:1", True),
        (Allow(hosts=LOOPBACK), "bind", "tcp://[::1]:1", True),
        (Allow(hosts=LOOPBACK), "connect", "tcp://LocalHost:1", True),
        (Allow(hosts=LOOPBACK), "bind", "tcp://*:1", False),
        (Allow(hosts=LOOPBACK), "bind", "tcp://0.0.0.0:1", False),
        (Allow(hosts=LOOPBACK), "bind", "tcp://10.0.0.1:1", False),
        (Allow(hosts="10.0.0.0/8"), "connect", "tcp://10.255.0.1:1", True),
        (Allow(hosts="10.0.0.0/8"), "connect", "tcp://10.example.org:1", False),
        (Allow(hosts="*.example.org"), "connect", "tcp://a.Example.org:1", True),
        (Allow(hosts="*.example.org"), "connect", "tcp://example.com:1", False),
        (Allow(hosts="0.0.0.0/0"), "bind", "tcp://*:1", True),
        (Allow(hosts="*"), "bind", "tcp://*:1", True),
        (Allow(ports=range(5000, 6000)), "connect", "tcp://h:5999", True),
        (Allow(ports=range(5000, 6000)), "connect", "tcp://h:6000", False),
        (Allow(ports=range(5000, 6000)), "bind", "tcp://h:*", False),
        (Allow(ports={0, 5000}), "bind", "tcp://h:*", True),
        (Allow(names="jobs-*"), "connect", "inproc://jobs-1", True),
        (Allow(names="jobs-*"), "connect", "inproc://other", False),
        (Allow(paths="@app-*"), "connect", "ipc://@app-1", True),
        (Allow(paths="/run/app"), "connect", "ipc://@app-1", False),
        (Allow(paths="/run/app"), "bind", "ipc:///run/app/a", True),
        (Allow(paths="/run/app"), "bind", "ipc:///run/app/../b", False),
        (Allow(paths="/run/app"), "bind", "ipc:///run/application", False),
        (Allow(paths="/run/app"), "bind", "ipc://*", False),
        (Allow(paths=["/run/app", "*"]), "bind", "ipc://*", True),
    ],
)
def test_a_rule(rule: Allow, access: Access, text: str, allowed: bool) -> None:
    assert rule.covers(access, parse(text, access)) is allowed


def test_a_link_does_not_lead_out(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path)
    rule = Allow(paths=str(tmp_path / "in"))
    assert rule.covers("bind", parse(f"ipc://{tmp_path}/in/s"))
    assert not rule.covers("bind", parse(f"ipc://{tmp_path}/in/link/s"))


def test_deny_goes_before_allow() -> None:
    rules = Rules(allow=[Allow()], deny=[Allow("bind", "tcp")])
    assert rules.refusal("bind", parse("tcp://*:1", "bind")) == "a rule denies this bind"
    assert rules.refusal("connect", parse("tcp://a:1")) is None
    assert Rules(allow=[]).refusal("connect", parse("tcp://a:1")) == "no rule allows this connect"


def test_a_guard_is_asked_before_bind_and_connect() -> None:
    asked: list[tuple[str, str]] = []

    class Diary:
        def refusal(self, access: Access, endpoint: Endpoint) -> str | None:
            asked.append((access, endpoint.transport))
            return None

    with guarded(Diary()), Socket("pair", bind="inproc://a", connect="inproc://b") as socket:
        socket.connect("inproc://a")
        socket.unsafe_bind("inproc://c")
    assert asked == [("bind", "inproc"), ("connect", "inproc"), ("connect", "inproc")]


def test_libraries_run_under_it() -> None:
    def library() -> None:
        Socket("pub", bind="tcp://*:*").close()

    library()
    with (
        guarded(LOCAL),
        pytest.raises(AccessRefused, match="refused by local only: no rule allows this bind") as caught,
    ):
        library()
    error = caught.value
    assert (error.guard, error.why, error.endpoint) == ("local only", "no rule allows this bind", "tcp://*:*")
    assert isinstance(error, PermissionError)
    library()


def test_guards_nest_and_only_narrow() -> None:
    with guarded(LOCAL), guarded(Rules()), Socket("pub") as socket:
        assert len(current_guards()) == 2
        with pytest.raises(AccessRefused):
            socket.bind("tcp://*:*")
        with guarded(Rules(allow=[])), pytest.raises(AccessRefused):
            socket.bind("tcp://127.0.0.1:*")
        socket.bind("tcp://127.0.0.1:*")
    assert current_guards() == ()


def test_a_socket_keeps_the_guards_it_was_made_under() -> None:
    with guarded(LOCAL):
        socket = Socket("pub")
    with socket, pytest.raises(AccessRefused):
        socket.bind("tcp://*:*")


def test_a_thread_is_put_under_it_by_its_context() -> None:
    seen: list[int] = []
    with guarded(LOCAL):
        inherit = contextvars.copy_context()
        threads = [
            threading.Thread(target=lambda: seen.append(len(current_guards()))),
            threading.Thread(target=inherit.run, args=(lambda: seen.append(len(current_guards())),)),
        ]
        for thread in threads:
            thread.start()
            thread.join()
    assert seen == [0, 1]


def test_the_unsafe_verbs_ask_nobody() -> None:
    with guarded(Rules(allow=[])), Socket("pub") as socket, Socket("sub") as other:
        endpoint = socket.unsafe_bind("tcp://127.0.0.1:*")
        assert other.unsafe_connect(endpoint) == endpoint
        with pytest.raises(AddressInUse):
            other.unsafe_bind(endpoint)


def test_what_cannot_be_parsed_is_refused_without_any_guard() -> None:
    with Socket("pub") as socket:
        for verb in (socket.bind, socket.connect):
            with pytest.raises(InvalidEndpoint, match="invalid endpoint or unsupported endpoint format"):
                verb("epgm://eth0;239.192.1.1:5555")
