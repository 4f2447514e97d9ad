"""Textbook says, measured here: the arm at the end of the flowchart is judged like all others; floors are answered."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from tests.fitting.small import points

from rareclass.decisions import Maximize, MinimumCost, PrecisionAtLeast, RecallAtLeast
from rareclass.decisions.costs import CostMatrix
from rareclass.errors import InputError
from rareclass.evaluation import compare, run
from rareclass.evaluation.judge import Judged
from rareclass.evaluation.plan import TREATED, Plan, make_plan
from rareclass.evaluation.results import SkippedRecord
from rareclass.evaluation.textbook import facts_of, floors_reached
from rareclass.fitting.arm import Arm, make_arm
from rareclass.kernels.logits import logit

SEVERE = "smote(ratio=0.1)+class_weight"
BASELINE, OTHER = Arm(LogisticRegression()), Arm(GaussianNB())


def names(plan):
    return [arm.name for arm in plan.arms]


@pytest.mark.parametrize(("advised", "arm"), [("class_weight", TREATED[1]), ("smote", TREATED[2])])
def test_an_arm_that_runs_already_is_named_and_not_run_twice(advised, arm):
    plan = make_plan(textbook=advised)
    assert plan.textbook == arm
    assert names(plan) == names(make_plan())


def test_another_one_runs_last_and_counts_among_the_rivals():
    plan = make_plan(textbook=SEVERE)
    assert plan.textbook == f"logistic_regression+{SEVERE}"
    assert names(plan) == [*names(make_plan()), plan.textbook]
    assert plan.rivals == make_plan().rivals + 1
    assert plan.asked == ()


def test_learners_that_were_named_get_it_and_may_win_with_it():
    plan = make_plan(["extra_trees", "random_forest"], textbook=SEVERE)
    assert plan.textbook == f"extra_trees+{SEVERE}"
    assert plan.textbook in plan.asked
    assert make_plan(["extra_trees"], textbook="smote").textbook == "extra_trees+smote"
    assert make_plan(["extra_trees"], textbook="smote").asked == make_plan(["extra_trees"]).asked
    assert make_plan(["blend"], textbook="smote").textbook == ""
    arms = [make_arm("lightgbm+none"), make_arm("lightgbm+class_weight")]  # each brings its treatment
    assert make_plan(arms, textbook=SEVERE).textbook == ""
    assert make_plan(arms, textbook="class_weight").textbook == "lightgbm+class_weight"


def test_treatments_that_were_named_are_kept_to_unless_it_is_named_too():
    assert make_plan(["extra_trees"], ["none"], textbook=SEVERE).textbook == ""
    assert make_plan(["extra_trees"], ["none", "smote"], textbook="smote").textbook == "extra_trees+smote"
    plan = make_plan("extra_trees", "none,textbook", textbook=SEVERE)
    assert plan.asked == ("extra_trees+none", f"extra_trees+{SEVERE}")
    assert plan.textbook == plan.asked[1]
    assert make_plan("extra_trees", "smote,textbook", textbook="smote").asked == ("extra_trees+smote",)
    with pytest.raises(InputError, match="magic"):
        make_plan("extra_trees", "textbook,magic")


def test_too_few_events_run_no_textbook():
    assert make_plan(ranked=False, textbook=SEVERE).textbook == ""
    assert names(make_plan(ranked=False, textbook=SEVERE)) == names(make_plan(ranked=False))


def compared(monkeypatch, **said):
    X, y = points(1000)
    plan = Plan(arms=[BASELINE, OTHER], baseline=BASELINE.name, **said)
    monkeypatch.setattr(run, "make_plan", lambda *_, **__: plan)
    return compare({"a": X[:, 0], "b": X[:, 1]}, y, decision=RecallAtLeast(0.6), folds=3, n_jobs=1, random_state=2)


@pytest.mark.parametrize("arm", [BASELINE, OTHER])
def test_the_record_names_the_arm_and_says_what_became_of_it(monkeypatch, arm):
    found = compared(monkeypatch, textbook=arm.name)
    said = found.textbook
    assert found["textbook"].name == arm.name == said.arm
    won = f"{arm.name} wins and is deployed. " if found.champion == arm.name else f"{arm.name} is not deployed, "
    assert said.measured.startswith(won)
    assert said.measured.endswith(found[arm.name].verdict.sentence)
    for judged in (found[arm.name], found[found.champion]) if found.champion != arm.name else ():
        assert f"{judged.average_precision.estimate:.3f} [" in said.measured
    assert [chart.name for chart in said.charts] == ["ratio", "ratio-and-size", "loop", "data"]
    assert found.record().textbook == said
    (floor,) = said.floors
    acted = found[found.champion].judgement.acted
    assert floor.reached
    assert (floor.recall, floor.precision) == (acted["recall"], acted["precision"])  # the decision's own threshold
    loop = said.charts[2].path
    assert (loop[1].answer, loop[-1].key) == ("yes", "precision")  # no floor on it was asked for


def test_an_arm_that_did_not_run_says_why(monkeypatch):
    late = [SkippedRecord(name="late", reason="no time")]
    said = compared(monkeypatch, textbook="late", not_run=late).textbook
    assert said.measured == "Not measured: late was left out, no time."
    assert "Name 'textbook'" in compared(monkeypatch).textbook.measured


def test_facts_are_the_weighted_ratio_and_the_columns_of_decimals():
    from rareclass.data.read import read_table
    from rareclass.data.schema import Schema

    table = read_table({"a": [0.5, 1.5, 2.5], "b": [1, 2, 3], "c": ["x", "y", "x"]})
    facts = facts_of(3, 0.02, Schema.infer(table))
    assert (facts.rows, facts.continuous, facts.ratio) == (3, 1, pytest.approx(49))


Y = np.array([1, 1, 0, 1, 0, 0, 0, 1] + [0] * 12, dtype=bool)
P = np.linspace(0.9, 0.1, 20)


def test_floors_are_answered_by_the_exact_threshold():
    """By hand: three of four events stand among the first four rows, all four among the first eight."""
    rule = MinimumCost(CostMatrix(fp=1, fn=9)).subject_to(RecallAtLeast(0.75), PrecisionAtLeast(0.7))
    recall, precision = floors_reached(rule, Judged(y=Y), logit(P))
    assert (recall.threshold, recall.recall.estimate, recall.precision.estimate) == (pytest.approx(P[3]), 0.75, 0.75)
    assert (precision.threshold, precision.precision.estimate) == (pytest.approx(P[3]), 0.75)
    assert recall.alert_rate == pytest.approx(4 / 20)
    assert recall.asked
    assert not recall.surely
    assert recall.threshold_low <= recall.threshold <= recall.threshold_high
    assert "Recall of at least 75%: reached at a threshold of 0.774" in recall.sentence
    assert "which on new rows it may miss" in recall.sentence


def test_a_floor_that_no_threshold_reaches_says_the_best_there_is():
    y = np.roll(Y, 1)  # the first row is no event
    (floor,) = floors_reached(PrecisionAtLeast(0.9), Judged(y=y), logit(P))
    assert not floor.reached
    assert floor.threshold is None
    assert floor.sentence.startswith("Precision of at least 90%: not reached. ")
    assert "0.6" in floor.sentence  # two of three, the best there is


def test_without_a_floor_two_are_shown_as_examples():
    found = floors_reached(Maximize("f1"), Judged(y=Y), logit(P))
    assert [(f.metric, f.floor, f.asked) for f in found] == [("recall", 0.8, False), ("precision", 0.5, False)]
