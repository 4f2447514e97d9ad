"""RUSBoost."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from rareclass.ensemble import RUSBoostClassifier
from rareclass.ensemble.rus_boost import _pseudo_loss
from rareclass.errors import CollapseWarning, InputError


def simulated(n, intercept, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    p = 1 / (1 + np.exp(-(intercept + 1.2 * X[:, 0] + X[:, 1] - 0.7 * X[:, 2])))
    return X, (rng.random(n) < p).astype(int), p


@pytest.mark.parametrize("intercept", [-5.7, -8.2], ids=["1 %", "0.1 %"])
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("seed", [0, 2])
def test_boosting_goes_on_and_never_inverts_the_ranking(intercept, depth, seed):
    X, y, _ = simulated(20_000, intercept, seed)
    X_new, y_new, _ = simulated(60_000, intercept, seed + 100)
    tree = DecisionTreeClassifier(max_depth=depth)
    model = RUSBoostClassifier(tree, n_estimators=30, random_state=seed, corrected="shift").fit(X, y)
    assert len(model.estimators_) == 30
    assert (model.estimator_weights_ >= 0).all()
    assert roc_auc_score(y_new, model.predict_proba(X_new)[:, 1]) > 0.75


def test_pseudo_loss_is_half_for_chance_and_zero_for_perfection():
    codes = np.array([0, 0, 0, 1])
    pairs = np.array([[0, 1 / 6], [0, 1 / 6], [0, 1 / 6], [1 / 2, 0]])
    assert _pseudo_loss(codes, np.full((4, 2), 0.5), pairs) == pytest.approx(0.5)
    assert _pseudo_loss(codes, np.eye(2)[codes], pairs) == pytest.approx(0)
    # always "0" is right on three of four rows, and at chance when classes count alike
    assert _pseudo_loss(codes, np.tile([1.0, 0.0], (4, 1)), pairs) == pytest.approx(0.5)


def test_pair_weights_follow_the_update_rule_of_adaboost_m2():
    rng = np.random.default_rng(0)
    codes, start = rng.integers(0, 3, 50), np.full(50, 1 / 50)
    votes = [rng.dirichlet(np.ones(3), 50) for _ in range(3)]
    betas = [0.3, 0.5, 0.8]
    expected = np.where(np.eye(3)[codes] == 1, 0.0, start[:, None])
    score = np.zeros((50, 3))
    for vote, beta in zip(votes, betas):
        own = vote[np.arange(50), codes][:, None]
        expected = expected * beta ** (0.5 * (1 + own - vote))  # Freund and Schapire 1996, figure 3
        score += np.log(1 / beta) * vote
    pairs = RUSBoostClassifier._pair_weights(codes, score, start)
    np.testing.assert_allclose(pairs, expected / expected.sum())


@pytest.mark.filterwarnings("ignore::rareclass.errors.CalibrationWarning")
def test_useless_features_give_the_prevalence_and_a_warning():
    y = np.array([0] * 90 + [1] * 10)
    with pytest.warns(CollapseWarning, match="better than chance"):
        model = RUSBoostClassifier(n_estimators=5, random_state=0).fit(np.ones((100, 2)), y)
    np.testing.assert_allclose(model.predict_proba(np.ones((1, 2)))[0], [0.9, 0.1], atol=1e-6)
    assert model.feature_importances_.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("corrected", [True, False])
def test_last_stage_is_the_model(corrected):
    X, y, _ = simulated(3000, -3)
    model = RUSBoostClassifier(n_estimators=8, random_state=0, corrected=corrected).fit(X, y)
    for staged, whole in (
        (model.staged_predict_proba, model.predict_proba),
        (model.staged_decision_function, model.decision_function),
        (model.staged_predict, model.predict),
    ):
        stages = list(staged(X))
        assert len(stages) == 8
        np.testing.assert_allclose(stages[-1], whole(X))


def test_corrected_probabilities_sum_to_the_expected_events():
    X, y, _ = simulated(30_000, -3.5)
    X_new, _, truth = simulated(10_000, -3.5, seed=1)
    drift = y.sum() / simulated(30_000, -3.5)[2].sum()
    model = RUSBoostClassifier(n_estimators=20, random_state=0).fit(X, y)
    assert 0.9 < drift * truth.sum() / model.predict_proba(X_new)[:, 1].sum() < 1.1


def test_pipelines_hold_the_fitted_members_themselves():
    X, y, _ = simulated(2000, -2)
    model = RUSBoostClassifier(n_estimators=3, random_state=0, corrected="shift").fit(X, y)
    assert [p[-1] for p in model.pipelines_] == model.estimators_
    assert len({s.random_state for s in model.samplers_}) == 3


def test_learner_without_weights_is_refused():
    X, y, _ = simulated(500, -1)
    with pytest.raises(InputError, match="doesn't support sample_weight"):
        RUSBoostClassifier(KNeighborsClassifier()).fit(X, y)
