"""Losses as treatments: probabilities at the real prevalence, refusals that name the way out."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from tests.treatments.known import RATES, cells, line

from rareclass.errors import InputError
from rareclass.fitting.arm import Arm
from rareclass.kernels.logits import sigmoid
from rareclass.learners import RareCatBoostClassifier
from rareclass.losses.asymmetric import AsymmetricLoss
from rareclass.losses.cross_entropy import CrossEntropy, WeightedCrossEntropy
from rareclass.losses.focal import FocalLoss
from rareclass.losses.poly import PolyLoss
from rareclass.losses.tversky import TverskyLoss
from rareclass.treatments.loss import LossTreatment
from rareclass.treatments.registry import make_treatment

GRID = np.array([[0.0], [1.0], [2.0]])


@pytest.mark.parametrize(
    "loss", [CrossEntropy(), WeightedCrossEntropy(5.0), FocalLoss(2.0), PolyLoss(1.0), AsymmetricLoss()],
    ids=lambda loss: type(loss).__name__,
)  # fmt: skip
def test_the_link_restores_the_rate_of_each_cell(loss):
    X, y = cells(200_000)
    events = np.array([y[X[:, 0] == c].sum() for c in range(3)])
    fitted = Arm("lightgbm", LossTreatment(loss)).fit(X, y)
    rate = np.array([y[X[:, 0] == c].mean() for c in range(3)])
    assert fitted.exact
    # three leaves and 200 rounds: what is left is regularisation, below the noise of the rates themselves
    found = sigmoid(fitted.logit(GRID))
    np.testing.assert_allclose(found / rate, 1, atol=0.15)
    np.testing.assert_allclose(found / RATES, 1, atol=(0.15 + 4 / np.sqrt(events)).max())


def test_cross_entropy_as_a_treatment_equals_the_built_in_objective():
    X, y, _ = line(40_000)
    ours = Arm("lightgbm", LossTreatment(CrossEntropy())).fit(X, y, seed=3).logit(X)
    theirs = Arm("lightgbm").fit(X, y, seed=3).logit(X)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.98
    assert sigmoid(ours).mean() == pytest.approx(y.mean(), rel=0.1)


def test_xgboost_takes_the_same_loss():
    xgboost = pytest.importorskip("xgboost")
    X, y = cells(100_000)
    rate = np.array([y[X[:, 0] == c].mean() for c in range(3)])
    learner = xgboost.XGBClassifier(n_estimators=100, max_depth=3, n_jobs=1)
    fitted = Arm(learner, LossTreatment(FocalLoss(2.0))).fit(X, y)
    np.testing.assert_allclose(sigmoid(fitted.logit(GRID)) / rate, 1, atol=0.15)


@pytest.mark.parametrize("loss", [FocalLoss(2.0), WeightedCrossEntropy(9.0)], ids=lambda loss: type(loss).__name__)
def test_catboost_takes_row_losses(loss):
    pytest.importorskip("catboost")
    X, y = cells(40_000)
    rate = np.array([y[X[:, 0] == c].mean() for c in range(3)])
    fitted = Arm("catboost", LossTreatment(loss)).fit(X, y, seed=1)
    np.testing.assert_allclose(sigmoid(fitted.logit(GRID)) / rate, 1, atol=0.15)


def test_catboost_keeps_its_own_parameters_and_refuses_batch_losses():
    catboost = pytest.importorskip("catboost")
    X, y = cells(20_000)
    learner = catboost.CatBoostClassifier(iterations=15, depth=2, verbose=False, allow_writing_files=False)
    fitted = Arm(learner, LossTreatment(FocalLoss(1.0))).fit(X, y)
    assert fitted.learner.model_.tree_count_ == 15
    with pytest.raises(InputError, match="CatBoost takes binary row losses only"):
        Arm(learner, LossTreatment(TverskyLoss())).fit(X, y)


def test_catboost_starts_at_the_offsets_and_leaves_them_out_of_the_prediction():
    pytest.importorskip("catboost")
    X, y = cells(40_000)
    parameters = {"iterations": 100, "depth": 2, "learning_rate": 0.1, "collapse_alarm": False, "random_state": 0}
    model = RareCatBoostClassifier(loss=WeightedCrossEntropy(3.0), calibrate=False, **parameters)
    plain = model.fit(X, y.astype(int)).decision_function(GRID)
    shifted = model.fit(X, y.astype(int), offset=np.full(y.size, 2.0)).decision_function(GRID)
    np.testing.assert_allclose(shifted, plain - 2.0, atol=0.1)


def test_plain_lightgbm_takes_it_with_its_own_parameters():
    lightgbm = pytest.importorskip("lightgbm")
    X, y = cells(50_000)
    rate = np.array([y[X[:, 0] == c].mean() for c in range(3)])
    fitted = Arm(lightgbm.LGBMClassifier(n_estimators=60, n_jobs=1), make_treatment("focal")).fit(X, y)
    assert fitted.learner.booster_.num_trees() == 60
    np.testing.assert_allclose(sigmoid(fitted.logit(GRID)) / rate, 1, atol=0.25)


def test_batch_losses_rank_but_are_flagged_as_not_exact():
    X, y, z = line(30_000)
    fitted = Arm("lightgbm", LossTreatment(TverskyLoss())).fit(X, y)
    assert not fitted.exact
    assert "calibration" in fitted.restoration
    assert np.isfinite(fitted.logit(X)).all()
    assert np.corrcoef(fitted.logit(X), z)[0, 1] > 0.3


def test_learners_without_a_custom_loss_are_refused_by_name():
    X, y = cells(5000)
    for learner in ("logistic_regression", "random_forest", LogisticRegression()):
        with pytest.raises(InputError, match="cannot be fitted on a loss"):
            Arm(learner, LossTreatment()).fit(X, y)


def test_an_object_without_a_link_is_refused():
    class Wrong:
        def value(self, y, z): ...
        def gradient(self, y, z): ...
        def hessian(self, y, z): ...

    X, y = cells(5000)
    with pytest.raises(InputError, match="lacks link"):
        Arm("lightgbm", LossTreatment(Wrong())).fit(X, y)


def test_a_loss_of_ones_own_needs_value_gradient_hessian_and_link_only():
    class Logistic:
        def value(self, y, z):
            return np.logaddexp(0, z) - y * z

        def gradient(self, y, z):
            return sigmoid(z) - y

        def hessian(self, y, z):
            return sigmoid(z) * sigmoid(-z)

        def link(self, z):
            return sigmoid(z)

    X, y = cells(60_000)
    own = Arm("lightgbm", LossTreatment(Logistic()))
    plain = Arm("lightgbm", LossTreatment(CrossEntropy()))
    assert own.name == "lightgbm+logistic"
    assert own.treatment.describe() == {"name": "logistic", "loss": {"loss": "Logistic"}}
    np.testing.assert_allclose(own.fit(X, y).logit(GRID), plain.fit(X, y).logit(GRID), atol=0.05)


def test_sample_weights_count_as_repeated_rows():
    X, y = cells(30_000)
    weight = np.where(X[:, 0] == 1, 2.0, 1.0)
    twice = np.concatenate([np.arange(y.size), np.flatnonzero(X[:, 0] == 1)])
    treatment = LossTreatment(FocalLoss(1.0))
    a = Arm("lightgbm", treatment).fit(X, y, sample_weight=weight, seed=0).logit(GRID)
    b = Arm("lightgbm", treatment).fit(X[twice], y[twice], seed=0).logit(GRID)
    np.testing.assert_allclose(a, b, atol=0.1)


def test_names_and_descriptions_are_plain():
    assert make_treatment("focal").describe() == {"name": "focal", "loss": FocalLoss().to_dict()}
    assert make_treatment("smooth_average_precision").name == "smooth_average_precision"
