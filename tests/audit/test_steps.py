"""What can be read from pipelines as they stand."""

import lightgbm
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, SGDClassifier
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler, TargetEncoder

from rareclass.audit.steps import step_findings
from rareclass.over_sampling import SMOTE
from rareclass.pipeline import make_pipeline as chain

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 4))
EVENT = RNG.random(400) < 0.2
Y = EVENT.astype(int)
LR = LogisticRegression()


def codes(estimator):
    return sorted({f.code for f in step_findings(estimator, X, Y, EVENT)})


@pytest.mark.parametrize(
    "learner",
    [
        HistGradientBoostingClassifier(early_stopping=True),
        BaggingClassifier(HistGradientBoostingClassifier(early_stopping=True)),
        GradientBoostingClassifier(n_iter_no_change=3),
        MLPClassifier(early_stopping=True),
        SGDClassifier(early_stopping=True),
        lightgbm.LGBMClassifier(early_stopping_round=5),
    ],
)
def test_early_stopping_behind_a_sampler(learner):
    assert codes(chain(SMOTE(), learner)) == ["early-stopping-on-resampled-rows"]
    assert codes(make_pipeline(StandardScaler(), learner)) == []


@pytest.mark.parametrize(
    "step",
    [
        CalibratedClassifierCV(LR),
        GridSearchCV(LR, {"C": [1, 2]}),
        TunedThresholdClassifierCV(LR),
        LogisticRegressionCV(),
    ],
)
def test_inner_splits_behind_a_sampler(step):
    assert codes(chain(StandardScaler(), SMOTE(), step)) == ["validated-on-resampled-rows"]
    assert codes(make_pipeline(StandardScaler(), step)) == []


def test_a_sampler_inside_what_splits_is_right():
    assert codes(CalibratedClassifierCV(chain(SMOTE(), LR))) == []
    assert codes(GridSearchCV(chain(SMOTE(), HistGradientBoostingClassifier(early_stopping=False)), {})) == []


def test_histogram_boosting_stops_by_itself_on_many_rows():
    many = np.zeros((12_000, 1))
    found = step_findings(chain(SMOTE(), HistGradientBoostingClassifier()), many, np.arange(12_000) % 2, many[:, 0] > 0)
    assert [f.code for f in found] == ["early-stopping-on-resampled-rows"]


def test_selectors_before_a_calibrator():
    assert codes(make_pipeline(SelectKBest(k=2), CalibratedClassifierCV(LR))) == ["selected-outside-inner-fold"]
    assert codes(make_pipeline(VarianceThreshold(), CalibratedClassifierCV(LR))) == []
    assert codes(make_pipeline(TargetEncoder(), CalibratedClassifierCV(LR))) == []
    assert codes(CalibratedClassifierCV(make_pipeline(SelectKBest(k=2), LR))) == []


def test_frozen_steps_and_functions_with_fitted_objects():
    scaler = StandardScaler().fit(X)
    assert codes(make_pipeline(FrozenEstimator(scaler), LR)) == ["fitted-outside-the-fold"]
    assert codes(make_pipeline(FrozenEstimator(StandardScaler().fit(X[:50])), LR)) == ["fitted-elsewhere"]
    assert codes(CalibratedClassifierCV(FrozenEstimator(LogisticRegression().fit(X, Y)))) == ["model-fitted-outside"]
    assert codes(make_pipeline(FunctionTransformer(scaler.transform), LR)) == ["fitted-outside-the-fold"]
    assert codes(make_pipeline(FunctionTransformer(np.log1p), LR)) == []


def test_the_best_score_of_a_search_is_no_estimate():
    search = GridSearchCV(LR, {"C": [0.1, 1.0]}, cv=3)
    assert codes(search) == []
    assert codes(search.fit(X, Y)) == ["test-part-used-twice"]
