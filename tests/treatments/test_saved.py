"""Learners that treatments build are written to a bundle and read again."""

import numpy as np
import pytest
from tests.learners.problems import WITH_OFFSETS, make
from tests.treatments.known import line

from rareclass.artifact.learner import dump_learner, load_learner
from rareclass.fitting.arm import make_arm
from rareclass.learners import RareCatBoostClassifier
from rareclass.losses import FocalLoss
from rareclass.treatments.bag import BalancedEnsembleTreatment
from rareclass.treatments.negatives import LocalCaseControl


@pytest.mark.parametrize(
    "treatment",
    ["focal", "tversky", BalancedEnsembleTreatment(2), LocalCaseControl(negatives_per_event=3, least_negatives=0)],
)
def test_a_saved_learner_gives_the_same_log_odds(treatment, tmp_path):
    X, y, _ = line(200_000 if isinstance(treatment, LocalCaseControl) else 5000)
    fitted = make_arm(("lightgbm", treatment)).fit(X, y)
    assert isinstance(treatment, str) or type(fitted.learner).__name__ == "LogitSum"
    dump_learner(fitted.learner, tmp_path / "learner.skops")
    again = load_learner(tmp_path / "learner.skops")
    np.testing.assert_array_equal(again.decision_function(X[:200]), fitted.learner.decision_function(X[:200]))


@pytest.mark.parametrize("kind", WITH_OFFSETS)
def test_a_saved_booster_on_a_loss_gives_the_same_probabilities(kind, tmp_path):
    X, y, _ = line(4000)
    rounds = "iterations" if kind is RareCatBoostClassifier else "n_estimators"
    model = make(kind, loss=FocalLoss(2.0), **{rounds: 12}).fit(X, y)
    dump_learner(model, tmp_path / "learner.skops")
    again = load_learner(tmp_path / "learner.skops").predict_proba(X)
    np.testing.assert_array_equal(again, model.predict_proba(X))
    assert ((again > 0) & (again < 1)).all()
