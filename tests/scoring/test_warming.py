"""After `rareclass warm`, scoring compiles nothing."""

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
from rareclass.cli import main
from rareclass.kernels import bridging, linear, log_odds_maps, radial, radial_reasons, repeated
from rareclass.kernels import tree_layout, tree_program, tree_reasons, trees, words
from rareclass.scoring import Scorer
from rareclass.scoring.contributions import contributions

modules = (
    bridging, linear, log_odds_maps, radial, radial_reasons, repeated,
    tree_layout, tree_program, tree_reasons, trees, words,
)
kernels = {f"{m.__name__}.{name}": v for m in modules for name, v in vars(m).items() if hasattr(v, "signatures")}

def types():
    return {name: set(kernel.signatures) for name, kernel in kernels.items()}

assert not main(["warm"])
warmed = types()
assert any(warmed.values())
print(log_odds_maps.mapped._cache.cache_path)
for path in sys.argv[1:]:
    scorer = Scorer.load(path)
    row = {"x": 0.5, "z": None, "shop": "a", "note": "two words"}
    repeated.repeated(memoryview(b"\\1\\0\\0\\0a"), 1), scorer.decide(row), scorer.logit([row] * 50)
    contributions(scorer.member, scorer.encoder.matrix([row] * 3)), scorer.explain([row] * 2)
missed = {name: sorted(map(str, found - warmed[name])) for name, found in types().items() if found - warmed[name]}
assert not missed, missed
"""


@pytest.fixture
def bundles(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=500)
    table = pa.table(
        {"x": x, "z": x**2, "shop": rng.choice(["a", "b"], 500), "note": [f"a row of {i} words" for i in range(500)]}
    )
    calibrations = {
        "auto": "beta",
        "logistic_regression": "isotonic",
        "lightgbm": "venn_abers",
        "kernel_logistic": "none",
    }
    for name, calibration in calibrations.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = RareClassifier(name, treatment="none", calibration=calibration, cv=2).fit(table, x > 1.2)
        Bundle(model).save(tmp_path / name)
    return [str(tmp_path / name) for name in calibrations]


def test_warming_compiles_each_kernel_for_all_types_that_scoring_gives_it_and_says_where_it_is_kept(bundles):
    pytest.importorskip("lightgbm")
    done = subprocess.run([sys.executable, "-c", SCORE, *bundles], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in done.stderr
