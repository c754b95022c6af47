from __future__ import annotations

import asyncio
import gc
import logging
import os
import select
import threading
from pathlib import Path

import pytest
import trio

import zyre
from tests.support.gossip import PATIENCE, until, until_all_hold
from tests.support.nodes import unused_port
from zyre import Delivery, Gossip, GossipConfig
from zyre.engine.keyring import new_certificate, save_certificate


def test_the_scenario_of_czmqs_own_test() -> None:
    """zgossip_test: three services, four tuples, in the order in which they were published; STATUS says four."""
    with Gossip("base") as base, Gossip("alpha") as alpha, Gossip("beta") as beta:
        base.set("server/timeout", "100")
        base.bind("inproc://base")
        alpha.connect("inproc://base")
        alpha.publish("inproc://alpha-1", "service1")
        alpha.publish("inproc://alpha-2", "service2")
        until(lambda: base.status() == 2)
        beta.connect("inproc://base")
        beta.publish("inproc://beta-1", "service1")
        beta.publish("inproc://beta-2", "service2")
        got = [alpha.recv(PATIENCE) for _ in range(4)]
        assert [(delivery.key, delivery.value) for delivery in got] == [
            ("inproc://alpha-1", "service1"),
            ("inproc://alpha-2", "service2"),
            ("inproc://beta-1", "service1"),
            ("inproc://beta-2", "service2"),
        ]
        assert alpha.status() == 4
        until_all_hold({delivery.key: delivery.value for delivery in got if delivery.value}, base, alpha, beta)


def test_tcp_ipc_and_inproc_at_once(tmp_path: Path) -> None:
    with Gossip("hub") as hub, Gossip("a") as a, Gossip("b") as b, Gossip("c") as c:
        tcp, ipc, inproc = hub.bind("tcp://127.0.0.1:*"), hub.bind(f"ipc://{tmp_path}/hub"), hub.bind("inproc://all")
        for service, endpoint in ((a, tcp), (b, ipc), (c, inproc)):
            service.connect(endpoint)
            service.publish(endpoint, "v")
        until_all_hold(dict.fromkeys((tcp, ipc, inproc), "v"), hub, a, b, c)


def test_ports() -> None:
    with Gossip() as hub:
        assert hub.port == 0
        assert hub.bind("tcp://127.0.0.1:*") == f"tcp://127.0.0.1:{hub.port}"
        with pytest.raises(zyre.AddressInUse, match=str(hub.port)):
            Gossip().bind(f"tcp://127.0.0.1:{hub.port}")
        with pytest.raises(zyre.NetworkError, match="cannot be bound"):
            hub.bind("tcp://192.0.2.1:*")
        assert hub.bind("tcp://[::1]:*") == f"tcp://[::1]:{hub.port}"
        with Gossip() as client:
            client.connect(f"tcp://[::1]:{hub.port}")
            client.publish("k", "v")
            assert hub.recv(PATIENCE) == Delivery("k", "v")
        hub.bind("inproc://ports")
        assert hub.port == 0


def binds(hub: Gossip, endpoint: str) -> bool:
    try:
        hub.bind(endpoint)
    except zyre.AddressInUse:
        return False
    return True


def test_a_client_that_was_there_before_its_hub_and_stays_after_it() -> None:
    endpoint = f"tcp://127.0.0.1:{unused_port()}"
    with Gossip("client") as client:
        client.connect(endpoint)
        client.publish("mine", "v")
        for _ in range(3):
            with Gossip("hub") as hub:
                until(lambda hub=hub: binds(hub, endpoint))  # type: ignore[misc]  # libzmq lets go of it in its own time
                assert hub.recv(PATIENCE) == Delivery("mine", "v")


def test_what_goes_is_delivered_too() -> None:
    with Gossip("hub") as hub, Gossip("a") as a:
        hub.bind("inproc://goes")
        a.connect("inproc://goes")
        a.publish("short", "v", ttl=0.2)
        assert hub.recv(PATIENCE) == Delivery("short", "v")
        assert hub.recv(PATIENCE) == Delivery("short", None, "lapsed")
        a.publish("k", "v")
        assert a.unpublish("k")
        assert [hub.recv(PATIENCE), hub.recv(PATIENCE)] == [Delivery("k", "v"), Delivery("k", None, "withdrawn")]
        a.publish("presence", "v")
        a.publish("setting", "v", lasting=True)
        until(lambda: hub.status() == 2)
        a.close()
        until_all_hold({"setting": "v"}, hub)
        assert not hub.unpublish("presence")


def test_disconnecting() -> None:
    with Gossip("hub", config=GossipConfig(probe=0.1)) as hub, Gossip("a") as a:
        hub.bind("inproc://disconnecting")
        a.connect("inproc://disconnecting")
        until(lambda: hub.statistics()["clients"] == 1)
        a.disconnect("inproc://disconnecting")
        hub.publish("k", "v")
        a.publish("other", "v")
        until(lambda: hub.statistics()["clients"] == 0, 30.0)
        assert a.tuples == {"other": "v"}


def test_a_hub_with_a_certificate_lets_nobody_in_who_does_not_know_its_key() -> None:
    certificate = new_certificate()
    with Gossip("hub", certificate=certificate) as hub, Gossip("a") as a, Gossip("stranger") as stranger:
        hub.zap_domain = "gossip"
        endpoint = hub.bind("tcp://127.0.0.1:*")
        a.connect(endpoint, public_key=certificate.public_key)
        stranger.connect(endpoint)
        stranger.publish("stranger", "v")
        a.publish("k", "v")
        assert hub.recv(PATIENCE) == Delivery("k", "v")
        until(lambda: stranger.statistics()["reconnects"] > 0)
        assert hub.tuples == {"k": "v"}
        assert hub.zap_domain == "gossip"


# -- reading -----------------------------------------------------------------------------------------------------------


def test_reading_waits_or_does_not() -> None:
    with Gossip() as gossip:
        with pytest.raises(zyre.WouldBlock):
            gossip.recv_nowait()
        with pytest.raises(zyre.RecvTimeout):
            gossip.recv(0.01)
        gossip.publish("k", "v")
        assert select.select([gossip], [], [], PATIENCE)[0]
        assert gossip.recv_nowait() == Delivery("k", "v")
        gossip.publish("k", "v")
        gossip.publish("k", "w")
        assert gossip.recv(PATIENCE).value == "w", "the same value is no news"


def test_a_loop_ends_when_the_service_is_closed() -> None:
    gossip = Gossip()
    seen: list[str] = []
    reader = threading.Thread(target=lambda: seen.extend(delivery.key for delivery in gossip))
    reader.start()
    gossip.publish("k", "v")
    until(lambda: seen == ["k"])
    gossip.close()
    reader.join(PATIENCE)
    assert not reader.is_alive()
    gossip.close()
    with pytest.raises(zyre.GossipClosed, match="make a new Gossip"):
        gossip.publish("k", "v")
    with pytest.raises(zyre.GossipClosed):
        gossip.recv()
    with pytest.raises(zyre.GossipClosed):
        gossip.bind("inproc://late")
    assert "closed" in repr(gossip)


def test_deliveries_that_nobody_reads_are_bounded() -> None:
    with Gossip(config=GossipConfig(unread=10)) as gossip:
        for number in range(30):
            gossip.publish(f"k{number}", "v")
        until(lambda: gossip.statistics()["dropped"] == 20)
        assert [gossip.recv_nowait().key for _ in range(10)] == [f"k{n}" for n in range(10)]
        gossip.publish("more", "v")
        assert gossip.recv(PATIENCE).key == "more"
        assert gossip.status() == 31


def test_one_that_nobody_holds_any_more_ends() -> None:
    with Gossip("hub") as hub:
        hub.bind("inproc://forgotten")
        forgotten = Gossip("forgotten")
        forgotten.connect("inproc://forgotten")
        forgotten.publish("k", "v")
        until_all_hold({"k": "v"}, hub)
        del forgotten
        gc.collect()
        until_all_hold({}, hub)


async def exchange() -> list[Delivery]:
    async with zyre.AsyncGossip("hub") as hub, zyre.AsyncGossip("a") as a:
        endpoint = hub.bind("tcp://127.0.0.1:*")
        a.connect(endpoint)
        with pytest.raises(zyre.RecvTimeout):
            await a.recv(0.01)
        hub.publish("k", "v")
        seen = []
        async for delivery in a:
            seen.append(delivery)
            break
        hub.unpublish("k")
        seen.append(await a.recv(PATIENCE))
        await a.close()
        assert [delivery async for delivery in a] == []
        return seen


def test_on_asyncio_and_trio() -> None:
    expected = [Delivery("k", "v"), Delivery("k", None, "withdrawn")]
    assert asyncio.run(exchange()) == expected
    assert trio.run(exchange) == expected


# -- errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "match"),
    [
        ("", "v", "1 to 255"),
        ("é" * 128, "v", "takes 256 octets"),
        ("k\0", "v", "NUL"),
        ("k", "v\0", "NUL"),
        (b"k", "v", "bytes, and tuples are text"),
        ("k", 7, "int, and tuples are text"),
        ("k", "\ud800", "UTF-8"),
    ],
)
def test_what_cannot_be_a_tuple_is_refused(key: str, value: str, match: str) -> None:
    with Gossip() as gossip, pytest.raises(zyre.InvalidName, match=match):
        gossip.publish(key, value)


def test_other_mistakes_are_explained() -> None:
    with Gossip(config=GossipConfig(tuples=1, value=10)) as gossip:
        with pytest.raises(zyre.InvalidEndpoint, match="wildcard"):
            gossip.connect("tcp://*:5670")
        with pytest.raises(zyre.InvalidEndpoint):
            gossip.bind("nonsense")
        with pytest.raises(zyre.InvalidKey):
            gossip.connect("tcp://127.0.0.1:1", public_key="short")
        for options in ({"ttl": 0.0}, {"ttl": 1.0, "lasting": True}):
            with pytest.raises(zyre.UsageError, match="seconds above 0"):
                gossip.publish("k", "v", **options)  # type: ignore[arg-type]
        gossip.publish("k", "v")
        for tuple in (("other", "v"), ("k", "v" * 11)):
            with pytest.raises(zyre.UsageError, match="no room"):
                gossip.publish(*tuple)
    with pytest.raises(zyre.InvalidConfig, match="beat < lease < remember"):
        GossipConfig(lease=200)
    with pytest.raises(zyre.InvalidConfig, match="ping < silence"):
        GossipConfig(ping=5)
    with pytest.raises(zyre.InvalidConfig, match="tuples is 0"):
        GossipConfig(tuples=0)


# -- settings ----------------------------------------------------------------------------------------------------------


def test_settings_are_loaded_changed_and_saved(tmp_path: Path) -> None:
    certificate = new_certificate()
    save_certificate(certificate, tmp_path / "hub.cert")
    (tmp_path / "hub.zpl").write_text(
        "#   a hub\n"
        "server\n    timeout = 60000\n    background = 1\n"
        "zgossip\n    echo = hello\n"
        "    security\n        mechanism = curve\n        domain = lab\n        secret-key = hub.cert\n"
        "    bind\n        endpoint = tcp://127.0.0.1:*\n"
        "    publish\n        colour = blue\n        shape = round\n"
    )
    with Gossip("hub") as hub, Gossip("a") as a:
        hub.load(tmp_path / "hub.zpl")
        assert (hub.zap_domain, hub.status(), hub.verbose) == ("lab", 2, False)
        a.connect(f"tcp://127.0.0.1:{hub.port}", public_key=certificate.public_key)
        until_all_hold({"colour": "blue", "shape": "round"}, a, hub)
        hub.set("server/timeout", "500")
        hub.set("server/verbose", "1")
        assert hub.verbose
        hub.save(tmp_path / "saved.zpl")
        assert (tmp_path / "saved.zpl").read_text().startswith('#   a hub\n\nserver\n    timeout = "500"\n')
    (tmp_path / "client.zpl").write_text("zgossip\n    connect\n        endpoint = inproc://loaded\n")
    with Gossip("hub") as hub, Gossip("a") as a:
        hub.bind("inproc://loaded")
        a.load(str(tmp_path / "client.zpl"))
        a.publish("k", "v")
        until_all_hold({"k": "v"}, hub)


def test_settings_that_change_are_read_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As by CZMQ. What is broken is told, and changes nothing."""
    file = tmp_path / "hub.zpl"
    text = "zgossip\n    bind\n        endpoint = inproc://again\n    publish\n        colour = "
    file.write_text(text + "blue\n")
    with Gossip("hub") as hub, Gossip("a") as a:
        hub.load(file)
        a.connect("inproc://again")
        until_all_hold({"colour": "blue"}, a, hub)
        file.write_text(text + "red\n        shape = round\n")
        until_all_hold({"colour": "red", "shape": "round"}, a, hub)
        file.write_text("server\n   timeout = 1\n")
        until(lambda: "line 2" in caplog.text)
        (tmp_path / "new").write_text(text + "green\n")
        (tmp_path / "new").replace(file)
        until_all_hold({"colour": "green", "shape": "round"}, a, hub)


def test_bad_settings_are_refused(tmp_path: Path) -> None:
    with Gossip() as gossip:
        with pytest.raises(zyre.InvalidConfig, match="milliseconds"):
            gossip.set("server/timeout", "soon")
        with pytest.raises(zyre.InvalidConfig, match="names no setting"):
            gossip.set("", "1")
        with pytest.raises(OSError, match="none"):
            gossip.load(tmp_path / "none.zpl")
        (tmp_path / "bad.zpl").write_text("server\n   timeout = 1\n")
        with pytest.raises(zyre.InvalidConfig, match="line 2"):
            gossip.load(tmp_path / "bad.zpl")


def test_verbose_is_for_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "zyre.gossip")
    with Gossip("quiet") as gossip:
        gossip.publish("silent", "v")
        gossip.recv(PATIENCE)
        gossip.verbose = True
        gossip.bind("inproc://verbose")
        gossip.publish("k", "v")
        gossip.recv(PATIENCE)
    text = caplog.text
    assert "quiet: publish k" in text
    assert "quiet: bound to inproc://verbose" in text
    assert "Delivery(key='k', value='v'" in text
    assert "silent" not in text


def test_a_child_after_a_fork_leaves_it_alone() -> None:
    with Gossip("hub") as hub, Gossip("a") as a:
        hub.bind("inproc://fork")
        a.connect("inproc://fork")
        child = os.fork()
        if child == 0:
            with pytest.raises(zyre.GossipClosed):
                a.publish("child", "v")
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        a.publish("parent", "v")
        until_all_hold({"parent": "v"}, hub, a)
