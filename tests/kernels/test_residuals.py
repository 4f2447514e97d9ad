"""Sums of residuals, and the score of their mean."""

import numpy as np
import pytest
from scipy.stats import kstest

from rareclass.kernels.residuals import LEAN, LEVEL, mean_z, residual_sums


def test_sums_are_those_of_the_rows_and_weights_repeat_them():
    p, y = np.array([0.2, 0.9, 0.5]), np.array([0.0, 1.0, 1.0])
    found = residual_sums(p, y)
    r, z = y - p, np.log(p / (1 - p))
    assert found == pytest.approx(
        [3, 2, *((r**k).sum() for k in (1, 2, 3)), *(((r * z) ** k).sum() for k in (1, 2, 3))]
    )
    twice = residual_sums(np.repeat(p, [1, 2, 3]), np.repeat(y, [1, 2, 3]))
    assert residual_sums(p, y, np.array([1.0, 2.0, 3.0])) == pytest.approx(twice)


@pytest.mark.parametrize("which", [LEVEL, LEAN])
def test_scores_of_days_are_standard_normal_where_nothing_moved(which):
    rng = np.random.default_rng(0)
    found = []
    for _ in range(1500):
        p = rng.beta(0.5, 9.5, 2400)
        y = (rng.random(p.size) < p).astype(float)
        found.append(mean_z(residual_sums(p[:400], y[:400])[which], residual_sums(p[400:], y[400:])[which]))
    assert kstest(found, "norm").pvalue > 0.01
    assert np.mean(np.array(found) > 2.326) <= 0.01 + 2 * np.sqrt(0.01 * 0.99 / 1500)
