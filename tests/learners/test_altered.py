"""What a booster's own loss and weights did to training, in words."""

import numpy as np
import pytest

from rareclass import RareClassifier
from rareclass.learners import RareHistGradientBoostingClassifier, RareLGBMClassifier
from rareclass.learners._altered import altered
from rareclass.losses import FocalLoss
from rareclass.treatments import LossTreatment

ROWS = 400


def fitted(learner, treatment="none"):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, 2))
    y = rng.random(ROWS) < 1 / (1 + np.exp(2 - X[:, 0]))
    return RareClassifier(learner, treatment=treatment, cv=2).fit(X, y), y


@pytest.mark.parametrize("treatment", ["none", LossTreatment(FocalLoss(2.0))])
@pytest.mark.parametrize(
    ("share", "said"), [(0.25, " for 0.25 of it (`loss_share`), cross-entropy for the rest"), (1, " alone")]
)
def test_a_summary_says_the_loss_its_share_and_the_way_back(treatment, share, said):
    learner = RareLGBMClassifier(
        loss="FocalLoss" if treatment == "none" else None, loss_share=share, n_estimators=2, collapse_alarm=False
    )
    summary = fitted(learner, treatment)[0].summary()
    assert f"minimised is FocalLoss(gamma=2.0, alpha=None){said}." in summary
    assert "Way back: fitted as log-odds, then calibrated out of fold." in summary
    assert "nothing to undo" not in summary


@pytest.mark.parametrize(
    ("learner", "asked"),
    [
        (RareLGBMClassifier, {"scale_pos_weight": 20}),
        (RareLGBMClassifier, {"class_weight": "balanced"}),
        (RareHistGradientBoostingClassifier, {"class_weight": "balanced"}),
    ],
)
def test_a_summary_says_the_weights_of_the_learner(learner, asked):
    trees = "max_iter" if learner is RareHistGradientBoostingClassifier else "n_estimators"
    model, y = fitted(learner(**asked, **{trees: 2}, collapse_alarm=False))
    ratio = asked.get("scale_pos_weight", (~y).sum() / y.sum())
    assert f"the learner lets an event count {ratio:.4g} times" in model.summary()
    assert "Way back: log-odds shifted by the log of how often the learner counts an event." in model.summary()


def test_a_summary_says_that_events_are_drawn_oftener():
    learner = RareLGBMClassifier(
        pos_bagging_fraction=1.0, neg_bagging_fraction=0.25, subsample_freq=1, n_estimators=2, collapse_alarm=False
    )
    assert "the learner draws events 4 times as often as other rows" in fitted(learner)[0].summary()


def test_a_loss_of_all_rows_is_brought_back_by_calibration_only():
    model, _ = fitted(RareLGBMClassifier(loss="TverskyLoss", n_estimators=2, collapse_alarm=False))
    assert "become probabilities by out-of-fold calibration (not exact)" in model.summary()
    assert "TverskyLoss" in model.summary()


def test_learners_without_own_loss_and_weights_say_nothing():
    model, _ = fitted(RareLGBMClassifier(n_estimators=2, collapse_alarm=False))
    assert altered(model.model_.arm.learner) == []
    assert "nothing to undo" in model.summary()
    assert altered(object()) == []
