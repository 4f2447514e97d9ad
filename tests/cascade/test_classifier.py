"""The cascade on the one road: the gate keeps its promise, probabilities stay right, bundles score as models do."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks
from tests.treatments.known import line

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.audit import Subject, audit_subject
from rareclass.cascade import CascadeClassifier
from rareclass.data.read import read_table
from rareclass.decisions import Tier, TierPolicy
from rareclass.errors import InputError, RareclassWarning, TargetError, TooFewEventsError
from rareclass.kernels.intervals import clopper_pearson
from rareclass.kernels.logits import sigmoid
from rareclass.learners import QuantileLogisticRegression
from rareclass.lifecycle import replay
from rareclass.scoring import Scorer
from rareclass.scoring.contributions import contributions
from rareclass.scoring.drivers import what_drives

COSTS = {"fp": 1.0, "fn": 60.0}
PLAIN = {"judge": "logistic_regression", "judge_treatment": "none"}


EXPECTED_TO_FAIL = {
    "check_sample_weight_equivalence_on_dense_data": "folds are dealt by row, and a weight is no number of rows",
    "check_sample_weight_equivalence_on_sparse_data": "sparse matrices are refused",
}


ONE_PENALTY = QuantileLogisticRegression(C=1.0)  # nothing to search for: a quarter of the seconds


@parametrize_with_checks(
    # few events are enough for so modest a promise
    [CascadeClassifier(ONE_PENALTY, ONE_PENALTY, gate_recall=0.5, confidence=0.6, cv=2, judge_treatment="none")],
    expected_failed_checks=lambda estimator: EXPECTED_TO_FAIL,
)
@pytest.mark.filterwarnings("ignore::rareclass.errors.RareclassWarning")
def test_it_passes_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def fitted():
    X, y, z = line(20_000, seed=1)
    return CascadeClassifier(**PLAIN, gate_recall=0.85, cv=2).fit(X, y, costs=COSTS), X, y, z


def test_the_gate_keeps_its_recall_on_new_rows(fitted):
    model = fitted[0]
    X, y, _ = line(60_000, seed=2)
    kept = model.passes(X)[y]
    # the promise holds with 95 % confidence; the new events are a sample, too
    assert clopper_pearson(kept.sum(), kept.size, 0.99)[1] >= 0.85
    assert model.gate_recall_ >= 0.85
    assert model.passed_ < 0.7
    assert model.passes(X).mean() == pytest.approx(model.passed_, abs=0.05)


def test_probabilities_sum_to_the_events(fitted):
    model, X, y, _ = fitted
    p = model.predict_proba(X)
    assert p[:, 1].sum() == pytest.approx(y.sum(), rel=4 / np.sqrt(y.sum()))
    assert np.unique(p[~model.passes(X), 1]).size == 1
    assert p[~model.passes(X), 1].mean() < y.mean()
    np.testing.assert_allclose(p.sum(axis=1), 1)


def test_tiers_are_names_by_the_decision(fitted):
    model, X, *_ = fitted
    np.testing.assert_array_equal(model.tier(X) == "alert", model.predict(X))
    assert set(model.tier(X)) == {"allow", "alert"}


def test_the_summary_says_what_the_gate_promises(fitted):
    model, _, y, _ = fitted
    said = model.summary()
    g = model.model_.evidence["gate"]
    for part in (
        f"from {model.gate_threshold_:+.3f} log-odds on",
        f"{model.passed_:.3%} of the rows",
        f"lets {g['lost']} of {int(y.sum())} events go",
        f"at least {model.gate_recall_:.3f} with confidence 0.95",
        "Second stage: fitted on",
    ):
        assert part in said


def test_its_bundle_scores_passes_and_is_replayed_as_the_model(fitted, tmp_path):
    model, X, y, _ = fitted
    bundle = Bundle(model, recipe={"rows": int(y.size)}, rows=X)
    assert bundle.scorer.exact, bundle.scorer.why_not
    bundle.save(tmp_path / "b")
    same = Bundle.load(tmp_path / "b")
    assert type(same.model) is CascadeClassifier
    np.testing.assert_allclose(same.model.positive_logit(X), model.positive_logit(X), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(same.model.passes(X), model.passes(X))
    assert same.model.gate_threshold_ == model.gate_threshold_
    assert same.model.summary() == model.summary()
    table = read_table(X)
    again = replay(same, table, y, costs=COSTS)
    np.testing.assert_array_equal(again.model.passes(table), model.passes(X))
    assert again.model.summary() == model.summary()


def test_slices_are_kept_through_fit_tiers_bundle_and_scorer(tmp_path):
    """Shifts by slice are those of the road, and model, bundle and compiled scorer give the same rows the same."""
    X, _, z = line(12_000, seed=8)
    shop = np.array(["n", "s", "w"])[np.arange(12_000) % 3]
    z = z + 2 + 2 * (shop == "s") - 2 * (shop == "n")
    y = np.random.default_rng(0).random(12_000) < sigmoid(z)
    rows = pa.table({"a": X[:, 0], "b": X[:, 1], "shop": shop})
    stages = {"gate": "logistic_regression", **PLAIN, "gate_recall": 0.5}
    policy = TierPolicy([Tier("allow"), Tier("review", cost=1, prevents=0.8), Tier("block", cost_fp=9)])
    model = CascadeClassifier(**stages, slices="shop", tiers=policy, cv=3).fit(rows, y, costs=COSTS)
    table = model.model_.slices.table
    assert table.heterogeneity < 0.01  # rows that are let go share one probability, whatever their shop; shifts mend it
    assert np.ptp([row.shift for row in table.slices]) > 0.05
    assert set(model.tier(rows)) == set(policy.names)
    Bundle(model, rows=rows).save(tmp_path / "b")
    bundle, scorer = Bundle.load(tmp_path / "b"), Scorer.load(tmp_path / "b")
    for found in (bundle.model.positive_logit(rows), scorer.logit(rows), Scorer.from_model(model).logit(rows)):
        np.testing.assert_allclose(found, model.positive_logit(rows), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(scorer.tier(rows), model.tier(rows))
    np.testing.assert_array_equal(bundle.model.tier(rows), model.tier(rows))
    assert bundle.model.slices_.equals(model.slices_)
    parts = scorer.contributions(rows.slice(0, 200))
    np.testing.assert_allclose(parts.sum(axis=1), scorer.logit(rows.slice(0, 200)), atol=1e-9)


def test_what_moves_the_gate_is_measured_over_events_and_over_all_rows(fitted):
    model, X, *_ = fitted
    bundle = Bundle(model, rows=X)
    scorer, sample = bundle.scorer, model.model_.sample
    found = what_drives(model.model_, scorer, sample, part="rows").gate
    assert [c.name for c in found] == ["x0", "x1"]
    encoded = scorer.encoded(sample.table).matrix
    own = contributions(scorer.member.members[0], encoded)
    for j, driver in enumerate(found):
        assert driver.events.estimate == pytest.approx(np.abs(own[sample.events, j]).mean())
        assert driver.rows.estimate == pytest.approx(np.abs(own[sample.evenly, j]).mean())
        assert driver.events.low < driver.events.estimate < driver.events.high


def test_it_is_cloned_with_what_was_asked_for():
    asked = CascadeClassifier("xgboost", "lightgbm", gate_recall=0.9, gate_trees=9, judge_cost=2.0, cv=3)
    same = clone(asked)
    assert same.get_params() == asked.get_params()
    assert same.estimator.get_params()["gate_trees"] == 9
    assert same.fit_rows is None


def test_groups_reach_the_inner_folds(fitted):
    _, X, y, _ = fitted
    model = CascadeClassifier(**PLAIN, gate_recall=0.8, cv=2)
    model.fit(X[:20_000], y[:20_000], groups=np.arange(20_000) // 10, costs=COSTS)
    learner = model.model_.arm.learner
    assert learner.placed_.independent < learner.placed_.events  # some events share a group
    assert learner.groups is None  # what belongs to the rows does not travel with the model
    assert learner.costs is None


@pytest.mark.filterwarnings("ignore::rareclass.errors.RareclassWarning")
def test_the_audit_of_a_cascade_is_clean():
    X, y, _ = line(3_000, seed=6)
    z = X @ [1.5, -1.0]
    y = z + np.random.default_rng(0).logistic(size=z.size) > 4  # events enough for three folds of a modest promise
    model = CascadeClassifier("logistic_regression", gate_recall=0.5, cv=2, **PLAIN)
    assert [f.code for f in audit_subject(Subject(model, X, y, cv=3))] == []


def test_a_promise_that_the_events_cannot_keep_names_the_number_it_takes():
    X, y, _ = line(4000, seed=3)
    with pytest.raises(TooFewEventsError, match=r"149 events are needed"):  # ln 0.05 / ln 0.98
        CascadeClassifier().fit(X, y)


def test_copies_of_events_carry_no_promise():
    X, y, _ = line(4000, seed=3)
    events = np.flatnonzero(y)
    rows = np.concatenate([np.arange(4000), np.tile(events, 200 // events.size + 1)])
    with pytest.raises(TooFewEventsError, match=rf"^{events.size} events cannot"):
        CascadeClassifier("logistic_regression", **PLAIN, cv=2).fit(X[rows], y[rows])


def test_a_perfect_gate_leaves_the_judge_negatives_to_learn_from():
    X = np.random.default_rng(0).normal(size=(3000, 1))
    y = X[:, 0] > 2
    model = CascadeClassifier("logistic_regression", **PLAIN, gate_recall=0.9, cv=3).fit(X, y)
    g = model.model_.evidence["gate"]
    assert g["passed"] * 3000 >= 2 * y.sum()
    assert model.predict(X)[y].mean() > 0.8


def test_a_gate_that_knows_nothing_and_a_judge_that_never_fires_are_said():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(3000, 2)), rng.random(3000) < 0.05
    model = CascadeClassifier("logistic_regression", **PLAIN, gate_recall=0.97, cv=2)
    with pytest.warns(RareclassWarning) as said:
        model.fit(X, y)
    sentences = " ".join(str(w.message) for w in said)
    assert "The gate lets 9" in sentences
    assert "flags no row out of fold" in sentences


def test_by_cost_no_recall_is_promised():
    X, y, _ = line(8000, seed=3)
    model = CascadeClassifier("logistic_regression", **PLAIN, judge_cost=0.1, cv=2).fit(X, y, costs=COSTS)
    assert 0 < model.passed_ < 0.9
    assert isinstance(model, RareClassifier)


@pytest.mark.parametrize("bad", [{"gate_recall": 1.0}, {"gate_recall": 0}, {"confidence": 2}])
def test_impossible_parameters_are_refused(bad):
    X, y, _ = line(4000)
    with pytest.raises(InputError, match=next(iter(bad))):
        CascadeClassifier(**bad).fit(X, y)


def test_several_classes_need_one_that_is_rare():
    X, _, _ = line(300)
    with pytest.raises(TargetError, match="pos_label"):
        CascadeClassifier().fit(X, np.arange(300) % 3)
