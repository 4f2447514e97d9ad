"""Scoring in a fresh process loads NumPy and numba only, and leaves numba as it would have been."""

import os
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


_KERNELS = """
import numpy as np
from rareclass.kernels.compiled import compiled

@compiled
def hashed(word):
    return hash(word)

@compiled
def filled(n):
    return np.full(n, 2.0)

@compiled
def summed(n):
    return filled(n).sum()
"""
_RUN = """
import sys
import kernels
assert kernels.filled(3).tolist() == [2.0] * 3
assert kernels.hashed("rare") == hash("rare")
assert kernels.summed(2) == 4.0
"""
_NOT_COMPILED = """
assert "numba.np.polynomial" not in sys.modules, "numba made its compiler ready"
"""
_THEN_COMPILED = """
import numba
total = numba.njit(lambda n: kernels.filled(n).sum() + kernels.summed(n))
assert total(3) == 12.0
"""


def test_what_is_on_disk_runs_without_the_compiler_and_serves_it_later(tmp_path):
    (tmp_path / "kernels.py").write_text(_KERNELS)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))}
    environment["NUMBA_CACHE_DIR"] = str(tmp_path / "kept")
    for script in (_RUN, _RUN + _NOT_COMPILED, _RUN + _THEN_COMPILED):
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, timeout=300, env=environment
        )
        assert done.returncode == 0, done.stderr
