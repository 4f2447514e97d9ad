"""Maximising a metric: named ones, functions of counts, and the costs that they hide."""

import numpy as np
import pytest

from rareclass.decisions import Maximize, best_threshold


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    p = rng.beta(0.3, 2, 400)
    return rng.random(400) < p, p


def test_function_of_single_counts_is_called_point_by_point(rows):
    y, p = rows

    def gain(tp, fp, fn, tn):
        return tp - fp if tp > 3 else 0.0

    def gain_of_arrays(tp, fp, fn, tn):
        return np.where(tp > 3, tp - fp, 0.0)

    assert best_threshold(y, p, Maximize(gain)).threshold == best_threshold(y, p, Maximize(gain_of_arrays)).threshold


def test_threshold_that_maximises_balanced_accuracy_is_the_prevalence():
    rng = np.random.default_rng(0)
    p = rng.beta(0.1, 8, 200_000)
    chosen = best_threshold(rng.random(p.size) < p, p, Maximize("balanced_accuracy"))
    assert chosen.interval[0] <= p.mean() <= chosen.interval[1]
    assert chosen.threshold == pytest.approx(p.mean(), rel=0.3)


def test_why_names_the_hidden_cost_ratio(rows):
    y, p = rows
    chosen = best_threshold(y, p, Maximize("f1"))
    assert f"{(1 - chosen.threshold) / chosen.threshold:.3g} times" in chosen.why
