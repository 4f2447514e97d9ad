"""What drives a model: means and intervals of contributions, ranks, effects and reasons, against brute force."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.evaluation import compare
from rareclass.evaluation.judge import Judged
from rareclass.fitting.sample import ROWS, RowSample
from rareclass.scoring import ReasonRules, Scorer
from rareclass.scoring.drivers import (
    EFFECT_ROWS,
    POINTS,
    TESTED,
    TRAINED,
    drawn_ranks,
    explained,
    mean_intervals,
    measure_drivers,
    what_drives,
    with_drivers,
)


def rows(n=2_000, seed=0):
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=n), rng.normal(size=n)
    shop = np.array(["a", "b", "c"])[rng.integers(0, 3, n)]
    y = rng.random(n) < 1 / (1 + np.exp(3.2 - 1.5 * x - 1.2 * (shop == "b")))
    z[::7] = np.nan
    return pa.table({"x": x, "z": z, "shop": shop, "same": np.ones(n), "flag": rng.random(n) < 0.3}), y


@pytest.fixture(scope="module")
def fitted():
    table, y = rows()
    model = RareClassifier("lightgbm", treatment="none", cv=2).fit(table, y)
    return model, Scorer.from_model(model, table), table, y


def found(fitted, seed=0, n=2_000, **beside):
    model, scorer, table, y = fitted
    sample = RowSample.of(table.slice(0, n), y[:n], seed=seed, **beside)
    return what_drives(model.model_, scorer, sample, part=TRAINED)


def test_means_are_those_of_all_contributions_where_all_rows_are_few_enough(fitted):
    _, scorer, table, y = fitted
    drivers, few, y = found(fitted, n=ROWS), table.slice(0, ROWS), y[:ROWS]
    size = np.abs(scorer.contributions(few)[:, :-1])
    assert (drivers.rows, drivers.events) == (ROWS, y.sum())
    for c in drivers.columns:
        j = scorer.columns.index(c.name)
        assert c.events.estimate == pytest.approx(size[y, j].mean(), rel=1e-12)
        assert c.rows.estimate == pytest.approx(size[:, j].mean(), rel=1e-12)
        assert c.events.low <= c.events.estimate <= c.events.high
    assert {c.name for c in drivers.columns[:2]} == {"x", "shop"}
    assert drivers.columns[0].rank_low == 1
    assert drivers.columns[0].first == 1
    assert "same" not in [c.name for c in drivers.columns]
    assert len(drivers.columns) + drivers.unused == len(scorer.columns)


def test_weights_and_groups_reach_the_means(fitted):
    _, scorer, table, y = fitted
    weight, groups = np.where(y, 1.0, 3.0), np.arange(y.size) // 40
    drivers = found(fitted, n=ROWS, weight=weight, groups=groups)
    size, w = np.abs(scorer.contributions(table.slice(0, ROWS))[:, :-1]), weight[:ROWS]
    c = next(c for c in drivers.columns if c.name == "x")
    assert c.rows.estimate == pytest.approx(np.average(size[:, scorer.columns.index("x")], weights=w), rel=1e-12)
    (wanted,) = mean_intervals(size[:, [scorer.columns.index("x")]], w, groups[:ROWS])
    assert (c.rows.low, c.rows.high) == (wanted.low, wanted.high)


def test_weights_count_as_repeated_rows():
    rng = np.random.default_rng(0)
    values, weight = rng.random((40, 3)), rng.integers(1, 4, 40)
    once = mean_intervals(values, weight.astype(float), np.arange(40))
    again = mean_intervals(np.repeat(values, weight, axis=0), np.ones(weight.sum()), np.repeat(np.arange(40), weight))
    assert [v.estimate for v in once] == pytest.approx([v.estimate for v in again], rel=1e-12)
    assert [v.high for v in once] == pytest.approx([v.high for v in again], rel=1e-12)


def test_intervals_of_means_cover_with_few_events_and_with_groups():
    rng = np.random.default_rng(1)
    runs, hit, of_groups = 1_500, 0, 0
    for _ in range(runs):
        of_rows = mean_intervals(rng.gamma(4.0, 0.25, (12, 1)), np.ones(12), np.arange(12))[0]
        hit += 1.0 in of_rows
        shared = np.repeat(rng.gamma(4.0, 0.25, (12, 1)), 5, axis=0)
        of_groups += 1.0 in mean_intervals(shared, np.ones(60), np.repeat(np.arange(12), 5))[0]
    # 12 skewed values: the t interval is known to cover a little less than 95 %
    assert min(hit, of_groups) / runs > 0.91


def test_a_lone_unit_has_no_interval():
    only = mean_intervals(np.array([[1.0], [3.0]]), np.ones(2), np.array([7, 7]))[0]
    assert only.estimate == 2.0
    assert np.isnan(only.low)
    assert np.isnan(only.high)


def test_ranks_over_rows_drawn_anew_tell_sure_columns_from_equal_ones():
    rng = np.random.default_rng(2)
    values = np.column_stack([5 + rng.random(60), rng.random(60), rng.random(60), np.zeros(60), np.zeros(60)])
    ranks = drawn_ranks(values, np.ones(60), np.arange(60), rng)
    assert (ranks[:, 0] == 1).all()
    assert set(ranks[:, 1]) == set(ranks[:, 2]) == {2, 3}
    assert (ranks[:, 3:] == 4).all()  # ties share the best rank


def test_effects_are_partial_dependence(fitted):
    _, scorer, table, _ = fitted
    few = table.slice(0, EFFECT_ROWS)
    drivers = found(fitted, n=EFFECT_ROWS)
    own = scorer.logit(few).mean()
    effects = {e.name: e for e in drivers.effects}
    assert {"x", "shop", "flag"} <= effects.keys()
    assert effects["flag"].labels == ["false", "true"]
    for e in effects.values():
        given = e.labels or e.values
        assert len(given) == len(e.change) == len(e.share)
        for value, change in [
            *zip(given, e.change, strict=True),
            *([(None, e.missing)] if e.missing is not None else []),
        ]:
            kind = table.schema.field(e.name).type
            at = few.column_names.index(e.name)
            value = value == "true" if kind == pa.bool_() and value is not None else value
            same = few.set_column(at, e.name, pa.array([value] * few.num_rows, kind))
            assert change == pytest.approx(scorer.logit(same).mean() - own, abs=1e-9)
    assert sum(effects["x"].share) == pytest.approx(1)
    assert len(effects["x"].values) <= POINTS
    counts = {v: np.mean(few["shop"].to_numpy(zero_copy_only=False) == v) for v in "abc"}
    assert dict(zip(effects["shop"].labels, effects["shop"].share, strict=True)) == pytest.approx(counts)


def test_missing_values_have_an_effect_of_their_own(fitted):
    effects = {e.name: e for e in found(fitted).effects}
    assert effects["x"].missing is None
    if "z" in effects:
        assert effects["z"].missing is not None
        assert sum(effects["z"].share) == pytest.approx(6 / 7, abs=0.02)


def test_the_highest_scored_rows_come_with_reasons(fitted):
    model, scorer, table, y = fitted
    numbers = np.arange(y.size) + 100
    top = explained(model.model_, scorer, table, Judged(y=y), numbers)
    p = scorer.probability(table)
    best = np.argsort(-p, kind="stable")[:10]
    assert [r.row for r in top] == numbers[best].tolist()
    assert [r.event for r in top] == y[best].tolist()
    assert [r.probability for r in top] == p[best].tolist()
    assert [r.alert for r in top] == (p[best] >= model.decision_.threshold).tolist()
    wanted = scorer.explain(table.take(best), k=4)
    assert [[x.text for x in r.reasons] for r in top] == [[x.text for x in r] for r in wanted]


def test_it_depends_on_rows_and_seed_only(fitted):
    assert found(fitted, seed=3) == found(fitted, seed=3)
    assert found(fitted, seed=3) != found(fitted, seed=4)


def test_a_summary_measures_it_once_on_training_rows(tmp_path):
    table, y = rows()
    model = RareClassifier("logistic_regression", treatment="none", cv=2).fit(table, y)
    assert "drivers" not in model.model_.evidence
    before = model.model_
    assert "What drives it: x " in model.summary()
    assert model.model_ is before
    drivers = model.model_.evidence["drivers"]
    measure_drivers(model)
    assert model.model_.evidence["drivers"] is drivers
    Bundle(model).save(tmp_path / "m")
    loaded = Bundle.load(tmp_path / "m")
    assert loaded.model.summary() == model.summary()
    assert "| x | " in loaded.card[loaded.card.index("## What drives it") :]


def test_where_the_model_is_not_compiled_it_is_said_why(tmp_path):
    table, y = rows(400)
    model = RareClassifier(LogisticRegression(), treatment="none", cv=2).fit(table.select(["x", "flag"]), y)
    assert "What drives it" not in model.summary()
    assert "LogisticRegression" in model.model_.evidence["drivers"]["why_not"]
    bundle = Bundle(model)
    bundle.save(tmp_path / "m")
    assert "Not known: the model is not compiled (a LogisticRegression" in bundle.card


def test_a_comparison_is_driven_by_what_the_test_part_shows_and_its_champion_says_so():
    table, y = rows()
    compared = compare(table, y, learners=["logistic_regression"], treatments=["none"], folds=2, n_jobs=1)
    once = with_drivers(compared)
    assert with_drivers(once) is once
    assert once.drivers.part == TESTED
    assert once.record().drivers == once.drivers
    assert once.drivers.columns[0].name == "x"
    assert len(once.drivers.top) == 10
    tested = set(compared.design.split.test.tolist())
    assert {r.row for r in once.drivers.top} <= tested
    assert "What drives it: x " in once.best_model_.summary()
    whole = compare(table, y, learners=["logistic_regression"], treatments=["none"], folds=2, n_jobs=1, test_share=0)
    whole = with_drivers(replace(whole, drivers=None))
    assert whole.drivers.part == TRAINED
    assert whole.drivers.top == []


@pytest.fixture(scope="module")
def thrice():
    """One signal in three columns, of which two are equal, and another signal."""
    rng = np.random.default_rng(4)
    x, z = rng.normal(size=(2, 600))
    y = rng.random(600) < 1 / (1 + np.exp(2.5 - 1.5 * x - 0.8 * z))
    table = pa.table({"amount": x, "copy": x, "z": z, "eur": x * 1.1})
    model = RareClassifier("logistic_regression", treatment="none", cv=2).fit(table, y)
    return model, table, y


@pytest.mark.parametrize("factor", [1.0, 1e8, 1e-8])
def test_columns_that_differ_by_rounding_only_tie(factor):
    rng = np.random.default_rng(5)
    x = rng.random(80) * factor
    values = np.column_stack([x, x / 3 * 3 * (1 + 2e-16), x * 1.1 / 1.1, x / 2, x / 2 * (1 + 1e-6)])
    ranks = drawn_ranks(values, np.ones(80), np.arange(80), rng)
    assert (ranks[:, :3] == 1).all()
    assert (ranks[:, 3] == 5).all()
    assert (ranks[:, 4] == 4).all()


def test_equal_columns_share_their_rank(thrice):
    model, table, y = thrice
    scorer = Scorer.from_model(model, table, ReasonRules(groups={}))
    drivers = what_drives(model.model_, scorer, RowSample.of(table, y), part=TRAINED)
    ranks = {c.name: (c.rank_low, c.rank_high) for c in drivers.columns}
    assert ranks["amount"] == ranks["copy"]
    assert ranks["amount"][0] == ranks["amount"][1]
    assert not drivers.grouped


def test_columns_that_are_one_reason_are_one_driver(thrice):
    model, table, y = thrice
    scorer = Scorer.from_model(model, table)
    sample = RowSample.of(table, y)
    drivers = what_drives(model.model_, scorer, sample, part=TRAINED)
    group = "amount, copy, eur"
    assert [(c.name, c.kind) for c in drivers.columns] == [(group, "group"), ("z", "number")]
    parts = scorer.contributions(sample.table, rules=scorer.rules)
    size = np.abs(parts[:, scorer.rules.names(scorer.columns).index(group)])
    assert drivers.columns[0].events.estimate == pytest.approx(size[sample.events].mean(), rel=1e-12)
    assert drivers.columns[0].rows.estimate == pytest.approx(size[sample.evenly].mean(), rel=1e-12)
    assert (drivers.columns[0].rank_low, drivers.columns[0].rank_high) == (1, 1)
    assert drivers.unused == 0
    assert [e.name for e in drivers.effects] == ["amount", "z"]  # of tied columns the first


def test_card_and_summary_drive_by_the_groups_of_the_reasons(thrice, tmp_path):
    model, table, _ = thrice
    assert "What drives it: amount, copy, eur " in model.summary()
    bundle = Bundle(model, rows=table, reasons=ReasonRules(groups={"money": ["amount", "eur", "copy"]}))
    bundle.save(tmp_path / "m")
    driven = bundle.card[bundle.card.index("## What drives it") :]
    assert "| money | " in driven
    assert "| amount | " not in driven
    assert "one reason" in driven
    assert "What drives it: money " in model.summary()
