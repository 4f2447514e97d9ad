"""Self-paced ensemble."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from rareclass.ensemble import BalancedBaggingClassifier, SelfPacedEnsembleClassifier
from rareclass.ensemble.self_paced import level_edges, levels, paced_weights, quotas


def simulated(n, intercept, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    p = 1 / (1 + np.exp(-(intercept + 1.2 * X[:, 0] + X[:, 1] - 0.7 * X[:, 2])))
    return X, (rng.random(n) < p).astype(int), p


def test_first_round_draws_levels_by_the_inverse_of_their_hardness():
    share = paced_weights(np.array([0.1, 0.2, 0.4]), np.array([100, 10, 5]), alpha=0.0)
    np.testing.assert_allclose(share, np.array([4, 2, 1]) / 7)


def test_last_round_draws_all_filled_levels_alike():
    share = paced_weights(np.array([0.1, 0.0, 0.9]), np.array([100, 0, 5]), alpha=np.tan(np.pi / 2))
    np.testing.assert_allclose(share, [0.5, 0.0, 0.5])


def test_alphas_are_the_tangents_of_the_paper():
    X, y, _ = simulated(1000, -2)
    model = SelfPacedEnsembleClassifier(n_estimators=5, random_state=0, corrected="shift").fit(X, y)
    np.testing.assert_allclose(model.alphas_[:4], [0, np.tan(np.pi / 8), 1, np.tan(3 * np.pi / 8)])
    assert model.alphas_[4] > 1e10


def test_levels_cut_the_range_into_equal_parts():
    hardness = np.array([0.0, 0.19, 0.21, 0.5, 0.99, 1.0])
    assert levels(hardness, level_edges(hardness, 5)).tolist() == [0, 0, 1, 2, 4, 4]


@pytest.mark.parametrize("seed", range(20))
def test_quotas_are_whole_fill_the_request_and_fit_the_levels(seed):
    rng = np.random.default_rng(seed)
    size = rng.integers(0, 50, 6)
    size[rng.integers(6)] += 40
    share = np.where(size > 0, rng.random(6) + 1e-3, 0)
    wanted = int(rng.integers(1, size.sum() + 1))
    quota = quotas(share / share.sum(), size, wanted)
    assert quota.sum() == wanted
    assert (quota <= size).all()
    assert (quota >= 0).all()


def test_drawn_shares_rise_with_hardness_as_rounds_go_on():
    X, y, _ = simulated(20_000, -4)
    model = SelfPacedEnsembleClassifier(LogisticRegression(), n_estimators=10, random_state=0, corrected="shift")
    model.fit(X, y)
    first, last = model.bin_rates_[1][0], model.bin_rates_[-1][0]
    assert last[-1] > 2 * first[-1]
    assert last[0] < first[0]


def test_one_level_is_plain_under_bagging():
    X, y, _ = simulated(5000, -3)
    model = SelfPacedEnsembleClassifier(n_estimators=4, k_bins=1, random_state=0, corrected="shift").fit(X, y)
    for rates in model.bin_rates_[1:]:
        assert rates[0][0] == pytest.approx(y.sum() / (y == 0).sum())


def test_hard_rows_help_where_the_border_is_sharp():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(60_000, 2))
    y = ((np.abs(X[:, 0] - 0.3) < 0.05) & (np.abs(X[:, 1]) < 0.2)).astype(int)
    half = np.arange(60_000) < 30_000
    scores = [
        average_precision_score(
            y[~half],
            kind(n_estimators=10, random_state=0, corrected=False).fit(X[half], y[half]).predict_proba(X[~half])[:, 1],
        )
        for kind in (SelfPacedEnsembleClassifier, BalancedBaggingClassifier)
    ]
    assert scores[0] > scores[1] + 0.02


@pytest.mark.parametrize("hardness", ["squared", "cross_entropy", lambda own: 1 - own])
def test_other_hardness_functions_work(hardness):
    X, y, _ = simulated(2000, -2.5)
    model = SelfPacedEnsembleClassifier(n_estimators=4, hardness=hardness, random_state=0, corrected="shift").fit(X, y)
    assert len(model) == 4
    assert np.isfinite(model.decision_function(X)).all()


def test_corrected_probabilities_sum_to_the_expected_events():
    X, y, _ = simulated(30_000, -3.5)
    X_new, _, truth = simulated(10_000, -3.5, seed=1)
    drift = y.sum() / simulated(30_000, -3.5)[2].sum()
    model = SelfPacedEnsembleClassifier(n_estimators=20, random_state=0).fit(X, y)
    assert 0.9 < drift * truth.sum() / model.predict_proba(X_new)[:, 1].sum() < 1.1
