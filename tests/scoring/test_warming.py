"""After `rareclass warm`, a new process compiles nothing."""

import os
import subprocess
import sys
import warnings

import numpy as np
import pyarrow as pa
import pytest

from rareclass import RareClassifier
from rareclass.artifact import Bundle

SCORE = """
import sys
import numpy as np
from rareclass.kernels import bridging, linear, log_odds_maps, tree_layout, tree_program, tree_reasons, trees, words
from rareclass.scoring import Scorer
from rareclass.scoring.contributions import contributions
for path in sys.argv[1:]:
    scorer = Scorer.load(path)
    row = {"x": 0.5, "z": None, "shop": "a", "note": "two words"}
    scorer.decide(row), scorer.logit([row] * 50)
    contributions(scorer.member, scorer.encoder.matrix([row] * 3))
modules = (bridging, linear, log_odds_maps, tree_layout, tree_program, tree_reasons, trees, words)
parts = [v for m in modules for v in vars(m).values()]
missed = {k.__name__ for k in parts if hasattr(k, "stats") and k.stats.cache_misses}
assert not missed, missed
"""


@pytest.fixture
def bundles(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=500)
    table = pa.table(
        {"x": x, "z": x**2, "shop": rng.choice(["a", "b"], 500), "note": [f"a row of {i} words" for i in range(500)]}
    )
    for name, calibration in (("auto", "beta"), ("logistic_regression", "isotonic"), ("lightgbm", "venn_abers")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = RareClassifier(name, treatment="none", calibration=calibration, cv=2).fit(table, x > 1.2)
        Bundle(model).save(tmp_path / name)
    return [str(tmp_path / name) for name in ("auto", "logistic_regression", "lightgbm")]


def test_a_new_process_finds_every_scoring_kernel(bundles, tmp_path):
    pytest.importorskip("lightgbm")
    own = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "kernels")}
    warmed = subprocess.run([sys.executable, "-m", "rareclass", "warm"], env=own, capture_output=True, text=True)
    assert warmed.returncode == 0, warmed.stderr
    assert str(tmp_path / "kernels") in warmed.stderr
    done = subprocess.run([sys.executable, "-c", SCORE, *bundles], env=own, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
