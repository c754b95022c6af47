"""The examples, run as they are, at ports of their own on this machine."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from zyre.sockets import ProxyEnd

from .conftest import free_port

EXAMPLES = Path(__file__).parents[2] / "examples" / "sockets"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def free() -> Callable[[], str]:
    """An endpoint that nobody has."""
    return lambda: f"tcp://127.0.0.1:{free_port()}"


def test_hello_world(free: Callable[[], str], capsys: pytest.CaptureFixture[str]) -> None:
    endpoint = free()
    load("hello_world").main(endpoint, endpoint)
    assert capsys.readouterr().out.splitlines() == [
        line for number in range(3) for line in ("Server received: 'Hello'", f"Client received 'World' (#{number})")
    ]


def test_weather(free: Callable[[], str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    endpoint, weather = free(), load("weather")
    zips = iter(["10001", "20002", "00042"] * 1_000_000)
    monkeypatch.setattr(weather, "random_zip", lambda: next(zips))
    average = weather.main("00042", endpoint, endpoint)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Subscribing to ZIP code 00042 only"
    temperatures = [int(line.rpartition(" ")[2]) for line in lines[1:11]]
    assert all(-80 <= each < 135 for each in temperatures)
    assert average == sum(temperatures) / 10
    assert lines[11] == f"Average temperature for ZIP code 00042 was {average}"


def test_zip_codes() -> None:
    assert all(len(load("weather").random_zip()) == 5 for _ in range(10))


def test_divide_and_conquer(free: Callable[[], str], capsys: pytest.CaptureFixture[str]) -> None:
    done: list[float] = []
    load("divide_and_conquer").main(free(), free(), work=done.append, settle=0)
    assert len(done) == 100
    lines = capsys.readouterr().out.splitlines()
    assert f"Total expected cost: {round(sum(done) * 1000)} msec" in lines
    assert any(line.startswith("Total elapsed time") for line in lines)


def test_random_publisher(free: Callable[[], str]) -> None:
    endpoint = free()
    numbers = load("random_publisher").main(endpoint, endpoint, interval=0.001)
    assert len(numbers) == 3
    assert all(0 <= number < 1000 for number in numbers)


def test_broker(free: Callable[[], str], capsys: pytest.CaptureFixture[str]) -> None:
    assert load("broker").main(free(), free()) == ProxyEnd("until", 6, 6)
    out = capsys.readouterr().out
    assert "request: anna asks 0" in out
    assert "reply: BERT ASKS 2" in out


def test_lazy_pirate(free: Callable[[], str], capsys: pytest.CaptureFixture[str]) -> None:
    assert load("lazy_pirate").main(free(), timeout=0.5) == "and now?"
    out = capsys.readouterr().out
    assert "did not answer 'is anybody there?'" in out
    assert "No answer to 'and now?' (attempt 1 of 3)" in out


def test_every_example_is_run() -> None:
    named = {path.stem for path in EXAMPLES.glob("*.py")}
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert named <= tested
