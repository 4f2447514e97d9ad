import numpy as np
import pytest

import rareclass.metrics as m
from rareclass.errors import InputError, UndefinedWarning
from rareclass.kernels.intervals import paired_rate_limits


def data(n=4000, events=60, seed=0, a=2.5, b=1.5, correlation=0.6):
    rng = np.random.default_rng(seed)
    y = np.arange(n) < events
    first, own = rng.normal(size=(2, n))
    second = correlation * first + np.sqrt(1 - correlation**2) * own
    return y, first + a * y, second + b * y


@pytest.mark.parametrize("name", ["average_precision", "roc_auc", "recall", "precision", "f1", "expected_cost"])
def test_swapping_the_scorers_turns_the_interval_round(name):
    y, a, b = data()
    more = {"threshold": 2.0, "costs": {"fp": 1, "fn": 30}}
    one, two = m.paired_difference(name, y, a, b, **more), m.paired_difference(name, y, b, a, **more)
    assert (one.low, one.high) == pytest.approx((-two.high, -two.low))
    assert one.probability_better == pytest.approx(1 - two.probability_better)
    assert one.estimate == pytest.approx(one.estimate_a - one.estimate_b)
    assert one.low <= one.estimate <= one.high


def test_pairing_is_sharper_than_two_intervals():
    y, a, b = data(correlation=0.9)
    paired = m.paired_difference("average_precision", y, a, b)
    single = [m.confidence_interval("average_precision", y, s) for s in (a, b)]
    assert paired.width < 0.7 * np.hypot(single[0].width, single[1].width)


def test_probability_better_and_interval_tell_the_same_story():
    for seed in range(20):
        y, a, b = data(seed=seed, a=1.8, b=1.5)
        result = m.paired_difference("average_precision", y, a, b)
        assert (result.probability_better > 0.975) == (result.low > 0)
    y, a, b = data(a=3, b=1)
    cost = m.paired_difference("expected_cost", y, a, b, threshold=2.0, costs={"fp": 1, "fn": 50})
    assert cost.estimate < 0
    assert cost.probability_better > 0.975
    assert cost.high < 0


def test_recall_at_few_events_has_newcombes_limits_and_the_same_story():
    for seed in range(20):
        y, a, b = data(n=600, events=12, seed=seed)
        result = m.paired_difference("recall", y, a, b, threshold=2.0)
        if result.method == "identical":
            continue
        assert result.method == "newcombe"
        hit, other = a[y] >= 2, b[y] >= 2
        cells = [np.count_nonzero(c) for c in (hit & other, hit & ~other, other & ~hit, ~(hit | other))]
        assert (result.low, result.high) == pytest.approx(paired_rate_limits(*cells))
        assert (result.probability_better > 0.975) == (result.low > 0)
        assert result.low <= result.estimate <= result.high
    plain = m.paired_difference("recall", y, a, b, threshold=2.0)
    for weight in (np.full(y.size, 2), np.where(y, 1, 10)):
        weighted = m.paired_difference("recall", y, a, b, threshold=2.0, sample_weight=weight)
        assert (weighted.low, weighted.high) == pytest.approx((plain.low, plain.high))


def test_the_same_scorer_differs_by_nothing():
    y, a, _ = data()
    result = m.paired_difference("average_precision", y, a, a)
    assert (result.estimate, result.low, result.high, result.probability_better) == (0, 0, 0, 0.5)


def test_two_perfect_scorers_of_few_events_could_still_differ():
    y = np.arange(1000) < 10
    noise = np.random.default_rng(0).random((2, 1000)) * 0.1
    result = m.paired_difference("average_precision", y, y + noise[0], y + noise[1])
    assert result.estimate == 0
    assert result.low < -0.02 < 0.02 < result.high


def test_delong_variance_is_reproduced_with_many_events():
    y, a, b = data(n=20_000, events=2000)
    result = m.paired_difference("roc_auc", y, a, b)
    parts = []
    for s in (a, b):
        wins = (s[y][:, None] > s[~y]) + 0.5 * (s[y][:, None] == s[~y])
        parts.append((wins.mean(axis=1), wins.mean(axis=0)))
    gap1, gap0 = parts[0][0] - parts[1][0], parts[0][1] - parts[1][1]
    delong = np.sqrt(gap1.var(ddof=1) / y.sum() + gap0.var(ddof=1) / (~y).sum())
    assert result.width / (2 * 1.961) == pytest.approx(delong, rel=0.02)


def test_a_function_takes_the_bootstrap_on_the_same_resamples():
    y, a, b = data(n=1500)
    named = m.paired_difference("roc_auc", y, a, b)

    def roc_auc(y_true, y_score, sample_weight=None):
        return m.roc_auc_score(y_true, y_score, sample_weight=sample_weight)

    boot = m.paired_difference(roc_auc, y, a, b, n_bootstrap=400)
    assert boot.method == "percentile"
    assert boot.estimate == pytest.approx(named.estimate)
    assert boot.width == pytest.approx(named.width, rel=0.2)
    worse = m.paired_difference(roc_auc, y, a, b, n_bootstrap=400, lower_is_better=True)
    assert worse.probability_better == pytest.approx(1 - boot.probability_better)


def test_differences_of_rates_are_sharper_than_two_intervals_at_few_events():
    for name in ("precision", "specificity", "false_positive_rate"):
        y, a, b = data(n=1000, events=10, correlation=0.8)
        paired = m.paired_difference(name, y, a, b, threshold=1.5)
        single = [m.confidence_interval(name, y, s, threshold=1.5) for s in (a, b)]
        assert paired.width < np.hypot(single[0].width, single[1].width)


def test_rows_without_events_still_have_a_difference_of_decisions():
    y, a, b = np.zeros(10), np.arange(10) % 2, np.arange(10) % 3 == 2
    for name in ("accuracy", "specificity"):
        result = m.paired_difference(name, y, a, b)
        assert result.low <= result.estimate <= result.high
    assert m.paired_difference("f1", y, a, b).estimate == 0


def test_each_scorer_may_have_its_own_threshold():
    y, a, b = data()
    result = m.paired_difference("recall", y, a, b, threshold=(2.0, 1.0))
    assert result.estimate == pytest.approx(np.mean(a[y] >= 2) - np.mean(b[y] >= 1))


@pytest.mark.parametrize("name", ["average_precision", "roc_auc", "recall", "precision", "f1", "expected_cost"])
def test_equal_weights_change_no_difference(name):
    y, a, b = data(n=500)
    more = {"threshold": 2.0, "costs": {"fp": 1, "fn": 20}} if name not in ("average_precision", "roc_auc") else {}
    left = m.paired_difference(name, y, a, b, sample_weight=np.full(y.size, 10), **more)
    right = m.paired_difference(name, y, a, b, **more)
    assert (left.low, left.high, left.method) == (pytest.approx(right.low), pytest.approx(right.high), right.method)


def test_undefined_and_bad_input():
    y, a, b = data()
    with pytest.warns(UndefinedWarning):
        assert np.isnan(m.paired_difference("average_precision", np.zeros(5), np.arange(5.0), np.ones(5)).estimate)
    for call in (
        lambda: m.paired_difference("recall", y, a, b),
        lambda: m.paired_difference("average_precision", y, a, b[:-1]),
        lambda: m.paired_difference("average_precision", y, a, b, method="bca"),
        lambda: m.paired_difference(lambda t, s: 0.0, y, a, b, method="influence"),
    ):
        with pytest.raises(InputError):
            call()
