"""The seven ways are read from the scores out of fold, and no row has a part in its own threshold."""

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console
from sklearn.metrics import f1_score, precision_score, recall_score

from rareclass.decisions import CostMatrix, RowCosts
from rareclass.errors import InputError
from rareclass.evaluation import compare
from rareclass.evaluation.seven_ways import NO_COSTS, WAYS, preset, preset_options, seven_ways_of
from rareclass.report.html import render_html
from rareclass.report.terminal import render_terminal

COSTS = CostMatrix(fp=1, fn=20)


@pytest.fixture(scope="module")
def comparison():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1500, 2))
    y = rng.random(1500) < 1 / (1 + np.exp(3.5 - 1.5 * X[:, 0] - X[:, 1]))
    return compare(X, y, learners=preset("logistic_regression"), costs=COSTS, folds=3, n_jobs=1)


@pytest.fixture(scope="module")
def record(comparison):
    return seven_ways_of(comparison)


def judged(comparison, way):
    """Truth, scores as they were fitted, and folds of the arm of a way."""
    arm = comparison[f"logistic_regression+{WAYS[way][0]}"]
    y = comparison.design.rows.y[comparison.design.split.scored]
    return y, arm, arm.scores.as_fitted, arm.scores.oof.fold


def numbers(record, way):
    return {k: v.estimate for k, v in next(w for w in record.ways if w.way == way).numbers.items()}


def test_all_seven_stand_in_the_textbooks_order(record):
    assert [w.way for w in record.ways] == [*WAYS]
    assert not record.notes


@pytest.mark.parametrize("way", ["none", "over-sampling", "under-sampling", "SMOTE", "weights"])
def test_the_first_five_alarm_at_one_half_of_what_the_learner_says(comparison, record, way):
    y, _, said, _ = judged(comparison, way)
    found = numbers(record, way)
    assert found["f1"] == pytest.approx(f1_score(y, said >= 0))
    assert found["recall"] == pytest.approx(recall_score(y, said >= 0))
    assert found["precision"] == pytest.approx(precision_score(y, said >= 0))
    assert found["expected_cost"] == pytest.approx(np.mean(20 * (y & (said < 0)) + (~y & (said >= 0))))


def test_the_tuned_threshold_is_the_best_of_the_other_folds(comparison, record):
    y, _, said, fold = judged(comparison, "weights + threshold")
    acted = np.zeros(y.size, dtype=bool)
    for one in np.unique(fold):
        others = fold != one
        events = said[others & y]  # F1 is best at the score of some event
        right = (events[:, None] >= events).sum(axis=0)
        alarms = (said[others][:, None] >= events).sum(axis=0)
        best = events[np.argmax(2 * right / (alarms + events.size))]
        acted[~others] = said[~others] >= best
    assert numbers(record, "weights + threshold")["f1"] == pytest.approx(f1_score(y, acted))


def test_the_cost_matrix_cuts_the_calibrated_probability(comparison, record):
    y, arm, _, _ = judged(comparison, "cost matrix")
    p = 1 / (1 + np.exp(-arm.logit))
    found = numbers(record, "cost matrix")
    assert found["recall"] == pytest.approx(recall_score(y, p >= 1 / 21))
    assert found["expected_cost"] == pytest.approx(arm.judgement.acted["expected_cost"].estimate)


def test_the_sentences_name_the_best_and_whom_they_surely_beat(record):
    costs = {w.way: w.numbers["expected_cost"].estimate for w in record.ways}
    assert [s.split(":")[0] for s in record.sentences] == ["Best F1", "Best cost"]
    best = min(costs, key=costs.get)
    assert record.sentences[1].startswith(f"Best cost: {best} (")
    assert "none" not in record.sentences[1]  # at one half it misses most events, which cost 20 each


def test_it_stands_in_results_report_and_terminal(comparison, record):
    results = replace(comparison, seven_ways=record).record()
    assert results.from_dict(results.to_dict()).seven_ways == record
    page = render_html(results)
    assert "Seven ways" in page
    assert record.sentences[1] in page
    for width in (80, 250):
        console = Console(file=io.StringIO(), width=width)
        render_terminal(results, console=console)
        said = console.file.getvalue()
        assert "weights + threshold" in said
        assert all(f"{w.numbers['f1'].estimate:.3f}" in said for w in record.ways)


def test_without_costs_errors_count_alike_and_that_is_said(comparison):
    costless = replace(comparison, design=replace(comparison.design, rows=replace(comparison.design.rows, costs=None)))
    found = seven_ways_of(costless)
    assert found.notes == [NO_COSTS]
    y, _, said, _ = judged(comparison, "none")
    assert numbers(found, "none")["expected_cost"] == pytest.approx(np.mean(y != (said >= 0)))


def test_costs_by_row_are_taken_row_by_row(comparison):
    rows, scored = comparison.design.rows, comparison.design.split.scored
    fn = np.linspace(2, 40, rows.y.size)
    own = replace(comparison.design, rows=replace(rows, costs=RowCosts(fp=np.ones(fn.size), fn=fn)))
    y, arm, _, _ = judged(comparison, "cost matrix")
    alarm = 1 / (1 + np.exp(-arm.logit)) >= 1 / (1 + fn[scored])
    spent = np.mean(np.where(y, fn[scored] * ~alarm, alarm))
    found = numbers(seven_ways_of(replace(comparison, design=own)), "cost matrix")
    assert found["expected_cost"] == pytest.approx(spent)


def test_an_arm_that_was_not_run_is_missed_and_said(comparison):
    kept = [r for r in comparison.results if "smote" not in r.name]
    found = seven_ways_of(replace(comparison, results=kept))
    assert "SMOTE" not in [w.way for w in found.ways]
    assert found.notes == ["SMOTE is missing: its arm was not run."]
    with pytest.raises(InputError, match="need the untreated arm"):
        seven_ways_of(replace(comparison, results=kept, asked=()))


def test_the_preset_names_arms_of_one_learner():
    arms = preset_options({"learners": "forest", "folds": 3})["learners"]
    assert {a.learner for a in arms} == {"forest"}
    assert preset_options({})["learners"][0].name == "lightgbm+none"
    for wrong in ({"treatments": "smote"}, {"decision": COSTS}, {"learners": "forest,lightgbm"}):
        with pytest.raises(InputError):
            preset_options(wrong)
