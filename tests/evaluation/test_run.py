"""The comparison on simulated data whose truth is known, and on real sets."""

import json
import os
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from tests.fitting.small import Failing

from rareclass.data.simulate import simulate_transactions
from rareclass.decisions import CostMatrix
from rareclass.errors import InputError
from rareclass.evaluation import compare
from rareclass.evaluation.plan import Plan
from rareclass.fitting.arm import Arm
from rareclass.kernels.logits import sigmoid
from rareclass.metrics.ranking import average_precision_score

DATA = Path(os.environ.get("RARECLASS_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
needs_data = pytest.mark.skipif(not (DATA / "index.json").is_file(), reason="the shared data sets are not here")
FEW = {"learners": ["lightgbm", "logistic_regression"], "n_jobs": 2}


@pytest.fixture(scope="module")
def world():
    """One world of customers and merchants, cut at random into rows to learn from and fresh ones."""
    return halves(simulate_transactions(32_000, prevalence=0.02, seed=3), 12_000)


def halves(s, first):
    order = np.random.default_rng(0).permutation(s.y.size)
    return [
        replace(s, table=s.table.take(rows), probability=s.probability[rows], label_time=s.label_time[rows])
        for rows in (np.sort(order[:first]), np.sort(order[first:]))
    ]


@pytest.fixture(scope="module")
def simulated(world):
    return world[0]


@pytest.fixture(scope="module")
def comparison(simulated):
    table = simulated.table.drop_columns([simulated.target, simulated.time, simulated.group])
    return compare(table, simulated.y, groups=simulated.groups, treatments=["none", "class_weight", "smote"],
                   costs=CostMatrix(fp=10, fn=300), **FEW)  # fmt: skip


def test_every_arm_is_judged_on_the_same_rows(comparison):
    seen = [np.isfinite(r.logit) for r in comparison.results]
    assert len(comparison.results) == 7
    assert all(np.array_equal(s, seen[0]) for s in seen)
    assert seen[0].all()


def test_no_group_and_no_row_crosses_a_split(comparison):
    split, groups = comparison.design.split, comparison.design.rows.groups
    assert np.intersect1d(split.dev, split.test).size == 0
    assert np.intersect1d(groups[split.dev], groups[split.test]).size == 0
    for train, test in split.parts:
        assert np.intersect1d(groups[split.dev][train], groups[split.dev][test]).size == 0


def test_probabilities_of_every_arm_are_at_the_real_prevalence(comparison):
    for r in comparison.results:
        assert 0.9 <= r.judgement.calibration["observed_to_expected"] <= 1.1, r.name
        if "library_default" not in r.name:
            gap = r.judgement.calibration["brier_skill_ceiling"] - r.judgement.calibration["brier_skill"]
            assert gap <= 0.01, r.name


def test_a_known_truth_is_met_on_fresh_rows(comparison, world):
    fresh = world[1]
    logit = comparison.best_model_.positive_logit(fresh.table)
    p = sigmoid(logit)
    # The model knows the prevalence from about 190 events: three standard errors are 22 %.
    assert abs(p.mean() - fresh.probability.mean()) < 3 / np.sqrt(190) * 0.02
    assert average_precision_score(fresh.y, logit) > 0.4 * fresh.best_average_precision
    flagged = comparison.best_model_.decision_.apply(p)
    true = fresh.probability
    cost = np.where(flagged, 10 * (1 - true), 300 * true).mean()
    best = np.where(true >= 1 / 31, 10 * (1 - true), 300 * true).mean()
    trivial = min(10 * (1 - true).mean(), 300 * true.mean())
    assert best <= cost < trivial


def test_the_exhibit_always_runs_and_the_baseline_is_guarded(comparison):
    names = {r.name for r in comparison.results}
    assert {"lightgbm_library_default+none", "lightgbm+none"} <= names
    assert comparison.baseline == "lightgbm+none"
    assert comparison["lightgbm+none"].verdict.word == "baseline"


def test_results_hold_what_is_promised(comparison):
    results = comparison.to_dict()
    text = json.dumps(results, default=float)
    assert json.loads(text)["schema_version"] == 1
    assert {"rows", "events", "prevalence", "pos_label", "target", "fingerprint"} <= set(results["data"])
    assert {"folds", "repeats", "split", "test_rows", "test_events", "seed"} <= set(results["design"])
    for arm in results["arms"]:
        assert {"estimate", "low", "high"} <= set(arm["metrics"]["average_precision"])
        assert {"observed_to_expected", "brier_skill", "brier_skill_ceiling"} <= set(arm["calibration"])
        assert {"rule", "threshold", "expected_cost"} <= set(arm["decision"])
        assert arm["verdict"] in ("helps", "no evidence", "hurts", "cannot tell", "baseline")
        if arm["verdict"] != "baseline":
            assert {"metric", "estimate", "low", "high", "probability_better"} <= set(arm["difference_to_baseline"])
    assert results["design"]["split"] == "group"


def test_the_threshold_follows_from_the_costs(comparison):
    assert comparison.best_model_.decision_.threshold == pytest.approx(10 / 310)


def test_the_same_seed_gives_the_same_numbers(simulated):
    table = simulated.table.drop_columns([simulated.target, simulated.time, simulated.group]).slice(0, 3000)
    y = simulated.y[:3000]
    runs = [compare(table, y, learners=["logistic_regression"], treatments=["none"], n_jobs=n) for n in (1, 2)]
    for a, b in zip(runs[0].results, runs[1].results, strict=True):
        assert a.name == b.name
        np.testing.assert_array_equal(a.logit, b.logit)


def test_permuting_test_labels_does_not_move_the_threshold(simulated):
    from rareclass.decisions import Maximize

    table = simulated.table.drop_columns([simulated.target, simulated.time, simulated.group]).slice(0, 4000)
    y = simulated.y[:4000].copy()
    how = {"learners": ["logistic_regression"], "treatments": ["none"], "decision": Maximize("f1"), "n_jobs": 1}
    first = compare(table, y, **how)
    changed = y.copy()
    changed[first.design.split.test] = np.random.default_rng(0).permutation(y[first.design.split.test])
    second = compare(table, changed, **how)
    if np.array_equal(first.design.split.test, second.design.split.test):
        assert first.best_model_.decision_.threshold == second.best_model_.decision_.threshold


def test_too_few_events_are_not_ranked():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = np.zeros(300, dtype=bool)
    y[np.argsort(-X[:, 0])[:8]] = True
    c = compare(X, y, learners=["logistic_regression"], n_jobs=1)
    assert not c.design.ranked
    assert c.design.split.test.size == 0
    assert {r.verdict.word for r in c.results} == {"baseline", "cannot tell"}
    assert "too few" in " ".join(c.design.notes).lower()


def test_noise_gives_no_winner():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(3000, 4))
    y = rng.random(3000) < 0.03
    c = compare(X, y, treatments=["none"], **FEW)
    ap = c["lightgbm+none"].average_precision
    assert ap.low <= 0.03 <= ap.high + 0.01
    assert c["logistic_regression+none"].verdict.word in ("cannot tell", "no evidence")


def test_drifting_prevalence_is_said_under_forward_splits():
    rng = np.random.default_rng(2)
    n = 6000
    X = rng.normal(size=(n, 2))
    y = rng.random(n) < np.linspace(0.02, 0.3, n) * (X[:, 0] > 0) * 2
    c = compare(X, y, time_ordered=True, treatments=["none"], **FEW)
    assert any("prevalence drifts" in w for w in c.design.warnings)
    for train, test in c.design.split.parts:
        assert train.max() < test.min()
    assert c.design.split.dev.max() < c.design.split.test.min()


@needs_data
def test_collapse_of_library_defaults_shows_on_smtp():
    from rareclass.data import load_data

    e = load_data("smtp")
    X = e.table.select([c for c in e.table.column_names if c != e.target])
    c = compare(X, e.table[e.target].to_numpy(), learners=["lightgbm"], treatments=["none"], n_jobs=2)
    collapsed = c["lightgbm_library_default+none"].average_precision.estimate
    guarded = c["lightgbm+none"].average_precision.estimate
    assert collapsed < 0.05
    assert guarded > 0.5
    assert "sampled negatives" in " ".join(c.design.notes)


class Talkative(LogisticRegression):
    """A classifier of another package that has something to say."""

    def fit(self, X, y, sample_weight=None):
        warnings.warn("the data look odd to me", UserWarning, stacklevel=2)
        return super().fit(np.nan_to_num(X), y, sample_weight)

    def predict_proba(self, X):
        return super().predict_proba(np.nan_to_num(X))


def test_what_other_packages_warn_of_stands_beside_the_arm_that_made_them():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(1000, 2))
    y = rng.random(1000) < 0.05
    with warnings.catch_warnings(record=True) as elsewhere:
        warnings.simplefilter("always")
        found = compare(X, y, learners=[Talkative(), "logistic_regression"], treatments=["none"], n_jobs=2)
    assert found["Talkative+none"].warnings.count("the data look odd to me") == 1
    assert "the data look odd to me" not in found["logistic_regression+none"].warnings
    assert "the data look odd to me" not in [str(w.message) for w in elsewhere]
    told = {arm["name"]: arm["warnings"] for arm in found.to_dict()["arms"]}
    assert "the data look odd to me" in told["Talkative+none"]


def test_a_column_that_gives_the_label_away_is_among_the_findings():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(1500, 2))
    y = rng.random(1500) < 0.05
    X[:, 1] = 100 * y + rng.normal(size=1500)
    found = compare(X, y, learners=["logistic_regression"], treatments=["none"], n_jobs=1)
    finding, without = found.findings
    assert finding.code == "column-too-good"
    assert "'x1'" in finding.title
    assert without.code == "without-named-columns"
    assert found.to_dict()["findings"] == [finding.to_dict(), without.to_dict()]


class SpeaksOfAllRows(LogisticRegression):
    """A classifier that has something to say of the fit on all development rows only."""

    def fit(self, X, y, sample_weight=None):
        if len(y) == 700:
            warnings.warn("all rows are odd", UserWarning, stacklevel=2)
        return super().fit(np.nan_to_num(X), y, sample_weight)


def test_what_is_said_while_the_champion_is_fitted_is_not_lost(monkeypatch):
    only = Plan(arms=[Arm(SpeaksOfAllRows())], baseline="SpeaksOfAllRows+none")
    monkeypatch.setattr("rareclass.evaluation.run.make_plan", lambda *args, **options: only)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(700, 2))
    found = compare(X, rng.random(700) < 1 / (1 + np.exp(3 - 2 * X[:, 0])), n_jobs=1, test_share=0)
    assert "all rows are odd" in found.warnings


def test_ranking_does_not_depend_on_the_calibration_of_the_parts():
    # five maps on five parts shuffled the ranking: average precision fell by a fifth at twenty events
    rng = np.random.default_rng(4)
    X = rng.normal(size=(1200, 4))
    y = rng.random(1200) < 1 / (1 + np.exp(5 - 1.5 * X[:, 0]))
    how = {"learners": ["logistic_regression"], "treatments": ["none", "class_weight"], "test_share": 0.0, "n_jobs": 1}
    found = [compare(X, y, calibration=name, **how) for name in ("none", "sigmoid", "isotonic")]
    for arm in found[0].results:
        ranked = [c[arm.name].average_precision for c in found]
        assert ranked[0] == ranked[1] == ranked[2]
        assert ranked[0].estimate == pytest.approx(average_precision_score(y, arm.ranking))
        differences = [c[arm.name].verdict.difference for c in found]
        assert differences[0] == differences[1] == differences[2]


def test_verdicts_of_many_arms_hold_together():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(800, 2))
    y = rng.random(800) < 0.06
    c = compare(X, y, learners=["logistic_regression"], treatments=["none", "class_weight"], n_jobs=1)
    levels = {r.verdict.difference.level for r in c.results if r.verdict.difference is not None}
    assert levels == {1 - 0.05 / 3}  # the exhibit, logistic regression as it is, and weighted
    assert "Verdicts on 3 arm(s) hold together at 95%" in c.to_dict()["design"]["notes"][0]


def test_a_limit_on_the_clock_says_what_it_cut_and_a_budget_what_it_left_out():
    rng = np.random.default_rng(6)
    X = rng.normal(size=(800, 2))
    y = rng.random(800) < 0.06
    how = {"learners": ["logistic_regression"], "treatments": ["none", "class_weight", "smote"], "n_jobs": 1}
    cut = compare(X, y, time_limit=0.0, **how)
    left = compare(X, y, budget=0.0, **how)
    names = ["logistic_regression+smote", "logistic_regression+class_weight"]
    assert [(s.name, "cut by the clock" in s.reason) for s in cut.not_run] == [(n, True) for n in names]
    assert [(s.name, "the budget of 0 s" in s.reason) for s in left.not_run] == [(n, True) for n in names]
    every = compare(X, y, **how)
    for r in left.results:  # an arm that runs is the same, whatever runs beside it
        np.testing.assert_array_equal(r.ranking, every[r.name].ranking)


def test_where_a_budget_holds_less_than_what_always_runs_it_is_fitted_on_fewer_rows_and_that_is_said():
    rng = np.random.default_rng(7)
    X = rng.normal(size=(6000, 2))
    y = rng.random(6000) < 0.1
    how = {"learners": ["logistic_regression"], "treatments": ["none"], "n_jobs": 1}
    short = compare(X, y, budget=1.0, **how)
    assert {r.scores.rows for r in short.results} == {1750}
    assert "The budget holds fits on 1,750 rows" in " ".join(short.to_dict()["data"]["notes"])
    assert short.results[0].judgement.calibration["observed_to_expected"] == pytest.approx(1, abs=0.1)


class Silent(LogisticRegression):
    """A classifier whose probabilities are no numbers."""

    def predict_proba(self, X):
        return np.full((len(X), 2), np.nan)


def test_an_arm_that_cannot_be_fitted_is_left_out_with_its_reason_and_the_others_go_on():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(800, 2))
    y = rng.random(800) < 0.06
    learners = [Failing(), Silent(), KNeighborsClassifier(), "logistic_regression"]
    found = compare(X, y, learners=learners, treatments=["none", "class_weight"], n_jobs=2)
    left = {s.name: s.reason for s in found.not_run}
    assert left["Failing+none"] == "its fit failed with ArithmeticError: nothing to be learnt"
    assert "not 128 finite numbers" in left["Silent+none"]
    assert "sample_weight" in left["KNeighborsClassifier+class_weight"]
    assert {"KNeighborsClassifier+none", "logistic_regression+class_weight"} <= {r.name for r in found.results}
    assert found.to_dict()["arms_not_run"][0]["name"] in left


def test_where_no_arm_that_was_asked_for_can_be_fitted_the_reason_is_the_error():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(800, 2))
    with pytest.raises(InputError, match=r"No arm that was asked for .* Failing\+none: .*nothing to be learnt"):
        compare(X, rng.random(800) < 0.06, learners=[Failing()], treatments=["none"], n_jobs=1)


class OutOfMemory(LogisticRegression):
    """A classifier that cannot hold all development rows."""

    def fit(self, X, y, sample_weight=None):
        if len(y) >= 700:
            raise MemoryError("too many rows")
        return super().fit(X, y, sample_weight)


def test_where_the_champion_cannot_be_fitted_on_all_rows_the_next_best_is_deployed():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(800, 2))
    y = rng.random(800) < 1 / (1 + np.exp(3 - X[:, 0]))
    how = {"treatments": ["none"], "test_share": 0.0, "n_jobs": 1}
    found = compare(X, y, learners=[OutOfMemory(), "logistic_regression"], **how)
    assert found.champion == "logistic_regression+none"
    assert "OutOfMemory+none could not be fitted on all rows (MemoryError: too many rows)" in found.warnings[0]
    assert "OutOfMemory+none" in [r.name for r in found.results]
    with pytest.raises(MemoryError):
        compare(X, y, learners=[OutOfMemory()], **how)


@pytest.mark.parametrize("scale", [1e-3, 7.3])
def test_the_scale_of_weights_changes_nothing(scale):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(600, 2))
    y = rng.random(600) < 1 / (1 + np.exp(2.5 - X[:, 0]))
    weight = rng.choice([1.0, 3.0], 600)
    how = {"learners": ["lightgbm", "logistic_regression"], "treatments": ["none"], "n_jobs": 1}
    one, other = (compare(X, y, sample_weight=w, **how) for w in (weight, scale * weight))
    for a, b in zip(one.results, other.results, strict=True):
        assert a.name == b.name
        np.testing.assert_allclose(b.logit, a.logit, rtol=1e-6, atol=1e-6)
        assert b.average_precision.low == pytest.approx(a.average_precision.low, rel=1e-6)
    equal, none = (compare(X, y, sample_weight=w, **how) for w in (np.full(600, scale), None))
    for a, b in zip(none.results, equal.results, strict=True):
        np.testing.assert_allclose(b.logit, a.logit, rtol=1e-9)
