"""The balanced ensemble against a saturated model and a single fit."""

import numpy as np
import pytest
from tests.treatments.known import Linear, Saturated, cells, line

from rareclass.errors import InputError
from rareclass.fitting.arm import Arm
from rareclass.treatments.bag import BalancedEnsembleTreatment

GRID = np.array([[0.0], [1.0], [2.0]])


def test_the_mean_of_log_odds_restores_the_rate_of_each_cell():
    X, y = cells()
    plain = Arm(Saturated()).fit(X, y).logit(GRID)
    events = np.array([y[X[:, 0] == c].sum() for c in range(3)])
    fitted = Arm(Saturated(), BalancedEnsembleTreatment(10, 1.0)).fit(X, y)
    # a bag keeps at least 0.4 negatives an event in each cell, ten bags ten times that
    assert np.all(np.abs(fitted.logit(GRID) - plain) < 4 / np.sqrt(0.4 * events))
    assert fitted.exact


def test_ten_bags_vary_less_than_one():
    X, y, _ = line(50_000)
    full = Arm(Linear()).fit(X, y).logit(X[:500])
    errors = {}
    for bags in (2, 10):
        found = [Arm(Linear(), BalancedEnsembleTreatment(bags)).fit(X, y, seed=s).logit(X[:500]) for s in range(5)]
        errors[bags] = np.mean([(f - full) ** 2 for f in found])
    assert errors[10] < errors[2]


def test_each_bag_is_another_fit_and_probabilities_add_to_one():
    X, y, _ = line(20_000)
    fitted = Arm(Linear(), BalancedEnsembleTreatment(3)).fit(X, y)
    assert len({round(float(m.beta_[1]), 9) for m in fitted.learner.members}) == 3
    np.testing.assert_allclose(fitted.learner.predict_proba(X[:50]).sum(axis=1), 1)
    assert "mean of 3 learners" in fitted.note


def test_impossible_bags_are_refused():
    X, y = cells(5000)
    for treatment in (BalancedEnsembleTreatment(1), BalancedEnsembleTreatment(3, 0)):
        with pytest.raises(InputError):
            treatment.prepare(X, y, rng=np.random.default_rng(0))
