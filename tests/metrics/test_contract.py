"""Rules that every metric keeps: weights, order of rows, labels, bad input, undefined values."""

import warnings
from functools import partial

import numpy as np
import pytest

import rareclass.metrics as m
from rareclass.errors import InputError, RareclassWarning, UndefinedWarning

COSTS = {"fp": 1.0, "fn": 20.0, "tp": 2.0, "tn": 0.5}

OF_SCORES = {
    "average_precision_score": m.average_precision_score,
    "average_precision_at_prevalence": partial(m.average_precision_at_prevalence, prevalence=0.01),
    "roc_auc_score": m.roc_auc_score,
    "partial_roc_auc_score": partial(m.partial_roc_auc_score, max_fpr=0.3),
    "precision_at_k": partial(m.precision_at_k, k=7),
    "recall_at_k": partial(m.recall_at_k, k=7),
    "recall_at_precision": partial(m.recall_at_precision, precision=0.3),
    "precision_at_recall": partial(m.precision_at_recall, recall=0.7),
    "recall_at_fpr": partial(m.recall_at_fpr, fpr=0.2),
    "gain_score": partial(m.gain_score, share=0.2),
    "lift_score": partial(m.lift_score, share=0.2),
    "gain_curve": lambda *a, **k: m.gain_curve(*a, **k).lift[0],
    "threshold_costs": lambda *a, **k: m.threshold_costs(*a, costs=COSTS, **k).cost[2],
}
OF_PROBABILITIES = {
    "brier_score": m.brier_score,
    "brier_skill_score": m.brier_skill_score,
    "log_loss": m.log_loss,
    "log_loss_skill_score": m.log_loss_skill_score,
    "observed_to_expected": m.observed_to_expected,
    "calibration_slope": m.calibration_slope,
    "calibration_intercept": m.calibration_intercept,
    "calibration_error": partial(m.calibration_error, n_bins=4),
    "brier_decomposition": lambda *a, **k: m.brier_decomposition(*a, n_bins=4, **k).resolution,
    "net_benefit": partial(m.net_benefit, threshold=0.3),
    "decision_curve": lambda *a, **k: m.decision_curve(*a, **k).net_benefit[40],
    "cost_curve": lambda *a, **k: m.cost_curve(*a, **k).normalized_cost[30],
    "brier_curve": lambda *a, **k: m.brier_curve(*a, **k).loss[30],
}
OF_DECISIONS = {
    "precision_score": m.precision_score,
    "recall_score": m.recall_score,
    "f1_score": m.f1_score,
    "fbeta_score": partial(m.fbeta_score, beta=2.0),
    "accuracy_score": m.accuracy_score,
    "jaccard_score": m.jaccard_score,
    "balanced_accuracy_score": m.balanced_accuracy_score,
    "youden_score": m.youden_score,
    "matthews_corrcoef": m.matthews_corrcoef,
    "cohen_kappa_score": m.cohen_kappa_score,
    "likelihood_ratios": lambda *a, **k: m.likelihood_ratios(*a, **k).positive,
    "precision_at_prevalence": partial(m.precision_at_prevalence, prevalence=0.01),
    "expected_cost": partial(m.expected_cost, costs=COSTS),
    "savings_score": partial(m.savings_score, costs=COSTS),
}
OF_LABELS = {
    "sensitivity_score": m.sensitivity_score,
    "specificity_score": m.specificity_score,
    "geometric_mean_score": m.geometric_mean_score,
    "macro_averaged_mean_absolute_error": m.macro_averaged_mean_absolute_error,
}
EVERY = {**OF_SCORES, **OF_PROBABILITIES, **OF_DECISIONS, **OF_LABELS}
PLAIN = {**OF_SCORES, **OF_PROBABILITIES, **OF_DECISIONS}
# metrics whose value without positives is a number: the count is zero, not unknown
DEFINED_WITHOUT_POSITIVES = {
    "precision_at_k", "brier_score", "log_loss", "observed_to_expected", "calibration_error",
    "brier_decomposition", "net_benefit", "decision_curve", "precision_score", "f1_score", "fbeta_score",
    "accuracy_score", "jaccard_score", "cohen_kappa_score", "expected_cost", "savings_score", "threshold_costs",
}  # fmt: skip


def rows(name, seed=0, n=60):
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.3
    y[:2] = [True, False]
    score = np.round(np.clip(rng.normal(0.35 + 0.3 * y, 0.2, n), 0.01, 0.99), 1 if name in OF_SCORES else 3)
    score = np.clip(score, 0.01, 0.99)
    if name in OF_DECISIONS or name in OF_LABELS:
        return y.astype(int), (score > 0.4).astype(int)
    return y.astype(int), score


@pytest.mark.parametrize("name", EVERY)
def test_integer_weights_equal_repeated_rows(name):
    for seed in range(5):
        y, score = rows(name, seed)
        weight = np.random.default_rng(seed).integers(1, 4, y.size)
        again = np.repeat(np.arange(y.size), weight)
        assert EVERY[name](y, score, sample_weight=weight) == pytest.approx(
            EVERY[name](y[again], score[again]), abs=1e-9
        )


@pytest.mark.parametrize("name", EVERY)
def test_rows_of_weight_zero_are_as_if_absent(name):
    for seed in range(5):
        y, score = rows(name, seed)
        weight = np.random.default_rng(seed).integers(0, 3, y.size).astype(float)
        weight[:2] = 1
        kept = weight > 0
        expected = EVERY[name](y[kept], score[kept], sample_weight=weight[kept])
        assert EVERY[name](y, score, sample_weight=weight) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", EVERY)
def test_the_order_of_rows_does_not_matter(name):
    y, score = rows(name)
    order = np.random.default_rng(1).permutation(y.size)
    assert EVERY[name](y[order], score[order]) == pytest.approx(EVERY[name](y, score), abs=1e-12)


@pytest.mark.parametrize("name", OF_SCORES)
def test_ranking_metrics_do_not_change_under_monotone_transforms(name):
    y, score = rows(name)
    assert OF_SCORES[name](y, np.exp(3 * score)) == OF_SCORES[name](y, score)


@pytest.mark.parametrize("name", PLAIN)
def test_labels_of_any_kind_give_the_value_of_zero_and_one(name):
    y, score = rows(name)
    expected = PLAIN[name](y, score)
    text = np.array(["ok", "fraud"])
    decided = name in OF_DECISIONS
    for names, pos_label in ((text, "fraud"), (np.array([1, 2]), 2), (np.array([2, 1]), 1), (np.array([-1, 1]), None)):
        second = names[score] if decided else score
        assert PLAIN[name](names[y], second, pos_label=pos_label) == pytest.approx(expected, abs=1e-12)
    assert PLAIN[name](y.astype(bool), score.astype(bool) if decided else score) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", PLAIN)
def test_no_positives_is_nan_with_a_reason_unless_the_value_exists(name):
    y, score = rows(name)
    y = np.zeros_like(y)
    if name in ("cost_curve", "brier_curve", "gain_curve"):
        with pytest.raises(InputError, match="both classes"):
            PLAIN[name](y, score)
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = PLAIN[name](y, score)
    if name in DEFINED_WITHOUT_POSITIVES:
        assert np.isfinite(value)
    else:
        assert np.isnan(value)
        assert any(issubclass(w.category, UndefinedWarning) for w in caught)
    assert all(issubclass(w.category, RareclassWarning) for w in caught)


@pytest.mark.parametrize("name", EVERY)
def test_bad_input_gives_one_clear_error(name):
    y, score = rows(name)
    metric = EVERY[name]
    with pytest.raises(InputError, match="empty"):
        metric([], [])
    with pytest.raises(InputError, match="same number of rows"):
        metric(y, score[:-1])
    with pytest.raises(InputError, match="missing"):
        metric(np.where(np.arange(y.size) == 3, np.nan, y), score)
    with pytest.raises(InputError, match="missing"):
        metric(y, np.where(np.arange(y.size) == 3, np.nan, score))
    with pytest.raises(InputError, match="negative"):
        metric(y, score, sample_weight=-np.ones(y.size))
    with pytest.raises(InputError, match="sums to zero"):
        metric(y, score, sample_weight=np.zeros(y.size))
    with pytest.raises(InputError, match="rows"):
        metric(y, score, sample_weight=np.ones(y.size - 1))
    with pytest.raises(InputError, match=r"missing|NaN"):
        metric(y, score, sample_weight=np.full(y.size, np.nan))
    if name in OF_SCORES or name in OF_PROBABILITIES:
        with pytest.raises(InputError, match="infinite"):
            metric(y, np.where(np.arange(y.size) == 3, np.inf, score))
    if name in OF_PROBABILITIES and name != "cost_curve":
        with pytest.raises(InputError, match="probabilities"):
            metric(y, score + 1)


@pytest.mark.parametrize("name", OF_DECISIONS)
def test_scores_given_as_decisions_are_refused(name):
    y, _ = rows("brier_score")
    with pytest.raises(InputError, match="threshold"):
        OF_DECISIONS[name](y, np.linspace(0.1, 0.9, y.size))


def test_input_arrays_are_left_unchanged():
    for name, metric in EVERY.items():
        y, score = rows(name)
        weight = np.arange(y.size, dtype=float)
        before = y.copy(), score.copy(), weight.copy()
        metric(y, score, sample_weight=weight)
        for left, right in zip(before, (y, score, weight)):
            np.testing.assert_array_equal(left, right)


def test_every_public_name_imports_and_has_an_example():
    for name in m.__all__:
        thing = getattr(m, name)
        assert thing.__doc__, name
        is_function = callable(thing) and not isinstance(thing, type)
        assert not is_function or ">>>" in thing.__doc__, name


def test_pandas_and_polars_columns_are_accepted():
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    y, score = rows("average_precision_score")
    expected = m.average_precision_score(y, score)
    assert m.average_precision_score(pandas.Series(y), pandas.Series(score)) == expected
    assert m.average_precision_score(polars.Series(y), polars.Series(score)) == expected
    nullable = pandas.Series(y.astype(bool), dtype="boolean")
    assert m.average_precision_score(nullable, score) == expected
    nullable[3] = pandas.NA
    with pytest.raises(InputError, match="missing"):
        m.average_precision_score(nullable, score)
    category = pandas.Series(np.where(y == 1, "bad", "fine")).astype(pandas.CategoricalDtype(["bad", "fine", "unused"]))
    assert m.average_precision_score(category, score, pos_label="bad") == expected
