"""Which arms run, in which order, what is left out and why."""

import itertools

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from rareclass.errors import InputError
from rareclass.evaluation import plan as room
from rareclass.evaluation.plan import EXHIBIT, LEARNERS, PRIORITY, TREATMENTS, make_plan, reference_seconds, within
from rareclass.fitting.arm import make_arm
from rareclass.learners import blend
from rareclass.treatments import ClassWeights

MEMBERS = ["logistic_regression+none", "extra_trees+none", "hist_gradient_boosting+none", "catboost+none"]
NEEDED = ["lightgbm+none", *MEMBERS, EXHIBIT, "blend+none"]


def names(plan):
    return [arm.name for arm in plan.arms]


@pytest.fixture
def without_lightgbm(monkeypatch):
    for module in (room, blend):
        monkeypatch.setattr(
            module, "available", lambda package: "lightgbm does not load" if package == "lightgbm" else None
        )


def test_everything_runs_most_telling_first():
    plan = make_plan()
    assert names(plan) == list(PRIORITY)
    assert (plan.baseline, plan.not_run, plan.warnings) == ("lightgbm+none", [], [])
    pairs = {f"{learner}+{t}" for learner in LEARNERS for t in TREATMENTS if learner != "blend" or t == "none"}
    assert set(PRIORITY) == pairs | {EXHIBIT}


def test_baseline_and_exhibit_run_whatever_is_asked_for():
    assert names(make_plan(["logistic_regression"], ["smote"])) == [
        "lightgbm+none",
        EXHIBIT,
        "logistic_regression+smote",
    ]
    assert names(make_plan("lightgbm", "none")) == ["lightgbm+none", EXHIBIT]


def test_the_order_is_that_of_the_priorities_and_not_that_of_the_request():
    asked = make_plan(["extra_trees", "lightgbm"], ["smote", "none", "class_weight"])
    assert names(asked) == [name for name in PRIORITY if name in names(asked)]
    assert names(asked) == names(make_plan("lightgbm,extra_trees", "none,class_weight,smote"))


def test_arms_of_ones_own_run_first():
    plan = make_plan([LogisticRegression(), "lightgbm"], [ClassWeights(3.0), "none"])
    assert names(plan) == [
        "LogisticRegression+class_weight(weight=3.0)",
        "LogisticRegression+none",
        "lightgbm+class_weight(weight=3.0)",
        "lightgbm+none",
        EXHIBIT,
    ]


def test_a_blend_brings_its_members():
    assert names(make_plan(["blend"], ["none"])) == NEEDED


def test_a_treated_blend_is_left_out_and_that_is_said_to_whoever_asked_for_it():
    plan = make_plan(["blend"], ["none", "smote"])
    assert "blend+smote" not in names(plan)
    (skipped,) = plan.not_run
    assert skipped.name == "blend+smote"
    assert "RareClassifier('blend', treatment=...)" in skipped.reason
    # nobody asked for it
    assert not make_plan(treatments=["none", "smote"]).not_run


def test_a_plan_knows_what_was_asked_for_and_always_runs_the_first_of_it():
    assert make_plan().asked == make_plan(ranked=False).asked == ()
    plan = make_plan(["logistic_regression"], ["smote"])
    assert plan.asked == ("logistic_regression+smote",)
    kept = within(plan, 0.0, rows=40_000, columns=30, fits=5)
    assert names(kept) == ["lightgbm+none", EXHIBIT, "logistic_regression+smote"]
    with pytest.raises(InputError, match=r"No arm is left to deploy: blend\+smote is left out"):
        make_plan(["blend"], ["smote"])


def test_where_nothing_that_was_asked_for_can_run_that_is_said(without_lightgbm):
    with pytest.raises(InputError, match="lightgbm does not load, and nothing else was asked for"):
        make_plan(["lightgbm"])


def test_few_events_leave_the_untreated_arms():
    plan = make_plan(ranked=False)
    assert names(plan) == NEEDED


def test_without_lightgbm_the_rest_runs_and_that_is_said(without_lightgbm):
    plan = make_plan()
    assert plan.baseline == "hist_gradient_boosting+none"
    assert names(plan) == [name for name in PRIORITY if not name.startswith("lightgbm")]
    assert [s.name for s in plan.not_run] == [name for name in PRIORITY if name.startswith("lightgbm")]
    assert {s.reason for s in plan.not_run} == {"lightgbm does not load"}
    assert plan.warnings == [
        "lightgbm does not load. The comparison runs without LightGBM; the baseline is HistGradientBoosting."
    ]
    assert names(make_plan(["blend"], ["none"])) == [*MEMBERS, "blend+none"]


def test_arms_that_cannot_be_told_apart_and_empty_lists_are_refused():
    with pytest.raises(InputError, match="Two arms have the same name"):
        make_plan([LogisticRegression(C=1), LogisticRegression(C=2)])
    assert len(make_plan([LogisticRegression(), GaussianNB()], ["none"]).arms) == 4
    with pytest.raises(InputError, match="`learners` is empty"):
        make_plan([])
    with pytest.raises(InputError, match="`treatments` is empty"):
        make_plan(treatments=())
    with pytest.raises(InputError, match="none"):
        make_plan(treatments=["magic"])


def test_work_grows_with_rows_and_columns_and_where_events_are_added():
    small, more_rows, wider = (
        reference_seconds(make_arm("lightgbm"), *size) for size in [(1000, 5), (9000, 5), (1000, 50)]
    )
    assert small < more_rows
    assert small < wider
    for learner, factor in (("lightgbm", 4), ("random_forest", 8)):
        plain, treated = (reference_seconds(make_arm(f"{learner}+{t}"), 1000, 5) for t in ("none", "smote"))
        assert treated == pytest.approx(factor * plain)


def test_a_budget_leaves_arms_out_before_anything_runs_and_lists_them():
    plan = make_plan()
    work = {"rows": 40_000, "columns": 30, "fits": 5}
    assert within(plan, 1e9, **work) == plan
    none = within(plan, 0.0, **work)
    assert names(none) == NEEDED
    assert [s.name for s in none.not_run] == [n for n in PRIORITY if n not in names(none)]
    assert all("the budget of 0 s holds no more work" in s.reason for s in none.not_run)
    kept = [set(names(within(plan, seconds, **work))) for seconds in (0, 30, 60, 120, 1000)]
    assert all(a <= b for a, b in itertools.pairwise(kept))
    assert plan.rivals == none.rivals == len(PRIORITY) - 1  # what did not run was asked for all the same
