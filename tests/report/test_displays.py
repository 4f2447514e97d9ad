"""The matplotlib displays: right numbers, on own or given axes, static SVG."""

import io
import pickle
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve, roc_curve

from rareclass.decisions import CostMatrix, Maximize, RowCosts
from rareclass.errors import CostError, InputError, TooFewEventsError
from rareclass.report import displays
from rareclass.report.displays import (
    BrierCurveDisplay,
    ConfusionDisplay,
    CostCurveDisplay,
    DecisionCurveDisplay,
    GainLiftDisplay,
    PrecisionRecallDisplay,
    ReliabilityDisplay,
    RocDisplay,
    ScoreDensityDisplay,
    ThresholdCostDisplay,
    ThresholdStabilityDisplay,
)
from rareclass.report.displays.base import odds_axis, round_odds
from rareclass.uncertainty.bands import thinned

COSTS = CostMatrix(fp=1, fn=50)
plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def closed_figures():
    import matplotlib as mpl

    mpl.use("Agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def rows():
    """(y, p): calibrated probabilities of 5,000 rows, a few of them tied."""
    rng = np.random.default_rng(0)
    p = np.round(rng.beta(0.15, 4, 5_000), 4) * 0.98 + 0.001
    return rng.random(p.size) < p, p


DRAW = {
    "ConfusionDisplay": lambda y, p, **k: ConfusionDisplay.from_predictions(y, p >= 0.1, **k),
    "BrierCurveDisplay": lambda y, p, **k: BrierCurveDisplay.from_predictions(y, p, **k),
    "CostCurveDisplay": lambda y, p, **k: CostCurveDisplay.from_predictions(y, p, costs=COSTS, **k),
    "DecisionCurveDisplay": lambda y, p, **k: DecisionCurveDisplay.from_predictions(y, p, **k),
    "GainLiftDisplay": lambda y, p, **k: GainLiftDisplay.from_predictions(y, p, **k),
    "PrecisionRecallDisplay": lambda y, p, **k: PrecisionRecallDisplay.from_predictions(y, p, **k),
    "ReliabilityDisplay": lambda y, p, **k: ReliabilityDisplay.from_predictions(y, p, **k),
    "RocDisplay": lambda y, p, **k: RocDisplay.from_predictions(y, p, **k),
    "ScoreDensityDisplay": lambda y, p, **k: ScoreDensityDisplay.from_predictions(y, p, threshold=0.1, **k),
    "ThresholdCostDisplay": lambda y, p, **k: ThresholdCostDisplay.from_predictions(y, p, COSTS, **k),
    "ThresholdStabilityDisplay": lambda y, p, **k: ThresholdStabilityDisplay.from_predictions(
        y, p, Maximize("f1"), n_bootstrap=50, **k
    ),
}


@pytest.mark.parametrize("name", displays.__all__)
def test_every_display_draws_on_given_axes_and_keeps_them(name, rows):
    figure, ax = plt.subplots()
    display = DRAW[name](*rows, ax=ax, name="a model")
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert "a model" in display.to_svg() or ax.get_title() == "a model" or ax.get_legend() is not None


@pytest.mark.parametrize("name", displays.__all__)
def test_every_display_draws_on_its_own_and_again(name, rows):
    display = DRAW[name](*rows)
    first = display.ax_
    assert display.plot().ax_ is not first


@pytest.mark.parametrize("name", displays.__all__)
def test_the_svg_is_well_formed_static_and_reproducible(name, rows):
    text, again = (DRAW[name](*rows).to_svg() for _ in range(2))
    assert text == again
    tags = {element.tag.rsplit("}", 1)[-1] for element in ElementTree.parse(io.StringIO(text)).iter()}
    assert "script" not in tags
    assert "image" not in tags or name == "ConfusionDisplay"


@pytest.mark.parametrize("name", displays.__all__)
def test_global_settings_of_matplotlib_stay_as_they_are(name, rows):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    DRAW[name](*rows).to_svg()
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    "name",
    [
        "PrecisionRecallDisplay", "RocDisplay", "GainLiftDisplay", "DecisionCurveDisplay", "CostCurveDisplay",
        "BrierCurveDisplay",
    ],
)  # fmt: skip
def test_rows_of_one_class_are_refused(name):
    with pytest.raises(TooFewEventsError):
        DRAW[name](np.zeros(4, dtype=bool), np.linspace(0.1, 0.9, 4))


@pytest.mark.parametrize("name", sorted(set(displays.__all__) - {"ConfusionDisplay"}))
def test_missing_scores_are_refused(name):
    with pytest.raises(InputError):
        DRAW[name]([0, 1, 0, 1], [0.1, np.nan, 0.2, 0.3])


def test_the_precision_recall_points_are_those_of_scikit_learn_at_the_events(rows):
    y, p = rows
    display = PrecisionRecallDisplay.from_predictions(y, p)
    precision, recall, _ = precision_recall_curve(y, p)
    best = {}  # of all thresholds with the same recall, the first one to reach it has the best precision
    for r, q in zip(recall[:-1], precision[:-1], strict=True):
        best[r] = max(q, best.get(r, 0.0))
    np.testing.assert_allclose(display.recall, sorted(r for r in best if r > 0))
    np.testing.assert_allclose(display.precision, [best[r] for r in display.recall])
    assert display.chance == pytest.approx(y.mean())
    assert np.all(display.low <= display.precision)
    assert np.all(display.precision <= display.high)


def test_the_steps_enclose_the_average_precision(rows):
    display = PrecisionRecallDisplay.from_predictions(*rows)
    area = float(np.sum(np.diff(np.r_[0, display.recall]) * display.precision))
    assert area == pytest.approx(display.average_precision)


def test_the_roc_points_lie_on_the_curve_of_scikit_learn(rows):
    y, p = rows
    display = RocDisplay.from_predictions(y, p)
    fpr, tpr, _ = roc_curve(y, p, drop_intermediate=False)
    everywhere = set(zip(fpr.round(12), tpr.round(12), strict=True))
    assert set(zip(display.false_positive_rate.round(12), display.recall.round(12), strict=True)) <= everywhere
    area = np.trapezoid(display.recall, display.false_positive_rate)
    assert area == pytest.approx(display.roc_auc)
    assert (display.recall[0], display.recall[-1]) == (0.0, 1.0)


def test_a_logarithmic_roc_leaves_out_zero(rows):
    ax = RocDisplay.from_predictions(*rows, log=True).ax_
    assert ax.get_xscale() == "log"
    assert ax.get_xlim()[0] > 0


def test_weights_equal_repeated_rows_in_every_point_and_count_them_once_in_every_band(rows):
    y, p = rows
    y, p = y[:400], p[:400]
    weight = np.random.default_rng(1).integers(1, 4, y.size)
    # a weight says how many rows one stands for, not that so many were seen: bands are those of equal weights
    many, tenfold = (np.repeat(y, weight), np.repeat(p, weight)), np.full(y.size, 10)
    for cls, fields in (
        (PrecisionRecallDisplay, ("recall", "precision", "average_precision")),
        (RocDisplay, ("false_positive_rate", "recall", "roc_auc")),
        (GainLiftDisplay, ("alert_rate", "recall", "lift")),
        (DecisionCurveDisplay, ("net_benefit", "flag_all")),
        (CostCurveDisplay, ("normalized_cost", "trivial")),
        (BrierCurveDisplay, ("loss", "best")),
        (ScoreDensityDisplay, ("positives", "negatives")),
    ):
        a, b = cls.from_predictions(y, p, sample_weight=weight), cls.from_predictions(*many)
        for field in fields:
            np.testing.assert_allclose(getattr(a, field), getattr(b, field), err_msg=f"{cls.__name__}.{field}")
        ten, one = cls.from_predictions(y, p, sample_weight=tenfold), cls.from_predictions(y, p)
        plt.close("all")
        for field in ("low", "high", "lift_low", "lift_high"):
            if hasattr(one, field):
                np.testing.assert_allclose(getattr(ten, field), getattr(one, field), err_msg=f"{cls.__name__}.{field}")
    a = ThresholdCostDisplay.from_predictions(y, p, COSTS, sample_weight=weight)
    np.testing.assert_allclose(a.cost, ThresholdCostDisplay.from_predictions(*many, COSTS).cost)
    ten, one = (ThresholdCostDisplay.from_predictions(y, p, COSTS, sample_weight=w) for w in (tenfold, None))
    np.testing.assert_allclose([ten.low, ten.high], [one.low, one.high])


def test_the_cost_curve_equals_brute_force_with_class_and_row_costs(rows):
    y, p = rows[0][:300], rows[1][:300]
    rng = np.random.default_rng(2)
    own = RowCosts(fp=1.0, fn=rng.lognormal(3, 1, y.size), tn=rng.random(y.size) / 10)
    for costs in (COSTS, own):
        display = ThresholdCostDisplay.from_predictions(y, p, costs)
        for t, c in zip(display.threshold, display.cost, strict=True):
            flag = p >= t
            parts = [np.broadcast_to(getattr(costs, k), y.shape) for k in ("fp", "fn", "tp", "tn")]
            truth = np.select([flag & ~y, ~flag & y, flag & y, ~flag & ~y], parts).mean()
            assert c == pytest.approx(truth)
    assert display.flag_all == pytest.approx(np.where(y, own.tp, own.fp).mean())
    assert display.flag_none == pytest.approx(np.where(y, own.fn, own.tn).mean())


def test_the_chosen_point_of_the_cost_curve_is_the_cost_at_that_threshold(rows):
    y, p = rows
    display = ThresholdCostDisplay.from_predictions(y, p, COSTS)
    assert display.chosen == pytest.approx(COSTS.threshold)
    flag = p >= COSTS.threshold
    truth = (COSTS.fp * (flag & ~y) + COSTS.fn * (~flag & y)).mean()
    marker = next(line for line in display.ax_.lines if line.get_marker() == "o")
    assert float(marker.get_ydata()[0]) == pytest.approx(truth)


def test_costs_of_another_length_are_refused(rows):
    with pytest.raises(CostError):
        ThresholdCostDisplay.from_predictions(*rows, {"fp": 1.0, "fn": [1.0, 2.0]})


def test_net_benefit_follows_its_definition(rows):
    y, p = rows
    display = DecisionCurveDisplay.from_predictions(y, p, thresholds=[0.01, 0.1, 0.5])
    for t, benefit, everyone in zip(display.threshold, display.net_benefit, display.flag_all, strict=True):
        flag, odds = p >= t, t / (1 - t)
        assert benefit == pytest.approx((flag & y).mean() - (flag & ~y).mean() * odds)
        assert everyone == pytest.approx(y.mean() - (~y).mean() * odds)
    with pytest.raises(InputError, match="thresholds"):
        DecisionCurveDisplay.from_predictions(y, p, thresholds=[0.0])
    with pytest.raises(InputError, match="probabilities"):
        DecisionCurveDisplay.from_predictions(y, p * 2)


def test_own_costs_have_their_place_on_the_cost_curve(rows):
    y, p = rows
    display = CostCurveDisplay.from_predictions(y, p, costs=COSTS)
    odds = y.mean() * COSTS.fn / ((1 - y.mean()) * COSTS.fp)
    assert display.here == pytest.approx(odds / (1 + odds))
    assert CostCurveDisplay.from_predictions(y, p).here is None
    with pytest.raises(CostError, match="class costs"):
        CostCurveDisplay.from_predictions(y, p, costs={"fp": 1.0, "fn": np.ones(y.size)})


@pytest.mark.parametrize(
    "name", ["BrierCurveDisplay", "CostCurveDisplay", "DecisionCurveDisplay", "ThresholdCostDisplay", "GainLiftDisplay"]
)
def test_curves_carry_their_band_and_can_leave_it_out(name, rows):
    display = DRAW[name](*rows)
    middle = next(
        getattr(display, k) for k in ("loss", "normalized_cost", "net_benefit", "cost", "recall") if hasattr(display, k)
    )
    assert np.all(display.low <= middle + 1e-12)
    assert np.all(middle <= display.high + 1e-12)
    assert len(display.ax_.collections) == 1
    assert not display.plot(band=False).ax_.collections


def test_lift_is_precision_over_prevalence_and_never_above_what_is_possible(rows):
    y, p = rows
    display = GainLiftDisplay.from_predictions(y, p, kind="lift")
    for rate, lift in zip(display.alert_rate[:50], display.lift[:50], strict=True):
        cut = np.sort(p)[::-1][round(rate * y.size) - 1]
        assert lift == pytest.approx(y[p >= cut].mean() / y.mean())
    assert display.lift_high.max() <= 1 / y.mean() + 1e-9
    assert np.all(display.high <= display.alert_rate / y.mean() + 1e-12)
    with pytest.raises(InputError, match="kind"):
        GainLiftDisplay.from_predictions(y, p, kind="loss")


def test_histograms_count_every_row_once_even_those_at_zero_and_one():
    y, p = np.array([0, 0, 1, 1, 0, 1]), np.array([0.0, 0.2, 1.0, 0.4, 1.0, 0.0])
    display = ScoreDensityDisplay.from_predictions(y, p, bins=5)
    assert display.positives.sum() == 3
    assert display.negatives.sum() == 3
    flat = ScoreDensityDisplay.from_predictions([0, 1], [1.0, 0.0])
    assert flat.positives.sum() == 1
    one_value = ScoreDensityDisplay.from_predictions([0, 1], [0.3, 0.3])
    assert one_value.negatives.sum() == 1
    with pytest.raises(InputError, match="sigmoid"):
        ScoreDensityDisplay.from_predictions([0, 1], [0.3, 1.3])


def test_confusion_counts_and_shares_stand_in_the_cells():
    display = ConfusionDisplay.from_predictions([0] * 90 + [1] * 10, [0] * 85 + [1] * 12 + [0] * 3)
    said = " ".join(t.get_text() for t in display.ax_.texts)
    for text in ("7", "3", "5", "85", "70.0% of its class", "5.6% of its class"):
        assert text in said
    ConfusionDisplay.from_predictions([0, 0], [0, 1])


def test_reliability_keeps_the_table_and_draws_bins_without_events(rows):
    y, p = rows
    display = ReliabilityDisplay.from_predictions(y, p, by="rows")
    assert display.table.rows.sum() == y.size
    ReliabilityDisplay.from_predictions([0, 0, 0, 1], [0.01, 0.02, 0.5, 0.5], n_bins=2)
    ReliabilityDisplay.from_predictions([0, 0, 0, 0], [0.01, 0.02, 0.5, 0.5], n_bins=2)


def test_the_chosen_threshold_lies_within_its_bootstrap_interval(rows):
    display = ThresholdStabilityDisplay.from_predictions(*rows, Maximize("f1"), n_bootstrap=200, random_state=1)
    assert display.stability.low <= display.chosen <= display.stability.high


def test_long_curves_are_thinned_but_keep_both_ends():
    index = thinned(np.arange(100_000))
    assert index.size <= 1000
    assert (index[0], index[-1]) == (0, 99_999)
    assert thinned(np.arange(5)).tolist() == [0, 1, 2, 3, 4]


def test_odds_axes_have_round_ends_and_readable_labels():
    assert round_odds([0.002, 0.3]) == (0.001, 0.5)
    assert round_odds([0.0, 1.0]) == (0.001, 0.999)
    assert round_odds([0.1, 0.1])[0] < 0.1 < round_odds([0.1, 0.1])[1]
    _, ax = plt.subplots()
    odds_axis(ax.xaxis, 0.001, 0.9)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["0.1%", "1%", "10%", "50%", "90%"]
    odds_axis(ax.xaxis, 0.1, 0.5)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["10%", "20%", "30%", "50%"]


def test_a_display_answers_with_the_numbers_of_its_curve_and_draws_as_it_is_told(rows):
    display = BrierCurveDisplay.from_predictions(*rows, band=False, color="red", name="a model")
    assert display.name == "a model"
    assert display.low is display.curve.low
    assert not display.ax_.collections
    assert display.ax_.lines[0].get_color() == "red"
    assert pickle.loads(pickle.dumps(BrierCurveDisplay(display.curve))).level == display.level
    assert BrierCurveDisplay(display.curve).ax_ is None
    with pytest.raises(AttributeError, match="recall"):
        display.recall
    with pytest.raises(TypeError, match="colour"):
        BrierCurveDisplay.from_predictions(*rows, colour="red")


def test_every_display_is_also_a_name_of_the_room():
    from rareclass import report

    for name in displays.__all__:
        assert getattr(report, name) is getattr(displays, name)
