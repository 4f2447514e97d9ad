"""The demonstration: what it writes is what it returns, and the truth bounds what it reaches."""

import json
import re
from pathlib import Path

from rareclass.artifact import Bundle
from rareclass.demonstration import run_demo


def test_the_demonstration_leaves_a_run_and_says_the_truth_about_its_champion(tmp_path: Path) -> None:
    results, truth = run_demo(tmp_path / "run", rows=3_000, n_jobs=1)
    assert json.loads((tmp_path / "run" / "results.json").read_text()) == results.to_dict()
    assert Bundle.load(tmp_path / "run" / "champion").name == results.champion
    ours, best, nothing = map(float, re.findall(r"\d+\.\d+", truth[-1]))
    assert best <= ours < nothing
