import json
from copy import copy
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.crossfit import Folds
from rareclass.data.encode import TableEncoder
from rareclass.data.read import read_table
from rareclass.data.schema import Schema
from rareclass.decisions import RecallAtLeast, Tier, TierPolicy
from rareclass.errors import CalibrationWarning, InputError, SchemaError
from rareclass.fitting.calibrate import cross_calibrated, cross_sliced
from rareclass.fitting.model import equal_costs_decision
from rareclass.fitting.slice_column import SliceColumn
from rareclass.fitting.slice_table import SlicedRows, slice_table
from rareclass.fitting.slices import Slices
from rareclass.kernels.logits import sigmoid
from rareclass.lifecycle import replay
from rareclass.scoring import Scorer
from rareclass.scoring.maps import SliceMap

COSTS = {"fp": 1.0, "fn": 30.0}
EFFECTS = np.array([1.1, -1.1, 0.4, -0.4])
HOW = {"treatment": "none", "calibration": "intercept"}


def world(n=4000, seed=0, effects=EFFECTS, named=True):
    """Columns, labels, true probabilities; the order of the slices says nothing of their events."""
    rng = np.random.default_rng(seed)
    number, x = rng.integers(0, len(effects), n), rng.normal(size=n)
    p = sigmoid(-3.2 + x + np.asarray(effects)[number])
    return {"x": x, "shop": [f"s{v}" for v in number] if named else number}, rng.random(n) < p, p


@pytest.fixture(scope="module")
def fitted():
    """A learner that reads the slice as a number, and so cannot know its events."""
    X, y, _ = world(8000, named=False)
    return RareClassifier(LogisticRegression(), slices="shop", **HOW).fit(X, y, costs=COSTS), X, y


def test_each_slice_expects_the_events_that_come_on_fresh_rows(fitted):
    model = fitted[0]
    X, _, p = world(40_000, seed=1, named=False)
    shop = np.array(X["shop"])
    whole = sigmoid(replace(model.model_, slices=None).logit(read_table(X))[0])
    found = model.predict_proba(X)[:, 1]
    ratios = np.array([[p[shop == s].sum() / q[shop == s].sum() for q in (whole, found)] for s in np.unique(shop)])
    assert np.abs(np.log(ratios[:, 1])).max() < 0.25 < np.abs(np.log(ratios[:, 0])).max()

    def cost(q):
        return np.where(q >= model.decision_.threshold, 1 - p, 30 * p).mean()

    assert cost(found) < cost(whole)


def test_tiers_that_are_cut_by_cost_are_the_cheapest_within_each_slice(fitted):
    """Probabilities are shifted, not cuts: one policy holds for all slices, and costs each less than by the whole."""
    policy = TierPolicy([Tier("allow"), Tier("review", cost=5, prevents=0.9), Tier("block", cost_fp=30)])
    tiered = copy(fitted[0]).cut_tiers(policy, {"fp": 30.0, "fn": 500.0})
    X, _, p = world(20_000, seed=1, named=False)

    def lines(q):
        return np.column_stack([500 * q, 5 + 50 * q, 30 * (1 - q)])

    shifted = tiered.predict_proba(X)[:, 1]
    whole = sigmoid(replace(tiered.model_, slices=None).logit(read_table(X))[0])
    best, unshifted = lines(shifted).argmin(axis=1), lines(whole).argmin(axis=1)
    np.testing.assert_array_equal(tiered.tier(X), np.array(["allow", "review", "block"])[best])
    truth, row = lines(p), np.arange(p.size)
    for slice_ in np.unique(X["shop"]):
        mine = X["shop"] == slice_
        assert truth[row, best][mine].mean() < 1.01 * truth[row, unshifted][mine].mean()
    assert truth[row, best].mean() < 0.98 * truth[row, unshifted].mean()


def test_the_table_says_what_is_known_of_each_slice(fitted):
    model, X, y = fitted
    table = model.slices_
    shop = np.array(X["shop"])
    whole = RareClassifier(LogisticRegression(), **HOW).fit(X, y).model_.oof_logit
    for row in table.to_dict("records"):
        mine = shop == int(row["name"])
        assert (row["rows"], row["events"]) == (mine.sum(), y[mine].sum())
        assert row["prevalence_low"] < row["prevalence"] == y[mine].mean() < row["prevalence_high"]
        before, after = (sigmoid(z)[mine].sum() for z in (whole, model.model_.oof_logit))
        assert row["before"] == pytest.approx(y[mine].sum() / before)
        assert row["observed_to_expected"] == pytest.approx(y[mine].sum() / after)
        flagged = sigmoid(model.model_.oof_logit)[mine] >= model.decision_.threshold
        assert row["alerts"] == flagged.sum()
        assert row["cost"] == pytest.approx(np.where(flagged, ~y[mine], 30 * y[mine]).mean())
    assert {"more events", "fewer events"} <= set(table["verdict"])
    said = model.summary()
    assert "Calibration by the whole differs between the slices of 'shop' (p <= 0.001)" in said
    assert "With a shift for each slice it is not shown to differ any more" in said
    assert "Slices save" in said


def test_no_row_is_shifted_by_its_own_label():
    rng = np.random.default_rng(0)
    number, score = rng.integers(0, 3, 600), rng.normal(-2, 1, 600)
    y = rng.random(600) < sigmoid(score + np.array([-1, 0, 1])[number])
    slices, folds = SliceColumn("shop", ("a", "b", "c"), number), Folds(np.arange(600) % 3)
    before, after = cross_sliced(score, y, folds, slices, method="none")
    np.testing.assert_array_equal(before, cross_calibrated(score, y, folds, method="none"))
    i = int(np.flatnonzero(y)[0])
    # another row of the same class in its stead keeps the deal of the parts, all but its own label
    z = score.copy()
    z[i] = 3.0
    moved = cross_sliced(z, y, folds, slices, method="none")
    assert moved[1][i] - moved[0][i] == pytest.approx(after[i] - before[i], abs=1e-12)
    assert (moved[1] - moved[0] != after - before).any()


def test_missing_and_unknown_slices_use_the_whole_where_none_were_fitted():
    X, y, _ = world(1500)
    fit = RareClassifier("logistic_regression", slices="shop", **HOW).fit(X, y).model_
    assert fit.slices.rest == 0.0
    fit = replace(fit, slices=replace(fit.slices, shift=np.array([0.5, -0.7, 0.2, -0.1])))
    rows = read_table({"x": [0.5, 0.5, 0.5], "shop": [None, "s99", "s0"]})
    moved = fit.logit(rows)[0] - replace(fit, slices=None).logit(rows)[0]
    shift = dict(zip(fit.slices.names, fit.slices.shift, strict=True))
    np.testing.assert_allclose(moved, [0.0, 0.0, shift["s0"]], atol=1e-12)


def test_rows_without_a_slice_are_calibrated_and_judged_as_one_more(tmp_path):
    X, y, _ = world(6000)
    shop = [None if name == "s0" else name for name in X["shop"]]
    mine = np.array([name is None for name in shop])
    x = LogisticRegression(C=1e-6)  # reads next to nothing, and no missing values
    rows = {"x": X["x"], "shop": [{"s1": 5, "s2": 1, "s3": 9}.get(name) for name in shop]}
    found = RareClassifier(make_pipeline(SimpleImputer(), x), slices="shop", **HOW).fit(rows, y, costs=COSTS)
    rest, table = found.model_.slices.rest, found.model_.slices.table
    assert rest > 0.3
    assert table.rest.shift == rest
    assert table.rest.verdict == "more events"
    assert table.rest.before.estimate > 1.4 > 1.1 > table.rest.observed_to_expected.estimate > 0.9
    assert "of 3 slice(s) and all other rows:" in found.summary()
    p = found.predict_proba(rows)[:, 1]
    assert y[mine].sum() / p[mine].sum() == pytest.approx(1, abs=0.1)
    Bundle(found).save(tmp_path / "b")
    few = {"x": list(rows["x"][:50]), "shop": rows["shop"][:50]}
    few["shop"][0] = 77  # unknown: among all other rows
    scorer, again = Scorer.load(tmp_path / "b"), Bundle.load(tmp_path / "b").model
    for fresh in (scorer.logit(pa.table(few)), again.positive_logit(few)):
        np.testing.assert_allclose(fresh, found.positive_logit(few), rtol=0, atol=1e-9)
    # what was saved before other rows had a shift is read
    saved = found.model_.slices.to_dict()
    del saved["rest"]
    assert Slices.from_dict(saved).rest == SliceMap.of(saved, 2).rest == 0.0


def test_a_slice_that_is_missing_when_rows_are_scored_is_a_sentence(fitted):
    with pytest.raises(SchemaError, match="lacks the column 'shop'"):
        fitted[0].predict({"x": [0.5]})


def test_a_bundle_keeps_slices_and_its_scorer_shifts_by_them(fitted, tmp_path):
    X, y, _ = world(1500)
    model = RareClassifier("logistic_regression", slices="shop", **HOW).fit(X, y, costs=COSTS)
    strong = replace(model.model_.slices, shift=np.array([0.5, -0.7, 0.2, -0.1]))
    model._set_model(replace(model.model_, slices=strong))
    Bundle(model).save(tmp_path / "b")
    rows = {"x": [0.5] * 4 + [None], "shop": ["s0", "s3", None, "s77", "s1"]}
    wanted = model.positive_logit(rows)
    scorer, again = Scorer.load(tmp_path / "b"), Bundle.load(tmp_path / "b").model
    assert scorer.exact
    np.testing.assert_allclose(scorer.logit(pa.table(rows)), wanted, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(scorer.logit({"x": 0.5, "shop": "s3"}), scorer.logit(pa.table(rows))[1:2])
    np.testing.assert_allclose(again.positive_logit(rows), wanted, rtol=0, atol=1e-9)
    assert again.slices == "shop"
    assert again.slices_.equals(model.slices_)
    assert "By shop, out of fold." in (tmp_path / "b" / "card.md").read_text()
    Bundle(again).save(tmp_path / "c")
    saved = [json.loads((tmp_path / name / "model.json").read_text())["slices"] for name in "bc"]
    assert saved[0] == saved[1]
    assert "Slices:" in again.summary()


def test_replay_slices_by_the_same_column(fitted):
    X, y, _ = world(1500, seed=5, named=False)
    newer = replay(Bundle(fitted[0], recipe={"rows": 1}), X, y, costs=COSTS)
    assert newer.model.slices == "shop"
    assert newer.model.slices_["rows"].sum() == 1500


def test_numbers_and_flags_name_slices_too():
    X, y, _ = world(3000)
    codes = {"x": X["x"], "shop": [int(s[1]) * 10 for s in X["shop"]]}
    found = RareClassifier(LogisticRegression(), slices="shop", **HOW).fit(codes, y)
    assert sorted(found.slices_["name"]) == ["0", "10", "20", "30"]
    flags = {"x": X["x"], "shop": [s in ("s0", "s2") for s in X["shop"]]}
    found = RareClassifier(LogisticRegression(), slices="shop", **HOW).fit(flags, y)
    assert found.model_.slices.values.tolist() == [0.0, 1.0]
    assert found.model_.slices.names == ("false", "true")


@pytest.mark.parametrize(
    ("slices", "error", "words"),
    [
        ("chop", SchemaError, r"`slices=chop` names no feature. The column of slices must be one of the features"),
        ("Shop", SchemaError, "names no feature. Did you mean 'shop'"),
        ("x", InputError, "4,000 different numbers. Cut it into a few ranges"),
        ("same", InputError, "one value in all rows"),
        ("day", InputError, "a column of dates"),
        ("id", SchemaError, r"names no feature \(it is left out: identifier\)"),
        (["shop"], InputError, "must be the name of one column"),
    ],
)
def test_columns_that_name_no_slices_are_refused(slices, error, words):
    X, y, _ = world()
    rows = {**X, "same": ["a"] * 4000, "id": [f"c{i}" for i in range(4000)]}
    rows["day"] = np.datetime64("2024-01-01") + np.arange(4000).astype("timedelta64[h]")
    with pytest.raises(error, match=words):
        RareClassifier(LogisticRegression(), slices=slices).fit(rows, y)


def test_thousands_of_slices_go_to_the_whole_and_that_is_said():
    X, y, _ = world(6000)
    rng = np.random.default_rng(0)
    rows = {"x": X["x"], "shop": [f"m{v}" if v < 1500 else "large" for v in rng.integers(0, 3000, 6000)]}
    found = RareClassifier(LogisticRegression(), slices="shop", **HOW).fit(rows, y)
    slices = found.model_.slices
    assert slices.pooled + len(slices.names) == len(set(rows["shop"]))
    assert f"{slices.pooled:,} more value(s) are among all other rows" in found.summary()
    assert found.slices_["rows"].sum() == 6000


def test_a_slice_without_events_is_shrunk_and_judged():
    X, y, _ = world()
    y = y & (np.array(X["shop"]) != "s1")
    found = RareClassifier(LogisticRegression(), slices="shop", **HOW).fit(X, y)
    row = found.slices_.set_index("name").loc["s1"]
    assert (row["events"], row["verdict"], row["before"], row["before_low"]) == (0, "fewer events", 0, 0)
    assert np.isfinite(row["shift"])
    assert row["shift"] < -1


def test_slices_that_do_not_differ_cost_nothing():
    X, y, _ = world(effects=np.zeros(4))
    found = RareClassifier(LogisticRegression(), slices="shop", **HOW).fit(X, y)
    assert np.abs(found.model_.slices.shift).max() < 0.2
    assert "is not shown to differ between the slices" in found.summary()
    assert set(found.slices_["verdict"]) <= {"cannot tell", "as expected"}


@pytest.mark.parametrize(
    ("events", "prior", "wanted"),
    [
        ((15, 7), 6.6, "39 %, which is no proof of any. Each is moved a little by its events"),
        ((30, 2), 6.6, "39 %. Each is shifted by its events"),
        ((11, 10), np.inf, "The estimated spread of slices beyond chance is 0, so none is shifted."),
    ],
)
def test_an_estimated_spread_is_not_taken_for_a_test(events, prior, wanted):
    number = np.repeat([0, 1], 1000)
    y = np.concatenate([np.arange(1000) < n for n in events])
    z = np.full(2000, np.log(y.mean() / (1 - y.mean())))
    rows = SlicedRows(number=number, y=y, before=z, after=z)
    table = slice_table("shop", ["a", "b"], rows, equal_costs_decision(), shift=np.zeros(3), prior_events=prior)
    assert wanted in " ".join(table.sentences)
    differs = any(row.verdict in ("more events", "fewer events") for row in table.slices)
    assert differs == (table.heterogeneity < 0.05) == (events == (30, 2))


def test_other_rules_hold_over_all_slices_together():
    X, y, _ = world(1500)
    found = RareClassifier(LogisticRegression(), slices="shop", decision=RecallAtLeast(0.7), **HOW).fit(X, y)
    assert "over all rows together, not within each slice" in found.summary()


def test_weights_and_groups_and_times_reach_the_slices():
    X, y, _ = world(1500)
    weight = np.random.default_rng(0).uniform(1, 3, y.size)
    grouped = RareClassifier(LogisticRegression(), slices="shop", **HOW)
    grouped.fit(X, y, weight, groups=np.arange(y.size) // 2)
    row = grouped.slices_.iloc[0]
    mine = np.array(X["shop"]) == row["name"]
    assert row["prevalence"] == pytest.approx(np.average(y[mine], weights=weight[mine]))
    timed = RareClassifier(LogisticRegression(), slices="shop", **HOW).fit(X, y, times=np.arange(y.size))
    assert 0 < timed.slices_["rows"].sum() < y.size


def test_in_time_order_slices_are_judged_where_earlier_rows_could_shift_them():
    """With the first tested part, which nothing earlier shifts, the slices seemed half as well calibrated."""
    X, y, _ = world(6000, named=False)
    parts = [(np.arange(k), np.arange(k, k + 1500)) for k in (1500, 3000, 4500)]
    found = RareClassifier(LogisticRegression(), slices="shop", cv=parts, **HOW).fit(X, y, times=np.arange(y.size))
    logit, table = found.model_.oof_logit, found.model_.slices.table
    assert sum(row.rows for row in table.slices) == 3000
    for row in table.slices:
        mine = np.flatnonzero((X["shop"] == int(row.name)) & (np.arange(6000) >= 3000))
        assert row.observed_to_expected.estimate == pytest.approx(y[mine].sum() / sigmoid(logit[mine]).sum())
    off = np.abs(np.log([[row.before.estimate, row.observed_to_expected.estimate] for row in table.slices]))
    assert off[:, 1].mean() < 0.6 * off[:, 0].mean()
    assert "from the second tested part on" in found.summary()


def test_too_few_events_to_hold_any_out_shift_nothing():
    X, y, _ = world(200)
    y = np.zeros(200, dtype=bool)
    y[3] = True
    with pytest.warns(CalibrationWarning):
        found = RareClassifier(LogisticRegression(), slices="shop").fit(X, y)
    assert "none is shifted, since events are too few" in found.summary()
    with pytest.raises(AttributeError, match="knows no slices"):
        _ = found.slices_


def test_damaged_slices_of_a_bundle_are_refused(fitted):
    model = fitted[0]
    for wrong in ({"at": 9}, {"at": True}, {"values": [0.0, 0.0, 1.0, 2.0]}, {"shift": [1.0]}, {"shift": ["a"] * 4}):
        saved = model.model_.slices.to_dict() | wrong
        with pytest.raises(InputError, match="saved slices"):
            SliceMap.of(saved, 2)


def test_a_column_is_numbered_by_its_values():
    table = pa.table({"shop": ["b", "a", None, "a"], "n": [3, 1, 2, 3]})
    schema = Schema.infer(table)
    found = SliceColumn.of(table, schema, "shop")
    assert [None if v < 0 else found.levels[v] for v in found.number] == ["b", "a", None, "a"]
    encoder = TableEncoder(schema, min_count=2).fit(table)
    assert [None if v < 0 else found.levels[v] for v in found.known_to(encoder).number] == [None, "a", None, "a"]
    found = SliceColumn.of(table, schema, "n").take(np.array([0, 2]))
    assert [found.levels[v] for v in found.number] == ["3", "2"]
