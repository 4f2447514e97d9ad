"""The threshold engine against brute force: every distinct score, straight from the definitions."""

import functools
import math

import numpy as np
import pytest
from scipy.stats import binom

from rareclass.decisions import (
    AlertBudget,
    CostMatrix,
    FalsePositiveRateAtMost,
    Maximize,
    MinimumCost,
    PrecisionAtLeast,
    RecallAtLeast,
    RowCosts,
    best_threshold,
)
from rareclass.errors import CostError, InfeasibleError, InputError, NoOpWarning, TargetError, TooFewEventsError

CASES = 1000


def counts_at(y, s, w, t):
    tp = fp = fn = tn = 0.0
    for yi, si, wi in zip(y, s, w):
        if si >= t:
            tp, fp = (tp + wi, fp) if yi else (tp, fp + wi)
        else:
            fn, tn = (fn + wi, tn) if yi else (fn, tn + wi)
    return tp, fp, fn, tn


def f_score(tp, fp, fn, tn, beta=1.0):
    return (1 + beta**2) * tp / ((1 + beta**2) * tp + beta**2 * fn + fp)


def mcc(tp, fp, fn, tn):
    bottom = math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    return (tp * tn - fp * fn) / bottom if bottom else 0.0


def kappa(tp, fp, fn, tn):
    n = tp + fp + fn + tn
    agree = (tp + tn) / n
    chance = ((tp + fp) * (tp + fn) + (fn + tn) * (fp + tn)) / n**2
    return (agree - chance) / (1 - chance) if chance < 1 else math.nan


METRICS = {
    "f1": f_score,
    "f2": lambda *c: f_score(*c, beta=2.0),
    "matthews_corrcoef": mcc,
    "geometric_mean": lambda tp, fp, fn, tn: math.sqrt(tp / (tp + fn) * tn / (tn + fp)),
    "balanced_accuracy": lambda tp, fp, fn, tn: (tp / (tp + fn) + tn / (tn + fp)) / 2,
    "youden": lambda tp, fp, fn, tn: tp / (tp + fn) + tn / (tn + fp) - 1,
    "kappa": kappa,
    "accuracy": lambda tp, fp, fn, tn: (tp + tn) / (tp + fp + fn + tn),
}


@functools.cache
def every_point(seed, plain=False):
    """(threshold, counts) for +inf and all distinct scores of a small case, descending; `plain` without weights."""
    y, s, w = small_case(seed)
    w = np.ones(y.size) if plain else w
    return [(t, counts_at(y, s, w, t)) for t in [math.inf, *sorted(set(s), reverse=True)]]


def brute_force(seed, allowed, value, plain=False):
    """Highest threshold with the best value among those allowed, from the definition; None where none is."""
    best, at = -math.inf, None
    for t, c in every_point(seed, plain):
        if not allowed(*c):
            continue
        v = value(*c)
        if not math.isnan(v) and v > best + 1e-12 * max(1.0, abs(v)):
            best, at = v, t
    return at


def at_least(bound, value):
    return value >= bound - 1e-12


def rules():
    everywhere = lambda *c: True  # noqa: E731
    for name, metric in METRICS.items():
        yield f"maximize {name}", Maximize(name), everywhere, metric
    own = lambda tp, fp, fn, tn: tp - 0.3 * fp - 0.01 * (tp + fp) ** 2  # noqa: E731
    yield "maximize a function", Maximize(own), everywhere, own
    for r in (0.5, 0.75, 1.0):
        yield (
            f"recall {r}", RecallAtLeast(r), lambda tp, fp, fn, tn, r=r: at_least(r, tp / (tp + fn)),
            lambda tp, fp, fn, tn: -(tp + fp),
        )  # fmt: skip
        yield (
            f"precision {r}", PrecisionAtLeast(r),
            lambda tp, fp, fn, tn, r=r: tp + fp > 0 and at_least(r, tp / (tp + fp)), lambda tp, fp, fn, tn: tp,
        )  # fmt: skip
    for r in (0.1, 0.25, 0.6):
        yield (
            f"false-positive rate {r}", FalsePositiveRateAtMost(r),
            lambda tp, fp, fn, tn, r=r: fp / (fp + tn) <= r + 1e-12, lambda tp, fp, fn, tn: tp + fp,
        )  # fmt: skip
    for k in (1, 3, 7):
        yield f"budget {k}", AlertBudget(k), lambda tp, fp, fn, tn, k=k: tp + fp <= k, lambda tp, fp, fn, tn: tp + fp
    yield (
        "budget rate", AlertBudget(rate=0.4), lambda tp, fp, fn, tn: tp + fp <= 0.4 * (tp + fp + fn + tn) + 1e-9,
        lambda tp, fp, fn, tn: tp + fp,
    )  # fmt: skip
    for ratio in (1.0, 7.0, 300.0):
        yield (
            f"empirical cost {ratio}", MinimumCost(CostMatrix(fp=1, fn=ratio, tp=0.3, tn=-0.1), search="empirical"),
            everywhere, lambda tp, fp, fn, tn, c=ratio: -(0.3 * tp + fp + c * fn - 0.1 * tn),
        )  # fmt: skip
    yield (
        "constrained", Maximize("f1").subject_to(FalsePositiveRateAtMost(0.3), AlertBudget(5)),
        lambda tp, fp, fn, tn: fp / (fp + tn) <= 0.3 + 1e-12 and tp + fp <= 5, f_score,
    )  # fmt: skip
    yield (
        "recall with confidence", RecallAtLeast(0.4, confidence=0.7),
        lambda tp, fp, fn, tn: tp > 0 and binom.sf(tp - 1, tp + fn, 0.4) <= 0.3 + 1e-12,
        lambda tp, fp, fn, tn: -(tp + fp),
    )  # fmt: skip
    yield (
        "precision with confidence", PrecisionAtLeast(0.4, confidence=0.6),
        lambda tp, fp, fn, tn: tp > 0 and binom.sf(tp - 1, tp + fp, 0.4) <= 0.4 + 1e-12, lambda tp, fp, fn, tn: tp,
    )  # fmt: skip
    yield (
        "rate with confidence", FalsePositiveRateAtMost(0.5, confidence=0.8),
        lambda tp, fp, fn, tn: binom.cdf(fp, fp + tn, 0.5) <= 0.2 + 1e-12, lambda tp, fp, fn, tn: tp + fp,
    )  # fmt: skip


def small_case(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 13))
    y = rng.random(n) < rng.choice([0.15, 0.4])
    y[:2] = [True, False]
    s = rng.integers(0, int(rng.integers(1, 9)) + 1, n) / 8  # many ties, sometimes all
    w = rng.integers(1, 4, n).astype(float) if seed % 3 == 0 else np.ones(n)
    return y, s, w


@pytest.mark.parametrize(("rule", "allowed", "value"), [r[1:] for r in rules()], ids=[r[0] for r in rules()])
@pytest.mark.filterwarnings("ignore::rareclass.errors.NoOpWarning")
def test_threshold_equals_brute_force_on_a_thousand_small_cases(rule, allowed, value):
    # what confidence is about is rows: a weight is no number of them
    plain = getattr(rule, "confidence", None) is not None
    for seed in range(CASES):
        y, s, w = small_case(seed)
        w = np.ones(y.size) if plain else w
        expected = brute_force(seed, allowed, value, plain)
        weight = 7 * w if plain else w if seed % 3 == 0 else None
        if expected is None:
            with pytest.raises(InfeasibleError):
                best_threshold(y, s, rule, sample_weight=weight, n_bootstrap=0)
            continue
        chosen = best_threshold(y, s, rule, sample_weight=weight, n_bootstrap=0)
        assert chosen.threshold == expected, (seed, y, s, w)
        tp, fp, fn, _ = dict(every_point(seed, plain))[expected]
        assert chosen.recall == pytest.approx(tp / (tp + fn))
        assert chosen.alert_rate == pytest.approx((tp + fp) / w.sum())
        if not isinstance(rule, AlertBudget):
            assert np.array_equal(chosen.apply(s), s >= expected)


@pytest.mark.filterwarnings("ignore::rareclass.errors.NoOpWarning")
def test_costs_by_row_equal_brute_force():
    for seed in range(CASES):
        y, p, w = small_case(seed)
        rng = np.random.default_rng(seed)
        costs = RowCosts(fp=rng.uniform(0.5, 2, y.size), fn=rng.uniform(1, 30, y.size), tp=rng.uniform(-1, 1, y.size))
        weight = w if seed % 3 == 0 else None
        chosen = best_threshold(y, p, MinimumCost(costs), sample_weight=weight)
        flag = [
            pi * c_tp + (1 - pi) * c_fp <= pi * c_fn + 1e-13
            for pi, c_fp, c_fn, c_tp in zip(p, costs.fp, costs.fn, costs.tp)
        ]
        assert chosen.apply(p, costs).tolist() == flag
        total = sum(
            wi * ((c_tp if yi else c_fp) if f else (c_fn if yi else 0.0))
            for wi, yi, f, c_fp, c_fn, c_tp in zip(w, y, flag, costs.fp, costs.fn, costs.tp)
        )
        assert chosen.expected_cost == pytest.approx(total / w.sum())
        searched = best_threshold(y, p, MinimumCost(costs, search="empirical"), sample_weight=weight)
        every = [float(np.average(costs.of(y, p >= t), weights=w)) for t in [math.inf, *sorted(set(p))]]
        assert searched.expected_cost == pytest.approx(min(every))


def test_integer_weights_are_repeated_rows_in_the_threshold_and_none_in_its_interval():
    rng = np.random.default_rng(0)
    y, s = rng.random(300) < 0.2, rng.normal(size=300).round(1)
    w = rng.integers(0, 4, 300)
    y[:2], w[:2] = [True, False], 1
    for rule in (Maximize("f1"), RecallAtLeast(0.8), PrecisionAtLeast(0.2), FalsePositiveRateAtMost(0.1)):
        weighted = best_threshold(y, s, rule, sample_weight=w)
        repeated = best_threshold(np.repeat(y, w), np.repeat(s, w), rule)
        assert weighted.threshold == repeated.threshold
        assert weighted.rows == repeated.rows
    for rule in (
        Maximize("f1"),
        RecallAtLeast(0.8, 0.9),
        PrecisionAtLeast(0.2, 0.9),
        FalsePositiveRateAtMost(0.1, 0.9),
    ):
        tenfold, plain = (best_threshold(y, s, rule, sample_weight=v) for v in (np.full(300, 10.0), None))
        assert (tenfold.threshold, tenfold.interval) == (plain.threshold, plain.interval)


def test_a_floor_of_precision_with_confidence_is_that_of_the_rows_drawn_with_its_odds_moved():
    rng = np.random.default_rng(3)
    y = rng.random(3000) < 0.1
    s = rng.normal(size=3000) + 3 * y
    floor, odds = 0.3, 10.0  # a tenth of the negatives was kept
    drawn = floor * odds / (floor * odds + 1 - floor)
    weighted = best_threshold(y, s, PrecisionAtLeast(floor, 0.9), sample_weight=np.where(y, 1.0, odds))
    assert weighted.threshold == best_threshold(y, s, PrecisionAtLeast(drawn, 0.9)).threshold


def test_order_of_rows_does_not_matter():
    rng = np.random.default_rng(1)
    y, s = rng.random(500) < 0.1, rng.normal(size=500).round(1)
    mixed = rng.permutation(500)
    for rule in (Maximize("mcc"), AlertBudget(50), FalsePositiveRateAtMost(0.1)):
        one, other = best_threshold(y, s, rule), best_threshold(y[mixed], s[mixed], rule)
        assert (one.threshold, one.interval) == (other.threshold, other.interval)


def test_strictly_increasing_scores_move_the_threshold_along():
    rng = np.random.default_rng(2)
    y, s = rng.random(400) < 0.1, rng.normal(size=400)
    chosen = best_threshold(y, s, Maximize("f1"))
    assert best_threshold(y, np.exp(s), Maximize("f1")).threshold == pytest.approx(np.exp(chosen.threshold))


def test_all_scores_tied_leave_flag_all_or_none():
    y, s = [0, 0, 0, 1], [0.3] * 4
    assert best_threshold(y, s, RecallAtLeast(0.9)).threshold == 0.3
    with pytest.warns(NoOpWarning, match="No row will be flagged"):
        assert best_threshold(y, s, FalsePositiveRateAtMost(0.5)).threshold == math.inf


@pytest.mark.parametrize(
    ("y", "s", "error", "match"),
    [
        ([], [], InputError, "empty"),
        ([1, 1], [0.1, 0.2], TooFewEventsError, "only positive rows"),
        ([0, 0], [0.1, 0.2], TooFewEventsError, "only negative rows"),
        ([0, 1], [0.1, np.nan], InputError, "missing"),
        ([0, 1], [0.1, np.inf], InputError, "infinite"),
        ([0, 1, 1], [0.1, 0.2], InputError, "same number of rows"),
        ([0, 1, None], [0.1, 0.2, 0.3], TargetError, "missing"),
        ([0, 1, 2], [0.1, 0.2, 0.3], TargetError, "two classes"),
    ],
)
def test_unusable_rows_raise_one_clear_error(y, s, error, match):
    with pytest.raises(error, match=match):
        best_threshold(y, s, Maximize("f1"))


@pytest.mark.parametrize(
    ("weight", "match"),
    [([1.0, -1.0], "negative"), ([0.0, 0.0], "zero"), ([1.0], "rows"), ([1.0, np.nan], "missing"),
     ([1.0, 0.0], "only negative rows")],
)  # fmt: skip
def test_unusable_weights_raise_one_clear_error(weight, match):
    with pytest.raises(InputError, match=match):
        best_threshold([0, 1], [0.1, 0.2], Maximize("f1"), sample_weight=weight)


def test_a_rule_of_another_kind_is_refused():
    with pytest.raises(InputError, match=r"rule of rareclass\.decisions"):
        best_threshold([0, 1], [0.1, 0.2], "f1")


def test_costs_price_a_rule_without_costs():
    y, s = [0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4]
    chosen = best_threshold(y, s, RecallAtLeast(1.0), costs=CostMatrix(fp=2, fn=9))
    assert chosen.expected_cost == 0.5
    with pytest.raises(CostError, match="decided by MinimumCost"):
        best_threshold(y, s, RecallAtLeast(1.0), costs=RowCosts(fp=1.0, fn=[1.0, 2.0, 3.0, 4.0]))


def test_midpoint_flags_the_same_rows():
    rng = np.random.default_rng(0)
    y, p = rng.random(300) < 0.2, rng.random(300).round(2) ** 3
    for scores in (p, 10 * p - 5):
        chosen = best_threshold(y, scores, Maximize("f1"))
        middle = best_threshold(y, scores, Maximize("f1"), place="midpoint")
        assert middle.threshold < chosen.threshold
        assert np.array_equal(middle.apply(scores), chosen.apply(scores))
        assert middle.recall == chosen.recall
    assert best_threshold(y, p, RecallAtLeast(1.0), place="midpoint").threshold > 0
    with pytest.raises(InputError, match="place"):
        best_threshold(y, p, Maximize("f1"), place="grid")


def test_rule_that_only_these_rows_meet_has_no_interval():
    y, s = [1, 0, 0, 0, 0], [5.0, 4.0, 3.0, 2.0, 1.0]
    chosen = best_threshold(y, s, FalsePositiveRateAtMost(0.5, confidence=0.9), n_bootstrap=5)
    assert chosen.threshold <= 5.0
