"""Near copies and mixtures are seen, in rows of every kind, and not where there are none."""

import numpy as np
import pytest

from rareclass.evaluation.likeness import continuous_columns, mixtures, near_copies
from rareclass.over_sampling import ADASYN, SMOTE


@pytest.mark.parametrize("sampler", [SMOTE, ADASYN])
@pytest.mark.parametrize("whole", [False, True])
def test_made_rows_lie_on_lines_and_drawn_ones_do_not(sampler, whole):
    X = np.random.default_rng(0).normal(size=(900, 6))
    X = np.round(20 * X).astype(int) if whole else X
    y = np.arange(900) < 90
    made, label = sampler(random_state=0).fit_resample(X, y)
    assert mixtures(X.astype(float), np.flatnonzero(y)) < 0.05
    assert mixtures(np.asarray(made, dtype=float), np.flatnonzero(label)) > 0.5


def test_near_copies_are_counted_and_exact_ones_are_not():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 5))
    train, test = np.arange(500), np.arange(500, 1000)
    assert near_copies(X, np.arange(1000), train, test) == 0
    X[500:600] = X[:100] + 1e-4 * rng.normal(size=(100, 5))
    assert near_copies(X, np.arange(1000), train, test) == pytest.approx(0.2, abs=0.06)
    same = np.arange(1000)
    same[500:600] = np.arange(100)
    assert near_copies(X, same, train, test) == 0


def test_grids_and_few_columns_cannot_tell():
    grid = np.random.default_rng(0).integers(0, 4, size=(500, 3)).astype(float)
    assert continuous_columns(grid).size == 0
    assert np.isnan(near_copies(grid, np.arange(500), np.arange(250), np.arange(250, 500)))
    assert np.isnan(mixtures(grid, np.arange(100)))
