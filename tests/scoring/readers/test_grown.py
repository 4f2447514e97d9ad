"""Thresholds of float32 comparisons and of bins, against the comparisons themselves."""

import numpy as np

from rareclass.kernels.trees import FlatTrees
from rareclass.learners._bins import apply_cuts
from rareclass.scoring.readers._grown import as_single, through_bins


def test_a_float64_threshold_repeats_the_comparison_in_float32():
    rng = np.random.default_rng(0)
    largest = float(np.finfo(np.float32).max)
    special = [0.0, -0.0, 1e-45, -1e-45, 5e-324, 1.0, 1 + 2.0**-24, largest, -largest, np.inf, -np.inf, 1e300, -1e300]
    limits = np.concatenate([rng.normal(size=500), rng.normal(size=500).astype(np.float32), special])
    found = as_single(limits)
    for limit, threshold in zip(limits, found, strict=True):
        near = np.array([limit, threshold, np.float64(np.float32(limit)) if abs(limit) < 1e38 else limit])
        x = np.concatenate([near, np.nextafter(near, np.inf), np.nextafter(near, -np.inf), [-np.inf, np.inf, 0.0]])
        with np.errstate(over="ignore"):
            wanted = x.astype(np.float32).astype(np.float64) <= limit
        np.testing.assert_array_equal(x <= threshold, wanted)


def test_trees_on_bins_equal_trees_on_values():
    rng = np.random.default_rng(1)
    cuts = [np.unique(rng.choice([-1.0, 0.0, 5e-324, 0.5, 1.0, 1e300], 4)), np.empty(0)]
    column = np.array([-np.inf, -1.0, np.nextafter(-1.0, -2), 0.0, -0.0, 5e-324, 0.5, 1.0, 1e300, np.inf, np.nan])
    X = np.column_stack([column, rng.permutation(column)])
    binned = apply_cuts(X, cuts).astype(np.float64)
    for feature in (0, 1):
        for threshold in (-1.0, -1e-35, 0.0, 1e-35, 0.5, 1.0, 2.5, 7.0, np.inf):
            trees = FlatTrees.stump(feature=feature, threshold=threshold, left=-1.0, right=1.0, n_features=2)
            np.testing.assert_array_equal(through_bins(trees, cuts).score(X), trees.score(binned))
