from __future__ import annotations

import dataclasses
import math

import pytest

from zyre.config import (
    DISCOVERY_PORT,
    SUPPORTED_EXTENSIONS,
    ClusterConfig,
    Limits,
    NodeConfig,
    Timing,
    chosen_extensions,
)
from zyre.errors import InvalidConfig, InvalidEndpoint

TIMES = [field.name for field in dataclasses.fields(Timing)]
LIMITS = [field.name for field in dataclasses.fields(Limits)]


def test_the_defaults_are_those_of_the_field() -> None:
    timing = Timing()
    assert ClusterConfig().port == DISCOVERY_PORT == 5670
    assert (timing.evasive, timing.expired, timing.beacon, timing.ping) == (5.0, 10.0, 1.0, 1.0)
    assert timing.ask < timing.evasive < timing.silent < timing.expired < timing.unreachable == 30.0


@pytest.mark.parametrize("port", [0, 1, 5670, 65535])
def test_a_port_is_any_number_of_16_bits(port: int) -> None:
    assert ClusterConfig(port).port == port
    assert NodeConfig(peer_port=port).peer_port == port


@pytest.mark.parametrize("port", [-1, 65536, "5670", 1.5, True, None])
def test_anything_else_is_no_port(port: object) -> None:
    with pytest.raises(InvalidConfig, match="0 to 65535"):
        ClusterConfig(port)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("value", [0, -1.0, math.nan, "5", None])
def test_a_time_is_above_zero_or_named_in_the_refusal(name: str, value: object) -> None:
    with pytest.raises(InvalidConfig, match=rf"Timing\.{name}"):
        Timing(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("times", [(5, 5, 30), (10, 5, 30), (1, 30, 30), (1, 40, 30)])
def test_the_phases_of_silence_follow_each_other(times: tuple[float, float, float]) -> None:
    with pytest.raises(InvalidConfig, match="evasive < silent < expired"):
        Timing(evasive=times[0], silent=times[1], expired=times[2])


@pytest.mark.parametrize("expired", [0.05, 1.0, 6.0, 30.0, 3600.0])
def test_within_keeps_the_proportions(expired: float) -> None:
    timing = Timing.within(expired)
    assert timing.expired == expired
    assert timing.evasive == pytest.approx(expired / 2)
    assert timing.beacon <= 1.0
    assert timing.beacon < timing.evasive


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("value", [0, -1, "9", None])
def test_a_limit_is_above_zero_or_named_in_the_refusal(name: str, value: object) -> None:
    with pytest.raises(InvalidConfig, match=rf"Limits\.{name}"):
        Limits(**{name: value})  # type: ignore[arg-type]


def test_settings_are_values_from_which_others_are_derived() -> None:
    assert dataclasses.replace(Limits(), peers=7).peers == 7
    assert NodeConfig() == NodeConfig()
    with pytest.raises(dataclasses.FrozenInstanceError):
        NodeConfig().endpoint = "inproc://x"  # type: ignore[misc]


def test_an_endpoint_contains_its_port() -> None:
    with pytest.raises(InvalidConfig, match="either endpoint or peer_port"):
        NodeConfig(endpoint="tcp://127.0.0.1:5", peer_port=5)


def test_endpoints_are_checked_when_they_are_given() -> None:
    assert NodeConfig(endpoint="tcp://*:*").endpoint == "tcp://*:*"
    with pytest.raises(InvalidEndpoint):
        NodeConfig(endpoint="nonsense")
    with pytest.raises(InvalidEndpoint):
        NodeConfig(advertise="nonsense")


@pytest.mark.parametrize("wildcard", ["tcp://*:5", "tcp://10.0.0.1:*"])
def test_a_wildcard_is_nothing_to_tell_peers(wildcard: str) -> None:
    with pytest.raises(InvalidEndpoint, match="wildcard"):
        NodeConfig(advertise=wildcard)


@pytest.mark.parametrize(
    ("variable", "chosen"),
    [
        (None, SUPPORTED_EXTENSIONS),
        ("all", SUPPORTED_EXTENSIONS),
        ("none", frozenset()),
        ("", frozenset()),
        (" none ", frozenset()),
        ("empty", frozenset({"empty"})),
        ("empty,goodbye", frozenset({"empty", "goodbye"})),
        ("goodbye empty", frozenset({"empty", "goodbye"})),
    ],
)
def test_the_environment_chooses_extensions(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, chosen: frozenset[str]
) -> None:
    if variable is None:
        monkeypatch.delenv("ZYRE_EXTENSIONS", raising=False)
    else:
        monkeypatch.setenv("ZYRE_EXTENSIONS", variable)
    assert chosen_extensions() == chosen


def test_what_the_node_is_told_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZYRE_EXTENSIONS", "all")
    assert chosen_extensions(()) == frozenset()
    assert chosen_extensions(["empty"]) == frozenset({"empty"})


@pytest.mark.parametrize("wanted", ["empty", 7])
def test_extensions_are_a_collection(wanted: object) -> None:
    with pytest.raises(InvalidConfig, match=r"\('empty',\)"):
        chosen_extensions(wanted)


def test_an_unknown_extension_is_named_with_those_that_exist() -> None:
    with pytest.raises(InvalidConfig, match=r"'warp'; there are: bulletin, bundle"):
        chosen_extensions(["warp"])


def test_an_unknown_extension_in_the_environment_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZYRE_EXTENSIONS", "warp")
    with pytest.raises(InvalidConfig, match="warp"):
        chosen_extensions()


def test_a_policy_that_would_raise_in_another_program_is_refused_with_the_reason() -> None:
    with pytest.raises(InvalidConfig, match="whisper_nowait and shout_nowait raise WouldBlock"):
        NodeConfig(when_full="error")
