"""Where the laboratory found the model unlike the world, and the model was mended: so it stays."""

from __future__ import annotations

import pytest

from .model import ModelStage


@pytest.mark.parametrize(("cut", "later"), [(0.5, 0.1), (1.0, 0.4), (1.8, 1.2)])
def test_tcp_comes_back_late_after_a_cut(cut: float, later: float) -> None:
    """Retransmissions come after 0.2, 0.6, 1.4, 3.0 s. In the laboratory it took 0, 0.6 and 1.5 s."""
    with ModelStage() as stage:
        a, b = stage.cast("a", "b")
        stage.meet(a, b)
        a.whisper(b)
        stage.pass_time(0.1)
        stage.partition([a], [b])
        a.whisper(b)
        stage.pass_time(cut)
        stage.heal()
        assert not stage.happens(lambda: len(b.saw("Whisper")) == 2, later - 0.05)
        assert stage.happens(lambda: len(b.saw("Whisper")) == 2, 0.1)


def test_a_connection_stays_in_its_lan() -> None:
    """Whoever has an interface in a LAN reaches it by that one: another cable is no way around a pulled one."""
    with ModelStage() as stage:
        a, b = stage.cast("a", "b", hosts=[stage.host("left", "right"), stage.host("left", "right")])
        stage.meet(a, b)
        met = next(iter(a.node.peers)).address.removeprefix("tcp://").partition(":")[0]
        ports = list(b.host.ports.values())
        number = [port.address for port in ports].index(met)
        stage.pull_cable(a, number)
        a.whisper(b)
        assert not stage.happens(lambda: bool(b.saw("Whisper")), 1.0)
        stage.plug_cable(a, number)
        assert stage.happens(lambda: bool(b.saw("Whisper")), 2.0)
