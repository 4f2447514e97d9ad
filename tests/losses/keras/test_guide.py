"""The Keras section of the guide runs as it stands, and its probabilities are right."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.deep
keras = pytest.importorskip("keras", reason="keras or its back end is not installed", exc_type=ImportError)

GUIDE = Path(__file__).parents[3] / "docs" / "deep_learning.md"


def test_the_keras_section_runs_and_promises_what_happens(tmp_path, monkeypatch):
    section = GUIDE.read_text(encoding="utf-8").split("\n## Keras\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert len(blocks) == 2
    monkeypatch.chdir(tmp_path)
    keras.utils.set_random_seed(0)
    names = {}
    for block in blocks:
        exec(compile(block, str(GUIDE), "exec"), names)
    true = names["truth"][names["test"]].mean()
    # some 200 events to learn from: the mean is known to 7 %; three of those, and what training has not reached
    assert names["focal"].mean() / true == pytest.approx(1.0, abs=0.25)
    assert names["balanced"].mean() / true == pytest.approx(1.0, abs=0.25)
    assert type(names["model"].loss).__name__ == "CrossEntropy"
