"""Scoring in a fresh process loads NumPy and numba only, and leaves numba as it would have been."""

import subprocess
import sys

import pytest

_SCORE = """
import sys
import numpy as np
from rareclass.kernels.trees import FlatTrees
trees = FlatTrees.stump(feature=0, threshold=1.5, left=-1.0, right=2.0, n_features=1)
assert trees.score(np.array([[1.0], [2.0]])).tolist() == [-1.0, 2.0]
assert trees.score(np.ones((500, 1))).tolist() == [-1.0] * 500
"""
_LOADED = """
heavy = ("sklearn", "lightgbm", "pandas", "pyarrow", "skops", "matplotlib", "scipy.")
found = sorted(m for m in sys.modules if m.startswith(heavy) and not m.startswith(("scipy._", "scipy.version")))
assert not found, found
"""
_PRODUCT = """
import numba
product = numba.njit(lambda a, b: a @ b)
assert product(np.eye(3), np.ones((3, 2))).tolist() == [[1.0, 1.0]] * 3
"""


@pytest.mark.parametrize("then", [_LOADED, _PRODUCT], ids=["nothing else is loaded", "numba still multiplies"])
def test_scoring_in_a_fresh_process(then):
    done = subprocess.run([sys.executable, "-c", _SCORE + then], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
