"""The classifier for rare events: scikit-learn's conventions, probabilities that are right, a summary that says it."""

import re
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit, StratifiedKFold
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks
from tests.fitting.small import points
from tests.treatments.known import line

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.data import make_splits
from rareclass.decisions import AlertBudget, RecallAtLeast
from rareclass.errors import (
    CalibrationWarning,
    CostError,
    DroppedWarning,
    InputError,
    RareclassWarning,
    TargetError,
    TooFewEventsError,
)
from rareclass.kernels.logits import sigmoid
from rareclass.metrics import brier_skill_score, observed_to_expected

EXPECTED_TO_FAIL = {
    "check_sample_weight_equivalence_on_dense_data": "folds are dealt by row, so the out-of-fold scores that calibrate "
    "differ when rows are repeated; learners, calibrators and metrics themselves hold to it"
}


@parametrize_with_checks(
    [RareClassifier("logistic_regression", cv=2)], expected_failed_checks=lambda estimator: EXPECTED_TO_FAIL
)
@pytest.mark.filterwarnings("ignore::rareclass.errors.RareclassWarning")  # the checks' data have few events
def test_it_passes_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def fitted():
    X, y, z = line(60_000)
    return RareClassifier("logistic_regression", cv=3, treatment="class_weight").fit(X, y), X, y, z


def test_the_summary_says_what_was_done_how_it_was_undone_and_how_right_it_is(fitted):
    said = fitted[0].summary()
    assert "events weighted by" in said
    assert (
        "Model: logistic_regression+class_weight, all events and 66.4 % of the negatives drawn; events weighted" in said
    )
    assert "Way back: log-odds shifted by the log of the share of negatives drawn; " in said
    assert "log-odds shifted by the log of the weight, then calibrated out of fold (shift" in said
    assert re.search(r"shift -\d\.\d{3} log-odds", said)
    assert re.search(r"Calibration: \w+, from 60,000 out-of-fold rows with \d+ events", said)
    for name in ("observed/expected", "calibration slope", "Brier skill"):
        assert re.search(rf"{name} -?\d\.\d+ \[-?\d\.\d+, -?\d\.\d+\]", said), name
    assert said.splitlines()[-1].startswith("Decision: ")


def test_the_intervals_of_the_summary_hold_what_is_right(fitted):
    model, X, _, z = fitted
    e = model.model_.evidence
    assert e["observed_to_expected_low"] < 1 < e["observed_to_expected_high"]
    assert e["calibration_slope_low"] < 1 < e["calibration_slope_high"]
    assert 0 < e["brier_skill_low"] < e["brier_skill"] < e["brier_skill_high"]
    assert model.predict_proba(X)[:, 1].mean() == pytest.approx(sigmoid(z).mean(), rel=0.1)


def test_a_synthetic_treatment_is_said_to_be_approximate():
    X, y, _ = line(12_000)
    model = RareClassifier("logistic_regression", treatment="smote", cv=3).fit(X, y)
    assert "not exact" in model.summary()


def test_too_few_events_to_hold_out_are_said_instead_of_calibrated():
    X = np.random.default_rng(0).normal(size=(60, 2))
    with pytest.warns(CalibrationWarning, match="too few to hold any out"):
        model = RareClassifier("logistic_regression").fit(X, np.arange(60) == 7)
    assert "too few events" in model.summary()


def test_perfect_separation_leaves_the_slope_undefined_and_the_rest_finite():
    X = np.random.default_rng(0).normal(size=(600, 1))
    model = RareClassifier("logistic_regression", calibration="none", cv=3).fit(X, X[:, 0] > 1.5)
    assert np.isfinite(model.predict_proba(X)).all()
    assert re.search(r"calibration slope (undefined|-?\d)", model.summary())


def test_more_than_two_classes_sum_to_one_and_each_is_right_on_average():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(9000, 2))
    scores = np.column_stack([np.zeros(9000), -3 + X[:, 0], -4 + X[:, 1]])
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    y = np.array(["none", "card", "wire"])[(rng.random(9000)[:, None] > p.cumsum(axis=1)).sum(axis=1)]
    model = RareClassifier("logistic_regression", cv=3).fit(X, y)
    found = model.predict_proba(X)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    for k, label in enumerate(model.classes_):
        assert observed_to_expected(y == label, found[:, k]) == pytest.approx(1, abs=0.1)
    assert model.summary().count("calibration slope") == 3
    with pytest.raises(InputError, match="3 classes"):
        RareClassifier("logistic_regression").fit(X, y, costs={"fp": 1, "fn": 9})


@pytest.mark.parametrize("rule", [AlertBudget(40), AlertBudget(rate=0.02)])
def test_rows_one_by_one_in_batches_and_as_a_whole_get_the_same_labels(rule):
    X, y, _ = line(6000)
    model = RareClassifier("logistic_regression", decision=rule, cv=2).fit(X[:4000], y[:4000])
    new = X[4000:4400]
    whole = model.predict(new)
    assert 0 < whole.sum() < 40
    for size in (1, 40):
        parts = [model.predict(new[i : i + size]) for i in range(0, 400, size)]
        assert np.array_equal(np.concatenate(parts), whole)
    periods, keys = np.arange(400) // 200, np.arange(400)
    exact = model.predict(new, periods=periods, keys=keys)
    assert [exact[periods == k].sum() for k in (0, 1)] == ([40, 40] if rule.rate is None else [4, 4])


def test_a_decision_with_costs_by_row_is_scored_with_them_or_says_so():
    X, y, _ = line(1200)
    costs = {"fp": np.ones(1200), "fn": np.linspace(1, 90, 1200)}
    model = RareClassifier("logistic_regression", cv=2).fit(X, y, costs=costs)
    with pytest.raises(CostError, match="pass those of these rows as `costs`"):
        model.score(X, y)
    assert model.score(X, y, costs=costs) == np.mean(model.predict(X, costs=costs) == y)


def test_the_calibration_says_how_well_it_is_known():
    X, y, _ = line(3000)
    model = RareClassifier("logistic_regression", cv=3, calibration="intercept").fit(X, y)
    known = model.model_.calibration_uncertainty
    assert (known.events, known.rows) == (y.sum(), 3000)
    # fitted once more on what was held out, the calibration leaves the level as it is, and this is its error
    assert known.level_error == pytest.approx(y.sum() ** -0.5, rel=0.2)
    grouped = RareClassifier("logistic_regression", cv=3, calibration="intercept").fit(
        np.repeat(X, 2, axis=0), np.repeat(y, 2), groups=np.repeat(np.arange(3000), 2)
    )
    assert grouped.model_.calibration_uncertainty.events == pytest.approx(y.sum(), rel=0.01)


BAD = [
    ({}, {"y": np.zeros(40)}, TargetError, "constant"),
    ({}, {"sample_weight": -np.ones(40)}, InputError, "negative"),
    ({}, {"sample_weight": np.zeros(40)}, InputError, "zero"),
    ({}, {"sample_weight": np.full(40, np.nan)}, InputError, "missing|NaN|not a number|finite"),
    ({}, {"sample_weight": np.ones(39)}, InputError, "39"),
    ({"treatment": "magic"}, {}, InputError, "none"),
    ({"calibration": "magic"}, {}, InputError, "sigmoid"),
    ({"cv": 1}, {}, InputError, "cv"),
    ({"random_state": -1}, {}, InputError, "random_state"),
    ({"fit_rows": "all"}, {}, InputError, "fit_rows"),
    ({}, {"y": np.r_[np.nan, np.zeros(20), np.ones(19)]}, TargetError, "missing"),
]


@pytest.mark.parametrize(("parameters", "changed", "error", "sentence"), BAD)
def test_bad_input_gets_one_sentence(parameters, changed, error, sentence):
    X = np.random.default_rng(0).normal(size=(40, 2))
    given = {"y": np.arange(40) % 4 == 0, **changed}
    with pytest.raises(error, match=sentence) as caught:
        RareClassifier("logistic_regression", **parameters).fit(X, given.pop("y"), **given)
    assert "\n" not in str(caught.value)


def test_one_row_is_too_few():
    with pytest.raises(TooFewEventsError, match="1 sample"):
        RareClassifier().fit([[1.0]], [1])


def test_a_rule_decides_and_the_default_cuts_at_one_half(fitted):
    model, X, y, _ = fitted
    np.testing.assert_array_equal(model.predict(X), model.predict_proba(X)[:, 1] >= 0.5)
    rule = RareClassifier("logistic_regression", cv=3, decision=RecallAtLeast(0.8)).fit(X, y)
    assert rule.predict(X)[y].mean() == pytest.approx(0.8, abs=0.05)


def test_auto_says_why_and_keeps_saying_it_and_sampled_negatives_are_told():
    X, y, _ = line(4000, seed=2)
    model = RareClassifier(cv=2, fit_rows=2500).fit(X, y)
    said = model.summary()
    assert said.startswith("Model: blend+none, weights ")
    assert re.search(r"Their fits on all rows took [\d.e+]+ s together\.", said)
    assert "Why this model: nothing beats the data as they are" in said
    assert "of the negatives drawn" in said
    assert "Way back: log-odds shifted by the log of the share of negatives drawn" in said
    assert model.model_.evidence["observed_to_expected_low"] < 1 < model.model_.evidence["observed_to_expected_high"]
    assert RareClassifier.from_model(model.model_).summary() == said


@pytest.mark.parametrize("labels", [[1, 2, 3], ["a", "b", "c"], [1.0, 2.0, 3.0]])
def test_one_of_several_labels_keeps_its_type_and_the_others_are_one_class(labels):
    X, y, _ = line(3000)
    given = np.array(labels)[np.where(y, 2, np.arange(y.size) % 2)]
    model = RareClassifier("logistic_regression", cv=2, pos_label=labels[2], decision=RecallAtLeast(0.5)).fit(X, given)
    assert model.classes_.tolist() == [f"not {labels[2]}", labels[2]]
    assert type(model.classes_[1]) is type(labels[2])
    predicted = model.predict(X)
    assert set(predicted) == {f"not {labels[2]}", labels[2]}
    assert model.score(X, given) == pytest.approx(np.mean((predicted == labels[2]) == y))
    weight = np.where(y, 5.0, 1.0)
    assert model.score(X, given, weight) == pytest.approx(np.average((predicted == labels[2]) == y, weights=weight))


def test_accuracy_of_two_labels_is_that_of_scikit_learn(fitted):
    model, X, y, _ = fitted
    assert model.score(X, y) == pytest.approx(np.mean(model.predict(X) == y))


@pytest.mark.parametrize("treatment", ["balanced_ensemble", "none", "local_case_control"])
def test_a_model_around_a_users_classifier_can_be_rebuilt_as_it_was_asked_for(treatment, tmp_path):
    X, y, _ = line(4000)
    asked = RareClassifier(LogisticRegression(C=0.3), treatment=treatment, cv=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RareclassWarning)
        model = asked.fit(X, y)
        Bundle(model).save(tmp_path / "m")
        for again in (RareClassifier.from_model(model.model_), Bundle.load(tmp_path / "m").model):
            assert isinstance(again.estimator, LogisticRegression)
            assert again.estimator.get_params() == LogisticRegression(C=0.3).get_params()  # no drawn seed among them
            new = clone(again).set_params(cv=2, random_state=0).fit(X, y)
            np.testing.assert_allclose(new.positive_logit(X[:50]), model.positive_logit(X[:50]), rtol=1e-9)


def test_repeated_splits_judge_the_model_that_is_deployed_not_the_mean_of_many():
    # the mean of four trees is a small forest, but one tree is deployed
    X, y = points(1500)
    rough = DecisionTreeClassifier(max_depth=6, random_state=0)
    splits = [make_splits(y, folds=3, seed=seed) for seed in range(4)]

    def evidence(cv):
        return RareClassifier(rough, cv=cv, calibration="none").fit(X, y).model_.evidence

    each, often = [evidence(cv) for cv in splits], evidence([part for cv in splits for part in cv])
    assert often["rows"] == 1500
    assert often["events"] == y.sum()
    assert often["brier_skill"] == pytest.approx(np.mean([e["brier_skill"] for e in each]), rel=1e-9)
    # four times as many scores are no more rows: the interval is hardly narrower than that of one
    width = [e["brier_skill_high"] - e["brier_skill_low"] for e in each]
    assert often["brier_skill_high"] - often["brier_skill_low"] > 0.7 * np.mean(width)
    new, later = points(40_000, seed=9)
    deployed = brier_skill_score(later, rough.fit(X, y).predict_proba(new)[:, 1])
    assert often["brier_skill_low"] < deployed < often["brier_skill_high"]


def _shops(rows: int, shops: int, spread: float, rng: np.random.Generator):
    """Rows of shops that differ in prevalence: X, events, shop of each row."""
    shop = rng.integers(0, shops, rows)
    X = rng.normal(size=(rows, 2))
    return X, rng.random(rows) < sigmoid(X[:, 0] - 4 + spread * rng.normal(size=shops)[shop]), shop


def test_intervals_of_the_summary_count_groups():
    # a hundred shops of twenty rows that differ: 0.95 promised, 0.5 reached when rows were counted. The truth is one,
    # because what is expected is calibrated on rows of the same shops.
    held, runs = 0, 40
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        X, y, shop = _shops(2000, 100, 1.5, rng)
        new, later, _ = _shops(40_000, 4000, 1.5, rng)
        model = RareClassifier(LogisticRegression(), cv=3, calibration="none").fit(X, y, groups=shop)
        ratio = later.sum() / model.predict_proba(new)[:, 1].sum()  # of shops that nobody has seen
        e = model.model_.evidence
        held += e["observed_to_expected_low"] <= ratio <= e["observed_to_expected_high"]
    # nominal 0.95 for the sampling of the training rows, less two standard errors of 40 runs
    assert held / runs >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / runs)


def test_groups_and_times_are_both_kept_and_what_that_costs_is_said():
    X, y, shop = _shops(3000, 600, 0.5, np.random.default_rng(0))
    with pytest.warns(DroppedWarning, match=r"Groups come back over time: \d+% of the earlier rows"):
        both = RareClassifier(LogisticRegression(), cv=3, calibration="none").fit(
            X, y, groups=shop, times=np.arange(3000)
        )
    alone = RareClassifier(LogisticRegression(), cv=3, calibration="none").fit(X, y, times=np.arange(3000))
    assert not np.array_equal(both.model_.oof_logit, alone.model_.oof_logit, equal_nan=True)
    in_order = np.sort(shop)  # shops that follow each other in time lose nothing
    RareClassifier(LogisticRegression(), cv=3, calibration="none").fit(X, y, groups=in_order, times=np.arange(3000))


def test_splits_of_ones_own_that_groups_cross_are_refused():
    X, y, shop = _shops(600, 50, 0.5, np.random.default_rng(1))
    y[:100:7] = True
    with pytest.raises(InputError, match=r"Split 0 of `cv`: \d+ group\(s\) of `groups` are both fitted and tested"):
        RareClassifier(LogisticRegression(), cv=make_splits(y, folds=2)).fit(X, y, groups=shop)


def test_a_fit_on_other_classes_leaves_nothing_of_the_one_before():
    X, y, _ = line(1500)
    three = np.where(X[:, 0] < -1, 2, y * 1)
    model = RareClassifier(LogisticRegression(), cv=2).fit(X, y)
    model.fit(X, three)
    assert not hasattr(model, "model_")
    assert not hasattr(model, "decision_")
    model.fit(X, y)
    assert not hasattr(model, "members_")


def test_a_fit_on_a_handful_of_events_says_how_far_off_it_may_be():
    X, y = points(300)
    few = y & (np.cumsum(y) <= 3)
    with pytest.warns(CalibrationWarning, match=r"3 event\(s\) are few: .* 0\.\d+ to \d\.\d times as often"):
        RareClassifier(LogisticRegression(), cv=3).fit(X, few)


def test_a_notebook_shows_the_summary():
    X, y = points(400)
    model = RareClassifier(LogisticRegression(), cv=2)
    assert "observed/expected" not in model._repr_html_()
    model.fit(X, y)
    shown = model._repr_mimebundle_()["text/html"]
    assert "Out of fold: observed/expected" in shown
    assert "<div" in shown


@pytest.mark.filterwarnings("ignore:.*are few:rareclass.errors.CalibrationWarning")
@pytest.mark.parametrize("classes", [2, 3])
def test_cv_is_what_scikit_learns_wrappers_take(classes):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = np.digitize(X[:, 0] + rng.normal(size=300), [0.5, 1.5][: classes - 1])
    splits = list(StratifiedKFold(3).split(X, y))
    of_list = RareClassifier("logistic_regression", cv=splits).fit(X, y).predict_proba(X)
    of_generator = RareClassifier("logistic_regression", cv=iter(splits)).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(of_generator, of_list)
    for cv in (None, StratifiedKFold(3, shuffle=True, random_state=0), ShuffleSplit(2, random_state=0)):
        assert RareClassifier("logistic_regression", cv=cv).fit(X, y).predict_proba(X).shape == (300, classes)
    with pytest.raises(InputError, match="row number 300; rows are numbered from 0 to 299"):
        RareClassifier("logistic_regression", cv=[(np.arange(1, 300), [300])]).fit(X, y)
    with pytest.raises(InputError, match="`cv` must be a number of folds"):
        RareClassifier("logistic_regression", cv=3.5).fit(X, y)


def test_a_single_group_is_named_instead_of_the_number_of_events():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = X[:, 0] + rng.normal(size=300) > 1.5
    groups = np.where(y, 0, np.arange(300))
    for given in (np.zeros(300), groups):
        with pytest.warns(CalibrationWarning, match=f"All {y.sum()} events lie in one group of `groups`, too few"):
            RareClassifier("logistic_regression").fit(X, y, groups=given)
