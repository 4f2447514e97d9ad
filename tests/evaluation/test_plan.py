"""Which arms run, in which order, what is left out and why."""

import itertools
from dataclasses import replace

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from rareclass.errors import InputError
from rareclass.evaluation import plan as room
from rareclass.evaluation import work as costs
from rareclass.evaluation.plan import (
    BUDGET,
    EXHIBIT,
    TREATED,
    TREATMENTS,
    make_plan,
    member_names,
    planned_seconds,
    within,
)
from rareclass.evaluation.work import FIT_ROWS, STAGE_SECONDS, Work
from rareclass.learners import blend
from rareclass.learners.blend import MEMBERS
from rareclass.treatments import ClassWeights

NEEDED = [*dict.fromkeys(["lightgbm+none", "logistic_regression+none", *member_names()]), EXHIBIT, "blend+none"]
WORK = Work(rows=50_000, events=500, columns=30, parts=5, scored=40_000, fitted=32_000, fitted_events=320)


def names(plan):
    return [arm.name for arm in plan.arms]


@pytest.fixture
def without_lightgbm(monkeypatch):
    def reason(package):
        return f"{package} does not load" if package == "lightgbm" else None

    for module in (room, blend):
        monkeypatch.setattr(module, "available", reason)


def test_where_nobody_chose_each_member_runs_untreated_and_treatments_where_they_can_help():
    plan = make_plan()
    assert names(plan) == [*NEEDED, *TREATED]
    assert (plan.baseline, plan.not_run, plan.warnings, plan.asked) == ("lightgbm+none", [], [], ())
    assert {name.partition("+")[2] for name in TREATED} <= set(TREATMENTS)


def test_baseline_and_exhibit_run_whatever_is_asked_for():
    asked = names(make_plan(["logistic_regression"], ["smote"]))
    assert asked == ["lightgbm+none", EXHIBIT, "logistic_regression+smote"]
    assert names(make_plan("lightgbm", "none")) == ["lightgbm+none", EXHIBIT]


def test_named_learners_run_under_each_treatment_and_named_treatments_on_each_member():
    plan = make_plan("catboost")
    assert set(plan.asked) == {f"catboost+{t}" for t in TREATMENTS} <= set(names(plan))
    plan = make_plan(treatments=["class_weight"])
    assert set(plan.asked) == {f"{m}+class_weight" for m in MEMBERS}


def test_the_order_does_not_follow_the_request():
    asked = make_plan(["random_forest", "lightgbm"], ["smote", "none", "class_weight"])
    assert names(asked) == names(make_plan("lightgbm,random_forest", "none,class_weight,smote"))
    assert names(asked)[0] == "lightgbm+none"


def test_arms_of_ones_own_run_first():
    plan = make_plan([LogisticRegression(), "lightgbm"], [ClassWeights(3.0), "none"])
    assert names(plan) == [
        "LogisticRegression+class_weight(weight=3.0)",
        "LogisticRegression+none",
        "lightgbm+none",
        EXHIBIT,
        "lightgbm+class_weight(weight=3.0)",
    ]


def test_a_blend_brings_its_members():
    assert set(names(make_plan(["blend"], ["none"]))) == {"lightgbm+none", *member_names(), EXHIBIT, "blend+none"}


def test_a_treated_blend_is_left_out_and_that_is_said_to_whoever_asked_for_it():
    plan = make_plan(["blend"], ["none", "smote"])
    assert "blend+smote" not in names(plan)
    (skipped,) = plan.not_run
    assert skipped.name == "blend+smote"
    assert "RareClassifier('blend', treatment=...)" in skipped.reason
    # nobody asked for it
    assert not make_plan(treatments=["none", "smote"]).not_run


def test_what_somebody_named_runs_at_the_default_budget_and_the_first_of_it_at_any():
    assert make_plan().asked == make_plan(ranked=False).asked == ()
    plan = make_plan(["logistic_regression"], ["smote", "class_weight"])
    assert set(plan.asked) == {"logistic_regression+smote", "logistic_regression+class_weight"}
    large = replace(WORK, columns=3000)
    kept, _ = within(plan, None, large)
    assert names(kept) == [name for name in names(plan) if name != EXHIBIT]
    kept, _ = within(plan, 0.0, WORK)
    assert len(set(names(kept)) & set(plan.asked)) == 1
    assert {"lightgbm+none", EXHIBIT} < set(names(kept))
    with pytest.raises(InputError, match=r"No arm is left to deploy: blend\+smote is left out"):
        make_plan(["blend"], ["smote"])


def test_where_nothing_that_was_asked_for_can_run_that_is_said(without_lightgbm):
    with pytest.raises(InputError, match="lightgbm does not load, and nothing else was asked for"):
        make_plan(["lightgbm"])


def test_a_net_without_torch_names_the_command(monkeypatch):
    monkeypatch.setattr("rareclass.evaluation.plan.available", lambda package: f"{package} cannot be loaded: gone")
    with pytest.raises(InputError, match=r'pip install "rareclass\[torch\]"'):
        make_plan(["net"])


def test_few_events_leave_the_untreated_arms():
    plan = make_plan(ranked=False)
    assert names(plan) == NEEDED


def test_without_lightgbm_the_rest_runs_and_what_changes_is_said_once(without_lightgbm):
    plan = make_plan()
    assert plan.baseline == "hist_gradient_boosting+none"
    assert not [name for name in names(plan) if name.startswith("lightgbm")]
    assert {s.name for s in plan.not_run} == {n for n in [*NEEDED, *TREATED] if n.startswith("lightgbm")}
    assert {s.reason for s in plan.not_run} == {"lightgbm does not load"}
    (said,) = plan.warnings
    assert said == (
        "lightgbm does not load. The comparison runs without it: its arms are left out, the baseline is "
        "hist_gradient_boosting."
    )
    assert not {name for name in names(make_plan(["blend"], ["none"])) if name.startswith("lightgbm")}


def test_without_a_member_the_plan_says_what_the_blend_is_made_of(monkeypatch):
    for module in (room, blend):
        monkeypatch.setattr(
            module, "available", lambda package: "catboost is broken" if package == "catboost" else None
        )
    plan = make_plan()
    assert [s.name for s in plan.not_run] == ["catboost+none"]
    (said,) = plan.warnings
    left = ", ".join(name for name in MEMBERS if name != "catboost")
    assert said.endswith(f"its arms are left out, the blend is made of {left}.")


def test_a_library_that_was_named_and_does_not_load_is_said_beside_what_runs(monkeypatch):
    monkeypatch.setattr(room, "available", lambda package: "catboost is broken" if package == "catboost" else None)
    plan = make_plan("catboost,lightgbm", "none,smote")
    assert [s.name for s in plan.not_run] == ["catboost+none", "catboost+smote"]
    (said,) = plan.warnings
    assert said == "catboost is broken. The comparison runs without it: its arms are left out."


def test_arms_that_cannot_be_told_apart_and_empty_lists_are_refused():
    with pytest.raises(InputError, match="Two arms have the same name"):
        make_plan([LogisticRegression(C=1), LogisticRegression(C=2)])
    assert len(make_plan([LogisticRegression(), GaussianNB()], ["none"]).arms) == 4
    with pytest.raises(InputError, match="`learners` is empty"):
        make_plan([])
    with pytest.raises(InputError, match="`treatments` is empty"):
        make_plan(treatments=())
    for learners, treatments in (("lightgbm,,blend", "auto"), ("auto", "smote,,enn"), ("auto", ["none", ""])):
        with pytest.raises(InputError, match="holds an empty name"):
            make_plan(learners, treatments)
    with pytest.raises(InputError, match="none"):
        make_plan(treatments=["magic"])


def test_a_budget_leaves_arms_out_before_anything_runs_and_lists_them():
    plan = make_plan()
    assert within(plan, 1e9, WORK) == (plan, WORK)
    none, _ = within(plan, 0.0, WORK)
    assert names(none) == NEEDED
    assert [s.name for s in none.not_run] == list(TREATED)
    assert all("the budget of 0 s holds no more work" in s.reason for s in none.not_run)
    assert within(plan, BUDGET, WORK) == within(plan, None, WORK)
    assert plan.rivals == none.rivals == len(NEEDED) + len(TREATED) - 1  # what did not run was asked for all the same


@pytest.mark.parametrize("columns", [3, 30, 300])
def test_a_larger_budget_fits_on_no_fewer_rows_and_there_runs_no_fewer_arms(columns):
    plan, work = make_plan(), replace(WORK, columns=columns)
    found = [within(plan, seconds, work) for seconds in (0, 15, 30, 60, 120, 1000)]
    for (fewer, less), (more, most) in itertools.pairwise(found):
        assert less.fitted <= most.fitted
        assert less.fitted < most.fitted or set(names(fewer)) <= set(names(more))


def test_what_always_runs_is_fitted_on_fewer_rows_where_it_would_not_fit():
    wide = replace(WORK, columns=300)
    plan, less = within(make_plan(), 30.0, wide)
    assert less.fitted < wide.fitted
    assert set(NEEDED) - set(names(plan)) == {EXHIBIT}
    # what the user wants fitted in full is
    assert within(make_plan(), 30.0, replace(wide, may_shrink=False))[1].fitted == wide.fitted
    # the fits without the columns that the audit named are work as well
    assert within(make_plan(), 60.0, wide, named_columns=True)[1].fitted <= within(make_plan(), 60.0, wide)[1].fitted


@pytest.mark.parametrize("package", ["catboost", "lightgbm"])
def test_what_cannot_be_loaded_keeps_its_share_so_that_the_others_run_everywhere_alike(monkeypatch, package):
    everywhere = {b: set(names(within(make_plan(), b, WORK)[0])) for b in range(0, 60, 2)}
    monkeypatch.setattr(room, "available", lambda name: "it is broken" if name == package else None)
    for budget, full in everywhere.items():
        here = set(names(within(make_plan(), budget, WORK)[0]))
        assert here == {name for name in full if not name.startswith(package)}


def test_library_defaults_are_shown_where_they_are_cheap_and_left_out_of_wide_tables_unless_somebody_names_them():
    wide = replace(WORK, columns=300)
    assert EXHIBIT in names(within(make_plan(), None, WORK)[0])
    plan, _ = within(make_plan(), None, wide)
    assert EXHIBIT not in names(plan)
    (why,) = (s.reason for s in plan.not_run if s.name == EXHIBIT)
    assert "name it to see it" in why or "holds no more work" in why
    assert EXHIBIT in names(within(make_plan(), 1000.0, wide)[0])
    assert EXHIBIT in names(within(make_plan("lightgbm_library_default", "none"), None, wide)[0])


def simulated(rows, columns, prevalence):
    """The work of a table of numbers that all differ, split as `compare` splits it."""
    parts = 3 if rows > 50_000 or rows * columns > 2_000_000 else 5
    scored, train = 4 * rows // 5, 4 * rows // 5 * (parts - 1) // parts
    fitted = min(train, FIT_ROWS[0]) if rows > 50_000 else train
    return Work(
        rows=rows,
        events=round(prevalence * rows),
        columns=columns,
        parts=parts,
        scored=scored,
        fitted=fitted,
        fitted_events=min(round(prevalence * train), fitted // 2),
    )


@pytest.mark.parametrize("prevalence", [0.01, 0.2])
@pytest.mark.parametrize("columns", [10, 30, 100, 300])
@pytest.mark.parametrize("rows", [1000, 10_000, 100_000])
def test_what_a_plan_reckons_with_is_within_the_budget_on_narrow_and_wide_tables(rows, columns, prevalence):
    plan, work = within(make_plan(), None, simulated(rows, columns, prevalence))
    # the widest take a little more on the fewest rows
    assert planned_seconds(plan, work) <= (BUDGET if work.fitted > FIT_ROWS[-1] else 1.2 * BUDGET)
    assert names(plan)[0] == "lightgbm+none"
    assert {*member_names(), "blend+none"} <= set(names(plan))


@pytest.mark.parametrize("stage", list(STAGE_SECONDS))
def test_each_stage_counts(monkeypatch, stage):
    plan, work = within(make_plan(), None, WORK)
    before = planned_seconds(plan, work)
    powers = STAGE_SECONDS[stage]
    monkeypatch.setitem(costs.STAGE_SECONDS, stage, (powers[0] + 1, *powers[1:]))
    assert planned_seconds(plan, work) > before
