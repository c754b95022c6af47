"""The pytest plugin: a fixture ``lan``, and what a failing test that used it prints.

Installed with the package and idle until a test asks for the fixture; see zyre.testing.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from zyre.testing import Lan

_LANS = pytest.StashKey["Lan"]()
_LAST = 40


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one option: run with the seed that a failing test printed."""
    parser.getgroup("zyre").addoption(
        "--zyre-seed", type=int, default=None, help="seed of the simulated networks (default: one for each test)"
    )


@pytest.fixture
def lan(request: pytest.FixtureRequest) -> Iterator[Lan]:
    """A simulated network: zyre.testing.Lan. Its seed follows from the test's name, so that it stays the same."""
    from zyre.testing import Lan

    seed = request.config.getoption("--zyre-seed")
    network = Lan(zlib.crc32(request.node.nodeid.encode()) if seed is None else seed)
    request.node.stash[_LANS] = network
    yield network
    network.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Add the seed and the chart to the report of a failing test."""
    report = yield
    network = item.stash.get(_LANS, None)
    if network is not None and report.when == "call" and report.failed:  # type: ignore[attr-defined]
        again = f"the same history again: pytest {item.nodeid!r} --zyre-seed {network.seed}"
        chart = network.chart(last=_LAST)
        report.sections.append(("simulated network", f"{again}\n\n{chart}"))  # type: ignore[attr-defined]
    return report
