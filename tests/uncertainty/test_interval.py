import json
from functools import partial

import numpy as np
import pytest
from sklearn.metrics import fbeta_score

import rareclass.metrics as m
from rareclass.errors import InputError, ShortfallWarning, TooFewEventsError, UndefinedWarning
from rareclass.kernels.intervals import blaker, clopper_pearson, logit_interval, poisson_limits, wilson
from rareclass.uncertainty.named import NAMED

PROBABILITIES = {"brier", "log_loss", "brier_skill", "observed_to_expected", "calibration_slope"}


def data(n=3000, events=40, seed=0, d=2.0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) < events
    return y, rng.normal(size=n) + d * y


def arguments(name, seed=0):
    y, score = data(seed=seed)
    if name in PROBABILITIES:
        return y, 1 / (1 + np.exp(-(score - 4))), {}
    more = {"threshold": 2.0} if NAMED[name].decides else {}
    if name == "expected_cost":
        more["costs"] = {"fp": 1, "fn": 30, "tp": 2}
    return y, score, more


@pytest.mark.parametrize("name", NAMED)
def test_the_estimate_is_the_metric_and_lies_inside(name):
    y, score, more = arguments(name)
    interval = m.confidence_interval(name, y, score, **more)
    assert interval.low <= interval.estimate <= interval.high
    assert 0 < interval.width < 2
    function = {
        "roc_auc": m.roc_auc_score, "average_precision": m.average_precision_score, "brier": m.brier_score,
        "brier_skill": m.brier_skill_score, "log_loss": m.log_loss, "observed_to_expected": m.observed_to_expected,
        "calibration_slope": m.calibration_slope,
    }.get(name)  # fmt: skip
    if function is not None:
        assert interval.estimate == pytest.approx(function(y, score))
    json.dumps(interval.to_dict())
    wide = m.confidence_interval(name, y, score, level=0.99, **more)
    assert wide.width > interval.width


@pytest.mark.parametrize("method", ["auto", "percentile"])
@pytest.mark.parametrize("name", NAMED)
def test_equal_weights_change_no_interval(name, method):
    y, score, more = arguments(name)
    y, score = y[:600], score[:600]
    how = {"method": method, "n_bootstrap": 100, **more}
    plain = m.confidence_interval(name, y, score, **how)
    for c in (1, 10, 0.3):
        weighted = m.confidence_interval(name, y, score, sample_weight=np.full(y.size, c), **how)
        for left, right in zip(weighted.to_dict().values(), plain.to_dict().values()):
            assert left == (pytest.approx(right, rel=1e-7, abs=1e-9) if isinstance(right, float) else right)


@pytest.mark.parametrize(("name", "keep"), [("precision", 1), ("prevalence", 1), ("recall", 1), ("recall", 0.5)])
def test_sampled_rows_have_the_interval_of_the_rows_drawn_with_the_odds_moved(name, keep):
    y, score = data()
    weight = np.where(y, 1 / keep, 10.0)
    found = m.confidence_interval(name, y, score, threshold=2.0, sample_weight=weight)
    among = {"precision": score >= 2, "prevalence": score == score, "recall": y}[name]
    hit = (score >= 2 if name == "recall" else y) & among
    odds = 1.0 if name == "recall" else 0.1 / keep
    for end, plain in zip((found.low, found.high), blaker(int(hit.sum()), int(among.sum())), strict=True):
        assert end == pytest.approx(plain * odds / (plain * odds + 1 - plain))


def test_rows_of_one_kind_only_are_bounded_by_the_weight_that_the_other_would_have():
    y, score = data()
    flag = ~y & (score > 2.5)
    found = m.confidence_interval("precision", y, flag, sample_weight=np.where(y, 1.0, 10.0))
    high = blaker(0, int(flag.sum()))[1]
    assert (found.low, found.estimate) == (0, 0)
    assert found.high == pytest.approx(high / (high + 10 * (1 - high)))


@pytest.mark.parametrize("name", NAMED)
def test_every_row_its_own_group_is_close_to_independent_rows(name):
    y, score, more = arguments(name)
    plain = m.confidence_interval(name, y, score, **more)
    grouped = m.confidence_interval(name, y, score, groups=np.arange(y.size), **more)
    assert grouped.estimate == plain.estimate
    assert plain.width * 0.9 <= grouped.width <= plain.width * 1.35


@pytest.mark.parametrize("name", NAMED)
def test_copied_rows_in_groups_are_not_taken_for_new_evidence(name):
    y, score, more = arguments(name)
    plain = m.confidence_interval(name, y, score, **more)
    copies = np.tile(np.arange(y.size), 4)
    fooled = m.confidence_interval(name, y[copies], score[copies], **more)
    grouped = m.confidence_interval(name, y[copies], score[copies], groups=copies, **more)
    assert fooled.width < 0.65 * plain.width
    assert grouped.width > 0.85 * plain.width


def test_weights_are_no_repetitions_of_rows():
    y, score = data()
    weight = np.where(y, 1, 5)
    again = np.repeat(np.arange(y.size), weight)
    for name, more in (("alert_rate", {"threshold": 2.0}), ("precision", {"threshold": 2.0})):
        repeated = m.confidence_interval(name, y[again], score[again], **more)
        sampled = m.confidence_interval(name, y, score, sample_weight=weight, **more)
        assert sampled.estimate == pytest.approx(repeated.estimate)
        assert sampled.width > repeated.width


def test_rates_have_their_exact_intervals():
    y, score = data()
    flag = score >= 2
    hits = int((y & flag).sum())
    ours = m.confidence_interval("recall", y, score, threshold=2)
    assert (ours.low, ours.high) == blaker(hits, 40)
    assert ours.method == "blaker"
    for method, function in (("wilson", wilson), ("clopper_pearson", clopper_pearson)):
        ours = m.confidence_interval("precision", y, flag, method=method)
        assert (ours.low, ours.high) == function(hits, int(flag.sum()))
    boyd = m.confidence_interval("average_precision", y, score, method="logit")
    assert (boyd.low, boyd.high) == pytest.approx(logit_interval(boyd.estimate, 40))


def test_observed_to_expected_without_events_has_an_upper_limit():
    interval = m.confidence_interval("observed_to_expected", np.zeros(1000, dtype=int), np.full(1000, 0.01))
    assert interval.low == interval.estimate == 0
    assert interval.high == pytest.approx(poisson_limits(0)[1] / 10)


def test_perfect_ranking_of_few_events_is_not_certain():
    y = np.arange(1000) < 10
    interval = m.confidence_interval("average_precision", y, y * 1.0)
    assert (interval.estimate, interval.high) == (1.0, 1.0)
    assert interval.low == pytest.approx(0.025**0.1)
    assert m.confidence_interval("matthews_corrcoef", y, y).low < 0.6


def test_no_miss_seen_does_not_mean_no_miss_possible():
    y = np.arange(1000) < 10
    interval = m.confidence_interval("expected_cost", y, y, costs={"fp": 1, "fn": 1000})
    assert interval.estimate == interval.low == 0
    assert interval.high > 1000 * 3.6 / 1000


def test_undefined_metrics_are_nan_with_a_reason():
    with pytest.warns(UndefinedWarning, match="no positive"):
        interval = m.confidence_interval("average_precision", [0, 0], [0.1, 0.2])
    assert np.isnan(interval.estimate)
    with pytest.warns(UndefinedWarning, match="no row is flagged"):
        interval = m.confidence_interval("precision", [0, 1], [0.1, 0.2], threshold=5)
    assert (interval.low, interval.high) == (0, 1)


def test_a_function_of_ours_or_of_others_can_be_the_metric():
    y, score = data()
    assert m.confidence_interval(m.average_precision_score, y, score) == m.confidence_interval(
        "average_precision", y, score
    )
    ours = m.confidence_interval(partial(m.recall_at_fpr, fpr=0.05), y, score, n_bootstrap=300)
    assert ours.method == "bca"
    assert ours.low < ours.estimate < ours.high

    def of_rows_only(y_true, y_pred):
        return fbeta_score(y_true, y_pred, beta=1)

    boot = m.confidence_interval(of_rows_only, y, score >= 2, n_bootstrap=400, method="percentile")
    named = m.confidence_interval("f1", y, score >= 2, n_bootstrap=400, method="percentile")
    assert boot.estimate == pytest.approx(named.estimate)
    assert boot.width == pytest.approx(named.width, rel=0.25)
    groups = np.arange(y.size) % 60
    jack = m.confidence_interval(of_rows_only, y, score >= 2, groups=groups)
    assert jack.method == "jackknife"
    assert jack.width == pytest.approx(m.confidence_interval("f1", y, score >= 2, groups=groups).width, rel=0.25)


@pytest.mark.parametrize("name", ["average_precision", "roc_auc", "f1", "expected_cost"])
def test_bootstrap_and_influence_agree_with_many_events(name):
    y, score, more = arguments(name)
    y, score = np.tile(y, 5), np.random.default_rng(4).normal(size=15_000) + 2 * np.tile(y, 5)
    auto = m.confidence_interval(name, y, score, **more)
    # keeping the number of events leaves out a good part of the variance of a cost
    for stratified in (False,) if name == "expected_cost" else (False, True):
        boot = m.confidence_interval(
            name, y, score, method="percentile", n_bootstrap=250, stratified=stratified, **more
        )
        assert boot.estimate == pytest.approx(auto.estimate)
        assert boot.width == pytest.approx(auto.width, rel=0.25)
    groups = np.random.default_rng(5).integers(0, 300, y.size)
    boot = m.confidence_interval(name, y, score, method="percentile", n_bootstrap=250, groups=groups, **more)
    assert boot.width == pytest.approx(auto.width, rel=0.3)


def test_bca_is_refused_with_fewer_than_ten_events():
    y, score = data(events=9)
    with pytest.raises(TooFewEventsError, match="10 events"):
        m.confidence_interval("average_precision", y, score, method="bca")
    y, score = data(events=12)
    assert m.confidence_interval("average_precision", y, score, method="bca", n_bootstrap=300).method == "bca"


def test_resamples_without_events_are_left_out_and_counted():
    y, score = data(n=200, events=2)
    with pytest.warns(ShortfallWarning, match="left out"):
        m.confidence_interval("roc_auc", y, score, method="percentile", n_bootstrap=200)
    with pytest.raises(TooFewEventsError, match="positive"):
        m.confidence_interval("roc_auc", np.zeros(20), np.arange(20.0), method="percentile")


def test_the_seed_decides_and_the_order_of_rows_does_not():
    y, score = data()
    one, two = (m.confidence_interval("roc_auc", y, score, method="percentile", n_bootstrap=200) for _ in range(2))
    assert one == two
    order = np.random.default_rng(0).permutation(y.size)
    for name in ("average_precision", "roc_auc"):
        left, right = m.confidence_interval(name, y, score), m.confidence_interval(name, y[order], score[order])
        assert left.low == pytest.approx(right.low)
        stretched = m.confidence_interval(name, y, np.exp(score))
        assert stretched.low == pytest.approx(left.low)


def test_bad_arguments_give_one_error():
    y, score = data()
    for call in (
        lambda: m.confidence_interval("no_such_metric", y, score),
        lambda: m.confidence_interval(3, y, score),
        lambda: m.confidence_interval("recall", y, score),
        lambda: m.confidence_interval("expected_cost", y, score, threshold=1),
        lambda: m.confidence_interval("recall", y, score, threshold=np.nan),
        lambda: m.confidence_interval("average_precision", y, score, level=1.0),
        lambda: m.confidence_interval("average_precision", y, score, method="magic"),
        lambda: m.confidence_interval("average_precision", y, score, method="wilson"),
        lambda: m.confidence_interval("average_precision", y, score, groups=np.zeros(y.size)),
        lambda: m.confidence_interval("average_precision", y, score, groups=[1, 2]),
        lambda: m.confidence_interval("average_precision", y, score, method="jackknife"),
        lambda: m.confidence_interval("average_precision", y, np.full(y.size, np.nan)),
        lambda: m.confidence_interval("brier", y, score),
        lambda: m.confidence_interval(lambda a, b: 0.0, y, score, method="influence"),
        lambda: m.confidence_interval("roc_auc", y, score, method="percentile", n_bootstrap=10),
    ):
        with pytest.raises(InputError):
            call()


def test_the_calibration_slope_has_the_interval_of_the_logistic_model_where_that_is_right():
    rng = np.random.default_rng(0)
    z = rng.normal(-3, 1.5, 60_000)
    p = 1 / (1 + np.exp(-z))
    y = rng.random(z.size) < p
    found = m.confidence_interval("calibration_slope", y, p)
    # the Fisher information at the truth (intercept 0, slope 1)
    design = np.column_stack([np.ones(z.size), z])
    error = np.sqrt(np.linalg.inv(design.T @ (design * (p * (1 - p))[:, None]))[1, 1])
    assert found.low < 1 < found.high
    assert found.width == pytest.approx(2 * 1.96 * error, rel=0.05)


def test_the_calibration_slope_of_equal_probabilities_is_undefined():
    with pytest.warns(UndefinedWarning, match="all probabilities are equal"):
        found = m.confidence_interval("calibration_slope", [0, 0, 1], [0.3, 0.3, 0.3])
    assert np.isnan(found.estimate)


COUNTED = ("matthews_corrcoef", "cohen_kappa", "balanced_accuracy", "geometric_mean", "youden", "f1")


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize(("caught", "alarms"), [(0.1, 0.0005), (0.95, 0.9)])
def test_where_nothing_or_everything_was_flagged_the_interval_still_covers(name, caught, alarms):
    """20 events that are hardly ever (or nearly all) flagged: the flags of most samples show one outcome only."""
    cells = np.array([0.04 * caught, 0.96 * alarms, 0.04 * (1 - caught), 0.96 * (1 - alarms)])
    truth, held, runs = float(NAMED[name].of_counts(*cells)), 0, 200
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        y = rng.random(500) < 0.04
        found = m.confidence_interval(name, y, rng.random(500) < np.where(y, caught, alarms))
        assert found.width > 0
        held += truth in found
    assert held / runs >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / runs)


def test_an_outcome_that_was_not_seen_reaches_as_far_as_its_own_interval():
    y = np.arange(500) < 20
    recall = m.confidence_interval("recall", y, np.zeros(500, bool))
    alarm = m.confidence_interval("false_positive_rate", y, np.zeros(500, bool))
    found = m.confidence_interval("youden", y, np.zeros(500, bool))
    assert (found.low, found.high) == pytest.approx((-alarm.high, recall.high))
