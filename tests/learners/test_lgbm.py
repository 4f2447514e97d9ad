"""Guarded LightGBM: what it passes on, early stopping, and the mean of its probabilities."""

import numpy as np
import pytest
from tests.learners.problems import bumps, make, many_columns

from rareclass.errors import InputError, RareclassError
from rareclass.learners import RareHistGradientBoostingClassifier, RareLGBMClassifier, RareXGBClassifier


def test_monotone_constraints_hold_after_binning_and_calibration():
    X, y, _ = bumps(5_000)
    grid = np.zeros((200, 3))
    grid[:, 0] = np.linspace(-3, 3, 200)
    for model in (make(RareLGBMClassifier, monotone_constraints=[-1, 0, 0]),
                  make(RareHistGradientBoostingClassifier, monotonic_cst=[-1, 0, 0]),
                  make(RareXGBClassifier, monotone_constraints=(-1, 0, 0))):  # fmt: skip
        steps = np.diff(model.fit(X, y).decision_function(grid))
        assert (steps <= 1e-9).all()


def test_early_stopping_judges_on_rows_of_the_real_prevalence():
    X, y, _ = bumps(6_000)
    unseen, y_unseen, _ = bumps(6_000, seed=1)
    model = make(RareLGBMClassifier, n_estimators=2000, early_stopping_rounds=20)
    model.fit(X, y, eval_set=[(unseen, y_unseen)])
    assert 1 <= model.model_.best_iteration_ < 2000
    assert y_unseen.sum() / model.predict_proba(unseen)[:, 1].sum() == pytest.approx(1.0, abs=0.05)
    with pytest.raises(RareclassError, match="one class only"):
        make(RareLGBMClassifier, early_stopping_rounds=5).fit(X, y, eval_set=[(unseen, np.zeros(6_000, bool))])
    with pytest.raises(InputError, match="offset"):
        make(RareLGBMClassifier).fit(X, y, init_score=np.zeros(y.size))


@pytest.mark.parametrize("options", [{}, {"scale_pos_weight": 30, "n_estimators": 60}], ids=["default", "weights"])
@pytest.mark.parametrize("swapped", [False, True])
def test_as_many_events_are_expected_on_new_rows_as_there_are(options, swapped):
    X, y, truth = many_columns()
    new, _, true = many_columns(seed=1)
    if swapped:  # the positive class is the common one
        options = {k: 1 / v if k == "scale_pos_weight" else v for k, v in options.items()}
    model = RareLGBMClassifier(random_state=0, collapse_alarm=False, **options).fit(X, y != swapped)
    p = model.predict_proba(new)[:, 0 if swapped else 1]
    assert p.mean() == pytest.approx(true.mean() * y.mean() / truth.mean(), rel=0.06)


def test_offsets_and_row_weights_leave_the_mean_right():
    X, y, _ = many_columns()
    kept = y | (np.random.default_rng(0).random(y.size) < 0.3)
    model = RareLGBMClassifier(random_state=0, collapse_alarm=False)
    by_offset = model.fit(X[kept], y[kept], offset=np.full(kept.sum(), -np.log(0.3))).predict_proba(X)[:, 1].mean()
    weight = np.where(y[kept], 1.0, 1 / 0.3)
    by_weight = model.fit(X[kept], y[kept], weight).predict_proba(X)[:, 1].mean()
    assert by_offset == pytest.approx(y.mean(), rel=0.08)
    assert by_weight == pytest.approx(y.mean(), rel=0.08)
