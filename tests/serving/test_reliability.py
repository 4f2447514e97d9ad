"""A minute of load with reloads, killed workers and troublesome clients; `benchmarks/serving.py load` runs longer."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.serving, pytest.mark.slow]
pytest.importorskip("uvicorn")
ROOT = Path(__file__).resolve().parents[2]
HOW = ["--minutes", "1", "--reload-every", "4", "--kill-every", "6", "--rate", "200", "--clients", "8"]


@pytest.fixture(scope="module")
def counted():
    """What the benchmark's table says, by the first column."""
    command = [sys.executable, "benchmarks/serving.py", "load", *HOW]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", done.stdout, flags=re.MULTILINE)
    found = {what.strip("*"): value.strip("*") for what, value in rows}
    print(os.linesep.join(f"{what}: {value}" for what, value in found.items()))
    return found


def numbers(text):
    return [int(part.replace(",", "")) for part in re.findall(r"[\d,]*\d", text)]


def test_every_answer_is_that_of_exactly_one_version(counted):
    assert numbers(counted["answers"])[0] > 2_000
    assert min(numbers(counted["of each version"])) > 500
    assert counted["answers that are not one version's"] == "0"


def test_no_request_is_lost_but_those_in_flight_in_a_worker_that_was_killed(counted):
    reloads, killed, _ = numbers(counted["reloads; workers killed, found dead"])
    assert reloads >= 10
    assert killed >= 5
    assert counted["refused, by status"] == "none"
    assert counted["lost otherwise"] == "0"


def test_the_log_has_every_answer_but_those_of_the_last_second_before_a_kill_and_none_twice(counted):
    assert counted["answers not in the log otherwise; twice in it"] == "0; 0"


def test_memory_stays(counted):
    assert float(counted["change"].split()[0]) <= 5.0
