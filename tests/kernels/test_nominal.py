import numpy as np
import pytest
from imblearn.metrics.pairwise import ValueDifferenceMetric

from rareclass.kernels.nominal import class_shares, nearest_by_value_difference, value_differences


@pytest.mark.parametrize("n_classes", [2, 3])
def test_distances_are_those_of_imbalanced_learn(n_classes):
    rng = np.random.default_rng(0)
    codes, y = rng.integers(0, 4, (80, 3)), rng.integers(0, n_classes, 80)
    metric = ValueDifferenceMetric().fit(codes, y)
    assert np.allclose(value_differences(class_shares(codes, y, n_classes)), metric.pairwise(codes))


def test_neighbours_equal_a_sort_of_all_distances():
    rng = np.random.default_rng(1)
    codes, y = rng.integers(0, 5, (120, 2)), rng.integers(0, 3, 120)
    shares, rows = class_shares(codes, y, 3), np.flatnonzero(y == 1)
    found = nearest_by_value_difference(codes, shares, rows, 4)
    distance = value_differences(shares[rows])
    for i, row in enumerate(rows):
        others = np.delete(np.arange(rows.size), i)
        order = others[np.lexsort((rows[others], distance[i, others]))][:4]
        assert found[i].tolist() == [row, *rows[order]]
