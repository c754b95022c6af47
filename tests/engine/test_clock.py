"""The clock."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zyre.engine.clock import MonotonicClock

pytestmark = pytest.mark.lan


def test_it_never_goes_back_and_stands_nowhere_near_the_time_of_day() -> None:
    readings = [MonotonicClock().now() for _ in range(1000)]
    assert readings == sorted(readings)
    assert abs(readings[0] - time.time()) > 86400


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="another system")
def test_it_counts_the_time_asleep() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= MonotonicClock().now() <= time.clock_gettime(time.CLOCK_BOOTTIME)


AFTER_A_SLEEP = """
import os, time, zyre
here = {"interface": "lo", "port": 0}
secret = zyre.Node("secret", secret="correct horse battery", gossip_bind="tcp://127.0.0.1:*", **here)
shown = zyre.Node("shown", certificate=zyre.new_certificate(), access="*", **here)
plain = zyre.Node("plain", interface="lo", remember=os.environ["FILE"])
with secret, shown, plain, zyre.Gossip("hub", verbose=True) as hub:
    hub.bind("tcp://127.0.0.1:*")
    hub.publish("key", "value")
    time.sleep(1.5)
    before = time.process_time()
    time.sleep(2)
    print(time.process_time() - before)
"""


def test_on_a_computer_that_has_slept_alarms_ring_when_they_should(tmp_path: Path) -> None:
    """Its clocks differ for good. An alarm that is set by one and rung by the other is always late, and the engine
    would do nothing else."""
    apart = ("unshare", "--time", "--boottime", "100000")
    if shutil.which("unshare") is None or subprocess.run((*apart, "true"), capture_output=True, check=False).returncode:
        pytest.skip("needs a time namespace")
    environment = {**os.environ, "FILE": str(tmp_path / "peers")}
    program = (*apart, sys.executable, "-c", AFTER_A_SLEEP)
    busy = subprocess.run(program, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout
    assert float(busy) < 1.0, "seconds of computing in two seconds of nothing to do"
